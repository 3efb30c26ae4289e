//! The parts of the page that change with the own call, and what other pages say of who calls.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use madoguchi_core::access::HandleTickets;
use serde::Deserialize;

use super::call::ReceptionCall;
use super::clock::Bar;
use super::draft;
use super::form::ReceptionForm;
use super::open::fresh;
use super::page;
use super::side_panel::SidePanel;
use super::subject::{Subject, SubjectQuery};
use super::viewed;
use crate::auth::access::Allowed;
use crate::error::WebError;
use crate::state::Web;

/// What the form of the page says already.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FormQuery {
    person: String,
    division: String,
    system: String,
}

#[derive(Template)]
#[template(path = "reception_part.html")]
struct Part {
    bar: Bar,
    beside: SidePanel,
    /// The form as it stands before anybody types.
    form: ReceptionForm,
    /// Something was typed for it before: the whole page shows it.
    has_draft: bool,
    has_ticket: bool,
}

/// Bar and left column for the own call, or for the call and ticket that are named.
pub(super) async fn part(
    visitor: Allowed<HandleTickets>,
    State(web): State<Web>,
    Query(query): Query<SubjectQuery>,
    Query(typed): Query<FormQuery>,
) -> Result<Html<String>, WebError> {
    let subject = Subject::asked(&web, &visitor, &query).await?;
    viewed::note(&web, &visitor, &subject).await;
    let mut form = fresh(&web, &subject).await?;
    let has_draft = draft::typed(&web, &visitor, &subject, &form)
        .await?
        .is_some();
    for (field, typed) in [
        (&mut form.person, typed.person),
        (&mut form.division, typed.division),
        (&mut form.system, typed.system),
    ] {
        if !typed.is_empty() {
            *field = typed;
        }
    }
    let offered = page::offered(&web).await?;
    let caller = page::caller(&web, &subject, &form).await?;
    let part = Part {
        bar: Bar::of(&web, &visitor, &subject, &form, &caller, &offered.divisions),
        beside: SidePanel::of(&web, &visitor, &subject, &caller).await?,
        has_ticket: subject.ticket.is_some(),
        has_draft,
        form,
    };
    Ok(Html(part.render()?))
}

#[derive(Template)]
#[template(path = "reception_caller.html")]
struct CallerPart {
    bar: Option<Bar>,
}

/// Who calls the own phone, for the pages on which the agent may be.
pub(super) async fn caller(
    visitor: Allowed<HandleTickets>,
    State(web): State<Web>,
) -> Result<Html<String>, WebError> {
    let subject = Subject {
        call: ReceptionCall::own(&web, &visitor),
        ticket: None,
    };
    let bar = match &subject.call {
        Some(_) => {
            viewed::note(&web, &visitor, &subject).await;
            let form = ReceptionForm::default();
            let offered = page::offered(&web).await?;
            let caller = page::caller(&web, &subject, &form).await?;
            Some(Bar::of(
                &web,
                &visitor,
                &subject,
                &form,
                &caller,
                &offered.divisions,
            ))
        }
        None => None,
    };
    Ok(Html(CallerPart { bar }.render()?))
}
