//! One side of a call: a dialog with a phone or a trunk, and its media.

use std::net::SocketAddr;

use madoguchi_core::caller::Caller;
use madoguchi_core::id::CallId;
use madoguchi_core::quality::VoiceQuality;
use madoguchi_line::api::LegId;
use madoguchi_sip::message::Request;
use madoguchi_sip::sdp::Negotiated;
use madoguchi_sip::transaction::{ClientTx, ServerTx};

use super::challenges::Challenges;
use super::dialog::Dialog;
use super::early::EarlyDialog;
use super::invite_id::InviteId;
use super::referral::Referral;
use super::refreshing::Refreshing;
use super::reliable::Reliable;
use super::route::Peer;
use super::sender::Sender;
use super::session_timer::SessionTimer;
use super::trunks::TrunkKey;
use super::voice_keys::VoiceKeys;
use crate::media::SessionId;

/// Names a side within the endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct SideId(pub(super) u64);

/// Whose side it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Owner {
    /// The party that started the call: a caller, or an agent who dials.
    Starter(CallId),
    /// A phone of an agent who is rung for a queued call.
    Leg(LegId),
    /// The far end of a dialled call.
    Far(CallId),
    /// A phone that dialled a feature code and hears its confirmation.
    Feature,
    /// Nobody any more: it only waits for its last messages.
    Nobody,
}

impl Owner {
    /// The call that the side belongs to.
    pub(super) fn call(&self) -> Option<&CallId> {
        match self {
            Self::Starter(call) | Self::Far(call) => Some(call),
            Self::Leg(leg) => Some(&leg.call),
            Self::Feature | Self::Nobody => None,
        }
    }
}

/// Where the dialog stands.
#[derive(Debug)]
pub(super) enum Phase {
    /// Its INVITE has no final answer from us yet.
    Incoming { tx: ServerTx, invite: Box<Request> },
    /// We sent 2xx and wait for ACK; `bye` says that BYE follows the ACK (15.1.1).
    Accepted { tx: ServerTx, bye: bool },
    /// Our INVITE has no final answer yet.
    Calling { tx: ClientTx, invite: Box<Request> },
    /// Both have what they need.
    Confirmed,
}

/// One side of a call.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) owner: Owner,
    pub(super) dialog: Dialog,
    pub(super) phase: Phase,
    pub(super) media: SessionId,
    pub(super) local_rtp: SocketAddr,
    /// The `o=` session id and version of our descriptions.
    pub(super) sdp_id: u64,
    pub(super) sdp_version: u64,
    /// How its voice is encrypted.
    pub(super) keys: VoiceKeys,
    /// Our last description, as it was sent.
    pub(super) description: Vec<u8>,
    /// What offer and answer agreed on, once they did.
    pub(super) negotiated: Option<Negotiated>,
    /// The peer has put us on hold.
    pub(super) on_hold: bool,
    pub(super) timer: Option<SessionTimer>,
    /// Where our own refreshing of the session stands.
    pub(super) refreshing: Refreshing,
    /// An offer of ours awaits its answer in the ACK.
    pub(super) answer_in_ack: bool,
    /// A re-INVITE of the peer that we accepted and that is not acknowledged yet.
    pub(super) reinvite: Option<ServerTx>,
    /// Our provisional responses that must be acknowledged.
    pub(super) reliable: Reliable,
    /// The forks of our INVITE that have not picked up.
    pub(super) early: Vec<EarlyDialog>,
    /// Its voice may come from elsewhere than it says (RFC 4961).
    pub(super) symmetric_rtp: bool,
    /// Its INVITE came from an address, which may be forged, and nothing more: it hears nothing
    /// before its ACK.
    pub(super) unproven: bool,
    /// The carrier's challenges to its INVITE.
    pub(super) challenges: Challenges,
    /// The trunk it goes out through, for its credentials and limits.
    pub(super) trunk: Option<TrunkKey>,
    /// Who is at the other end, as far as it is proven: it may prove itself again from elsewhere.
    pub(super) peer: Option<Sender>,
    /// The addresses of the trunk that its INVITE went to, the last one last.
    pub(super) tried: Vec<Peer>,
    /// Somebody at the last one answered, if only 100.
    pub(super) heard: bool,
    /// How well its voice came through until now, if there was any.
    pub(super) quality: Option<VoiceQuality>,
    /// The party, as other parties are shown it.
    pub(super) shown: Caller,
    /// What keeps the same INVITE over another way from being a second call.
    pub(super) invite_id: Option<InviteId>,
    /// The transfer that its phone asked for, while it goes on.
    pub(super) referral: Option<Referral>,
}
