//! A reader's browser: known by a cookie that says nothing about the reader, and kept only as
//! hashes that tell one browser from another for a day, or for an article.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use chrono::NaiveDate;

use crate::Web;
use crate::auth::access::PortalReader;
use crate::auth::visitor::{Origin, cookie, cookie_name, lasting_cookie};
use crate::auth::{csrf, token};
use crate::error::WebError;
use crate::shell::Shell;

const COOKIE: &str = "madoguchi-reader";
const DAYS: u32 = 365;
/// Letters of a hash that are kept.
const LETTERS: usize = 32;

/// The cookie of a browser.
#[derive(Debug)]
pub(crate) struct Browser {
    secret: String,
    is_new: bool,
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

    fn hash(&self, purpose: &str) -> String {
        let mut hash = token::hash(&format!("{purpose} {}", self.secret));
        hash.truncate(LETTERS);
        hash
    }
}

impl PortalReader {
    /// The same for all that this browser reads on a day, and another on the next.
    pub(super) fn visit(&self, date: NaiveDate) -> String {
        self.browser.hash(&format!("visit {date}"))
    }

    /// The same for all that this browser says of an article.
    pub(super) fn voter(&self, article: &str) -> String {
        self.browser.hash(&format!("vote {article}"))
    }

    /// The site, as far as it is known. The address itself is not kept.
    pub(crate) fn site(&self, web: &Web) -> Option<String> {
        let site = web.settings.portal.sites.of_address(self.origin.address);
        site.map(str::to_owned)
    }

    /// The token that forms carry.
    pub(super) fn csrf(&self) -> String {
        match &self.visitor {
            Some(visitor) => visitor.csrf().to_owned(),
            None => csrf::token_of(&self.browser.secret),
        }
    }

    /// Refuses a form that our pages did not make. Those of who is signed in were checked before.
    pub(super) fn check(&self, given: &str) -> Result<(), WebError> {
        let checked = match &self.visitor {
            Some(_) => true,
            None => !self.browser.is_new && token::same(given, &self.csrf()),
        };
        if checked {
            Ok(())
        } else {
            Err(WebError::Forged)
        }
    }

    /// The frame of a page under the entry `here` of the portal's menu.
    pub(super) fn shell(&self, web: &Web, here: &str) -> Shell {
        Shell::portal(web, self.visitor.as_deref(), self.csrf(), here)
    }

    /// The answer, with the cookie for a browser that brings none.
    pub(super) fn remembered(&self, mut response: Response) -> Response {
        if self.browser.is_new {
            let cookie = lasting_cookie(COOKIE, &self.browser.secret, DAYS, self.origin);
            if let Ok(cookie) = HeaderValue::from_str(&cookie) {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
        }
        response
    }
}
