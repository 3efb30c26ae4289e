//! Where an article was, or never was: what became of it, and the search.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use madoguchi_core::article::{Article, Stage, Withdrawal};
use madoguchi_core::audience::Audience;
use madoguchi_kb::Viewer;

use super::categories::HERE;
use super::notices::{self, ShownNotice};
use crate::auth::access::PortalReader;
use crate::error::WebError;
use crate::library::store::by_name;
use crate::shell::Shell;
use crate::state::Web;

#[derive(Template)]
#[template(path = "faq_gone.html")]
struct GonePage {
    shell: Shell,
    notices: Vec<ShownNotice>,
    title: &'static str,
    message: &'static str,
}

/// What became of an article, as far as staff may know: nothing of one that they never saw.
fn what_became_of(article: Option<&Article>) -> (&'static str, &'static str) {
    let seen = article.and_then(|article| {
        let mut versions = article.versions.iter();
        let shown = versions.find(|version| matches!(version.stage, Stage::Published { .. }))?;
        (shown.content.audience == Audience::Portal).then_some(article)
    });
    match seen.map(|article| &article.withdrawal) {
        Some(Withdrawal::Done { .. }) => (
            "このFAQは取り下げました",
            "内容が古くなったなどの理由で、掲載を取りやめました。ほかのFAQを探してください。",
        ),
        Some(_) => (
            "このFAQは掲載を終えました",
            "掲載の期限が過ぎました。ほかのFAQを探してください。",
        ),
        None => (
            "このFAQは見つかりません",
            "アドレスか番号が違うか、掲載していないFAQです。言葉で探してください。",
        ),
    }
}

/// The answer where there is no article that staff may see.
pub(super) async fn page(
    web: &Web,
    reader: &PortalReader,
    name: &str,
) -> Result<Response, WebError> {
    let article = match web.ask(by_name(&web.store, name)).await {
        Err(error) if error.is_away() => None,
        article => article?,
    };
    let (title, message) = what_became_of(article.as_ref());
    let page = GonePage {
        shell: reader.shell(web, HERE),
        notices: notices::in_force(web, Viewer::Portal).await,
        title,
        message,
    };
    let answer = (StatusCode::NOT_FOUND, Html(page.render()?)).into_response();
    Ok(reader.remembered(answer))
}

#[cfg(test)]
mod tests {
    use madoguchi_core::article::Content;
    use madoguchi_core::id::UserId;
    use madoguchi_core::time::Instant;

    use super::*;

    fn withdrawn(audience: Audience) -> Article {
        let content = Content {
            question: "一".to_owned(),
            answer: "い".to_owned(),
            audience,
            ..Content::default()
        };
        let mut article = Article::imported("a", content, Instant(0));
        let (one, other) = (UserId::new("one"), UserId::new("other"));
        article
            .request_withdrawal(&one, "古い", Instant(1))
            .unwrap();
        article.withdraw(&other, Instant(2)).unwrap();
        article
    }

    #[test]
    fn staff_are_told_what_became_of_what_they_saw_and_of_nothing_else() {
        let told = |article: Option<&Article>| what_became_of(article).0;
        let seen = withdrawn(Audience::Portal);
        assert_eq!(told(Some(&seen)), "このFAQは取り下げました");
        let hidden = withdrawn(Audience::Desk);
        assert_eq!(told(Some(&hidden)), told(None));
        let draft = Article::new("b", Content::default(), &UserId::new("one"), Instant(0));
        assert_eq!(told(Some(&draft)), told(None));
    }
}
