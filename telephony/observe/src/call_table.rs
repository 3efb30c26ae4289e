//! Tables of calls as some exchange writes them, row by row, with columns that the operator has named.
//!
//! What a call is follows from its numbers by the same [`Rules`] as for calls seen on the wire. The same row
//! makes the same events, so that a table may be imported again.

use std::collections::{BTreeMap, HashSet};

use madoguchi_core::call_table::CallTableColumns;
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
    seen: HashSet<String>,
    import: Import,
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
            seen: HashSet::new(),
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
        let call = match row.read(self.rules) {
            Ok(call) => call,
            Err(reason) => {
                self.import.skipped.push(Skipped {
                    line: number,
                    reason,
                });
                return;
            }
        };
        if !self.seen.insert(call.id.clone()) {
            self.import.counts.repeated += 1;
            return;
        }
        let name = (SOURCE, call.id.as_str());
        let ends = (call.from, call.to);
        match begin(name, ends, call.start, self.rules, is_open) {
            Some(beginning) => {
                self.import.counts.calls += 1;
                self.import.events.extend(told(beginning, call.told));
            }
            None => self.import.counts.not_about_calls += 1,
        }
    }

    /// What the rows told.
    pub fn finish(self) -> Import {
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
            answer if !is_answered => {
                // Who was not answered waited until the end.
                let _waited = answer;
                None
            }
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
mod tests {
    use madoguchi_core::call::CallRecord;
    use madoguchi_core::setup::{AgentConfig, LineConfig, ObserveSetting};

    use super::*;

    fn rules() -> Rules {
        let line = LineConfig::new("総合", vec!["0399990000".to_owned()]);
        let agent = AgentConfig::new("sato", "佐藤", "201");
        Rules::new([&line], [&agent], [], &[], &ObserveSetting::default())
    }

    fn columns() -> CallTableColumns {
        let name = |text: &str| text.to_owned();
        CallTableColumns {
            start: name("開始"),
            from: name("発信番号"),
            to: name("着信番号"),
            wait: name("待ち"),
            talk: name("通話"),
            extension: name("内線"),
            result: name("結果"),
            answered_words: vec![name("応答"), name("完了")],
            ..CallTableColumns::default()
        }
    }

    fn import(rows: &[[&str; 7]]) -> Import {
        let (rules, columns) = (rules(), columns());
        let head = [
            "開始",
            "発信番号",
            "着信番号",
            "待ち",
            "通話",
            "内線",
            "結果",
        ];
        let cells =
            |row: &[&str]| -> Vec<String> { row.iter().map(|cell| (*cell).to_owned()).collect() };
        let mut table = CallTable::new(&cells(&head), &columns, &rules).unwrap();
        for (number, row) in (2..).zip(rows) {
            table.take(number, &cells(row), &|_, _| true);
        }
        table.finish()
    }

    #[test]
    fn rows_become_calls_by_the_columns_that_were_named() {
        let import = import(&[
            [
                "2026/11/24 10:00:00",
                "0312345678",
                "03-9999-0000",
                "12",
                "1:05",
                "201",
                "応答",
            ],
            [
                "2026-11-24 10:01:00",
                "0312345678",
                "0399990000",
                "30",
                "",
                "",
                "放棄",
            ],
            [
                "2026-11-24 10:02:00",
                "201",
                "0312340000",
                "3",
                "60",
                "",
                "完了",
            ],
            ["2026-11-24 10:03:00", "0900", "0800", "3", "60", "", "完了"],
        ]);
        assert_eq!(import.skipped, []);
        assert_eq!((import.counts.calls, import.counts.not_about_calls), (3, 1));
        let records: Vec<CallRecord> = import
            .events
            .chunk_by(|one, next| one.call == next.call)
            .map(|events| CallRecord::fold(events).unwrap())
            .collect();
        assert_eq!(records[0].wait(), Some(Millis::from_secs(12)));
        assert_eq!(records[0].talk(), Some(Millis::from_secs(65)));
        assert_eq!(records[0].agent(), Some(&"sato".into()));
        assert!(records[1].abandoned.is_some());
        assert_eq!(
            records[2].direction,
            madoguchi_core::call::Direction::Outbound
        );
    }

    #[test]
    fn a_row_that_stands_twice_counts_once_and_one_that_cannot_be_read_is_told() {
        let row = [
            "2026-11-24 10:00:00",
            "0312345678",
            "0399990000",
            "1",
            "1",
            "201",
            "応答",
        ];
        let wrong = [
            "きのう",
            "0312345678",
            "0399990000",
            "1",
            "1",
            "201",
            "応答",
        ];
        let import = import(&[row, row, wrong]);
        assert_eq!((import.counts.calls, import.counts.repeated), (1, 1));
        assert_eq!(import.skipped.len(), 1);
        assert_eq!(import.skipped[0].line, 4);
        assert!(
            import.skipped[0]
                .reason
                .contains("「きのう」は日時ではありません")
        );
    }

    #[test]
    fn columns_that_are_not_there_are_named() {
        let (rules, columns) = (rules(), columns());
        let head = ["開始".to_owned(), "発信番号".to_owned()];
        let missing = CallTable::new(&head, &columns, &rules).unwrap_err();
        assert_eq!(missing.0, ["着信番号", "待ち", "通話", "内線", "結果"]);
    }

    #[test]
    fn lengths_are_seconds_or_minutes_and_seconds() {
        let secs = |text: &str| length(text).map(|length| length.0 / 1_000);
        assert_eq!(secs("75"), Some(75));
        assert_eq!(secs("1:15"), Some(75));
        assert_eq!(secs("1:01:15"), Some(3_675));
        for wrong in ["", "-1", "1:2:3:4", "x"] {
            assert_eq!(secs(wrong), None, "{wrong}");
        }
    }
}
