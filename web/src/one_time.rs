//! A secret that was just made and is kept nowhere else: its page shows it to the session that made
//! it until it is noted, or some minutes have passed. The browser keeps it, sealed, so that the page
//! can be loaded again, at any node, and nothing is made twice by that.

use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use madoguchi_core::time::{Instant, Millis};
use serde::Deserialize;

use crate::auth::access::SignedInVisitor;
use crate::auth::cookie::{Origin, cookie, cookie_name, set_cookie};
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::sign_in::next::local;
use crate::state::Web;
use madoguchi_accounts::Seal;

const COOKIE: &str = "madoguchi-once";
/// So long a secret can be seen.
const LASTS: Millis = Millis::from_secs(600);
/// What is sealed begins so, for the key seals other secrets, too.
const KIND: &str = "one-time secret 1";

/// A secret on its page.
#[derive(PartialEq, Eq)]
struct OneTimeSecret<'a> {
    session: &'a str,
    place: &'a str,
    made_at: Instant,
    secret: &'a str,
}

impl<'a> OneTimeSecret<'a> {
    /// None of the parts has line ends.
    fn write(&self) -> String {
        let at = self.made_at.0;
        [KIND, self.session, self.place, &at.to_string(), self.secret].join("\n")
    }

    fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.split('\n');
        if parts.next() != Some(KIND) {
            return None;
        }
        Some(Self {
            session: parts.next()?,
            place: parts.next()?,
            made_at: Instant(parts.next()?.parse().ok()?),
            secret: parts.next()?,
        })
    }
}

/// Leads to the page where a new secret is shown; `None` for a program, which has no pages.
pub(crate) fn lead_to(
    web: &Web,
    visitor: &Visitor,
    (place, done): (&str, &str),
    secret: &str,
) -> Result<Option<Response>, WebError> {
    let Some(session) = visitor.session() else {
        return Ok(None);
    };
    let set = cookie_of(web, (session, visitor.origin), place, secret)?;
    let to = Redirect::to(&format!("{place}?done={done}"));
    Ok(Some(([(header::SET_COOKIE, set)], to).into_response()))
}

/// The `Set-Cookie` value by which a page shows a new secret to a session.
pub(crate) fn cookie_of(
    web: &Web,
    (session, origin): (&str, Origin),
    place: &str,
    secret: &str,
) -> Result<String, WebError> {
    let new = OneTimeSecret {
        session,
        place,
        made_at: web.desk.now(),
        secret,
    };
    let sealed = web.seal.seal(new.write().as_bytes());
    let sealed = sealed.ok_or(WebError::Internal("a one-time secret cannot be sealed"))?;
    let set = set_cookie(COOKIE, Some(&sealed), origin);
    Ok(format!("{set}; Max-Age={}", LASTS.0 / 1_000))
}

/// The secret that was made on this page by this session and is not noted yet.
pub(crate) fn shown(
    web: &Web,
    visitor: &Visitor,
    headers: &HeaderMap,
    place: &str,
) -> Option<String> {
    let asked = (visitor.session()?, place, web.desk.now());
    find(&web.seal, headers, visitor.origin, asked)
}

fn find(
    seal: &Seal,
    headers: &HeaderMap,
    origin: Origin,
    (session, place, now): (&str, &str, Instant),
) -> Option<String> {
    let sealed = cookie(headers, &cookie_name(COOKIE, origin))?;
    let text = String::from_utf8(seal.open(sealed)?).ok()?;
    let found = OneTimeSecret::read(&text)?;
    let lasts = (Millis::ZERO..LASTS).contains(&(now - found.made_at));
    let is_here = found.session == session && found.place == place;
    (is_here && lasts).then(|| found.secret.to_owned())
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(crate) struct NotedForm {
    place: String,
}

/// The secret has been noted: it is not shown any more.
pub(crate) async fn noted(
    visitor: SignedInVisitor,
    State(_): State<Web>,
    Form(form): Form<NotedForm>,
) -> Response {
    let place = match local(&form.place) {
        "" => "/account",
        place => place,
    };
    let gone = set_cookie(COOKIE, None, visitor.origin);
    ([(header::SET_COOKIE, gone)], Redirect::to(place)).into_response()
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_secret_is_seen_on_its_page_by_its_session_for_minutes_and_nowhere_else() {
        let seal = Seal::new(&[7; 32]);
        let made = OneTimeSecret {
            session: "s1",
            place: "/admin/users/u1",
            made_at: Instant(1_000),
            secret: "ume-kaki",
        };
        let origin = Origin {
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            encrypted: true,
        };
        let headers = |sealed: &str| {
            let text = format!("a=b; __Host-{COOKIE}={sealed}");
            HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(&text).unwrap())])
        };
        let sealed = seal.seal(made.write().as_bytes()).unwrap();
        let find = |session, place, now| {
            let asked = (session, place, Instant(now));
            find(&seal, &headers(&sealed), origin, asked)
        };
        let place = "/admin/users/u1";
        assert_eq!(find("s1", place, 1_000), Some("ume-kaki".to_owned()));
        assert_eq!(find("s1", place, 600_999), Some("ume-kaki".to_owned()));
        assert_eq!(find("s1", place, 601_000), None, "too late");
        assert_eq!(find("s1", place, 999), None, "before it was made");
        assert_eq!(find("s2", place, 1_000), None, "another session");
        assert_eq!(find("s1", "/admin/users/u2", 1_000), None, "another page");
        let other = seal.seal(b"oidc attempt 2\ns1\n/x\n1\ny").unwrap();
        let asked = ("s1", "/x", Instant(1));
        assert_eq!(super::find(&seal, &headers(&other), origin, asked), None);
    }
}
