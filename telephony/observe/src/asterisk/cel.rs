//! Asterisk's CEL (`cel-custom/Master.csv`): `eventtype, eventtime, cidname, cidnum, ani, rdnis, dnid,
//! exten, context, channame, appname, appdata, amaflags, accountcode, uniqueid, linkedid, bridgepeer,
//! userfield, userdeftype, eventextra`; older versions have fewer of the last ones. A first row with names (also those
//! of a database: `cid_num`, `peer`, `extra`) tells any order.
//!
//! Channels with one linkedid are one call; the one whose uniqueid it is, is the caller's. 応答 is when a
//! phone's channel enters a bridge (up to Asterisk 11: when the bridge begins, `BRIDGE_START`), whatever the queue
//! answered before. A phone that no setting names
//! answers when it is in one bridge with the caller; by whom, is unknown.
//!
//! A file that begins in the middle of a call (logs are rotated) goes on from what is known of it.

mod following;

use std::collections::{HashMap, HashSet};

use csv::StringRecord;
use madoguchi_core::call::CallRecord;
use madoguchi_core::event::CallEvent;
use madoguchi_core::id::CallId;
use madoguchi_core::time::{Instant, Millis};

use self::following::Following;
use super::names::Names;
use super::{Beginning, Log, begin, fingerprint, name, rows};
use crate::counting::{IsOpen, Rules};
use crate::instants::instant;
use crate::queue_log::{Import, Skipped};
use crate::text::decoded;

/// The name in events and names of calls.
const SOURCE: &str = "cel";
/// The node that imported events name.
pub const CEL_NODE: &str = SOURCE;

/// A call of which nothing more was told for so long is over.
const SILENT_AT_MOST: Millis = Millis::from_secs(24 * 3600);

/// The columns in the order of the sample settings.
const ORDER: [&str; 20] = [
    "eventtype",
    "eventtime",
    "cidname",
    "cidnum",
    "ani",
    "rdnis",
    "dnid",
    "exten",
    "context",
    "channame",
    "appname",
    "appdata",
    "amaflags",
    "accountcode",
    "uniqueid",
    "linkedid",
    "bridgepeer",
    "userfield",
    "userdeftype",
    "eventextra",
];
/// What a first row names if it is no event.
const NAMED: [&str; 4] = ["eventtype", "eventtime", "uniqueid", "linkedid"];

/// One event of a channel.
#[derive(Debug)]
struct Line {
    kind: String,
    at: Instant,
    number: String,
    exten: String,
    channel: String,
    unique_id: String,
    /// The channel at the other end of the bridge (Asterisk 1.8 to 11).
    bridge_peer: String,
    extra: String,
}

impl Line {
    /// A value of the JSON in the last column.
    fn extra(&self, name: &str) -> Option<String> {
        let extra: serde_json::Value = serde_json::from_str(&self.extra).ok()?;
        Some(extra.get(name)?.as_str()?.to_owned())
    }
}

/// Into what a file is read.
#[derive(Clone, Copy)]
pub struct CelTarget<'a> {
    /// What numbers mean.
    pub rules: &'a Rules,
    /// Whether a line is open.
    pub is_open: IsOpen<'a>,
    /// Decides whether a call without an end goes on.
    pub now: Instant,
    /// What is known of calls that began in an earlier file; those without an end belong to it even if this file does
    /// not name them.
    pub known: &'a HashMap<CallId, Vec<CallEvent>>,
}

/// Reads a CEL file into events of calls. [`Import::unbegun`] names the calls of which it has no beginning.
pub fn read(bytes: &[u8], into: CelTarget<'_>) -> Import {
    let mut import = Import::default();
    let mut counted = Import::default();
    let mut order: Vec<String> = Vec::new();
    let mut calls: HashMap<String, Vec<Line>> = HashMap::new();
    let mut seen = HashSet::new();
    let mut names = None;
    for (number, row) in rows(&decoded(bytes), &mut counted) {
        if number == 1 {
            names = Names::of(&row, &NAMED);
            if names.is_some() {
                import.counts.not_about_calls += 1;
                continue;
            }
        }
        if !seen.insert(fingerprint(&row)) {
            import.counts.repeated += 1;
            continue;
        }
        match line(&row, names.as_ref()) {
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
    let named: HashSet<CallId> = order.iter().map(|id| name(SOURCE, id)).collect();
    for linked_id in order {
        let lines = calls.remove(&linked_id).unwrap_or_default();
        if !has_beginning(&linked_id, &lines) {
            import.unbegun.push(name(SOURCE, &linked_id));
        }
        match call(&linked_id, &lines, into) {
            Some(events) => {
                import.counts.calls += 1;
                import.events.extend(events);
            }
            None => import.counts.not_about_calls += lines.len(),
        }
    }
    end_left_open(into, &named, &mut import);
    import.counts.lines = counted.counts.lines;
    import.skipped.extend(counted.skipped);
    import
}

/// Ends what earlier files have left open and this one does not tell of.
fn end_left_open(into: CelTarget<'_>, named: &HashSet<CallId>, import: &mut Import) {
    let known = into.known.iter();
    let mut left: Vec<_> = known.filter(|(id, _)| !named.contains(*id)).collect();
    left.sort_by_key(|(id, _)| *id);
    for (_, events) in left {
        let silent =
            CallRecord::fold(events).filter(|record| into.now - record.last_at > SILENT_AT_MOST);
        let end = silent.and_then(|record| record.cut_off_event(&SOURCE.into()));
        import.events.extend(end);
    }
}

fn line(row: &StringRecord, names: Option<&Names>) -> Result<(String, Line), String> {
    let place = |name: &str| match names {
        Some(names) => names.place(name),
        None => ORDER.iter().position(|known| *known == name),
    };
    let field = |name: &str| {
        let cell = place(name).and_then(|at| row.get(at));
        cell.unwrap_or_default().trim().to_owned()
    };
    let linked_id = field("linkedid");
    if linked_id.is_empty() {
        return Err("項目が足りません".to_owned());
    }
    let time = field("eventtime");
    let at = instant(&time).ok_or_else(|| format!("「{time}」は時刻ではありません"))?;
    let line = Line {
        kind: field("eventtype"),
        at,
        number: field("cidnum"),
        exten: field("exten"),
        channel: field("channame"),
        unique_id: field("uniqueid"),
        bridge_peer: field("bridgepeer"),
        extra: field("eventextra"),
    };
    Ok((linked_id, line))
}

fn is_callers(line: &Line, linked_id: &str) -> bool {
    line.unique_id == linked_id
}

/// The line that tells of the caller's channel for the first time.
fn beginning<'a>(linked_id: &str, lines: &'a [Line]) -> Option<&'a Line> {
    let mut lines = lines.iter();
    lines.find(|line| is_callers(line, linked_id) && line.kind == "CHAN_START")
}

fn has_beginning(linked_id: &str, lines: &[Line]) -> bool {
    beginning(linked_id, lines).is_some()
}

fn call(linked_id: &str, lines: &[Line], into: CelTarget<'_>) -> Option<Vec<CallEvent>> {
    let mut following = match beginning(linked_id, lines) {
        Some(start) => begun(linked_id, start, lines, into)?,
        None => resumed(linked_id, lines, into)?,
    };
    for line in lines {
        following.take(line, is_callers(line, linked_id));
    }
    let mut events = following.into_events();
    let latest = lines.iter().map(|line| line.at).max()?;
    if into.now - latest > SILENT_AT_MOST {
        let record = CallRecord::fold(&events);
        let node = SOURCE.into();
        events.extend(record.and_then(|record| record.cut_off_event(&node)));
    }
    Some(events)
}

fn begun<'a>(
    linked_id: &str,
    start: &'a Line,
    lines: &[Line],
    into: CelTarget<'a>,
) -> Option<Following<'a>> {
    // The number of the caller may be set only after the channel was made.
    let mut of_caller = lines.iter().filter(|line| is_callers(line, linked_id));
    let number = of_caller.find(|line| !line.number.is_empty());
    let from = number.map_or("", |line| line.number.as_str());
    let ends = (from, start.exten.as_str());
    let (rules, source) = (into.rules, (SOURCE, linked_id));
    let (log, open) = match begin(source, ends, start.at, rules, into.is_open)? {
        Beginning::Inbound { log, open } => (log, Some(open)),
        Beginning::Dialled(log) => (log, None),
    };
    Some(Following::new(log, rules, &start.channel, open))
}

/// A call that began in an earlier file, as far as that told of it.
fn resumed<'a>(linked_id: &str, lines: &'a [Line], into: CelTarget<'a>) -> Option<Following<'a>> {
    let known = into.known.get(&name(SOURCE, linked_id))?;
    let mut of_caller = lines.iter().filter(|line| is_callers(line, linked_id));
    let channel = of_caller.next().map_or("", |line| line.channel.as_str());
    let before = lines.iter().map(|line| line.at).min()?;
    Following::resume(Log::of(known, before)?, into.rules, channel)
}
