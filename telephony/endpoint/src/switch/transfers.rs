//! Handing a caller on from the agent's phone: REFER (RFC 3515) as a blind transfer (RFC 5589 6), with its
//! implicit subscription. A REFER is never relayed: the desk itself rings the colleague, so that
//! nothing loops and the call is counted once.

use madoguchi_core::id::AgentId;
use madoguchi_line::api::{Input, LegFailure, LegId};
use madoguchi_sip::header::NameAddr;
use madoguchi_sip::message::{HeaderName, Method, Request};
use madoguchi_sip::transaction::ServerTx;
use madoguchi_sip::uri::{Params, Scheme, Uri};

use super::dialog::DialogKey;
use super::incoming::not_allowed;
use super::referral::Referral;
use super::sender::Sender;
use super::side::{Owner, Phase, SideId};
use super::{Now, Switch};

/// For so long a phone is told what becomes of its REFER, at the most; the ringing ends long before.
const SUBSCRIPTION_SECS: u32 = 180;
/// The content type of what NOTIFY tells (RFC 3420).
const FRAGMENT: &str = "message/sipfrag;version=2.0";

/// What a NOTIFY tells.
#[derive(Debug, Clone, Copy)]
enum Told {
    Trying,
    Over(Option<LegFailure>),
}

impl Told {
    /// The status line of the call to the colleague, as far as the phone needs to know.
    fn status_line(self) -> &'static str {
        match self {
            Self::Trying => "SIP/2.0 100 Trying\r\n",
            Self::Over(None) => "SIP/2.0 200 OK\r\n",
            Self::Over(Some(LegFailure::Declined)) => "SIP/2.0 486 Busy Here\r\n",
            Self::Over(Some(LegFailure::Unreachable)) => "SIP/2.0 480 Temporarily Unavailable\r\n",
            Self::Over(Some(LegFailure::NoAnswer)) => "SIP/2.0 408 Request Timeout\r\n",
        }
    }

    fn subscription(self) -> String {
        match self {
            Self::Trying => format!("active;expires={SUBSCRIPTION_SECS}"),
            Self::Over(_) => "terminated;reason=noresource".to_owned(),
        }
    }
}

impl Switch {
    /// An agent's phone hands its caller on.
    pub(super) fn on_refer(&mut self, tx: ServerTx, id: SideId, request: &Request, now: Now) {
        let (leg, agent) = match self.hand_on_to(id, request) {
            Ok(found) => found,
            Err(status) => {
                tracing::warn!(status, "a call cannot be handed on so");
                return self.answer(tx, not_allowed(request, status), now);
            }
        };
        let wish = request.headers.get(&HeaderName::ReferSub);
        let told = !wish.is_some_and(|wish| wish.trim().to_ascii_lowercase().starts_with("false"));
        let mut accepted = request.respond(202, None);
        let Some(side) = self.sides.get_mut(&id) else {
            return;
        };
        side.referral = Some(Referral {
            seq: request.cseq().map_or(0, |cseq| cseq.seq),
            told,
        });
        let (flow, sips) = (side.dialog.flow, side.dialog.sips);
        let contact = self.contact(flow, sips);
        accepted.headers.push(HeaderName::Contact, contact);
        if !told {
            accepted.headers.push(HeaderName::ReferSub, "false");
        }
        self.answer(tx, accepted, now);
        self.notify(id, Told::Trying, now);
        self.tell_engine(Input::TransferToAgent {
            call: leg.call,
            agent,
        });
    }

    /// Whose caller is handed on to whom; the status of the refusal where that cannot be.
    fn hand_on_to(&self, id: SideId, request: &Request) -> Result<(LegId, AgentId), u16> {
        let side = self.sides.get(&id).ok_or(481u16)?;
        let mut targets = request.headers.list(&HeaderName::ReferTo);
        let (Some(target), None) = (targets.next(), targets.next()) else {
            return Err(400);
        };
        let target: NameAddr = target.parse().map_err(|_| 400u16)?;
        let uri: Uri = target.uri;
        if matches!(uri.scheme, Scheme::Other(_)) {
            return Err(416);
        }
        // Only who talks with a caller of a line has somebody to hand on.
        let Owner::Leg(leg) = &side.owner else {
            return Err(405);
        };
        let talks = matches!(side.phase, Phase::Confirmed)
            && self
                .calls
                .get(&leg.call)
                .is_some_and(|call| call.bridged == Some(id));
        if !talks {
            return Err(603);
        }
        if side.referral.is_some() {
            return Err(491);
        }
        // An attended transfer names the dialog that is to be replaced: that is not known here.
        if uri.headers.is_some_and(|headers| names_replaces(&headers)) {
            return Err(603);
        }
        let number = Uri {
            headers: None,
            ..uri
        };
        let number = number.subscriber().number;
        let own = |phone: &str| side.peer == Some(Sender::Phone(phone.to_owned()));
        match self.phones.get(&number) {
            Some(phone) if own(&phone.extension) => Err(603),
            Some(phone) => Ok((leg.clone(), phone.agent.clone())),
            // A line's number, or one outside: nobody is called on behalf of a caller.
            None => Err(403),
        }
    }

    /// The status with which a phone's INVITE is refused that wants to take the place of a dialog
    /// (RFC 3891 3): it is never placed as an ordinary call.
    pub(super) fn refuse_replaces(&self, invite: &Request) -> Option<u16> {
        let mut named = invite.headers.get_all(&HeaderName::Replaces);
        let value = named.next()?;
        if named.next().is_some() {
            return Some(400);
        }
        let (call_id, params) = value.split_once(';').unwrap_or((value, ""));
        let Ok(params) = Params::parse(params) else {
            return Some(400);
        };
        let (Some(local_tag), Some(_)) = (params.get("to-tag"), params.get("from-tag")) else {
            return Some(400);
        };
        let key = DialogKey {
            call_id: call_id.trim().into(),
            local_tag: local_tag.into(),
        };
        // Picking up and joining are not known here.
        let is_known = self.side_by_dialog.contains_key(&key);
        Some(if is_known { 603 } else { 481 })
    }

    /// What became of the transfer that the agent of a leg asked for.
    pub(super) fn transfer_over(&mut self, leg: &LegId, failure: Option<LegFailure>, now: Now) {
        let Some(id) = self.legs.get(leg).and_then(|leg| leg.winner) else {
            return;
        };
        self.notify(id, Told::Over(failure), now);
        if let Some(side) = self.sides.get_mut(&id) {
            side.referral = None;
        }
    }

    /// Tells a phone how its REFER stands.
    fn notify(&mut self, id: SideId, told: Told, now: Now) {
        let Some(side) = self.sides.get_mut(&id) else {
            return;
        };
        let Some(seq) = side
            .referral
            .as_ref()
            .filter(|referral| referral.told)
            .map(|referral| referral.seq)
        else {
            return;
        };
        let mut notify = side.dialog.request(Method::Notify);
        let (flow, sips) = (side.dialog.flow, side.dialog.sips);
        let headers = &mut notify.headers;
        headers.push(HeaderName::Contact, self.contact(flow, sips));
        headers.push(HeaderName::Event, format!("refer;id={seq}"));
        headers.push(HeaderName::SubscriptionState, told.subscription());
        headers.push(HeaderName::ContentType, FRAGMENT);
        notify.body = told.status_line().as_bytes().to_vec();
        self.send_in_dialog(Some(id), flow, notify, now);
    }
}

/// Whether the header fields of a URI name a dialog to be replaced (RFC 3891).
fn names_replaces(headers: &str) -> bool {
    headers.split('&').any(|field| {
        let name = field.split('=').next().unwrap_or_default();
        name.eq_ignore_ascii_case("replaces")
    })
}
