//! Going back to an earlier version.

use axum::extract::{Form, Path, State};
use axum::response::Response;
use madoguchi_core::setup::FieldError;
use serde::Deserialize;

use super::page::{Shown, done, only, show};
use super::record::{Context, Record};
use super::versioned::{Versioned, save};
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::state::Web;

#[derive(Debug, Deserialize)]
pub(crate) struct RestoreForm {
    /// Which version is to hold again.
    version: i64,
    /// The version that it replaces.
    replaces: i64,
}

pub(crate) async fn restore<T: Record>(
    visitor: Allowed<T::Permit>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(form): Form<RestoreForm>,
) -> Result<Response, WebError> {
    let shown = match bring_back::<T>(&web, &visitor, &id, &form).await {
        Ok(Ok(secret)) => return done::<T>(&web, &visitor, &id, secret, "restored").await,
        Ok(Err(fault)) => Shown {
            faults: vec![fault],
            ..Shown::default()
        },
        Err(WebError::Conflict(_)) => Shown {
            too_late: Some(form.replaces),
            ..Shown::default()
        },
        Err(error) => return Err(error),
    };
    show::<T>(&web, &visitor, &id, shown).await
}

/// Saves what an earlier version was; gives the secret that came into being with it, or what the
/// desk cannot work with.
pub(crate) async fn bring_back<T: Record>(
    web: &Web,
    visitor: &Visitor,
    id: &str,
    form: &RestoreForm,
) -> Result<Result<Option<String>, FieldError>, WebError> {
    let context = Context::new(web, id);
    let kept = Versioned::<T>::get(web, id).await?;
    let wanted = kept.in_version(form.version);
    let wanted = wanted.ok_or(WebError::NotFound("この変更"))?;
    let (wanted, secret) = wanted.restored(kept.last().as_ref(), &context);
    if kept.record.as_ref() == Some(&wanted) {
        return Ok(Ok(secret));
    }
    let change = kept.change(visitor, &context, Some(&wanted), form.replaces)?;
    let saved = save::<T>(web, id, vec![change]).await?;
    Ok(saved.map(|()| secret))
}

/// Goes back with the one of a kind of which there is one.
pub(crate) async fn restore_single<T: Record>(
    visitor: Allowed<T::Permit>,
    web: State<Web>,
    form: Form<RestoreForm>,
) -> Result<Response, WebError> {
    restore::<T>(visitor, web, Path(only::<T>()), form).await
}
