//! A visitor: who asks, from where, and what they still owe before they may go on.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, header};
use madoguchi_core::access::{Permission, Permissions};
use madoguchi_core::account::User;
use madoguchi_core::audit::{Action, Actor, AuditEntry, Fields};
use madoguchi_core::time::{Instant, Millis};
use madoguchi_store::StoreError;

use crate::auth::cookie::{Origin, cookie, session_cookie};
use crate::auth::duty::Duty;
use crate::auth::{csrf, forwarded, token};
use crate::error::WebError;
use crate::settings::WebSettings;
use crate::state::Web;

/// How exactly the last use of a session is known.
const SEEN_EVERY: Millis = Millis::from_secs(60);
/// Who has proven themselves again is not asked once more for so long.
const PROVEN_FOR: Millis = Millis::from_secs(300);

/// Somebody who is signed in, or a program with a token.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    pub(crate) user: User,
    pub(crate) permissions: Permissions,
    pub(crate) by: By,
    pub(crate) origin: Origin,
    pub(crate) owes: Option<Duty>,
}

/// How a visitor is known.
#[derive(Debug, Clone)]
pub(crate) enum By {
    /// By a session cookie.
    Session {
        /// The name of the session, no secret.
        id: String,
        /// The token that forms must carry.
        csrf: String,
        /// They have proven themselves again within the last minutes.
        proven: bool,
    },
    /// By an API token of this name.
    Token {
        /// The name.
        name: String,
    },
}

impl Visitor {
    /// A record of what this visitor does.
    pub(crate) fn entry(&self, at: Instant, action: Action, object: impl AsRef<str>) -> AuditEntry {
        let (id, login) = (self.user.id.clone(), self.user.login.clone());
        let actor = match &self.by {
            By::Session { .. } => Actor::User { id, login },
            By::Token { name } => Actor::Token {
                id,
                login,
                token: name.clone(),
            },
        };
        AuditEntry {
            at,
            actor,
            address: self.origin.address.to_string(),
            action,
            object: object.as_ref().to_owned(),
            before: Fields::new(),
            after: Fields::new(),
        }
    }

    /// Whether they have proven themselves again within the last minutes.
    pub(crate) fn is_proven(&self) -> bool {
        matches!(self.by, By::Session { proven: true, .. })
    }

    /// That they can be asked to prove themselves again: a program cannot, whatever its token names.
    pub(crate) fn can_be_asked(&self) -> Result<(), WebError> {
        match self.by {
            By::Session { .. } => Ok(()),
            By::Token { .. } => Err(WebError::NotAllowed(Permission::UseAccount)),
        }
    }

    /// The name of the session; `None` for programs.
    pub(crate) fn session(&self) -> Option<&str> {
        match &self.by {
            By::Session { id, .. } => Some(id),
            By::Token { .. } => None,
        }
    }

    /// The token that forms must carry; empty for programs.
    pub(crate) fn csrf(&self) -> &str {
        match &self.by {
            By::Session { csrf, .. } => csrf,
            By::Token { .. } => "",
        }
    }
}

/// From where a request comes. Behind a proxy that is trusted, what the proxy says.
pub(crate) fn origin(request: &Request, settings: &WebSettings) -> Origin {
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip())
        .to_canonical();
    let is_trusted = |address: &IpAddr| {
        settings
            .trusted_proxies
            .iter()
            .any(|net| net.contains(address))
    };
    if !is_trusted(&peer) {
        return Origin {
            address: peer,
            encrypted: settings.encrypted,
        };
    }
    let headers = request.headers();
    // One word of one proxy: several may be a visitor's own before the proxy's.
    let mut protos = headers.get_all("x-forwarded-proto").iter();
    let (proto, another) = (protos.next(), protos.next());
    let proto = proto.and_then(|value| value.to_str().ok());
    let by_tls = proto.is_some_and(|proto| proto.trim().eq_ignore_ascii_case("https"));
    Origin {
        address: forwarded::address(peer, headers, is_trusted),
        encrypted: settings.encrypted || (by_tls && another.is_none()),
    }
}

/// The database cannot be asked who it is that asks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unrecognised;

/// Who asks, if anybody is known by what the request carries. `at_once`: a program is not to wait
/// for the database.
pub(crate) async fn recognise(
    web: &Web,
    headers: &HeaderMap,
    origin: Origin,
    at_once: bool,
) -> Result<Option<Arc<Visitor>>, StoreError> {
    let found = match bearer(headers) {
        Some(secret) => by_token(web, secret, origin, at_once).await?,
        None => match cookie(headers, session_cookie(origin)) {
            Some(secret) => by_session(web, secret, origin).await?,
            None => None,
        },
    };
    Ok(found.map(Arc::new))
}

async fn by_session(
    web: &Web,
    secret: &str,
    origin: Origin,
) -> Result<Option<Visitor>, StoreError> {
    let now = web.desk.now();
    let hash = token::hash(secret);
    let Some(seen) = web
        .sessions
        .lookup(&web.reach, &web.store, (now, web.desk.monotonic()), &hash)
        .await?
    else {
        return Ok(None);
    };
    let (user, session) = (seen.signed_in.user, seen.signed_in.session);
    if web.settings.sessions.is_over(seen.age, seen.idle) || user.disabled_at.is_some() {
        return Ok(None);
    }
    let mut noted = seen.unnoted >= SEEN_EVERY;
    if noted {
        let touched = web.store.touch_session(&session.id, &user.id, now);
        noted = is_noted(web.ask(touched).await);
    }
    web.sessions.used(&hash, web.desk.monotonic(), noted);
    let owes = if session.pending {
        Some(Duty::ProveSecondFactor)
    } else if session.by_provider {
        // Password and second factor are the provider's matter.
        None
    } else {
        duty(&web.settings, &user, now)
    };
    Ok(Some(Visitor {
        permissions: user.permissions(),
        by: By::Session {
            id: session.id,
            csrf: csrf::token_of(secret),
            proven: session
                .proven_at
                .is_some_and(|at| (Millis::ZERO..PROVEN_FOR).contains(&(now - at))),
        },
        origin,
        owes,
        user,
    }))
}

/// A last use that cannot be noted is no reason to turn somebody away.
fn is_noted(touched: Result<(), StoreError>) -> bool {
    match touched {
        Ok(()) => true,
        Err(StoreError::Away { .. }) => false,
        Err(error) => {
            tracing::warn!(%error, "the use of a session or token could not be noted");
            false
        }
    }
}

/// What a user owes who has proven themselves.
fn duty(settings: &WebSettings, user: &User, now: Instant) -> Option<Duty> {
    let has_password = user.password_changed_at.is_some();
    if has_password && user.must_change_password(settings.password_age, now) {
        return Some(Duty::ChangePassword);
    }
    // Who signs in at the identity provider has the second factor there.
    let wanted = has_password
        && user
            .roles
            .iter()
            .any(|role| settings.second_factor_roles.contains(role));
    (wanted && !user.second_factor).then_some(Duty::SetUpSecondFactor)
}

async fn by_token(
    web: &Web,
    secret: &str,
    origin: Origin,
    at_once: bool,
) -> Result<Option<Visitor>, StoreError> {
    let now = web.desk.now();
    let hash = token::hash(secret);
    let Some((user, found)) = web
        .sessions
        .lookup_token(&web.reach, &web.store, &hash, at_once)
        .await?
    else {
        return Ok(None);
    };
    if found.revoked_at.is_some() || found.expires_at <= now || user.disabled_at.is_some() {
        return Ok(None);
    }
    if found.last_used_at.is_none_or(|at| now - at >= SEEN_EVERY) {
        let (web, id) = (web.clone(), found.id.clone());
        let noted = async move {
            if is_noted(web.ask(web.store.touch_token(&id, now)).await) {
                web.sessions.used_token(&hash, now);
            }
        };
        if at_once {
            tokio::spawn(noted);
        } else {
            noted.await;
        }
    }
    Ok(Some(Visitor {
        permissions: user
            .permissions()
            .and(found.scopes)
            .without(Permission::UseAccount),
        by: By::Token { name: found.name },
        origin,
        owes: None,
        user,
    }))
}

/// The secret of `Authorization: Bearer …`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}
