//! 期限の近いもの: tickets whose 一次回答 is due within the time of their 業務区分, or late, by either clock;
//! told to all who watch. Nothing here names who asked, so that it may be looked at all day.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use madoguchi_core::access::HandleTickets;
use madoguchi_core::service::AnswerState;
use madoguchi_core::ticket::{Ticket, TicketField};
use madoguchi_core::time::Millis;
use madoguchi_store::StoreError;

use super::choices::offered;
use super::columns::status_class;
use super::lookup::{HERE, place};
use super::names::{Names, time_left};
use crate::auth::access::Allowed;
use crate::auth::token;
use crate::error::WebError;
use crate::remembered::{DueBasis, DueCount, DueTicket, WaitingTickets};
use crate::shell::Shell;
use crate::state::Web;

/// More tickets than this do not wait for their 一次回答.
pub(super) const AWAITING: u32 = 5_000;
/// More are counted, and not shown.
const SHOWN: usize = 200;
/// Letters of the mark that tells one list from another.
const MARK_LETTERS: usize = 16;

impl DueTicket {
    /// A ticket, if it is due by one of the clocks.
    fn of(names: &Names, ticket: &Arc<Ticket>) -> Option<Self> {
        let (operating, stands) = match names.answer(ticket)? {
            AnswerState::Due { left, .. } => (left, false),
            AnswerState::Paused { left } => (left, true),
            AnswerState::Answered { .. } | AnswerState::Exempt => return None,
        };
        let clock = names.clock(ticket)?;
        let contract = clock.contract_left(ticket.received_at, names.now);
        let by_operating = !stands && clock.is_near(operating);
        (by_operating || clock.is_near(contract)).then_some(Self {
            ticket: Arc::clone(ticket),
            contract,
            operating,
            stands,
        })
    }

    pub(super) fn is_late(&self) -> bool {
        let late = |left: Millis| left < Millis::ZERO;
        late(self.contract) || late(self.operating)
    }

    /// What is left by the clock that is first.
    fn left(&self) -> Millis {
        self.contract.min(self.operating)
    }
}

/// All that are due, the most urgent first. Many look at it; it is found anew when a ticket or a limit has
/// changed, and for the time that goes on. Tickets are read anew when one has changed.
pub(super) async fn due(web: &Web, names: &Names) -> Result<Arc<[DueTicket]>, StoreError> {
    let basis = DueBasis {
        position: web.store.ticket_position().await?,
        divisions: names.offered.divisions.clone(),
        at: names.now,
    };
    if let Some(found) = web.due.found(&basis) {
        return Ok(found);
    }
    let _alone = web.due.finding().await;
    if let Some(found) = web.due.found(&basis) {
        return Ok(found);
    }
    let waiting = match web.due.waiting(basis.position) {
        Some(waiting) => waiting,
        None => {
            let read = web.store.tickets_awaiting_answer(AWAITING).await?;
            let waiting: WaitingTickets = read.into_iter().map(Arc::new).collect();
            web.due.save_waiting(basis.position, waiting.clone());
            waiting
        }
    };
    let due = waiting.iter();
    let mut due: Vec<_> = due
        .filter_map(|ticket| DueTicket::of(names, ticket))
        .collect();
    due.sort_by_key(|one| (one.left(), one.ticket.number));
    let due: Arc<[DueTicket]> = due.into();
    web.due.save_found(basis, due.clone());
    Ok(due)
}

pub(super) fn counted(due: &[DueTicket]) -> DueCount {
    let late = due.iter().filter(|one| one.is_late()).count();
    let marks = due.iter().map(|one| {
        let Ticket { id, version, .. } = &*one.ticket;
        format!("{id} {version} {}\n", one.is_late())
    });
    let mut mark = token::hash(&marks.collect::<String>());
    mark.truncate(MARK_LETTERS);
    DueCount {
        near: due.len() - late,
        late,
        mark,
    }
}

/// Counts anew for those who watch, if that was not done just now, and tells them if it differs.
pub(crate) async fn refresh(web: &Web) {
    if !web.due.is_due(web.desk.monotonic()) {
        return;
    }
    let counting = async {
        let names = Names::new(web, offered(web).await?);
        due(web, &names).await
    };
    match web.ask(counting).await {
        Ok(due) => save(web, counted(&due)),
        Err(error) => tracing::debug!(%error, "what is due cannot be counted now"),
    }
}

fn save(web: &Web, count: DueCount) {
    if web.due.save(web.desk.monotonic(), count) {
        web.live.nudge();
    }
}

/// A line of the list.
struct Row {
    number: String,
    link: String,
    status: &'static str,
    status_class: &'static str,
    contract: (&'static str, String),
    operating: (&'static str, String),
    division: String,
    category: String,
    owner: String,
    received_at: String,
}

impl Row {
    fn of(one: &DueTicket, names: &Names) -> Self {
        let ticket = &one.ticket;
        let told = |field: TicketField| names.field(field, &ticket.fields.text(field));
        let (class, words) = time_left(one.operating);
        Self {
            number: ticket.number.to_string(),
            link: place(ticket.number),
            status: ticket.status().label(),
            status_class: status_class(ticket.status()),
            contract: time_left(one.contract),
            operating: if one.stands {
                ("", format!("停止中({words})"))
            } else {
                (class, words)
            },
            division: told(TicketField::Division),
            category: told(TicketField::Category),
            owner: told(TicketField::Owner),
            received_at: names.dates.minute(ticket.received_at),
        }
    }
}

#[derive(Template)]
#[template(path = "ticket_due.html")]
struct DuePage {
    shell: Shell,
    list: String,
}

#[derive(Template)]
#[template(path = "ticket_due_list.html")]
struct DueList {
    count: DueCount,
    rows: Vec<Row>,
    more: usize,
    at: String,
}

async fn list(web: &Web) -> Result<String, WebError> {
    let names = Names::new(web, offered(web).await?);
    let due = due(web, &names).await?;
    let count = counted(&due);
    save(web, count.clone());
    let list = DueList {
        count,
        rows: due
            .iter()
            .take(SHOWN)
            .map(|one| Row::of(one, &names))
            .collect(),
        more: due.len().saturating_sub(SHOWN),
        at: crate::text::time_with_seconds(names.now),
    };
    Ok(list.render()?)
}

pub(super) async fn page(
    visitor: Allowed<HandleTickets>,
    State(web): State<Web>,
) -> Result<Html<String>, WebError> {
    let list = list(&web).await?;
    let page = DuePage {
        shell: Shell::new(&web, Some(&visitor), HERE),
        list,
    };
    Ok(Html(page.render()?))
}

/// The list alone, for the page's script.
pub(super) async fn part(
    _visitor: Allowed<HandleTickets>,
    State(web): State<Web>,
) -> Result<Html<String>, WebError> {
    Ok(Html(list(&web).await?))
}
