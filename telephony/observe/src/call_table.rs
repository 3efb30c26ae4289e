//! Tables of calls as some exchange writes them, row by row, with columns that the operator has named.
//!
//! What a call is follows from its numbers by the same [`Rules`] as for calls seen on the wire. The same row
//! makes the same events, so that a table may be imported again. Several rows of one name are the phones
//! that one call was put to: whoever answered decides.

use std::collections::{BTreeMap, HashMap};

use madoguchi_core::call_table::CallTableColumns;
use madoguchi_core::event::CallEvent;
use madoguchi_core::time::{Instant, Millis};

use crate::asterisk::{Told, begin, instant, told};
use crate::counting::{IsOpen, Rules};
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
    places: BTreeMap<&'static str, usize>,
    rules: &'a Rules,
    /// The calls in the order of their first rows, and where each is by its name.
    calls: Vec<Taken>,
    by_name: HashMap<String, usize>,
    import: Import,
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
            match head.iter().position(|cell| cell.trim() == name) {
                Some(at) => {
                    places.insert(what, at);
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
    places: &'a BTreeMap<&'static str, usize>,
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
        let at = self.places.get(what);
        let cell = at.and_then(|at| self.cells.get(*at));
        cell.map_or("", |cell| cell.trim())
    }

    fn time(&self, what: &str) -> Result<Option<Instant>, String> {
        match self.cell(what) {
            "" => Ok(None),
            text => instant(text)
                .map(Some)
                .ok_or_else(|| format!("「{text}」は日時ではありません")),
        }
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

/// Seconds, or `分:秒`, `時:分:秒`.
fn length(text: &str) -> Option<Millis> {
    let mut secs: i64 = 0;
    let parts: Vec<&str> = text.split(':').collect();
    if parts.len() > 3 {
        return None;
    }
    for part in parts {
        let part: i64 = part.trim().parse().ok().filter(|part| *part >= 0)?;
        secs = secs.checked_mul(60)?.checked_add(part)?;
    }
    (secs < 10_000_000).then_some(Millis::from_secs(secs))
}

#[cfg(test)]
mod tests;
