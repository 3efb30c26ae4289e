//! Tables of calls as some exchange writes them, row by row, with columns that the operator has named.
//!
//! What a call is follows from its numbers by the same [`Rules`] as for calls seen on the wire. The same row
//! makes the same events, so that a table may be imported again. Several rows of one name are the phones
//! that one call was put to: whoever answered decides.

use std::collections::{BTreeMap, HashMap};

use madoguchi_core::call_table::CallTableColumns;
use madoguchi_core::event::CallEvent;
use madoguchi_core::ledger::read_date_time;
use madoguchi_core::time::{Instant, Millis};

use crate::asterisk::{Told, begin, told};
use crate::counting::{IsOpen, Rules};
use crate::instants::{instant, is_digits, seconds};
use crate::queue_log::{Import, Skipped};

/// The name in events and names of calls.
const SOURCE: &str = "table";

/// The first row does not have all columns that are named.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("列が見つかりません: {}", .0.join("、"))]
pub struct MissingColumns(pub Vec<String>);

/// Reads a table row by row.
#[derive(Debug)]
pub struct CallTable<'a> {
    columns: &'a CallTableColumns,
    /// Where each column stands.
    places: BTreeMap<&'static str, Place>,
    rules: &'a Rules,
    /// The calls in the order of their first rows, and where each is by its name.
    calls: Vec<Taken>,
    by_name: HashMap<String, usize>,
    import: Import,
}

/// No call lasts so long.
const LONGEST: Millis = Millis::from_secs(10_000_000);
/// What stands for an instant: day and time may have columns of their own.
const INSTANTS: [&str; 3] = ["start", "answer", "end"];
/// What stands between the names of two columns.
const AND: [char; 2] = ['+', '＋'];

/// Where something stands in a row.
#[derive(Debug, Clone, Copy)]
struct Place {
    at: usize,
    /// The time of the day that stands at `at`.
    time: Option<usize>,
}

impl Place {
    fn of(what: &str, name: &str, head: &[String]) -> Option<Self> {
        let find = |name: &str| head.iter().position(|cell| cell.trim() == name.trim());
        if let Some(at) = find(name) {
            return Some(Self { at, time: None });
        }
        let (day, time) = name.split_once(AND).filter(|_| INSTANTS.contains(&what))?;
        Some(Self {
            at: find(day)?,
            time: Some(find(time)?),
        })
    }
}

/// A call of which at least one row was taken.
#[derive(Debug)]
struct Taken {
    start: Instant,
    told: Told,
    events: Vec<CallEvent>,
}

impl<'a> CallTable<'a> {
    /// A table with this first row.
    ///
    /// # Errors
    /// [`MissingColumns`].
    pub fn new(
        head: &[String],
        columns: &'a CallTableColumns,
        rules: &'a Rules,
    ) -> Result<Self, MissingColumns> {
        let mut places = BTreeMap::new();
        let mut missing = Vec::new();
        for (what, name) in columns.named() {
            if name.is_empty() {
                continue;
            }
            match Place::of(what, name, head) {
                Some(place) => {
                    places.insert(what, place);
                }
                None => missing.push(name.to_owned()),
            }
        }
        if !missing.is_empty() {
            return Err(MissingColumns(missing));
        }
        Ok(Self {
            columns,
            places,
            rules,
            calls: Vec::new(),
            by_name: HashMap::new(),
            import: Import::default(),
        })
    }

    /// Takes the row with this number.
    pub fn take(&mut self, number: usize, cells: &[String], is_open: IsOpen<'_>) {
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            return;
        }
        self.import.counts.lines += 1;
        let row = Row {
            cells,
            places: &self.places,
            columns: self.columns,
        };
        let mut call = match row.read(self.rules) {
            Ok(call) => call,
            Err(reason) => {
                self.import.skipped.push(Skipped {
                    line: number,
                    reason,
                });
                return;
            }
        };
        let place = self.by_name.get(&call.id).copied();
        let before = place.and_then(|place| self.calls.get(place));
        if let Some(before) = before {
            if call.start == before.start && call.told == before.told {
                self.import.counts.repeated += 1;
                return;
            }
            if !call.told.decides_over(&before.told) {
                return;
            }
            call.start = call.start.min(before.start);
        }
        let name = (SOURCE, call.id.as_str());
        let ends = (call.from, call.to);
        let Some(beginning) = begin(name, ends, call.start, self.rules, is_open) else {
            self.import.counts.not_about_calls += 1;
            return;
        };
        let taken = Taken {
            start: call.start,
            told: call.told.clone(),
            events: told(beginning, call.told),
        };
        match place.and_then(|place| self.calls.get_mut(place)) {
            Some(before) => *before = taken,
            None => {
                self.by_name.insert(call.id, self.calls.len());
                self.calls.push(taken);
            }
        }
    }

    /// What the rows told.
    pub fn finish(mut self) -> Import {
        self.import.counts.calls = self.calls.len();
        let events = self.calls.into_iter().flat_map(|call| call.events);
        self.import.events.extend(events);
        self.import
    }
}

struct Row<'a> {
    cells: &'a [String],
    places: &'a BTreeMap<&'static str, Place>,
    columns: &'a CallTableColumns,
}

/// A row that was understood.
struct Call<'a> {
    id: String,
    from: &'a str,
    to: &'a str,
    start: Instant,
    told: Told,
}

impl<'a> Row<'a> {
    fn cell(&self, what: &str) -> &'a str {
        let place = self.places.get(what);
        place.map_or("", |place| self.at(place.at))
    }

    fn at(&self, at: usize) -> &'a str {
        self.cells.get(at).map_or("", |cell| cell.trim())
    }

    fn time(&self, what: &str) -> Result<Option<Instant>, String> {
        let time = self.places.get(what).and_then(|place| place.time);
        let (day, time) = (self.cell(what), time.map(|at| self.at(at)));
        if day.is_empty() || time == Some("") {
            return Ok(None);
        }
        let time = time.unwrap_or_default();
        let text = [day, time].join(" ");
        let read = moment(day, time).map(Some);
        read.ok_or_else(|| format!("「{}」は日時ではありません", text.trim()))
    }

    fn length(&self, what: &str) -> Result<Option<Millis>, String> {
        match self.cell(what) {
            "" => Ok(None),
            text => length(text)
                .map(Some)
                .ok_or_else(|| format!("「{text}」は時間ではありません")),
        }
    }

    fn read(&self, rules: &Rules) -> Result<Call<'a>, String> {
        let (from, to) = (self.cell("from"), self.cell("to"));
        let start = self.time("start")?.ok_or("始まりの日時がありません")?;
        let (wait, talk) = (self.length("wait")?, self.length("talk")?);
        let told_answer = self.time("answer")?;
        let is_answered = if self.columns.result.is_empty() {
            told_answer.is_some()
        } else {
            let result = self.cell("result");
            self.columns
                .answered_words
                .iter()
                .any(|word| word == result)
        };
        let answer = match told_answer.or(wait.map(|wait| start + wait)) {
            // Who was not answered waited until the end.
            _ if !is_answered => None,
            None => return Err("応答した日時が分かりません".to_owned()),
            answer => answer,
        };
        let waited_until = wait.map(|wait| start + wait);
        let end = match (self.time("end")?, answer, talk) {
            (Some(end), ..) => end,
            (None, Some(answer), Some(talk)) => answer + talk,
            (None, None, _) => waited_until.ok_or("終わりの日時が分かりません")?,
            (None, Some(_), None) => return Err("終わりの日時が分かりません".to_owned()),
        };
        if end < start || answer.is_some_and(|answer| answer < start || end < answer) {
            return Err("日時の順が合いません".to_owned());
        }
        let id = match self.cell("id") {
            "" => format!("{}/{from}/{to}", start.0),
            id => id.to_owned(),
        };
        let told = Told {
            answer,
            agent: rules.agent(self.cell("extension")),
            end,
            abandoned: madoguchi_core::event::AbandonReason::CallerHangup,
        };
        Ok(Call {
            id,
            from,
            to,
            start,
            told,
        })
    }
}

/// An instant as a log writes it, or as people and spreadsheets do. A day alone is none.
fn moment(day: &str, time: &str) -> Option<Instant> {
    let are_digits = is_digits(day) && is_digits(time) && matches!(time.len(), 4 | 6);
    let between = if are_digits { "" } else { " " };
    let written = instant(&format!("{day}{between}{time}"));
    // A spreadsheet has days as numbers, and the time of the day behind the point.
    let is_number = day.contains('.') && day.parse::<f64>().is_ok();
    let has_time = !time.is_empty() || is_number || day.contains([':', '：', '時']);
    written.or_else(|| read_date_time(day, time).filter(|_| has_time))
}

/// Seconds, `分:秒`, `時:分:秒`, or the same in words (`1分5秒`).
fn length(text: &str) -> Option<Millis> {
    let is_in_words = text.contains(['時', '分', '秒']);
    let length = if is_in_words {
        in_words(text)
    } else {
        with_colons(text)
    };
    length.filter(|length| *length < LONGEST)
}

fn with_colons(text: &str) -> Option<Millis> {
    let parts: Vec<&str> = text.split(':').collect();
    let (secs, before) = parts.split_last().filter(|(_, before)| before.len() < 3)?;
    let mut minutes: i64 = 0;
    for part in before {
        minutes = minutes.checked_mul(60)?.checked_add(count(part)?)?;
    }
    let secs = seconds(secs)?;
    let all = minutes.checked_mul(60_000)?.checked_add(secs.0)?;
    Some(Millis(all))
}

fn in_words(text: &str) -> Option<Millis> {
    let mut rest = text;
    let mut secs: i64 = 0;
    for (unit, worth) in [("時間", 3_600), ("分", 60), ("秒", 1)] {
        if let Some((number, after)) = rest.split_once(unit) {
            secs = secs.checked_add(count(number)?.checked_mul(worth)?)?;
            rest = after;
        }
    }
    rest.trim()
        .is_empty()
        .then(|| secs.checked_mul(1_000))
        .flatten()
        .map(Millis)
}

fn count(text: &str) -> Option<i64> {
    let text = text.trim();
    is_digits(text).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests;
