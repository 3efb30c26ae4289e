//! Answered calls that nobody acknowledged, of callers who are known by their address alone. The
//! address may be forged: such calls hear nothing, end in time (RFC 3261 13.3.1.4), and when
//! ports run short the oldest make room, so that they shut nobody out.

use super::side::{Phase, SideId};
use super::{Now, Switch};

/// An honest peer acknowledges within a few round trips; younger calls are not ended for others.
const GRACE_MS: u64 = 2_000;

impl Switch {
    /// A call of an unproven caller is answered.
    pub(super) fn note_unacknowledged(&mut self, id: SideId, now: Now) {
        while let Some((_, oldest)) = self.unacknowledged.front()
            && !self.is_unacknowledged(*oldest)
        {
            self.unacknowledged.pop_front();
        }
        self.unacknowledged.push_back((now.mono, id));
    }

    /// Ends the oldest unacknowledged call if less than a quarter of the ports is left.
    pub(super) fn make_room(&mut self, now: Now) {
        let ports = self.voice.ports();
        if ports.free() >= ports.total / 4 {
            return;
        }
        while let Some((at, id)) = self.unacknowledged.front().copied() {
            if now.mono < at + GRACE_MS && self.is_unacknowledged(id) {
                return;
            }
            self.unacknowledged.pop_front();
            if self.is_unacknowledged(id) {
                tracing::info!("an unacknowledged call ends, for ports run short");
                return self.give_up(id, now);
            }
        }
    }

    fn is_unacknowledged(&self, id: SideId) -> bool {
        let accepted = |phase: &Phase| matches!(phase, Phase::Accepted { .. });
        self.sides
            .get(&id)
            .is_some_and(|side| accepted(&side.phase))
    }

    /// As if the time for its ACK were over.
    fn give_up(&mut self, id: SideId, now: Now) {
        if let Some(side) = self.sides.get(&id)
            && let Phase::Accepted { tx, .. } = side.phase
        {
            self.transactions.acknowledged(tx);
            self.on_ack_timeout(tx, now);
        }
    }
}
