//! All sides, and how a message finds its own: by its dialog, or by the transaction of an INVITE that is not settled.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use madoguchi_core::id::CallId;
use madoguchi_sip::transaction::{Flow, ServerTx};

use super::dialog::DialogKey;
use super::dialog_addresses::DialogAddresses;
use super::invite_id::InviteId;
use super::side::{Phase, Side, SideId};

/// The sides of all calls. Whatever leads to a side comes and goes with it.
#[derive(Debug, Default)]
pub(super) struct Sides {
    all: HashMap<SideId, Side>,
    by_dialog: HashMap<DialogKey, SideId>,
    /// INVITEs of peers that wait for our answer, or for the ACK to it.
    by_invite: HashMap<ServerTx, SideId>,
    /// INVITEs in progress: the same request over another way is no second call (8.2.2.2).
    invites: HashSet<InviteId>,
    addresses: DialogAddresses,
    /// Somebody asks for the dialogs of calls.
    tells: bool,
    /// Call-IDs of new dialogs with the calls that they belong to.
    fresh: Vec<(Box<str>, CallId)>,
}

impl Sides {
    /// From now on [`Self::take_fresh`] tells of new dialogs.
    pub(super) fn tell_fresh(&mut self) {
        self.tells = true;
    }

    pub(super) fn take_fresh(&mut self) -> Vec<(Box<str>, CallId)> {
        std::mem::take(&mut self.fresh)
    }

    pub(super) fn insert(&mut self, id: SideId, side: Side) {
        self.addresses.add(side.dialog.flow);
        self.by_dialog.insert(side.dialog.key(), id);
        if let Phase::Incoming { tx, .. } = side.phase {
            self.by_invite.insert(tx, id);
        }
        self.invites.extend(side.invite_id.clone());
        if self.tells
            && let Some(call) = side.owner.call()
        {
            let dialog = (side.dialog.call_id.clone(), call.clone());
            self.fresh.push(dialog);
        }
        self.all.insert(id, side);
    }

    /// Takes a side out, and everything that led to it.
    pub(super) fn remove(&mut self, id: SideId) -> Option<Side> {
        let side = self.all.remove(&id)?;
        self.addresses.remove(side.dialog.flow);
        self.by_dialog.remove(&side.dialog.key());
        if let Phase::Incoming { tx, .. } | Phase::Accepted { tx, .. } = side.phase {
            self.by_invite.remove(&tx);
        }
        if let Some(tx) = side.reinvite {
            self.by_invite.remove(&tx);
        }
        if let Some(invite) = &side.invite_id {
            self.invites.remove(invite);
        }
        Some(side)
    }

    pub(super) fn get(&self, id: &SideId) -> Option<&Side> {
        self.all.get(id)
    }

    pub(super) fn get_mut(&mut self, id: &SideId) -> Option<&mut Side> {
        self.all.get_mut(id)
    }

    pub(super) fn contains_key(&self, id: &SideId) -> bool {
        self.all.contains_key(id)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&SideId, &Side)> {
        self.all.iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// How many things are remembered in all.
    pub(super) fn remembered(&self) -> usize {
        self.all.len() + self.by_dialog.len() + self.by_invite.len() + self.invites.len()
    }

    /// The side whose dialog has this name.
    pub(super) fn of_dialog(&self, key: &DialogKey) -> Option<SideId> {
        self.by_dialog.get(key).copied()
    }

    /// Whether the same INVITE goes on already.
    pub(super) fn knows_invite(&self, invite: &InviteId) -> bool {
        self.invites.contains(invite)
    }

    /// The side whose INVITE, or re-INVITE, this is, while it is not settled.
    pub(super) fn of_invite(&self, tx: ServerTx) -> Option<SideId> {
        self.by_invite.get(&tx).copied()
    }

    /// A re-INVITE of a side is answered, and waits for its ACK.
    pub(super) fn reinvited(&mut self, tx: ServerTx, id: SideId) {
        self.by_invite.insert(tx, id);
    }

    /// An INVITE is acknowledged, or given up; whose it was.
    pub(super) fn settle_invite(&mut self, tx: ServerTx) -> Option<SideId> {
        self.by_invite.remove(&tx)
    }

    /// The party of a dialog has moved.
    pub(super) fn move_to(&mut self, id: SideId, flow: Flow) {
        if let Some(side) = self.all.get_mut(&id) {
            self.addresses.remove(side.dialog.flow);
            self.addresses.add(flow);
            side.dialog.flow = flow;
        }
    }

    /// Dialogs with this address.
    pub(super) fn count_with(&self, ip: IpAddr) -> usize {
        self.addresses.count(ip)
    }

    /// Whether somebody speaks in a dialog on this flow.
    pub(super) fn is_on(&self, flow: Flow) -> bool {
        self.addresses.is_on(flow)
    }
}

#[cfg(test)]
mod tests;
