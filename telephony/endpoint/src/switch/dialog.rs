//! One SIP dialog (RFC 3261 12): who talks to whom, with which tags, sequence numbers and route.

use madoguchi_sip::header::{CSeq, NameAddr};
use madoguchi_sip::message::{HeaderName, Headers, Method, Request, Response};
use madoguchi_sip::transaction::Flow;
use madoguchi_sip::uri::{Scheme, Uri};

/// By what an in-dialog request is matched: Call-ID and the tag that we chose.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct DialogKey {
    pub(super) call_id: Box<str>,
    pub(super) local_tag: Box<str>,
}

/// A dialog, early or confirmed.
#[derive(Debug, Clone)]
pub(super) struct Dialog {
    pub(super) call_id: Box<str>,
    pub(super) local_tag: Box<str>,
    /// From of our requests, with our tag.
    local: String,
    /// To of our requests, with the peer's tag once it is known.
    remote: String,
    pub(super) remote_tag: Option<Box<str>>,
    /// Request-URI of our requests: the peer's Contact.
    target: Uri,
    route: Vec<String>,
    local_seq: u32,
    remote_seq: Option<u32>,
    pub(super) flow: Flow,
    /// It promises that nobody can read along (12.1.1).
    pub(super) sips: bool,
    /// We chose the Call-ID: we began the dialog.
    pub(super) owns_call_id: bool,
}

impl Dialog {
    /// The dialog that answering `invite` with our `local_tag` makes (12.1.1).
    pub(super) fn of_incoming(invite: &Request, local_tag: &str, flow: Flow) -> Option<Self> {
        let from = invite.from()?;
        let mut to = invite.to()?;
        to.set_tag(local_tag);
        Some(Self {
            call_id: invite.call_id()?.into(),
            local_tag: local_tag.into(),
            local: to.to_string(),
            remote: from.to_string(),
            remote_tag: from.tag().map(Into::into),
            target: invite
                .contact()
                .map_or_else(|| from.uri.clone(), |contact| contact.uri),
            route: list(&invite.headers, &HeaderName::RecordRoute),
            local_seq: 0,
            remote_seq: invite.cseq().map(|cseq| cseq.seq),
            flow,
            sips: promises_secrecy(invite),
            owns_call_id: false,
        })
    }

    /// The dialog that our `invite` begins (12.1.2); early until [`Self::established`].
    pub(super) fn of_outgoing(invite: &Request, flow: Flow) -> Option<Self> {
        let from = invite.from()?;
        Some(Self {
            call_id: invite.call_id()?.into(),
            local_tag: from.tag()?.into(),
            local: from.to_string(),
            remote: invite.to()?.to_string(),
            remote_tag: None,
            target: invite.uri.clone(),
            route: Vec::new(),
            local_seq: invite.cseq()?.seq,
            remote_seq: None,
            flow,
            sips: invite.uri.scheme == Scheme::Sips,
            owns_call_id: true,
        })
    }

    /// The dialog of a 2xx to an INVITE of ours that is remembered no more.
    pub(super) fn of_accepted(response: &Response, flow: Flow) -> Option<Self> {
        let (from, to) = (response.from()?, response.to()?);
        let mut dialog = Self {
            call_id: response.call_id()?.into(),
            local_tag: from.tag()?.into(),
            local: from.to_string(),
            remote: to.to_string(),
            remote_tag: None,
            target: to.uri,
            route: Vec::new(),
            local_seq: response.cseq()?.seq,
            remote_seq: None,
            flow,
            sips: false,
            owns_call_id: true,
        };
        dialog.established(response);
        Some(dialog)
    }

    pub(super) fn key(&self) -> DialogKey {
        DialogKey {
            call_id: self.call_id.clone(),
            local_tag: self.local_tag.clone(),
        }
    }

    /// Takes the peer's tag, target and route from its 2xx.
    pub(super) fn established(&mut self, response: &Response) {
        if let Some(to) = response.to() {
            self.remote_tag = to.tag().map(Into::into);
            self.remote = to.to_string();
        }
        self.route = list(&response.headers, &HeaderName::RecordRoute);
        self.route.reverse();
        self.refresh_target(response.contact());
    }

    /// The Request-URI of our requests.
    pub(super) fn target(&self) -> &Uri {
        &self.target
    }

    /// Takes a new target from a re-INVITE, UPDATE or the answer to ours (12.2).
    pub(super) fn refresh_target(&mut self, contact: Option<NameAddr>) {
        // What must be encrypted is never sent in clear text: whoever says so there is reached as before.
        let speaks_safely =
            |contact: &NameAddr| contact.uri.scheme != Scheme::Sips || self.flow.is_encrypted();
        if let Some(contact) = contact.filter(speaks_safely) {
            self.target = contact.uri;
        }
    }

    /// Whether a request of the peer comes in order (12.2.2); remembers its number.
    pub(super) fn accept_seq(&mut self, seq: u32) -> bool {
        let in_order = self.remote_seq.is_none_or(|last| seq > last);
        if in_order {
            self.remote_seq = Some(seq);
        }
        in_order
    }

    /// A fork has picked up whose last request had this number: others counted their own.
    pub(super) fn follow_requests_of(&mut self, fork_seq: Option<u32>) {
        self.remote_seq = fork_seq;
    }

    /// The number of the INVITE whose 2xx we acknowledge, or of our last request.
    pub(super) fn last_seq(&self) -> u32 {
        self.local_seq
    }

    /// After a challenge the INVITE was sent again with this number.
    pub(super) fn set_last_seq(&mut self, seq: u32) {
        self.local_seq = seq;
    }

    /// A new request inside the dialog, with the next number, without Via and Contact.
    pub(super) fn request(&mut self, method: Method) -> Request {
        let seq = self.next_seq();
        self.numbered(method, seq)
    }

    /// The number of a new request of ours.
    pub(super) fn next_seq(&mut self) -> u32 {
        self.local_seq += 1;
        self.local_seq
    }

    /// A new request inside the early dialog that a provisional response made.
    pub(super) fn early_request(&mut self, method: Method, response: &Response) -> Request {
        let seq = self.next_seq();
        let mut early = self.clone();
        early.established(response);
        early.numbered(method, seq)
    }

    /// The ACK to the 2xx of the INVITE with number `seq`.
    pub(super) fn ack(&self, seq: u32) -> Request {
        self.numbered(Method::Ack, seq)
    }

    fn numbered(&self, method: Method, seq: u32) -> Request {
        let mut headers = Headers::default();
        headers.push(HeaderName::From, &*self.local);
        headers.push(HeaderName::To, &*self.remote);
        headers.push(HeaderName::CallId, &*self.call_id);
        headers.push(
            HeaderName::CSeq,
            CSeq {
                seq,
                method: method.clone(),
            }
            .to_string(),
        );
        headers.push(HeaderName::MaxForwards, "70");
        for route in &self.route {
            headers.push(HeaderName::Route, route.as_str());
        }
        Request {
            method,
            uri: self.target.clone(),
            headers,
            body: Vec::new(),
        }
    }
}

/// Whether our Contact in the answer must be a `sips:` URI (12.1.1).
fn promises_secrecy(invite: &Request) -> bool {
    let is_sips = |uri: &Uri| uri.scheme == Scheme::Sips;
    let first_proxy = invite.headers.list(&HeaderName::RecordRoute).next();
    let next_hop = match first_proxy {
        Some(text) => text.parse::<NameAddr>().ok(),
        None => invite.contact(),
    };
    is_sips(&invite.uri) || next_hop.is_some_and(|hop| is_sips(&hop.uri))
}

fn list(headers: &Headers, name: &HeaderName) -> Vec<String> {
    headers.list(name).map(str::to_owned).collect()
}
