//! Own devices: a browser in which somebody has signed in keeps a cookie by which it is known
//! again, so that strangers who guess at the account do not lock its owner out there.

use axum::http::HeaderMap;
use madoguchi_core::id::UserId;
use madoguchi_core::time::{Instant, Millis};
use madoguchi_store::StoreError;

use crate::auth::cookie::{Origin, cookie, lasting_cookie};
use crate::auth::token;
use crate::state::Web;

/// The cookie over an unencrypted connection (this machine alone).
const PLAIN_COOKIE: &str = "madoguchi-device";
/// The cookie over TLS, which other hosts of the same domain cannot set.
const SECURE_COOKIE: &str = "__Host-madoguchi-device";
/// So long a browser is known after the last sign-in.
const DAYS: u32 = 180;
const SECRET_LETTERS: usize = 43;

/// The browser that asks, as its cookie names it.
#[derive(Debug, Clone)]
pub(crate) struct Device {
    secret: Option<String>,
}

impl Device {
    /// The browser that sends these headers.
    pub(crate) fn of(headers: &HeaderMap, origin: Origin) -> Self {
        let secret = cookie(headers, name(origin)).filter(|one| one.len() == SECRET_LETTERS);
        Self {
            secret: secret.map(str::to_owned),
        }
    }

    /// What is kept of it.
    pub(crate) fn hash(&self) -> Option<String> {
        self.secret.as_deref().map(token::hash)
    }

    /// What is kept of it, if it is the user's own. Takes as long if there is no such user.
    pub(crate) async fn own(
        &self,
        web: &Web,
        user: Option<&UserId>,
    ) -> Result<Option<String>, StoreError> {
        let Some(hash) = self.hash() else {
            return Ok(None);
        };
        let user = user.map_or("", UserId::as_str);
        let is_own = web.store.is_own_device(&hash, user, since(web.desk.now()));
        Ok(is_own.await?.then_some(hash))
    }

    /// Makes it the user's own; gives the `Set-Cookie` value.
    pub(crate) async fn keep(
        self,
        web: &Web,
        user: &UserId,
        origin: Origin,
    ) -> Result<String, StoreError> {
        let secret = self.secret.unwrap_or_else(token::new_secret);
        let now = web.desk.now();
        let mut tx = web.store.begin_unrecorded().await?;
        tx.keep_device(&token::hash(&secret), user, now).await?;
        tx.commit().await?;
        Ok(lasting_cookie(name(origin), &secret, DAYS, origin))
    }
}

fn since(now: Instant) -> Instant {
    now - Millis::from_secs(i64::from(DAYS) * 86_400)
}

fn name(origin: Origin) -> &'static str {
    if origin.encrypted {
        SECURE_COOKIE
    } else {
        PLAIN_COOKIE
    }
}
