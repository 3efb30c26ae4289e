//! Whom somebody was asked to call: by REFER (RFC 3515, 5589), or by a redirection (RFC 3261 8.1.3.4). Who
//! is asked begins a dialog of its own, which goes on where the first one was left.

mod pending;
mod target;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use madoguchi_sip::header::NameAddr;
use madoguchi_sip::message::{HeaderName, Headers, Message, Method};

use self::pending::{Called, Fit, Pending};
use self::target::{replaced_in, targets};
use crate::capture::Micros;
use crate::message::{Seen, Start, body, extension, headers, user, user_of};

/// How long after having been asked somebody may call.
const FOLLOWED_WITHIN: Micros = Micros::from_secs(60);
/// Requests and redirections that wait to be followed; of more, the latest.
const WAITING_AT_MOST: usize = 512;
/// Addresses of one redirection that are looked at.
const TARGETS_AT_MOST: usize = 8;

/// A dialog in which somebody was asked to make a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Its Call-ID.
    pub(crate) dialog: String,
    /// The INVITE names it, or who asked; else target, time and sender agree.
    pub(crate) is_certain: bool,
}

/// A call that was asked for has been answered, as who was asked says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reached {
    /// The Call-ID of the dialog in which it was asked for.
    pub(crate) dialog: String,
    /// The Call-ID of the dialog that was begun for it, if it was seen.
    pub(crate) by: Option<String>,
    /// The Call-ID of the dialog whose place it takes, if one was named.
    pub(crate) replaces: Option<String>,
}

/// What was asked for in the last minute.
#[derive(Debug, Default)]
pub(crate) struct Transfers {
    waiting: VecDeque<Pending>,
}

impl Transfers {
    /// Takes note of what a message asks for, or says of what was asked for. `knows` tells whether a Call-ID is
    /// that of a dialog.
    pub(crate) fn take(&mut self, seen: &Seen, knows: impl Fn(&str) -> bool) -> Option<Reached> {
        match (&seen.identity.start, &seen.identity.method) {
            (Start::Request(Method::Refer), _) => self.asked(seen, knows),
            (Start::Request(Method::Notify), _) => return self.notified(seen),
            (Start::Response(300..), Method::Refer) => self.refused(seen),
            (Start::Response(300..400), Method::Invite) => self.redirected(seen, knows),
            _ => {}
        }
        None
    }

    /// The dialog whose Call-ID a first INVITE follows; nothing if there are several.
    pub(crate) fn find(&self, seen: &Seen) -> Option<Asked> {
        let Message::Request(request) = &seen.message else {
            return None;
        };
        let called = Called::of(seen, request);
        let mut best: Option<(Fit, &str)> = None;
        let mut is_alone = true;
        for asked in self.waiting.iter().rev() {
            if seen.at.since(asked.at).0 > FOLLOWED_WITHIN.0 {
                continue;
            }
            let Some(fit) = asked.fit(&called) else {
                continue;
            };
            match best {
                Some((known, _)) if known > fit => {}
                Some((known, dialog)) if known == fit => is_alone &= dialog == asked.dialog,
                _ => {
                    best = Some((fit, asked.dialog.as_str()));
                    is_alone = true;
                }
            }
        }
        let (fit, dialog) = best.filter(|_| is_alone)?;
        Some(Asked {
            dialog: dialog.to_owned(),
            is_certain: fit.is_certain(),
        })
    }

    /// What was asked for in a dialog has become a dialog.
    pub(crate) fn follow(&mut self, dialog: &str, by: &str) {
        let mut latest_first = self.waiting.iter_mut().rev();
        let asked = latest_first.find(|asked| asked.dialog == dialog && asked.by.is_none());
        if let Some(asked) = asked {
            asked.by = Some(by.to_owned());
        }
    }

    fn asked(&mut self, seen: &Seen, knows: impl Fn(&str) -> bool) {
        let headers = headers(&seen.message);
        // Without a dialog of its own it names the one that it is about (RFC 4538).
        let about = extension(headers, "Target-Dialog").next();
        let about = about.and_then(|value| value.split(';').next());
        let within = seen.identity.call_id.as_str();
        let dialog = about.map_or(within, str::trim);
        let targets = targets(headers, &HeaderName::ReferTo, 1);
        if targets.is_empty() || !knows(dialog) {
            return;
        }
        let asked_by = [user(headers, &HeaderName::From), referrer(headers)];
        self.wait(Pending {
            asked_by: asked_by.to_vec(),
            replaces: replaced_in(headers),
            ..Pending::new(seen, dialog, targets)
        });
    }

    /// Who is called names others who may be called.
    fn redirected(&mut self, seen: &Seen, knows: impl Fn(&str) -> bool) {
        let headers = headers(&seen.message);
        let targets = targets(headers, &HeaderName::Contact, TARGETS_AT_MOST);
        let dialog = seen.identity.call_id.as_str();
        if targets.is_empty() || !knows(dialog) {
            return;
        }
        self.wait(Pending {
            caller: Some(user(headers, &HeaderName::From)),
            ..Pending::new(seen, dialog, targets)
        });
    }

    fn wait(&mut self, asked: Pending) {
        while let Some(oldest) = self.waiting.front() {
            let is_old = asked.at.since(oldest.at).0 > FOLLOWED_WITHIN.0;
            if !is_old && self.waiting.len() < WAITING_AT_MOST {
                break;
            }
            self.waiting.pop_front();
        }
        self.waiting.push_back(asked);
    }

    /// Who was asked does not want to, or wants a password first.
    fn refused(&mut self, seen: &Seen) {
        let Seen { identity, .. } = seen;
        self.waiting
            .retain(|asked| asked.told_in != identity.call_id || asked.seq != identity.seq);
    }

    /// Who was asked tells how it goes (RFC 3515 2.4.5).
    fn notified(&mut self, seen: &Seen) -> Option<Reached> {
        let status = status_told(body(&seen.message)).filter(|status| *status >= 200)?;
        let told_in = seen.identity.call_id.as_str();
        let is_of_it = |asked: &Pending| asked.told_in == told_in;
        let latest = self.waiting.iter().rposition(is_of_it)?;
        // It is over, whatever comes: nobody is called for it any more.
        let asked = self.waiting.remove(latest)?;
        self.waiting.retain(|other| !is_of_it(other));
        (status < 300).then_some(Reached {
            dialog: asked.dialog,
            by: asked.by,
            replaces: asked.replaces,
        })
    }
}

/// Who asked for a call, as REFER or INVITE says (RFC 3892); the empty text if it does not.
fn referrer(headers: &Headers) -> String {
    // "b" is its compact form.
    let mut told = ["Referred-By", "b"]
        .into_iter()
        .flat_map(|name| extension(headers, name));
    let address = told.next().and_then(|value| value.parse::<NameAddr>().ok());
    address
        .map(|address| user_of(&address.uri))
        .unwrap_or_default()
}

/// The status in a message/sipfrag.
fn status_told(body: &[u8]) -> Option<u16> {
    let rest = body.trim_ascii_start().strip_prefix(b"SIP/2.0 ")?;
    let digits = std::str::from_utf8(rest.get(..3)?).ok()?;
    digits.parse().ok()
}
