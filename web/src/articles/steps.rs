//! The steps of an article: review, approval, withdrawal, return to an older version.

use axum::extract::{Form, Path, State};
use axum::response::Redirect;
use chrono::NaiveDateTime;
use madoguchi_core::access::{ApproveArticles, EditArticles};
use madoguchi_core::article::{Article, Refusal};
use madoguchi_core::audit::{Action, Fields};
use madoguchi_core::time::Instant;
use serde::Deserialize;

use super::edit::refused;
use super::lookup::{HERE, lookup_seen};
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::query::escape;
use crate::state::Web;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct StepForm {
    revision: i64,
    reason: String,
    publish_at: String,
    number: u32,
}

/// Takes a step with the article as the visitor saw it, and keeps it.
async fn step(
    web: &Web,
    visitor: &Visitor,
    id: &str,
    form: &StepForm,
    (action, done): (Action, &str),
    take: impl FnOnce(&mut Article, Instant) -> Result<(), Refusal>,
) -> Result<Redirect, WebError> {
    // Somebody else may have taken a step since; the store would refuse it, too.
    let (mut article, before) = lookup_seen(web, id, form.revision).await?;
    let now = web.desk.now();
    take(&mut article, now).map_err(refused)?;
    let mut entry = visitor.entry(now, action, id);
    let stage = |name: &str| ("stage".to_owned(), name.to_owned());
    entry.before = Fields::from([stage(before.stage.name())]);
    if let Some(newest) = article.newest() {
        entry.after = Fields::from([stage(newest.stage.name())]);
        let number = newest.number.to_string();
        entry.after.insert("version".to_owned(), number);
    }
    if !form.reason.trim().is_empty() {
        let reason = form.reason.trim().to_owned();
        entry.after.insert("reason".to_owned(), reason);
    }
    web.store.save_article(&article, now, entry).await?;
    Ok(Redirect::to(&format!("{HERE}/{}?done={done}", escape(id))))
}

pub(super) async fn submit(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(form): Form<StepForm>,
) -> Result<Redirect, WebError> {
    let by = visitor.user.id.clone();
    let how = (Action::ArticleSubmit, "submitted");
    step(&web, &visitor, &id, &form, how, |article, now| {
        article.submit(&by, now)
    })
    .await
}

pub(super) async fn send_back(
    visitor: Allowed<ApproveArticles>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(form): Form<StepForm>,
) -> Result<Redirect, WebError> {
    let how = (Action::ArticleSendBack, "sent-back");
    step(&web, &visitor, &id, &form, how, |article, now| {
        article.send_back(&form.reason, now)
    })
    .await
}

pub(super) async fn approve(
    visitor: Allowed<ApproveArticles>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(form): Form<StepForm>,
) -> Result<Redirect, WebError> {
    let by = visitor.user.id.clone();
    let at = match form.publish_at.trim() {
        "" => None,
        text => {
            let read = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M");
            let read = read.map_err(|_| {
                let message = "公開する日時を、2026-11-24T08:30 のように入力してください。";
                WebError::BadRequest(message.to_owned())
            })?;
            Some(Instant::from_tokyo(read))
        }
    };
    let how = (Action::ArticleApprove, "approved");
    step(&web, &visitor, &id, &form, how, |article, now| {
        article.approve(&by, at.unwrap_or(now), now)
    })
    .await
}

pub(super) async fn ask_withdrawal(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(form): Form<StepForm>,
) -> Result<Redirect, WebError> {
    let by = visitor.user.id.clone();
    let how = (Action::ArticleWithdrawalRequest, "withdrawal-asked");
    step(&web, &visitor, &id, &form, how, |article, now| {
        article.request_withdrawal(&by, &form.reason, now)
    })
    .await
}

pub(super) async fn withdraw(
    visitor: Allowed<ApproveArticles>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(form): Form<StepForm>,
) -> Result<Redirect, WebError> {
    let by = visitor.user.id.clone();
    let how = (Action::ArticleWithdraw, "withdrawn");
    step(&web, &visitor, &id, &form, how, |article, now| {
        article.withdraw(&by, now)
    })
    .await
}

pub(super) async fn keep(
    visitor: Allowed<ApproveArticles>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(form): Form<StepForm>,
) -> Result<Redirect, WebError> {
    let how = (Action::ArticleKeep, "kept");
    step(&web, &visitor, &id, &form, how, |article, _| article.keep()).await
}

pub(super) async fn restore(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(form): Form<StepForm>,
) -> Result<Redirect, WebError> {
    let by = visitor.user.id.clone();
    let how = (Action::ArticleWrite, "restored");
    step(&web, &visitor, &id, &form, how, |article, now| {
        article.restore(form.number, &by, now)
    })
    .await
}
