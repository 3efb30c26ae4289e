//! Going back to an earlier version.

use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use madoguchi_core::access::ManageDesk;
use serde::Deserialize;

use super::keep::{Kept, put};
use super::page::{Shown, lead_to, show};
use super::screen::{SettingScreen, SetupContext};
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::state::Web;

#[derive(Debug, Deserialize)]
pub(super) struct RestoreForm {
    /// Which version is to hold again.
    version: i64,
    /// The version that it replaces.
    replaces: i64,
}

pub(super) async fn restore<T: SettingScreen>(
    visitor: Allowed<ManageDesk>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(form): Form<RestoreForm>,
) -> Result<Response, WebError> {
    restore_thing::<T>(&web, &visitor, &id, &form).await
}

pub(super) async fn restore_thing<T: SettingScreen>(
    web: &Web,
    visitor: &Visitor,
    id: &str,
    form: &RestoreForm,
) -> Result<Response, WebError> {
    let around = SetupContext::of(web);
    let kept = Kept::<T>::get(web, id).await?;
    let wanted = kept.in_version(form.version);
    let wanted = wanted.ok_or(WebError::NotFound("この変更"))?;
    let (wanted, one_time) = wanted.restored(kept.last().as_ref(), &around);
    let done = format!("{}?done=restored", T::place(id));
    if kept.thing.as_ref() == Some(&wanted) {
        return Ok(Redirect::to(&done).into_response());
    }
    let change = kept.change(visitor, &around, Some(&wanted), form.replaces)?;
    let Err(fault) = put::<T>(web, id, &[change]).await? else {
        return lead_to::<T>(web, visitor, id, "restored", one_time).await;
    };
    let shown = Shown {
        faults: vec![fault],
        ..Shown::default()
    };
    show::<T>(web, visitor, id, shown).await
}
