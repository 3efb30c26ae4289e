//! Offer and answer (RFC 3264): what each side hears and says.

use madoguchi_core::caller::Caller;
use madoguchi_core::event::Party;
use madoguchi_core::id::CallId;
use madoguchi_line::api::Input;
use madoguchi_metrics::metrics;
use madoguchi_sip::message::{HeaderName, Request, Response};
use madoguchi_sip::sdp::{self, Codec, Direction, Encryption, Local, Negotiated, SdpError};
use madoguchi_sip::transaction::{Flow, ServerTx};

use super::bodies::not_acceptable;
use super::capabilities::{ALLOW, SUPPORTED};
use super::challenges::Challenges;
use super::dialog::Dialog;
use super::invite_id::InviteId;
use super::refreshing::Refreshing;
use super::reliable::Reliable;
use super::sender::Sender;
use super::session_timer::{IntervalTooSmall, SessionPolicy, SessionTimer, supports_timer};
use super::side::{Owner, Phase, Side, SideId};
use super::{Now, Switch};
use crate::media::RemoteMedia;

/// Why an INVITE that came in opens no side.
pub(super) enum NotOpened {
    /// It asks for what we cannot do, and was answered so.
    Refused,
    /// No port or descriptor is left: the answer to give when the call is counted.
    NoMeans(Box<Response>),
}

impl Switch {
    /// Opens the side of an INVITE that came in.
    #[expect(
        clippy::too_many_arguments,
        reason = "all of one INVITE, taken apart by its reader"
    )]
    pub(super) fn open_incoming(
        &mut self,
        tx: ServerTx,
        flow: Flow,
        invite: Request,
        invite_id: InviteId,
        owner: Owner,
        from: &Sender,
        shown: Caller,
        now: Now,
    ) -> Result<SideId, NotOpened> {
        let trunk = match from {
            Sender::Trunk(trunk) => Some(*trunk),
            Sender::Phone(_) => None,
        };
        let keys = self.voice_keys(trunk, flow).and_then(|keys| {
            if !invite.body.is_empty() {
                sdp::check_offer(&invite.body, &keys.without_port())?;
            }
            Ok(keys)
        });
        let keys = keys.map_err(|error| {
            metrics().calls_refused.add("no_codec");
            tracing::warn!(source = %flow.remote, %error, "an offer that cannot be met is refused");
            self.answer(tx, not_acceptable(&invite, error), now);
            NotOpened::Refused
        })?;
        let timer = match SessionTimer::for_request(&invite, self.wanted_timer(), None, now.mono) {
            Ok(timer) => timer,
            Err(IntervalTooSmall) => {
                let refusal = self.interval_too_small(&invite);
                self.answer(tx, refusal, now);
                return Err(NotOpened::Refused);
            }
        };
        let tag = self.token();
        let Some(dialog) = Dialog::of_incoming(&invite, &tag, flow) else {
            self.answer(tx, invite.respond(400, None), now);
            return Err(NotOpened::Refused);
        };
        let Some((media, local_rtp)) = self.open_media_for_caller(flow, now) else {
            metrics().calls_refused.add("no_means");
            let mut response = invite.respond(503, None);
            response.set_to_tag(&tag);
            return Err(NotOpened::NoMeans(Box::new(response)));
        };
        let symmetric_rtp = match from {
            Sender::Trunk(trunk) => self
                .trunks
                .get(*trunk)
                .is_some_and(|trunk| trunk.settings.symmetric_rtp),
            Sender::Phone(_) => self.settings.phones_symmetric_rtp,
        };
        // A stream has proven its address by being there.
        let unproven =
            !flow.is_reliable() && invite.headers.get(&HeaderName::Authorization).is_none();
        let id = self.side_number();
        let sdp_id = self.number();
        let mut refreshing = Refreshing::default();
        refreshing.note_allow(&invite.headers);
        self.voice.give(media, id);
        let side = Side {
            owner,
            dialog,
            phase: Phase::Incoming {
                tx,
                invite: Box::new(invite),
            },
            media,
            local_rtp,
            sdp_id,
            sdp_version: 1,
            keys,
            description: Vec::new(),
            negotiated: None,
            on_hold: false,
            timer,
            refreshing,
            answer_in_ack: false,
            reinvite: None,
            reliable: Reliable::default(),
            early: Vec::new(),
            symmetric_rtp,
            unproven,
            challenges: Challenges::default(),
            trunk: None,
            peer: Some(from.clone()),
            tried: Vec::new(),
            heard: false,
            shown,
            quality: None,
            invite_id: Some(invite_id),
            referral: None,
        };
        self.sides.insert(id, side);
        Ok(id)
    }

    /// Answers the INVITE of a side with 200 and our description.
    pub(super) fn answer_invite(&mut self, id: SideId, now: Now) {
        if self.awaits_prack(id) {
            return;
        }
        let Some(side) = self.sides.get_mut(&id) else {
            return;
        };
        let Phase::Incoming { tx, invite } = &side.phase else {
            return;
        };
        let tx = *tx;
        let mut response = invite.respond(200, None);
        let timer_known = supports_timer(&invite.headers);
        let local = side.local_sdp();
        let answered = match (&side.negotiated, invite.body.is_empty()) {
            // Early media was agreed on already: the same description again.
            (Some(_), _) => side.description.clone(),
            (None, true) => {
                side.answer_in_ack = true;
                sdp::g711_offer(&local, None)
            }
            (None, false) => match sdp::answer(&invite.body, &local) {
                Ok((negotiated, text)) => {
                    side.negotiated = Some(negotiated);
                    text
                }
                Err(_) => return,
            },
        };
        response.set_to_tag(&side.dialog.local_tag);
        response
            .headers
            .push(HeaderName::ContentType, "application/sdp");
        response.body.clone_from(&answered);
        side.description = answered;
        side.phase = Phase::Accepted { tx, bye: false };
        if let Some(timer) = side.timer.filter(|_| timer_known) {
            response.headers.push(HeaderName::Require, "timer");
            response
                .headers
                .push(HeaderName::SessionExpires, timer.header(false));
        }
        let (media, unproven) = (side.media, side.unproven);
        let (flow, sips) = (side.dialog.flow, side.dialog.sips);
        self.finish_2xx(flow, sips, &mut response);
        self.transactions.respond(tx, &response, now.mono);
        if unproven {
            self.voice.withhold(media, true);
            self.note_unacknowledged(id, now);
        }
        self.apply_media(id);
        self.restart_session_timer(id, now);
    }

    /// What every 2xx to INVITE and UPDATE of ours carries (13.3.1.4).
    pub(super) fn finish_2xx(&self, flow: Flow, sips: bool, response: &mut Response) {
        let contact = self.contact(flow, sips);
        response.headers.push(HeaderName::Contact, contact);
        response.headers.push(HeaderName::Allow, ALLOW);
        response.headers.push(HeaderName::Supported, SUPPORTED);
    }

    /// Takes the answer of the far end, or of one fork of it, to the offer that began its side.
    pub(super) fn take_first_answer(&mut self, id: SideId, body: &[u8]) -> Result<(), SdpError> {
        if let Some(side) = self.sides.get_mut(&id) {
            let agreed = sdp::accept_answer(body, &side.local_sdp())?;
            // One way before the pick-up is early media, and no hold.
            side.negotiated = Some(agreed);
            self.apply_media(id);
        }
        Ok(())
    }

    /// Takes the peer's answer to an offer of ours inside the dialog, or in 2xx.
    pub(super) fn take_answer(&mut self, id: SideId, body: &[u8]) -> Result<(), SdpError> {
        let Some(side) = self.sides.get_mut(&id) else {
            return Ok(());
        };
        let local = side.local_sdp();
        let agreed = match &side.negotiated {
            Some(before) => sdp::accept_answer_within(body, &local, before)?,
            None => sdp::accept_answer(body, &local)?,
        };
        self.agree(id, agreed);
        Ok(())
    }

    /// Answers an offer inside the dialog (re-INVITE, UPDATE) and notices hold and its end.
    pub(super) fn take_offer(&mut self, id: SideId, offer: &[u8]) -> Result<Vec<u8>, SdpError> {
        let Some(side) = self.sides.get_mut(&id) else {
            return Err(SdpError::NoAudio);
        };
        let local = Local {
            version: side.sdp_version + 1,
            ..side.local_sdp()
        };
        let (negotiated, text) = match &side.negotiated {
            Some(before) => sdp::answer_within(offer, &local, before)?,
            None => sdp::answer(offer, &local)?,
        };
        side.sdp_version = local.version;
        side.description.clone_from(&text);
        self.agree(id, negotiated);
        Ok(text)
    }

    /// Answers an offer inside an early dialog of a fork of our INVITE. What is agreed on is the
    /// call's if this fork picks up.
    pub(super) fn take_early_offer(
        &mut self,
        id: SideId,
        tag: &str,
        offer: &[u8],
    ) -> Result<Vec<u8>, SdpError> {
        let Some(side) = self.sides.get_mut(&id) else {
            return Err(SdpError::NoAudio);
        };
        let local = Local {
            version: side.sdp_version + 1,
            ..side.local_sdp()
        };
        let mut forks = side.early.iter_mut();
        let Some(early) = forks.find(|early| early.is_of(tag)) else {
            return Err(SdpError::NoAudio);
        };
        let (negotiated, text) = sdp::answer_within(offer, &local, &early.agreed(&local)?)?;
        early.agree_anew(negotiated.clone(), &text);
        side.sdp_version = local.version;
        side.negotiated = Some(negotiated);
        self.apply_media(id);
        Ok(text)
    }

    /// Takes what was agreed on, and notices hold and its end.
    fn agree(&mut self, id: SideId, agreed: Negotiated) {
        let Some(side) = self.sides.get_mut(&id) else {
            return;
        };
        // One way before the pick-up is early media, and no hold.
        let held = holds(&agreed) && !side.phase.is_early();
        let changed = std::mem::replace(&mut side.on_hold, held) != held;
        side.negotiated = Some(agreed);
        self.apply_media(id);
        if changed {
            self.tell_hold(id, held);
        }
    }

    /// Our description for an offer of ours inside the dialog.
    pub(super) fn reoffer(&mut self, id: SideId) -> Vec<u8> {
        let Some(side) = self.sides.get_mut(&id) else {
            return Vec::new();
        };
        side.sdp_version += 1;
        let mut local = side.local_sdp();
        let codec = side.negotiated.as_ref().map(|negotiated| {
            if negotiated.srtp.is_none() {
                // What began in the clear goes on so.
                local.encryption = Encryption::Off;
            }
            negotiated.codec
        });
        side.description = sdp::g711_offer_again(&side.description, &local, codec);
        side.description.clone()
    }

    /// Tells the media of a side what was agreed on.
    pub(super) fn apply_media(&mut self, id: SideId) {
        let Some(side) = self.sides.get(&id) else {
            return;
        };
        let Some(negotiated) = &side.negotiated else {
            return;
        };
        let direction = negotiated.remote_direction;
        let remote = RemoteMedia {
            addr: negotiated.remote,
            reports: negotiated.reports,
            codec: negotiated.codec,
            payload_type: negotiated.payload_type,
            dtmf_payload_type: negotiated.dtmf_payload_type,
            send: matches!(direction, Direction::SendRecv | Direction::RecvOnly),
            receive: matches!(direction, Direction::SendRecv | Direction::SendOnly),
            symmetric_with: side.symmetric_rtp.then(|| side.dialog.flow.remote.ip()),
        };
        self.voice
            .describe(side.media, remote, negotiated.srtp.clone());
    }

    /// What the party that started a call speaks.
    pub(super) fn starter_codec(&self, call: &CallId) -> Option<Codec> {
        let side = self.sides.get(&self.starter(call)?)?;
        side.negotiated
            .as_ref()
            .map(|negotiated| negotiated.codec)
            .or_else(|| side.offered_codec())
    }

    pub(super) fn wanted_timer(&self) -> SessionPolicy {
        SessionPolicy {
            interval_secs: self.settings.session_expires_secs,
            min_secs: self.settings.min_se_secs,
        }
    }

    fn tell_hold(&mut self, id: SideId, held: bool) {
        let Some(side) = self.sides.get(&id) else {
            return;
        };
        let (call, by) = match &side.owner {
            Owner::Starter(call) => {
                let dialled = self.calls.get(call).is_some_and(|call| call.dialled);
                (
                    call.clone(),
                    if dialled { Party::Agent } else { Party::Caller },
                )
            }
            Owner::Leg(leg) => (leg.call.clone(), Party::Agent),
            Owner::Far(call) => (call.clone(), Party::Caller),
            Owner::Feature | Owner::Nobody => return,
        };
        self.tell_engine(if held {
            Input::Held { call, by }
        } else {
            Input::Resumed { call, by }
        });
    }
}

impl Side {
    pub(super) fn local_sdp(&self) -> Local {
        Local {
            session_id: self.sdp_id,
            version: self.sdp_version,
            rtp: self.local_rtp,
            encryption: self.keys.encryption,
            secret: self.keys.secret,
        }
    }

    /// The first codec of the offer that is not answered yet.
    fn offered_codec(&self) -> Option<Codec> {
        let Phase::Incoming { invite, .. } = &self.phase else {
            return None;
        };
        sdp::answer(&invite.body, &self.local_sdp())
            .ok()
            .map(|(negotiated, _)| negotiated.codec)
    }
}

/// The peer wants to hear nothing: hold (RFC 3264 8.4).
fn holds(negotiated: &Negotiated) -> bool {
    matches!(
        negotiated.remote_direction,
        Direction::SendOnly | Direction::Inactive
    )
}
