//! The page of one ticket: what it says, what became of it, and every step that can be taken with it.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use madoguchi_core::access::Permission;
use madoguchi_core::contact::ContactOutcome;
use madoguchi_core::id::TicketId;
use madoguchi_core::setup::FieldError;
use madoguchi_core::ticket::edit::Conflict;
use madoguchi_core::ticket::{
    ATTACHMENT_BYTES, Channel, Relation, Route, Status, Ticket, TicketChange, TicketEvent,
    TicketFields,
};

use super::attaching::FileRow;
use super::choices::offered;
use super::columns::status_class;
use super::form::{OWN, fields};
use super::form_drafts;
use super::history::{HistoryRow, Numbers, named, rows, seconds};
use super::lookup::{HERE, no_ticket, place};
use super::names::{Names, answer_in_words};
use super::parts::{
    AnalysisRow, ConflictRow, ContactRow, EscalationRow, LinkRow, MergedRow, NoteRow, analyses,
    conflict_row, contact_row, escalations, facts, links, outcomes,
};
use super::presence::{self, Others};
use super::related::{self, ArticleRow};
use crate::auth::token;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::kit::fields::{sections, values};
use crate::kit::form::{Form, Input, Values};
use crate::local_time::local;
use crate::query::Choice;
use crate::shell::Shell;
use crate::state::Web;

/// What the page shows beside the ticket as it is kept.
#[derive(Default)]
pub(crate) struct Shown {
    /// What was typed into the form of the fields, and what it would make of the ticket.
    pub(crate) typed: Option<(Values, TicketFields)>,
    /// What is wrong with it.
    pub(crate) faults: Vec<FieldError>,
    /// What somebody else changed as well.
    pub(crate) conflicts: Vec<Conflict>,
    /// A step that cannot be taken, what was typed for it, and why.
    pub(crate) refused: Option<(String, Values, String)>,
    /// It can be taken by who confirms that a number is none that no ticket may hold.
    pub(crate) asks_sure: bool,
    pub(crate) done: String,
    /// The number of a merged ticket that was asked for.
    pub(crate) came_from: Option<String>,
}

#[derive(Template)]
#[template(path = "ticket.html")]
struct TicketPage {
    shell: Shell,
    number: String,
    link: String,
    version: u32,
    /// Which, for who else has it open.
    id: String,
    others: Others,
    /// What the visitor typed before and did not save, as JSON.
    typed: String,
    status: &'static str,
    status_class: &'static str,
    answer: (Option<&'static str>, String),
    came_from: Option<String>,
    facts: Vec<(&'static str, String)>,
    tags: Vec<String>,
    question: String,
    answer_text: String,
    articles: Vec<ArticleRow>,
    contacts: Vec<ContactRow>,
    analyses: Vec<AnalysisRow>,
    escalations: Vec<EscalationRow>,
    notes: Vec<NoteRow>,
    files: Vec<FileRow>,
    merged: Vec<MergedRow>,
    links: Vec<LinkRow>,
    history: Vec<HistoryRow>,
    conflicts: Vec<ConflictRow>,
    form: Form,
    steps: Steps,
}

/// What the forms of the steps need.
struct Steps {
    /// The step that could not be taken, and why.
    refused: Option<(String, String)>,
    asks_sure: bool,
    typed: Values,
    statuses: Vec<(&'static str, &'static str)>,
    can_hold: bool,
    can_resume: bool,
    can_reopen: bool,
    can_begin_analysis: bool,
    can_end_analysis: bool,
    can_escalate: bool,
    can_draft: bool,
    vendors: Vec<String>,
    routes: Vec<Choice>,
    relations: Vec<Choice>,
    channels: Vec<Choice>,
    outcomes: Vec<Choice>,
    now: String,
    /// What new things will be called, so that a form that is sent twice makes them once.
    contact: String,
    split: String,
    file: String,
    file_most: usize,
}

impl Steps {
    /// Why this step could not be taken; empty if it was not tried.
    fn fault(&self, step: &str) -> &str {
        let fault = self.refused.as_ref().filter(|(refused, _)| refused == step);
        fault.map_or("", |(_, fault)| fault.as_str())
    }

    /// Whether the step is taken when somebody confirms what was typed.
    fn asks(&self, step: &str) -> bool {
        self.asks_sure && !self.fault(step).is_empty()
    }

    /// What was typed for a step that could not be taken.
    fn typed(&self, step: &str, name: &str) -> &str {
        if self.fault(step).is_empty() {
            return "";
        }
        self.typed.get(name)
    }
}

/// The page of a ticket that others may go on as.
pub(crate) async fn show(
    web: &Web,
    visitor: &Visitor,
    id: &TicketId,
    shown: Shown,
) -> Result<Response, WebError> {
    let family = web.store.ticket_family(id).await?;
    let (ticket, merged) = family.split_first().ok_or_else(no_ticket)?;
    let events = web.store.ticket_events(&ticket.id).await?;
    let numbers = numbers(web, &events, &family).await?;
    let names = Names::new(web, offered(web).await?);
    let sees_calls = visitor.permissions.contains(Permission::ViewCalls);
    let contacts = family.iter().flat_map(|one| {
        let own = one.id == ticket.id;
        one.contacts().map(move |contact| (contact, own))
    });
    let mut contacts: Vec<_> = contacts.collect();
    contacts.sort_by_key(|(contact, _)| contact.from);
    let status = status_of(&shown);
    let (articles, now) = (related::articles(web, ticket).await?, web.desk.now());
    let begun = related::begun(&articles, now).is_some();
    let page = TicketPage {
        shell: Shell::new(web, Some(visitor), HERE).done(web, &shown.done),
        number: ticket.number.to_string(),
        link: place(ticket.number),
        version: ticket.version,
        id: ticket.id.to_string(),
        others: presence::opened(web, visitor, &ticket.id).await,
        typed: form_drafts::typed(web, visitor, ticket.id.as_str()).await,
        status: ticket.status().label(),
        status_class: status_class(ticket.status()),
        answer: answer_in_words(names.answer(ticket)),
        facts: facts(ticket, &names),
        tags: ticket.fields.tags.iter().cloned().collect(),
        question: ticket.fields.question.clone(),
        answer_text: ticket.fields.answer.clone(),
        articles: related::rows(&articles, visitor, now),
        contacts: contacts
            .into_iter()
            .map(|(contact, own)| contact_row(contact, own, &names, sees_calls))
            .collect(),
        analyses: analyses(ticket, &names),
        escalations: escalations(ticket, &names),
        notes: family
            .iter()
            .flat_map(|one| &one.notes)
            .map(|note| NoteRow {
                at: seconds(note.at),
                by: names.by(note.by.as_ref()),
                text: note.text.clone(),
            })
            .collect(),
        files: family
            .iter()
            .flat_map(|one| one.attachments().map(move |file| (one, file)))
            .map(|(one, file)| FileRow::of(one, one.id == ticket.id, file, &names))
            .collect(),
        merged: merged
            .iter()
            .map(|one| MergedRow {
                number: one.number.to_string(),
                question: one.fields.question.clone(),
                answer: one.fields.answer.clone(),
                direct: one.merged_into.as_ref() == Some(&ticket.id),
            })
            .collect(),
        links: links(ticket, &numbers),
        history: rows(&events, &names, &numbers),
        conflicts: shown
            .conflicts
            .iter()
            .map(|conflict| conflict_row(conflict, &names))
            .collect(),
        form: form(ticket, &names, &shown),
        steps: Steps {
            asks_sure: shown.asks_sure,
            can_draft: visitor.permissions.contains(Permission::EditArticles) && !begun,
            ..steps(ticket, &names, shown.refused, web)
        },
        came_from: shown.came_from,
    };
    Ok((status, Html(page.render()?)).into_response())
}

fn status_of(shown: &Shown) -> StatusCode {
    if !shown.conflicts.is_empty() {
        StatusCode::CONFLICT
    } else if !shown.faults.is_empty() || shown.refused.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    }
}

/// The numbers of the tickets that are named on the page.
async fn numbers(
    web: &Web,
    events: &[TicketEvent],
    family: &[Ticket],
) -> Result<Numbers, WebError> {
    let known = family
        .iter()
        .map(|one| (one.id.clone(), one.number.to_string()));
    let mut numbers: Numbers = known.collect();
    let mut others = named(events);
    others.retain(|id| !numbers.contains_key(id));
    let rows = web.store.ticket_rows(&others).await?;
    numbers.extend(rows.into_iter().map(|row| (row.id, row.number.to_string())));
    Ok(numbers)
}

/// The form of the fields. What was typed was typed over what the form showed; after a conflict it is
/// what the ticket is now.
fn form(ticket: &Ticket, names: &Names, shown: &Shown) -> Form {
    let (kept, typed) = match &shown.typed {
        Some((values, fields)) => (fields, Some(values)),
        None => (&ticket.fields, None),
    };
    let fields = fields(names, kept, OWN);
    let own_values = || values(&fields, &ticket.fields);
    let version = match typed {
        Some(values) if shown.conflicts.is_empty() => values.version(),
        _ => i64::from(ticket.version),
    };
    let values = typed.cloned().unwrap_or_else(own_values);
    let sections = sections(&fields, &values, Some(kept));
    Form::new(place(ticket.number), version, sections, &shown.faults)
}

fn steps(
    ticket: &Ticket,
    names: &Names,
    refused: Option<(String, Values, String)>,
    web: &Web,
) -> Steps {
    let may = |change: TicketChange| {
        let event = TicketEvent {
            ticket: ticket.id.clone(),
            seq: ticket.version,
            at: web.desk.now(),
            happened_at: None,
            by: None,
            change,
        };
        ticket.check(&event).is_ok()
    };
    let statuses = [Status::InProgress, Status::Answered, Status::Done].into_iter();
    let before = ticket.status();
    let statuses = statuses.filter(|after| {
        let after = *after;
        may(TicketChange::StatusChanged { before, after })
    });
    let held = TicketChange::Held {
        until: None,
        reason: String::new(),
    };
    let open = !matches!(before, Status::Done | Status::Held);
    let (refused, typed) = match refused {
        Some((step, typed, why)) => (Some((step, why)), typed),
        None => (None, Values::default()),
    };
    let chosen = |name: &str| typed.get(name).to_owned();
    Steps {
        statuses: statuses.map(|one| (one.as_str(), one.label())).collect(),
        can_hold: may(held),
        can_resume: may(TicketChange::Resumed),
        can_reopen: before == Status::Done,
        can_begin_analysis: may(TicketChange::AnalysisBegun { analyst: None }),
        can_end_analysis: ticket.open_analysis().is_some(),
        can_escalate: open,
        can_draft: false,
        vendors: names.offered.vendors.clone(),
        routes: Choice::list(
            Route::ALL.map(|one| (one.as_str(), one.label())),
            &chosen("route"),
        ),
        relations: Choice::list(
            Relation::ALL.map(|one| (one.as_str(), one.label())),
            &chosen("relation"),
        ),
        channels: Choice::list(
            Channel::ALL.map(|one| (one.as_str(), one.label())),
            &chosen("channel"),
        ),
        outcomes: outcomes(ContactOutcome::AnsweredLater),
        now: local(names.now),
        contact: token::new_id(),
        split: token::new_id(),
        file: token::new_id(),
        file_most: ATTACHMENT_BYTES,
        refused,
        asks_sure: false,
        typed,
    }
}
