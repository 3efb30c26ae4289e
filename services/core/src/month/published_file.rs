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
/// More of anything in a month is a slip.
const COUNT_AT_MOST: u64 = 100_000_000;

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
                *place = read_count(text)?;
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

/// The text of a rate, as it stands; it must look like one.
fn read_rate(text: &str) -> Result<String, String> {
    let plain = normal_text(text, RATE_LETTERS);
    let number = plain.trim_end_matches('%').trim();
    let is_rate = number
        .parse::<f64>()
        .is_ok_and(|rate| (0.0..=100.0).contains(&rate));
    let is_nothing = ["", "-", "−", "–", "ー"].contains(&number);
    if (is_rate || is_nothing) && text.chars().count() <= RATE_LETTERS {
        Ok(text.to_owned())
    } else {
        Err(format!("「{text}」を率として読み取れません"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 別紙 8-2 as it stands, but for its heads of several rows.
    const TABLE: &str = "\
年月|重大障害|通常障害|異常検知|障害予兆|重大障害|通常障害|異常検知|障害予兆|着信件数|応答件数|応答率|一次未回答件数|一次回答率|エスカレーション数|問題解決率
令和6年4月|0|1|1|0|1|1|0|0|1029|1023|99.4%|45|90.6%|21|99.9%
令和7年2月|0|2|0|0|0|1|1|0|185|185|100.0%|16|91.0%|8|99.4%";

    fn rows(text: &str) -> Vec<Vec<String>> {
        let lines = text.lines();
        lines
            .map(|line| line.split('|').map(str::to_owned).collect())
            .collect()
    }

    fn read(text: &str) -> PublishedFile {
        read_published(&rows(text), "別紙8-2.csv").unwrap()
    }

    fn sentences(file: &PublishedFile) -> Vec<String> {
        file.faults.iter().map(RowFault::sentence).collect()
    }

    #[test]
    fn 別紙8の2_is_read_with_its_text_and_its_source() {
        let file = read(TABLE);
        assert_eq!(file.faults, []);
        let april = &file.months[0];
        assert_eq!(april.month.to_string(), "2024-04");
        assert_eq!(
            (april.counts.offered, april.counts.answered),
            (1_029, 1_023)
        );
        assert_eq!(
            april.first_answer_rate, "90.6%",
            "as published, whatever the formula gives"
        );
        assert_eq!((april.indirect.normal, april.indirect.anomalies), (1, 1));
        assert_eq!((april.macs.major, april.macs.normal), (1, 1));
        assert_eq!(april.source, "別紙8-2.csv");
    }

    #[test]
    fn months_and_counts_are_read_as_people_and_programs_write_them() {
        let head = "month,offered,answered,answer_rate,first_unanswered,first_answer_rate,escalations,resolution_rate,source".replace(',', "|");
        let table = format!(
            "{head}\n2024-04|1,029|1023|99.4|45|90.6|21|99.9|公表資料\nR6.5|４５８|457|99.8|23|95.7|15|－|\n2019/5|1件|1|100.0|0||0|100.0|x"
        );
        let file = read(&table);
        assert_eq!(sentences(&file), Vec::<String>::new());
        let months: Vec<_> = file.months.iter().map(|it| it.month.to_string()).collect();
        assert_eq!(months, ["2019-05", "2024-04", "2024-05"]);
        assert_eq!(file.months[1].source, "公表資料");
        assert_eq!(file.months[2].source, "別紙8-2.csv");
        assert_eq!(file.months[2].counts.offered, 458);
        for (text, month) in [
            ("令和元年5月", "2019-05"),
            ("平成31年4月", "2019-04"),
            ("2024年4月", "2024-04"),
            ("2024-04-01", "2024-04"),
        ] {
            assert_eq!(read_month(text).unwrap().to_string(), month, "{text}");
        }
        for text in ["", "4月", "令和6年", "2024-13", "合計"] {
            assert_eq!(read_month(text), None, "{text}");
        }
    }

    #[test]
    fn a_broken_row_names_its_row_and_column_and_the_others_are_taken() {
        let table = format!(
            "{TABLE}\n合計|0|0|0|0|0|0|0|0|1|1|100%|0|100%|0|100%\n令和6年5月|0|0|0|0|0|0|0|0|458|多数|99.8%|23|95.7%|15|百%\n令和6年4月|0|0|0|0|0|0|0|0|1|1|100%|0|100%|0|100%\n令和6年6月|0|0|0|0|0|0|0|0|10|11|100%|0|100%|0|100%\n令和6年7月|0"
        );
        let file = read(&table);
        assert_eq!(file.months.len(), 2);
        let told = sentences(&file);
        for sentence in [
            "4行目の「年月」：「合計」を年月として読み取れません。この行は取り込みません。",
            "5行目の「応答件数」：「多数」を件数として読み取れません。この行は取り込みません。",
            "5行目の「問題解決率」：「百%」を率として読み取れません。この行は取り込みません。",
            "6行目の「年月」：令和6年4月は2行目にもあります。この行は取り込みません。",
            "7行目の「応答件数」：11件は、着信件数の10件を超えています。この行は取り込みません。",
            "8行目の「着信件数」：件数を入力してください。この行は取り込みません。",
        ] {
            assert!(
                told.contains(&sentence.to_owned()),
                "{sentence} in {told:?}"
            );
        }
    }

    #[test]
    fn heads_may_stand_below_a_title_and_a_table_without_them_is_refused() {
        let titled = format!("別紙8-2：実績作業回数\n\n{TABLE}");
        assert_eq!(read(&titled).months.len(), 2);
        for (text, told) in [
            ("", "ファイルに行がありません"),
            ("名前\n甲", "「着信件数」と「応答件数」の列がありません"),
            ("年月|着信件数|応答件数", "「応答率」の列がありません"),
        ] {
            let error = read_published(&rows(text), "x").unwrap_err();
            assert!(error.contains(told), "{error}");
        }
    }
}
