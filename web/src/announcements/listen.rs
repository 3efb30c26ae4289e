//! Recordings to be listened to in the browser.

use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use madoguchi_core::access::ManageDesk;
use madoguchi_core::announcement::spoken_text;
use serde::Deserialize;

use super::stored::{KIND, read_id, read_own};
use crate::auth::access::Allowed;
use crate::download::wav_file;
use crate::error::WebError;
use crate::state::Web;

/// Which recording; without anything, what is played now.
#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(crate) struct ListenQuery {
    /// The one of this version.
    version: Option<i64>,
    /// The one that comes with the product.
    standard: Option<String>,
    /// This text as it is spoken.
    text: Option<String>,
}

pub(crate) async fn listen(
    _: Allowed<ManageDesk>,
    State(web): State<Web>,
    Path(names): Path<(String, String)>,
    Query(query): Query<ListenQuery>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let id = read_id(&web, &names)?;
    let wav = if let Some(text) = query.text {
        let text = spoken_text(&text).map_err(|fault| WebError::BadRequest(fault.to_string()))?;
        let spoken = web.desk.speak(text).await.map_err(WebError::BadRequest)?;
        spoken.wav
    } else if let Some(number) = query.version {
        version(&web, &id.to_string(), number).await?
    } else if query.standard.is_some() {
        web.desk.standard(id.name)
    } else {
        web.desk.played(&id)
    };
    Ok(wav_file(wav, &headers))
}

/// The recording of a version, as the store has it.
async fn version(web: &Web, id: &str, number: i64) -> Result<Vec<u8>, WebError> {
    let missing = WebError::NotFound("この音声");
    let history = web.store.setting_history(KIND, id).await?;
    let wanted = history.iter().find(|one| one.version == number);
    let Some(own) = wanted.and_then(read_own) else {
        return Err(missing);
    };
    let content = web.store.lookup_recording(&own.hash).await?;
    content
        .and_then(|content| STANDARD.decode(content).ok())
        .ok_or(missing)
}
