//! Signing in and out.

mod code;
pub(crate) mod oidc;
mod session;

use std::net::IpAddr;

use askama::Template;
use axum::extract::{Extension, Form, Query, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use madoguchi_core::account::{Attempt, read_login};
use madoguchi_core::audit::{Action, Actor, AuditEntry, Fields};
use madoguchi_store::Credentials;
use serde::Deserialize;

use crate::Web;
use crate::auth::access::{Public, SignedInVisitor};
use crate::auth::csrf;
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
fn local(next: &str) -> &str {
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
    match prove(&web, origin.address, &form).await? {
        Ok(credentials) => {
            let pending = credentials.user.second_factor;
            let begun = begin(&web, &credentials.user, pending, origin, &headers).await?;
            let to = if pending { "/sign-in/code" } else { "/" };
            let to = match (local(&form.next), pending) {
                ("", _) => to.to_owned(),
                (next, false) => next.to_owned(),
                (next, true) => format!("{to}?next={}", crate::query::escape(next)),
            };
            Ok(begun.lead_to(&to))
        }
        Err(why) => {
            let shell = Shell::new(&web, None, "");
            let told = (StatusCode::UNPROCESSABLE_ENTITY, why);
            show(&web, shell, origin, &headers, &form, Some(told))
        }
    }
}

const WRONG: &str = "ログイン名かパスワードが違います。続けて10回間違えると、管理者が解除するまでログインできなくなります。";

/// Whoever knows the password; otherwise what to tell, which is the same whether there is such an
/// account or not.
async fn prove(
    web: &Web,
    address: IpAddr,
    form: &SignInForm,
) -> Result<Result<Credentials, String>, WebError> {
    let now = web.desk.now();
    if let Attempt::Wait(until) = web.attempts.of_address(address, now) {
        return Ok(Err(wait_sentence((until - now).0)));
    }
    let login = read_login(&form.login).unwrap_or_default();
    let found = web.store.lookup_login(&login).await?;
    let attempt = match &found {
        Some(found) => found.user.attempt(now),
        None => web.attempts.of_unknown_login(&login, now),
    };
    if let Attempt::Wait(until) = attempt {
        return Ok(Err(wait_sentence((until - now).0)));
    }
    let hash = found.as_ref().and_then(|found| found.password.as_deref());
    let right = web.hasher.is_right(&form.password, hash).await;
    match found {
        Some(found) if right && attempt == Attempt::Allowed => return Ok(Ok(found)),
        Some(found) if right && attempt == Attempt::Locked => {
            note(web, address, &found.user.login, "locked", Some(&found)).await?;
            let locked = "このアカウントは、ログインの失敗が続いたためロックされています。管理者に解除を依頼してください。";
            return Ok(Err(locked.to_owned()));
        }
        found => {
            if found.is_none() {
                web.attempts.note_unknown_login(&login, now);
            }
            note(web, address, &login, "password", found.as_ref()).await?;
        }
    }
    Ok(Err(WRONG.to_owned()))
}

/// Counts and records a failed attempt.
async fn note(
    web: &Web,
    address: IpAddr,
    login: &str,
    why: &str,
    found: Option<&Credentials>,
) -> Result<(), WebError> {
    let now = web.desk.now();
    web.attempts.note_address(address, now);
    let entry = AuditEntry {
        at: now,
        actor: Actor::Nobody {
            login: login.to_owned(),
        },
        address: address.to_string(),
        action: Action::SignInFailed,
        object: found.map_or_else(String::new, |found| found.user.id.as_str().to_owned()),
        before: Fields::new(),
        after: Fields::from([("why".to_owned(), why.to_owned())]),
    };
    match found {
        Some(found) => {
            web.store.note_failure(&found.user.id, now, entry).await?;
        }
        None => web.store.append_audit(&[entry]).await?,
    }
    Ok(())
}

fn wait_sentence(millis: i64) -> String {
    let secs = (millis + 999) / 1000;
    format!(
        "続けて間違えたため、今は受け付けられません。{secs}秒ほど待ってから、もう一度入力してください。"
    )
}

pub(crate) async fn sign_out(
    visitor: SignedInVisitor,
    State(web): State<Web>,
) -> Result<Response, WebError> {
    if let Some(session) = visitor.session() {
        let entry = visitor.entry(web.desk.now(), Action::SignOut, session);
        web.store
            .end_session(session, &visitor.user.id, entry)
            .await?;
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
