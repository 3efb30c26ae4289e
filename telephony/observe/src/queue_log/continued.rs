//! What a log adds to what the store knows of the same calls.

use std::collections::HashMap;

use madoguchi_core::event::{CallEvent, EventKind};
use madoguchi_core::id::CallId;

/// The events that the store does not know yet, numbered behind those it knows. `events` are those of
/// whole calls, one call after another.
///
/// A log that begins anew where an earlier one was cut tells of some calls a second time from the
/// beginning, of others only the rest. Of the first, the known events come out the same and are
/// left out; the others go on behind their last known event. Who answered does not tell events apart:
/// an agent may have got another name since.
///
/// A call that has ended is told no further, except that one which was 放棄 turns out to have been
/// answered: the row of the phone that answered, or the next queue, came only later.
pub fn continued(events: &[CallEvent], known: &HashMap<CallId, Vec<CallEvent>>) -> Vec<CallEvent> {
    let mut fresh = Vec::new();
    for story in events.chunk_by(|one, next| one.call == next.call) {
        let before = story.first().and_then(|first| known.get(&first.call));
        let before = before.map_or(&[][..], Vec::as_slice);
        let first = fresh.len();
        fresh.extend(rest(story, before).into_iter().cloned());
        number(fresh.get_mut(first..).unwrap_or_default(), before);
    }
    fresh
}

/// What of a story is not known.
fn rest<'a>(story: &'a [CallEvent], before: &[CallEvent]) -> Vec<&'a CallEvent> {
    let is_told = |kind: fn(&EventKind) -> bool| {
        let mut told = before.iter().filter(|event| !event.is_set_afterwards());
        told.any(|event| kind(&event.kind))
    };
    if is_told(is_end) {
        return Vec::new();
    }
    if is_told(is_abandonment) && !is_told(is_answer) {
        let answered = story.iter().position(|event| is_answer(&event.kind));
        let rest = answered.and_then(|answered| story.get(answered..));
        return rest.unwrap_or_default().iter().collect();
    }
    let mut known: Vec<&CallEvent> = before.iter().collect();
    let is_fresh = |event: &&CallEvent| {
        let known_at = known.iter().position(|old| is_same(old, event));
        known_at.map(|at| known.remove(at)).is_none()
    };
    story.iter().filter(is_fresh).collect()
}

fn is_end(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Ended { .. })
}

fn is_abandonment(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Abandoned { .. })
}

fn is_answer(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Answered { .. })
}

/// Whether two events tell of the same.
fn is_same(one: &CallEvent, other: &CallEvent) -> bool {
    if one.is_set_afterwards() || other.is_set_afterwards() {
        return one.seq == other.seq;
    }
    // A call begins once, and is answered once.
    let is_once = matches!(
        one.kind,
        EventKind::Arrived { .. } | EventKind::Dialled { .. } | EventKind::Answered { .. }
    );
    let kinds = [&one.kind, &other.kind].map(std::mem::discriminant);
    kinds[0] == kinds[1] && (is_once || one.at == other.at)
}

/// Numbers events behind those that are known, none of them earlier.
fn number(fresh: &mut [CallEvent], before: &[CallEvent]) {
    let told = || before.iter().filter(|event| !event.is_set_afterwards());
    let latest = told().map(|event| event.at).max();
    let first = told().map(|event| event.seq + 1).max().unwrap_or(0);
    let fresh = fresh.iter_mut().filter(|event| !event.is_set_afterwards());
    for (seq, event) in (first..).zip(fresh) {
        event.at = latest.map_or(event.at, |latest| event.at.max(latest));
        event.seq = seq;
    }
}
