//! One dialog that an INVITE began (RFC 3261 12, 13, 15), as a fold over its messages.
//!
//! The first time that something is seen counts; what comes again changes nothing, be it sent again or
//! passed on by a proxy. Forks of one INVITE are one dialog here: the first answer counts.

mod begin;
mod ending;
mod holds;
mod voice;

use std::net::SocketAddr;
use std::sync::Arc;

use madoguchi_sip::header::SessionExpires;
use madoguchi_sip::message::{HeaderName, Message, Method};

pub use self::ending::{End, Ending, Side};
use self::holds::Holds;
use self::voice::Asked;
use crate::capture::Micros;
use crate::message::{Seen, Start, extension, headers, user_of};

/// Tags of From that one Call-ID may have: hops that change it.
const HOPS_AT_MOST: usize = 8;

/// How far the network lets an answer overtake its INVITE.
const OVERTAKING_AT_MOST: Micros = Micros::from_secs(1);

/// What a message changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The first INVITE.
    Started,
    /// The phone rings, or something is heard before the answer.
    Ringing,
    /// The first 2xx to the first INVITE.
    Answered,
    /// CANCEL.
    Cancelled,
    /// A BYE, or a refusal that nothing follows.
    Ended,
    /// One side lets the other wait.
    Held(Side),
    /// The hold is over.
    Resumed(Side),
    /// Nothing that matters.
    Nothing,
}

/// A dialog.
#[derive(Debug, Clone)]
pub struct Dialog {
    /// Call-ID.
    pub call_id: Arc<str>,
    /// The user in From of the first message seen.
    pub from: String,
    /// The user in To.
    pub to: String,
    /// The user in the Request-URI of the first INVITE.
    pub called: String,
    /// The user who has registered at the Request-URI of the first INVITE, if that was seen.
    pub registered: Option<String>,
    /// The user in P-Asserted-Identity, if there is one.
    pub asserted: Option<String>,
    /// Between whom its first INVITE went: from, to.
    pub hop: (SocketAddr, SocketAddr),
    /// The first INVITE.
    pub start: Option<Micros>,
    /// The first provisional response above 100.
    pub ring: Option<Micros>,
    /// The first 2xx to the first INVITE.
    pub answer: Option<Micros>,
    /// Whether it stood when it was first seen.
    pub was_up: bool,
    /// The caller's CANCEL, which no answer was seen before.
    pub cancelled: Option<Micros>,
    /// It was given up because somebody else has taken the call (RFC 3326).
    pub taken_elsewhere: bool,
    /// The end.
    pub end: Option<End>,
    /// Where the caller hears, as first offered.
    pub caller_media: Option<SocketAddr>,
    /// Where the callee hears, as first answered.
    pub callee_media: Option<SocketAddr>,
    /// Where voice may be heard, by all that was described: it may move while the call goes on.
    pub voice: Vec<SocketAddr>,
    /// When voice was last seen.
    pub last_media: Option<Micros>,
    /// Its last message.
    pub last_seen: Micros,
    /// Another dialog was made for it: who was called passed it on.
    pub passed_on: bool,
    /// It goes on where the caller's own dialog was left, between other machines (REFER, Replaces, a
    /// redirection): no leg that was made for it.
    pub goes_on: bool,
    /// Whoever began it has taken a call that rang or went on elsewhere (Replaces): who was called is the exchange.
    pub picks_up: bool,
    /// Who holds.
    holds: Holds,
    /// What each side last asked for within the dialog.
    asked: Vec<Asked>,
    /// The interval of the session timer in seconds (RFC 4028), and when it began.
    session_timer: Option<(u32, Micros)>,
    /// A refusal that the caller may answer with another INVITE, or that a proxy may not pass on.
    retryable: Option<(u16, Micros)>,
    /// CSeq of the last INVITE that is not within the dialog.
    invite_seq: u32,
    /// A 2xx that was seen before any INVITE.
    overtaking: Option<Micros>,
    /// The tags in From of who called.
    from_tags: Vec<String>,
    /// The tags of the answer that was confirmed first, by tag of From.
    confirmed_tags: Vec<(String, String)>,
}

impl Dialog {
    /// Takes a message of this Call-ID.
    pub fn take(&mut self, seen: &Seen) -> Change {
        self.last_seen = self.last_seen.max(seen.at);
        let identity = &seen.identity;
        match (&identity.start, &identity.method) {
            (Start::Request(Method::Invite), _) if identity.to_tag.is_none() => self.invited(seen),
            (Start::Request(Method::Invite | Method::Update), _) => self.changed_within(seen),
            (Start::Request(Method::Bye), _) => self.bye(seen),
            (Start::Request(Method::Ack), _) => self.confirmed(seen),
            (Start::Request(Method::Cancel), _) => self.cancel(seen),
            (Start::Response(status), Method::Invite) => self.responded(seen, *status),
            (Start::Response(200..300), Method::Update) => self.agreed(seen),
            (Start::Response(status @ 300..), Method::Update) if !is_retryable(*status) => {
                self.refused(seen)
            }
            // Its BYE was not seen, and was one.
            (Start::Response(200..300), Method::Bye) => self.bye(seen),
            _ => Change::Nothing,
        }
    }

    /// The tag in From of the first INVITE; the empty text if that was not seen.
    pub fn tag(&self) -> &str {
        self.from_tags.first().map_or("", String::as_str)
    }

    /// When it was answered, if nobody had given it up by then: an answer that crosses a CANCEL is ended at
    /// once (RFC 3261 15).
    pub fn taken(&self) -> Option<Micros> {
        self.answer.filter(|_| self.cancelled.is_none())
    }

    /// Whether it was answered, as far as was seen.
    pub fn is_answered(&self) -> bool {
        self.answer.is_some() || self.was_up
    }

    /// Whether it has not ended.
    pub fn is_open(&self) -> bool {
        self.end.is_none()
    }

    /// Whether voice may stop without an end: somebody holds.
    pub fn is_held(&self) -> bool {
        self.holds.is_any()
    }

    /// Whether who was called lets the caller wait.
    pub fn is_held_by_callee(&self) -> bool {
        self.holds.holds(Side::Callee)
    }

    /// The side at which is whom an exchange has found for its caller.
    pub fn side_of_answer(&self) -> Side {
        if self.picks_up {
            Side::Caller
        } else {
            Side::Callee
        }
    }

    /// When its session timer runs out.
    pub fn session_until(&self) -> Option<Micros> {
        let (secs, since) = self.session_timer?;
        Some(since.after(Micros::from_secs(i64::from(secs))))
    }

    /// Whether the caller was asked for something that another INVITE may bring.
    pub fn waits_for_another_invite(&self) -> bool {
        self.retryable.is_some() && self.end.is_none()
    }

    /// Nothing more is going to be seen: what was refused stays refused.
    pub fn close(&mut self) {
        if let (None, None, Some((status, at))) = (self.end, self.answer, self.retryable) {
            let by = Ending::Refused(status);
            self.end = Some(End { at, by });
        }
    }

    /// Its BYE was lost.
    pub fn lose(&mut self, at: Micros, by: Ending) {
        self.end.get_or_insert(End { at, by });
    }

    fn invited(&mut self, seen: &Seen) -> Change {
        let identity = &seen.identity;
        if let Some(answer) = self.overtaking.take()
            && identity.seq == self.invite_seq
            && seen.at.since(answer).0.abs() <= OVERTAKING_AT_MOST.0
        {
            // Probes send over UDP: the answer has overtaken its INVITE.
            self.was_up = false;
            self.hop = (seen.from, seen.to);
            self.start = Some(seen.at.min(answer));
            self.answer = Some(answer.max(seen.at));
            if let Message::Request(request) = &seen.message {
                self.called = user_of(&request.uri);
            }
            return Change::Started;
        }
        self.know_hop(from_tag(seen));
        if identity.seq > self.invite_seq {
            self.invite_seq = identity.seq;
            self.retryable = None;
            self.ask_again();
        } else if self.is_from_caller(seen) && self.start.is_some() {
            // A proxy asks the next phone.
            self.cancelled = self.cancelled.filter(|_| self.answer.is_some());
            self.ask_again();
        }
        if let Some(media) = self.described(seen) {
            self.caller_media.get_or_insert(media.address);
        }
        if self.start.is_some() || self.is_answered() {
            return Change::Nothing;
        }
        self.start = Some(seen.at);
        Change::Started
    }

    /// The caller gives up. A proxy that asks several phones takes back its own branches under the same
    /// Call-ID.
    fn cancel(&mut self, seen: &Seen) -> Change {
        if !self.is_from_caller(seen) || self.cancelled.is_some() || self.answer.is_some() {
            return Change::Nothing;
        }
        self.cancelled = Some(seen.at);
        let mut reasons = extension(headers(&seen.message), "Reason");
        self.taken_elsewhere = reasons.any(says_answered);
        Change::Cancelled
    }

    fn responded(&mut self, seen: &Seen, status: u16) -> Change {
        let identity = &seen.identity;
        let to_first = self.knows_hop(from_tag(seen)) && identity.seq == self.invite_seq;
        if (200..300).contains(&status) {
            self.note_session_timer(seen);
        }
        if !to_first || status <= 100 {
            return match status {
                200..300 => self.agreed(seen),
                300.. if !is_retryable(status) => self.refused(seen),
                _ => Change::Nothing,
            };
        }
        match status {
            101..200 => {
                // What is heard before the answer.
                self.described(seen);
                if self.ring.is_some() || self.answer.is_some() {
                    return Change::Nothing;
                }
                self.ring = Some(seen.at);
                Change::Ringing
            }
            200..300 => self.answered(seen),
            _ if self.answer.is_some() || self.end.is_some() => Change::Nothing,
            // A proxy that asked several phones hears of refusals that its caller never hears of.
            _ if is_retryable(status) || !self.is_for_caller(seen) => {
                self.retryable = Some((status, seen.at));
                Change::Nothing
            }
            _ => {
                let by = Ending::Refused(status);
                self.end = Some(End { at: seen.at, by });
                Change::Ended
            }
        }
    }

    fn answered(&mut self, seen: &Seen) -> Change {
        if let Some(media) = self.described(seen) {
            self.callee_media.get_or_insert(media.address);
        }
        if self.answer.is_some() || self.end.is_some() {
            return Change::Nothing;
        }
        self.retryable = None;
        self.answer = Some(seen.at);
        Change::Answered
    }

    /// Of several forks that answer, the one that is confirmed first is the call. An ACK may tell what an INVITE
    /// without a description left open (RFC 3264 5).
    fn confirmed(&mut self, seen: &Seen) -> Change {
        if let (Some(from), Some(to)) = (&seen.identity.from_tag, &seen.identity.to_tag) {
            let known = self.confirmed_tags.iter().any(|(known, _)| known == from);
            if self.answer.is_some() && !known && self.confirmed_tags.len() < HOPS_AT_MOST {
                self.confirmed_tags.push((from.clone(), to.clone()));
            }
        }
        self.asked_for_voice(seen)
    }

    fn changed_within(&mut self, seen: &Seen) -> Change {
        self.note_session_timer(seen);
        self.asked_for_voice(seen)
    }

    fn bye(&mut self, seen: &Seen) -> Change {
        if self.is_of_another_fork(seen) {
            return Change::Nothing;
        }
        let by = Ending::Bye(self.side_of_request(seen));
        if let Some(known) = &mut self.end {
            // Its response has overtaken it.
            let earlier = known.at.since(seen.at).0;
            if known.by == by && (1..=OVERTAKING_AT_MOST.0).contains(&earlier) {
                known.at = seen.at;
            }
            return Change::Nothing;
        }
        self.end = Some(End { at: seen.at, by });
        Change::Ended
    }

    /// The caller ends what a second fork has answered: that was never the call.
    fn is_of_another_fork(&self, seen: &Seen) -> bool {
        let (from, to) = (&seen.identity.from_tag, &seen.identity.to_tag);
        let (Some(from), Some(to)) = (from, to) else {
            return false;
        };
        let answers_to = |caller: &String, callee: &String| {
            let mut tags = self.confirmed_tags.iter();
            tags.any(|(known, confirmed)| known == caller && confirmed != callee)
        };
        answers_to(from, to) || answers_to(to, from)
    }

    /// A refusal was not the end.
    fn ask_again(&mut self) {
        if let Some(Ending::Refused(_)) = self.end.map(|end| end.by) {
            self.end = None;
        }
    }

    /// Whether a request comes from who sent the first INVITE.
    fn is_from_caller(&self, seen: &Seen) -> bool {
        let ((caller, callee), from) = (self.hop, seen.from);
        from.ip() == caller.ip() && (caller.ip() != callee.ip() || from.port() == caller.port())
    }

    /// Whether a response has reached who sent the first INVITE.
    fn is_for_caller(&self, seen: &Seen) -> bool {
        let ((caller, callee), to) = (self.hop, seen.to);
        to.ip() == caller.ip() && (caller.ip() != callee.ip() || to.port() == caller.port())
    }

    fn side_of_request(&self, seen: &Seen) -> Side {
        let is_callers = match from_tag(seen) {
            _ if self.from_tags.is_empty() => return Side::Unknown,
            // Neither side may have one: then the address tells.
            "" => self.is_from_caller(seen),
            tag => self.knows_hop(tag),
        };
        if is_callers {
            Side::Caller
        } else {
            Side::Callee
        }
    }

    fn knows_hop(&self, from_tag: &str) -> bool {
        self.from_tags.iter().any(|known| known == from_tag)
    }

    fn know_hop(&mut self, from_tag: &str) {
        if !self.knows_hop(from_tag) && self.from_tags.len() < HOPS_AT_MOST {
            self.from_tags.push(from_tag.to_owned());
        }
    }

    fn note_session_timer(&mut self, seen: &Seen) {
        let value = headers(&seen.message).get(&HeaderName::SessionExpires);
        let interval = value.and_then(|value| value.parse::<SessionExpires>().ok());
        match (interval, &mut self.session_timer) {
            (Some(interval), timer) => *timer = Some((interval.secs, seen.at)),
            (None, Some((_, since))) => *since = seen.at,
            (None, None) => {}
        }
    }
}

/// The tag in From; the empty text if there is none, as with phones of RFC 2543 (RFC 3261 12.1.1).
fn from_tag(seen: &Seen) -> &str {
    seen.identity.from_tag.as_deref().unwrap_or_default()
}

/// Whether a Reason says that the call was answered: `SIP;cause=200;text="Call completed elsewhere"`.
fn says_answered(reason: &str) -> bool {
    let mut parts = reason.split(';').map(str::trim);
    let is_sip = parts
        .next()
        .is_some_and(|name| name.eq_ignore_ascii_case("SIP"));
    is_sip && parts.any(|part| part.replace(' ', "").eq_ignore_ascii_case("cause=200"))
}

/// Whether callers answer such a refusal with another INVITE: asked for a password (22.2), sent
/// elsewhere (8.1.3.4), or told what was wrong with the first (8.1.3.5, RFC 4028 7.1).
fn is_retryable(status: u16) -> bool {
    matches!(status, 300..=399 | 401 | 407 | 413..=416 | 420 | 421 | 422 | 494)
}
