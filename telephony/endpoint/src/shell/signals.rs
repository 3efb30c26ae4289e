//! What is signalled for calls, told to whoever keeps it. Calls come first: who does not keep up misses
//! messages, and nobody waits.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;

use madoguchi_core::id::CallId;
use madoguchi_core::time::Instant;
use madoguchi_sip::message::Message;
use madoguchi_sip::transaction::{Flow, Transmit};
use tokio::sync::mpsc;

use crate::switch::{Now, Switch, SwitchInput};

/// Dialogs that are remembered; of more, the half of which nothing was heard for longest is forgotten.
const DIALOGS_AT_MOST: usize = 20_000;
/// Calls whose messages are told when they all begin at once,
const CALLS_AT_ONCE: u64 = 200;
/// and in each second after those. No desk has as many but under a flood, in which what is told of each call
/// would stand in the way of the calls themselves.
const CALLS_A_SECOND: u64 = 20;
/// How far into a message its Call-ID is looked for.
const HEAD_BYTES_AT_MOST: usize = 8_192;

/// What was signalled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signal {
    /// A dialog belongs to a call of the desk.
    Dialog {
        /// Call-ID of SIP.
        dialog: Box<str>,
        /// The call.
        call: CallId,
    },
    /// A message of such a dialog.
    Message {
        /// When. Messages come in the order in which they came and went.
        at: Instant,
        /// Who sent it.
        from: SocketAddr,
        /// To whom.
        to: SocketAddr,
        /// As it went over the wire.
        bytes: Vec<u8>,
    },
}

/// Tells of messages and dialogs.
pub(super) struct SignalTap {
    signals: mpsc::Sender<Signal>,
    dialogs: HashMap<Box<str>, Heard>,
    /// The calls of those.
    calls: HashSet<CallId>,
    allowance: Allowance,
    missed: u64,
}

/// A dialog whose messages are told.
struct Heard {
    call: CallId,
    /// When it was last heard of, on the clock of the endpoint.
    at: u64,
}

/// How many calls may still begin to be told.
struct Allowance {
    thousandths: u64,
    /// On the clock of the endpoint.
    counted_at: u64,
}

impl Allowance {
    fn take(&mut self, mono: u64) -> bool {
        let gained = mono.saturating_sub(self.counted_at) * CALLS_A_SECOND;
        self.counted_at = self.counted_at.max(mono);
        self.thousandths = (self.thousandths + gained).min(CALLS_AT_ONCE * 1_000);
        let left = self.thousandths.checked_sub(1_000);
        self.thousandths = left.unwrap_or(self.thousandths);
        left.is_some()
    }
}

impl SignalTap {
    pub(super) fn new(signals: mpsc::Sender<Signal>) -> Self {
        Self {
            signals,
            dialogs: HashMap::new(),
            calls: HashSet::new(),
            allowance: Allowance {
                thousandths: CALLS_AT_ONCE * 1_000,
                counted_at: 0,
            },
            missed: 0,
        }
    }

    /// A message that is about to be handled, as it is told if it turns out to belong to a call.
    pub(super) fn coming(input: &SwitchInput) -> Option<(Flow, Vec<u8>)> {
        match input {
            SwitchInput::Datagram { flow, bytes } => Some((*flow, bytes.clone())),
            SwitchInput::Streamed {
                flow,
                message: Ok(message),
            } => {
                let bytes = match message {
                    Message::Request(request) => request.to_bytes(),
                    Message::Response(response) => response.to_bytes(),
                };
                Some((*flow, bytes))
            }
            _ => None,
        }
    }

    /// Learns which dialogs have begun. All legs of a call are told, or none.
    pub(super) fn learn(&mut self, switch: &mut Switch, now: Now) {
        for (dialog, call) in switch.take_fresh_dialogs() {
            self.begin(dialog, call, now.mono);
        }
    }

    fn begin(&mut self, dialog: Box<str>, call: CallId, mono: u64) {
        if !self.calls.contains(&call) && !self.allowance.take(mono) {
            self.miss();
            return;
        }
        if self.dialogs.len() >= DIALOGS_AT_MOST {
            self.forget_quiet();
        }
        let heard = Heard {
            call: call.clone(),
            at: mono,
        };
        self.calls.insert(call.clone());
        self.dialogs.insert(dialog.clone(), heard);
        self.tell(Signal::Dialog { dialog, call });
    }

    fn forget_quiet(&mut self) {
        let mut heard: Vec<u64> = self.dialogs.values().map(|heard| heard.at).collect();
        let (_, middle, _) = heard.select_nth_unstable(DIALOGS_AT_MOST / 2);
        let middle = *middle;
        self.dialogs.retain(|_, heard| heard.at > middle);
        self.calls = self
            .dialogs
            .values()
            .map(|heard| heard.call.clone())
            .collect();
    }

    /// Tells of a message that came.
    pub(super) fn came(&mut self, switch: &Switch, (flow, bytes): (Flow, Vec<u8>), now: Now) {
        if self.is_of_a_call(&bytes, now) {
            let (from, to) = (flow.remote, switch.address_of(flow));
            self.tell(Signal::Message {
                at: now.wall,
                from,
                to,
                bytes,
            });
        }
    }

    /// Tells of a message that goes.
    pub(super) fn goes(&mut self, switch: &Switch, transmit: &Transmit, now: Now) {
        if self.is_of_a_call(&transmit.bytes, now) {
            let (from, to) = (switch.address_of(transmit.flow), transmit.flow.remote);
            self.tell(Signal::Message {
                at: now.wall,
                from,
                to,
                bytes: transmit.bytes.clone(),
            });
        }
    }

    fn is_of_a_call(&mut self, bytes: &[u8], now: Now) -> bool {
        let known = call_id(bytes).and_then(|call_id| self.dialogs.get_mut(call_id));
        known.is_some_and(|heard| {
            heard.at = now.mono;
            true
        })
    }

    fn tell(&mut self, signal: Signal) {
        if self.signals.try_send(signal).is_err() {
            self.miss();
        }
    }

    fn miss(&mut self) {
        self.missed += 1;
        // The first, and then fewer and fewer.
        if self.missed.is_power_of_two() {
            tracing::warn!(missed = self.missed, "signals of calls were not kept");
        }
    }
}

/// The Call-ID of a message; nothing if it has none that can be read.
fn call_id(bytes: &[u8]) -> Option<&str> {
    let mut rest = bytes.get(..HEAD_BYTES_AT_MOST).unwrap_or(bytes);
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        rest = rest.get(end + 1..)?;
        // Most lines are told apart by their first letter.
        if !matches!(rest.first(), Some(b'C' | b'c' | b'i' | b'I')) {
            continue;
        }
        let line = rest.split(|byte| *byte == b'\n').next()?;
        let colon = line.iter().position(|byte| *byte == b':');
        let Some((name, value)) = colon.and_then(|at| line.split_at_checked(at)) else {
            continue;
        };
        let name = name.trim_ascii();
        if name.eq_ignore_ascii_case(b"call-id") || name.eq_ignore_ascii_case(b"i") {
            let value = value.get(1..).unwrap_or_default();
            return std::str::from_utf8(value.trim_ascii()).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_call_id_is_found_in_any_spelling() {
        for (text, expected) in [
            (
                "INVITE sip:a SIP/2.0\r\nVia: x\r\nCall-ID: one@a\r\n\r\n",
                Some("one@a"),
            ),
            ("INVITE sip:a SIP/2.0\ni : two\n\n", Some("two")),
            ("SIP/2.0 200 OK\r\ncall-id:three\r\n\r\n", Some("three")),
            (
                "SIP/2.0 200 OK\r\nCSeq\r\nContact: <a>\r\nCall-ID: four",
                Some("four"),
            ),
            ("Call-ID: in the start line\r\n\r\n", None),
            ("", None),
        ] {
            assert_eq!(call_id(text.as_bytes()), expected, "{text}");
        }
    }

    fn call(number: u64) -> (Box<str>, CallId) {
        (
            format!("{number}@a").into(),
            CallId::new(format!("c{number}")),
        )
    }

    #[test]
    fn of_a_flood_the_first_calls_are_told_whole_and_the_rest_not_at_all() {
        let (signals, mut told) = mpsc::channel(10_000);
        let mut tap = SignalTap::new(signals);
        for number in 0..CALLS_AT_ONCE * 2 {
            let (dialog, call) = call(number);
            tap.begin(dialog, call.clone(), 5);
            tap.begin(format!("{number}@agent").into(), call, 5);
        }
        let mut legs = 0;
        while let Ok(Signal::Dialog { call, .. }) = told.try_recv() {
            legs += 1;
            let number: u64 = call.as_str()[1..].parse().unwrap();
            assert!(number < CALLS_AT_ONCE, "{number}");
        }
        assert_eq!(legs, CALLS_AT_ONCE * 2);
        // A second later some more may begin.
        for number in 1_000..1_000 + CALLS_A_SECOND * 2 {
            let (dialog, call) = call(number);
            tap.begin(dialog, call, 1_005);
        }
        let more = std::iter::from_fn(|| told.try_recv().ok()).count() as u64;
        assert_eq!(more, CALLS_A_SECOND);
    }

    #[test]
    fn dialogs_that_are_remembered_are_bounded_and_the_quietest_go_first() {
        let (signals, _kept) = mpsc::channel(1);
        let mut tap = SignalTap::new(signals);
        for number in 0..DIALOGS_AT_MOST as u64 * 2 {
            let (dialog, call) = call(number);
            tap.begin(dialog, call, number * 1_000);
        }
        assert!(tap.dialogs.len() <= DIALOGS_AT_MOST);
        assert!(tap.calls.len() <= DIALOGS_AT_MOST);
        let last = format!("{}@a", DIALOGS_AT_MOST * 2 - 1);
        assert!(tap.dialogs.contains_key(&*last));
        assert!(!tap.dialogs.contains_key("0@a"));
    }
}
