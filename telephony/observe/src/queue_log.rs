//! Asterisk's queue_log: `epoch|uniqueid|queue|agent|EVENT|data1|…`; dates and times in the place of the epoch, as a
//! database has them, are read as well.
//!
//! Everything is counted from the events and their instants, never from Asterisk's own counters
//! (hold times and averages in the data fields). A call is what has one uniqueid on one line: a
//! caller who leaves a queue and enters one again, or is handed to another queue, stays one call
//! with its first arrival. Only the last way out of a queue is 放棄.
//!
//! A call whose end was never written (an old Asterisk, a crash) ends as `system_error` at the last line
//! known of it, once Asterisk was started anew or nobody can be waiting any more, be it in a later log. Should its end be
//! told after all, that one counts.
//!
//! Who is handed to another queue stays the same call, whether the agent waited for an answer there or not;
//! the end is what the last agent's queue tells. What a clock that was set back tells happens at the last
//! instant known.
//!
//! Arrival decides 受付時間: a call that arrived outside it is 時間外着信, whatever became of it.

mod call;
mod calls;
mod continued;
mod line;

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use madoguchi_core::event::CallEvent;
use madoguchi_core::hours::Calendar;
use madoguchi_core::id::{CallId, LineName};
use madoguchi_core::time::{Instant, Millis};

use self::calls::Calls;
pub use self::continued::continued;
use self::line::{Kind, Line};
use crate::counting::Rules;
use crate::text::decoded;

/// What a log told.
#[derive(Debug, Default)]
pub struct Import {
    /// The events of all calls, those of one call in order.
    pub events: Vec<CallEvent>,
    /// Lines that could not be taken.
    pub skipped: Vec<Skipped>,
    /// How much of what there was.
    pub counts: Counts,
    /// When the next call ends of which nothing more is told, if one is open.
    pub due: Option<Instant>,
    /// Calls whose beginning is not in the log: an earlier log may have told of it.
    pub unbegun: Vec<CallId>,
}

/// A line that could not be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Its number, from 1.
    pub line: usize,
    /// Why, for the operator.
    pub reason: String,
}

/// How much of what a log held.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Counts {
    /// Lines that are not empty.
    pub lines: usize,
    pub calls: usize,
    /// Lines that tell of agents, pauses or the queue itself, or of other queues.
    pub not_about_calls: usize,
    /// Lines that stand in the log a second time.
    pub repeated: usize,
}

impl Import {
    /// The calls, each once.
    pub fn calls(&self) -> impl Iterator<Item = &CallId> {
        let mut seen = HashSet::new();
        self.events
            .iter()
            .map(|event| &event.call)
            .filter(move |call| seen.insert(*call))
    }
}

/// The node that imported events name.
pub const NODE: &str = "queue_log";
/// Nobody waits longer on a line that sets no limit.
const WAIT_AT_MOST: Millis = Millis::from_secs(24 * 3600);

/// Into what a log is read.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The line whose calls they are.
    pub line: &'a LineName,
    /// Of one queue only, if one is named.
    pub queue: Option<&'a str>,
    /// The reception hours of the line.
    pub calendar: &'a Calendar,
    /// The longest wait on the line, if there is one.
    pub wait_at_most: Option<Millis>,
    /// Now, by which silence is judged; without it, or if it is later, the log's last line.
    pub now: Option<Instant>,
    /// The log is followed as it grows: who has just left a queue may enter another.
    pub is_followed: bool,
    /// Which agent has which extension.
    pub rules: &'a Rules,
    /// What is known of calls that began in an earlier log; those without an end belong to it even if this log does not
    /// name them.
    pub known: &'a HashMap<CallId, Vec<CallEvent>>,
}

/// Reads a log into the events of calls.
pub fn read(bytes: &[u8], into: Target<'_>) -> Import {
    let mut import = Import::default();
    let mut calls = Calls::new(into);
    let mut seen = HashSet::new();
    for (index, text) in decoded(bytes).split('\n').enumerate() {
        let text = text.trim_end_matches('\r');
        if text.trim().is_empty() {
            continue;
        }
        import.counts.lines += 1;
        let taken = Line::read(text).and_then(|read| {
            let other_queue = into.queue.is_some_and(|name| read.queue != name);
            let is_start = read.kind == Kind::Started;
            if read.kind == Kind::NotAboutCalls || (other_queue && !is_start) {
                import.counts.not_about_calls += 1;
                return Ok(());
            }
            if is_start {
                import.counts.not_about_calls += 1;
            } else if !seen.insert(hash(text)) {
                import.counts.repeated += 1;
                return Ok(());
            }
            calls.take(&read)
        });
        if let Err(reason) = taken {
            import.skipped.push(Skipped {
                line: index + 1,
                reason,
            });
        }
    }
    calls.finish(&mut import);
    import
}

/// What a line is known again by.
fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests;
