//! Signing in at the site's identity provider: Authorization Code with PKCE, state and nonce
//! (OpenID Connect Core, 3.1).

mod attempt;
mod http;
mod provider;
mod refusal;
mod settings;
mod trouble;

use std::sync::Arc;

use axum::extract::{Extension, Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use madoguchi_core::account::User;
use madoguchi_core::audit::{Action, Actor, AuditEntry, Fields};
use madoguchi_core::time::Instant;
use serde::Deserialize;

use self::attempt::Attempt;
pub use self::provider::IdentityProvider;
use self::refusal::Refusal;
pub use self::settings::{ProviderFault, ProviderSettings};
use super::session::begin_by_provider;
use super::{SignInForm, local, show};
use crate::Web;
use crate::auth::access::Public;
use crate::auth::visitor::{Origin, Visitor};
use crate::error::WebError;
use crate::query::escape;
use crate::shell::Shell;

/// Where the provider sends browsers back to.
pub(crate) const CALLBACK: &str = "/sign-in/oidc/callback";
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
    let address = match provider.address(&attempt, now).await {
        Ok(address) => address,
        Err(why) => return refuse(&web, origin, &headers, next, &why),
    };
    let cookie = attempt.to_cookie(&web.seal, origin);
    let cookie = cookie.ok_or(WebError::Internal("an attempt could not be sealed"))?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&address)).into_response())
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
        return refuse(&web, origin, &headers, "", &Refusal::Stale);
    };
    let proven = match subject(provider, answer, &attempt, now).await {
        Ok(subject) => user(&web, origin, &subject).await?,
        Err(why) => Err(why),
    };
    let mut response = match proven {
        Ok(user) => {
            end_session(&web, visitor).await?;
            let begun = begin_by_provider(&web, &user, origin, &headers).await?;
            begun.lead_to(match attempt.next.as_str() {
                "" => "/",
                next => next,
            })
        }
        Err(why) => refuse(&web, origin, &headers, &attempt.next, &why)?,
    };
    if let Ok(gone) = HeaderValue::from_str(&attempt::forget(origin)) {
        response.headers_mut().append(header::SET_COOKIE, gone);
    }
    Ok(response)
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
) -> Result<String, Refusal> {
    if answer
        .iss
        .is_some_and(|issuer| !provider.is_issuer(&issuer))
    {
        tracing::warn!("an answer of another identity provider was refused");
        return Err(Refusal::Untrusted);
    }
    match (answer.error.as_str(), answer.code) {
        ("", code) if !code.is_empty() => provider.subject(code, attempt, now).await,
        ("access_denied", _) => Err(Refusal::Cancelled),
        (error, _) => {
            let description = answer.error_description;
            tracing::warn!(?error, ?description, "the identity provider refuses");
            Err(Refusal::Untrusted)
        }
    }
}

/// The user of a subject, who may sign in. Whoever may not is recorded.
async fn user(web: &Web, origin: Origin, subject: &str) -> Result<Result<User, Refusal>, WebError> {
    let found = web.store.lookup_subject(subject).await?;
    let user = found.map(|found| found.user);
    let shown: String = subject.chars().take(SUBJECT_LETTERS).collect();
    let (refusal, why) = match &user {
        None => (Refusal::Unknown(shown.clone()), "unknown_subject"),
        Some(user) if user.disabled_at.is_some() => (Refusal::Disabled, "disabled"),
        Some(user) if user.is_locked() => (Refusal::Locked, "locked"),
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

/// A browser that signs in anew leaves the session that it had.
async fn end_session(web: &Web, visitor: Option<Extension<Arc<Visitor>>>) -> Result<(), WebError> {
    let Some(Extension(visitor)) = visitor else {
        return Ok(());
    };
    if let Some(session) = visitor.session() {
        let entry = visitor.entry(web.desk.now(), Action::SignOut, session);
        web.store
            .end_session(session, &visitor.user.id, entry)
            .await?;
    }
    Ok(())
}

/// The page to sign in by, with what happened; a password still does.
fn refuse(
    web: &Web,
    origin: Origin,
    headers: &HeaderMap,
    next: &str,
    why: &Refusal,
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
