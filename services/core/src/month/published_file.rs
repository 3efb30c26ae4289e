//! 公表値 as a table that somebody brings, with the columns of 別紙 8-2. What is wrong names its row and
//! column; a row in which something is wrong is left out, for half a month would be told as a whole one.

use std::collections::BTreeMap;

use super::period::Month;
use super::published::{PublishedCounts, PublishedIncidents, PublishedMonth};
use crate::ledger::read_date_time;
use crate::normal::normal_text;
use crate::roster::RowFault;

/// The heads that are asked for, as the page names them.
pub const PUBLISHED_HEADS: [&str; 8] = [
    "年月",
    "着信件数",
    "応答件数",
    "応答率",
    "一次未回答件数",
    "一次回答率",
    "エスカレーション数",
    "問題解決率",
];

/// Heads may stand below titles: the first so many rows are looked through for them.
const ROWS_ABOVE: usize = 10;
/// The longest head, and the longest text of a rate.
const HEAD_LETTERS: usize = 60;
const RATE_LETTERS: usize = 20;
/// Nobody publishes a rate with more decimals.
const WRITTEN_DECIMALS: usize = 3;
/// More of anything in a month is a slip.
const COUNT_AT_MOST: u64 = 100_000_000;
/// What says that there is nothing to tell.
const NOTHING: [&str; 5] = ["", "-", "−", "–", "ー"];

/// What a column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Column {
    Month,
    Incident(Side, Incident),
    Offered,
    Answered,
    AnswerRate,
    FirstUnanswered,
    FirstAnswerRate,
    Escalations,
    ResolutionRate,
    Source,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Indirect,
    Macs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Incident {
    Major,
    Normal,
    Anomaly,
    Sign,
}

/// Heads in one form however they are typed. The second one is how programs name them.
const HEADS: [(&str, &str, Column); 9] = [
    ("年月", "month", Column::Month),
    ("着信件数", "offered", Column::Offered),
    ("応答件数", "answered", Column::Answered),
    ("応答率", "answer_rate", Column::AnswerRate),
    (
        "一次未回答件数",
        "first_unanswered",
        Column::FirstUnanswered,
    ),
    ("一次回答率", "first_answer_rate", Column::FirstAnswerRate),
    ("エスカレーション数", "escalations", Column::Escalations),
    ("問題解決率", "resolution_rate", Column::ResolutionRate),
    ("出所", "source", Column::Source),
];

const INCIDENTS: [(&str, Incident); 4] = [
    ("重大障害", Incident::Major),
    ("通常障害", Incident::Normal),
    ("異常検知", Incident::Anomaly),
    ("障害予兆", Incident::Sign),
];

/// What a table says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublishedFile {
    /// The months, in their order, each once.
    pub months: Vec<PublishedMonth>,
    /// What is wrong, in the order of the rows.
    pub faults: Vec<RowFault>,
}

/// Reads a table whose rows have their numbers, from 1. `source` is what the months came from where the
/// table itself does not say.
///
/// # Errors
/// Why it is no table of months, as a sentence.
pub fn read_published(rows: &[Vec<String>], source: &str) -> Result<PublishedFile, String> {
    let numbered = (1..).zip(rows);
    let mut filled = numbered.filter(|(_, row)| row.iter().any(|cell| !cell.trim().is_empty()));
    let mut first = None;
    let columns = loop {
        let Some((at, row)) = filled.next() else {
            return Err(refusal(first));
        };
        let columns = columns(row);
        let known: Vec<_> = columns.iter().map(|(_, _, column)| *column).collect();
        if known.contains(&Column::Offered) && known.contains(&Column::Answered) {
            break columns;
        }
        first.get_or_insert(at);
        if at > ROWS_ABOVE {
            return Err(refusal(first));
        }
    };
    for (head, _, column) in HEADS {
        let is_there = columns.iter().any(|(_, _, known)| *known == column);
        if !is_there && column != Column::Source {
            return Err(format!(
                "「{head}」の列がありません。別紙8-2の列の名前を付けてください。"
            ));
        }
    }
    let mut file = PublishedFile::default();
    let mut seen: BTreeMap<Month, usize> = BTreeMap::new();
    for (row, cells) in filled {
        let Some(month) = Row { row, cells }.month(&columns, source, &mut file.faults) else {
            continue;
        };
        match seen.get(&month.month) {
            Some(earlier) => file.faults.push(fault(
                row,
                "年月",
                format!("{}は{earlier}行目にもあります", month.month.name()),
            )),
            None => {
                seen.insert(month.month, row);
                file.months.push(month);
            }
        }
    }
    file.months.sort_by_key(|month| month.month);
    Ok(file)
}

fn refusal(first: Option<usize>) -> String {
    if first.is_none() {
        return "ファイルに行がありません。".to_owned();
    }
    "「着信件数」と「応答件数」の列がありません。別紙8-2の列の名前を付けてください。".to_owned()
}

/// The known columns: where they stand, and their heads as they are written. 別紙 8-2 has the four kinds of
/// incidents twice: of 間接業務システム first, of MACS behind.
fn columns(head: &[String]) -> Vec<(usize, String, Column)> {
    let mut columns = Vec::new();
    for (at, head) in head.iter().enumerate() {
        let normal = normal_text(head.trim_start_matches('\u{feff}'), HEAD_LETTERS);
        let normal: String = normal.chars().filter(|it| !it.is_whitespace()).collect();
        let named = HEADS.iter().find(|(japanese, english, _)| {
            let bare = normal.split(['(', '[']).next().unwrap_or_default();
            *english == normal || normal_text(japanese, HEAD_LETTERS) == bare
        });
        let column = match named {
            Some((_, _, column)) => Some(*column),
            None => incident(&normal, &columns),
        };
        if let Some(column) = column
            && !columns.iter().any(|(_, _, known)| *known == column)
        {
            columns.push((at, head.trim().to_owned(), column));
        }
    }
    columns
}

fn incident(head: &str, before: &[(usize, String, Column)]) -> Option<Column> {
    let (_, incident) = INCIDENTS.iter().find(|(name, _)| head.contains(name))?;
    let of = |side| Column::Incident(side, *incident);
    let is_known = |column| before.iter().any(|(_, _, known)| *known == column);
    let is_macs = head.contains("macs") || head.contains("業務処理要領確認");
    let is_second = !head.contains("間接") && is_known(of(Side::Indirect));
    Some(of(if is_macs || is_second {
        Side::Macs
    } else {
        Side::Indirect
    }))
}

fn fault(row: usize, column: &str, message: String) -> RowFault {
    RowFault {
        row,
        column: column.to_owned(),
        message,
        whole_row: true,
    }
}

struct Row<'r> {
    row: usize,
    cells: &'r [String],
}

impl Row<'_> {
    /// The month of the row; `None` if something is wrong in it.
    fn month(
        &self,
        columns: &[(usize, String, Column)],
        source: &str,
        faults: &mut Vec<RowFault>,
    ) -> Option<PublishedMonth> {
        let before = faults.len();
        let mut month = None;
        let mut read = Read::default();
        for (at, head, column) in columns {
            let text = self.cells.get(*at).map_or("", |cell| cell.trim());
            let wrong = match column {
                Column::Month => match read_month(text) {
                    Some(found) => {
                        month = Some(found);
                        None
                    }
                    None if text.is_empty() => Some("年月を入力してください".to_owned()),
                    None => Some(format!("「{text}」を年月として読み取れません")),
                },
                column => read.take(*column, text).err(),
            };
            faults.extend(wrong.map(|message| fault(self.row, head, message)));
        }
        let counts = read.counts;
        if faults.len() == before {
            let (answered, first) = (counts.answered, counts.first_unanswered);
            for (head, part, whole, all) in [
                ("応答件数", answered, "着信件数", counts.offered),
                ("一次未回答件数", first, "応答件数", answered),
            ] {
                if part > all {
                    let message = format!("{part}件は、{whole}の{all}件を超えています");
                    faults.push(fault(self.row, head, message));
                }
            }
        }
        let month = month.filter(|_| faults.len() == before)?;
        Some(PublishedMonth {
            month,
            indirect: read.indirect,
            macs: read.macs,
            counts,
            answer_rate: read.answer_rate,
            first_answer_rate: read.first_answer_rate,
            resolution_rate: read.resolution_rate,
            source: if read.source.is_empty() {
                source.to_owned()
            } else {
                read.source
            },
        })
    }
}

/// What was read of a row.
#[derive(Default)]
struct Read {
    indirect: PublishedIncidents,
    macs: PublishedIncidents,
    counts: PublishedCounts,
    answer_rate: String,
    first_answer_rate: String,
    resolution_rate: String,
    source: String,
}

impl Read {
    fn take(&mut self, column: Column, text: &str) -> Result<(), String> {
        match column {
            Column::Month => {}
            Column::Incident(side, incident) => {
                let of = match side {
                    Side::Indirect => &mut self.indirect,
                    Side::Macs => &mut self.macs,
                };
                let place = match incident {
                    Incident::Major => &mut of.major,
                    Incident::Normal => &mut of.normal,
                    Incident::Anomaly => &mut of.anomalies,
                    Incident::Sign => &mut of.signs,
                };
                *place = read_known(text)?;
            }
            Column::Offered => self.counts.offered = read_count(text)?,
            Column::Answered => self.counts.answered = read_count(text)?,
            Column::FirstUnanswered => self.counts.first_unanswered = read_count(text)?,
            Column::Escalations => self.counts.escalations = read_count(text)?,
            Column::AnswerRate => self.answer_rate = read_rate(text)?,
            Column::FirstAnswerRate => self.first_answer_rate = read_rate(text)?,
            Column::ResolutionRate => self.resolution_rate = read_rate(text)?,
            Column::Source => self.source = text.chars().take(HEAD_LETTERS).collect(),
        }
        Ok(())
    }
}

/// A month in any of the spellings of dates: 令和6年4月, R6.4, 2024-04, 2024/4, 2024年4月.
fn read_month(text: &str) -> Option<Month> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let endings = ["1日", "-1", "/1", ".1", ""];
    let read = |ending: &&str| read_date_time(&format!("{text}{ending}"), "");
    endings.iter().find_map(read).map(Month::at)
}

fn read_count(text: &str) -> Result<u64, String> {
    let plain = normal_text(text, RATE_LETTERS);
    let plain = plain.replace(',', "");
    let plain = plain.trim_end_matches('件').trim();
    let count = plain.parse::<u64>().ok();
    let count = count.filter(|count| *count <= COUNT_AT_MOST);
    count.ok_or_else(|| match text {
        "" => "件数を入力してください".to_owned(),
        text => format!("「{text}」を件数として読み取れません"),
    })
}

/// A count that may be unknown: an empty cell or a dash says so.
fn read_known(text: &str) -> Result<Option<u64>, String> {
    if NOTHING.contains(&normal_text(text, RATE_LETTERS).as_str()) {
        return Ok(None);
    }
    read_count(text).map(Some)
}

/// The text of a rate, as it stands; it must look like one. A number without its sign is what a workbook keeps of
/// 99.4%: a share of 1, or more decimals than anybody wrote. It becomes the text that people see in the cell.
fn read_rate(text: &str) -> Result<String, String> {
    let plain = normal_text(text, RATE_LETTERS);
    let number = plain.trim_end_matches('%').trim();
    let rate = number.parse::<f64>().ok();
    let rate = rate.filter(|rate| (0.0..=100.0).contains(rate));
    let is_nothing = NOTHING.contains(&number);
    if (rate.is_none() && !is_nothing) || text.chars().count() > RATE_LETTERS {
        return Err(format!("「{text}」を率として読み取れません"));
    }
    let seen = rate.filter(|_| number == plain);
    let seen = seen.and_then(|rate| seen_in_cell(rate, number));
    Ok(seen.unwrap_or_else(|| text.to_owned()))
}

/// What people see in a cell that holds such a number; `None`: the number itself.
fn seen_in_cell(rate: f64, number: &str) -> Option<String> {
    let decimals = number.split_once('.').map_or(0, |(_, behind)| behind.len());
    let tenths = match rate {
        share if 0.0 < share && share <= 1.0 => share * 1_000.0,
        rate if decimals > WRITTEN_DECIMALS => rate * 10.0,
        _ => return None,
    };
    let tenths = tenths.round() as u64;
    Some(format!("{}.{}%", tenths / 10, tenths % 10))
}

#[cfg(test)]
mod tests;
