//! Removing a thing: what follows from it is told first.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use madoguchi_core::access::ManageDesk;
use serde::Deserialize;

use super::keep::{Kept, put};
use super::screen::{HERE, SettingScreen, SetupContext};
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::shell::Shell;
use crate::state::Web;

#[derive(Template)]
#[template(path = "desk_remove.html")]
struct RemovePage {
    shell: Shell,
    label: &'static str,
    list: &'static str,
    title: String,
    place: String,
    word: &'static str,
    version: i64,
    follows: Vec<String>,
    error: Option<String>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct RemoveForm {
    version: i64,
}

pub(super) async fn page<T: SettingScreen>(
    visitor: Allowed<ManageDesk>,
    State(web): State<Web>,
    Path(id): Path<String>,
) -> Result<Response, WebError> {
    ask::<T>(&web, &visitor, &id, None).await
}

async fn ask<T: SettingScreen>(
    web: &Web,
    visitor: &Visitor,
    id: &str,
    error: Option<String>,
) -> Result<Response, WebError> {
    let around = SetupContext::of(web);
    let kept = Kept::<T>::get(web, id).await?;
    let thing = there(&kept)?;
    let page = RemovePage {
        shell: Shell::new(web, Some(visitor), HERE),
        label: T::LABEL,
        list: T::LIST,
        title: thing.title(),
        place: T::place(id),
        word: T::REMOVE,
        version: kept.version,
        follows: thing.consequences(id, &around),
        error,
    };
    let status = if page.error.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    Ok((status, Html(page.render()?)).into_response())
}

pub(super) async fn remove<T: SettingScreen>(
    visitor: Allowed<ManageDesk>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(form): Form<RemoveForm>,
) -> Result<Response, WebError> {
    let around = SetupContext::of(&web);
    let kept = Kept::<T>::get(&web, &id).await?;
    let thing = there(&kept)?;
    let left = thing.removed();
    let mut changes = vec![kept.change(&visitor, &around, left.as_ref(), form.version)?];
    changes.extend(T::changes_with_removal(&web, &visitor, &id).await?);
    if let Err(fault) = put::<T>(&web, &id, &changes).await? {
        let why = format!("{}。", fault.message);
        return ask::<T>(&web, &visitor, &id, Some(why)).await;
    }
    Ok(Redirect::to(&format!("{}?done={}", T::LIST, T::REMOVED)).into_response())
}

/// The thing, if it is there to be removed.
fn there<T: SettingScreen>(kept: &Kept<T>) -> Result<&T, WebError> {
    let thing = kept.thing.as_ref().filter(|thing| thing.can_remove());
    thing.ok_or(WebError::NotFound(T::NOT_FOUND))
}
