//! The form to sign in by.

use askama::Template;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;

use super::next::local;
use crate::auth::cookie::{Origin, cookie, cookie_name, set_cookie};
use crate::auth::csrf;
use crate::auth::duty::Duty;
use crate::auth::token;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::shell::Shell;
use crate::state::Web;

/// The cookie that ties the form to the browser before there is a session.
pub(super) const FORM_COOKIE: &str = "madoguchi-form";
#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    shell: Shell,
    token: String,
    login: String,
    next: String,
    /// The name of the identity provider, if there is one.
    provider: Option<String>,
    error: Option<String>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(crate) struct SignInQuery {
    pub(super) next: String,
    pub(super) done: String,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(crate) struct SignInForm {
    pub(super) login: String,
    pub(super) password: String,
    pub(super) next: String,
    #[serde(rename = "_csrf")]
    pub(super) csrf: String,
}

pub(super) fn show(
    web: &Web,
    shell: Shell,
    origin: Origin,
    headers: &HeaderMap,
    form: &SignInForm,
    error: Option<(StatusCode, String)>,
) -> Result<Response, WebError> {
    let known =
        cookie(headers, &cookie_name(FORM_COOKIE, origin)).filter(|secret| secret.len() == 43);
    let secret = known.map_or_else(token::new_secret, str::to_owned);
    let (status, error) = match error {
        Some((status, error)) => (status, Some(error)),
        None => (StatusCode::OK, None),
    };
    let provider = web.settings.provider.as_ref();
    let page = SignInPage {
        shell,
        token: csrf::token_of(&secret),
        login: form.login.clone(),
        next: local(&form.next).to_owned(),
        provider: provider.map(|provider| provider.name().to_owned()),
        error,
    };
    let set = set_cookie(FORM_COOKIE, Some(&secret), origin);
    Ok((status, [(header::SET_COOKIE, set)], Html(page.render()?)).into_response())
}

/// The duty that keeps a visitor from a page of the second factor's.
pub(super) fn owes_code(visitor: &Visitor) -> bool {
    visitor.owes == Some(Duty::ProveSecondFactor)
}
