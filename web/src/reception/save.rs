//! Saving: ticket, contact and status in one unit of work. What is sent twice is kept once, and nobody
//! overwrites what they have not seen.

use axum::response::{IntoResponse, Redirect, Response};
use madoguchi_core::audit::Action;
use madoguchi_core::contact::{Contact, ContactOutcome};
use madoguchi_core::id::{ContactId, TicketId};
use madoguchi_core::phrase::Phrase;
use madoguchi_core::setup::FieldError;
use madoguchi_core::ticket::edit::{self, Conflict};
use madoguchi_core::ticket::{AnswerSource, Status, Ticket, TicketChange, TicketFields, sensitive};
use madoguchi_core::time::Instant;
use madoguchi_kb::Viewer;
use madoguchi_store::{NewTicket, Settled, StoreError, TicketEdit, TicketWriteError};

use super::form::ReceptionForm;
use super::hand_on;
use super::open;
use super::outcome::{self, Button, Steps};
use super::page::{self, PageState, ShownConflict, ShownMark};
use super::subject::{HERE, Subject};
use super::waiting;
use crate::agents;
use crate::auth::token;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::query::escape;
use crate::state::Web;
use crate::tickets::names::Names;

/// What 定型文 have in the place of a number that is given with the first save.
const NUMBER_VARIABLE: &str = "{受付番号}";
/// So often somebody else may save between our reading and our writing.
const ATTEMPTS: usize = 5;

pub(super) async fn save(
    web: &Web,
    visitor: &Visitor,
    subject: &Subject,
    mut form: ReceptionForm,
    button: Button,
) -> Result<Response, WebError> {
    let before = before(web, subject, &form).await?;
    let (mut mine, mut faults) = form.fields(&before);
    faults.extend(find_articles(web, &mut mine, &before).await?);
    if let Some(ticket) = &subject.ticket {
        mine.answer = mine
            .answer
            .replace(NUMBER_VARIABLE, &ticket.number.to_string());
    }
    let unfilled = Phrase::left_over(&mine.answer.replace(NUMBER_VARIABLE, ""));
    if let Some(variable) = unfilled {
        let message = format!("回答に「{variable}」が残っています。実際の内容に書き換えてください");
        faults.push(FieldError::new("answer", message));
    }
    if form.question.trim().is_empty() {
        faults.push(FieldError::new("question", "質問を入力してください"));
    }
    if subject.ticket.is_none() {
        mine.owner.get_or_insert_with(|| visitor.user.id.clone());
    }
    let mut told = PageState {
        faults,
        refused: refusal(subject),
        ..PageState::default()
    };
    if told.faults.is_empty() && told.refused.is_none() {
        warn_of_numbers(&form, &mut told);
    }
    if !told.faults.is_empty() || told.refused.is_some() || !told.sensitive.is_empty() {
        return page::show(web, visitor, subject, form, told).await;
    }
    let saving = Saving {
        web,
        visitor,
        subject,
        form: &form,
        button: &button,
        now: web.desk.now(),
    };
    let saved = saving.save(&before, &mine).await?;
    match saved {
        Saved::Kept(ticket) => {
            after(web, visitor, subject, &button, &ticket).await;
            let mut place = format!("{HERE}?saved={}", escape(ticket.id.as_str()));
            if let Button::HandOn(to) = button {
                let done = hand_on::hand_on(web, visitor, subject, to).await;
                place.push_str(&format!("&done={done}"));
            }
            Ok(Redirect::to(&place).into_response())
        }
        Saved::Refused(why) => {
            told.refused = Some(format!("{why}。"));
            page::show(web, visitor, subject, form, told).await
        }
        Saved::Conflicts(found) => {
            let (ticket, merged) = *found;
            let names = Names::new(web, page::offered(web).await?);
            form.write(&merged.fields);
            for conflict in &merged.conflicts {
                form.set(conflict.field, conflict.mine.clone());
            }
            open::name_articles(web, &mut form).await?;
            form.version = ticket.version.to_string();
            told.conflicts = merged
                .conflicts
                .iter()
                .map(|one| in_words(&names, one))
                .collect();
            let subject = Subject {
                ticket: Some(ticket),
                ..subject.clone()
            };
            page::show(web, visitor, &subject, form, told).await
        }
    }
}

/// The fields as the form was shown with.
async fn before(
    web: &Web,
    subject: &Subject,
    form: &ReceptionForm,
) -> Result<TicketFields, WebError> {
    let Some(ticket) = &subject.ticket else {
        return Ok(TicketFields::default());
    };
    // A new one that is there already was sent before: what was sent then is what it began with.
    let version = form.base_version().max(1);
    if version == ticket.version {
        return Ok(ticket.fields.clone());
    }
    let events = web.store.ticket_events(&ticket.id).await?;
    let then = Ticket::at_version(&events, version);
    Ok(then.map_or_else(|| ticket.fields.clone(), |then| then.fields))
}

/// Puts the ids of articles in the place of their numbers.
async fn find_articles(
    web: &Web,
    mine: &mut TicketFields,
    before: &TicketFields,
) -> Result<Option<FieldError>, WebError> {
    let mut ids = std::collections::BTreeSet::new();
    for name in std::mem::take(&mut mine.articles) {
        match web.article(name.as_str(), Viewer::Desk).await? {
            Some(article) => ids.insert(article.id),
            None if before.articles.contains(&name) => ids.insert(name),
            None => {
                let message =
                    format!("「{name}」というFAQは見つかりません。番号を確認してください");
                return Ok(Some(FieldError::new("articles", message)));
            }
        };
    }
    mine.articles = ids;
    Ok(None)
}

/// Why nothing can be saved of this call yet.
fn refusal(subject: &Subject) -> Option<String> {
    let call = subject.call.as_ref()?;
    let waits = call.record.answered_at.is_none() && !call.is_outbound();
    waits.then(|| "この通話には、まだ応答していません。電話に出てから保存してください。".to_owned())
}

/// Whatever looks like a 個人番号 or 基礎年金番号 needs a second press.
fn warn_of_numbers(form: &ReceptionForm, told: &mut PageState) {
    let texts = [
        ("質問", &form.question),
        ("回答", &form.answer),
        ("メモ", &form.note),
        ("送る内容", &form.sent),
        ("タグ", &form.tags),
        ("氏名", &form.name),
    ];
    let mut found = String::new();
    for (label, text) in texts {
        for mark in sensitive::marks(text) {
            let shown = text.get(mark.range).unwrap_or_default().to_owned();
            found.push_str(&shown);
            found.push('\n');
            told.sensitive.push(ShownMark {
                label,
                kind: mark.kind.label(),
                text: shown,
            });
        }
    }
    let sure = token::hash(&found);
    if form.sure == sure {
        told.sensitive.clear();
    } else if !found.is_empty() {
        told.sure = sure;
    }
}

fn in_words(names: &Names, conflict: &Conflict) -> ShownConflict {
    let shown = |text: &str| names.field(conflict.field, text);
    ShownConflict {
        field: conflict.field.as_str(),
        label: conflict.field.label(),
        before: shown(&conflict.before),
        mine: shown(&conflict.mine),
        theirs: shown(&conflict.theirs),
    }
}

/// What comes of a save.
enum Saved {
    Kept(Box<Ticket>),
    Refused(String),
    Conflicts(Box<(Ticket, edit::Merged)>),
}

/// What is written.
enum Work {
    New(Box<NewTicket>),
    Edit(TicketEdit),
}

struct Saving<'a> {
    web: &'a Web,
    visitor: &'a Visitor,
    subject: &'a Subject,
    form: &'a ReceptionForm,
    button: &'a Button,
    now: Instant,
}

impl Saving<'_> {
    async fn save(&self, before: &TicketFields, mine: &TicketFields) -> Result<Saved, WebError> {
        let mut ticket = self.subject.ticket.clone();
        for _ in 0..ATTEMPTS {
            let work = match ticket {
                None => Work::New(Box::new(self.new_ticket(mine))),
                Some(ticket) => {
                    let merged = edit::merge(before, mine, &ticket.fields);
                    if !merged.conflicts.is_empty() {
                        return Ok(Saved::Conflicts(Box::new((ticket, merged))));
                    }
                    Work::Edit(self.edit(&ticket, &merged.fields))
                }
            };
            match self.write(work).await {
                Ok(ticket) => return Ok(Saved::Kept(Box::new(ticket))),
                Err(TicketWriteError::Changed { theirs }) => ticket = Some(*theirs),
                Err(TicketWriteError::Refused(why)) => return Ok(Saved::Refused(why.to_string())),
                Err(TicketWriteError::Missing) => return Err(WebError::NotFound("この問合せ")),
                Err(TicketWriteError::Store(error)) => return Err(error.into()),
            }
        }
        let message = "ほかの人が続けて変更しています。少し待ってから、もう一度保存してください";
        Ok(Saved::Refused(message.to_owned()))
    }

    fn new_ticket(&self, fields: &TicketFields) -> NewTicket {
        let contact = self.contact(None, fields);
        NewTicket {
            id: TicketId::new(&self.form.ticket),
            by: Some(self.visitor.user.id.clone()),
            at: self.now,
            happened_at: self.happened_at(contact.as_ref()),
            received_at: self.subject.received_at(self.now),
            fields: fields.clone(),
            changes: self.steps(Status::Received, contact, None),
        }
    }

    fn edit(&self, ticket: &Ticket, fields: &TicketFields) -> TicketEdit {
        let known = match &self.subject.call {
            Some(call) => ticket
                .contacts()
                .find(|known| known.call.as_ref() == Some(call.id())),
            None => outcome::unanswered(ticket),
        };
        let contact = self.contact(Some((ticket, known)), fields);
        let happened_at = self
            .happened_at(contact.as_ref())
            .filter(|at| *at >= ticket.updated_at);
        let mut changes = edit::changes(&ticket.fields, fields);
        changes.extend(self.steps(ticket.status(), contact, known));
        TicketEdit {
            id: ticket.id.clone(),
            version: Some(ticket.version),
            by: Some(self.visitor.user.id.clone()),
            at: self.now,
            happened_at,
            changes,
        }
    }

    fn steps(
        &self,
        status: Status,
        contact: Option<Contact>,
        known: Option<&Contact>,
    ) -> Vec<TicketChange> {
        let steps = Steps {
            button: self.button,
            status,
            answers: self.form.has_answer(),
            contact,
            known,
            note: super::form::plain(&self.form.note),
            now: self.now,
        };
        steps.changes()
    }

    /// The contact that this is: the call, or a mail or visit that is written down.
    fn contact(
        &self,
        of: Option<(&Ticket, Option<&Contact>)>,
        fields: &TicketFields,
    ) -> Option<Contact> {
        let answers = self.form.has_answer();
        let own = self.visitor.user.agent.as_ref();
        let Some(call) = &self.subject.call else {
            if of.is_some() {
                return None;
            }
            return Some(Contact {
                id: ContactId::new(token::new_id()),
                call: None,
                channel: fields.channel,
                agent: own.cloned(),
                from: self.now,
                until: None,
                outcome: outcome::outcome(self.button, answers, false),
                outcome_at: self.now,
            });
        };
        let was_known = of.is_some_and(|(_, known)| known.is_some());
        let later = call.is_outbound() || (was_known && call.own_state.is_none());
        let outcome = outcome::outcome(self.button, answers, later);
        let at = if outcome == ContactOutcome::AnsweredLater {
            self.now
        } else {
            call.said_at(self.now)
        };
        call.contact(own, outcome, at)
    }

    /// Puts the number of a new ticket where its answer tells it.
    fn with_number(&self, ticket: &Ticket) -> Option<TicketEdit> {
        let mut told = ticket.fields.clone();
        told.answer = told
            .answer
            .replace(NUMBER_VARIABLE, &ticket.number.to_string());
        let changes = edit::changes(&ticket.fields, &told);
        (!changes.is_empty()).then(|| TicketEdit {
            id: ticket.id.clone(),
            version: Some(ticket.version),
            by: Some(self.visitor.user.id.clone()),
            at: self.now,
            happened_at: None,
            changes,
        })
    }

    /// When it happened, if that was before it is recorded.
    fn happened_at(&self, contact: Option<&Contact>) -> Option<Instant> {
        let at = contact?.outcome_at;
        (at < self.now).then_some(at)
    }

    async fn write(&self, work: Work) -> Result<Ticket, TicketWriteError> {
        let store = &self.web.store;
        let id = self.form.ticket.as_str();
        let entry = self.visitor.entry(self.now, Action::TicketChange, id);
        let mut tx = store.begin(entry).await?;
        let ticket = match work {
            Work::New(new) => {
                let ticket = tx.add_ticket(&new).await?;
                match self.with_number(&ticket) {
                    Some(edit) => tx.change_ticket(&edit).await?,
                    None => ticket,
                }
            }
            Work::Edit(edit) => tx.change_ticket(&edit).await?,
        };
        let ticket = waiting::take(&mut tx, self.visitor, ticket, self.now).await?;
        let user = &self.visitor.user.id;
        tx.forget_ticket_draft(user, &self.subject.key()).await?;
        if let Some(call) = &self.subject.call {
            tx.clear_no_ticket(call.id()).await?;
        }
        tx.describe("number", ticket.number.to_string());
        tx.describe("state", ticket.status().label().to_owned());
        tx.commit().await?;
        Ok(ticket)
    }
}

/// What follows a save and does not undo it if it fails.
async fn after(web: &Web, visitor: &Visitor, subject: &Subject, button: &Button, ticket: &Ticket) {
    let article = match &ticket.fields.answer_source {
        Some(AnswerSource::Article(id)) if !ticket.fields.answer.is_empty() => Some(id),
        _ => None,
    };
    if let (Some(article), Some(call)) = (article, &subject.call) {
        let settled = Settled {
            id: token::new_id(),
            at: web.desk.now(),
            article: article.clone(),
            user: visitor.user.id.clone(),
            search: None,
            call: Some(call.id().to_string()),
        };
        if let Err(error) = log_settled(web, &settled).await {
            tracing::warn!(%error, "that an article settled a call could not be kept");
        }
    }
    if *button == Button::SaveReady
        && let Err(error) = agents::set_own_ready(web, visitor).await
    {
        tracing::warn!(%error, "a ticket was saved, but its agent is not ready");
    }
}

async fn log_settled(web: &Web, settled: &Settled) -> Result<(), StoreError> {
    let mut tx = web.store.begin_unrecorded().await?;
    tx.log_settled(settled).await?;
    tx.commit().await
}
