//! The page is opened: with what was typed for the same call or ticket before, if there is any.

use axum::extract::{Query, State};
use axum::response::Response;
use madoguchi_core::access::HandleTickets;
use madoguchi_core::ticket::{Channel, System};
use madoguchi_kb::Viewer;
use serde::Deserialize;

use super::draft;
use super::form::ReceptionForm;
use super::page::{self, PageState};
use super::subject::{Subject, SubjectQuery};
use super::without_ticket;
use crate::auth::access::Allowed;
use crate::error::WebError;
use crate::state::Web;

/// What was done before.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DoneQuery {
    /// The ticket that was saved.
    saved: String,
    done: String,
    /// The call that was said to be 対象外.
    without: String,
}

pub(super) async fn page(
    visitor: Allowed<HandleTickets>,
    State(web): State<Web>,
    Query(query): Query<SubjectQuery>,
    Query(done): Query<DoneQuery>,
) -> Result<Response, WebError> {
    let subject = Subject::asked(&web, &visitor, &query).await?;
    let fresh = fresh(&web, &subject).await?;
    let mut told = PageState {
        saved: page::saved(&web, &done.saved).await?,
        done: done.done,
        without: without_ticket::link_to_call(&done.without),
        ..PageState::default()
    };
    let form = match draft::typed(&web, &visitor, &subject, &fresh).await? {
        Some((form, at)) => {
            told.resumed = Some(web.settings.dates.minute(at));
            form
        }
        None => fresh,
    };
    page::show(&web, &visitor, &subject, form, told).await
}

/// The form as it stands before anybody has typed.
pub(super) async fn fresh(web: &Web, subject: &Subject) -> Result<ReceptionForm, WebError> {
    let mut form = ReceptionForm::blank();
    if let Some(call) = &subject.call {
        form.call = call.id().as_str().to_owned();
        form.number = call.number().to_owned();
    }
    if let Some(ticket) = &subject.ticket {
        form.ticket = ticket.id.as_str().to_owned();
        form.version = ticket.version.to_string();
        form.write(&ticket.fields);
        name_articles(web, &mut form).await?;
        return Ok(form);
    }
    form.channel = Channel::Phone.as_str().to_owned();
    form.system = System::default().as_str().to_owned();
    let offered = page::offered(web).await?;
    if let Some(call) = &subject.call {
        if let Some(line) = web.desk.setup().line(call.record.line.as_str()) {
            form.system = line.config.system.as_str().to_owned();
        }
        let divisions = offered.divisions.of_line(&call.record.line);
        let first = divisions.first();
        form.division = first.map_or_else(String::new, |id| id.as_str().to_owned());
    } else if let Some((id, _)) = offered.divisions.list().first() {
        form.division = id.as_str().to_owned();
    }
    let caller = page::caller(web, subject, &form).await?;
    if let Some(person) = caller.sure_person() {
        form.take_person(person);
    }
    Ok(form)
}

/// Puts the names of articles, which can be said on the phone, in the place of their ids.
pub(super) async fn name_articles(web: &Web, form: &mut ReceptionForm) -> Result<(), WebError> {
    let ids: Vec<String> = form.articles.split('、').map(str::to_owned).collect();
    let mut names = Vec::new();
    for id in ids.into_iter().filter(|id| !id.is_empty()) {
        let article = web.article(&id, Viewer::Desk).await?;
        names.push(article.map_or(id, |article| article.name()));
    }
    form.articles = names.join("、");
    Ok(())
}
