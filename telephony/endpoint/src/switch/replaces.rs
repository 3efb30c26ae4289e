//! The dialog that a phone names to be replaced (RFC 3891): in REFER, and in INVITE to take a call that rings
//! elsewhere.

use madoguchi_core::id::CallId;
use madoguchi_sip::message::{HeaderName, Request};
use madoguchi_sip::uri::{Params, unescape};

use super::Switch;
use super::dialog::DialogKey;
use super::side::{Owner, SideId};

/// A dialog, as one of its ends names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Replaces {
    call_id: String,
    /// The tag of whoever is asked to replace: ours.
    to_tag: String,
    from_tag: String,
}

impl Replaces {
    /// Reads the value of the header field.
    pub(super) fn parse(value: &str) -> Option<Self> {
        let (call_id, params) = value.split_once(';')?;
        let params = Params::parse(params).ok()?;
        Some(Self {
            call_id: call_id.trim().to_owned(),
            to_tag: params.get("to-tag")?.to_owned(),
            from_tag: params.get("from-tag")?.to_owned(),
        })
    }
}

/// The dialog that the header fields of a URI name; an error if they name none that can be read.
pub(super) fn replaces_in(headers: &str) -> Option<Result<Replaces, ()>> {
    let mut named = headers.split('&').filter_map(|field| {
        let (name, value) = field.split_once('=').unwrap_or((field, ""));
        unescape(name)
            .is_ok_and(|name| name.eq_ignore_ascii_case("replaces"))
            .then_some(value)
    });
    let value = named.next()?;
    if named.next().is_some() {
        return Some(Err(()));
    }
    let value = unescape(value).ok();
    Some(value.and_then(|value| Replaces::parse(&value)).ok_or(()))
}

impl Switch {
    /// The side whose dialog is named.
    pub(super) fn side_replaced(&self, replaces: &Replaces) -> Option<SideId> {
        let find = |local: &str, remote: &str| {
            let key = DialogKey {
                call_id: replaces.call_id.as_str().into(),
                local_tag: local.into(),
            };
            let id = self.sides.of_dialog(&key)?;
            let side = self.sides.get(&id)?;
            // Of one that only rings, each fork has a tag of its own.
            let known = side.dialog.remote_tag.as_deref();
            known
                .map_or(side.phase.is_calling(), |tag| tag == remote)
                .then_some(id)
        };
        let (to, from) = (&replaces.to_tag, &replaces.from_tag);
        // Some phones tell the tags as they see them themselves.
        find(to, from).or_else(|| find(from, to))
    }

    /// What a phone's INVITE wants to take the place of, if it names a dialog: a call that rings elsewhere, and the
    /// status of the refusal for every other. It is never placed as an ordinary call.
    pub(super) fn replaced_by(&self, invite: &Request) -> Option<Result<CallId, u16>> {
        let mut named = invite.headers.get_all(&HeaderName::Replaces);
        let value = named.next()?;
        let replaces = Replaces::parse(value).filter(|_| named.next().is_none());
        let Some(replaces) = replaces else {
            return Some(Err(400));
        };
        let side = self.side_replaced(&replaces);
        Some(match side.and_then(|id| self.sides.get(&id)) {
            None => Err(481),
            Some(side) => match &side.owner {
                Owner::Leg(leg) if side.phase.is_calling() => Ok(leg.call.clone()),
                // Nobody takes a talk away from somebody else.
                _ => Err(603),
            },
        })
    }
}
