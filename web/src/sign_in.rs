//! Signing in and out.

mod code;
pub(crate) mod oidc;
mod session;

use askama::Template;
use axum::extract::{Extension, Form, Query, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use madoguchi_core::account::read_login;
use madoguchi_core::audit::Action;
use serde::Deserialize;

use crate::Web;
use crate::auth::access::{Public, SignedInVisitor};
use crate::auth::csrf;
use crate::auth::proof::{Claim, Given, Verdict, wait_sentence};
use crate::auth::routes::Routes;
use crate::auth::token;
use crate::auth::visitor::{Duty, Origin, cookie, cookie_name, session_cookie, set_cookie};
use crate::error::WebError;
use crate::shell::{Shell, home as home_of};

pub(crate) use self::session::begin;

/// The cookie that ties the form to the browser before there is a session.
const FORM_COOKIE: &str = "madoguchi-form";
/// The longest address to be led back to.
const NEXT_BYTES: usize = 2_000;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/sign-in", page)
        .post("/sign-in", submit)
        .get("/sign-in/code", code::page)
        .post("/sign-in/code", code::submit)
        .get("/sign-in/oidc", oidc::start)
        .get(oidc::CALLBACK, oidc::callback)
        .post("/sign-out", sign_out)
}

/// Leads everybody to where they begin.
pub(crate) async fn home(visitor: SignedInVisitor) -> Result<Redirect, WebError> {
    match visitor.owes {
        Some(duty) => Err(WebError::Owes(duty)),
        None => Ok(Redirect::to(home_of(&visitor))),
    }
}

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
    next: String,
    done: String,
}

pub(crate) async fn page(
    _: Public,
    State(web): State<Web>,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
    Query(query): Query<SignInQuery>,
) -> Result<Response, WebError> {
    let shell = Shell::new(&web, None, "").done(&query.done);
    let form = SignInForm {
        next: query.next,
        ..SignInForm::default()
    };
    show(&web, shell, origin, &headers, &form, None)
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(crate) struct SignInForm {
    login: String,
    password: String,
    next: String,
    #[serde(rename = "_csrf")]
    csrf: String,
}

fn show(
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

/// An address within the desk, to be led back to; nothing else.
pub(crate) fn local(next: &str) -> &str {
    let leads_away = next.starts_with("//") || next.contains(['\\', '\n', '\r', '\t']);
    if next.starts_with('/') && !leads_away && next.len() <= NEXT_BYTES {
        next
    } else {
        ""
    }
}

pub(crate) async fn submit(
    _: Public,
    State(web): State<Web>,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
    Form(form): Form<SignInForm>,
) -> Result<Response, WebError> {
    let secret = cookie(&headers, &cookie_name(FORM_COOKIE, origin)).unwrap_or_default();
    if secret.is_empty() || !token::same(&csrf::token_of(secret), &form.csrf) {
        return Err(WebError::Forged);
    }
    let login = read_login(&form.login).unwrap_or_default();
    let found = web.store.lookup_login(&login).await?;
    let claim = Claim::to_sign_in(&web, origin, &headers, &login, found.as_ref());
    let why = match (claim.judge(Given::Password(&form.password)).await?, &found) {
        (Verdict::Right(reserved), Some(found)) => {
            let pending = found.user.second_factor;
            if pending {
                reserved.withdraw();
            } else {
                reserved.succeed();
            }
            let begun = begin(&web, &found.user, pending, origin, &headers).await?;
            return Ok(begun.lead_to(&first_place(&form.next, pending)));
        }
        (Verdict::Right(_) | Verdict::Wrong, _) => WRONG.to_owned(),
        (Verdict::Wait(wait), _) => wait_sentence(wait),
    };
    let shell = Shell::new(&web, None, "");
    let told = (StatusCode::UNPROCESSABLE_ENTITY, why);
    show(&web, shell, origin, &headers, &form, Some(told))
}

/// What everybody is told whose attempt did not succeed: whether there is such an account, and
/// whether it is locked or disabled, is nobody's business.
const WRONG: &str = "ログイン名かパスワードが違います。アカウントを利用できないときも、同じ表示になります。続けて10回間違えると、ログインしたことのない端末からは、管理者が解除するまでログインできなくなります。";

/// Where somebody is led to who has given the right password.
fn first_place(next: &str, pending: bool) -> String {
    let first = if pending { "/sign-in/code" } else { "/" };
    match (local(next), pending) {
        ("", _) => first.to_owned(),
        (next, false) => next.to_owned(),
        (next, true) => format!("{first}?next={}", crate::query::escape(next)),
    }
}

pub(crate) async fn sign_out(
    visitor: SignedInVisitor,
    State(web): State<Web>,
) -> Result<Response, WebError> {
    if let Some(session) = visitor.session() {
        let entry = visitor.entry(web.desk.now(), Action::SignOut, session);
        let ended = web.store.end_session(session, &visitor.user.id, entry);
        match web.ask(ended).await {
            // It ends here, and is not taken up again when the database is back.
            Err(error) if error.is_away() => web.sessions.end_here(session),
            ended => {
                web.sessions.forget_user(&visitor.user.id);
                ended?;
            }
        }
    }
    let gone = set_cookie(session_cookie(visitor.origin), None, visitor.origin);
    let to = Redirect::to("/sign-in?done=signed-out");
    // Shared machines: the next visitor finds nothing of this one. Cookies of other hosts of the
    // domain are not ours to clear.
    let clear = (
        HeaderName::from_static("clear-site-data"),
        "\"cache\", \"storage\"".to_owned(),
    );
    Ok(([(header::SET_COOKIE, gone), clear], to).into_response())
}

/// The duty that keeps a visitor from a page of the second factor's.
fn owes_code(visitor: &crate::auth::visitor::Visitor) -> bool {
    visitor.owes == Some(Duty::ProveSecondFactor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_away_from_the_desk() {
        assert_eq!(local("/calls?from=2026-11-01"), "/calls?from=2026-11-01");
        for away in [
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "",
            "/a\nb",
        ] {
            assert_eq!(local(away), "", "{away}");
        }
    }
}
