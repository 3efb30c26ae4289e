//! まとめて変更する: owner, status, tags, priority and system of many tickets at once. Each change is a step
//! in the history of its ticket, with a record of its own; what cannot be changed is listed with the reason,
//! and the rest is taken.

use std::sync::atomic::{AtomicBool, Ordering};

use askama::Template;
use axum::extract::{Form, State};
use axum::response::Html;
use madoguchi_core::access::HandleTickets;
use madoguchi_core::id::TicketId;
use madoguchi_core::ticket::{
    Impact, Status, System, Ticket, TicketChange, TicketEvent, TicketField, Urgency, edit,
};
use madoguchi_core::time::Instant;
use madoguchi_store::Start;

use super::applying::apply;
use super::choices::offered;
use super::columns::TicketList;
use super::lookup::{HERE, id_of, place};
use super::names::Names;
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::kit::bulk::{self, AT_ONCE, DonePage, LATER, Left, WITHIN};
use crate::kit::form::Values;
use crate::kit::table::Listing as _;
use crate::kit::table_filter::{FilterValues, Pairs};
use crate::kit::table_question::Question;
use crate::query::Choice;
use crate::shell::Shell;
use crate::state::Web;
use crate::text;

/// What stands in a select where nothing is to be changed.
const KEEP: (&str, &str) = ("", "変更しない");
const NOBODY: (&str, &str) = ("none", "未定にする");

/// The form beside the list.
#[derive(Template)]
#[template(path = "ticket_bulk.html")]
struct BulkForm {
    csrf: String,
    /// When the list was shown, for those that are chosen by its filters.
    at: i64,
    /// The filters of the list, as an address has them.
    filter: String,
    at_once: String,
    owners: Vec<Choice>,
    statuses: Vec<Choice>,
    systems: Vec<Choice>,
    impacts: Vec<Choice>,
    urgencies: Vec<Choice>,
}

/// The form beside the list, as HTML.
pub(super) fn form(web: &Web, visitor: &Visitor, asked: &FilterValues) -> Result<String, WebError> {
    let names = Names::new(web, web.offered.get());
    let users = names.offered.users.iter().filter(|user| user.handles);
    let users = users.map(|user| (user.id.as_str(), user.name.as_str()));
    let select = |choices: Vec<(&str, &str)>| {
        let choices = std::iter::once(KEEP).chain(choices);
        Choice::list(choices, "")
    };
    let form = BulkForm {
        csrf: visitor.csrf().to_owned(),
        at: web.desk.now().0,
        filter: asked.to_query(),
        at_once: text::number(u64::from(AT_ONCE)),
        owners: select(std::iter::once(NOBODY).chain(users).collect()),
        statuses: select(
            [Status::InProgress, Status::Answered, Status::Done]
                .map(|one| (one.as_str(), one.label()))
                .into(),
        ),
        systems: select(System::ALL.map(|one| (one.as_str(), one.label())).into()),
        impacts: select(Impact::ALL.map(|one| (one.as_str(), one.label())).into()),
        urgencies: select(Urgency::ALL.map(|one| (one.as_str(), one.label())).into()),
    };
    Ok(form.render()?)
}

/// What stands for a ticket where it can be chosen.
pub(super) fn chosen(ticket: &Ticket) -> (String, String) {
    let number = ticket.number.to_string();
    (format!("{number} {}", ticket.version), number)
}

/// What is to be changed.
struct BulkChange {
    owner: Option<String>,
    status: Option<Status>,
    fields: Vec<(TicketField, String)>,
    tags: Vec<String>,
    tags_off: Vec<String>,
}

impl BulkChange {
    fn of(values: &Values) -> Result<Self, WebError> {
        let owner = match values.get("owner") {
            "" => None,
            owner if owner == NOBODY.0 => Some(String::new()),
            owner => Some(owner.to_owned()),
        };
        let status = match values.get("status") {
            "" => None,
            status => Some(
                Status::lookup(status)
                    .ok_or_else(|| WebError::BadRequest("状態を選び直してください。".to_owned()))?,
            ),
        };
        let fields = [
            TicketField::System,
            TicketField::Impact,
            TicketField::Urgency,
        ]
        .into_iter()
        .map(|field| (field, values.get(field.as_str()).to_owned()))
        .filter(|(_, text)| !text.is_empty());
        let wanted = Self {
            owner,
            status,
            fields: fields.collect(),
            tags: words(values.get("tags")),
            tags_off: words(values.get("tags_off")),
        };
        let is_nothing = wanted.owner.is_none()
            && wanted.status.is_none()
            && wanted.fields.is_empty()
            && wanted.tags.is_empty()
            && wanted.tags_off.is_empty();
        if is_nothing {
            let message = "何を変更するかを選んでください。".to_owned();
            return Err(WebError::BadRequest(message));
        }
        Ok(wanted)
    }

    /// What changes of a ticket by it.
    fn changes(&self, base: &Ticket, now: Instant) -> Result<Vec<TicketChange>, String> {
        let mut fields = base.fields.clone();
        let mut set = |field: TicketField, text: &str| {
            let set = fields.set(field, text);
            set.map_err(|fault| format!("{}: {}。", field.label(), fault.message))
        };
        if let Some(owner) = &self.owner {
            set(TicketField::Owner, owner)?;
        }
        for (field, text) in &self.fields {
            set(*field, text)?;
        }
        let mut tags = base.fields.tags.clone();
        tags.retain(|tag| !self.tags_off.contains(tag));
        tags.extend(self.tags.iter().cloned());
        let tags: Vec<_> = tags.into_iter().collect();
        set(TicketField::Tags, &tags.join("\n"))?;
        let mut changes = edit::changes(&base.fields, &fields);
        let before = base.status();
        if let Some(after) = self.status.filter(|after| *after != before) {
            let answered = base.check_answered(after);
            answered.map_err(|error| format!("{error}。"))?;
            changes.extend(base.answered_with(after, now));
            changes.push(TicketChange::StatusChanged { before, after });
        }
        Ok(changes)
    }
}

/// Words that are typed in one line.
fn words(text: &str) -> Vec<String> {
    let between = |letter: char| matches!(letter, '、' | ',' | '，') || letter.is_whitespace();
    let words = text.split(between).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

/// A ticket that is to be changed, as the list showed it.
struct Target {
    number: String,
    seen: Seen,
}

#[derive(Clone, Copy)]
enum Seen {
    Version(u32),
    At(Instant),
}

impl Seen {
    /// The version that was seen.
    fn version(self, events: &[TicketEvent]) -> u32 {
        match self {
            Self::Version(version) => version,
            Self::At(at) => {
                let then = events.iter().filter(|event| event.at <= at);
                u32::try_from(then.count()).unwrap_or(u32::MAX)
            }
        }
    }
}

pub(super) async fn change(
    visitor: Allowed<HandleTickets>,
    State(web): State<Web>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Html<String>, WebError> {
    let chosen = bulk::chosen(&pairs);
    let values = Values::of(pairs);
    let wanted = BulkChange::of(&values)?;
    let names = Names::new(&web, offered(&web).await?);
    let known = |owner: &String| {
        let users = &names.offered.users;
        owner.is_empty() || users.iter().any(|user| user.id.as_str() == owner.as_str())
    };
    if !wanted.owner.as_ref().is_none_or(known) {
        let message = "担当を選び直してください。".to_owned();
        return Err(WebError::BadRequest(message));
    }
    let targets = match bulk::asked_by_filter(&values, HERE)? {
        Some(asked) => filtered(&web, &visitor, asked).await?,
        None => named(&chosen),
    };
    bulk::check_count(targets.len(), "問合せ")?;
    let mut page = DonePage {
        shell: Shell::new(&web, Some(&visitor), HERE),
        list: ("問合せ", HERE),
        back: bulk::back(HERE, &values),
        row: ("問合せ", "受付番号"),
        done: "を変更しました",
        changed: Vec::new(),
        same: 0,
        left: Vec::new(),
    };
    let until = web.desk.monotonic() + WITHIN;
    for target in targets {
        let outcome = if web.desk.monotonic() < until {
            change_one(&web, &visitor, &wanted, &target).await?
        } else {
            Outcome::Left(LATER.to_owned())
        };
        let link = format!("{HERE}/{}", target.number);
        match outcome {
            Outcome::Changed(ticket) => {
                let link = place(ticket.number);
                page.changed.push((ticket.number.to_string(), link));
            }
            Outcome::Same => page.same += 1,
            Outcome::Left(why) => page.left.push(Left {
                name: target.number,
                link,
                why,
            }),
        }
    }
    Ok(Html(page.render()?))
}

/// What came of one ticket.
enum Outcome {
    Changed(Box<Ticket>),
    /// It was so already.
    Same,
    Left(String),
}

async fn change_one(
    web: &Web,
    visitor: &Visitor,
    wanted: &BulkChange,
    target: &Target,
) -> Result<Outcome, WebError> {
    let id: TicketId = match id_of(web, &target.number).await {
        Ok(id) => id,
        Err(error @ WebError::NotFound(_)) => return Ok(Outcome::Left(error.message())),
        Err(error) => return Err(error),
    };
    let version = match target.seen {
        Seen::Version(version) => version,
        seen => seen.version(&web.store.ticket_events(&id).await?),
    };
    let is_same = AtomicBool::new(false);
    let make = |base: &Ticket| {
        let changes = wanted.changes(base, web.desk.now())?;
        is_same.store(changes.is_empty(), Ordering::Relaxed);
        Ok(changes)
    };
    // Whoever else changes it again and again is told of as any other who was first.
    match apply(web, visitor, (&id, version), make).await {
        Ok(Ok(_)) if is_same.load(Ordering::Relaxed) => Ok(Outcome::Same),
        Ok(Ok(ticket)) => Ok(Outcome::Changed(Box::new(ticket))),
        Ok(Err(why)) => Ok(Outcome::Left(why)),
        Err(WebError::Conflict(why)) => Ok(Outcome::Left(why)),
        Err(error) => Err(error),
    }
}

/// The tickets that were chosen one by one, each once.
fn named(chosen: &[String]) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::new();
    for text in chosen {
        let (number, version) = text.split_once(' ').unwrap_or((text, ""));
        if targets.iter().all(|known| known.number != number) {
            targets.push(Target {
                number: number.to_owned(),
                seen: Seen::Version(version.parse().unwrap_or(0)),
            });
        }
    }
    targets
}

/// The tickets that the list showed by its filters.
async fn filtered(
    web: &Web,
    visitor: &Visitor,
    (pairs, at): (Pairs, Instant),
) -> Result<Vec<Target>, WebError> {
    let question = Question::<TicketList>::read(web, visitor, pairs)?;
    let page = TicketList::page(web, &question.filter, Start::First, AT_ONCE + 1).await?;
    let targets = page.rows.iter().map(|ticket| Target {
        number: ticket.number.to_string(),
        seen: Seen::At(at),
    });
    Ok(targets.collect())
}
