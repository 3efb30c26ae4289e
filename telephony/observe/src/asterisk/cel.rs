//! Asterisk's CEL (`cel-custom/Master.csv`): `eventtype, eventtime, cidname, cidnum, ani, rdnis, dnid,
//! exten, context, channame, appname, appdata, amaflags, accountcode, uniqueid, linkedid, bridgepeer,
//! userfield, userdeftype, eventextra`.
//!
//! Channels with one linkedid are one call; the one whose uniqueid it is, is the caller's. 応答 is when a
//! phone's channel enters a bridge, whatever the queue answered before.

use std::collections::HashMap;

use csv::StringRecord;
use madoguchi_core::event::{
    AbandonReason, CallEvent, EndCause, EventKind, RingOutcome, TransferTarget,
};
use madoguchi_core::id::AgentId;
use madoguchi_core::time::Instant;

use super::{Beginning, Log, begin, extension, instant, rows};
use crate::counting::{IsOpen, Rules};
use crate::queue_log::{Import, Skipped};

/// The name in events and names of calls.
const SOURCE: &str = "cel";

/// One event of a channel.
#[derive(Debug)]
struct Line {
    kind: String,
    at: Instant,
    number: String,
    exten: String,
    channel: String,
    unique_id: String,
    extra: String,
}

/// Reads a CEL file into events of calls.
pub fn read(bytes: &[u8], rules: &Rules, is_open: IsOpen<'_>) -> Import {
    let mut import = Import::default();
    let mut counted = Import::default();
    let mut order: Vec<String> = Vec::new();
    let mut calls: HashMap<String, Vec<Line>> = HashMap::new();
    for (number, row) in rows(bytes, &mut counted) {
        match line(&row) {
            Ok((linked_id, line)) => {
                let lines = calls.entry(linked_id.clone()).or_insert_with(|| {
                    order.push(linked_id);
                    Vec::new()
                });
                lines.push(line);
            }
            Err(reason) => import.skipped.push(Skipped {
                line: number,
                reason,
            }),
        }
    }
    for linked_id in order {
        let lines = calls.remove(&linked_id).unwrap_or_default();
        match call(&linked_id, &lines, rules, is_open) {
            Some(events) => {
                import.counts.calls += 1;
                import.events.extend(events);
            }
            None => import.counts.not_about_calls += lines.len(),
        }
    }
    import.counts.lines = counted.counts.lines;
    import.skipped.extend(counted.skipped);
    import
}

fn line(row: &StringRecord) -> Result<(String, Line), String> {
    let field = |at: usize| row.get(at).unwrap_or_default().trim().to_owned();
    let linked_id = field(15);
    if linked_id.is_empty() {
        return Err("項目が足りません".to_owned());
    }
    let time = field(1);
    let at = instant(&time).ok_or_else(|| format!("「{time}」は時刻ではありません"))?;
    let line = Line {
        kind: field(0),
        at,
        number: field(3),
        exten: field(7),
        channel: field(9),
        unique_id: field(14),
        extra: field(19),
    };
    Ok((linked_id, line))
}

/// What goes on in a call.
struct Following<'a> {
    log: Log,
    rules: &'a Rules,
    caller: &'a str,
    /// An open 着信; nothing for 発信 and 内線.
    open: Option<bool>,
    /// Phones that ring, by their channels.
    ringing: Vec<(String, AgentId)>,
    talking: Option<String>,
    answered: bool,
    over: bool,
}

fn call(
    linked_id: &str,
    lines: &[Line],
    rules: &Rules,
    is_open: IsOpen<'_>,
) -> Option<Vec<CallEvent>> {
    let of_caller = |line: &&Line| line.unique_id == linked_id;
    let start = lines
        .iter()
        .filter(of_caller)
        .find(|line| line.kind == "CHAN_START")?;
    // The number of the caller may be set only after the channel was made.
    let number = lines
        .iter()
        .filter(of_caller)
        .find(|line| !line.number.is_empty());
    let from = number.map_or("", |line| line.number.as_str());
    let ends = (from, start.exten.as_str());
    let (log, open) = match begin((SOURCE, linked_id), ends, start.at, rules, is_open)? {
        Beginning::Inbound { log, open } => (log, Some(open)),
        Beginning::Dialled(log) => (log, None),
    };
    let mut following = Following {
        log,
        rules,
        caller: &start.channel,
        open,
        ringing: Vec::new(),
        talking: None,
        answered: false,
        over: false,
    };
    for line in lines {
        following.take(line, line.unique_id == linked_id);
    }
    Some(following.log.events)
}

impl Following<'_> {
    fn take(&mut self, line: &Line, is_caller: bool) {
        if self.over {
            return;
        }
        match line.kind.as_str() {
            "CHAN_START" if !is_caller && self.open.is_some() => self.ring(line),
            "BRIDGE_ENTER" if !is_caller => self.answer(line),
            "HANGUP" if is_caller => self.end(line),
            "HANGUP" => self.leg_ended(line),
            _ => {}
        }
    }

    fn ring(&mut self, line: &Line) {
        if let Some(agent) = self.rules.agent(extension(&line.channel)) {
            self.ringing.push((line.channel.clone(), agent.clone()));
            self.log.push(line.at, EventKind::Ringing { agent });
        }
    }

    fn answer(&mut self, line: &Line) {
        if self.open.is_none() {
            // The far end of a call that an agent dialled: who dialled stands in its first event.
            if !std::mem::replace(&mut self.answered, true) {
                let first = self.log.events.first().map(|event| event.kind.clone());
                let agent = match first {
                    Some(EventKind::Dialled { agent, .. }) => Some(agent),
                    _ => None,
                };
                self.log.push(line.at, EventKind::Answered { agent });
            }
            return;
        }
        let is_it = |(channel, _): &(String, AgentId)| *channel == line.channel;
        let Some(place) = self.ringing.iter().position(is_it) else {
            return;
        };
        let (channel, agent) = self.ringing.swap_remove(place);
        self.withdraw(line.at);
        if std::mem::replace(&mut self.answered, true) {
            let to = TransferTarget::Agent { agent };
            self.log
                .push(line.at, EventKind::Transferred { from: None, to });
        } else {
            let agent = Some(agent);
            self.log.push(line.at, EventKind::Answered { agent });
        }
        self.talking = Some(channel);
    }

    /// The phones that ring yet were rung in vain.
    fn withdraw(&mut self, at: Instant) {
        for (_, agent) in std::mem::take(&mut self.ringing) {
            let outcome = RingOutcome::Withdrawn;
            self.log.push(at, EventKind::RingEnded { agent, outcome });
        }
    }

    fn leg_ended(&mut self, line: &Line) {
        let is_it = |(channel, _): &(String, AgentId)| *channel == line.channel;
        if let Some(place) = self.ringing.iter().position(is_it) {
            let (_, agent) = self.ringing.swap_remove(place);
            let outcome = RingOutcome::NoAnswer;
            self.log
                .push(line.at, EventKind::RingEnded { agent, outcome });
        }
    }

    fn end(&mut self, line: &Line) {
        self.over = true;
        self.withdraw(line.at);
        let by_caller = line
            .extra
            .contains(&format!("\"hangupsource\":\"{}\"", self.caller));
        let by_somebody = line.extra.contains("\"hangupsource\":\"")
            && !line.extra.contains("\"hangupsource\":\"\"");
        let kind = match (self.open, self.answered) {
            (Some(true), false) => {
                let reason = if by_caller || !by_somebody {
                    AbandonReason::CallerHangup
                } else {
                    AbandonReason::MaxWait
                };
                EventKind::Abandoned { reason }
            }
            (None, false) => EventKind::Ended {
                cause: EndCause::Refused,
            },
            (of, _) => {
                let cause = match (by_caller, by_somebody) {
                    (true, _) if of.is_none() => EndCause::Agent,
                    (true, _) => EndCause::Caller,
                    (false, true) if of.is_none() => EndCause::Caller,
                    (false, true) => EndCause::Agent,
                    (false, false) => EndCause::Unknown,
                };
                EventKind::Ended { cause }
            }
        };
        self.log.push(line.at, kind);
    }
}
