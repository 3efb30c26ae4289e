//! 役に立った/役に立たなかった

use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use madoguchi_core::portal::COMMENT_LETTERS;
use madoguchi_kb::Viewer;
use madoguchi_store::{Feedback, Rating};
use serde::Deserialize;

use crate::auth::access::PortalReader;
use crate::error::WebError;
use crate::query::escape;
use crate::state::Web;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FeedbackForm {
    #[serde(rename = "_csrf")]
    csrf: String,
    version: i64,
    helped: String,
    comment: String,
}

pub(super) async fn give(
    reader: PortalReader,
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(form): Form<FeedbackForm>,
) -> Result<Response, WebError> {
    reader.check(&form.csrf)?;
    let article = web.article(&id, Viewer::Portal).await?;
    let article = article.ok_or(WebError::NotFound("このFAQ"))?;
    if form.version != article.version {
        return Err(WebError::Conflict(
            "このFAQは、読んでいる間に更新されました。画面を開き直して、内容を確認してください。"
                .to_owned(),
        ));
    }
    let helped = match form.helped.as_str() {
        "yes" => true,
        "no" => false,
        _ => {
            return Err(WebError::BadRequest(
                "「役に立った」か「役に立たなかった」を選んでください。".to_owned(),
            ));
        }
    };
    let comment = form.comment.trim();
    if comment.chars().count() > COMMENT_LETTERS {
        let message = format!("ご意見は{COMMENT_LETTERS}文字以内で入力してください。");
        return Err(WebError::BadRequest(message));
    }
    let feedback = Feedback {
        version: article.version,
        voter: reader.voter(&article.id),
        at: web.desk.now(),
        site: reader.site(&web),
        word: Rating {
            helped,
            comment: comment.to_owned(),
        },
        article: article.id,
    };
    web.store.give_feedback(&feedback).await?;
    let done = if helped { "helped" } else { "not-helped" };
    let place = format!("/faq/{}?done={done}", escape(&feedback.article));
    Ok(Redirect::to(&place).into_response())
}
