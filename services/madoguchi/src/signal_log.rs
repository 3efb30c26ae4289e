//! What is signalled for calls, on its way into the store.

pub(crate) mod own;

use std::collections::{BTreeMap, VecDeque};

use madoguchi_core::id::CallId;
use madoguchi_core::signal::{SignalDialog, SignalKind, SignalMessage, SignalRetention};
use madoguchi_core::time::Instant;
use madoguchi_observe::calls::{CallKey, Calls, Closed};
use madoguchi_observe::capture::Micros;
use madoguchi_observe::counting::Counting;
use madoguchi_observe::dialog::{Dialog, Ending};
use madoguchi_observe::observer::{KeptMessage, Progress};
use madoguchi_store::{Store, StoreError};

/// Text of messages that waits while the store is away; of more, the oldest goes: calls count, their messages
/// only tell.
const WAITING_BYTES_AT_MOST: usize = 16 << 20;
/// Dialogs that wait; of more, some go.
const WAITING_DIALOGS_AT_MOST: usize = 20_000;

/// Messages and dialogs that wait to be stored.
pub(crate) struct SignalBuffer {
    retention: SignalRetention,
    /// Whose messages they are, but for those of registrations.
    kind: SignalKind,
    messages: VecDeque<SignalMessage>,
    /// The length of their texts.
    bytes: usize,
    dialogs: BTreeMap<String, SignalDialog>,
}

impl SignalBuffer {
    pub(crate) fn new(retention: SignalRetention, kind: SignalKind) -> Self {
        Self {
            retention,
            kind,
            messages: VecDeque::new(),
            bytes: 0,
            dialogs: BTreeMap::new(),
        }
    }

    /// Whether messages are kept at all.
    pub(crate) fn keeps_messages(&self) -> bool {
        self.retention.days > 0
    }

    pub(crate) fn waiting(&self) -> usize {
        self.messages.len() + self.dialogs.len()
    }

    /// Takes the messages of `progress`, but for those that are too old to be kept at `now`.
    pub(crate) fn take_messages(&mut self, progress: &mut Progress, now: Instant) {
        let oldest = self.retention.deletes_before(now).0.saturating_mul(1_000);
        let kind = self.kind;
        let fresh = progress.messages.drain(..);
        let fresh = fresh.map(|kept| message(kept, kind));
        for fresh in fresh.filter(|one| one.at_us >= oldest) {
            self.bytes += fresh.text.len();
            self.messages.push_back(fresh);
        }
        while self.bytes > WAITING_BYTES_AT_MOST
            && let Some(oldest) = self.messages.pop_front()
        {
            self.bytes -= oldest.text.len();
        }
    }

    /// The dialogs of a call in which something happened.
    pub(crate) fn take_call(&mut self, calls: &Calls, counting: &Counting, key: CallKey) {
        let call = counting.call(key);
        for (_, dialog) in calls.dialogs(key) {
            self.take_dialog(dialog, call);
        }
    }

    /// The dialogs of a call that is over, and the call if it was counted.
    pub(crate) fn take_closed(&mut self, closed: &Closed, call: Option<&CallId>) {
        for dialog in &closed.dialogs {
            self.take_dialog(dialog, call);
        }
    }

    /// For how long messages are kept from now on.
    pub(crate) fn keep_for(&mut self, retention: SignalRetention) {
        self.retention = retention;
    }

    /// A dialog as it stands now, and the call that it is a leg of.
    pub(crate) fn take_dialog(&mut self, dialog: &Dialog, call: Option<&CallId>) {
        self.dialogs
            .insert(dialog.call_id.to_string(), row(dialog, call));
        if self.dialogs.len() > WAITING_DIALOGS_AT_MOST {
            self.dialogs.pop_first();
        }
    }

    /// Stores what waits; if that fails it goes on waiting.
    pub(crate) async fn flush(&mut self, store: &Store) -> Result<(), StoreError> {
        if self.waiting() == 0 {
            return Ok(());
        }
        let dialogs: Vec<SignalDialog> = self.dialogs.values().cloned().collect();
        let mut tx = store.begin_unrecorded().await?;
        tx.save_signals(self.messages.make_contiguous(), &dialogs)
            .await?;
        tx.commit().await?;
        self.messages = VecDeque::new();
        self.bytes = 0;
        self.dialogs.clear();
        Ok(())
    }
}

fn message(kept: KeptMessage, kind: SignalKind) -> SignalMessage {
    SignalMessage {
        at_us: kept.first.at.0,
        seq: i64::try_from(kept.first.seq).unwrap_or(i64::MAX),
        repeated: kept.repeated,
        dialog: kept.call_id,
        source: kept.first.ends.0.to_string(),
        destination: kept.first.ends.1.to_string(),
        kind: if kept.is_registration {
            SignalKind::Registration
        } else {
            kind
        },
        text: kept.text,
    }
}

fn row(dialog: &Dialog, call: Option<&CallId>) -> SignalDialog {
    let micros = |at: Option<Micros>| at.map(|at| at.0);
    let status = match dialog.end.map(|end| end.by) {
        Some(Ending::Refused(status)) => Some(status),
        _ => None,
    };
    SignalDialog {
        dialog: dialog.call_id.to_string(),
        call: call.cloned(),
        started_us: micros(dialog.start),
        rung_us: micros(dialog.ring),
        answered_us: micros(dialog.answer),
        ended_us: micros(dialog.end.map(|end| end.at)),
        status,
        is_cancelled: dialog.cancelled.is_some(),
        source: dialog.hop.0.ip().to_string(),
        destination: dialog.hop.1.ip().to_string(),
    }
}
