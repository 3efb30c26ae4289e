//! Asterisk's CDR (`cdr-csv/Master.csv`): `accountcode, src, dst, dcontext, clid, channel, dstchannel,
//! lastapp, lastdata, start, answer, end, duration, billsec, disposition, amaflags, uniqueid, userfield`,
//! and behind them `peeraccount, linkedid, sequence` if `newcdrcolumns` is set. The order of the sample of
//! `cdr-custom/Master.csv` (`clid, src, dst, …, amaflags, accountcode, uniqueid, userfield, sequence`) is known by
//! where its times stand. A first row with names (`calldate` for `start`, as databases have it) tells any order; what
//! has no `end` and no `answer` is told by `duration` and `billsec`.
//!
//! A call has a row for each phone that it was put to, and for each further one after a transfer: rows of one
//! linkedid, or else of one uniqueid, are one call. Whoever answered decides, whatever the other rows say.
//!
//! A row does not tell when the agent behind a queue answered; such calls have to come from queue_log or
//! CEL, and their rows are told as ones that cannot be taken.

mod row;

use std::collections::{HashMap, HashSet};

use madoguchi_core::event::{AbandonReason, CallEvent, EventKind, RingOutcome, TransferTarget};
use madoguchi_core::id::AgentId;
use madoguchi_core::time::Instant;

use self::row::{Order, Row};
use super::names::Names;
use super::{Beginning, Log, Told, begin, extension, fingerprint, rows, told};
use crate::counting::{IsOpen, Rules};
use crate::queue_log::{Import, Skipped};
use crate::text::decoded;

/// The name in events and names of calls.
const SOURCE: &str = "cdr";

/// What a first row names if it is none of a call.
const NAMED: [&str; 4] = ["src", "dst", "start", "disposition"];

/// Why the rows of a call cannot be taken.
const OF_QUEUE: &str = "キューの通話は、担当者が応答した時刻が CDR では分かりません。queue_log か CEL を取り込んでください";

/// Reads a CDR file into events of calls.
pub fn read(bytes: &[u8], rules: &Rules, is_open: IsOpen<'_>) -> Import {
    let mut import = Import::default();
    let mut counted = Import::default();
    for call in calls(&decoded(bytes), &mut counted) {
        match call.events(rules, is_open) {
            Ok(Some(events)) => {
                import.counts.calls += 1;
                import.events.extend(events);
            }
            Ok(None) => import.counts.not_about_calls += call.rows.len(),
            Err(reason) => import.skipped.extend(call.rows.iter().map(|row| Skipped {
                line: row.line,
                reason: reason.to_owned(),
            })),
        }
    }
    import.counts.lines = counted.counts.lines;
    import.counts.repeated = counted.counts.repeated;
    import.counts.not_about_calls += counted.counts.not_about_calls;
    import.skipped.extend(counted.skipped);
    import.skipped.sort_by_key(|skipped| skipped.line);
    import
}

/// The calls of a file in the order of their first rows.
fn calls(text: &str, counted: &mut Import) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut seen = HashSet::new();
    let mut names = None;
    let (mut repeated, mut skipped) = (0, Vec::new());
    for (line, row) in rows(text, counted) {
        if line == 1 {
            names = Names::of(&row, &NAMED);
            if names.is_some() {
                continue;
            }
        }
        if !seen.insert(fingerprint(&row)) {
            repeated += 1;
            continue;
        }
        match Row::read(line, &row, Order::by(names.as_ref(), &row)) {
            Ok(row) => {
                let place = *places.entry(row.call.clone()).or_insert(calls.len());
                match calls.get_mut(place) {
                    Some(call) => call.rows.push(row),
                    None => calls.push(Call { rows: vec![row] }),
                }
            }
            Err(reason) => skipped.push(Skipped { line, reason }),
        }
    }
    counted.counts.repeated = repeated;
    counted.counts.not_about_calls = usize::from(names.is_some());
    counted.skipped.extend(skipped);
    calls
}

/// The rows of one call, of which there is at least one.
struct Call {
    rows: Vec<Row>,
}

impl Call {
    /// The rows of the caller's channel in the order of time: the one that gave the call its name, or else
    /// the one with the first row.
    fn of_caller(&self) -> Vec<&Row> {
        let has_own = self.rows.iter().any(|row| row.unique_id == row.call);
        let first = self.rows.iter().min_by_key(|row| row.start);
        let is_it = |row: &&Row| match first {
            Some(_) if has_own => row.unique_id == row.call,
            Some(first) => row.unique_id == first.unique_id,
            None => false,
        };
        let mut rows: Vec<&Row> = self.rows.iter().filter(is_it).collect();
        rows.sort_by_key(|row| (row.start, row.end));
        rows
    }

    fn events(
        &self,
        rules: &Rules,
        is_open: IsOpen<'_>,
    ) -> Result<Option<Vec<CallEvent>>, &'static str> {
        let rows = self.of_caller();
        let (Some(first), Some(end)) = (rows.first(), rows.iter().map(|row| row.end).max()) else {
            return Ok(None);
        };
        let name = (SOURCE, first.call.as_str());
        let begun = rows.iter().find_map(|row| {
            let ends = (row.from.as_str(), row.to.as_str());
            begin(name, ends, first.start, rules, is_open)
        });
        let Some(begun) = begun else {
            return Ok(None);
        };
        if self
            .rows
            .iter()
            .any(|row| row.is_queue && row.is_answered())
        {
            return Err(OF_QUEUE);
        }
        Ok(Some(match begun {
            Beginning::Inbound { log, open } => self.inbound(log, open, &rows, (rules, end)),
            Beginning::Dialled(_) => {
                let told_of = Told {
                    answer: rows.iter().filter_map(|row| row.answer).min(),
                    agent: None,
                    end,
                    abandoned: AbandonReason::CallerHangup,
                };
                told(begun, told_of)
            }
        }))
    }

    fn inbound(
        &self,
        mut log: Log,
        open: bool,
        rows: &[&Row],
        (rules, end): (&Rules, Instant),
    ) -> Vec<CallEvent> {
        let mut answers: Vec<(Instant, &Row)> = rows
            .iter()
            .filter_map(|row| Some((row.answer?.max(row.start), *row)))
            .collect();
        answers.sort_by_key(|(at, row)| (*at, row.start));
        let answer = answers.first().map(|(at, _)| *at);
        let mut told_of: Vec<(Instant, u8, EventKind)> = Vec::new();
        let until = answer.unwrap_or(end);
        let rung = rows
            .iter()
            .filter(|row| open && !row.is_answered() && row.start <= until);
        for row in rung {
            let Some(agent) = self.agent(row, rules) else {
                continue;
            };
            let ringing = EventKind::Ringing {
                agent: agent.clone(),
            };
            told_of.push((row.start, 0, ringing));
            let outcome = outcome(row, until);
            let ended = EventKind::RingEnded { agent, outcome };
            told_of.push((row.end.min(until), 1, ended));
        }
        told_of.extend(self.talks(&answers, rules));
        told_of.sort_by_key(|(at, rank, _)| (*at, *rank));
        for (at, _, kind) in told_of {
            log.push(at, kind);
        }
        let told_of = Told {
            answer: None,
            agent: None,
            end,
            abandoned: reason(rows),
        };
        // What is answered only ends.
        let open = open && answer.is_none();
        told(Beginning::Inbound { log, open }, told_of)
    }

    /// Who talked, from when.
    fn talks(&self, answers: &[(Instant, &Row)], rules: &Rules) -> Vec<(Instant, u8, EventKind)> {
        let mut talks = Vec::new();
        let mut talking = None;
        for (at, row) in answers {
            let agent = self.agent(row, rules);
            if talks.is_empty() {
                talking.clone_from(&agent);
                talks.push((*at, 2, EventKind::Answered { agent }));
            } else if let Some(agent) = agent.filter(|agent| talking.as_ref() != Some(agent)) {
                talking = Some(agent.clone());
                let to = TransferTarget::Agent { agent };
                talks.push((*at, 3, EventKind::Transferred { from: None, to }));
            }
        }
        talks
    }

    /// The agent whose phone a row was put to; a Local channel stands for the phone behind it.
    fn agent(&self, row: &Row, rules: &Rules) -> Option<AgentId> {
        let of = |row: &Row| rules.agent(extension(&row.phone));
        let behind = |other: &&Row| {
            row.phone.starts_with("Local/")
                && other.channel.starts_with("Local/")
                && other.is_answered() == row.is_answered()
                && row.start <= other.end
                && other.start <= row.end
        };
        of(row).or_else(|| self.rows.iter().filter(behind).find_map(of))
    }
}

/// Why the ringing of a phone was in vain, if the call was answered or over then.
fn outcome(row: &Row, until: Instant) -> RingOutcome {
    match row.disposition.as_str() {
        "BUSY" => RingOutcome::Declined,
        "FAILED" | "CONGESTION" => RingOutcome::Unreachable,
        _ if row.end >= until => RingOutcome::Withdrawn,
        _ => RingOutcome::NoAnswer,
    }
}

/// Why a call to a line was not answered.
fn reason(rows: &[&Row]) -> AbandonReason {
    let mut reasons = rows.iter().map(|row| match row.disposition.as_str() {
        "BUSY" => AbandonReason::QueueFull,
        "FAILED" | "CONGESTION" => AbandonReason::SystemError,
        // The caller, or whoever waited for nobody.
        _ => AbandonReason::CallerHangup,
    });
    let last = reasons.next_back();
    let rang = reasons.find(|reason| *reason == AbandonReason::CallerHangup);
    rang.or(last).unwrap_or(AbandonReason::CallerHangup)
}
