//! Where our refreshing of a session stands (RFC 4028 section 10).

use madoguchi_sip::message::{HeaderName, Headers, Method};
use madoguchi_sip::transaction::ClientTx;

use super::challenges::Challenges;

/// Where our refreshing of a session stands.
#[derive(Debug, Clone, Default)]
pub(super) struct Refreshing {
    /// Our refresh that has no final answer yet.
    pub(super) open: Option<OpenRefresh>,
    /// The peer understands UPDATE, which changes no media and so cannot collide (RFC 3311).
    pub(super) allows_update: bool,
    /// Refusals in a row.
    pub(super) refusals: u32,
    /// The peer's challenges to the refresh in progress.
    pub(super) challenges: Challenges,
    /// The Min-SE of the peer's 422.
    pub(super) min_se_secs: u32,
}

/// A refresh of ours on its way.
#[derive(Debug, Clone, Copy)]
pub(super) struct OpenRefresh {
    pub(super) tx: ClientTx,
    /// It carries an offer (re-INVITE).
    pub(super) offers: bool,
}

impl Refreshing {
    /// Takes from a message of the peer what it understands.
    pub(super) fn note_allow(&mut self, headers: &Headers) {
        if headers.get(&HeaderName::Allow).is_some() {
            let mut methods = headers.list(&HeaderName::Allow);
            self.allows_update = methods.any(|method| method == Method::Update.as_str());
        }
    }
}
