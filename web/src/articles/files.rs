//! Pictures and attachments of an article: brought into its draft, and taken out.

use axum::Json;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use madoguchi_core::access::EditArticles;
use madoguchi_core::announcement::recording_hash;
use madoguchi_core::article::{
    Article, ArticleFile, Content, FILE_BYTES, FILES, Version, file_name,
};
use madoguchi_core::id::ArticleId;
use serde::{Deserialize, Serialize};

use super::detail::show_again;
use super::edit::{keep, refused, written};
use super::lookup::{HERE, lookup_seen};
use super::refused::{PageForm, Refused};
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::limits::FileUse;
use crate::query::escape;
use crate::state::Web;
use crate::upload::{FileForm, TypedForm, look_into};

/// Brings a file into the draft; one of the same name is replaced.
pub(super) async fn add(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Path(id): Path<String>,
    TypedForm { form, fault }: TypedForm,
) -> Result<Response, WebError> {
    let brought = match fault {
        None => bring(&web, &visitor, &id, form).await,
        Some(fault) => Err(fault),
    };
    match brought {
        Ok((article, _)) => Ok(back(&article.id).into_response()),
        Err(error) => {
            let refused = Refused::untyped(PageForm::Files, error);
            show_again(&web, &visitor, &id, refused).await
        }
    }
}

/// What the script of the form is told of a file that it brought.
#[derive(Serialize)]
pub(super) struct Brought {
    /// What the form has to say it saw, from now on.
    revision: i64,
    name: String,
    picture: bool,
}

/// The same for the script of the form, which goes on with the text.
pub(super) async fn add_while_writing(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Path(id): Path<String>,
    upload: FileForm,
) -> Result<Json<Brought>, WebError> {
    let (article, file) = bring(&web, &visitor, &id, upload).await?;
    Ok(Json(Brought {
        revision: article.revision + 1,
        picture: file.kind.is_picture(),
        name: file.name,
    }))
}

/// Brings a file into the draft; gives the article as it was before it was kept.
async fn bring(
    web: &Web,
    visitor: &Visitor,
    id: &str,
    upload: FileForm,
) -> Result<(Article, ArticleFile), WebError> {
    if upload.content.is_empty() {
        let message = "ファイルを選んでください。".to_owned();
        return Err(WebError::BadRequest(message));
    }
    if upload.content.len() > FILE_BYTES {
        return Err(WebError::LargeFile(FileUse::Attachment));
    }
    let seen = lookup_seen(web, id, upload.number("revision")).await?;
    let name = file_name(&upload.name);
    let (kind, content) = look_into(upload.content, &name).await?;
    let kind = kind.map_err(WebError::BadFile)?;
    let file = ArticleFile {
        hash: recording_hash(&content),
        name,
        kind,
        bytes: content.len() as u64,
    };
    let article = changed(web, visitor, seen, |content| {
        content.files.retain(|known| known.name != file.name);
        content.files.push(file.clone());
    })?;
    let (now, entry) = written(web, visitor, &article);
    let base64 = STANDARD.encode(&content);
    let mut tx = web.store.begin(entry).await?;
    tx.save_article(&article, now).await?;
    tx.add_article_file(&file.hash, &base64).await?;
    tx.commit().await?;
    Ok((article, file))
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
) -> Result<Response, WebError> {
    match removed(&web, &visitor, &id, &form).await {
        Ok(article) => Ok(back(&article.id).into_response()),
        Err(error) => {
            let refused = Refused::untyped(PageForm::Button, error);
            show_again(&web, &visitor, &id, refused).await
        }
    }
}

/// Takes a file out of the draft; gives the article as it was before it was kept.
async fn removed(
    web: &Web,
    visitor: &Visitor,
    id: &str,
    form: &RemovalForm,
) -> Result<Article, WebError> {
    let seen = lookup_seen(web, id, form.revision).await?;
    let article = changed(web, visitor, seen, |content| {
        content.files.retain(|known| known.name != form.name);
    })?;
    keep(web, visitor, &article, None).await?;
    Ok(article)
}

fn back(id: &ArticleId) -> Redirect {
    Redirect::to(&format!("{HERE}/{}?done=saved#files", escape(id)))
}

/// The article with other files in its draft.
fn changed(
    web: &Web,
    visitor: &Visitor,
    (mut article, newest): (Article, Version),
    change: impl FnOnce(&mut Content),
) -> Result<Article, WebError> {
    let mut content = newest.content;
    change(&mut content);
    if content.files.len() > FILES {
        let message = format!("1つの記事に付けられるファイルは、{FILES}個までです。");
        return Err(WebError::BadRequest(message));
    }
    article
        .edit(content, &visitor.user.id, web.desk.now())
        .map_err(refused)?;
    Ok(article)
}
