//! Removing a record: what follows from it is told first.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::conflict::{Attempt, Conflict};
use super::record::{Context, Removable};
use super::versioned::{Versioned, save};
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::shell::Shell;
use crate::state::Web;

#[derive(Template)]
#[template(path = "record_remove.html")]
struct RemovePage {
    shell: Shell,
    menu: (&'static str, &'static str),
    label: &'static str,
    list: &'static str,
    title: String,
    path: String,
    word: &'static str,
    version: i64,
    consequences: Vec<String>,
    error: Option<String>,
    /// Somebody has changed it after the page was opened.
    conflict: Option<Conflict>,
}

/// Why it is not removed.
enum Refused {
    /// The desk cannot work without it.
    Fault(String),
    /// It was changed since this version.
    TooLate(i64),
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(crate) struct RemoveForm {
    version: i64,
}

pub(crate) async fn page<T: Removable>(
    visitor: Allowed<T::Permit>,
    State(web): State<Web>,
    Path(id): Path<String>,
) -> Result<Response, WebError> {
    ask::<T>(&web, &visitor, &id, None).await
}

async fn ask<T: Removable>(
    web: &Web,
    visitor: &Visitor,
    id: &str,
    refused: Option<Refused>,
) -> Result<Response, WebError> {
    let context = Context::new(web, id);
    let kept = Versioned::<T>::get(web, id).await?;
    let record = existing(&kept)?;
    let screen = T::SCREEN;
    let (error, conflict, status) = match refused {
        None => (None, None, StatusCode::OK),
        Some(Refused::Fault(why)) => (Some(why), None, StatusCode::UNPROCESSABLE_ENTITY),
        Some(Refused::TooLate(seen)) => {
            let attempt = Attempt { seen, values: None };
            let conflict = Conflict::of(&context, visitor, &kept, &attempt);
            (None, conflict, StatusCode::CONFLICT)
        }
    };
    let page = RemovePage {
        shell: Shell::new(web, Some(visitor), screen.menu.0),
        menu: screen.menu,
        label: screen.label,
        list: screen.list,
        title: record.title(&context),
        path: T::path(id),
        word: screen.remove,
        version: kept.version,
        consequences: record.consequences(&context),
        error,
        conflict,
    };
    Ok((status, Html(page.render()?)).into_response())
}

pub(crate) async fn remove<T: Removable>(
    visitor: Allowed<T::Permit>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(form): Form<RemoveForm>,
) -> Result<Response, WebError> {
    let context = Context::new(&web, &id);
    let kept = Versioned::<T>::get(&web, &id).await?;
    let remains = existing(&kept)?.remains();
    let mut changes = vec![kept.change(&visitor, &context, remains.as_ref(), form.version)?];
    changes.extend(T::other_changes(&web, &visitor, &id).await?);
    let refused = match save::<T>(&web, &id, changes).await {
        Ok(Ok(())) => {
            let path = format!("{}?done={}", T::SCREEN.list, T::SCREEN.removed);
            return Ok(Redirect::to(&path).into_response());
        }
        Ok(Err(fault)) => Refused::Fault(format!("{}。", fault.message)),
        Err(error @ WebError::Conflict(_)) if kept.version == form.version => return Err(error),
        Err(WebError::Conflict(_)) => Refused::TooLate(form.version),
        Err(error) => return Err(error),
    };
    ask::<T>(&web, &visitor, &id, Some(refused)).await
}

/// The record, if it is there to be removed.
fn existing<T: Removable>(kept: &Versioned<T>) -> Result<&T, WebError> {
    let record = kept.record.as_ref().filter(|record| record.can_remove());
    record.ok_or(WebError::NotFound(T::SCREEN.not_found))
}
