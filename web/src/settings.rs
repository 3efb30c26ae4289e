//! What the pages must know of the settings file.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use madoguchi_core::access::Role;
use madoguchi_core::account::SessionLimits;
use madoguchi_core::portal::Sites;
use madoguchi_core::time::Millis;

use crate::scanner::Scanner;
use crate::sign_in::oidc::provider::IdentityProvider;
use crate::text::DateStyle;

/// What pages must know of the settings.
#[derive(Debug, Clone)]
pub struct WebSettings {
    /// Host names besides localhost by which the pages may be opened.
    pub allowed_hosts: Vec<String>,
    /// How dates are written.
    pub dates: DateStyle,
    /// How long sessions last.
    pub sessions: SessionLimits,
    /// Passwords must be changed when they are so old; `None`: never.
    pub password_age: Option<Millis>,
    /// Whoever has one of these roles needs a second factor.
    pub second_factor_roles: BTreeSet<Role>,
    /// アカウント棚卸: an account that was not used for so long is marked.
    pub unused_after: Millis,
    /// How many requests a second one network address may send; ten times as many at once.
    pub requests_per_second: u32,
    /// Boards that may be watched at once.
    pub streams_at_most: usize,
    /// Boards that one user, or one network address, may watch at once.
    pub streams_per_visitor: usize,
    /// Proxies whose word about the visitor's address is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The pages are served over TLS.
    pub encrypted: bool,
    /// Where people may sign in besides here.
    pub provider: Option<IdentityProvider>,
    /// The program that reads manuals in a process of its own (its command `read-manual`), so that a file made to do harm does none to the desk; without it they are read here, as in tests.
    pub manual_reader: Option<PathBuf>,
    /// Where attachments are looked through for viruses, if anywhere.
    pub scanner: Option<Scanner>,
    /// The FAQ portal.
    pub portal: PortalSettings,
}

/// What the FAQ portal must know.
#[derive(Debug, Clone, Default)]
pub struct PortalSettings {
    /// Networks in which staff read without an account.
    pub networks: Vec<IpNet>,
    /// Where staff work.
    pub sites: Sites,
    /// The number to call, as it is shown; empty if it is not shown.
    pub phone: String,
    /// Staff may write to the desk by a form.
    pub inquiry_form: bool,
}

impl WebSettings {
    /// Whether staff at this address read without an account. A proxy is nobody's place: a request
    /// of which it did not tell where it comes from is from anywhere.
    pub(crate) fn is_within_portal(&self, address: IpAddr) -> bool {
        let within = |nets: &[IpNet]| nets.iter().any(|net| net.contains(&address));
        within(&self.portal.networks) && !within(&self.trusted_proxies)
    }
}
