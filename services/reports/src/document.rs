//! A book as data: chapters of sentences, tables and charts. The forms (JSON, page, workbook, docx, PDF)
//! render it and know nothing else. A book that was 確定 is kept as its JSON, so that the same book gives
//! the same files for ever.
//!
//! Every figure tells what it counts ([`Population`]), of which two integers it was made, and how its
//! calls or tickets are found ([`Rows`]).

mod population;
mod rows;
#[doc(hidden)]
pub mod sample;

use chrono::{NaiveDate, Timelike};
use madoguchi_core::era::japanese_date;
use madoguchi_core::month::Month;
use madoguchi_core::time::Instant;
use serde::{Deserialize, Serialize};

pub use self::population::Population;
pub(crate) use self::rows::CALLS;
pub use self::rows::{Drill, MonthCell, ProofKind, Rows};

/// A book.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// ヘルプデスク受付状況報告 and the like.
    pub name: String,
    /// 対象月
    pub month: Month,
    /// 版, from 1.
    pub edition: u32,
    /// What is not 確定 says so on each page.
    pub draft: bool,
    /// 作成日時
    pub made_at: Instant,
    /// 提出先
    pub submitted_to: String,
    /// 受託者名
    pub submitted_by: String,
    /// 情報の格付
    pub classification: String,
    /// 確認印欄: who signs.
    pub seals: Vec<String>,
    /// 改版履歴, the oldest first.
    pub revisions: Vec<Revision>,
    /// The chapters.
    pub chapters: Vec<Chapter>,
}

/// A line of 改版履歴.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// 版
    pub edition: u32,
    /// 日付
    pub date: NaiveDate,
    /// 変更箇所: the number of a table.
    pub place: String,
    /// 変更前
    pub before: String,
    /// 変更後
    pub after: String,
    /// 理由
    pub reason: String,
    /// 確認者
    pub confirmed_by: String,
}

/// A chapter: 第1 … or 付録A ….
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chapter {
    /// 第1, 付録A.
    pub number: String,
    /// An English name, unique in the book: of anchors, and of sheets for machines.
    pub id: String,
    /// What it is called, without the number.
    pub title: String,
    /// What it holds, in order.
    pub blocks: Vec<Block>,
}

/// A part of a chapter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "block", rename_all = "snake_case")]
pub enum Block {
    /// A heading below the chapter's.
    Heading {
        /// 1, (1), ア with its text.
        text: String,
    },
    /// A sentence or several, made of figures.
    Sentence {
        /// The text.
        text: String,
    },
    /// What a person wrote. It is kept apart from what is computed, with its author and its time.
    Remark {
        /// The text; lines end with LF.
        text: String,
        /// Who wrote it.
        author: String,
        /// When.
        written_at: Instant,
    },
    /// A table.
    Table(DocTable),
    /// A chart.
    Chart(Chart),
}

/// A table of a book.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DocTable {
    /// 表2-1.
    pub number: String,
    /// An English name, unique in the book.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// The columns.
    pub columns: Vec<DocColumn>,
    /// The rows, each with a cell for every column.
    pub rows: Vec<DocRow>,
    /// 注, below it.
    pub notes: Vec<String>,
    /// It reads better across: it stands upright only if it fits there as it is.
    pub wide: bool,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocColumn {
    /// An English name, unique in the table.
    pub id: String,
    /// Its name, unique in the table, without the unit.
    pub name: String,
    /// 件, ％, 分 and the like; none for text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// A row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DocRow {
    /// An English name, unique in the table: with that of the column it names a cell.
    pub id: String,
    /// Its cells.
    pub cells: Vec<DocCell>,
    /// It sums up those above.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub total: bool,
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "cell", rename_all = "snake_case")]
pub enum DocCell {
    /// Text, whatever it begins with. Never a formula or a link; lines end with LF.
    Text {
        /// The text.
        text: String,
    },
    /// A day.
    Date {
        /// The day.
        date: NaiveDate,
    },
    /// A date and time.
    Time {
        /// The instant.
        at: Instant,
    },
    /// A figure.
    Figure(Figure),
    /// What somebody published and nobody computes anew: its text as it stood there.
    Published {
        /// "99.4%".
        text: String,
        /// Where it stood.
        source: String,
    },
    /// Nothing is to stand here.
    Empty,
}

/// A figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// What it says.
    pub value: Value,
    /// What is counted.
    pub population: Population,
    /// The integers of which it was made: B and A of a rate, or the sum and the number of a mean. A count
    /// is its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<Parts>,
    /// Which calls or tickets it counts.
    pub rows: Rows,
}

/// The integers of a rate or of a mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parts {
    /// A: what all is taken of (分母).
    pub a: i64,
    /// B: what is counted of it, or missed, as the formula of the item says.
    pub b: i64,
}

/// What a figure says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "value", content = "of", rename_all = "snake_case")]
pub enum Value {
    /// So many.
    Count(i64),
    /// A percentage with so many decimals as it needs: "99.4", "99.952".
    Percent(String),
    /// A length of time in milliseconds, shown as 分:秒 (109 s 1:49, 90,000 s 25:00:00).
    Duration(i64),
    /// A number with decimals, such as a mean: "3.4".
    Decimal(String),
    /// 「－」, with the reason: nothing to count it over, or not measured.
    None(String),
}

/// A chart. Its numbers are those of a table of the book.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chart {
    /// 図2-1.
    pub number: String,
    /// An English name, unique in the book.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// What it shows, in a sentence, for who cannot see it.
    pub alt: String,
    /// How it is drawn.
    pub kind: ChartKind,
    /// The id of the table whose numbers it shows.
    pub table: String,
    /// The id of the column with the labels of the axis.
    pub labels: String,
    /// The ids of the columns that it shows, in order.
    pub series: Vec<String>,
}

/// How a chart is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChartKind {
    /// Bars; the last series is a line over an axis of its own if it is in percent.
    Bars,
    /// Lines. A figure without a value is a gap.
    Lines,
    /// 濃淡図: a cell for each number, with the number in it.
    HeatMap,
}

impl Document {
    /// All tables, with their chapters.
    pub fn tables(&self) -> impl Iterator<Item = (&Chapter, &DocTable)> {
        self.chapters.iter().flat_map(|chapter| {
            chapter.blocks.iter().filter_map(move |block| match block {
                Block::Table(table) => Some((chapter, table)),
                _ => None,
            })
        })
    }

    /// The table of an id.
    pub fn table(&self, id: &str) -> Option<&DocTable> {
        self.tables()
            .map(|(_, table)| table)
            .find(|table| table.id == id)
    }

    /// 第1版.
    pub fn edition_name(&self) -> String {
        format!("第{}版", self.edition)
    }

    /// ヘルプデスク受付状況報告_令和06年04月_第1版, without the ending; a draft says so.
    pub fn file_name(&self) -> String {
        let edition = if self.draft {
            "案".to_owned()
        } else {
            self.edition_name()
        };
        format!("{}_{}_{edition}", self.name, self.month.file_name())
    }
}

impl DocTable {
    /// A cell by the ids of its row and column.
    pub fn cell(&self, row: &str, column: &str) -> Option<&DocCell> {
        let at = self.columns.iter().position(|known| known.id == column)?;
        let row = self.rows.iter().find(|known| known.id == row)?;
        row.cells.get(at)
    }
}

impl DocColumn {
    /// Its name with its unit: 応答率（％）.
    pub fn heading(&self) -> String {
        match &self.unit {
            Some(unit) => format!("{}（{unit}）", self.name),
            None => self.name.clone(),
        }
    }
}

impl DocCell {
    /// As people read it.
    pub fn text(&self) -> String {
        match self {
            Self::Text { text } | Self::Published { text, .. } => text.clone(),
            Self::Date { date } => japanese_date(*date),
            Self::Time { at } => japanese_time(*at),
            Self::Figure(figure) => figure.value.text(),
            Self::Empty => String::new(),
        }
    }
}

impl Value {
    /// As people read it: thousands with commas, 99.4%, 1:49, －.
    pub fn text(&self) -> String {
        match self {
            Self::Count(count) => with_commas(*count),
            Self::Percent(percent) => format!("{percent}%"),
            Self::Duration(ms) => duration(*ms),
            Self::Decimal(decimal) => decimal.clone(),
            Self::None(_) => "－".to_owned(),
        }
    }
}

/// 令和6年12月31日 23時59分, in Tokyo.
pub fn japanese_time(at: Instant) -> String {
    let local = at.in_tokyo();
    let (hour, minute) = (local.hour(), local.minute());
    format!("{} {hour}時{minute:02}分", japanese_date(at.date()))
}

/// 1,029
pub fn with_commas(count: i64) -> String {
    let digits = count.unsigned_abs().to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if count < 0 { format!("-{text}") } else { text }
}

/// 1:49, 59:59, 25:00:00; whole seconds, rounded half up.
pub fn duration(ms: i64) -> String {
    let secs = (ms.max(0) + 500) / 1000;
    let (hours, minutes, secs) = (secs / 3600, secs / 60 % 60, secs % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{secs:02}")
    } else {
        format!("{minutes}:{secs:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_keep_their_minutes_and_hours() {
        for (secs, text) in [
            (0, "0:00"),
            (109, "1:49"),
            (3_599, "59:59"),
            (90_000, "25:00:00"),
        ] {
            assert_eq!(duration(secs * 1000), text);
        }
    }

    #[test]
    fn counts_have_commas() {
        for (count, text) in [
            (0, "0"),
            (999, "999"),
            (1_029, "1,029"),
            (-5, "-5"),
            (9_999_999, "9,999,999"),
        ] {
            assert_eq!(with_commas(count), text);
        }
    }
}
