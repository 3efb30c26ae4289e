//! Dialogs that turn out to be of one call.

use super::joining::Place;
use super::parts::{CallKey, Certainty, DialogKey, Step};
use super::{Calls, LEGS_AT_MOST};
use crate::capture::Micros;
use crate::dialog::Change;
use crate::message::Seen;
use crate::transfers::Reached;

/// Who was asked to make a call says that it was answered within this time of the answer.
const TOLD_WITHIN: Micros = Micros::from_secs(5);

impl Calls {
    /// Makes the calls of two dialogs one; tells which is gone.
    pub(super) fn merge(
        &mut self,
        one: DialogKey,
        other: DialogKey,
        certainty: Certainty,
    ) -> Option<CallKey> {
        let (call, other) = (self.dialogs.get(&one)?.call, self.dialogs.get(&other)?.call);
        if call == other {
            return None;
        }
        let legs = |call: CallKey| self.calls.get(&call).map_or(0, |call| call.dialogs.len());
        if legs(call) + legs(other) > LEGS_AT_MOST {
            return None;
        }
        let (kept, gone) = (call.min(other), call.max(other));
        let moved = self.calls.remove(&gone)?;
        for key in &moved.dialogs {
            if let Some(entry) = self.dialogs.get_mut(key) {
                entry.call = kept;
                if entry.joined == Certainty::Unknown {
                    entry.joined = Certainty::Certain;
                }
            }
        }
        let dialogs = &mut self.calls.get_mut(&kept)?.dialogs;
        dialogs.extend(moved.dialogs);
        dialogs.sort();
        let entry = self.dialogs.get_mut(&one)?;
        entry.joined = entry.joined.max(certainty);
        Some(gone)
    }

    /// A dialog goes on where another one was left.
    pub(super) fn go_on(&mut self, key: DialogKey, place: &Place) -> Option<CallKey> {
        let own = self.dialogs.get(&key)?.call;
        let left = &self.dialogs.get(&place.left)?.dialog;
        let (left, exchange) = (left.call_id.clone(), left.hop.0.ip());
        let call_id = self.dialogs.get(&key)?.dialog.call_id.clone();
        self.transfers.follow(&left, &call_id);
        let first = self.merge(key, place.left, place.certainty);
        let is_callers = self.is_callers(place.left);
        let dialog = &mut self.dialogs.get_mut(&key)?.dialog;
        dialog.goes_on = is_callers;
        let (from, to) = (dialog.hop.0.ip(), dialog.hop.1.ip());
        dialog.picks_up = !is_callers && to == exchange && from != exchange;
        let Some(other) = place.other else {
            return first;
        };
        let second = self.merge(key, other, Certainty::Certain);
        if is_callers {
            self.sets_nothing_up(other);
        }
        // Of its own call nobody has heard yet.
        second.filter(|gone| *gone != own).or(first)
    }

    /// Who was asked to make a call says that it was answered: that the dialogs belong together is certain now.
    pub(super) fn reached(&mut self, seen: &Seen, reached: &Reached) -> Option<Step> {
        let key = *self.by_call_id.get(reached.dialog.as_str())?;
        let of = |call_id: &Option<String>| {
            let key = self.by_call_id.get(call_id.as_deref()?)?;
            Some(*key)
        };
        let (by, replaced) = (of(&reached.by), of(&reached.replaces));
        let dialog = &mut self.dialogs.get_mut(&key)?.dialog;
        dialog.last_seen = dialog.last_seen.max(seen.at);
        if let Some(entry) = by.and_then(|by| self.dialogs.get_mut(&by))
            && entry.joined == Certainty::Estimated
            && let Some(answer) = entry.dialog.answer
            && seen.at.since(answer).0.abs() <= TOLD_WITHIN.0
        {
            entry.joined = Certainty::Certain;
        }
        let replaced = replaced?;
        let merged = self.merge(key, replaced, Certainty::Certain)?;
        if self.is_callers(key) {
            self.sets_nothing_up(replaced);
        }
        let call = self.dialogs.get(&key)?.call;
        Some(Step {
            call,
            dialog: key,
            at: seen.at,
            change: Change::Nothing,
            merged: Some(merged),
        })
    }

    /// Whether a dialog is the caller's own, or goes on in its place.
    fn is_callers(&self, key: DialogKey) -> bool {
        let Some(entry) = self.dialogs.get(&key) else {
            return false;
        };
        let first = self.dialogs(entry.call).next();
        entry.dialog.goes_on || first.is_some_and(|(first, _)| first == key)
    }

    /// A consultation is no leg that was made for the caller.
    fn sets_nothing_up(&mut self, key: DialogKey) {
        if !self.is_callers(key)
            && let Some(entry) = self.dialogs.get_mut(&key)
        {
            entry.dialog.passed_on = true;
        }
    }
}
