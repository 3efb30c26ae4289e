//! A reader's browser: known by a cookie that says nothing about the reader, and kept only as
//! hashes that tell one browser from another for a day, or for an article.

use axum::http::HeaderMap;

use crate::auth::cookie::{Origin, cookie, cookie_name};
use crate::auth::token;

pub(crate) const COOKIE: &str = "madoguchi-reader";
pub(crate) const DAYS: u32 = 365;
/// Letters of a hash that are kept.
const LETTERS: usize = 32;

/// The cookie of a browser.
#[derive(Debug)]
pub(crate) struct Browser {
    pub(crate) secret: String,
    pub(crate) is_new: bool,
}

impl Browser {
    /// The browser that sends these headers; a new one if it brings no cookie.
    pub(crate) fn of(headers: &HeaderMap, origin: Origin) -> Self {
        let known =
            cookie(headers, &cookie_name(COOKIE, origin)).filter(|secret| secret.len() == 43);
        Self {
            is_new: known.is_none(),
            secret: known.map_or_else(token::new_secret, str::to_owned),
        }
    }

    pub(crate) fn hash(&self, purpose: &str) -> String {
        let mut hash = token::hash(&format!("{purpose} {}", self.secret));
        hash.truncate(LETTERS);
        hash
    }
}
