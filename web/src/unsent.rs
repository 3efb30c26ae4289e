//! What somebody typed whose session ended before they sent it, or who signed in anew meanwhile: kept
//! for some minutes, in memory alone, and filled into the same form for the same account in the same
//! browser. Secrets are not kept.

pub(crate) mod filling;
pub(crate) mod forms;
mod page;
mod reason;

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Form, FromRequest, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use madoguchi_core::id::UserId;

use self::filling::fill;
use self::forms::Unsent;
pub(crate) use self::page::page_above;
use self::page::{form_of, page_of};
use self::reason::Reason;
use crate::auth::cookie::{Origin, cookie, cookie_name, session_cookie, set_cookie};
use crate::auth::csrf;
use crate::auth::token;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::query::escape;
use crate::state::Web;
use madoguchi_accounts::Seal;

/// Tells whose session it was that has ended; it says so to nobody but us.
const OWNER_COOKIE: &str = "madoguchi-owner";
/// Leads the browser to what it has not sent.
const COOKIE: &str = "madoguchi-unsent";
/// What is sealed begins so, for the key seals other secrets, too.
const KIND: &str = "session owner 1";
/// Forms of secrets, and those that must not come twice.
const NEVER: [&str; 6] = [
    "/api/",
    "/sign-",
    "/account/confirm",
    "/account/noted",
    "/account/password",
    "/account/second-factor",
];
/// A page is no longer than that.
const PAGE_BYTES: usize = 4 << 20;

/// A `Set-Cookie` value that tells us later whose session this was.
pub(crate) fn owner_cookie(
    seal: &Seal,
    user: &UserId,
    session_secret: &str,
    origin: Origin,
) -> Option<String> {
    let text = [KIND, &token::hash(session_secret), user.as_str()].join("\n");
    let sealed = seal.seal(text.as_bytes())?;
    Some(set_cookie(OWNER_COOKIE, Some(&sealed), origin))
}

/// A `Set-Cookie` value that takes it away: whoever signs out leaves nothing.
pub(crate) fn forget_owner(origin: Origin) -> String {
    set_cookie(OWNER_COOKIE, None, origin)
}

/// Whose session the cookie was of, and its secret.
fn owner<'a>(seal: &Seal, headers: &'a HeaderMap, origin: Origin) -> Option<(UserId, &'a str)> {
    let secret = cookie(headers, session_cookie(origin))?;
    let sealed = cookie(headers, &cookie_name(OWNER_COOKIE, origin))?;
    let text = String::from_utf8(seal.open(sealed)?).ok()?;
    let (kind, rest) = text.split_once('\n')?;
    let (hash, user) = rest.split_once('\n')?;
    let fits = kind == KIND && token::same(hash, &token::hash(secret));
    fits.then(|| (UserId::new(user), secret))
}

/// Whether a form was refused that is to be kept: one that a page sends whose session has ended.
pub(crate) fn is_to_be_kept(web: &Web, parts: &Parts, refused: &Response) -> bool {
    let error = refused.extensions().get::<Arc<WebError>>();
    let signed_out = error.is_some_and(|error| matches!(**error, WebError::NotSignedIn));
    let by_script = parts.headers.contains_key(csrf::HEADER);
    let origin = parts.extensions.get::<Origin>();
    signed_out
        && !by_script
        && may_be_kept(parts)
        && origin.is_some_and(|origin| owner(&web.seal, &parts.headers, *origin).is_some())
}

/// Whether a form holds neither secrets nor what must not come twice.
fn may_be_kept(parts: &Parts) -> bool {
    let path = parts.uri.path();
    !NEVER.iter().any(|never| path.starts_with(never))
}

/// Whether the browser says that one of our pages sends a form. What comes from elsewhere, the guard has
/// refused; what says nothing may come from anywhere.
pub(crate) fn is_by_page(parts: &Parts) -> bool {
    let site = parts.headers.get("sec-fetch-site");
    let told = parts.headers.contains_key(header::ORIGIN)
        || site.is_some_and(|site| site.as_bytes() == b"same-origin");
    told && may_be_kept(parts)
}

/// Whose session the cookie of a request was of.
pub(crate) fn owner_of(web: &Web, parts: &Parts) -> Option<UserId> {
    let origin = *parts.extensions.get::<Origin>()?;
    owner(&web.seal, &parts.headers, origin).map(|(user, _)| user)
}

/// Keeps the fields of a form, and leads to where its sender signs in again; `None` if it is not a
/// form of ours.
pub(crate) fn keep(web: &Web, parts: &Parts, fields: Vec<(String, String)>) -> Option<Response> {
    let origin = *parts.extensions.get::<Origin>()?;
    let (user, secret) = owner(&web.seal, &parts.headers, origin)?;
    let forged = |value: &str| !token::same(value, &csrf::token_of(secret));
    let sent = fields.iter().find(|(name, _)| name == csrf::FIELD);
    if sent.is_none_or(|(_, value)| forged(value)) {
        return None;
    }
    let page = page_with_form(web, parts, &fields);
    let page = page.unwrap_or_else(|| form_of(parts.uri.path()).to_owned());
    let not_sent = NotSent {
        to: format!("/sign-in?done=unsent&next={}", escape(&page)),
        page,
        fields,
        why: Reason::SessionEnded,
    };
    Some(keep_for(web, parts, (user, origin), not_sent))
}

/// Keeps the fields of a form whose page was opened before its sender signed in anew, and leads back to
/// the page; `None` if no page of ours has such a form.
pub(crate) fn keep_stale(
    web: &Web,
    parts: &Parts,
    sender: &Visitor,
    fields: Vec<(String, String)>,
) -> Option<Response> {
    let page = page_with_form(web, parts, &fields)?;
    let not_sent = NotSent {
        to: page.clone(),
        page,
        fields,
        why: Reason::SignedInAnew,
    };
    let owner = (sender.user.id.clone(), sender.origin);
    Some(keep_for(web, parts, owner, not_sent))
}

/// The page on which a form stands: the one that the browser names, or, where it names none, the nearest
/// above the address that the form is sent to. A form that stands on many lists names its page itself.
fn page_with_form(web: &Web, parts: &Parts, fields: &[(String, String)]) -> Option<String> {
    let above = || page_above(&web.features.pages, parts.uri.path());
    let list = || {
        let page = fields.iter().find(|(name, _)| name == "page");
        let (_, page) = page.filter(|(_, page)| web.features.views.contains(&page.as_str()))?;
        Some(page.clone())
    };
    page_of(&parts.headers).or_else(above).or_else(list)
}

/// A form that was not sent, and where its sender is led to.
struct NotSent {
    page: String,
    fields: Vec<(String, String)>,
    why: Reason,
    to: String,
}

/// Keeps a form for its owner in this browser, without its secrets, and leads on.
fn keep_for(
    web: &Web,
    parts: &Parts,
    (user, origin): (UserId, Origin),
    not_sent: NotSent,
) -> Response {
    let key = token::new_secret();
    let fields = not_sent.fields.into_iter();
    let unsent = Unsent {
        key: token::hash(&key),
        page: not_sent.page,
        action: form_of(parts.uri.path()).to_owned(),
        fields: fields.filter(|(name, _)| !is_secret(name)).collect(),
        why: not_sent.why,
        at: web.desk.monotonic(),
    };
    web.unsent.save(user, unsent);
    let set = set_cookie(COOKIE, Some(&key), origin);
    let set = format!("{set}; Max-Age={}", forms::LASTS.0 / 1_000);
    let to = Redirect::to(&not_sent.to);
    ([(header::SET_COOKIE, set)], to).into_response()
}

/// The fields of a form without files.
pub(crate) async fn read(parts: &Parts, body: Bytes) -> Option<Vec<(String, String)>> {
    let mut request = Request::new(Body::from(body));
    *request.method_mut() = Method::POST;
    let kind = parts.headers.get(header::CONTENT_TYPE)?.clone();
    request.headers_mut().insert(header::CONTENT_TYPE, kind);
    let form = Form::<Vec<(String, String)>>::from_request(request, &()).await;
    form.ok().map(|form| form.0)
}

/// Fields that hold secrets, or belong to one page alone.
fn is_secret(name: &str) -> bool {
    let names = ["code", "current", "new", "again", csrf::FIELD];
    name.contains("password") || name.contains("secret") || names.contains(&name)
}

/// What the visitor has not sent from the page that they open now, if there is such.
pub(crate) fn take(web: &Web, visitor: Option<&Visitor>, request: &Request) -> Option<Unsent> {
    let visitor = visitor.filter(|visitor| visitor.owes.is_none())?;
    if request.method() != Method::GET || visitor.session().is_none() {
        return None;
    }
    let key = cookie(request.headers(), &cookie_name(COOKIE, visitor.origin))?;
    let asked = (token::hash(key), request.uri().path());
    let now = web.desk.monotonic();
    web.unsent.take(&visitor.user.id, (&asked.0, asked.1), now)
}

/// The page with what was typed before; the page as it is if it has no such form.
pub(crate) async fn fill_in(unsent: Unsent, response: Response) -> Response {
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_page = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if response.status() != StatusCode::OK || !is_page {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let Ok(bytes) = axum::body::to_bytes(body, PAGE_BYTES).await else {
        return WebError::Internal("a page cannot be filled in").into_response();
    };
    let html = String::from_utf8_lossy(&bytes);
    let filled = fill(&html, &unsent);
    Response::from_parts(parts, Body::from(filled))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap()))
            .collect()
    }

    #[test]
    fn secrets_are_not_kept() {
        for name in ["password", "inbound_password", "secret", "code", "_csrf"] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["name", "question", "answer", "reason", "version"] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn the_owner_of_a_session_is_known_by_its_own_cookie_alone() {
        let seal = Seal::new(&[7; 32]);
        let origin = Origin {
            address: [127, 0, 0, 1].into(),
            encrypted: false,
        };
        let set = owner_cookie(&seal, &UserId::new("u1"), "mine", origin).unwrap();
        let sealed = set.split(';').next().unwrap();
        let owner_with = |session: &str, seal: &Seal| {
            let text = format!("madoguchi={session}; {sealed}");
            let headers = headers(&[(header::COOKIE, &text)]);
            owner(seal, &headers, origin).map(|(user, _)| user)
        };
        assert_eq!(owner_with("mine", &seal), Some(UserId::new("u1")));
        assert_eq!(owner_with("theirs", &seal), None);
        assert_eq!(owner_with("mine", &Seal::new(&[8; 32])), None);
    }
}
