//! Requests that we send: new calls to phones and trunks, and requests inside dialogs.

use std::net::SocketAddr;

use madoguchi_sip::header::{NameAddr, Via};
use madoguchi_sip::message::{HeaderName, Headers, Method, Request};
use madoguchi_sip::sdp::{self, Codec, Local};
use madoguchi_sip::transaction::Flow;
use madoguchi_sip::uri::{Host, Uri};

use super::dialog::Dialog;
use super::incoming::ALLOW;
use super::refresh::Refreshing;
use super::reliable::{self, Reliable};
use super::side::{Owner, Phase, Side, SideId};
use super::trunks::TrunkKey;
use super::{Now, Switch};
use crate::media::SessionId;
use crate::settings::Transport;

/// At the most this part of the ports is kept for phones that are rung.
const KEPT_SHARE: usize = 4;

/// What a client transaction is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The INVITE that opens a side.
    Invite(SideId),
    /// A session refresh inside a side's dialog.
    Refresh(SideId),
    /// Our registration with a carrier.
    Register(TrunkKey),
    /// Whether a trunk lives.
    ProbeTrunk(TrunkKey),
    /// Whether a phone's contact lives.
    ProbeContact { extension: Box<str>, contact: Uri },
}

/// Where a new call goes.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) uri: Uri,
    pub(super) flow: Flow,
    /// The proxies that it goes through.
    pub(super) route: Vec<String>,
}

/// A call that we are about to place.
#[derive(Debug)]
pub(super) struct NewSide {
    pub(super) owner: Owner,
    pub(super) target: Target,
    /// The number that the far end is shown.
    pub(super) from: String,
    /// What the other party speaks, offered first.
    pub(super) codec: Option<Codec>,
    pub(super) trunk: Option<TrunkKey>,
}

impl Switch {
    /// Sends an INVITE and opens the side; `None` (logged) if no media port is free.
    pub(super) fn call_out(&mut self, new: NewSide, now: Now) -> Option<SideId> {
        let Target { uri, flow, route } = new.target;
        let (media, local_rtp) = self.open_media(flow)?;
        let id = self.side_number();
        let mut invite = self.first_invite(&uri, flow, &new.from);
        for proxy in route {
            invite.headers.push(HeaderName::Route, proxy);
        }
        let sdp_id = self.number();
        let local = Local {
            session_id: sdp_id,
            version: 1,
            rtp: local_rtp,
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
        let symmetric_rtp = match new.trunk.and_then(|trunk| self.trunks.get(trunk)) {
            Some(trunk) => trunk.settings.symmetric_rtp,
            None => self.settings.phones_symmetric_rtp,
        };
        let dialog = Dialog::of_outgoing(&invite, flow)?;
        let tx = self.transactions.request(flow, &invite, now.mono)?;
        self.purposes.insert(tx, Purpose::Invite(id));
        self.side_by_dialog.insert(dialog.key(), id);
        self.side_by_media.insert(media, id);
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
            authenticated: false,
            trunk: new.trunk,
            shown: uri.user.clone().unwrap_or_default(),
            invite_id: None,
        };
        self.sides.insert(id, side);
        if let Some(trunk) = new.trunk.and_then(|trunk| self.trunks.get_mut(trunk)) {
            trunk.outbound_calls += 1;
        }
        Some(id)
    }

    /// Sends a request inside the dialog of a side, outside of INVITE transactions.
    pub(super) fn request_in_dialog(&mut self, id: SideId, method: Method, now: Now) {
        let Some(side) = self.sides.get_mut(&id) else {
            return;
        };
        let request = side.dialog.request(method);
        let flow = side.dialog.flow;
        self.send_request(flow, request, now);
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
            transport(flow),
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

    /// Our Contact on this flow.
    pub(super) fn contact(&self, flow: Flow) -> String {
        let local = self.local(flow);
        let suffix = if flow.reliable { ";transport=tcp" } else { "" };
        format!("<sip:desk@{local}{suffix}>")
    }

    /// As [`Self::open_media`], for somebody who calls: a port is kept for each phone that may
    /// have to be rung for those who wait.
    pub(super) fn open_media_for_caller(
        &mut self,
        flow: Flow,
        now: Now,
    ) -> Option<(SessionId, SocketAddr)> {
        self.make_room(now);
        let ports = self.media.ports();
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
        match self.media.open(media, local) {
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

    fn first_invite(&mut self, uri: &Uri, flow: Flow, from: &str) -> Request {
        let local = self.local(flow);
        let mut headers = Headers::default();
        let (branch, tag, call_id) = (self.token(), self.token(), self.token());
        headers.push(HeaderName::Via, self.via(flow, &branch));
        headers.push(HeaderName::MaxForwards, "70");
        let from = NameAddr::with_tag(caller_uri(from, local), &tag);
        headers.push(HeaderName::From, from.to_string());
        headers.push(HeaderName::To, format!("<{}>", uri.without_params()));
        headers.push(HeaderName::CallId, format!("{call_id}@{}", local.ip()));
        headers.push(HeaderName::CSeq, "1 INVITE");
        headers.push(HeaderName::Contact, self.contact(flow));
        headers.push(HeaderName::Allow, ALLOW);
        Request {
            method: Method::Invite,
            uri: uri.clone(),
            headers,
            body: Vec::new(),
        }
    }

    /// The flow on which a peer is reached: over the first of our sockets of its transport and
    /// address family.
    pub(super) fn flow_to(&self, peer: super::Peer) -> Option<Flow> {
        if peer.transport == Transport::Tcp {
            return Some(Flow {
                reliable: true,
                socket: 0,
                remote: peer.addr,
            });
        }
        let udp = self
            .settings
            .listen
            .iter()
            .filter(|listen| listen.transport == Transport::Udp);
        let socket = udp
            .enumerate()
            .find(|(_, listen)| listen.addr.is_ipv4() == peer.addr.is_ipv4())?;
        Some(Flow {
            reliable: false,
            socket: u16::try_from(socket.0).ok()?,
            remote: peer.addr,
        })
    }
}

fn transport(flow: Flow) -> madoguchi_sip::header::Transport {
    if flow.reliable {
        madoguchi_sip::header::Transport::Tcp
    } else {
        madoguchi_sip::header::Transport::Udp
    }
}

/// Who calls, as the phone shows it; withheld numbers as RFC 3261 8.1.1.3 has it.
fn caller_uri(number: &str, local: SocketAddr) -> Uri {
    if number.is_empty() {
        Uri::sip(
            Some("anonymous"),
            Host::Name("anonymous.invalid".into()),
            None,
        )
    } else {
        Uri::sip(Some(number), Host::from(local.ip()), None)
    }
}
