//! Proving oneself again before what would let a thief of the session stay: by password, by second
//! factor, or at the identity provider.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use madoguchi_core::access::UseAccount;
use madoguchi_core::audit::Action;
use serde::Deserialize;

use crate::auth::access::Allowed;
use crate::auth::proof::{Claim, Given};
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::query::escape;
use crate::shell::Shell;
use crate::sign_in::next::local;
use crate::state::Web;

#[derive(Template)]
#[template(path = "account_confirm.html")]
struct ConfirmPage {
    shell: Shell,
    login: String,
    next: String,
    has_password: bool,
    second_factor: bool,
    /// The name of the identity provider, where the visitor is known.
    provider: Option<String>,
    error: Option<String>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(crate) struct ConfirmQuery {
    pub(crate) next: String,
}

/// Where somebody proves themselves again, to be led to `next` then.
pub(crate) fn place(next: &str) -> String {
    format!("/account/confirm?next={}", escape(next))
}

/// The page on which stands what was asked for.
pub(crate) fn page_of(path: &str) -> &str {
    let path = path.split('?').next().unwrap_or_default();
    let segments = if path.starts_with("/admin/") { 3 } else { 2 };
    let end = path.match_indices('/').nth(segments).map(|(at, _)| at);
    let page = end.and_then(|end| path.get(..end)).unwrap_or(path);
    match page {
        "/account/sessions" => "/account",
        page => page,
    }
}

pub(super) async fn page(
    visitor: Allowed<UseAccount>,
    State(web): State<Web>,
    Query(query): Query<ConfirmQuery>,
) -> Result<Response, WebError> {
    show(&web, &visitor, &query.next, StatusCode::OK, None)
}

/// The page, with what went wrong.
pub(crate) fn show(
    web: &Web,
    visitor: &Visitor,
    next: &str,
    status: StatusCode,
    error: Option<String>,
) -> Result<Response, WebError> {
    let user = &visitor.user;
    let provider = web.settings.provider.as_ref();
    let page = ConfirmPage {
        shell: Shell::new(web, Some(visitor), "/account"),
        login: user.login.clone(),
        next: local(next).to_owned(),
        has_password: user.password_changed_at.is_some(),
        second_factor: user.second_factor,
        provider: provider
            .filter(|_| user.oidc_subject.is_some())
            .map(|provider| provider.name().to_owned()),
        error,
    };
    Ok((status, Html(page.render()?)).into_response())
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct ConfirmForm {
    password: String,
    code: String,
    next: String,
}

pub(super) async fn submit(
    visitor: Allowed<UseAccount>,
    State(web): State<Web>,
    headers: HeaderMap,
    Form(form): Form<ConfirmForm>,
) -> Result<Response, WebError> {
    let Some(found) = web.store.lookup_user(&visitor.user.id).await? else {
        return Err(WebError::NotSignedIn);
    };
    let given = if form.code.is_empty() {
        Given::Password(&form.password)
    } else {
        Given::Code(&form.code)
    };
    let claim = Claim::again(&web, &visitor, &headers, &found, "confirm");
    let why = match claim.judge(given).await?.into_result() {
        Ok(true) => return proven(&web, &visitor, "", &form.next).await,
        Ok(false) if form.code.is_empty() => "パスワードが違います。".to_owned(),
        Ok(false) => "コードが違います。".to_owned(),
        Err(wait) => wait,
    };
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    show(&web, &visitor, &form.next, status, Some(why))
}

/// Keeps that the visitor is proven, and leads on.
pub(crate) async fn proven(
    web: &Web,
    visitor: &Visitor,
    by: &str,
    next: &str,
) -> Result<Response, WebError> {
    let session = visitor.session().ok_or(WebError::NotSignedIn)?;
    let mut entry = visitor.entry(web.desk.now(), Action::Proven, session);
    if !by.is_empty() {
        entry.after.insert("by".to_owned(), by.to_owned());
    }
    let user = &visitor.user.id;
    let mut tx = web.store.begin(entry).await?;
    if !tx.prove_session(session, user).await? {
        return Err(WebError::NotSignedIn);
    }
    tx.commit().await?;
    let next = match local(next) {
        "" => "/account",
        next => next,
    };
    Ok(Redirect::to(next).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_proven_themselves_is_led_back_to_the_page_of_what_they_wanted() {
        for (asked, page) in [
            ("/account/tokens", "/account/tokens"),
            ("/account/sessions/abc/end", "/account"),
            ("/account/second-factor/remove", "/account/second-factor"),
            ("/admin/users/u1/password", "/admin/users/u1"),
            ("/admin/users/u1/sessions/abc/end?x=y", "/admin/users/u1"),
        ] {
            assert_eq!(page_of(asked), page);
        }
    }
}
