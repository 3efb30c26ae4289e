//! A phone or a carrier as a pure value: messages and time in, messages out. It keeps the rules of SIP, and does what its
//! people do.

mod acting;
mod hearing;

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;

use madoguchi_sip::check::check_request;
use madoguchi_sip::header::NameAddr;
use madoguchi_sip::message::{HeaderName, Headers, Message, Method, Request, Response};
use madoguchi_sip::transaction::{ClientTx, Flow, ServerTx, Transactions};
use madoguchi_sip::uri::Uri;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::desk::DESK;

/// Names a dialog within a peer.
pub(crate) type DialogId = u32;

/// What a dialog is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    /// A caller's, with a line.
    Caller,
    /// It was called.
    Called,
    /// It calls somebody.
    Asks,
}

/// Where a dialog stands, as the peer sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Calling {
        tx: ClientTx,
        cancelled: bool,
    },
    Ringing {
        tx: ServerTx,
    },
    Up,
    /// BYE is sent.
    Ending,
}

#[derive(Debug)]
pub(crate) struct Dialog {
    pub(crate) about: About,
    pub(crate) state: State,
    pub(crate) call_id: String,
    /// From or To of ours, and theirs.
    local: String,
    remote: String,
    target: Uri,
    seq: u32,
    /// The INVITE that began it.
    invite: Request,
    /// A re-INVITE of ours that has no answer yet.
    reinvite: Option<ClientTx>,
    /// A 2xx of ours that is not acknowledged yet.
    unacknowledged: Option<ServerTx>,
    /// BYE follows the ACK.
    bye_due: bool,
    pub(crate) holds: bool,
    /// Where the desk hears us.
    pub(crate) desk_hears: Option<SocketAddr>,
    /// A REFER of ours goes on.
    pub(crate) refers: bool,
    version: u32,
}

/// What a peer does by itself after a while.
#[derive(Debug, Clone, Copy)]
enum Plan {
    Progress(DialogId),
    Answer(DialogId),
    Decline(DialogId, u16),
    /// Again after 491.
    Hold(DialogId),
}

/// Why a request was sent.
#[derive(Debug, Clone, Copy)]
enum Sent {
    Invite(DialogId),
    Reinvite(DialogId),
    Bye(DialogId),
    Refer(DialogId),
    Info(DialogId),
}

pub(crate) struct Peer {
    pub(crate) addr: SocketAddr,
    /// The extension and the password of a phone; a carrier needs none.
    who: Option<(&'static str, &'static str)>,
    transactions: Transactions,
    chance: StdRng,
    pub(crate) dialogs: BTreeMap<DialogId, Dialog>,
    sent: HashMap<ClientTx, Sent>,
    plans: BTreeMap<(u64, u64), Plan>,
    last: u32,
    /// It was switched off, and missed what was said meanwhile.
    pub(crate) has_died: bool,
    /// It wants no more calls.
    pub(crate) closes: bool,
    /// Everything that it sent and heard, for whoever looks for a fault.
    pub(crate) trace: Vec<(u64, String)>,
}

fn desk() -> Flow {
    Flow::udp(0, DESK.parse().unwrap())
}

impl Peer {
    pub(crate) fn new(addr: &str, who: Option<(&'static str, &'static str)>, seed: u64) -> Self {
        Self {
            addr: addr.parse().unwrap(),
            who,
            transactions: Transactions::new(),
            chance: StdRng::seed_from_u64(seed),
            dialogs: BTreeMap::new(),
            sent: HashMap::new(),
            plans: BTreeMap::new(),
            last: 0,
            has_died: false,
            closes: false,
            trace: Vec::new(),
        }
    }

    /// It is switched off, and remembers nothing.
    pub(crate) fn die(&mut self, now: u64) {
        self.trace.push((now, "dies".to_owned()));
        self.has_died = true;
        self.transactions = Transactions::new();
        self.dialogs.clear();
        self.sent.clear();
        self.plans.clear();
    }

    pub(crate) fn receive(&mut self, message: Message, now: u64) {
        self.trace
            .push((now, format!("hears {}", line_of(&message))));
        if let Message::Request(request) = &message {
            let fault = check_request(request).err();
            assert!(fault.is_none(), "the desk sends {request:?}");
        }
        self.transactions.receive(desk(), message, now);
        self.hear(now);
    }

    /// When something is due.
    pub(crate) fn next_at(&self) -> Option<u64> {
        let plan = self.plans.keys().next().map(|(at, _)| *at);
        let timer = self.transactions.poll_timeout();
        [plan, timer].into_iter().flatten().min()
    }

    pub(crate) fn pass(&mut self, now: u64) {
        self.transactions.handle_timeout(now);
        while let Some(entry) = self.plans.first_entry()
            && entry.key().0 <= now
        {
            match entry.remove() {
                Plan::Progress(id) => self.progress(id, now),
                Plan::Answer(id) => self.answer(id, now),
                Plan::Decline(id, status) => self.decline(id, status, now),
                Plan::Hold(id) => self.hold(id, now),
            }
        }
        self.hear(now);
    }

    /// The next bytes for the desk.
    pub(crate) fn poll_transmit(&mut self, now: u64) -> Option<Vec<u8>> {
        let bytes = self.transactions.poll_transmit()?.bytes;
        let text = String::from_utf8_lossy(&bytes);
        let first = text.lines().next().unwrap_or_default();
        let call = text.lines().find(|line| line.starts_with("Call-ID"));
        let seq = text.lines().find(|line| line.starts_with("CSeq"));
        let (call, seq) = (call.unwrap_or_default(), seq.unwrap_or_default());
        self.trace.push((now, format!("says {first} {call} {seq}")));
        Some(bytes)
    }

    fn happens(&mut self, percent: u32) -> bool {
        self.chance.random_range(0..100) < percent
    }

    fn plan(&mut self, after: u64, plan: Plan, now: u64) {
        self.last += 1;
        self.plans.insert((now + after, self.last.into()), plan);
    }

    fn number(&mut self) -> u32 {
        self.last += 1;
        self.last
    }

    fn contact(&self) -> String {
        let user = self.who.map_or("trunk", |(extension, _)| extension);
        format!("<sip:{user}@{}>", self.addr)
    }

    /// Our description of a dialog, one version later.
    fn description(&mut self, id: DialogId) -> Vec<u8> {
        let dialog = self.dialogs.get_mut(&id).unwrap();
        dialog.version += 1;
        let direction = if dialog.holds { "sendonly" } else { "sendrecv" };
        let port = 40_000 + id % 10_000 * 2;
        format!(
            "v=0\r\no=- {id} {} IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
             m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na={direction}\r\n",
            dialog.version
        )
        .into_bytes()
    }

    /// Takes what the desk says of where it hears.
    fn note_description(&mut self, id: DialogId, body: &[u8]) {
        if let Some(dialog) = self.dialogs.get_mut(&id)
            && let Some(addr) = heard_at(body)
        {
            dialog.desk_hears = Some(addr);
        }
    }

    fn forget(&mut self, id: DialogId) {
        self.dialogs.remove(&id);
    }

    /// A request of a dialog with a Via of its own, one number later.
    fn in_dialog(&mut self, id: DialogId, method: Method) -> Request {
        let dialog = self.dialogs.get_mut(&id).unwrap();
        dialog.seq += 1;
        let seq = dialog.seq;
        self.in_dialog_at(id, method, seq)
    }

    fn in_dialog_at(&mut self, id: DialogId, method: Method, seq: u32) -> Request {
        let (branch, contact) = (self.number(), self.contact());
        let dialog = &self.dialogs[&id];
        let mut headers = Headers::default();
        let via = format!("SIP/2.0/UDP {};branch=z9hG4bKp{branch};rport", self.addr);
        headers.push(HeaderName::Via, via);
        headers.push(HeaderName::MaxForwards, "70");
        headers.push(HeaderName::From, dialog.local.clone());
        headers.push(HeaderName::To, dialog.remote.clone());
        headers.push(HeaderName::CallId, dialog.call_id.clone());
        headers.push(HeaderName::CSeq, format!("{seq} {method}"));
        headers.push(HeaderName::Contact, contact);
        Request {
            method,
            uri: dialog.target.clone(),
            headers,
            body: Vec::new(),
        }
    }

    fn send(&mut self, request: &Request, why: Sent, now: u64) -> ClientTx {
        let tx = self.transactions.request(desk(), request, now).unwrap();
        self.sent.insert(tx, why);
        tx
    }

    /// The dialog that a request of the desk is of.
    fn dialog_of(&self, request: &Request) -> Option<DialogId> {
        let (call_id, to) = (request.call_id()?, request.to()?);
        let mut dialogs = self.dialogs.iter();
        dialogs
            .find(|(_, dialog)| dialog.call_id == call_id && dialog.local_tag() == tag_of(&to))
            .map(|(id, _)| *id)
    }

    /// The dialogs for which something holds.
    pub(crate) fn those(&self, wanted: impl Fn(&Dialog) -> bool) -> Vec<DialogId> {
        let dialogs = self.dialogs.iter().filter(|(_, dialog)| wanted(dialog));
        dialogs.map(|(id, _)| *id).collect()
    }
}

impl Dialog {
    fn local_tag(&self) -> Option<String> {
        tag_in(&self.local)
    }

    /// The dialog as Replaces names it, if the far end has a tag.
    pub(crate) fn as_replaced(&self) -> Option<String> {
        let (to, from) = (tag_in(&self.remote)?, self.local_tag()?);
        Some(format!("{};to-tag={to};from-tag={from}", self.call_id))
    }

    pub(crate) fn is_up(&self) -> bool {
        self.state == State::Up
    }

    /// The desk has said that it knows of the talk.
    pub(crate) fn is_acknowledged(&self) -> bool {
        self.unacknowledged.is_none()
    }
}

fn tag_of(address: &NameAddr) -> Option<String> {
    address.tag().map(str::to_owned)
}

fn tag_in(text: &str) -> Option<String> {
    tag_of(&text.parse().unwrap())
}

/// Where a description says that its sender hears.
fn heard_at(body: &[u8]) -> Option<SocketAddr> {
    let text = String::from_utf8_lossy(body);
    let after = |start: &str| text.lines().find_map(|line| line.strip_prefix(start));
    let ip = after("c=IN IP4 ")?.trim().parse().ok()?;
    let port = after("m=audio ")?.split(' ').next()?.parse().ok()?;
    Some(SocketAddr::new(ip, port))
}

fn line_of(message: &Message) -> String {
    let (first, headers) = match message {
        Message::Request(Request {
            method,
            uri,
            headers,
            ..
        }) => (format!("{method} {uri}"), headers),
        Message::Response(Response {
            status, headers, ..
        }) => (status.to_string(), headers),
    };
    let header = |name| headers.get(&name).unwrap_or_default();
    format!(
        "{first} Call-ID: {} CSeq: {}",
        header(HeaderName::CallId),
        header(HeaderName::CSeq)
    )
}
