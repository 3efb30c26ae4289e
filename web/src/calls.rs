//! The list of calls, on the page, as files and in the API.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use madoguchi_core::access::{Permission, ViewCalls};
use madoguchi_core::audit::{Action, Fields};
use madoguchi_core::call::{CallRecord, Direction};
use madoguchi_core::event::AbandonReason;
use madoguchi_core::id::{AgentId, LineName};
use madoguchi_core::setup::DeskSetup;
use madoguchi_core::time::Millis;
use madoguchi_store::{CallFilter, CallOrder, OutcomeFilter, Page, Start, StoreError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api_operation::{ApiGroup, ApiOperation};
use crate::auth::access::Allowed;
use crate::auth::routes::Routes;
use crate::error::WebError;
use crate::feature::Feature;
use crate::kit::table::{Column, DOWN, Info, Listing, Order, UP, Value};
use crate::kit::table_filter::{Filter, FilterValues, Pairs};
use crate::kit::table_question::Question;
use crate::kit::{table_api, table_page, table_routes};
use crate::menu::MenuEntry;
use crate::query::{Period, agent_choices, escape, line_choices, page_number};
use crate::state::Web;
use crate::text;

const SEE: Permission = Permission::ViewCalls;

/// What `kind` may be, with its name on the page.
const KINDS: [(&str, &str); 12] = [
    ("offered", "着信"),
    ("answered", "応答"),
    ("abandoned", "放棄"),
    ("caller_hangup", "放棄(発信者が切断)"),
    ("max_wait", "放棄(待ち時間の上限)"),
    ("queue_full", "放棄(待ち人数の上限)"),
    ("no_agent", "放棄(担当者なし)"),
    ("desk_closed_while_waiting", "放棄(受付終了)"),
    ("system_error", "放棄(システム障害)"),
    ("waiting", "応対前"),
    ("after_hours", "時間外着信"),
    ("outbound", "発信"),
];

pub(crate) const FEATURE: Feature = Feature::new(routes)
    .menu(&[MenuEntry::new(
        "通話の一覧",
        "/calls",
        Permission::ViewCalls,
    )])
    .views(&["/calls"]);

fn routes() -> Routes {
    table_routes::<CallList>()
        .get("/api/v1/calls", api)
        .described(described)
}

struct CallList;

type CallColumn = Column<CallList>;

impl Listing for CallList {
    type Permit = ViewCalls;
    type Row = CallRecord;
    type Filter = CallFilter;
    type Order = CallOrder;
    type Context = Arc<DeskSetup>;

    const INFO: Info = Info {
        page: "/calls",
        file: "/calls/download",
        name: "calls",
        title: "通話の一覧",
        unit: "件",
        counted: true,
        empty: "この条件の通話はありません。期間や条件を変えてください。",
        rows: 50,
    };
    const COLUMNS: &'static [Column<Self>] = &[
        CallColumn::new("arrived_at", "日時", 20, |call, _| {
            Value::Second(call.arrived_at)
        })
        .link(|call| format!("/calls/{}", escape(call.call.as_str())))
        .orders(&[
            Order("", DOWN, CallOrder::Newest),
            Order("oldest", UP, CallOrder::Oldest),
        ]),
        CallColumn::new("kind", "区分", 12, |call, _| {
            Value::text(text::direction(call.direction))
        }),
        CallColumn::new("from", "発信者", 18, |call, _| {
            Value::text(call.from.shown())
        })
        .personal(SEE),
        CallColumn::new("to", "着信番号", 18, |call, _| {
            Value::text(call.to.shown())
        })
        .personal(SEE),
        CallColumn::new("line", "回線", 18, |call, _| {
            Value::text(call.line.as_str())
        }),
        CallColumn::new("outcome", "結果", 24, |call, _| {
            Value::text(text::outcome(call))
        }),
        CallColumn::new("agent", "担当者", 18, |call, setup| {
            let agent = call.agent();
            Value::text(agent.map_or("", |agent| setup.agent_name(agent.as_str())))
        }),
        CallColumn::new("wait", "待ち", 10, |call, _| Value::Duration(call.wait()))
            .with_unit("待ち(秒)")
            .class("number")
            .orders(&[Order("wait", DOWN, CallOrder::LongestWait)]),
        CallColumn::new("talk", "通話", 10, |call, _| Value::Duration(call.talk()))
            .with_unit("通話(秒)")
            .class("number")
            .orders(&[Order("talk", DOWN, CallOrder::LongestTalk)]),
        CallColumn::new("call", "通話の番号", 34, |call, _| {
            Value::text(call.call.as_str())
        })
        .in_files(),
    ];
    const VIEWED: Option<Action> = Some(Action::CallsView);

    fn filters(web: &Web, asked: &FilterValues) -> Vec<Filter> {
        let setup = web.desk.setup();
        let [from, to] = Filter::period(&period(web, asked));
        let mut filters = vec![
            from,
            to,
            Filter::choice("line", "回線", line_choices(&setup)).open(),
            Filter::choice("agent", "担当者", agent_choices(&setup)).open(),
            Filter::choice("kind", "区分", KINDS),
            Filter {
                keyboard: "tel",
                ..Filter::text("number", "電話番号").personal(SEE)
            },
        ];
        if !asked.get("hour").is_empty() {
            filters.push(Filter {
                keyboard: "numeric",
                ..Filter::text("hour", "時間帯(時)")
            });
        }
        filters
    }

    fn filter(web: &Web, asked: &FilterValues, order: CallOrder) -> Result<CallFilter, WebError> {
        let period = period(web, asked)?;
        let (mut from, mut until) = (period.start(), period.end());
        if let Some(hour) = asked.some("hour") {
            let hour: i64 = hour
                .parse()
                .ok()
                .filter(|hour| (0..24).contains(hour) && period.from == period.to)
                .ok_or_else(|| {
                    WebError::BadRequest(
                        "時間帯は、1日の期間に対して0から23までで指定してください。".into(),
                    )
                })?;
            from = from + Millis::from_secs(hour * 3_600);
            until = from + Millis::from_secs(3_600);
        }
        let (direction, outcome) = read_kind(asked.get("kind"));
        Ok(CallFilter {
            from: Some(from),
            until: Some(until),
            line: asked.some("line").map(LineName::new),
            agent: asked.some("agent").map(AgentId::new),
            direction,
            outcome,
            number: asked.some("number"),
            order,
            ..CallFilter::default()
        })
    }

    fn context(web: &Web) -> Arc<DeskSetup> {
        web.desk.setup()
    }

    async fn page(
        web: &Web,
        filter: &CallFilter,
        start: Start,
        limit: u32,
    ) -> Result<Page<CallRecord>, StoreError> {
        let filter = CallFilter {
            start,
            limit,
            ..filter.clone()
        };
        web.store.page_calls(&filter).await
    }

    async fn count(web: &Web, filter: &CallFilter, at_most: u32) -> Result<u64, StoreError> {
        web.store.count_calls(filter, at_most).await
    }

    fn recorded(web: &Web, asked: &FilterValues) -> Result<Fields, WebError> {
        let period = period(web, asked)?;
        Ok(asked.fields(&period))
    }
}

fn period(web: &Web, asked: &FilterValues) -> Result<Period, WebError> {
    Period::read(asked.get("from"), asked.get("to"), web.desk.now().date())
}

fn read_kind(kind: &str) -> (Option<Direction>, Option<OutcomeFilter>) {
    let inbound = Some(Direction::Inbound);
    match kind {
        "" => (None, None),
        "answered" => (inbound, Some(OutcomeFilter::Answered)),
        "abandoned" => (inbound, Some(OutcomeFilter::Abandoned(None))),
        "waiting" => (inbound, Some(OutcomeFilter::Waiting)),
        "after_hours" => (Some(Direction::AfterHours), None),
        "outbound" => (Some(Direction::Outbound), None),
        reason => {
            let mut reasons = AbandonReason::ALL.into_iter();
            let reason = reasons.find(|known| known.as_str() == reason);
            // What is left are all that came.
            let abandoned = reason.map(|reason| OutcomeFilter::Abandoned(Some(reason)));
            (inbound, abandoned)
        }
    }
}

/// A page of the list for programs.
#[derive(Serialize, ToSchema)]
#[schema(as = CallPage)]
struct ApiCalls {
    total: u64,
    page: u32,
    /// What `after` of the next page is.
    after: Option<String>,
    calls: Vec<CallRecord>,
}

fn described(web: &Web) -> ApiOperation {
    let operation = ApiOperation::new("listCalls", ApiGroup::Calls, "通話の一覧")
        .about("新しい順に50件ずつ読みます。期間の指定がなければ、今日の通話です。発信者の番号を含みます。読んだことは監査記録に残ります。")
        .query("page", "ページの番号。続きを読むには、afterを使ってください。")
        .gives::<ApiCalls>(StatusCode::OK, "条件に合う通話");
    table_api::narrowed::<CallList>(web, operation)
}

async fn api(
    visitor: Allowed<ViewCalls>,
    State(web): State<Web>,
    Query(pairs): Query<Pairs>,
) -> Result<Json<ApiCalls>, WebError> {
    let question = Question::<CallList>::read(&web, &visitor, pairs)?;
    let (filter, start) = (&question.filter, question.start()?);
    let page = page_number(question.passing("page"))?;
    let found = CallList::page(&web, filter, start, CallList::INFO.rows).await?;
    let total = CallList::count(&web, filter, u32::MAX).await?;
    if let Some(entry) = table_page::viewed(&web, &visitor, &question)? {
        web.store.append_audit(&[entry]).await?;
    }
    Ok(Json(ApiCalls {
        total,
        page,
        after: found.after.map(|after| after.to_text()),
        calls: found.rows,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_the_list_narrows_it_in_its_own_way() {
        let all = KINDS.map(|(kind, _)| read_kind(kind));
        for (n, one) in all.iter().enumerate() {
            assert!(*one != (None, None));
            assert!(!all[n + 1..].contains(one), "{one:?}");
        }
    }
}
