//! Pictures and attachments of an article, sent to whom they are for.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use madoguchi_core::access::EditArticles;
use madoguchi_core::article::ArticleFile;
use madoguchi_reports::forms::names::content_disposition;

use super::lookup::lookup;
use crate::auth::access::Allowed;
use crate::error::WebError;
use crate::state::Web;

/// A file of any version, for editors.
pub(super) async fn file(
    _visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Path((id, hash)): Path<(String, String)>,
) -> Result<Response, WebError> {
    let (article, _) = lookup(&web, &id).await?;
    let mut files = article
        .versions
        .iter()
        .flat_map(|version| &version.content.files);
    let file = files.find(|file| file.hash == hash);
    send(&web, file).await
}

/// Sends a file that the reader may see: pictures to be shown, all else to be saved.
pub(crate) async fn send(web: &Web, file: Option<&ArticleFile>) -> Result<Response, WebError> {
    let missing = || WebError::NotFound("このファイル");
    let file = file.ok_or_else(missing)?;
    let kept = web.store.lookup_article_file(&file.hash).await?;
    let content = STANDARD.decode(kept.ok_or_else(missing)?);
    let content = content.map_err(|_| WebError::Internal("a file cannot be read"))?;
    let how = if file.kind.is_picture() {
        "inline".to_owned()
    } else {
        content_disposition(&file.name)
    };
    let headers = [
        (header::CONTENT_TYPE, file.kind.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, how),
        (header::CACHE_CONTROL, "private, max-age=300".to_owned()),
    ];
    Ok((headers, content).into_response())
}
