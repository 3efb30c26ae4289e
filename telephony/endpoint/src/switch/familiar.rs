//! Whom we know by where they speak from, and where the parties of dialogs do.

use madoguchi_metrics::metrics;
use madoguchi_sip::message::{HeaderName, Message, Request};
use madoguchi_sip::transaction::{Flow, ServerTx, Way};

use super::interface::Acquaintance;
use super::sender::Sender;
use super::side::SideId;
use super::{Now, Switch};

/// The most requests that are remembered until their transactions end, in all: some 1,200 new
/// calls a second leave 80,000.
const TRANSACTIONS_AT_MOST: usize = 200_000;
/// Those that one address of a trunk may begin, so that another trunk still can.
const TRANSACTIONS_A_TRUNK_AT_MOST: usize = 100_000;
/// Those that one address with phones may begin; many may stand behind it.
const TRANSACTIONS_AN_ADDRESS_AT_MOST: usize = 4_096;
/// The most that answers may take that are kept to be sent again.
const KEPT_BYTES_AT_MOST: usize = 64 << 20;
/// Calls at once from one address with phones.
const DIALOGS_AN_ADDRESS_AT_MOST: usize = 1_024;
/// How long whoever is refused for lack of room is asked to wait.
const RETRY_AFTER_SECS: u32 = 10;

/// Where a request inside a dialog comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Where the dialog lives.
    AtHome,
    /// From elsewhere, but its party can prove itself.
    MustProve,
    /// From elsewhere.
    Stranger,
}

impl Switch {
    /// Trunks and registered phones, by where they speak from.
    pub(super) fn is_familiar(&self, flow: Flow) -> bool {
        self.trunks.of_source(flow).is_some() || self.bindings.knows_source(flow)
    }

    /// How well whoever speaks on this flow is known.
    pub fn acquaintance(&self, flow: Flow) -> Acquaintance {
        if self.is_familiar(flow) || self.sides.is_on(flow) {
            Acquaintance::Kept
        } else if self.sides.count_with(flow.remote.ip()) > 0 {
            Acquaintance::Neighbour
        } else {
            Acquaintance::Stranger
        }
    }

    /// Whether messages of this flow are not heard, but for a few ([`Self::is_reserved`]): too many of unknown origin came from its
    /// address. Trunks, registered phones and whoever is in a call are always heard: a trunk or
    /// phone that is not in the settings any more may still be in one.
    pub(super) fn is_ignored(&self, flow: Flow, now: Now) -> bool {
        self.guard.ignores(flow, now.mono) && self.acquaintance(flow) == Acquaintance::Stranger
    }

    /// Whether a message is heard though its address is ignored: whoever forges an address must
    /// not keep out who is there.
    pub(super) fn is_reserved(&self, flow: Flow, message: &Message, now: Now) -> bool {
        let Message::Request(request) = message else {
            return false;
        };
        let reserve = self.reserve_of(flow, request, now);
        reserve.is_some_and(|reserve| self.guard.has_reserve(reserve, flow, now.mono))
    }

    /// Starts the transaction of a request that began something; if there is no room for it, it
    /// is answered with 503.
    pub(super) fn begin(&mut self, flow: Flow, request: &Request, now: Now) -> Option<ServerTx> {
        let is_in_dialog = request.to().is_some_and(|to| to.tag().is_some());
        if self.has_room(flow, is_in_dialog) {
            return self.transactions.accept(flow, request, now.mono);
        }
        let rejected = &metrics().sip_requests_rejected;
        rejected.add("no_room");
        // The first, and then fewer and fewer: a flood must not fill the log.
        if rejected.get("no_room").is_power_of_two() {
            let method = &request.method;
            tracing::error!(source = %flow.remote.ip(), %method, "no room for one more request; it is refused");
        }
        let mut response = request.respond(503, None);
        response
            .headers
            .push(HeaderName::RetryAfter, RETRY_AFTER_SECS.to_string());
        self.answer_without_state(flow, request, response);
        None
    }

    /// Calls that go on are served when no new ones are.
    fn has_room(&self, flow: Flow, is_in_dialog: bool) -> bool {
        let ip = flow.remote.ip();
        let load = self.transactions.server_load(ip);
        if is_in_dialog {
            return load.in_all < TRANSACTIONS_AT_MOST;
        }
        let (of_source, dialogs) = if self.trunks.of_source(flow).is_some() {
            (TRANSACTIONS_A_TRUNK_AT_MOST, usize::MAX)
        } else {
            (TRANSACTIONS_AN_ADDRESS_AT_MOST, DIALOGS_AN_ADDRESS_AT_MOST)
        };
        load.in_all < TRANSACTIONS_AT_MOST / 5 * 4
            && load.of_source < of_source
            && load.kept_bytes < KEPT_BYTES_AT_MOST
            && self.sides.count_with(ip) < dialogs
    }

    /// Where a request comes from that claims to belong to the dialog of this side. Tags can be
    /// overheard: whoever can prove itself must, unless it speaks from where it spoke before.
    pub(super) fn standing(&self, id: SideId, flow: Flow) -> Standing {
        let Some(side) = self.sides.get(&id) else {
            return Standing::Stranger;
        };
        let home = side.dialog.flow;
        // Nobody changes what was said encrypted but by the same means, and as the same peer.
        let as_safe = match (home.way, flow.way) {
            (Way::Tls { proven: None }, way) => matches!(way, Way::Tls { .. }),
            (home @ Way::Tls { .. }, way) => way == home,
            _ => true,
        };
        if as_safe && flow.remote == home.remote && flow.is_carried_as(home) {
            return Standing::AtHome;
        }
        let same_ip = flow.remote.ip().to_canonical() == home.remote.ip().to_canonical();
        let near = same_ip && as_safe;
        match &side.peer {
            Some(Sender::Phone(extension)) if self.can_prove_itself(extension) => {
                if self.bindings.is_at(extension, flow) {
                    Standing::AtHome
                } else {
                    Standing::MustProve
                }
            }
            // A carrier may speak from any of its addresses and ports.
            Some(Sender::Trunk(key)) => {
                let gone = self.trunks.get(*key).is_none();
                let found = self.trunks.of_source(flow);
                let inbound = self
                    .trunks
                    .get(*key)
                    .and_then(|trunk| trunk.settings.inbound_auth.as_ref());
                match (found, inbound) {
                    _ if near => Standing::AtHome,
                    (Some(found), _) if as_safe && (found == *key || gone) => Standing::AtHome,
                    (_, Some(_)) => Standing::MustProve,
                    _ => Standing::Stranger,
                }
            }
            _ if near => Standing::AtHome,
            _ => Standing::Stranger,
        }
    }

    fn can_prove_itself(&self, extension: &str) -> bool {
        let phone = self.phones.get(extension);
        phone.is_some_and(|phone| !phone.secrets.is_empty())
    }

    /// Whether whoever sends this may act in the dialog of a side. If not, the request is
    /// answered here.
    pub(super) fn may_act(&mut self, id: SideId, flow: Flow, request: &Request, now: Now) -> bool {
        match self.standing(id, flow) {
            Standing::AtHome => true,
            Standing::Stranger => {
                metrics().sip_requests_rejected.add("not_in_dialog");
                // The same as if there were no such dialog.
                if self.may_answer(flow, now) {
                    let method = &request.method;
                    self.answer_without_state(flow, request, request.respond(481, None));
                    tracing::warn!(source = %flow.remote, %method, "a stranger claims to be in a call");
                }
                false
            }
            Standing::MustProve => {
                let Some(sender) = self.prove(flow, request, now) else {
                    return false;
                };
                let is_party = self
                    .sides
                    .get(&id)
                    .is_some_and(|side| side.peer == Some(sender));
                if !is_party {
                    self.refuse(flow, request, request.respond(403, None), now);
                }
                is_party
            }
        }
    }
}
