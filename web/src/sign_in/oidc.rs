//! Signing in at the site's identity provider: Authorization Code with PKCE, state and nonce
//! (OpenID Connect Core, 3.1).

mod attempt;
mod error;
mod http;
pub(crate) mod provider;
pub(crate) mod settings;
mod trouble;

use std::sync::Arc;

use axum::extract::{Extension, Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use madoguchi_core::access::UseAccount;
use madoguchi_core::account::User;
use madoguchi_core::audit::{Action, Actor, AuditEntry, Fields};
use madoguchi_core::time::Instant;
use serde::Deserialize;

use self::attempt::Attempt;
use self::error::OidcError;
use self::provider::IdentityProvider;
use super::form::{SignInForm, show};
use super::next::local;
use super::session::begin_by_provider;
use crate::account::confirm::{self, ConfirmQuery};
use crate::auth::access::{Allowed, Public};
use crate::auth::cookie::Origin;
use crate::auth::device::Device;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::query::escape;
use crate::shell::Shell;
use crate::state::Web;

/// The longest subject that is shown and recorded.
const SUBJECT_LETTERS: usize = 255;

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(crate) struct StartQuery {
    next: String,
    /// We have sent the browser to our public name already.
    moved: String,
}

/// Sends the browser to the provider.
pub(crate) async fn start(
    _: Public,
    State(web): State<Web>,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
    Query(query): Query<StartQuery>,
) -> Result<Response, WebError> {
    let (provider, now) = (provider(&web)?, web.desk.now());
    let next = local(&query.next);
    let path = format!("/sign-in/oidc?moved=1&next={}", escape(next));
    let host = crate::guard::host(&headers).unwrap_or_default();
    if query.moved.is_empty()
        && let Some(elsewhere) = provider.elsewhere(host, &path)
    {
        return Ok(Redirect::to(&elsewhere).into_response());
    }
    let attempt = Attempt::new(next, now);
    match lead_away(&web, provider, &attempt, origin).await? {
        Ok(response) => Ok(response),
        Err(why) => refuse(&web, origin, &headers, next, &why),
    }
}

/// Sends somebody who is signed in to the provider, to prove themselves again there.
pub(crate) async fn start_again(
    visitor: Allowed<UseAccount>,
    State(web): State<Web>,
    Query(query): Query<ConfirmQuery>,
) -> Result<Response, WebError> {
    let (provider, now) = (provider(&web)?, web.desk.now());
    let session = visitor.session().ok_or(WebError::NotSignedIn)?;
    let attempt = Attempt::new(local(&query.next), now).of_session(session);
    match lead_away(&web, provider, &attempt, visitor.origin).await? {
        Ok(response) => Ok(response),
        Err(why) => refuse_again(&web, &visitor, &attempt.next, &why),
    }
}

async fn lead_away(
    web: &Web,
    provider: &IdentityProvider,
    attempt: &Attempt,
    origin: Origin,
) -> Result<Result<Response, OidcError>, WebError> {
    let address = match provider.address(attempt, web.desk.now()).await {
        Ok(address) => address,
        Err(why) => return Ok(Err(why)),
    };
    let cookie = attempt.to_cookie(&web.seal, origin);
    let cookie = cookie.ok_or(WebError::Internal("an attempt could not be sealed"))?;
    let response = ([(header::SET_COOKIE, cookie)], Redirect::to(&address));
    Ok(Ok(response.into_response()))
}

/// What the provider answers (RFC 6749, 4.1.2).
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Answer {
    state: String,
    code: String,
    error: String,
    error_description: String,
    iss: Option<String>,
}

/// Takes the browser back from the provider.
pub(crate) async fn callback(
    _: Public,
    State(web): State<Web>,
    Extension(origin): Extension<Origin>,
    visitor: Option<Extension<Arc<Visitor>>>,
    headers: HeaderMap,
    Query(answer): Query<Answer>,
) -> Result<Response, WebError> {
    let (provider, now) = (provider(&web)?, web.desk.now());
    let attempt = Attempt::lookup(&web.seal, &headers, origin, &answer.state, now);
    let Some(attempt) = attempt else {
        // The cookie stays: somebody else's link must not end an attempt.
        return refuse(&web, origin, &headers, "", &OidcError::Stale);
    };
    let subject = subject(provider, answer, &attempt, now).await;
    let mut response = if attempt.asks_since().is_some() {
        let visitor = visitor.ok_or(WebError::NotSignedIn)?;
        proven_again(&web, &visitor, &attempt, subject).await?
    } else {
        signed_in(&web, origin, &headers, &attempt, subject).await?
    };
    if let Ok(gone) = HeaderValue::from_str(&attempt::forget(origin)) {
        response.headers_mut().append(header::SET_COOKIE, gone);
    }
    Ok(response)
}

/// Begins a session of the person whom the provider has named.
async fn signed_in(
    web: &Web,
    origin: Origin,
    headers: &HeaderMap,
    attempt: &Attempt,
    subject: Result<String, OidcError>,
) -> Result<Response, WebError> {
    let proven = match subject {
        Ok(subject) => user(web, origin, headers, &subject).await?,
        Err(why) => Err(why),
    };
    match proven {
        Ok(user) => {
            let begun = begin_by_provider(web, &user, origin, headers).await?;
            Ok(begun.lead_to(match attempt.next.as_str() {
                "" => "/",
                next => next,
            }))
        }
        Err(why) => refuse(web, origin, headers, &attempt.next, &why),
    }
}

/// Takes the provider's word that it is the owner of the session who sits there.
async fn proven_again(
    web: &Web,
    visitor: &Visitor,
    attempt: &Attempt,
    subject: Result<String, OidcError>,
) -> Result<Response, WebError> {
    if visitor.session() != Some(attempt.session.as_str()) {
        return refuse_again(web, visitor, &attempt.next, &OidcError::Stale);
    }
    match subject {
        Ok(subject) if visitor.user.oidc_subject.as_deref() == Some(subject.as_str()) => {
            confirm::proven(web, visitor, "oidc", &attempt.next).await
        }
        Ok(_) => {
            let now = web.desk.now();
            let mut entry = visitor.entry(now, Action::ProofFailed, visitor.user.id.as_str());
            entry.after.insert("why".into(), "other_subject".into());
            web.store.append_audit(&[entry]).await?;
            refuse_again(web, visitor, &attempt.next, &OidcError::Other)
        }
        Err(why) => refuse_again(web, visitor, &attempt.next, &why),
    }
}

fn provider(web: &Web) -> Result<&IdentityProvider, WebError> {
    let provider = web.settings.provider.as_ref();
    provider.ok_or(WebError::NotFound("お探しのページ"))
}

/// Whom the answer is about.
async fn subject(
    provider: &IdentityProvider,
    answer: Answer,
    attempt: &Attempt,
    now: Instant,
) -> Result<String, OidcError> {
    if answer
        .iss
        .is_some_and(|issuer| !provider.is_issuer(&issuer))
    {
        tracing::warn!("an answer of another identity provider was refused");
        return Err(OidcError::Untrusted);
    }
    match (answer.error.as_str(), answer.code) {
        ("", code) if !code.is_empty() => provider.subject(code, attempt, now).await,
        ("access_denied", _) => Err(OidcError::Cancelled),
        (error, _) => {
            let description = answer.error_description;
            tracing::warn!(?error, ?description, "the identity provider refuses");
            Err(OidcError::Untrusted)
        }
    }
}

/// The user of a subject, who may sign in. Whoever may not is recorded.
async fn user(
    web: &Web,
    origin: Origin,
    headers: &HeaderMap,
    subject: &str,
) -> Result<Result<User, OidcError>, WebError> {
    let found = web.store.lookup_subject(subject).await?;
    let user = found.map(|found| found.user);
    let device = Device::of(headers, origin);
    let own = device.own(web, user.as_ref().map(|user| &user.id)).await?;
    let shown: String = subject.chars().take(SUBJECT_LETTERS).collect();
    let (refusal, why) = match &user {
        None => (OidcError::Unknown(shown.clone()), "unknown_subject"),
        Some(user) if user.disabled_at.is_some() => (OidcError::Disabled, "disabled"),
        Some(user) if user.is_locked() && own.is_none() => (OidcError::Locked, "locked"),
        Some(user) => return Ok(Ok(user.clone())),
    };
    let object = user.as_ref().map_or("", |user| user.id.as_str()).to_owned();
    let login = user.map_or(shown, |user| user.login);
    let entry = AuditEntry {
        at: web.desk.now(),
        actor: Actor::Nobody { login },
        address: origin.address.to_string(),
        action: Action::SignInFailed,
        object,
        before: Fields::new(),
        after: Fields::from([
            ("why".to_owned(), why.to_owned()),
            ("by".to_owned(), "oidc".to_owned()),
        ]),
    };
    web.store.append_audit(&[entry]).await?;
    Ok(Err(refusal))
}

/// The page to sign in by, with what happened; a password still does.
fn refuse(
    web: &Web,
    origin: Origin,
    headers: &HeaderMap,
    next: &str,
    why: &OidcError,
) -> Result<Response, WebError> {
    let form = SignInForm {
        next: next.to_owned(),
        ..SignInForm::default()
    };
    let provider = web.settings.provider.as_ref();
    let name = provider.map_or("", |provider| provider.name());
    let told = (why.status(), why.message(name));
    show(
        web,
        Shell::new(web, None, ""),
        origin,
        headers,
        &form,
        Some(told),
    )
}

/// The page to prove oneself again, with what happened.
fn refuse_again(
    web: &Web,
    visitor: &Visitor,
    next: &str,
    why: &OidcError,
) -> Result<Response, WebError> {
    let provider = web.settings.provider.as_ref();
    let name = provider.map_or("", |provider| provider.name());
    let told = Some(why.message(name));
    confirm::show(web, visitor, next, why.status(), told)
}
