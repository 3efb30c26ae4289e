//! Pictures and attachments of an article: brought into its draft, taken out, and sent to whom they
//! are for.

use axum::body::Bytes;
use axum::extract::{Form, FromRequest, Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use madoguchi_core::access::EditArticles;
use madoguchi_core::announcement::recording_hash;
use madoguchi_core::article::{ArticleFile, Content, FILE_BYTES, FILES, FileKind, file_name};
use serde::Deserialize;

use super::edit::{keep, refused};
use super::{HERE, lookup};
use crate::Web;
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::query::escape;

/// A form with a file.
#[derive(Debug, Default)]
pub(super) struct Upload {
    revision: i64,
    name: String,
    pub(super) content: Bytes,
}

fn unreadable() -> WebError {
    WebError::BadRequest(
        "送られた内容を読み取れません。画面を開き直してから、もう一度ファイルを選んでください。"
            .to_owned(),
    )
}

impl FromRequest<Web> for Upload {
    type Rejection = WebError;

    async fn from_request(request: Request, web: &Web) -> Result<Self, WebError> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let boundary = multer::parse_boundary(kind).map_err(|_| unreadable())?;
        let bytes = Bytes::from_request(request, web).await.map_err(|refused| {
            if refused.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE {
                WebError::LargeFile
            } else {
                unreadable()
            }
        })?;
        read_form(bytes, boundary).await.map_err(|_| unreadable())
    }
}

async fn read_form(bytes: Bytes, boundary: String) -> Result<Upload, multer::Error> {
    let stream = futures::stream::once(async move { Ok::<_, std::convert::Infallible>(bytes) });
    let mut form = multer::Multipart::new(stream, boundary);
    let mut upload = Upload::default();
    while let Some(field) = form.next_field().await? {
        match field.name() {
            Some("revision") => upload.revision = field.text().await?.parse().unwrap_or_default(),
            Some("file") => {
                upload.name = file_name(field.file_name().unwrap_or_default());
                upload.content = field.bytes().await?;
            }
            _ => {}
        }
    }
    Ok(upload)
}

/// Brings a file into the draft; one of the same name is replaced.
pub(super) async fn add(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Path(id): Path<String>,
    upload: Upload,
) -> Result<Redirect, WebError> {
    if upload.content.is_empty() {
        let message = "ファイルを選んでください。".to_owned();
        return Err(WebError::BadRequest(message));
    }
    if upload.content.len() > FILE_BYTES {
        return Err(WebError::LargeFile);
    }
    let kind = FileKind::of(&upload.content, &upload.name).ok_or_else(|| {
        WebError::BadRequest(
            "このファイルは使えません。画像（PNG、JPEG、GIF、WebP）、PDF、Word、Excel、PowerPoint（マクロのないもの）、テキスト、CSVを選んでください。"
                .to_owned(),
        )
    })?;
    let file = ArticleFile {
        hash: recording_hash(&upload.content),
        name: upload.name,
        kind,
        bytes: upload.content.len() as u64,
    };
    web.store
        .add_article_file(&file.hash, &STANDARD.encode(&upload.content))
        .await?;
    change(&web, &visitor, &id, upload.revision, |content| {
        content.files.retain(|known| known.name != file.name);
        content.files.push(file);
    })
    .await
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
