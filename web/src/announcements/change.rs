//! Changes: a text that was spoken, an older version, the standard one.

use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use madoguchi_core::access::ManageDesk;
use madoguchi_core::announcement::{AnnouncementId, OwnSound, spoken_text};
use madoguchi_core::audit::{Action, Fields};
use madoguchi_store::NewVersion;
use serde::Deserialize;

use super::one::{self, Shown};
use super::stored::{KIND, own_text, path, read_id, read_own};
use crate::announcer::Recording;
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
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
        let shown = one::draft(&web, &form.text).await;
        let error = shown.error.clone().or_else(|| Some(why.to_owned()));
        one::show(&web, &visitor, &id, Shown { error, ..shown }).await
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
    put(web, visitor, id, Some(own), replaces).await?;
    Ok(Redirect::to(&format!("{}?done=sound", path(id))).into_response())
}

#[derive(Debug, Deserialize)]
pub(crate) struct RestoreForm {
    version: i64,
    replaces: i64,
}

pub(crate) async fn restore(
    visitor: Allowed<ManageDesk>,
    State(web): State<Web>,
    Path(names): Path<(String, String)>,
    Form(form): Form<RestoreForm>,
) -> Result<Redirect, WebError> {
    let id = read_id(&web, &names)?;
    let history = web.store.setting_history(KIND, &id.to_string()).await?;
    let wanted = history.iter().find(|one| one.version == form.version);
    let wanted = wanted.ok_or(WebError::NotFound("この変更"))?;
    put(&web, &visitor, &id, read_own(wanted), form.replaces).await?;
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
    put(&web, &visitor, &id, None, form.version).await?;
    Ok(Redirect::to(&format!("{}?done=sound-off", path(&id))))
}

/// Keeps a new version and brings it to the running desk.
async fn put(
    web: &Web,
    visitor: &Visitor,
    id: &AnnouncementId,
    after: Option<OwnSound>,
    replaces: i64,
) -> Result<(), WebError> {
    let history = web.store.setting_history(KIND, &id.to_string()).await?;
    let before = history.first().and_then(read_own);
    if before == after {
        return Ok(());
    }
    let told = |own: Option<&OwnSound>| Fields::from([("sound".to_owned(), own_text(own))]);
    let mut entry = visitor.entry(web.desk.now(), Action::AnnouncementChange, &id.to_string());
    if !history.is_empty() {
        entry.before = told(before.as_ref());
    }
    entry.after = told(after.as_ref());
    let data = after.map(|own| serde_json::to_string(&own)).transpose();
    let version = NewVersion {
        kind: KIND,
        id: id.to_string(),
        replaces,
        data: data.map_err(|_| WebError::Internal("an announcement cannot be written"))?,
    };
    let mut tx = web.store.begin(entry).await?;
    tx.save_setting(&version).await?;
    tx.commit().await?;
    if web.desk.apply_setup().await {
        Ok(())
    } else {
        Err(WebError::Internal(
            "the announcement was kept but is not in force",
        ))
    }
}
