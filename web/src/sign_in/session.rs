//! The beginning of a session, which ends the one that the browser had.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use madoguchi_core::account::User;
use madoguchi_core::audit::{Action, Actor, AuditEntry, Fields};
use madoguchi_core::time::Instant;
use madoguchi_store::{NewSession, StoreError};

use crate::auth::cookie::{Origin, cookie, session_cookie, set_cookie};
use crate::auth::credentials::end_session;
use crate::auth::device::Device;
use crate::auth::token;
use crate::error::WebError;
use crate::state::Web;
use crate::unsent;

/// What a browser says of itself is cut off here.
const DEVICE_LETTERS: usize = 200;

/// A session that has begun; its cookie is to be set, and that of the device.
pub(crate) struct Begun {
    cookies: Vec<String>,
}

impl Begun {
    /// An answer that sets the cookies and leads on.
    pub(crate) fn lead_to(self, place: &str) -> Response {
        self.with(Redirect::to(place).into_response())
    }

    /// The answer, setting the cookies.
    pub(crate) fn with(self, mut response: Response) -> Response {
        for cookie in &self.cookies {
            if let Ok(cookie) = HeaderValue::from_str(cookie) {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
        }
        response
    }
}

/// Begins a session. One in which the second factor is still owed is `pending`; it is replaced by
/// another when the factor is proven, so that no secret outlives a change of what it opens.
pub(crate) async fn begin(
    web: &Web,
    user: &User,
    pending: bool,
    origin: Origin,
    headers: &HeaderMap,
) -> Result<Begun, WebError> {
    let by = if pending {
        ProvenBy::PasswordAlone
    } else {
        ProvenBy::Us
    };
    add(web, user, by, origin, headers).await
}

/// Begins a session of a user whom the identity provider has proven, with the second factor there.
pub(super) async fn begin_by_provider(
    web: &Web,
    user: &User,
    origin: Origin,
    headers: &HeaderMap,
) -> Result<Begun, WebError> {
    add(web, user, ProvenBy::Provider, origin, headers).await
}

/// Who has proven the user.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ProvenBy {
    /// We, with all that we ask for.
    Us,
    /// We, and the second factor is still owed.
    PasswordAlone,
    /// The site's identity provider.
    Provider,
}

async fn add(
    web: &Web,
    user: &User,
    by: ProvenBy,
    origin: Origin,
    headers: &HeaderMap,
) -> Result<Begun, WebError> {
    let now = web.desk.now();
    end_former(web, origin, headers, now).await?;
    let secret = token::new_secret();
    let device = headers
        .get(header::USER_AGENT)
        .and_then(|text| text.to_str().ok())
        .unwrap_or_default();
    let session = NewSession {
        token_hash: token::hash(&secret),
        id: token::new_id(),
        user: user.id.clone(),
        by_provider: by == ProvenBy::Provider,
        at: now,
        address: origin.address.to_string(),
        device: device.chars().take(DEVICE_LETTERS).collect(),
    };
    keep(web, user, &session, by).await?;
    let mut cookies = vec![set_cookie(session_cookie(origin), Some(&secret), origin)];
    if by != ProvenBy::PasswordAlone {
        cookies.extend(unsent::owner_cookie(&web.seal, &user.id, &secret, origin));
        let device = Device::of(headers, origin);
        match device.keep(web, &user.id, origin).await {
            Ok(cookie) => cookies.push(cookie),
            // The next sign-in will make it known.
            Err(error) => tracing::warn!(%error, "a device could not be kept"),
        }
    }
    Ok(Begun { cookies })
}

/// Keeps a session; that a user is proven is recorded.
async fn keep(
    web: &Web,
    user: &User,
    session: &NewSession,
    by: ProvenBy,
) -> Result<(), StoreError> {
    let after = match by {
        ProvenBy::PasswordAlone => {
            let mut tx = web.store.begin_unrecorded().await?;
            tx.add_pending_session(session).await?;
            return tx.commit().await;
        }
        ProvenBy::Provider => Fields::from([("by".to_owned(), "oidc".to_owned())]),
        ProvenBy::Us => Fields::new(),
    };
    let entry = AuditEntry {
        at: session.at,
        actor: Actor::User {
            id: user.id.clone(),
            login: user.login.clone(),
        },
        address: session.address.clone(),
        action: Action::SignIn,
        object: session.id.clone(),
        before: Fields::new(),
        after,
    };
    let mut tx = web.store.begin(entry).await?;
    tx.add_session(session).await?;
    tx.commit().await
}

/// Ends the session that this browser has had so far, whosever it is.
async fn end_former(
    web: &Web,
    origin: Origin,
    headers: &HeaderMap,
    now: Instant,
) -> Result<(), WebError> {
    let Some(secret) = cookie(headers, session_cookie(origin)) else {
        return Ok(());
    };
    let Some(former) = web.store.lookup_session(&token::hash(secret)).await? else {
        return Ok(());
    };
    let entry = AuditEntry {
        at: now,
        actor: Actor::User {
            id: former.user.id.clone(),
            login: former.user.login,
        },
        address: origin.address.to_string(),
        action: Action::SignOut,
        object: former.session.id.clone(),
        before: Fields::new(),
        after: Fields::new(),
    };
    let id = &former.session.id;
    end_session(web, id, &former.user.id, entry).await?;
    Ok(())
}
