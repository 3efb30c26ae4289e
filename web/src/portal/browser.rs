//! What pages of the portal ask of who reads.

use axum::http::{HeaderValue, header};
use axum::response::Response;
use chrono::NaiveDate;

use madoguchi_core::id::ArticleId;

use crate::auth::access::PortalReader;
use crate::auth::browser::{COOKIE, DAYS};
use crate::auth::cookie::lasting_cookie;
use crate::auth::{csrf, token};
use crate::error::WebError;
use crate::shell::Shell;
use crate::state::Web;

impl PortalReader {
    /// The same for all that this browser reads on a day, and another on the next.
    pub(super) fn visit(&self, date: NaiveDate) -> String {
        self.browser.hash(&format!("visit {date}"))
    }

    /// The same for all that this browser says of an article.
    pub(super) fn voter(&self, article: &ArticleId) -> String {
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
