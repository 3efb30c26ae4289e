//! Requests that we send: new calls to phones and trunks, and requests inside dialogs.

use std::net::SocketAddr;

use madoguchi_core::caller::Caller;
use madoguchi_sip::header::Via;
use madoguchi_sip::message::{HeaderName, Headers, Method, Request};
use madoguchi_sip::sdp::{self, Codec, Local};
use madoguchi_sip::transaction::{Flow, Way};
use madoguchi_sip::uri::{Host, Scheme, Uri};

use super::capabilities::ALLOW;
use super::challenges::Challenges;
use super::dialog::Dialog;
use super::purpose::Purpose;
use super::refreshing::Refreshing;
use super::reliable::{self, Reliable};
use super::sender::Sender;
use super::side::{Owner, Phase, Side, SideId};
use super::trunk_identity::Identity;
use super::trunks::{TrunkKey, TrunkState};
use super::{Now, Peer, Switch, Wake};
use crate::media::SessionId;
use crate::settings::Transport;

/// At the most this part of the ports is kept for phones that are rung.
const KEPT_SHARE: usize = 4;

/// An address of a trunk that has not even said 100 for so long is given up for another one.
const TRUNK_SILENT_MS: u64 = 4_000;

/// Where a new call goes.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) uri: Uri,
    pub(super) flow: Flow,
    /// The proxies that it goes through.
    pub(super) route: Vec<String>,
    /// The extension of the phone that is there.
    pub(super) phone: Option<String>,
}

/// A call that we are about to place.
#[derive(Debug)]
pub(super) struct NewSide {
    pub(super) owner: Owner,
    pub(super) target: Target,
    /// Who the far end is shown.
    pub(super) from: Caller,
    /// What the other party speaks, offered first.
    pub(super) codec: Option<Codec>,
    /// The trunk it goes out through, and which of its addresses.
    pub(super) trunk: Option<(TrunkKey, Peer)>,
}

impl Switch {
    /// Sends an INVITE and opens the side; `None` (logged) if no media port is free.
    pub(super) fn call_out(&mut self, new: NewSide, now: Now) -> Option<SideId> {
        let Target {
            uri,
            flow,
            route,
            phone,
        } = new.target;
        let trunk = new.trunk.map(|(trunk, _)| trunk);
        let keys = self.voice_keys(trunk, flow);
        let keys = keys.inspect_err(|error| {
            tracing::warn!(%error, "nobody is called in clear text whose voice must be encrypted");
        });
        let keys = keys.ok()?;
        let (media, local_rtp) = self.open_media(flow)?;
        let id = self.side_number();
        let dialled = uri.subscriber();
        let mut invite = self.first_invite(&uri, flow, &new.from, trunk);
        for proxy in route {
            invite.headers.push(HeaderName::Route, proxy);
        }
        let sdp_id = self.number();
        let local = Local {
            session_id: sdp_id,
            version: 1,
            rtp: local_rtp,
            ..keys.without_port()
        };
        let description = sdp::g711_offer(&local, new.codec);
        invite
            .headers
            .push(HeaderName::ContentType, "application/sdp");
        invite.body.clone_from(&description);
        self.add_session_timer_wish(&mut invite.headers);
        if new.trunk.is_some() {
            // Carriers tell what matters reliably, to those who know how (RFC 3262).
            invite.headers.push(HeaderName::Supported, reliable::OPTION);
        }
        let symmetric_rtp = match trunk.and_then(|trunk| self.trunks.get(trunk)) {
            Some(trunk) => trunk.settings.symmetric_rtp,
            None => self.settings.phones_symmetric_rtp,
        };
        let dialog = Dialog::of_outgoing(&invite, flow)?;
        let tx = self.transactions.request(flow, &invite, now.mono)?;
        self.purposes.insert(tx, Purpose::Invite(id));
        self.voice.give(media, id);
        let side = Side {
            owner: new.owner,
            dialog,
            phase: Phase::Calling {
                tx,
                invite: Box::new(invite),
            },
            media,
            local_rtp,
            sdp_id,
            sdp_version: 1,
            keys,
            description,
            negotiated: None,
            on_hold: false,
            timer: None,
            refreshing: Refreshing::default(),
            answer_in_ack: false,
            reinvite: None,
            reliable: Reliable::default(),
            early: Vec::new(),
            symmetric_rtp,
            unproven: false,
            challenges: Challenges::default(),
            trunk,
            peer: phone.map(Sender::Phone).or(trunk.map(Sender::Trunk)),
            tried: new.trunk.map(|(_, peer)| peer).into_iter().collect(),
            heard: false,
            shown: Caller::from(dialled.number).with_subaddress(dialled.subaddress),
            quality: None,
            invite_id: None,
            referral: None,
        };
        self.sides.insert(id, side);
        if let Some(trunk) = trunk.and_then(|trunk| self.trunks.get_mut(trunk)) {
            trunk.outbound_calls += 1;
            self.watch_trunk(id, now);
        }
        Some(id)
    }

    /// Looks after a while whether the trunk has said anything.
    pub(super) fn watch_trunk(&mut self, id: SideId, now: Now) {
        self.wake_at(now.mono + TRUNK_SILENT_MS, Wake::TrunkSilent(id));
    }

    /// Sends a request inside the dialog of a side, outside of INVITE transactions.
    pub(super) fn request_in_dialog(&mut self, id: SideId, method: Method, now: Now) {
        let Some(side) = self.sides.get_mut(&id) else {
            return;
        };
        let request = side.dialog.request(method);
        let flow = side.dialog.flow;
        self.send_in_dialog(Some(id), flow, request, now);
    }

    /// Puts our Via on top and starts a transaction.
    pub(super) fn send_request(
        &mut self,
        flow: Flow,
        mut request: Request,
        now: Now,
    ) -> Option<madoguchi_sip::transaction::ClientTx> {
        self.put_via(flow, &mut request);
        self.transactions.request(flow, &request, now.mono)
    }

    pub(super) fn put_via(&mut self, flow: Flow, request: &mut Request) {
        let branch = self.token();
        let via = self.via(flow, &branch);
        request.headers.push_front(HeaderName::Via, via);
    }

    pub(super) fn via(&self, flow: Flow, branch: &str) -> String {
        let local = self.local(flow);
        Via::new(
            flow.transport(),
            Host::from(local.ip()),
            local.port(),
            &format!("z9hG4bK{branch}"),
        )
        .to_string()
    }

    /// Our address as the peer of this flow is to know it.
    pub(super) fn local(&self, flow: Flow) -> SocketAddr {
        let local = (self.local_address)(flow);
        let ip = self.settings.public_address.unwrap_or(local.ip());
        SocketAddr::new(ip, local.port())
    }

    /// Our Contact on this flow. `sips` if the dialog promises that nobody can read along (12.1.1).
    pub(super) fn contact(&self, flow: Flow, sips: bool) -> String {
        let local = self.local(flow);
        match flow.way {
            Way::Udp { .. } => format!("<sip:desk@{local}>"),
            Way::Tcp => format!("<sip:desk@{local};transport=tcp>"),
            Way::Tls { .. } if sips => format!("<sips:desk@{local}>"),
            Way::Tls { .. } => format!("<sip:desk@{local};transport=tls>"),
        }
    }

    /// As [`Self::open_media`], for somebody who calls: a port is kept for each phone that may
    /// have to be rung for those who wait.
    pub(super) fn open_media_for_caller(
        &mut self,
        flow: Flow,
        now: Now,
    ) -> Option<(SessionId, SocketAddr)> {
        self.make_room(now);
        let ports = self.voice.ports();
        let kept = self.phones.len().min(ports.total / KEPT_SHARE);
        if ports.free() <= kept {
            tracing::error!(in_use = ports.in_use, kept, "no media port for a caller");
            return None;
        }
        self.open_media(flow)
    }

    /// Reserves a media port on the address that the peer of this flow sees.
    pub(super) fn open_media(&mut self, flow: Flow) -> Option<(SessionId, SocketAddr)> {
        let local = (self.local_address)(flow).ip();
        let media = SessionId(self.number());
        match self.voice.open(media, local) {
            Ok(mut addr) => {
                addr.set_ip(self.settings.public_address.unwrap_or(local));
                Some((media, addr))
            }
            Err(error) => {
                tracing::error!(%error, "no media port for a call");
                None
            }
        }
    }

    pub(super) fn add_session_timer_wish(&self, headers: &mut Headers) {
        if self.settings.session_expires_secs > 0 {
            headers.push(HeaderName::Supported, "timer");
            headers.push(
                HeaderName::SessionExpires,
                self.settings.session_expires_secs.to_string(),
            );
            headers.push(HeaderName::MinSe, self.settings.min_se_secs.to_string());
        }
    }

    fn first_invite(
        &mut self,
        uri: &Uri,
        flow: Flow,
        caller: &Caller,
        trunk: Option<TrunkKey>,
    ) -> Request {
        let local = self.local(flow);
        let mut headers = Headers::default();
        let (branch, tag, call_id) = (self.token(), self.token(), self.token());
        headers.push(HeaderName::Via, self.via(flow, &branch));
        headers.push(HeaderName::MaxForwards, "70");
        let trunk = trunk.and_then(|trunk| self.trunks.get(trunk));
        let identity = match trunk {
            Some(TrunkState {
                settings,
                associated,
                ..
            }) => Identity::for_trunk(settings, associated, caller, local, &tag),
            None => Identity::plain(caller, local, &tag),
        };
        headers.push(HeaderName::From, identity.from.to_string());
        headers.push(HeaderName::To, format!("<{}>", uri.without_params()));
        headers.push(HeaderName::CallId, format!("{call_id}@{}", local.ip()));
        headers.push(HeaderName::CSeq, "1 INVITE");
        headers.push(
            HeaderName::Contact,
            self.contact(flow, uri.scheme == Scheme::Sips),
        );
        headers.push(HeaderName::Allow, ALLOW);
        for (name, value) in identity.more {
            headers.push(name, value);
        }
        Request {
            method: Method::Invite,
            uri: uri.clone(),
            headers,
            body: Vec::new(),
        }
    }

    /// The flow on which an address of a trunk is reached: from the port that is set, or to whoever
    /// proves to be the trunk.
    pub(super) fn trunk_flow(&self, trunk: &TrunkState, peer: Peer) -> Option<Flow> {
        if peer.transport == Transport::Tls {
            return Some(Flow::tls(Some(trunk.settings.proof()), peer.addr));
        }
        self.flow_from(trunk.settings.source_port, peer)
    }

    /// The flow on which a peer is reached: over the first of our sockets of its transport and
    /// address family.
    pub(super) fn flow_to(&self, peer: Peer) -> Option<Flow> {
        self.flow_from(None, peer)
    }

    fn flow_from(&self, port: Option<u16>, peer: Peer) -> Option<Flow> {
        match peer.transport {
            Transport::Udp => {}
            Transport::Tcp => return Some(Flow::tcp(peer.addr)),
            // Nobody would prove to be who is meant.
            Transport::Tls => return None,
        }
        let udp = self
            .settings
            .listen
            .iter()
            .filter(|listen| listen.transport == Transport::Udp);
        let socket = udp
            .enumerate()
            .filter(|(_, listen)| listen.addr.is_ipv4() == peer.addr.is_ipv4())
            .find(|(_, listen)| port.is_none_or(|port| listen.addr.port() == port))?;
        Some(Flow::udp(u16::try_from(socket.0).ok()?, peer.addr))
    }
}
