//! One call with all that happened to it.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Html;
use madoguchi_core::access::{Permission, ViewCalls};
use madoguchi_core::audit::Action;
use madoguchi_core::call::{CallRecord, Direction};
use madoguchi_core::id::CallId;

use crate::auth::access::Allowed;
use crate::auth::routes::Routes;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::feature::Feature;
use crate::query::escape;
use crate::reception::without_ticket::{link_to_call, reason_of};
use crate::shell::Shell;
use crate::state::Web;
use crate::text;
use crate::tickets::lookup;

pub(crate) const FEATURE: Feature = Feature::new(routes);

fn routes() -> Routes {
    Routes::new().get("/calls/{id}", page)
}

#[derive(Template)]
#[template(path = "call.html")]
struct CallPage {
    shell: Shell,
    id: String,
    facts: Vec<(&'static str, String)>,
    /// What it was registered as, if somebody talked.
    registered: Option<Registered>,
    events: Vec<EventRow>,
    /// Where it stands what was signalled for it, if that is kept.
    signals: Option<String>,
}

/// What an answered call was registered as.
struct Registered {
    /// The tickets that it led to: number, and where it is for those who may read it.
    tickets: Vec<(String, Option<String>)>,
    /// 対象外 with the reason, or 未登録, if there is none.
    otherwise: String,
    /// Where it can be registered.
    link: Option<String>,
}

impl Registered {
    async fn of(web: &Web, visitor: &Visitor, call: &CallRecord) -> Result<Option<Self>, WebError> {
        if call.answered_at.is_none() || call.direction == Direction::Internal {
            return Ok(None);
        }
        let handles = visitor.permissions.contains(Permission::HandleTickets);
        let ids = web.store.tickets_of_call(&call.call).await?;
        let rows = web.store.ticket_rows(&ids).await?;
        let tickets = rows.into_iter().map(|row| {
            let link = handles.then(|| lookup::place(row.number));
            (row.number.to_string(), link)
        });
        let tickets: Vec<_> = tickets.collect();
        let otherwise = match tickets.first() {
            Some(_) => String::new(),
            None => match reason_of(web, &call.call).await? {
                Some(reason) => format!("対象外({reason})"),
                None => "未登録".to_owned(),
            },
        };
        Ok(Some(Self {
            tickets,
            otherwise,
            link: link_to_call(call.call.as_str()).filter(|_| handles),
        }))
    }
}

struct EventRow {
    seq: u32,
    time: String,
    since: String,
    sentence: String,
}

pub(crate) async fn page(
    visitor: Allowed<ViewCalls>,
    State(web): State<Web>,
    Path(id): Path<String>,
) -> Result<Html<String>, WebError> {
    let events = web.store.events_of(&CallId::new(&id)).await?;
    let record = CallRecord::fold(&events).ok_or(WebError::NotFound("この通話の記録"))?;
    let setup = web.desk.setup();
    let name = |agent: &str| setup.agent_name(agent).to_owned();
    // An end that another node set is no part of the story once the true one is known.
    let told = events
        .iter()
        .filter(|event| !event.is_set_afterwards() || record.ended_by_fault());
    let rows = told
        .map(|event| EventRow {
            seq: event.seq.min(record.last_seq + 1),
            time: text::time_with_millis(event.at),
            since: text::duration(Some(event.at - record.arrived_at)),
            sentence: text::event(&event.kind, name),
        })
        .collect();
    let has_signals = web.store.has_signals(&record.call).await?;
    let entry = visitor.entry(web.desk.now(), Action::CallView, &id);
    web.store.append_audit(&[entry]).await?;
    let view = CallPage {
        shell: Shell::new(&web, Some(&visitor), "/calls"),
        facts: facts(&record, web.settings.dates, name),
        registered: Registered::of(&web, &visitor, &record).await?,
        events: rows,
        signals: has_signals.then(|| format!("/calls/{}/signals", escape(&id))),
        id,
    };
    Ok(Html(view.render()?))
}

fn facts(
    call: &CallRecord,
    dates: text::DateStyle,
    name: impl Fn(&str) -> String,
) -> Vec<(&'static str, String)> {
    let agents: Vec<_> = call
        .parts
        .iter()
        .filter_map(|part| part.agent.as_ref())
        .map(|agent| name(agent.as_str()))
        .collect();
    vec![
        ("区分", text::direction(call.direction).to_owned()),
        ("結果", text::outcome(call)),
        (
            "日時",
            format!(
                "{} {}",
                dates.date(call.arrived_at.date()),
                text::time_with_seconds(call.arrived_at)
            ),
        ),
        ("回線", call.line.to_string()),
        ("発信者", call.from.shown()),
        ("着信番号", call.to.shown()),
        (
            "担当者",
            if agents.is_empty() {
                text::NOTHING.to_owned()
            } else {
                agents.join("、")
            },
        ),
        ("待ち時間", text::duration(call.wait())),
        ("通話時間", text::duration(call.talk())),
    ]
}
