//! The left column: who may be calling, what they asked before, what their 拠点 asked today, and what is
//! still to be registered.

use std::collections::{BTreeMap, BTreeSet};

use madoguchi_core::id::TicketId;
use madoguchi_core::person::Person;
use madoguchi_core::ticket::Status;
use madoguchi_core::time::{Instant, Millis};
use madoguchi_store::{StoreError, TicketFilter, TicketRow};

use super::caller::Caller;
use super::subject::{HERE, Subject};
use crate::auth::visitor::Visitor;
use crate::query::escape;
use crate::state::Web;
use crate::text;
use crate::tickets::columns::status_class;
use crate::tickets::lookup;

/// Tickets of one kind that are shown.
const TICKETS: u32 = 10;
/// Calls that are shown.
const CALLS: u32 = 20;
/// What is older than this nobody can remember; the supervisor's list shows it.
pub(super) const UNREGISTERED_WITHIN: Millis = Millis::from_secs(31 * 86_400);
/// Letters of a question in a line.
const QUESTION_LETTERS: usize = 40;

/// The left column.
#[derive(Default)]
pub(super) struct SidePanel {
    pub(super) sentence: &'static str,
    pub(super) people: Vec<PersonChoice>,
    pub(super) open: Vec<TicketLine>,
    pub(super) earlier: Vec<TicketLine>,
    pub(super) site: Vec<TicketLine>,
    pub(super) unregistered: Vec<CallLine>,
    /// How many there are, also those that are not shown.
    pub(super) unregistered_count: u64,
    pub(super) drafts: Vec<DraftLine>,
    /// The database cannot be asked.
    pub(super) away: bool,
}

/// Somebody who may be calling.
pub(super) struct PersonChoice {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) place: String,
    pub(super) chosen: bool,
}

/// A ticket in a line.
pub(super) struct TicketLine {
    pub(super) id: String,
    pub(super) number: String,
    pub(super) link: String,
    pub(super) status: &'static str,
    pub(super) status_class: &'static str,
    pub(super) question: String,
    pub(super) at: String,
    /// It is the one in the form.
    pub(super) here: bool,
}

/// A call that is not registered yet.
pub(super) struct CallLine {
    pub(super) link: String,
    pub(super) at: String,
    pub(super) shown: String,
    /// Something was typed for it already.
    pub(super) has_draft: bool,
}

/// Something that was typed and not saved.
pub(super) struct DraftLine {
    pub(super) link: String,
    pub(super) label: String,
    pub(super) at: String,
}

impl SidePanel {
    /// The column; without the database, what can be told without.
    pub(super) async fn of(
        web: &Web,
        visitor: &Visitor,
        subject: &Subject,
        caller: &Caller,
    ) -> Result<Self, StoreError> {
        match web.ask(read(web, visitor, subject, caller)).await {
            Err(error) if error.is_away() => Ok(Self {
                sentence: caller.certainty.sentence(),
                away: true,
                ..Self::default()
            }),
            other => other,
        }
    }
}

async fn read(
    web: &Web,
    visitor: &Visitor,
    subject: &Subject,
    caller: &Caller,
) -> Result<SidePanel, StoreError> {
    let here = subject.ticket.as_ref().map(|ticket| &ticket.id);
    let lines = |rows: Vec<TicketRow>| -> Vec<TicketLine> {
        rows.into_iter()
            .map(|row| TicketLine::of(web, row, here))
            .collect()
    };
    let known = tickets_of(web, caller).await?;
    let is_open = |row: &TicketRow| row.status != Status::Done;
    let (open, earlier): (Vec<_>, Vec<_>) = known.into_iter().partition(is_open);
    let shown: BTreeSet<TicketId> = open
        .iter()
        .chain(&earlier)
        .map(|row| row.id.clone())
        .collect();
    let site = caller
        .person
        .as_ref()
        .map_or("", |person| person.site.as_str());
    let site = match site {
        "" => Vec::new(),
        site => {
            let today = Instant::start_of(web.desk.now().date());
            web.store.tickets_of_site(site, today, TICKETS).await?
        }
    };
    let site = site
        .into_iter()
        .filter(|row| !shown.contains(&row.id))
        .collect();
    let (unregistered, unregistered_count, drafts) = to_be_done(web, visitor, subject).await?;
    Ok(SidePanel {
        sentence: caller.certainty.sentence(),
        people: people(caller),
        open: lines(open),
        earlier: lines(earlier),
        site: lines(site),
        unregistered,
        unregistered_count,
        drafts,
        away: false,
    })
}

/// Whoever has the number; nobody has to choose one who is certain.
fn people(caller: &Caller) -> Vec<PersonChoice> {
    let chosen = caller.sure_person().map(|person| &person.id);
    let choice = |person: &Person| PersonChoice {
        id: person.id.as_str().to_owned(),
        name: person.name.clone(),
        place: format!("{} {}", person.site, person.department)
            .trim()
            .to_owned(),
        chosen: chosen == Some(&person.id),
    };
    caller.people.iter().map(choice).collect()
}

/// What the person and the number asked before, what is open first.
async fn tickets_of(web: &Web, caller: &Caller) -> Result<Vec<TicketRow>, StoreError> {
    let mut filters = Vec::new();
    if let Some(person) = caller.sure_person() {
        filters.push(TicketFilter {
            person: Some(person.id.clone()),
            ..TicketFilter::default()
        });
    }
    if !caller.number.is_empty() {
        filters.push(TicketFilter {
            caller: Some(caller.number.clone()),
            ..TicketFilter::default()
        });
    }
    let mut found = BTreeMap::new();
    for filter in filters {
        for open in [true, false] {
            let filter = TicketFilter {
                open,
                limit: TICKETS,
                ..filter.clone()
            };
            let rows = web.store.list_tickets(&filter).await?;
            found.extend(rows.into_iter().map(|row| (row.number, row)));
        }
    }
    Ok(found.into_values().rev().collect())
}

/// The own calls that are not registered, how many they are, and what was typed elsewhere and not saved.
async fn to_be_done(
    web: &Web,
    visitor: &Visitor,
    subject: &Subject,
) -> Result<(Vec<CallLine>, u64, Vec<DraftLine>), StoreError> {
    let now = web.desk.now();
    let (calls, mut count) = match &visitor.user.agent {
        Some(agent) => {
            let span = (now - UNREGISTERED_WITHIN, now + UNREGISTERED_WITHIN);
            let calls = web.store.unregistered_calls(Some(agent), span, CALLS);
            let calls = calls.await?;
            let count = if calls.len() < CALLS as usize {
                calls.len() as u64
            } else {
                web.store.count_unregistered(Some(agent), span).await?
            };
            (calls, count)
        }
        None => (Vec::new(), 0),
    };
    let drafts = web.store.ticket_drafts(&visitor.user.id).await?;
    let own = visitor
        .user
        .agent
        .as_ref()
        .and_then(|agent| web.desk.call_of(agent));
    let own = own.map(|call| call.call);
    let mut told = BTreeSet::from([subject.key()]);
    let mut lines = Vec::new();
    for call in calls {
        let key = format!("call:{}", call.call);
        let has_draft = drafts.iter().any(|draft| draft.subject == key);
        let is_here = !told.insert(key);
        if is_here || Some(&call.call) == own.as_ref() {
            count = count.saturating_sub(1);
            continue;
        }
        lines.push(CallLine {
            link: format!("{HERE}?call={}", escape(call.call.as_str())),
            at: short(web, call.arrived_at),
            shown: call.from.shown(),
            has_draft,
        });
    }
    let ids = drafts.iter().filter_map(|draft| ticket_of(&draft.subject));
    let ids: Vec<TicketId> = ids.map(TicketId::new).collect();
    let rows = web.store.ticket_rows(&ids).await?;
    let rest = drafts.iter().filter(|draft| !told.contains(&draft.subject));
    let rest = rest.map(|draft| {
        let (link, label) = match draft.subject.split_once(':') {
            Some((kind @ ("ticket" | "form"), _)) => {
                let id = ticket_of(&draft.subject).unwrap_or_default();
                let row = rows.iter().find(|row| row.id.as_str() == id);
                let label = row.map_or_else(|| "問合せ".to_owned(), |row| row.number.to_string());
                let link = match row {
                    Some(row) if kind == "form" => lookup::place(row.number),
                    None if kind == "form" => "/tickets/new".to_owned(),
                    _ => format!("{HERE}?ticket={}", escape(id)),
                };
                (link, label)
            }
            Some((_, id)) => {
                let link = format!("{HERE}?call={}&new=matter", escape(id));
                (link, "通話".to_owned())
            }
            None => (format!("{HERE}?new=plain"), "通話のない受付".to_owned()),
        };
        DraftLine {
            link,
            label,
            at: short(web, draft.at),
        }
    });
    let rest = rest.collect();
    Ok((lines, count, rest))
}

/// The id of the ticket that a draft is for, in the reception or on the ticket's page.
fn ticket_of(subject: &str) -> Option<&str> {
    let id = subject.strip_prefix("ticket:");
    id.or_else(|| subject.strip_prefix("form:")?.split(':').next())
}

impl TicketLine {
    fn of(web: &Web, row: TicketRow, here: Option<&TicketId>) -> Self {
        Self {
            here: here == Some(&row.id),
            number: row.number.to_string(),
            link: lookup::place(row.number),
            status: row.status.label(),
            status_class: status_class(row.status),
            question: text::beginning(&row.question, QUESTION_LETTERS),
            at: short(web, row.received_at),
            id: row.id.as_str().to_owned(),
        }
    }
}

/// The time of what is of today, the day of what is not.
fn short(web: &Web, at: Instant) -> String {
    if at.date() == web.desk.now().date() {
        text::time(at)
    } else {
        at.date().format("%-m/%-d").to_string()
    }
}
