//! The list of tickets: on its page, as 問合せ管理台帳 in files, and for the API.

use std::collections::BTreeSet;

use axum::extract::{Query, RawQuery, State};
use axum::response::Response;
use madoguchi_core::access::{HandleTickets, Permission};
use madoguchi_core::audit::{Action, Fields};
use madoguchi_core::id::{CategoryId, DivisionId, PersonId, TicketId, UserId};
use madoguchi_core::ticket::{Channel, Status, System, Ticket, TicketNumber};
use madoguchi_store::{Page, Start, StoreError, TicketFilter, TicketOrder};

use super::bulk;
use super::choices::offered;
use super::columns::{COLUMNS, TicketList};
use super::due;
use super::lookup::HERE;
use super::names::Names;
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::kit::table::{COUNTED, Column, Info, Links, Listing};
use crate::kit::table_filter::{Filter, FilterValues, Pairs};
use crate::kit::{table_file, table_page};
use crate::query::Period;
use crate::state::Web;

/// Rows that are counted for a page where words are looked for.
const COUNTED_WITH_WORDS: u32 = 200;

/// What stands for the visitor, and for nobody, among those who see to tickets.
const ME: &str = "me";
const NOBODY: &str = "none";

/// What `state` may be beside the single ones.
const OPEN: &str = "open";
const ALL: &str = "all";

/// What `due` may be.
const NEAR: &str = "near";
const LATE: &str = "late";
const DUE: [(&str, &str); 3] = [
    ("all", "期限の近いもの"),
    (NEAR, "期限間近"),
    (LATE, "超過"),
];

/// What `waits` may be: for whom a ticket has waited long enough.
const VENDOR: &str = "vendor";
const CALLER: &str = "caller";
const WAITS: [(&str, &str); 2] = [
    (VENDOR, "エスカレーション先(期限や催促の日時を過ぎたもの)"),
    (CALLER, "問い合わせた人(保留の期限が来たもの)"),
];

/// What `mark` may be.
const INCIDENT: &str = "incident";
const URGENT: &str = "urgent";
const MARKS: [(&str, &str); 2] = [(INCIDENT, "障害"), (URGENT, "緊急")];

/// What the list is narrowed by.
#[derive(Debug, Clone)]
pub(crate) struct ListFilter {
    pub(crate) tickets: TicketFilter,
    pub(crate) order: TicketOrder,
    /// One of [`DUE`]; empty if it does not matter.
    due: String,
}

impl Listing for TicketList {
    type Permit = HandleTickets;
    type Row = Ticket;
    type Filter = ListFilter;
    type Order = TicketOrder;
    type Context = Names;

    const INFO: Info = Info {
        page: HERE,
        file: "/tickets/download",
        name: "tickets",
        title: "問合せ",
        unit: "件",
        counted: true,
        empty: "この条件の問合せはありません。条件を変えてください。",
        rows: 50,
    };
    const COLUMNS: &'static [Column<Self>] = COLUMNS;
    const VIEWED: Option<Action> = Some(Action::TicketView);
    const EXPORTED: Action = Action::TicketExport;

    fn filters(web: &Web, _: &FilterValues) -> Vec<Filter> {
        let names = Names::new(web, web.offered.get());
        let states = [(OPEN, "未完了"), (ALL, "統合したものも含む")].into_iter();
        let states = states.chain(Status::ALL.map(|one| (one.as_str(), one.label())));
        let users = names.offered.users.iter().filter(|user| user.handles);
        let users = users.map(|user| (user.login.as_str(), user.name.as_str()));
        let owners = [(ME, "自分"), (NOBODY, "未定")].into_iter().chain(users);
        let divisions = names.offered.divisions.list().into_iter();
        let divisions = divisions.map(|(id, one)| (id.as_str(), one.name.as_str()));
        let categories = names.categories().tree().into_iter();
        let categories: Vec<_> = categories
            .map(|(id, _)| (id.to_string(), names.category(id)))
            .collect();
        let categories = categories
            .iter()
            .map(|(id, name)| (id.as_str(), name.as_str()));
        vec![
            Filter {
                example: "受付番号も可",
                ..Filter::text("words", "言葉")
            },
            Filter::choice("state", "状態", states),
            Filter::choice("owner", "担当", owners).open(),
            Filter::choice("due", "一次回答", DUE),
            Filter::choice("waits", "待っている相手", WAITS),
            Filter::choice("mark", "印", MARKS),
            Filter::choice("division", "業務区分", divisions).open(),
            Filter::choice("category", "分類", categories).open(),
            Filter::choice(
                "channel",
                "受付方法",
                Channel::ALL.map(|one| (one.as_str(), one.label())),
            ),
            Filter::choice(
                "system",
                "システム",
                System::ALL.map(|one| (one.as_str(), one.label())),
            ),
            Filter {
                keyboard: "tel",
                ..Filter::text("number", "電話番号")
            },
            Filter::text("person", "職員番号"),
            Filter::text("site", "拠点"),
            Filter {
                kind: "date",
                ..Filter::text("from", "受付の最初の日")
            },
            Filter {
                kind: "date",
                ..Filter::text("to", "受付の最後の日")
            },
        ]
    }

    fn filter(web: &Web, asked: &FilterValues, order: TicketOrder) -> Result<ListFilter, WebError> {
        let state = asked.get("state");
        let period = period(web, asked)?;
        let users = web.offered.get();
        // Who has a number asks for that ticket, also if it was merged, and however they write it.
        let named = TicketNumber::read(asked.get("words"), "");
        let words = named.map_or_else(
            || asked.get("words").to_owned(),
            |number| number.to_string(),
        );
        let owner = match asked.get("owner") {
            "" => None,
            NOBODY => Some(None),
            login => {
                let known = users.users.iter().find(|user| user.login == login);
                let id = known.map_or_else(|| UserId::new(login), |user| user.id.clone());
                Some(Some(id))
            }
        };
        let now = web.desk.now();
        let (waits, mark) = (asked.get("waits"), asked.get("mark"));
        let tickets = TicketFilter {
            escalation_due_before: (waits == VENDOR).then_some(now),
            held_before: (waits == CALLER).then(|| now.date().succ_opt()).flatten(),
            incident: mark == INCIDENT,
            urgent: mark == URGENT,
            statuses: Status::lookup(state).into_iter().collect(),
            open: state == OPEN,
            merged: state == ALL || named.is_some(),
            divisions: asked
                .some("division")
                .map(DivisionId::new)
                .into_iter()
                .collect(),
            categories: asked
                .some("category")
                .map(CategoryId::new)
                .into_iter()
                .collect(),
            channel: Channel::lookup(asked.get("channel")),
            system: System::lookup(asked.get("system")),
            owner,
            person: asked.some("person").map(PersonId::new),
            caller: asked.some("number"),
            site: asked.some("site"),
            from: period.as_ref().map(Period::start),
            until: period.as_ref().map(Period::end),
            words,
            ..TicketFilter::default()
        };
        Ok(ListFilter {
            tickets,
            order,
            due: asked.get("due").to_owned(),
        })
    }

    fn filter_for(
        web: &Web,
        visitor: &Visitor,
        asked: &FilterValues,
        order: TicketOrder,
    ) -> Result<ListFilter, WebError> {
        let mut filter = Self::filter(web, asked, order)?;
        if asked.get("owner") == ME {
            filter.tickets.owner = Some(Some(visitor.user.id.clone()));
        }
        Ok(filter)
    }

    fn context(web: &Web) -> Names {
        Names::new(web, web.offered.get())
    }

    async fn page(
        web: &Web,
        filter: &ListFilter,
        start: Start,
        limit: u32,
    ) -> Result<Page<Ticket>, StoreError> {
        if filter.due.is_empty() {
            let part = (&start, limit);
            return web
                .store
                .page_tickets(&filter.tickets, filter.order, part)
                .await;
        }
        Ok(Page {
            rows: due_tickets(web, filter).await?,
            before: None,
            after: None,
        })
    }

    /// Each ticket that holds words is read before it is counted.
    fn counted_at_most(filter: &ListFilter) -> u32 {
        if filter.tickets.words.is_empty() {
            COUNTED
        } else {
            COUNTED_WITH_WORDS
        }
    }

    async fn count(web: &Web, filter: &ListFilter, at_most: u32) -> Result<u64, StoreError> {
        if filter.due.is_empty() {
            return web.store.count_tickets(&filter.tickets, at_most).await;
        }
        Ok(due_tickets(web, filter).await?.len() as u64)
    }

    async fn links(web: &Web, visitor: &Visitor) -> Result<Links, WebError> {
        let names = Names::new(web, web.offered.get());
        let count = due::counted(&due::due(web, &names).await?);
        let told = |label: &str, count: usize| format!("{label}({count}件)");
        let mut buttons = vec![
            ("問合せを登録する", "/tickets/new"),
            ("職員名簿", "/people"),
        ];
        if visitor.permissions.contains(Permission::ImportTickets) {
            buttons.push(("前の台帳を取り込む", "/tickets/import"));
        }
        Ok(Links {
            buttons,
            others: vec![
                ("自分の未完了".to_owned(), "/tickets?state=open&owner=me"),
                (told("期限間近", count.near), "/tickets?due=near"),
                (told("超過", count.late), "/tickets?due=late"),
                ("未完了".to_owned(), "/tickets?state=open"),
                ("催促するもの".to_owned(), "/tickets?waits=vendor"),
                ("保留の期限が来たもの".to_owned(), "/tickets?waits=caller"),
                ("期限の状況(自動で更新)".to_owned(), "/tickets/due"),
            ],
        })
    }

    fn bulk(
        web: &Web,
        visitor: &Visitor,
        asked: &FilterValues,
    ) -> Result<Option<String>, WebError> {
        bulk::form(web, visitor, asked).map(Some)
    }

    fn chosen(ticket: &Ticket) -> (String, String) {
        bulk::chosen(ticket)
    }

    fn recorded(web: &Web, asked: &FilterValues) -> Result<Fields, WebError> {
        if let Some(period) = period(web, asked)? {
            return Ok(asked.fields(&period));
        }
        let today = Period::read("", "", web.desk.now().date())?;
        let mut fields = asked.fields(&today);
        fields.remove("period");
        Ok(fields)
    }
}

/// The period that is asked for; of one without its first day, from the beginning on.
fn period(web: &Web, asked: &FilterValues) -> Result<Option<Period>, WebError> {
    let (from, to) = (asked.get("from"), asked.get("to"));
    if from.is_empty() && to.is_empty() {
        return Ok(None);
    }
    let from = if from.is_empty() { "2000-01-01" } else { from };
    Period::read(from, to, web.desk.now().date()).map(Some)
}

/// The tickets that are due, the most urgent first. Which those are only the clocks of their 業務区分
/// tell.
async fn due_tickets(web: &Web, filter: &ListFilter) -> Result<Vec<Ticket>, StoreError> {
    let names = Names::new(web, web.offered.get());
    let due = due::due(web, &names).await?;
    let due = due.iter().filter(|one| match filter.due.as_str() {
        NEAR => !one.is_late(),
        LATE => one.is_late(),
        _ => true,
    });
    let due = due.map(|one| Ticket::clone(&one.ticket)).collect();
    among(web, due, &filter.tickets).await
}

/// Those of some tickets, in their order, that a filter lets through.
async fn among(
    web: &Web,
    mut tickets: Vec<Ticket>,
    filter: &TicketFilter,
) -> Result<Vec<Ticket>, StoreError> {
    let all = TicketFilter::default();
    if tickets.is_empty() || *filter == all {
        return Ok(tickets);
    }
    // What is due is open and has no answer yet, whatever else is asked for.
    let waiting = TicketFilter {
        awaiting_answer: true,
        limit: due::AWAITING,
        ..filter.clone()
    };
    let found = web.store.list_tickets(&waiting).await?;
    let found: BTreeSet<TicketId> = found.into_iter().map(|row| row.id).collect();
    tickets.retain(|ticket| found.contains(&ticket.id));
    Ok(tickets)
}

pub(super) async fn page(
    visitor: Allowed<HandleTickets>,
    State(web): State<Web>,
    address: RawQuery,
    pairs: Query<Pairs>,
) -> Result<Response, WebError> {
    offered(&web).await?;
    table_page::page::<TicketList>(visitor, State(web), address, pairs).await
}

pub(super) async fn download(
    visitor: Allowed<HandleTickets>,
    State(web): State<Web>,
    pairs: Query<Pairs>,
) -> Result<Response, WebError> {
    offered(&web).await?;
    table_file::download::<TicketList>(visitor, State(web), pairs).await
}
