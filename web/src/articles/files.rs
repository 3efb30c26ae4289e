//! Pictures and attachments of an article: brought into its draft, taken out, and sent to whom they
//! are for.

use axum::body::Bytes;
use axum::extract::{Form, Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use madoguchi_core::access::EditArticles;
use madoguchi_core::announcement::recording_hash;
use madoguchi_core::article::{ArticleFile, Content, FILE_BYTES, FILES, FileKind, file_name};
use serde::Deserialize;

use super::edit::{keep, refused};
use super::lookup::{HERE, lookup};
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::inspect::inspect;
use crate::query::escape;
use crate::state::Web;
use crate::upload::FileForm;

/// Brings a file into the draft; one of the same name is replaced.
pub(super) async fn add(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Path(id): Path<String>,
    upload: FileForm,
) -> Result<Redirect, WebError> {
    if upload.content.is_empty() {
        let message = "ファイルを選んでください。".to_owned();
        return Err(WebError::BadRequest(message));
    }
    if upload.content.len() > FILE_BYTES {
        return Err(WebError::LargeFile);
    }
    let name = file_name(&upload.name);
    let revision = upload.number("revision");
    let (kind, content) = look_into(upload.content, &name).await?;
    let file = ArticleFile {
        hash: recording_hash(&content),
        name,
        kind,
        bytes: content.len() as u64,
    };
    web.store
        .add_article_file(&file.hash, &STANDARD.encode(&content))
        .await?;
    change(&web, &visitor, &id, revision, |content| {
        content.files.retain(|known| known.name != file.name);
        content.files.push(file);
    })
    .await
}

/// What a file is. To look into a large one takes a while.
async fn look_into(content: Bytes, name: &str) -> Result<(FileKind, Bytes), WebError> {
    let name = name.to_owned();
    let looked = tokio::task::spawn_blocking(move || {
        let kind = inspect(&content, &name);
        (kind, content)
    });
    let (kind, content) = looked
        .await
        .map_err(|_| WebError::Internal("a file could not be looked into"))?;
    Ok((kind.map_err(WebError::BadFile)?, content))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RemovalForm {
    revision: i64,
    name: String,
}

/// Takes a file out of the draft.
pub(super) async fn remove(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(form): Form<RemovalForm>,
) -> Result<Redirect, WebError> {
    change(&web, &visitor, &id, form.revision, |content| {
        content.files.retain(|known| known.name != form.name);
    })
    .await
}

async fn change(
    web: &Web,
    visitor: &Visitor,
    id: &str,
    revision: i64,
    change: impl FnOnce(&mut Content),
) -> Result<Redirect, WebError> {
    let (mut article, newest) = lookup(web, id).await?;
    // Somebody else may have changed it since; the store refuses it then.
    article.revision = revision;
    let mut content = newest.content;
    change(&mut content);
    if content.files.len() > FILES {
        let message = format!("1つの記事に付けられるファイルは、{FILES}個までです。");
        return Err(WebError::BadRequest(message));
    }
    article
        .edit(content, &visitor.user.id, web.desk.now())
        .map_err(refused)?;
    keep(web, visitor, &article).await?;
    Ok(Redirect::to(&format!(
        "{HERE}/{}?done=saved#files",
        escape(id)
    )))
}

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
        // RFC 6266, 4.3.
        format!("attachment; filename*=UTF-8''{}", escape(&file.name))
    };
    let headers = [
        (header::CONTENT_TYPE, file.kind.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, how),
        (header::CACHE_CONTROL, "private, max-age=300".to_owned()),
    ];
    Ok((headers, content).into_response())
}
