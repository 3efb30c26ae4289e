//! What is signalled for calls, told to whoever keeps it. Calls come first: who does not keep up misses
//! messages, and nobody waits.

use std::collections::HashMap;
use std::net::SocketAddr;

use madoguchi_core::id::CallId;
use madoguchi_core::time::Instant;
use madoguchi_sip::message::Message;
use madoguchi_sip::transaction::{Flow, Transmit};
use tokio::sync::mpsc;

use crate::switch::{Now, Switch, SwitchInput};

/// Dialogs that are remembered; of more, those of which nothing was heard for long are forgotten.
const DIALOGS_AT_MOST: usize = 50_000;
/// A dialog of which nothing is heard for so long is over, or refreshes itself more often.
const QUIET_AT_MOST_MS: u64 = 3_600_000;
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
    /// When each dialog of a call was last heard of, on the clock of the endpoint.
    dialogs: HashMap<Box<str>, u64>,
    missed: u64,
}

impl SignalTap {
    pub(super) fn new(signals: mpsc::Sender<Signal>) -> Self {
        Self {
            signals,
            dialogs: HashMap::new(),
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

    /// Learns which dialogs have begun.
    pub(super) fn learn(&mut self, switch: &mut Switch, now: Now) {
        for (dialog, call) in switch.take_fresh_dialogs() {
            if self.dialogs.len() >= DIALOGS_AT_MOST {
                let oldest = now.mono.saturating_sub(QUIET_AT_MOST_MS);
                self.dialogs.retain(|_, heard| *heard >= oldest);
            }
            if self.dialogs.len() < DIALOGS_AT_MOST {
                self.dialogs.insert(dialog.clone(), now.mono);
                self.tell(Signal::Dialog { dialog, call });
            }
        }
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
            *heard = now.mono;
            true
        })
    }

    fn tell(&mut self, signal: Signal) {
        if self.signals.try_send(signal).is_err() {
            self.missed += 1;
            // The first, and then fewer and fewer.
            if self.missed.is_power_of_two() {
                tracing::warn!(missed = self.missed, "signals of calls were not kept");
            }
        }
    }
}

/// The Call-ID of a message; nothing if it has none that can be read.
fn call_id(bytes: &[u8]) -> Option<&str> {
    let head = bytes.get(..HEAD_BYTES_AT_MOST).unwrap_or(bytes);
    head.split(|byte| *byte == b'\n').skip(1).find_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = line.split_at_checked(colon)?;
        let name = name.trim_ascii();
        let is_it = name.eq_ignore_ascii_case(b"call-id") || name.eq_ignore_ascii_case(b"i");
        let value = value.get(1..).filter(|_| is_it)?;
        std::str::from_utf8(value.trim_ascii()).ok()
    })
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
            ("Call-ID: in the start line\r\n\r\n", None),
            ("", None),
        ] {
            assert_eq!(call_id(text.as_bytes()), expected, "{text}");
        }
    }
}
