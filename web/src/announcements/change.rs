//! Changes: a text that was spoken, an older version, the standard one.

use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use madoguchi_core::access::ManageDesk;
use madoguchi_core::announcement::{AnnouncementId, OwnSound, spoken_text};
use madoguchi_core::setup::FieldError;
use serde::Deserialize;

use super::detail::{self, Shown};
use super::stored::{path, read_id};
use crate::announcer::Recording;
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::kit::record::Context;
use crate::kit::restore::{RestoreForm, bring_back};
use crate::kit::versioned::{Versioned, save};
use crate::state::Web;

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(crate) struct SpeakForm {
    text: String,
    /// The hash of what was listened to.
    hash: String,
    version: i64,
}

/// Takes a text as it was listened to.
pub(crate) async fn speak(
    visitor: Allowed<ManageDesk>,
    State(web): State<Web>,
    Path(names): Path<(String, String)>,
    Form(form): Form<SpeakForm>,
) -> Result<Response, WebError> {
    let id = read_id(&web, &names)?;
    let unheard = async |why: &str| {
        let shown = detail::draft(&web, &form.text).await;
        let error = shown.error.clone().or_else(|| Some(why.to_owned()));
        detail::show(&web, &visitor, &id, Shown { error, ..shown }).await
    };
    let Ok(text) = spoken_text(&form.text) else {
        return unheard("").await;
    };
    let Ok(recording) = web.desk.speak(text.clone()).await else {
        return unheard("").await;
    };
    let own = recording.own(&text, "");
    if own.hash != form.hash {
        return unheard("聞いた音声と違うものになりました。もう一度聞いて、確認してください。")
            .await;
    }
    take(&web, &visitor, &id, (&recording, own), form.version).await
}

/// Keeps a recording and has it played from now on.
pub(super) async fn take(
    web: &Web,
    visitor: &Visitor,
    id: &AnnouncementId,
    (recording, own): (&Recording, OwnSound),
    replaces: i64,
) -> Result<Response, WebError> {
    let content = STANDARD.encode(&recording.wav);
    let mut tx = web.store.begin_unrecorded().await?;
    tx.add_recording(&own.hash, &content).await?;
    tx.commit().await?;
    set(web, visitor, id, Some(own), replaces).await?;
    Ok(Redirect::to(&format!("{}?done=sound", path(id))).into_response())
}

pub(crate) async fn restore(
    visitor: Allowed<ManageDesk>,
    State(web): State<Web>,
    Path(names): Path<(String, String)>,
    Form(form): Form<RestoreForm>,
) -> Result<Redirect, WebError> {
    let id = read_id(&web, &names)?;
    let restored = bring_back::<OwnSound>(&web, &visitor, &id.to_string(), &form).await?;
    restored.map_err(refused)?;
    Ok(Redirect::to(&format!("{}?done=restored", path(&id))))
}

#[derive(Debug, Deserialize)]
pub(crate) struct RemoveForm {
    version: i64,
}

pub(crate) async fn remove(
    visitor: Allowed<ManageDesk>,
    State(web): State<Web>,
    Path(names): Path<(String, String)>,
    Form(form): Form<RemoveForm>,
) -> Result<Redirect, WebError> {
    let id = read_id(&web, &names)?;
    set(&web, &visitor, &id, None, form.version).await?;
    Ok(Redirect::to(&format!("{}?done=sound-off", path(&id))))
}

/// Saves what is to be played, or that nothing of the desk's own is.
async fn set(
    web: &Web,
    visitor: &Visitor,
    id: &AnnouncementId,
    after: Option<OwnSound>,
    replaces: i64,
) -> Result<(), WebError> {
    let key = id.to_string();
    let context = Context::new(web, &key);
    let kept = Versioned::<OwnSound>::lookup_or_none(web, &key).await?;
    if kept.record == after {
        return Ok(());
    }
    let change = kept.change(visitor, &context, after.as_ref(), replaces)?;
    let saved = save::<OwnSound>(web, &key, vec![change]).await?;
    saved.map_err(refused)
}

/// What the desk cannot work with.
fn refused(fault: FieldError) -> WebError {
    WebError::BadRequest(format!("{}。", fault.message))
}
