//! One client transaction (RFC 3261 17.1, RFC 6026 7.2).

use super::key::ClientKey;
use super::{Flow, GIVE_UP_MS, T1_MS, T2_MS, T4_MS, Transmit};
use crate::header::{CSeq, Via};
use crate::message::{HeaderName, Headers, Method, Request, Response};

#[derive(Debug)]
pub(super) struct ClientTransaction {
    flow: Flow,
    key: ClientKey,
    /// For INVITE: the parts of which the ACK to a refusal is made (17.1.1.3), and which the ACK to
    /// a 2xx takes over.
    invite: Option<Box<Request>>,
    state: State,
    cancel: Cancel,
    /// What was asked and when, until the response has come that is measured.
    asked: Option<(Method, u64)>,
}

/// Whether the user has cancelled the INVITE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cancel {
    No,
    /// Waits for a provisional response (9.1).
    Wanted,
    Sent,
}

#[derive(Debug)]
enum State {
    /// Nothing came yet: timers A/E (interval) and B/F.
    Calling {
        bytes: Vec<u8>,
        resend_at: u64,
        interval: u64,
        give_up_at: u64,
    },
    /// A provisional response came. INVITE waits without end, others until timer F.
    Proceeding {
        bytes: Vec<u8>,
        resend_at: u64,
        give_up_at: u64,
    },
    /// A refusal of INVITE came and was acknowledged; the ACK is sent again (timer D).
    Refused { ack: Vec<u8>, until: u64 },
    /// A 2xx to INVITE came; it may come again (timer M) and from other forks.
    Accepted {
        to_tag: Option<Box<str>>,
        /// What the INVITE proved its sender with.
        credentials: Vec<(HeaderName, String)>,
        /// The ACK of each fork that was acknowledged.
        acks: Vec<ForkAck>,
        until: u64,
    },
    /// Another method got its final response; absorbs repeats (timer K).
    Completed { until: u64 },
    /// An INVITE was given up without a final response. Whoever is there after all is told so: who still rings
    /// gets CANCEL, who picks up is told to the user (13.2.2.4).
    GivenUp { until: u64 },
}

/// The ACK to the 2xx of one fork (13.2.2.4).
#[derive(Debug)]
struct ForkAck {
    to_tag: Option<Box<str>>,
    transmit: Transmit,
}

/// Forks beyond these get their ACK anew each time they ask.
const FORKS_AT_MOST: usize = 16;

/// What a response brought about.
#[derive(Debug, Default)]
pub(super) struct Received {
    pub(super) transmit: Option<Transmit>,
    pub(super) cancel: Option<(Flow, Request)>,
    pub(super) tell: bool,
}

/// What waking brought about.
#[derive(Debug, Default)]
pub(super) struct Woken {
    pub(super) transmit: Option<Transmit>,
    pub(super) timed_out: bool,
    pub(super) over: bool,
}

/// An INVITE that rings is cancelled by its user; this only bounds the memory of one that is not.
const RING_AT_MOST_MS: u64 = 3_600_000;
/// So long after an INVITE was given up it is known who was called: longer than most phones ring.
const LATE_AT_MOST_MS: u64 = 180_000;

impl ClientTransaction {
    /// `bytes` is the request as it goes over the wire.
    pub(super) fn start(
        flow: Flow,
        key: ClientKey,
        request: &Request,
        bytes: &[u8],
        now: u64,
    ) -> Self {
        let invite = (request.method == Method::Invite).then(|| Box::new(ack_parts(request)));
        let resend_at = if flow.is_reliable() {
            u64::MAX
        } else {
            now + T1_MS
        };
        let state = State::Calling {
            bytes: if flow.is_reliable() {
                Vec::new()
            } else {
                bytes.to_vec()
            },
            resend_at,
            interval: T1_MS,
            give_up_at: now + GIVE_UP_MS,
        };
        Self {
            flow,
            key,
            invite,
            state,
            cancel: Cancel::No,
            asked: Some((request.method.clone(), now)),
        }
    }

    /// How long the request has taken, if this response is what is measured of its method: the
    /// final one; of INVITE, which people answer, the first.
    pub(super) fn response_after(
        &mut self,
        response: &Response,
        now: u64,
    ) -> Option<(Method, u64)> {
        if response.status < 200 && self.invite.is_none() {
            return None;
        }
        let (method, at) = self.asked.take()?;
        Some((method, now.saturating_sub(at)))
    }

    pub(super) fn key(&self) -> &ClientKey {
        &self.key
    }

    pub(super) fn is_unanswered(&self) -> bool {
        matches!(self.state, State::Calling { .. } | State::Proceeding { .. })
    }

    pub(super) fn flow(&self) -> Flow {
        self.flow
    }

    /// Puts the credentials of the INVITE into the ACK to its 2xx: it must have them, for it cannot
    /// be challenged (13.2.2.4, 22.1).
    pub(super) fn prove_ack(&self, ack: &mut Request) {
        if let State::Accepted { credentials, .. } = &self.state {
            for (name, value) in credentials {
                ack.headers.push(name.clone(), value.as_str());
            }
        }
    }

    pub(super) fn keep_ack(&mut self, to_tag: Option<&str>, transmit: Transmit) {
        if let State::Accepted {
            to_tag: first,
            acks,
            ..
        } = &mut self.state
            && acks.len() < FORKS_AT_MOST
        {
            let to_tag = to_tag.map(Into::into).or_else(|| first.clone());
            // Nearly every INVITE has one.
            acks.reserve_exact(1);
            acks.push(ForkAck { to_tag, transmit });
        }
    }

    pub(super) fn receive(&mut self, response: &Response, now: u64) -> Received {
        match (&mut self.state, response.status) {
            (State::Calling { .. } | State::Proceeding { .. }, 100..=199) => {
                self.proceed(now);
                let cancel = match self.cancel {
                    Cancel::Wanted => self.send_cancel(now),
                    Cancel::No | Cancel::Sent => None,
                };
                Received {
                    tell: true,
                    cancel,
                    ..Received::default()
                }
            }
            (State::Calling { .. } | State::Proceeding { .. }, status) => {
                self.finish(response, status, now)
            }
            (State::GivenUp { .. }, 100..=199) => Received {
                cancel: self.cancel_late(),
                ..Received::default()
            },
            (State::GivenUp { .. }, status) => Received {
                tell: status < 300,
                ..self.finish(response, status, now)
            },
            (State::Refused { ack, .. }, 300..) => {
                let bytes = ack.clone();
                Received {
                    transmit: Some(Transmit {
                        flow: self.flow,
                        bytes,
                    }),
                    ..Received::default()
                }
            }
            (State::Accepted { to_tag, acks, .. }, 200..=299) => {
                let tag = response.to_tag();
                let known = acks
                    .iter()
                    .find(|ack| ack.to_tag.as_deref() == tag.as_deref());
                Received {
                    tell: known.is_none() && tag.as_deref() != to_tag.as_deref(),
                    transmit: known.map(|ack| ack.transmit.clone()),
                    ..Received::default()
                }
            }
            _ => Received::default(),
        }
    }

    /// The CANCEL to send now, if it may be sent now.
    pub(super) fn cancel(&mut self, now: u64) -> Option<(Flow, Request)> {
        match (self.cancel, &self.state) {
            (Cancel::No, State::Calling { .. }) => {
                self.cancel = Cancel::Wanted;
                None
            }
            (Cancel::No, State::Proceeding { .. }) => self.send_cancel(now),
            _ => None,
        }
    }

    /// The CANCEL for whoever rings though the INVITE was given up; once.
    fn cancel_late(&mut self) -> Option<(Flow, Request)> {
        let is_first = std::mem::replace(&mut self.cancel, Cancel::Sent) != Cancel::Sent;
        let invite = self.invite.as_deref().filter(|_| is_first)?;
        Some((self.flow, cancel_for(invite)))
    }

    fn send_cancel(&mut self, now: u64) -> Option<(Flow, Request)> {
        self.cancel = Cancel::Sent;
        if let State::Proceeding { give_up_at, .. } = &mut self.state {
            *give_up_at = now + GIVE_UP_MS;
        }
        self.invite
            .as_deref()
            .map(|invite| (self.flow, cancel_for(invite)))
    }

    pub(super) fn wake_at(&self) -> u64 {
        match &self.state {
            State::Calling {
                resend_at,
                give_up_at,
                ..
            }
            | State::Proceeding {
                resend_at,
                give_up_at,
                ..
            } => *(resend_at.min(give_up_at)),
            State::Refused { until, .. }
            | State::Accepted { until, .. }
            | State::Completed { until }
            | State::GivenUp { until } => *until,
        }
    }

    pub(super) fn wake(&mut self, now: u64) -> Woken {
        let flow = self.flow;
        match &mut self.state {
            State::Calling { give_up_at, .. } | State::Proceeding { give_up_at, .. }
                if now >= *give_up_at =>
            {
                let until = now + LATE_AT_MOST_MS;
                self.state = State::GivenUp { until };
                self.asked = None;
                Woken {
                    timed_out: true,
                    over: self.invite.is_none(),
                    ..Woken::default()
                }
            }
            State::Calling {
                bytes,
                resend_at,
                interval,
                ..
            } => {
                *interval *= 2;
                if self.invite.is_none() {
                    *interval = (*interval).min(T2_MS);
                }
                *resend_at = now + *interval;
                Woken {
                    transmit: Some(Transmit {
                        flow,
                        bytes: bytes.clone(),
                    }),
                    ..Woken::default()
                }
            }
            State::Proceeding {
                bytes, resend_at, ..
            } => {
                *resend_at = now + T2_MS;
                Woken {
                    transmit: Some(Transmit {
                        flow,
                        bytes: bytes.clone(),
                    }),
                    ..Woken::default()
                }
            }
            _ => Woken {
                over: true,
                ..Woken::default()
            },
        }
    }

    fn proceed(&mut self, now: u64) {
        let State::Calling {
            bytes, give_up_at, ..
        } = &mut self.state
        else {
            return;
        };
        self.state = if self.invite.is_some() {
            let give_up_at = now + RING_AT_MOST_MS;
            State::Proceeding {
                bytes: Vec::new(),
                resend_at: u64::MAX,
                give_up_at,
            }
        } else {
            let resend_at = if self.flow.is_reliable() {
                u64::MAX
            } else {
                now + T2_MS
            };
            State::Proceeding {
                bytes: std::mem::take(bytes),
                resend_at,
                give_up_at: *give_up_at,
            }
        };
    }

    fn finish(&mut self, response: &Response, status: u16, now: u64) -> Received {
        let Some(invite) = self.invite.take() else {
            let until = if self.flow.is_reliable() {
                now
            } else {
                now + T4_MS
            };
            self.state = State::Completed { until };
            return Received {
                tell: true,
                ..Received::default()
            };
        };
        if status < 300 {
            let to_tag = response.to_tag().map(Into::into);
            self.state = State::Accepted {
                to_tag,
                credentials: credentials_of(&invite).collect(),
                acks: Vec::new(),
                until: now + GIVE_UP_MS,
            };
            return Received {
                tell: true,
                ..Received::default()
            };
        }
        let ack = refusal_ack(&invite, response).to_bytes();
        let until = if self.flow.is_reliable() {
            now
        } else {
            now + GIVE_UP_MS
        };
        self.state = State::Refused {
            ack: ack.clone(),
            until,
        };
        let transmit = Some(Transmit {
            flow: self.flow,
            bytes: ack,
        });
        Received {
            transmit,
            tell: true,
            ..Received::default()
        }
    }
}

/// The CANCEL for an INVITE (RFC 3261 9.1).
fn cancel_for(invite: &Request) -> Request {
    let mut cancel = ack_parts(invite);
    cancel.method = Method::Cancel;
    // They were made for another method, and nobody asks for them (22.1).
    for name in &CREDENTIALS {
        cancel.headers.remove(name);
    }
    if let Some(cseq) = invite.cseq() {
        let cseq = CSeq {
            seq: cseq.seq,
            method: Method::Cancel,
        };
        cancel.headers.set(HeaderName::CSeq, cseq.to_string());
    }
    cancel
}

/// What ACK and CANCEL take over from their INVITE (9.1, 17.1.1.3).
fn ack_parts(invite: &Request) -> Request {
    let mut headers = Headers::default();
    if let Some(via) = invite.via() {
        headers.push(HeaderName::Via, Via::to_string(&via));
    }
    let taken = [
        HeaderName::From,
        HeaderName::To,
        HeaderName::CallId,
        HeaderName::CSeq,
    ];
    for name in taken {
        if let Some(value) = invite.headers.get(&name) {
            headers.push(name.clone(), value);
        }
    }
    for route in invite.headers.get_all(&HeaderName::Route) {
        headers.push(HeaderName::Route, route);
    }
    headers.push(HeaderName::MaxForwards, "70");
    for (name, value) in credentials_of(invite) {
        headers.push(name, value);
    }
    Request {
        method: Method::Invite,
        uri: invite.uri.clone(),
        headers,
        body: Vec::new(),
    }
}

/// Where credentials stand.
const CREDENTIALS: [HeaderName; 2] = [HeaderName::Authorization, HeaderName::ProxyAuthorization];

fn credentials_of(invite: &Request) -> impl Iterator<Item = (HeaderName, String)> {
    let fields = invite.headers.iter();
    let credentials = fields.filter(|(name, _)| CREDENTIALS.contains(name));
    credentials.map(|(name, value)| (name.clone(), value.to_owned()))
}

fn refusal_ack(invite: &Request, response: &Response) -> Request {
    let mut ack = invite.clone();
    ack.method = Method::Ack;
    if let Some(to) = response.headers.get(&HeaderName::To) {
        ack.headers.set(HeaderName::To, to);
    }
    if let Some(cseq) = invite.cseq() {
        let cseq = CSeq {
            seq: cseq.seq,
            method: Method::Ack,
        };
        ack.headers.set(HeaderName::CSeq, cseq.to_string());
    }
    ack
}
