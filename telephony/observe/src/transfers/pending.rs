//! One call that was asked for, and how well an INVITE fits it.

use std::net::SocketAddr;

use madoguchi_sip::message::{HeaderName, Request};

use super::referrer;
use super::target::{Target, call_id_of};
use crate::capture::Micros;
use crate::message::{Seen, user};

/// A call that was asked for.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) at: Micros,
    /// The Call-ID of the dialog that it is about.
    pub(super) dialog: String,
    /// The Call-ID under which is told how it goes.
    pub(super) told_in: String,
    /// The number in CSeq of what asked for it.
    pub(super) seq: u32,
    /// The users by which who asks goes.
    pub(super) asked_by: Vec<String>,
    pub(super) asks: SocketAddr,
    pub(super) is_asked: SocketAddr,
    pub(super) targets: Vec<Target>,
    /// The Call-ID of the dialog whose place the call takes.
    pub(super) replaces: Option<String>,
    /// Who has to be the caller.
    pub(super) caller: Option<String>,
    /// The Call-ID of the dialog that was begun for it.
    pub(super) by: Option<String>,
}

/// An INVITE that begins a dialog.
pub(super) struct Called {
    sender: SocketAddr,
    targets: [Target; 2],
    from: String,
    replaces: Option<String>,
    referrer: String,
}

/// How well an INVITE fits; the better the larger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// Who was asked calls whom they were asked to call.
    Target,
    /// It names who asked, and sender or target agree.
    Referrer,
    /// It names who asked, and sender and target agree.
    ReferrerAndTarget,
    /// It takes the place of the dialog that was named.
    Replaces,
}

impl Fit {
    pub(super) fn is_certain(self) -> bool {
        self > Self::Target
    }
}

impl Called {
    pub(super) fn of(seen: &Seen, request: &Request) -> Self {
        let headers = &request.headers;
        let to = user(headers, &HeaderName::To);
        let asked_for = Target::of(&request.uri);
        let shown = match to.as_str() {
            "" => asked_for.clone(),
            number => Target::numbered(number),
        };
        Self {
            sender: seen.from,
            targets: [asked_for, shown],
            from: user(headers, &HeaderName::From),
            replaces: headers.get(&HeaderName::Replaces).and_then(call_id_of),
            referrer: referrer(headers),
        }
    }
}

impl Pending {
    pub(super) fn new(seen: &Seen, dialog: &str, targets: Vec<Target>) -> Self {
        Self {
            at: seen.at,
            dialog: dialog.to_owned(),
            told_in: seen.identity.call_id.clone(),
            seq: seen.identity.seq,
            asked_by: Vec::new(),
            asks: seen.from,
            is_asked: seen.to,
            targets,
            replaces: None,
            caller: None,
            by: None,
        }
    }

    pub(super) fn fit(&self, called: &Called) -> Option<Fit> {
        if self.replaces.is_some() && self.replaces == called.replaces {
            return Some(Fit::Replaces);
        }
        let from_asked = self.is_from_asked(called.sender);
        let on_target = called
            .targets
            .iter()
            .any(|target| self.targets.contains(target));
        if !called.referrer.is_empty() {
            let names_it = self.asked_by.contains(&called.referrer);
            return match (names_it, from_asked, on_target) {
                (true, true, true) => Some(Fit::ReferrerAndTarget),
                (true, true, false) | (true, false, true) => Some(Fit::Referrer),
                // Somebody else has asked for it.
                _ => None,
            };
        }
        let is_caller = self.caller.as_ref().is_none_or(|from| *from == called.from);
        // It takes another place than it was asked to.
        let is_elsewhere = called.replaces.is_some();
        let fits = from_asked && on_target && is_caller && !is_elsewhere && self.by.is_none();
        fits.then_some(Fit::Target)
    }

    fn is_from_asked(&self, sender: SocketAddr) -> bool {
        sender.ip() == self.is_asked.ip()
            && (self.is_asked.ip() != self.asks.ip() || sender.port() == self.is_asked.port())
    }
}
