//! The page, whole.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use madoguchi_core::phrase::{PHRASE, Phrase, PhraseValues};
use madoguchi_core::setup::FieldError;
use madoguchi_core::ticket::{ATTACHMENT_BYTES, Channel, Route, System};

use super::caller::Caller;
use super::candidates::Candidates;
use super::clock::Bar;
use super::form::ReceptionForm;
use super::hand_on;
use super::referrals::{Referral, referrals};
use super::side_panel::SidePanel;
use super::subject::{HERE, Subject};
use super::viewed;
use super::waiting;
use super::without_ticket;
use crate::auth::token;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::portal::categories::category_name;
use crate::portal::notices::{self, ShownNotice};
use crate::query::{Choice, escape};
use crate::shell::Shell;
use crate::state::Web;
use crate::tickets::attaching::FileRow;
use crate::tickets::lookup;
use crate::tickets::offered::Offered;
use crate::tickets::presence::{self, Others};

/// What the form is shown with.
#[derive(Default)]
pub(super) struct PageState {
    pub(super) faults: Vec<FieldError>,
    pub(super) refused: Option<String>,
    pub(super) conflicts: Vec<ShownConflict>,
    /// What looks like a personal number.
    pub(super) sensitive: Vec<ShownMark>,
    /// What says that it is meant to be saved all the same.
    pub(super) sure: String,
    /// When what is shown was typed.
    pub(super) resumed: Option<String>,
    /// What was just done with the form.
    pub(super) said: Option<&'static str>,
    /// The article to be read; empty for the best.
    pub(super) show: String,
    /// That answers were looked for is kept.
    pub(super) keeps: bool,
    /// Why a file is not taken.
    pub(super) file: Option<String>,
    /// What was saved before.
    pub(super) saved: Option<Saved>,
    pub(super) done: String,
    /// Where the call is that was just said to be 対象外.
    pub(super) without: Option<String>,
}

/// A field that two people changed.
pub(super) struct ShownConflict {
    pub(super) field: &'static str,
    pub(super) label: &'static str,
    pub(super) before: String,
    pub(super) mine: String,
    pub(super) theirs: String,
}

/// Something that looks like a personal number.
pub(super) struct ShownMark {
    pub(super) label: &'static str,
    pub(super) kind: &'static str,
    pub(super) text: String,
}

/// A ticket that was saved.
pub(super) struct Saved {
    pub(super) number: String,
    pub(super) link: String,
}

/// A 定型文 with what is known filled in.
struct PhraseChoice {
    code: String,
    title: String,
    text: String,
}

#[derive(Template)]
#[template(path = "reception.html")]
struct ReceptionPage {
    shell: Shell,
    form: ReceptionForm,
    told: PageState,
    /// Where another matter of the same call is registered.
    another: String,
    now_ms: i64,
    number: Option<String>,
    others: Others,
    has_call: bool,
    /// Why the call is 対象外, if it is.
    no_ticket: Option<String>,
    bar: Bar,
    beside: SidePanel,
    candidates: Candidates,
    incidents: Vec<ShownNotice>,
    categories: Vec<Choice>,
    systems: Vec<Choice>,
    divisions: Vec<Choice>,
    channels: Vec<Choice>,
    routes: Vec<Choice>,
    reasons: Vec<Choice>,
    /// To whom the caller can be handed on; nobody for who has no phone.
    targets: Vec<Choice>,
    vendors: Vec<String>,
    phrases: Vec<PhraseChoice>,
    referrals: Vec<Referral>,
    files: Vec<FileRow>,
    /// What the next file will be called, so that a form that is sent twice brings it once.
    file_id: String,
    file_most: usize,
}

impl PageState {
    fn is_well(&self) -> bool {
        let refused = self.refused.is_some() || self.file.is_some();
        self.faults.is_empty() && !refused && self.sensitive.is_empty()
    }
}

impl ReceptionPage {
    fn fault(&self, field: &str) -> Option<&str> {
        let fault = self.told.faults.iter().find(|fault| fault.field == field);
        fault.map(|fault| fault.message.as_str())
    }

    fn conflict(&self, field: &str) -> Option<&ShownConflict> {
        self.told
            .conflicts
            .iter()
            .find(|conflict| conflict.field == field)
    }

    /// Conflicts in fields that have no place of their own for them.
    fn other_conflicts(&self) -> impl Iterator<Item = &ShownConflict> {
        let conflicts = self.told.conflicts.iter();
        conflicts.filter(|one| !["question", "answer"].contains(&one.field))
    }

    /// What is folded up has to be seen.
    fn opens_escalation(&self) -> bool {
        let is_wrong = self.fault("vendor").is_some() || self.fault("due").is_some();
        is_wrong || !self.form.vendor.is_empty()
    }
}

/// The page with a form.
pub(super) async fn show(
    web: &Web,
    visitor: &Visitor,
    subject: &Subject,
    mut form: ReceptionForm,
    told: PageState,
) -> Result<Response, WebError> {
    let files = waiting::rows(web, visitor, subject, &mut form).await?;
    viewed::note(web, visitor, subject).await;
    let offered = offered(web).await?;
    let caller = caller(web, subject, &form).await?;
    let status = if !told.conflicts.is_empty() {
        StatusCode::CONFLICT
    } else if told.is_well() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let read = (
        told.show.as_str(),
        form.ticket.as_str(),
        form.department.as_str(),
    );
    let candidates = Candidates::of(web, visitor, &form.question, read, told.keeps).await?;
    notices::read(web).await;
    let now = web.desk.now();
    let bar = Bar::of(web, visitor, subject, &form, &caller, &offered.divisions);
    let is_told = !bar.hand_on.is_empty() && hand_on::bar_tells(&told.done);
    let shell = Shell::new(web, Some(visitor), HERE);
    let page = ReceptionPage {
        shell: shell.done(web, if is_told { "" } else { &told.done }),
        another: format!("{HERE}?call={}&new=matter", escape(&form.call)),
        now_ms: now.0,
        number: subject
            .ticket
            .as_ref()
            .map(|ticket| ticket.number.to_string()),
        others: match &subject.ticket {
            Some(ticket) => presence::opened(web, visitor, &ticket.id).await,
            None => Others::default(),
        },
        has_call: subject.call.is_some(),
        no_ticket: match &subject.call {
            Some(call) => without_ticket::reason_of(web, call.id()).await?,
            None => None,
        },
        bar,
        beside: SidePanel::of(web, visitor, subject, &caller).await?,
        candidates,
        incidents: notices::incidents(&web.notices.get(), now, web.settings.dates),
        categories: categories(web, &form.category),
        systems: Choice::list(
            System::ALL.map(|one| (one.as_str(), one.label())),
            &form.system,
        ),
        divisions: divisions(subject, &form, &offered),
        channels: Choice::list(
            Channel::ALL.map(|one| (one.as_str(), one.label())),
            &form.channel,
        ),
        routes: Choice::list(
            Route::ALL.map(|one| (one.as_str(), one.label())),
            &form.route,
        ),
        reasons: without_ticket::reasons(&form.reason),
        targets: match &visitor.user.agent {
            Some(_) => hand_on::choices(web, visitor, &offered, &form.to),
            None => Vec::new(),
        },
        vendors: offered.vendors.clone(),
        phrases: phrases(web, visitor, subject, &form).await?,
        referrals: referrals(web).await?,
        files,
        file_id: token::new_id(),
        file_most: ATTACHMENT_BYTES,
        form,
        told,
    };
    Ok((status, Html(page.render()?)).into_response())
}

/// Who calls, by what can be told of it now.
pub(super) async fn caller(
    web: &Web,
    subject: &Subject,
    form: &ReceptionForm,
) -> Result<Caller, WebError> {
    match Caller::of(web, subject, form).await {
        Err(error) if error.is_away() => Ok(Caller::by_number(subject, form)),
        caller => Ok(caller?),
    }
}

/// What can be chosen; without the database what could be chosen before.
pub(super) async fn offered(web: &Web) -> Result<std::sync::Arc<Offered>, WebError> {
    match web.ask(crate::tickets::choices::offered(web)).await {
        Err(error) if error.is_away() => Ok(web.offered.get()),
        offered => Ok(offered?),
    }
}

/// The ticket that was saved before, by its id.
pub(super) async fn saved(web: &Web, id: &str) -> Result<Option<Saved>, WebError> {
    if id.is_empty() {
        return Ok(None);
    }
    let ticket = match web.ask(web.store.lookup_ticket(&id.into())).await {
        Err(error) if error.is_away() => None,
        ticket => ticket?,
    };
    Ok(ticket.map(|ticket| Saved {
        number: ticket.number.to_string(),
        link: lookup::place(ticket.number),
    }))
}

fn categories(web: &Web, chosen: &str) -> Vec<Choice> {
    let setup = web.desk.setup();
    let tree = setup.categories.tree();
    let offered = tree
        .iter()
        .filter(|(id, category)| !setup.categories.is_retired(category) || id.as_str() == chosen);
    let named: Vec<_> = offered
        .map(|(id, _)| (id.as_str(), category_name(&setup.categories, id)))
        .collect();
    let named = named.iter().map(|(id, name)| (*id, name.as_str()));
    Choice::list(std::iter::once(("", "分類を選ぶ")).chain(named), chosen)
}

/// The 業務区分 that may be chosen: those of the line, or all where there is no call.
fn divisions(subject: &Subject, form: &ReceptionForm, offered: &Offered) -> Vec<Choice> {
    let of_line = subject
        .call
        .as_ref()
        .map(|call| offered.divisions.of_line(&call.record.line));
    let all = offered.divisions.list().into_iter();
    let fits = all.filter(|(id, division)| {
        let chosen = id.as_str() == form.division;
        let here = of_line.as_ref().is_none_or(|of_line| of_line.contains(id));
        chosen || (here && !division.retired)
    });
    let choices: Vec<_> = fits
        .map(|(id, division)| (id.as_str(), division.name.as_str()))
        .collect();
    Choice::list(choices, &form.division)
}

async fn phrases(
    web: &Web,
    visitor: &Visitor,
    subject: &Subject,
    form: &ReceptionForm,
) -> Result<Vec<PhraseChoice>, WebError> {
    let kept = match web.ask(web.store.list_settings(PHRASE)).await {
        Err(error) if error.is_away() => Vec::new(),
        kept => kept?,
    };
    let values = values(web, visitor, subject, form);
    let phrases = kept.into_iter().filter_map(|kept| {
        let phrase: Phrase = serde_json::from_str(kept.data.as_deref()?).ok()?;
        Some(PhraseChoice {
            text: phrase.expand(&values),
            code: phrase.code,
            title: phrase.title,
        })
    });
    Ok(phrases.collect())
}

/// What is filled into 定型文.
fn values(web: &Web, visitor: &Visitor, subject: &Subject, form: &ReceptionForm) -> PhraseValues {
    PhraseValues {
        name: Some(form.name.clone()).filter(|name| !name.is_empty()),
        number: subject
            .ticket
            .as_ref()
            .map(|ticket| ticket.number.to_string()),
        agent: Some(visitor.user.name.clone()),
        date: Some(web.desk.now().date()),
    }
}

/// Puts a 定型文 into the answer; whether there is such.
pub(super) async fn add_phrase(
    web: &Web,
    visitor: &Visitor,
    subject: &Subject,
    form: &mut ReceptionForm,
) -> Result<bool, WebError> {
    let phrases = phrases(web, visitor, subject, form).await?;
    let chosen = phrases
        .into_iter()
        .find(|phrase| phrase.code == form.phrase);
    let Some(phrase) = chosen else {
        return Ok(false);
    };
    if !form.has_answer() {
        form.answer_source = format!("phrase:{}", phrase.code);
    }
    form.add_answer(&phrase.text);
    Ok(true)
}
