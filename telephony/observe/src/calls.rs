//! Dialogs, and which of them are one call.

mod deadlines;
mod index;
mod joining;
mod merging;
mod outcome;
mod parts;
mod registrations;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;

use self::deadlines::deadline;
use self::index::{Index, Numbers};
use self::joining::Join;
pub use self::joining::JoinSettings;
pub use self::outcome::{CallSummary, Outcome};
pub use self::parts::{CallKey, Certainty, Closed, DialogKey, Step};
use self::registrations::Registrations;
use crate::capture::Micros;
use crate::dialog::{Change, Dialog, Ending};
use crate::message::Seen;
use crate::transfers::Transfers;

/// Dialogs that are kept at once.
const DIALOGS_AT_MOST: usize = 500_000;
/// Dialogs of one call. More that name it stay apart.
const LEGS_AT_MOST: usize = 1_000;
/// Names of one dialog in the index.
const TAGS_AT_MOST: usize = 32;
/// Messages of one dialog that are kept.
const MESSAGES_AT_MOST: u16 = 500;

#[derive(Debug)]
struct Entry {
    dialog: Dialog,
    call: CallKey,
    /// How sure it is that it belongs to the call.
    joined: Certainty,
    /// By which it stands in the index.
    numbers: Numbers,
    /// What names it in the index beside its numbers.
    tags: Vec<String>,
    /// Messages that were kept of it.
    messages: u16,
}

#[derive(Debug)]
struct Call {
    dialogs: Vec<DialogKey>,
}

/// All dialogs of which something may still come.
#[derive(Debug, Default)]
pub struct Calls {
    settings: JoinSettings,
    dialogs: HashMap<DialogKey, Entry>,
    by_call_id: HashMap<Arc<str>, DialogKey>,
    calls: HashMap<CallKey, Call>,
    index: Index,
    registrations: Registrations,
    transfers: Transfers,
    due: BinaryHeap<Reverse<(Micros, CallKey)>>,
    last_key: u64,
    turned_away: u64,
}

impl Calls {
    /// An empty table.
    pub fn new(settings: JoinSettings) -> Self {
        Self {
            settings,
            ..Self::default()
        }
    }

    /// Legs are joined so from now on.
    pub fn set_joining(&mut self, settings: JoinSettings) {
        self.settings = settings;
    }

    /// Dialogs that were turned away because too many were open.
    pub fn turned_away(&self) -> u64 {
        self.turned_away
    }

    /// Whether a dialog with this Call-ID is in the table.
    pub fn has_dialog(&self, call_id: &str) -> bool {
        self.by_call_id.contains_key(call_id)
    }

    /// Dialogs in the table.
    pub fn len(&self) -> usize {
        self.dialogs.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.dialogs.is_empty()
    }

    /// Takes a message; what it changed, if it did.
    pub fn take(&mut self, seen: &Seen) -> Option<Step> {
        self.registrations.take(seen);
        let knows = |call_id: &str| self.by_call_id.contains_key(call_id);
        if let Some(reached) = self.transfers.take(seen, knows) {
            return self.reached(seen, &reached);
        }
        let known = self.by_call_id.get(seen.identity.call_id.as_str()).copied();
        let (key, is_new) = match known {
            Some(key) => (key, false),
            None => (self.add(seen)?, true),
        };
        let entry = self.dialogs.get_mut(&key)?;
        let was_open = entry.dialog.is_open();
        let voice = entry.dialog.voice.len();
        let change = entry.dialog.take(seen);
        let has_moved = entry.dialog.voice.len() > voice;
        match (was_open, entry.dialog.is_open()) {
            // No leg is made any more for what is over.
            (true, false) => self.index.remove_numbers(key, &entry.numbers),
            (false, true) => self.index.add_numbers(key, &entry.numbers),
            _ => {}
        }
        let is_new = is_new || change == Change::Started;
        let tags = joining::tags(seen, &self.settings);
        let mut merged = None;
        if is_new || !tags.is_empty() {
            merged = self.join(key, seen, tags, is_new);
        }
        if has_moved {
            self.know_media(key);
        }
        let call = self.dialogs.get(&key)?.call;
        if change == Change::Nothing && merged.is_none() && !is_new {
            return None;
        }
        if matches!(change, Change::Answered | Change::Ended) {
            self.watch(call);
        }
        Some(Step {
            call,
            dialog: key,
            at: seen.at,
            change,
            merged,
        })
    }

    /// Whether another message of this Call-ID is to be kept; it is counted then.
    pub(crate) fn may_keep_message(&mut self, call_id: &str) -> bool {
        let key = self.by_call_id.get(call_id);
        let Some(entry) = key.and_then(|key| self.dialogs.get_mut(key)) else {
            return false;
        };
        entry.messages = entry.messages.saturating_add(1);
        entry.messages <= MESSAGES_AT_MOST
    }

    /// Whether so far all messages of this Call-ID were kept.
    pub(crate) fn has_room_for_messages(&self, call_id: &str) -> bool {
        let key = self.by_call_id.get(call_id);
        let entry = key.and_then(|key| self.dialogs.get(key));
        entry.is_some_and(|entry| entry.messages <= MESSAGES_AT_MOST)
    }

    /// Voice was seen.
    pub fn media(&mut self, from: SocketAddr, to: SocketAddr, at: Micros) {
        for address in [from, to] {
            if let Some(key) = self.index.by_media(address)
                && let Some(entry) = self.dialogs.get_mut(&key)
            {
                let first = entry.dialog.last_media.replace(at).is_none();
                if first {
                    let call = entry.call;
                    self.watch(call);
                }
            }
        }
    }

    /// The dialogs of a call in the order of their beginnings.
    pub fn dialogs(&self, call: CallKey) -> impl Iterator<Item = (DialogKey, &Dialog)> {
        let keys = self.calls.get(&call).map(|call| call.dialogs.as_slice());
        let keys = keys.unwrap_or_default().iter();
        keys.filter_map(|key| Some((*key, &self.dialogs.get(key)?.dialog)))
    }

    /// How sure it is that the dialogs of a call belong together.
    pub fn certainty(&self, call: CallKey) -> Certainty {
        let keys = self.calls.get(&call).map(|call| call.dialogs.as_slice());
        let entries = keys
            .unwrap_or_default()
            .iter()
            .map(|key| self.dialogs.get(key));
        let joined = entries.flatten().map(|entry| entry.joined);
        joined.max().unwrap_or(Certainty::Unknown)
    }

    /// Ends what has been silent for too long by `now`, and closes what is over.
    pub fn advance(&mut self, now: Micros) -> (Vec<Step>, Vec<Closed>) {
        let (mut steps, mut closed) = (Vec::new(), Vec::new());
        while let Some(Reverse((due, call))) = self.due.peek().copied() {
            if due > now {
                break;
            }
            self.due.pop();
            if !self.calls.contains_key(&call) {
                continue;
            }
            self.end_silent(call, now, &mut steps);
            match self.deadline(call) {
                Some(later) if later > now => self.due.push(Reverse((later, call))),
                _ => closed.extend(self.close(call)),
            }
        }
        (steps, closed)
    }

    /// Nothing more comes: closes all calls in the order of their beginnings.
    pub fn finish(&mut self) -> Vec<Closed> {
        let mut keys: Vec<CallKey> = self.calls.keys().copied().collect();
        keys.sort();
        keys.into_iter().filter_map(|key| self.close(key)).collect()
    }

    fn add(&mut self, seen: &Seen) -> Option<DialogKey> {
        let mut dialog = Dialog::begin(seen)?;
        if self.dialogs.len() >= DIALOGS_AT_MOST {
            self.turned_away += 1;
            return None;
        }
        dialog.registered = self.registrations.user_at(seen);
        self.last_key += 1;
        let (key, call) = (DialogKey(self.last_key), CallKey(self.last_key));
        self.by_call_id.insert(dialog.call_id.clone(), key);
        let dialogs = vec![key];
        self.calls.insert(call, Call { dialogs });
        self.due.push(Reverse((seen.at, call)));
        let entry = Entry {
            dialog,
            call,
            joined: Certainty::Certain,
            numbers: Numbers::default(),
            tags: Vec::new(),
            messages: 0,
        };
        self.dialogs.insert(key, entry);
        Some(key)
    }

    /// Looks for the call that the dialog is a leg of, and puts it into the index.
    fn join(
        &mut self,
        key: DialogKey,
        seen: &Seen,
        tags: Vec<String>,
        is_new: bool,
    ) -> Option<CallKey> {
        let entry = self.dialogs.get(&key)?;
        let room = TAGS_AT_MOST.saturating_sub(entry.tags.len());
        let fresh: Vec<String> = tags
            .into_iter()
            .filter(|tag| !entry.tags.contains(tag))
            .take(room)
            .collect();
        if fresh.is_empty() && !is_new {
            return None;
        }
        if is_new && let Some(entry) = self.dialogs.get_mut(&key) {
            // It may have stood there without what only its INVITE tells.
            let numbers = Numbers::of(&entry.dialog);
            let before = std::mem::replace(&mut entry.numbers, numbers);
            self.index.remove_numbers(key, &before);
        }
        let found = joining::find(self, key, seen, &fresh, is_new);
        if is_new && let Some(entry) = self.dialogs.get(&key) {
            self.index.add(key, &entry.dialog, &entry.numbers);
        }
        for tag in &fresh {
            self.index.add_tag(key, tag);
        }
        self.dialogs.get_mut(&key)?.tags.extend(fresh);
        match found {
            Join::With(other, certainty) => {
                let gone = self.merge(key, other, certainty);
                let call = |key: &DialogKey| self.dialogs.get(key).map(|entry| entry.call);
                let are_one = call(&key) == call(&other);
                if are_one
                    && let Some(passed_on) = joining::passed_on(self, key, other)
                    && let Some(entry) = self.dialogs.get_mut(&passed_on)
                {
                    entry.dialog.passed_on = true;
                }
                gone
            }
            Join::InPlaceOf(place) => self.go_on(key, &place),
            Join::Several => {
                self.dialogs.get_mut(&key)?.joined = Certainty::Unknown;
                None
            }
            Join::None => None,
        }
    }

    /// Where voice of the dialog is to be expected. A place that a call has left which is over is the next one's:
    /// phones take the same port again at once.
    fn know_media(&mut self, key: DialogKey) {
        let Some(Entry { dialog, .. }) = self.dialogs.get(&key) else {
            return;
        };
        for address in &dialog.voice {
            let other = self.index.by_media(*address);
            let other = other.and_then(|other| self.dialogs.get(&other));
            if other.is_none_or(|other| !other.dialog.is_open()) {
                self.index.know_media(key, *address);
            }
        }
    }

    /// What happened may have brought forward when the next thing is to be done.
    fn watch(&mut self, call: CallKey) {
        if let Some(due) = self.deadline(call) {
            self.due.push(Reverse((due, call)));
        }
    }

    /// When the next thing is to be done about the call; nothing if there is no such call.
    fn deadline(&self, call: CallKey) -> Option<Micros> {
        let deadlines = self.dialogs(call).map(|(_, dialog)| deadline(dialog));
        deadlines.max()
    }

    fn end_silent(&mut self, call: CallKey, now: Micros, steps: &mut Vec<Step>) {
        let keys: Vec<DialogKey> = self.dialogs(call).map(|(key, _)| key).collect();
        for key in keys {
            let Some(Entry { dialog, .. }) = self.dialogs.get_mut(&key) else {
                continue;
            };
            if !dialog.is_open() || deadline(dialog) > now {
                continue;
            }
            if dialog.waits_for_another_invite() {
                dialog.close();
            } else if dialog.is_answered() {
                let (at, by) = match dialog.last_media {
                    Some(at) => (at, Ending::MediaStopped),
                    None => (
                        dialog.session_until().unwrap_or(dialog.last_seen),
                        Ending::Silent,
                    ),
                };
                dialog.lose(at, by);
            } else {
                dialog.lose(dialog.last_seen, Ending::Silent);
            }
            let at = dialog.end.map_or(now, |end| end.at);
            steps.push(Step {
                call,
                dialog: key,
                at,
                change: Change::Ended,
                merged: None,
            });
        }
    }

    fn close(&mut self, key: CallKey) -> Option<Closed> {
        let call = self.calls.remove(&key)?;
        let mut closed = Closed {
            key,
            dialogs: Vec::with_capacity(call.dialogs.len()),
            keys: Vec::with_capacity(call.dialogs.len()),
            certainty: Certainty::Certain,
        };
        for key in call.dialogs {
            let Some(entry) = self.dialogs.remove(&key) else {
                continue;
            };
            closed.certainty = closed.certainty.max(entry.joined);
            let mut dialog = entry.dialog;
            self.by_call_id.remove(&dialog.call_id);
            self.index.remove(key, &dialog, &entry.numbers, &entry.tags);
            dialog.close();
            closed.dialogs.push(dialog);
            closed.keys.push(key);
        }
        Some(closed)
    }
}
