//! An outbound call whose trunk does not take it at one address goes to the next (RFC 3263 4.3).

use madoguchi_sip::message::{HeaderName, Response};

use super::challenges::{Challenges, forget_proof};
use super::route::retry_after_secs;
use super::side::SideId;
use super::{Now, Switch};

impl Switch {
    /// The INVITE of a side was not answered, or with 503: its address is avoided for a while (as
    /// long as it asked for), and the INVITE goes to the next one. `false` if there is none.
    pub(super) fn trunk_failed(
        &mut self,
        id: SideId,
        refusal: Option<&Response>,
        now: Now,
    ) -> bool {
        let Some(side) = self.sides.get(&id) else {
            return false;
        };
        let (Some(key), Some(peer)) = (side.trunk, side.tried.last().copied()) else {
            return false;
        };
        // Who rings or has rung is no reason to call anew.
        if refusal.is_none() && side.heard {
            return false;
        }
        let tried = side.tried.clone();
        let is_v4 = side.local_rtp.is_ipv4();
        let Some(trunk) = self.trunks.get_mut(key) else {
            return false;
        };
        let name = &trunk.settings.name;
        match refusal.map(retry_after_secs) {
            Some(Some(secs)) => {
                tracing::warn!(trunk = %name, peer = %peer.addr, secs, "the trunk asks to be left alone");
                trunk.route.asked_to_wait(peer, secs, now.mono);
            }
            Some(None) | None => {
                tracing::warn!(trunk = %name, peer = %peer.addr, "the trunk does not take a call");
                trunk.route.silent(peer, now.mono);
            }
        }
        let next = trunk.route.best_beside(&tried, now.mono);
        // The description names an address of one family.
        let Some(next) = next.filter(|next| next.addr.is_ipv4() == is_v4) else {
            return false;
        };
        let Some(flow) = self
            .trunks
            .get(key)
            .and_then(|trunk| self.trunk_flow(trunk, next))
        else {
            return false;
        };
        let sips = self.sides.get(&id).is_some_and(|side| side.dialog.sips);
        let contact = self.contact(flow, sips);
        self.sides.move_to(id, flow);
        let Some(side) = self.sides.get_mut(&id) else {
            return false;
        };
        side.tried.push(next);
        side.heard = false;
        side.challenges = Challenges::default();
        side.early.clear();
        let sent = self.repeat_invite(id, now, |invite| {
            invite.headers.set(HeaderName::Contact, contact);
            forget_proof(&mut invite.headers);
        });
        if sent {
            self.watch_trunk(id, now);
        }
        sent
    }

    /// Nothing came back from an address of the trunk, not even 100.
    pub(super) fn on_trunk_silent(&mut self, id: SideId, now: Now) {
        let Some(side) = self.sides.get(&id).filter(|side| !side.heard) else {
            return;
        };
        let super::side::Phase::Calling { tx, .. } = &side.phase else {
            return;
        };
        let tx = *tx;
        let others = side.trunk.and_then(|trunk| self.trunks.get(trunk));
        let others = others.and_then(|trunk| trunk.route.best_beside(&side.tried, now.mono));
        if others.is_none() {
            // It is waited for as long as the transaction lasts.
            return;
        }
        if self.trunk_failed(id, None, now) {
            // Whatever still comes of it is not wanted any more.
            self.purposes.remove(&tx);
            self.transactions.cancel(tx, now.mono);
        }
    }
}
