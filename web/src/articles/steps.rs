//! The steps of an article: review, approval, withdrawal, return to an older version.

use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::NaiveDateTime;
use madoguchi_core::access::{ApproveArticles, EditArticles};
use madoguchi_core::article::{Article, Discarded, TransitionError};
use madoguchi_core::audit::{Action, Fields};
use madoguchi_core::time::Instant;
use serde::Deserialize;

use super::detail::show_again;
use super::edit::refused;
use super::lookup::{HERE, lookup_seen};
use super::refused::{PageForm, Refused};
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

/// Takes a step with the article as the visitor saw it, and keeps it; gives the name that the step gives to
/// what it leads to.
pub(super) async fn taken(
    web: &Web,
    visitor: &Visitor,
    (id, revision, reason): (&str, i64, &str),
    action: Action,
    take: impl FnOnce(&mut Article, Instant) -> Result<&'static str, TransitionError>,
) -> Result<(Article, &'static str), WebError> {
    // Somebody else may have taken a step since; the store would refuse it, too.
    let (mut article, before) = lookup_seen(web, id, revision).await?;
    let now = web.desk.now();
    let done = take(&mut article, now).map_err(refused)?;
    let mut entry = visitor.entry(now, action, &article.id);
    let stage = |name: &str| ("stage".to_owned(), name.to_owned());
    entry.before = Fields::from([stage(before.stage.name())]);
    if let Some(newest) = article.newest() {
        entry.after = Fields::from([stage(newest.stage.name())]);
        let number = newest.number.to_string();
        entry.after.insert("version".to_owned(), number);
    }
    if !reason.trim().is_empty() {
        let reason = reason.trim().to_owned();
        entry.after.insert("reason".to_owned(), reason);
    }
    let mut tx = web.store.begin(entry).await?;
    tx.save_article(&article, now).await?;
    tx.commit().await?;
    Ok((article, done))
}

/// Takes a step, and leads back to the article; shows its page again if the step is refused.
async fn step(
    web: &Web,
    visitor: &Visitor,
    id: &str,
    form: &StepForm,
    action: Action,
    take: impl FnOnce(&mut Article, Instant) -> Result<&'static str, TransitionError>,
) -> Result<Response, WebError> {
    let seen = (id, form.revision, form.reason.as_str());
    match taken(web, visitor, seen, action, take).await {
        Ok((article, done)) => {
            let id = escape(&article.id);
            Ok(Redirect::to(&format!("{HERE}/{id}?done={done}")).into_response())
        }
        Err(error) => again(web, visitor, id, (form, action), error).await,
    }
}

/// The article's page with why a step is not taken, and with what was typed for it.
async fn again(
    web: &Web,
    visitor: &Visitor,
    id: &str,
    (form, action): (&StepForm, Action),
    error: WebError,
) -> Result<Response, WebError> {
    let refused = Refused {
        form: PageForm::of(action),
        error,
        reason: form.reason.clone(),
        publish_at: form.publish_at.clone(),
    };
    show_again(web, visitor, id, refused).await
}

pub(super) async fn submit(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(form): Form<StepForm>,
) -> Result<Response, WebError> {
    let by = visitor.user.id.clone();
    let action = Action::ArticleSubmit;
    step(&web, &visitor, &id, &form, action, |article, now| {
        article.submit(&by, now)?;
        Ok("submitted")
    })
    .await
}

/// Takes back what is in review or to be published at a set time.
pub(super) async fn recall(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(form): Form<StepForm>,
) -> Result<Response, WebError> {
    let action = Action::ArticleRecall;
    step(&web, &visitor, &id, &form, action, |article, now| {
        article.recall(now)?;
        Ok("recalled")
    })
    .await
}

/// Throws a draft away, and the article with it if nothing of it was ever published.
pub(super) async fn discard(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(form): Form<StepForm>,
) -> Result<Response, WebError> {
    match discarded(&web, &visitor, &id, form.revision).await {
        Ok(place) => Ok(Redirect::to(&format!("{place}?done=discarded")).into_response()),
        Err(error) => again(&web, &visitor, &id, (&form, Action::ArticleDiscard), error).await,
    }
}

/// Throws a draft away; gives where that leads to.
async fn discarded(
    web: &Web,
    visitor: &Visitor,
    id: &str,
    revision: i64,
) -> Result<String, WebError> {
    let (mut article, draft) = lookup_seen(web, id, revision).await?;
    let now = web.desk.now();
    let mut entry = visitor.entry(now, Action::ArticleDiscard, &article.id);
    let fields = [
        ("version", draft.number.to_string()),
        ("question", draft.content.question),
    ];
    entry.before = Fields::from(fields.map(|(name, text)| (name.to_owned(), text)));
    let discarded = article.discard_draft().map_err(refused)?;
    let mut tx = web.store.begin(entry).await?;
    let place = match discarded {
        Discarded::Article => {
            tx.delete_article(&article).await?;
            HERE.to_owned()
        }
        Discarded::Draft => {
            tx.save_article(&article, now).await?;
            format!("{HERE}/{}", escape(&article.id))
        }
    };
    tx.commit().await?;
    Ok(place)
}

pub(super) async fn send_back(
    visitor: Allowed<ApproveArticles>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(form): Form<StepForm>,
) -> Result<Response, WebError> {
    let action = Action::ArticleSendBack;
    step(&web, &visitor, &id, &form, action, |article, now| {
        article.send_back(&form.reason, now)?;
        Ok("sent-back")
    })
    .await
}

pub(super) async fn approve(
    visitor: Allowed<ApproveArticles>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(form): Form<StepForm>,
) -> Result<Response, WebError> {
    let by = visitor.user.id.clone();
    let action = Action::ArticleApprove;
    let at = match publish_at(&form.publish_at) {
        Ok(at) => at,
        Err(error) => return again(&web, &visitor, &id, (&form, action), error).await,
    };
    step(&web, &visitor, &id, &form, action, |article, now| {
        article.approve(&by, at.unwrap_or(now), now)?;
        // A time that is past means at once.
        Ok(if article.next().is_some() {
            "approved"
        } else {
            "published"
        })
    })
    .await
}

/// When it is to be published; `None` for at once.
fn publish_at(text: &str) -> Result<Option<Instant>, WebError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let read = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M");
    let read = read.map_err(|_| {
        let message = "公開する日時を、2026-11-24T08:30 のように入力してください。";
        WebError::BadRequest(message.to_owned())
    })?;
    Ok(Some(Instant::from_tokyo(read)))
}

pub(super) async fn ask_withdrawal(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(form): Form<StepForm>,
) -> Result<Response, WebError> {
    let by = visitor.user.id.clone();
    let action = Action::ArticleWithdrawalRequest;
    step(&web, &visitor, &id, &form, action, |article, now| {
        article.request_withdrawal(&by, &form.reason, now)?;
        Ok("withdrawal-asked")
    })
    .await
}

pub(super) async fn withdraw(
    visitor: Allowed<ApproveArticles>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(form): Form<StepForm>,
) -> Result<Response, WebError> {
    let by = visitor.user.id.clone();
    let action = Action::ArticleWithdraw;
    step(&web, &visitor, &id, &form, action, |article, now| {
        article.withdraw(&by, now)?;
        Ok("withdrawn")
    })
    .await
}

pub(super) async fn keep(
    visitor: Allowed<ApproveArticles>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(form): Form<StepForm>,
) -> Result<Response, WebError> {
    let action = Action::ArticleKeep;
    step(&web, &visitor, &id, &form, action, |article, _| {
        article.keep()?;
        Ok("kept")
    })
    .await
}

pub(super) async fn restore(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(form): Form<StepForm>,
) -> Result<Response, WebError> {
    let by = visitor.user.id.clone();
    let action = Action::ArticleWrite;
    step(&web, &visitor, &id, &form, action, |article, now| {
        article.restore(form.number, &by, now)?;
        Ok("restored")
    })
    .await
}
