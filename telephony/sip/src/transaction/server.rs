//! One server transaction (RFC 3261 17.2, RFC 6026 7.1).

use super::key::ServerKey;
use super::{Flow, GIVE_UP_MS, T1_MS, T2_MS, T4_MS, Transmit};
use crate::message::{Method, Request, Response};

#[derive(Debug)]
pub(super) struct ServerTransaction {
    flow: Flow,
    key: ServerKey,
    invite: bool,
    state: State,
    /// The last response, for retransmissions.
    last: Vec<u8>,
    /// When an INVITE outside a dialog came that has no answer beyond 100 yet.
    asked_at: Option<u64>,
}

#[derive(Debug)]
enum State {
    /// No final response yet. One that its user forgets must not be remembered for ever.
    Proceeding { forget_at: u64, look_at: u64 },
    /// INVITE answered 300–699, waits for ACK: timers G (interval) and H.
    Completed {
        resend_at: Option<u64>,
        interval: u64,
        give_up_at: u64,
    },
    /// INVITE answered 2xx, waits for ACK; 13.3.1.4.
    Accepted {
        resend_at: u64,
        interval: u64,
        give_up_at: u64,
    },
    /// Only absorbs what comes late, until timer I, J or L.
    Absorbing { until: u64 },
}

/// What waking brought about.
#[derive(Debug, Default)]
pub(super) struct Woken {
    pub(super) transmit: Option<Transmit>,
    pub(super) unacknowledged: bool,
    /// An INVITE got no answer from its user.
    pub(super) unanswered: bool,
    pub(super) over: bool,
}

/// How long an INVITE waits for the next answer of its user, who has given its caller up long
/// before: a phone that rings is answered with a provisional response every minute (13.3.1.1).
const INVITE_UNANSWERED_MS: u64 = 900_000;

/// An INVITE that waits is looked at so often, rather than once at its end: a timer that was set
/// stays in memory until it is due, and most INVITEs are answered long before.
const LOOK_EVERY_MS: u64 = GIVE_UP_MS;

impl State {
    fn proceeding(invite: bool, now: u64) -> Self {
        let wait_ms = if invite {
            INVITE_UNANSWERED_MS
        } else {
            // The peer has stopped to wait (timer F).
            GIVE_UP_MS
        };
        Self::Proceeding {
            forget_at: now + wait_ms,
            look_at: now + LOOK_EVERY_MS,
        }
    }
}

impl ServerTransaction {
    pub(super) fn start(flow: Flow, key: ServerKey, request: &Request, now: u64) -> Self {
        let invite = request.method == Method::Invite;
        Self {
            flow,
            key,
            invite,
            state: State::proceeding(invite, now),
            last: Vec::new(),
            asked_at: (request.method == Method::Invite
                && request.to().is_some_and(|to| to.tag().is_none()))
            .then_some(now),
        }
    }

    pub(super) fn flow(&self) -> Flow {
        self.flow
    }

    /// How many bytes are kept for the peer.
    pub(super) fn kept_bytes(&self) -> usize {
        self.last.len()
    }

    pub(super) fn key(&self) -> ServerKey {
        self.key
    }

    pub(super) fn is_unanswered(&self) -> bool {
        matches!(self.state, State::Proceeding { .. })
    }

    /// How long the INVITE waited for this answer, if it is the first beyond 100.
    pub(super) fn first_answer_after(&mut self, response: &Response, now: u64) -> Option<u64> {
        if response.status == 100 {
            return None;
        }
        self.asked_at.take().map(|at| now.saturating_sub(at))
    }

    pub(super) fn respond(&mut self, response: &Response, now: u64) -> Option<Transmit> {
        if !self.is_unanswered() {
            return None;
        }
        let bytes = response.to_bytes();
        // It may be kept for half a minute: no more than it is long, whatever came before.
        self.last = bytes.as_slice().into();
        let give_up_at = now + GIVE_UP_MS;
        self.state = match (self.invite, response.status) {
            (invite, 100..=199) => State::proceeding(invite, now),
            (true, 200..=299) => State::Accepted {
                resend_at: now + T1_MS,
                interval: T1_MS,
                give_up_at,
            },
            (true, _) => State::Completed {
                resend_at: (!self.flow.is_reliable()).then_some(now + T1_MS),
                interval: T1_MS,
                give_up_at,
            },
            (false, _) if self.flow.is_reliable() => State::Absorbing { until: now },
            (false, _) => State::Absorbing { until: give_up_at },
        };
        Some(Transmit {
            flow: self.flow,
            bytes,
        })
    }

    /// The request came again.
    pub(super) fn retransmitted(&self) -> Option<Transmit> {
        (!self.last.is_empty()).then(|| Transmit {
            flow: self.flow,
            bytes: self.last.clone(),
        })
    }

    /// The ACK to a final response other than 2xx (or, from lax peers, to a 2xx) came.
    pub(super) fn receive_ack(&mut self, now: u64) {
        if let State::Completed { .. } = self.state {
            let linger = if self.flow.is_reliable() { 0 } else { T4_MS };
            self.state = State::Absorbing {
                until: now + linger,
            };
            self.last = Vec::new();
        }
    }

    /// The ACK to the 2xx came: a late INVITE of this transaction is still absorbed (timer L).
    pub(super) fn acknowledged(&mut self) {
        if let State::Accepted { give_up_at, .. } = self.state {
            self.state = State::Absorbing { until: give_up_at };
            self.last = Vec::new();
        }
    }

    /// When the owner must wake this transaction.
    pub(super) fn wake_at(&self) -> u64 {
        match self.state {
            State::Proceeding { look_at, .. } => look_at,
            State::Completed {
                resend_at,
                give_up_at,
                ..
            } => resend_at.map_or(give_up_at, |at| at.min(give_up_at)),
            State::Accepted {
                resend_at,
                give_up_at,
                ..
            } => resend_at.min(give_up_at),
            State::Absorbing { until } => until,
        }
    }

    pub(super) fn wake(&mut self, now: u64) -> Woken {
        let resend = Transmit {
            flow: self.flow,
            bytes: Vec::new(),
        };
        match &mut self.state {
            State::Proceeding { forget_at, look_at } if now < *forget_at => {
                *look_at = (now + LOOK_EVERY_MS).min(*forget_at);
                Woken::default()
            }
            State::Proceeding { .. } => Woken {
                unanswered: self.invite,
                over: true,
                ..Woken::default()
            },
            State::Absorbing { .. } => Woken {
                over: true,
                ..Woken::default()
            },
            State::Completed { give_up_at, .. } if now >= *give_up_at => Woken {
                over: true,
                ..Woken::default()
            },
            State::Accepted { give_up_at, .. } if now >= *give_up_at => Woken {
                unacknowledged: true,
                over: true,
                ..Woken::default()
            },
            State::Completed {
                resend_at,
                interval,
                ..
            } => {
                *interval = (*interval * 2).min(T2_MS);
                *resend_at = Some(now + *interval);
                Woken {
                    transmit: Some(Transmit {
                        bytes: self.last.clone(),
                        ..resend
                    }),
                    ..Woken::default()
                }
            }
            State::Accepted {
                resend_at,
                interval,
                ..
            } => {
                *interval = (*interval * 2).min(T2_MS);
                *resend_at = now + *interval;
                Woken {
                    transmit: Some(Transmit {
                        bytes: self.last.clone(),
                        ..resend
                    }),
                    ..Woken::default()
                }
            }
        }
    }
}
