//! What an editor types is kept before it is saved, and offered when they come back. It is nobody else's
//! and stands in no record.

use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::Redirect;
use madoguchi_core::access::EditArticles;
use madoguchi_core::article::Version;
use madoguchi_core::id::ArticleId;
use madoguchi_store::Autosave;
use serde::Deserialize;

use super::form::ArticleForm;
use super::lookup::{HERE, lookup};
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::query::escape;
use crate::state::Web;

/// Of which article.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct OfQuery {
    /// Its id; none of one that is not kept yet.
    of: Option<String>,
}

impl OfQuery {
    /// The article; none for one that is not kept yet.
    async fn article(self, web: &Web) -> Result<Option<ArticleId>, WebError> {
        match self.of {
            Some(name) => Ok(Some(lookup(web, &name).await?.0.id)),
            None => Ok(None),
        }
    }
}

/// What was typed before and not saved, as it is offered.
pub(super) struct Offer {
    /// When it was typed.
    pub(super) at: String,
    /// Where it is gone on with.
    pub(super) resume: String,
    /// Where it is thrown away.
    pub(super) discard: String,
}

fn with_article(place: &str, article: Option<&ArticleId>) -> String {
    match article {
        None => place.to_owned(),
        Some(id) => format!("{place}?of={}", escape(id)),
    }
}

/// Where the script of the form keeps what is typed.
pub(super) fn address(article: Option<&ArticleId>) -> String {
    with_article(&format!("{HERE}/autosave"), article)
}

/// Where the form stands.
pub(super) fn path(article: Option<&ArticleId>) -> String {
    match article {
        None => format!("{HERE}/new"),
        Some(id) => format!("{HERE}/{}/edit", escape(id)),
    }
}

/// Keeps what was typed so far.
pub(super) async fn keep(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Query(query): Query<OfQuery>,
    Form(form): Form<ArticleForm>,
) -> Result<StatusCode, WebError> {
    let article = query.article(&web).await?;
    let form = serde_json::to_string(&form);
    let form = form.map_err(|_| WebError::Internal("a form could not be kept"))?;
    let autosave = Autosave {
        at: web.desk.now(),
        form,
    };
    let user = &visitor.user.id;
    web.store
        .keep_autosave(user, article.as_ref(), &autosave)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Throws it away.
pub(super) async fn discard(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Query(query): Query<OfQuery>,
) -> Result<Redirect, WebError> {
    let article = query.article(&web).await?;
    let mut tx = web.store.begin_unrecorded().await?;
    tx.forget_autosave(&visitor.user.id, article.as_ref())
        .await?;
    tx.commit().await?;
    Ok(Redirect::to(&path(article.as_ref())))
}

/// What was typed and not saved, if it says anything else than what is kept.
pub(super) async fn typed(
    web: &Web,
    visitor: &Visitor,
    article: Option<&ArticleId>,
    newest: Option<&Version>,
) -> Result<Option<(Autosave, ArticleForm)>, WebError> {
    let kept = web.store.lookup_autosave(&visitor.user.id, article).await?;
    // What an earlier version of the program kept may have another form.
    let read = kept.and_then(|kept| {
        let form = serde_json::from_str(&kept.form).ok()?;
        Some((kept, form))
    });
    Ok(read.filter(|(_, form): &(_, ArticleForm)| !form.says(newest)))
}

/// What was typed and not saved, to be offered.
pub(super) async fn offer(
    web: &Web,
    visitor: &Visitor,
    article: Option<&ArticleId>,
    newest: Option<&Version>,
) -> Result<Option<Offer>, WebError> {
    let typed = typed(web, visitor, article, newest).await?;
    Ok(typed.map(|(kept, _)| Offer {
        at: web.settings.dates.minute(kept.at),
        resume: format!("{}?resume=1", path(article)),
        discard: with_article(&format!("{HERE}/autosave/discard"), article),
    }))
}
