//! An attempt to sign in at the provider, bound to the browser that began it: a sealed cookie that
//! lasts some minutes.

use axum::http::HeaderMap;
use madoguchi_core::time::{Instant, Millis};

use crate::auth::cookie::{Origin, cookie, set_cookie};
use crate::auth::token;
use madoguchi_accounts::Seal;

/// The cookie over an unencrypted connection (this machine alone).
const PLAIN_COOKIE: &str = "madoguchi-oidc";
/// The cookie over TLS, which other hosts of the same domain cannot set.
const SECURE_COOKIE: &str = "__Host-madoguchi-oidc";
/// So long somebody may be busy at the provider.
const LASTS: Millis = Millis::from_secs(600);
/// What is sealed begins so, for the key seals other secrets, too.
const KIND: &str = "oidc attempt 2";

/// What we must know again when the browser comes back.
#[derive(PartialEq, Eq)]
pub(super) struct Attempt {
    /// The provider gives it back to us with the browser (RFC 6749, 10.12).
    pub(super) state: String,
    /// The provider writes it into the ID token (OpenID Connect Core, 3.1.2.1).
    pub(super) nonce: String,
    /// Proves that the code is redeemed by who asked for it (RFC 7636).
    pub(super) verifier: String,
    /// Where in the desk to be led to.
    pub(super) next: String,
    /// The session whose owner proves themselves again; empty for one who signs in.
    pub(super) session: String,
    begun_at: Instant,
}

impl Attempt {
    /// A new attempt; `next` is an address within the desk, or empty.
    pub(super) fn new(next: &str, now: Instant) -> Self {
        Self {
            state: token::new_secret(),
            nonce: token::new_secret(),
            verifier: token::new_secret(),
            next: next.to_owned(),
            session: String::new(),
            begun_at: now,
        }
    }

    /// The same by somebody who has a session and proves themselves again.
    pub(super) fn of_session(self, session: &str) -> Self {
        Self {
            session: session.to_owned(),
            ..self
        }
    }

    /// The person must have been asked at the provider since then.
    pub(super) fn asks_since(&self) -> Option<Instant> {
        (!self.session.is_empty()).then_some(self.begun_at)
    }

    /// The attempt that this browser has begun lately, if the state in the answer is its own.
    pub(super) fn lookup(
        seal: &Seal,
        headers: &HeaderMap,
        origin: Origin,
        state: &str,
        now: Instant,
    ) -> Option<Self> {
        let sealed = cookie(headers, name(origin))?;
        let text = String::from_utf8(seal.open(sealed)?).ok()?;
        let attempt = Self::read(&text)?;
        let age = now - attempt.begun_at;
        let lasts = (Millis::ZERO..LASTS).contains(&age);
        (lasts && token::same(&attempt.state, state)).then_some(attempt)
    }

    /// A `Set-Cookie` value that lets the browser bring the attempt back.
    pub(super) fn to_cookie(&self, seal: &Seal, origin: Origin) -> Option<String> {
        let sealed = seal.seal(self.write().as_bytes())?;
        let set = set_cookie(name(origin), Some(&sealed), origin);
        Some(format!("{set}; Max-Age={}", LASTS.0 / 1000))
    }

    /// Addresses within the desk have no line ends, and neither have our secrets.
    fn write(&self) -> String {
        let at = self.begun_at.0.to_string();
        let [state, nonce, verifier] = [&self.state, &self.nonce, &self.verifier];
        let parts = [state, nonce, verifier, &at, &self.session, &self.next];
        parts
            .iter()
            .fold(KIND.to_owned(), |text, part| text + "\n" + part)
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('\n');
        if parts.next() != Some(KIND) {
            return None;
        }
        let mut part = || parts.next().map(str::to_owned);
        let (state, nonce, verifier) = (part()?, part()?, part()?);
        let begun_at = Instant(part()?.parse().ok()?);
        let (session, next) = (part()?, part()?);
        Some(Self {
            state,
            nonce,
            verifier,
            next,
            session,
            begun_at,
        })
    }
}

/// A `Set-Cookie` value that takes the attempt away.
pub(super) fn forget(origin: Origin) -> String {
    set_cookie(name(origin), None, origin)
}

fn name(origin: Origin) -> &'static str {
    if origin.encrypted {
        SECURE_COOKIE
    } else {
        PLAIN_COOKIE
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header;

    use super::*;

    const NOW: Instant = Instant(1_000_000);

    fn origin(encrypted: bool) -> Origin {
        Origin {
            address: std::net::IpAddr::from([127, 0, 0, 1]),
            encrypted,
        }
    }

    fn headers(cookie: &str) -> HeaderMap {
        let pair = cookie.split(';').next().unwrap();
        HeaderMap::from_iter([(header::COOKIE, pair.parse().unwrap())])
    }

    #[test]
    fn only_the_browser_that_began_knows_the_state_and_only_for_ten_minutes() {
        let seal = Seal::new(&[7; 32]);
        let origin = origin(true);
        let attempt = Attempt::new("/calls?number=1", NOW);
        let cookie = attempt.to_cookie(&seal, origin).unwrap();
        let headers = headers(&cookie);
        let found = |seal: &Seal, headers: &HeaderMap, state: &str, secs: i64| {
            Attempt::lookup(seal, headers, origin, state, NOW + Millis::from_secs(secs))
        };
        let own = found(&seal, &headers, &attempt.state, 599).unwrap();
        assert!(own == attempt && own.next == "/calls?number=1");
        assert!(
            found(&seal, &headers, &attempt.state, 600).is_none(),
            "late"
        );
        assert!(found(&seal, &headers, &attempt.state, -1).is_none());
        let other = Attempt::new("", NOW);
        assert!(found(&seal, &headers, &other.state, 0).is_none(), "foreign");
        assert!(found(&seal, &headers, "", 0).is_none());
        assert!(found(&seal, &HeaderMap::new(), &attempt.state, 0).is_none());
        let other_key = Seal::new(&[8; 32]);
        assert!(found(&other_key, &headers, &attempt.state, 0).is_none());
    }

    #[test]
    fn the_cookie_is_short_lived_and_tells_nothing() {
        let seal = Seal::new(&[7; 32]);
        let attempt = Attempt::new(&format!("/{}", "x".repeat(1_999)), NOW);
        let cookie = attempt.to_cookie(&seal, origin(true)).unwrap();
        assert!(cookie.starts_with("__Host-madoguchi-oidc="), "{cookie}");
        for wanted in ["; HttpOnly", "; SameSite=Lax", "; Secure", "; Max-Age=600"] {
            assert!(cookie.contains(wanted), "{wanted} in {cookie}");
        }
        assert!(!cookie.contains(&attempt.state) && !cookie.contains(&attempt.verifier));
        assert!(cookie.len() < 4_096, "browsers take no longer one");
        let plain = attempt.to_cookie(&seal, origin(false)).unwrap();
        assert!(plain.starts_with("madoguchi-oidc=") && !plain.contains("Secure"));
    }

    #[test]
    fn what_else_is_sealed_is_no_attempt() {
        let seal = Seal::new(&[7; 32]);
        let sealed = seal.seal(b"a\nb\nc\n1000000\n\n/").unwrap();
        let headers = headers(&format!("madoguchi-oidc={sealed}"));
        assert!(Attempt::lookup(&seal, &headers, origin(false), "a", NOW).is_none());
    }
}
