//! Handing a caller on from the agent's phone: REFER (RFC 3515) as a blind or an attended transfer (RFC 5589 6
//! and 7), with its implicit subscription. A REFER is never relayed: the desk itself rings or calls whom it names,
//! so that nothing loops and the call is counted once.

use madoguchi_core::id::{AgentId, CallId, LineName};
use madoguchi_core::live::HandOnTo;
use madoguchi_line::api::{DialTarget, Input, LegFailure, LegId};
use madoguchi_sip::header::NameAddr;
use madoguchi_sip::message::{HeaderName, Method, Request};
use madoguchi_sip::transaction::ServerTx;
use madoguchi_sip::uri::{Scheme, Uri};

use super::call::{BridgeOf, Leg};
use super::incoming::not_allowed;
use super::outward::Meant;
use super::referral::Referral;
use super::replaces::{Replaces, replaces_in};
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
            Self::Over(Some(LegFailure::Forbidden)) => "SIP/2.0 403 Forbidden\r\n",
        }
    }

    fn subscription(self) -> String {
        match self {
            Self::Trying => format!("active;expires={SUBSCRIPTION_SECS}"),
            Self::Over(_) => "terminated;reason=noresource".to_owned(),
        }
    }
}

/// Where a caller is to go.
#[derive(Debug)]
enum Wish {
    Agent(AgentId),
    Line(LineName),
    /// To whoever fetches them.
    Park,
    /// To somebody outside, as far as the rules allow it.
    Outside(DialTarget),
    /// To whoever is at the other end of this call.
    Asked(CallId),
}

impl Switch {
    /// An agent's phone hands its caller on.
    pub(super) fn on_refer(&mut self, tx: ServerTx, id: SideId, request: &Request, now: Now) {
        let (leg, wish) = match self.hand_on_to(id, request) {
            Ok(found) => found,
            Err(status) => {
                tracing::warn!(status, "a call cannot be handed on so");
                return self.answer(tx, not_allowed(request, status), now);
            }
        };
        let hears = request.headers.get(&HeaderName::ReferSub);
        let told =
            !hears.is_some_and(|hears| hears.trim().to_ascii_lowercase().starts_with("false"));
        let mut accepted = request.respond(202, None);
        if let Wish::Asked(consult) = &wish
            && let Some(call) = self.calls.get_mut(consult)
        {
            call.handed_over = true;
        }
        let winner = self.legs.get(&leg).and_then(|leg| leg.winner);
        if let Some(side) = winner.and_then(|winner| self.sides.get_mut(&winner)) {
            side.referral = Some(Referral {
                asked_in: id,
                seq: request.cseq().map_or(0, |cseq| cseq.seq),
                told,
            });
        }
        let Some(side) = self.sides.get(&id) else {
            return;
        };
        let (flow, sips) = (side.dialog.flow, side.dialog.sips);
        let contact = self.contact(flow, sips);
        accepted.headers.push(HeaderName::Contact, contact);
        if !told {
            accepted.headers.push(HeaderName::ReferSub, "false");
        }
        self.answer(tx, accepted, now);
        self.notify(&leg, Told::Trying, now);
        let call = leg.call;
        let outbound = self.new_call(now);
        self.tell_engine(match wish {
            Wish::Outside(target) => Input::TransferOutside {
                call,
                outbound,
                target,
            },
            Wish::Agent(agent) => Input::TransferToAgent { call, agent },
            Wish::Line(line) => Input::TransferToLine { call, line },
            Wish::Park => Input::Park { call },
            Wish::Asked(consult) => Input::HandOver { call, consult },
        });
    }

    /// Whose caller is handed on to whom; the status of the refusal where that cannot be.
    fn hand_on_to(&self, id: SideId, request: &Request) -> Result<(LegId, Wish), u16> {
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
        if let Some(replaces) = uri.headers.as_deref().and_then(replaces_in) {
            return self.over_to(id, &replaces.map_err(|()| 400u16)?);
        }
        // Only who talks with a caller of a line has somebody to hand on.
        let Owner::Leg(leg) = &side.owner else {
            return Err(405);
        };
        self.may_hand_on(id, leg)?;
        let number = Uri {
            headers: None,
            ..uri
        };
        let number = number.subscriber().number;
        let Some(Sender::Phone(own)) = &side.peer else {
            return Err(603);
        };
        if number == *own {
            return Err(603);
        }
        let agent = self.phones.get(own).map(|phone| &phone.agent);
        let meant = agent.and_then(|agent| self.meant_by(agent, &number));
        let wish = match meant.ok_or(404u16)? {
            Meant::Desk(HandOnTo::Agent(agent)) => Wish::Agent(agent),
            Meant::Desk(HandOnTo::Line(line)) => Wish::Line(line),
            Meant::Desk(HandOnTo::Park) => Wish::Park,
            // Judged by the engine, as what agents dial.
            Meant::Outside(target) => Wish::Outside(target),
            Meant::Desk(HandOnTo::Number(_) | HandOnTo::Asked) => return Err(404),
        };
        Ok((leg.clone(), wish))
    }

    /// An attended transfer: the dialog with the caller and the one with the colleague are named, in either
    /// order, by the phone that has both.
    fn over_to(&self, id: SideId, replaces: &Replaces) -> Result<(LegId, Wish), u16> {
        let other = self.side_replaced(replaces).ok_or(481u16)?;
        let (here, there) = (self.sides.get(&id), self.sides.get(&other));
        let (here, there) = (here.ok_or(481u16)?, there.ok_or(481u16)?);
        if here.peer.is_none() || here.peer != there.peer {
            return Err(603);
        }
        match (&here.owner, &there.owner) {
            (Owner::Leg(leg), Owner::Starter(consult)) => {
                self.may_hand_on(id, leg)?;
                Ok((leg.clone(), Wish::Asked(consult.clone())))
            }
            (Owner::Starter(consult), Owner::Leg(leg)) => {
                self.may_hand_on(other, leg)?;
                Ok((leg.clone(), Wish::Asked(consult.clone())))
            }
            _ => Err(603),
        }
    }

    /// Whether the agent at this side talks with a caller whom nobody is handing on yet.
    fn may_hand_on(&self, id: SideId, leg: &LegId) -> Result<(), u16> {
        let side = self.sides.get(&id).ok_or(481u16)?;
        let talks = matches!(side.phase, Phase::Confirmed)
            && self
                .calls
                .get(&leg.call)
                .is_some_and(|call| call.bridged == Some(id));
        match (talks, &side.referral) {
            (false, _) => Err(603),
            (true, Some(_)) => Err(491),
            (true, None) => Ok(()),
        }
    }

    /// What became of the transfer that the agent of a leg asked for.
    pub(super) fn transfer_over(&mut self, leg: &LegId, failure: Option<LegFailure>, now: Now) {
        // The screen of the agent says so, too.
        self.dirty = true;
        self.notify(leg, Told::Over(failure), now);
        let winner = self.legs.get(leg).and_then(|leg| leg.winner);
        if let Some(side) = winner.and_then(|winner| self.sides.get_mut(&winner)) {
            side.referral = None;
        }
    }

    /// The colleague does not get the caller: the call to them goes on, unless its starter is gone.
    pub(super) fn keep_consultation(&mut self, consult: &CallId, now: Now) {
        let Some(call) = self.calls.get_mut(consult) else {
            return;
        };
        call.handed_over = false;
        if self.sides.contains_key(&call.starter) {
            return;
        }
        let call = consult.clone();
        self.end_far(&call, now);
        self.calls.remove(&call);
        self.tell_engine(Input::CallerHungUp { call });
    }

    /// The colleague at the far end of a consultation is the attempt of another call from now on.
    pub(super) fn adopt(&mut self, leg: LegId, consult: &CallId, now: Now) {
        let far = self.calls.remove(consult).and_then(|call| {
            self.voice.forget_bridge(&BridgeOf::Far(consult.clone()));
            if call.beside.is_none() {
                self.dismiss(call.starter, now);
            }
            call.far.first().copied()
        });
        let Some((id, side)) = far.and_then(|id| Some((id, self.sides.get_mut(&id)?))) else {
            return self.tell_engine(Input::LegEnded { leg });
        };
        side.owner = Owner::Leg(leg.clone());
        self.legs.insert(
            leg,
            Leg {
                sides: vec![id],
                winner: Some(id),
            },
        );
    }

    /// Ends the dialog of an agent with a colleague who has the caller now.
    pub(super) fn dismiss(&mut self, starter: SideId, now: Now) {
        let asked_here = |leg: &&LegId| {
            let winner = self.legs.get(*leg).and_then(|leg| leg.winner);
            let side = winner.and_then(|winner| self.sides.get(&winner));
            let referral = side.and_then(|side| side.referral.as_ref());
            referral.is_some_and(|referral| referral.asked_in == starter)
        };
        // The phone is told in this dialog, which is about to end.
        if let Some(leg) = self.legs.keys().find(asked_here).cloned() {
            self.notify(&leg, Told::Over(None), now);
        }
        self.end_side(starter, now);
    }

    /// Tells a phone how its REFER stands.
    fn notify(&mut self, leg: &LegId, told: Told, now: Now) {
        let winner = self.legs.get(leg).and_then(|leg| leg.winner);
        let side = winner.and_then(|winner| self.sides.get(&winner));
        let referral = side.and_then(|side| side.referral.as_ref());
        let Some((id, seq)) = referral
            .filter(|referral| referral.told)
            .map(|referral| (referral.asked_in, referral.seq))
        else {
            return;
        };
        let Some(side) = self.sides.get_mut(&id) else {
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
