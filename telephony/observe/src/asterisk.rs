//! What Asterisk writes of calls beside queue_log: CEL (events of channels) and CDR (a row a call), as CSV
//! in the order of columns that its sample settings have, or with a first row that names them.
//!
//! What a call is follows from its numbers by the same [`Rules`] as for calls seen on the wire. A call that
//! is imported again changes nothing; one that goes on in a later file is continued
//! ([`crate::queue_log::continued`]).

mod cdr;
mod cel;
mod names;

#[cfg(test)]
mod tests;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use csv::StringRecord;
use madoguchi_core::event::{AbandonReason, CallEvent, EndCause, EventKind};
use madoguchi_core::id::{AgentId, CallId, LineName, NodeName};
use madoguchi_core::time::Instant;

pub use self::cdr::read as read_cdr;
pub use self::cel::{CEL_NODE, CelTarget, read as read_cel};
use crate::counting::{IsOpen, Meaning, Rules};
use crate::queue_log::{Import, Skipped};
use crate::text::separator;

/// The events of one call.
#[derive(Debug)]
pub(crate) struct Log {
    call: CallId,
    line: LineName,
    node: NodeName,
    events: Vec<CallEvent>,
}

impl Log {
    /// A log that goes on behind what was known of a call up to this instant: the rest is told again now. An end
    /// that was only concluded is not known.
    fn of(known: &[CallEvent], before: Instant) -> Option<Self> {
        let told = known.iter().filter(|event| !event.is_set_afterwards());
        let mut events: Vec<CallEvent> = told.cloned().collect();
        events.sort_by_key(|event| event.seq);
        let mut place = 0..;
        events.retain(|event| place.next() == Some(0) || event.at <= before);
        let first = events.first()?.clone();
        Some(Self {
            call: first.call,
            line: first.line,
            node: first.node,
            events,
        })
    }

    /// Who dialled.
    fn dialler(&self) -> Option<AgentId> {
        match &self.events.first()?.kind {
            EventKind::Dialled { agent, .. } => Some(agent.clone()),
            _ => None,
        }
    }

    fn push(&mut self, at: Instant, kind: EventKind) {
        let before = self.events.last().map_or(at, |event| event.at);
        let seq = u32::try_from(self.events.len()).unwrap_or(u32::MAX);
        self.events.push(CallEvent {
            call: self.call.clone(),
            seq,
            at: at.max(before),
            node: self.node.clone(),
            line: self.line.clone(),
            kind,
        });
    }
}

/// What begins a call.
pub(crate) enum Beginning {
    /// 着信, and whether the line is open.
    Inbound { log: Log, open: bool },
    /// 発信 or 内線.
    Dialled(Log),
}

/// The name of a call: the same whenever it is imported.
fn name(source: &str, id: &str) -> CallId {
    CallId::new(format!("{source}/{id}"))
}

/// The first events of a call from one number to another; nothing if it is no call of the desk.
pub(crate) fn begin(
    (source, id): (&str, &str),
    (from, to): (&str, &str),
    at: Instant,
    rules: &Rules,
    is_open: IsOpen<'_>,
) -> Option<Beginning> {
    let log = |line: LineName| Log {
        call: name(source, id),
        line,
        node: NodeName::new(source),
        events: Vec::new(),
    };
    let (agent, outside) = match rules.meaning_of_numbers(from, to) {
        Meaning::Inbound(line) => {
            let open = is_open(&line.name, at);
            let mut log = log(line.name.clone());
            let arrived = EventKind::Arrived {
                from: from.into(),
                to: to.into(),
                open,
            };
            log.push(at, arrived);
            if open {
                log.push(at, EventKind::Queued);
            }
            return Some(Beginning::Inbound { log, open });
        }
        Meaning::Outbound(agent) => (agent, true),
        Meaning::Internal(agent) => (agent, false),
        Meaning::FeatureCode | Meaning::Unknown => return None,
    };
    let line = if outside {
        rules.outbound_line()
    } else {
        LineName::internal()
    };
    let mut log = log(line);
    let dialled = EventKind::Dialled {
        agent,
        from: from.to_owned(),
        to: to.to_owned(),
        outside,
    };
    log.push(at, dialled);
    Some(Beginning::Dialled(log))
}

/// What a row tells of a call that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    /// When it was answered, if it was.
    pub(crate) answer: Option<Instant>,
    /// Who answered.
    pub(crate) agent: Option<AgentId>,
    /// When it was over.
    pub(crate) end: Instant,
    /// Why a call to a line was not answered, if it was not.
    pub(crate) abandoned: AbandonReason,
}

impl Told {
    /// Whether this row says what became of a call of which another row is known: it was answered, or
    /// nobody answered and it went on for longer.
    pub(crate) fn decides_over(&self, other: &Self) -> bool {
        match (self.answer, other.answer) {
            (Some(one), Some(other)) => one < other,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => other.end < self.end,
        }
    }
}

/// The events of a call that a row tells of.
pub(crate) fn told(beginning: Beginning, told: Told) -> Vec<CallEvent> {
    let cause = EndCause::Unknown;
    let mut log = match beginning {
        Beginning::Inbound { mut log, open } => {
            match told.answer {
                Some(at) => log.push(at, EventKind::Answered { agent: told.agent }),
                None if open => {
                    let reason = told.abandoned;
                    log.push(told.end, EventKind::Abandoned { reason });
                    return log.events;
                }
                None => {}
            }
            log.push(told.end, EventKind::Ended { cause });
            return log.events;
        }
        Beginning::Dialled(log) => log,
    };
    let Some(at) = told.answer else {
        let cause = EndCause::Refused;
        log.push(told.end, EventKind::Ended { cause });
        return log.events;
    };
    log.push(
        at,
        EventKind::Answered {
            agent: log.dialler(),
        },
    );
    log.push(told.end, EventKind::Ended { cause });
    log.events
}

/// The rows of a CSV with their numbers from 1, whatever stands between their cells.
fn rows<'a>(
    text: &'a str,
    import: &'a mut Import,
) -> impl Iterator<Item = (usize, StringRecord)> + 'a {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator(text))
        .from_reader(text.as_bytes());
    let mut number = 0;
    std::iter::from_fn(move || {
        loop {
            let mut row = StringRecord::new();
            number += 1;
            match reader.read_record(&mut row) {
                Ok(false) => return None,
                Ok(true) => {
                    import.counts.lines += 1;
                    return Some((number, row));
                }
                Err(error) => import.skipped.push(Skipped {
                    line: number,
                    reason: format!("CSVとして読めません: {error}"),
                }),
            }
        }
    })
}

/// What a row is known again by.
fn fingerprint(row: &StringRecord) -> u64 {
    let mut hasher = DefaultHasher::new();
    for cell in row {
        cell.hash(&mut hasher);
    }
    hasher.finish()
}

/// The extension of a channel: `PJSIP/201-0000002a` → `201`.
fn extension(channel: &str) -> &str {
    let name = channel.split_once('/').map_or(channel, |(_, name)| name);
    let name = name.rsplit_once('-').map_or(name, |(name, _)| name);
    name.split('@').next().unwrap_or(name)
}
