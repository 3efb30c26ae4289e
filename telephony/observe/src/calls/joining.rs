//! Which call a new dialog is a leg of.
//!
//! 確定 is what the messages say: a Session-ID (RFC 7989), a correlation header, Replaces (RFC 3891), a
//! Call-ID made of another one. 推定 is what numbers, times and addresses agree on. If several calls
//! are as good as each other, the leg is joined to none.

use madoguchi_sip::message::Message;

use super::Calls;
use super::index::local_part;
use super::parts::{Certainty, DialogKey};
use crate::dialog::Dialog;
use crate::message::{Seen, extension, headers};

mod estimate;

/// A Call-ID shorter than this says nothing about those that begin with it.
const PREFIX_CHARS_AT_LEAST: usize = 8;
/// Values of one header that are looked at.
const VALUES_AT_MOST: usize = 8;
/// The longest value that names a call.
const NAME_BYTES_AT_MOST: usize = 512;

/// How legs are joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinSettings {
    /// Header fields that hold the Call-ID of another leg, or a value that all legs share.
    pub correlation_headers: Vec<String>,
}

impl Default for JoinSettings {
    fn default() -> Self {
        Self {
            correlation_headers: vec!["X-CID".to_owned()],
        }
    }
}

/// What was found.
pub(super) enum Join {
    None,
    With(DialogKey, Certainty),
    /// It takes the place of a dialog, which has passed nothing on.
    InPlaceOf(Place),
    /// Several calls fit as well as each other.
    Several,
}

/// Where a dialog goes on.
pub(super) struct Place {
    /// The dialog that was left for it.
    pub(super) left: DialogKey,
    /// How sure that is.
    pub(super) certainty: Certainty,
    /// Another dialog that it belongs to for certain.
    pub(super) other: Option<DialogKey>,
}

/// What the message names its call by, beside numbers.
pub(super) fn tags(seen: &Seen, settings: &JoinSettings) -> Vec<String> {
    let headers = headers(&seen.message);
    let mut tags = Vec::new();
    for value in extension(headers, "Session-ID").take(VALUES_AT_MOST) {
        for part in value.split(';').take(VALUES_AT_MOST) {
            let id = part.trim();
            let id = id.strip_prefix("remote=").unwrap_or(id);
            let is_id = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
            if is_id && id.bytes().any(|byte| byte != b'0') {
                tags.push(format!("session {}", id.to_ascii_lowercase()));
            }
        }
    }
    for name in &settings.correlation_headers {
        for value in extension(headers, name).take(VALUES_AT_MOST) {
            let value = value.trim();
            if !value.is_empty() && value.len() <= NAME_BYTES_AT_MOST {
                tags.push(format!("named {value}"));
            }
        }
    }
    tags
}

/// Looks for the call of a dialog by what is new of it.
pub(super) fn find(
    calls: &Calls,
    key: DialogKey,
    seen: &Seen,
    fresh: &[String],
    is_new: bool,
) -> Join {
    let Some(entry) = calls.dialogs.get(&key) else {
        return Join::None;
    };
    let by_call_id = |call_id: &str| calls.by_call_id.get(call_id).copied();
    let named = fresh.iter().find_map(|tag| {
        let other = calls.index.by_tag(tag);
        let other = other.or_else(|| by_call_id(tag.strip_prefix("named ")?));
        other.filter(|other| *other != key)
    });
    // A leg that was seen before the one whose Call-ID it names.
    let names_it = || {
        calls
            .index
            .by_tag(&format!("named {}", entry.dialog.call_id))
    };
    let is_first = is_new && entry.dialog.start.is_some();
    let said = named.or_else(|| {
        let other = is_first.then(|| names_it().or_else(|| made_of(calls, &entry.dialog)));
        other.flatten().filter(|other| *other != key)
    });
    if is_first && let Some(place) = place(calls, key, seen, said) {
        return Join::InPlaceOf(place);
    }
    match said {
        Some(other) => Join::With(other, Certainty::Certain),
        None if is_first => estimate::find(calls, key, entry),
        None => Join::None,
    }
}

/// The dialog in whose place this INVITE goes on: its caller was asked to make it, or it says so itself.
fn place(calls: &Calls, key: DialogKey, seen: &Seen, said: Option<DialogKey>) -> Option<Place> {
    let by_call_id = |call_id: &str| {
        let other = calls.by_call_id.get(call_id).copied();
        other.filter(|other| *other != key)
    };
    let replaced = replaced(seen).and_then(|call_id| by_call_id(&call_id));
    let asked = calls.transfers.find(seen);
    let asked = asked.and_then(|asked| Some((by_call_id(&asked.dialog)?, asked.is_certain)));
    match asked {
        Some((left, is_certain)) => {
            let named = replaced.or(said).is_some();
            if !is_certain && !named && has_nearer_call(calls, key, left) {
                return None;
            }
            let is_certain = is_certain || said == Some(left) || replaced == Some(left);
            let certainty = if is_certain {
                Certainty::Certain
            } else {
                Certainty::Estimated
            };
            let mut others = [replaced, said].into_iter().flatten();
            let other = others.find(|other| *other != left);
            Some(Place {
                left,
                certainty,
                other,
            })
        }
        None => replaced.map(|left| Place {
            left,
            certainty: Certainty::Certain,
            other: said.filter(|other| *other != left),
        }),
    }
}

/// Whether the caller's number says that a leg belongs to another call than who was asked for it.
fn has_nearer_call(calls: &Calls, key: DialogKey, left: DialogKey) -> bool {
    let (Some(leg), Some(left)) = (calls.dialogs.get(&key), calls.dialogs.get(&left)) else {
        return false;
    };
    let Join::With(other, _) = estimate::find(calls, key, leg) else {
        return false;
    };
    let nearer = calls.dialogs.get(&other);
    nearer.is_some_and(|nearer| {
        nearer.call != left.call && estimate::is_same_caller(&nearer.numbers, &leg.numbers)
    })
}

/// The Call-ID of the dialog that this INVITE takes the place of (RFC 3891).
fn replaced(seen: &Seen) -> Option<String> {
    let Message::Request(request) = &seen.message else {
        return None;
    };
    let value = extension(&request.headers, "Replaces").next()?;
    Some(value.split(';').next()?.trim().to_owned())
}

/// The dialog of whose Call-ID this one is made: `abcdefgh_b2b-1` of `abcdefgh`.
fn made_of(calls: &Calls, dialog: &Dialog) -> Option<DialogKey> {
    let local = local_part(&dialog.call_id);
    if local.len() < PREFIX_CHARS_AT_LEAST {
        return None;
    }
    let cuts = local
        .char_indices()
        .rev()
        .filter(|(at, letter)| *at >= PREFIX_CHARS_AT_LEAST && !letter.is_alphanumeric());
    let same = calls.index.by_local_part(local);
    let other = same.or_else(|| {
        let mut shorter = cuts.filter_map(|(at, _)| calls.index.by_local_part(local.get(..at)?));
        shorter.next()
    })?;
    let is_open = calls.dialogs.get(&other)?.dialog.is_open();
    is_open.then_some(other)
}

/// Of the dialogs of a call, the one that a leg was made for: who was called in it sent the leg.
pub(super) fn passed_on(calls: &Calls, leg: DialogKey, found: DialogKey) -> Option<DialogKey> {
    let (call, leg_dialog) = calls
        .dialogs
        .get(&leg)
        .map(|entry| (entry.call, &entry.dialog))?;
    let made_it = calls.dialogs(call).filter(|(key, dialog)| {
        *key != leg && dialog.start <= leg_dialog.start && is_from_node(dialog, leg_dialog)
    });
    let earlier = found.min(leg);
    made_it
        .max_by_key(|(_, dialog)| dialog.start)
        .map(|(key, _)| key)
        .or((earlier != leg).then_some(earlier))
}

/// Whether the leg comes from where the call went.
fn is_from_node(call: &Dialog, leg: &Dialog) -> bool {
    let ((caller, node), (leg_from, _)) = (call.hop, leg.hop);
    node == leg_from || (node.ip() == leg_from.ip() && caller.ip() != node.ip())
}
