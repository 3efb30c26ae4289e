//! What an agent says of a search: this settled it, nothing fitted.

use axum::extract::{Form, Path, State};
use axum::response::Redirect;
use madoguchi_core::access::ReadKnowledge;
use madoguchi_kb::Viewer;
use madoguchi_store::Settled;
use serde::Deserialize;

use crate::auth::access::Allowed;
use crate::auth::token;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::portal::finding::FindQuery;
use crate::query::escape;
use crate::state::Web;

use super::finder::finder;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WordForm {
    /// The kept search.
    search: String,
    /// What was typed, to be led back to.
    q: String,
}

fn back(form: &WordForm, done: &str) -> Redirect {
    Redirect::to(&format!("/knowledge?q={}&done={done}", escape(&form.q)))
}

/// The call that the visitor is in.
fn running_call(web: &Web, visitor: &Visitor) -> Option<String> {
    let own = visitor.user.agent.as_ref()?;
    let snapshot = web.desk.snapshot();
    let agent = snapshot.agents.iter().find(|agent| agent.agent == *own)?;
    agent.call.as_ref().map(ToString::to_string)
}

pub(super) async fn settled(
    visitor: Allowed<ReadKnowledge>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(form): Form<WordForm>,
) -> Result<Redirect, WebError> {
    let article = web.article(&id, Viewer::Desk).await?;
    let article = article.ok_or(WebError::NotFound("このFAQ"))?;
    let settled = Settled {
        id: token::new_id(),
        at: web.desk.now(),
        article: article.id,
        user: visitor.user.id.clone(),
        search: (!form.search.is_empty()).then(|| form.search.clone()),
        call: running_call(&web, &visitor),
    };
    let mut tx = web.store.begin_unrecorded().await?;
    let is_first = tx.log_settled(&settled).await?;
    tx.commit().await?;
    let done = if is_first {
        "settled"
    } else {
        "settled-before"
    };
    if form.q.is_empty() {
        let place = format!("/knowledge/{}?done={done}", escape(&settled.article));
        return Ok(Redirect::to(&place));
    }
    Ok(back(&form, done))
}

pub(super) async fn missed(
    visitor: Allowed<ReadKnowledge>,
    State(web): State<Web>,
    Form(form): Form<WordForm>,
) -> Result<Redirect, WebError> {
    let search = if form.search.is_empty() {
        let query = FindQuery {
            q: form.q.clone(),
            ..FindQuery::default()
        };
        finder(&web, &visitor).find(&query, true).await?.search
    } else {
        form.search.clone()
    };
    let (user, now) = (&visitor.user.id, web.desk.now());
    if !web.store.log_missed(&search, user, now).await? {
        return Err(WebError::BadRequest(
            "何を探していたかが分かりません。検索してから、もう一度操作してください。".to_owned(),
        ));
    }
    Ok(back(&form, "missed"))
}
