//! 推定: numbers, times and addresses.

use super::super::Entry;
use super::super::index::Numbers;
use super::{Calls, Certainty, Dialog, DialogKey, Join, is_from_node};
use crate::capture::Micros;

/// A leg that begins so soon after something else happened to a call belongs to it rather than to
/// another with the same number.
const SOON: Micros = Micros(500_000);
/// Without an address in common, numbers alone count for so long.
const AT_ONCE: Micros = Micros::from_secs(3);
/// Digits of a number that no other call has by chance.
const DIGITS_AT_LEAST: usize = 6;

/// How well a dialog fits as the one that a leg was made for; the better the larger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// The leg shows the number that was called to a short number, and comes from where the call went.
    ShowsCalled,
    /// The number that was called is the leg's, and the leg comes from where the call went.
    Called,
    /// The caller's number is the leg's, at once, but no address is common.
    NumberAtOnce,
    /// The caller's number is the leg's, and an address is common.
    Number,
    /// The voice of both goes to one place.
    Media,
}

/// The call that a leg fits best.
pub(super) fn find(calls: &Calls, key: DialogKey, leg: &Entry) -> Join {
    let mut best: Option<Fit> = None;
    let mut fitting: Vec<DialogKey> = Vec::new();
    let mut consider = |other: DialogKey| {
        let Some(entry) = calls.dialogs.get(&other) else {
            return;
        };
        if other == key || fitting.contains(&other) {
            return;
        }
        let Some(fit) = fit(entry, leg) else {
            return;
        };
        if best.is_none_or(|best| fit > best) {
            best = Some(fit);
            fitting.clear();
        }
        if best == Some(fit) {
            fitting.push(other);
        }
    };
    let by_media = leg
        .dialog
        .caller_media
        .and_then(|at| calls.index.by_media(at));
    by_media.into_iter().for_each(&mut consider);
    for number in leg.numbers.each() {
        calls.index.by_number(number).for_each(&mut consider);
    }
    narrow(calls, &leg.dialog, fitting)
}

/// Whether the first can be what the other, a leg, was made for.
fn fit(of_call: &Entry, of_leg: &Entry) -> Option<Fit> {
    let (call, leg) = (&of_call.dialog, &of_leg.dialog);
    let (numbers, leg_numbers) = (&of_call.numbers, &of_leg.numbers);
    let (began, leg_began) = (call.start?, leg.start?);
    if began > leg_began || !call.is_open() || call.hop == leg.hop {
        return None;
    }
    let ((caller, node), (leg_from, leg_to)) = (call.hop, leg.hop);
    let agree = |one: Option<_>, other: Option<_>| one.is_some() && one == other;
    // Who called makes no leg of the own call: another call may come from there, by another connection and with the
    // port for voice that the first one has left.
    let is_another =
        caller.ip() != leg_from.ip() || (caller.ip() == node.ip() && caller != leg_from);
    if agree(call.caller_media, leg.caller_media) && is_another {
        return Some(Fit::Media);
    }
    let from_node = is_from_node(call, leg);
    let ip = |address: Option<std::net::SocketAddr>| address.map(|address| address.ip());
    let same_media =
        caller.ip() != node.ip() && agree_ip(ip(call.callee_media), ip(leg.caller_media));
    if is_same_caller(numbers, leg_numbers) {
        if from_node || same_media {
            return Some(Fit::Number);
        }
        let at_once = leg_began.since(latest(call)).0 <= AT_ONCE.0;
        let passed_on = caller.ip() != leg_from.ip() && node.ip() != leg_to.ip();
        return (digits(&call.from) >= DIGITS_AT_LEAST && at_once && passed_on)
            .then_some(Fit::NumberAtOnce);
    }
    if !from_node {
        return None;
    }
    if same(&numbers.called, &leg_numbers.called) {
        return Some(Fit::Called);
    }
    let shows_called =
        same(&numbers.called, &leg_numbers.from) || same(&numbers.to, &leg_numbers.from);
    // Who lets the caller wait and calls a third one consults.
    let is_leg = digits(&leg.called) < DIGITS_AT_LEAST && !call.is_held_by_callee();
    (shows_called && is_leg).then_some(Fit::ShowsCalled)
}

fn digits(number: &str) -> usize {
    number.bytes().filter(u8::is_ascii_digit).count()
}

fn agree_ip(one: Option<std::net::IpAddr>, other: Option<std::net::IpAddr>) -> bool {
    one.is_some() && one == other
}

fn same(one: &str, other: &str) -> bool {
    !one.is_empty() && one == other
}

pub(super) fn is_same_caller(call: &Numbers, leg: &Numbers) -> bool {
    same(&call.from, &leg.from)
        || same(&call.asserted, &leg.from)
        || same(&call.from, &leg.asserted)
        || same(&call.asserted, &leg.asserted)
}

/// The one call that fits: the only one, else the only one without another leg, else the only one to
/// which something has just happened.
fn narrow(calls: &Calls, leg: &Dialog, mut fitting: Vec<DialogKey>) -> Join {
    let call_of = |key: &DialogKey| calls.dialogs.get(key).map(|entry| entry.call);
    fitting.sort_by_key(call_of);
    fitting.dedup_by_key(|key| call_of(key));
    let Some(leg_began) = leg.start.filter(|_| !fitting.is_empty()) else {
        return Join::None;
    };
    let only = |keys: &[DialogKey]| match keys {
        [one] => Some(*one),
        _ => None,
    };
    let has_no_other_leg = |key: &DialogKey| {
        let dialogs = call_of(key)
            .into_iter()
            .flat_map(|call| calls.dialogs(call));
        let mut others = dialogs.filter(|(other, _)| other != key);
        others.all(|(_, dialog)| !dialog.is_open())
    };
    let has_just_changed = |key: &DialogKey| {
        let dialog = calls.dialogs.get(key).map(|entry| &entry.dialog);
        dialog.is_some_and(|dialog| leg_began.since(latest(dialog)).0 <= SOON.0)
    };
    let found = only(&fitting)
        .or_else(|| {
            fitting.retain(has_no_other_leg);
            only(&fitting)
        })
        .or_else(|| {
            fitting.retain(has_just_changed);
            only(&fitting)
        });
    found.map_or(Join::Several, |key| Join::With(key, Certainty::Estimated))
}

/// When something last happened to a dialog that has not ended.
fn latest(dialog: &Dialog) -> Micros {
    let known = [dialog.start, dialog.ring, dialog.answer];
    known.into_iter().flatten().max().unwrap_or_default()
}
