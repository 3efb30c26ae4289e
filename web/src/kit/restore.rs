//! Going back to an earlier version.

use axum::extract::{Form, Path, State};
use axum::response::Response;
use serde::Deserialize;

use super::page::{Shown, done, only, show};
use super::record::{Context, Record};
use super::versioned::{Versioned, save};
use crate::auth::access::Allowed;
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
    let context = Context::new(&web, &id);
    let kept = Versioned::<T>::get(&web, &id).await?;
    let wanted = kept.in_version(form.version);
    let wanted = wanted.ok_or(WebError::NotFound("この変更"))?;
    let (wanted, secret) = wanted.restored(kept.last().as_ref(), &context);
    if kept.record.as_ref() != Some(&wanted) {
        let change = kept.change(&visitor, &context, Some(&wanted), form.replaces)?;
        if let Err(fault) = save::<T>(&web, &id, vec![change]).await? {
            let shown = Shown {
                faults: vec![fault],
                ..Shown::default()
            };
            return show::<T>(&web, &visitor, &id, shown).await;
        }
    }
    done::<T>(&web, &visitor, &id, secret, "restored").await
}

/// Goes back with the one of a kind of which there is one.
pub(crate) async fn restore_single<T: Record>(
    visitor: Allowed<T::Permit>,
    web: State<Web>,
    form: Form<RestoreForm>,
) -> Result<Response, WebError> {
    restore::<T>(visitor, web, Path(only::<T>()), form).await
}
