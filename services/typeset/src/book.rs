//! A book ready to be set: every text as it is read, on which paper it stands, how wide the columns are. PDF
//! and docx are made of the same, so that they agree.

mod cells;
mod sections;

use std::ops::RangeInclusive;

use madoguchi_core::era::japanese_date;
use madoguchi_core::time::Instant;
use madoguchi_reports::document::{Block, Chart, DocTable, Document, Revision, with_commas};
use madoguchi_reports::forms::svg;

pub(crate) use self::cells::{CellText, date_and_time};
use self::cells::{cell_text, head_text};
use self::sections::sections;
use crate::error::TypesetError;
use crate::paper::Paper;
use crate::widths::{Fit, fit, head_lines};

/// Longer tables stand in the workbook alone: nobody reads them on paper.
pub const PRINTED_ROWS_AT_MOST: usize = 2_000;
/// Rows of so many lines stand on one page. Of one line every row does; LibreOffice 7.4 loses rows behind a page's end
/// if they all say so.
const LINES_KEPT_TOGETHER: RangeInclusive<usize> = 2..=12;

/// A table of no more lines has its notes below.
const LINES_OF_A_SHORT_TABLE: usize = 24;

/// A book, ready to be set.
#[derive(Debug)]
pub(crate) struct Book {
    /// ヘルプデスク受付状況報告
    pub(crate) name: String,
    /// 令和6年4月
    pub(crate) month: String,
    /// 情報の格付
    pub(crate) classification: String,
    /// It is not 確定.
    pub(crate) draft: bool,
    /// When it was made.
    pub(crate) made_at: Instant,
    /// What the cover tells: names and values.
    pub(crate) cover: Vec<(&'static str, String)>,
    /// 確認印欄
    pub(crate) seals: Vec<String>,
    /// 改版履歴, if there is one.
    pub(crate) revisions: Option<Table>,
    /// What stands behind the contents.
    pub(crate) sections: Vec<Section>,
}

/// Pages of one paper.
#[derive(Debug)]
pub(crate) struct Section {
    /// The paper.
    pub(crate) paper: Paper,
    /// What stands there.
    pub(crate) items: Vec<Item>,
}

/// A part of a section.
#[derive(Debug)]
pub(crate) enum Item {
    /// 第1　概況
    Chapter {
        /// With its number.
        text: String,
        /// It begins a page: neither it nor the chapter before it is a short one.
        begins_page: bool,
    },
    /// A heading below it, of level 2 to 4.
    Heading {
        /// 2: 「1 …」, 3: 「(1) …」, 4: 「ア …」.
        level: u8,
        /// With its number.
        text: String,
    },
    /// Sentences.
    Text(String),
    /// What a person added.
    Remark {
        /// The text.
        text: String,
        /// Who, and when.
        by: String,
    },
    /// A table with its caption.
    Table(Table),
    /// A chart with its caption.
    Chart(Picture),
}

/// A table, ready to be set.
#[derive(Debug)]
pub(crate) struct Table {
    /// 表2-1
    pub(crate) number: String,
    /// What it is called.
    pub(crate) title: String,
    /// Paper, size and widths.
    pub(crate) fit: Fit,
    /// The names of the columns, with units.
    pub(crate) heads: Vec<String>,
    /// The rows; none, if they are too many.
    pub(crate) rows: Vec<Row>,
    /// 注
    pub(crate) notes: Vec<String>,
    /// They stand above it: below a long table they may have a page to themselves.
    pub(crate) notes_above: bool,
}

/// A row.
#[derive(Debug)]
pub(crate) struct Row {
    /// Its cells.
    pub(crate) cells: Vec<CellText>,
    /// It sums up those above.
    pub(crate) total: bool,
    /// It stands on one page.
    pub(crate) kept_together: bool,
}

/// A chart, drawn.
#[derive(Debug)]
pub(crate) struct Picture {
    /// 図2-1
    pub(crate) number: String,
    /// What it is called.
    pub(crate) title: String,
    /// What it shows, in words.
    pub(crate) alt: String,
    /// The drawing.
    pub(crate) svg: String,
}

impl Table {
    /// 表2-1　当月の受付件数
    pub(crate) fn caption(&self) -> String {
        captioned(&self.number, &self.title)
    }
}

impl Picture {
    /// 図2-1　月別推移
    pub(crate) fn caption(&self) -> String {
        captioned(&self.number, &self.title)
    }
}

fn captioned(number: &str, title: &str) -> String {
    format!("{number}\u{3000}{title}")
}

impl Book {
    /// Everything of a book, with its charts drawn.
    pub(crate) fn new(document: &Document) -> Result<Self, TypesetError> {
        let mut items = Vec::new();
        for chapter in &document.chapters {
            items.push(Item::Chapter {
                text: captioned(&chapter.number, &chapter.title),
                begins_page: true,
            });
            for block in &chapter.blocks {
                items.push(item(document, block)?);
            }
        }
        Ok(Self {
            name: document.name.clone(),
            month: document.month.name(),
            classification: document.classification.clone(),
            draft: document.draft,
            made_at: document.made_at,
            cover: cover(document),
            seals: document.seals.clone(),
            revisions: revisions(&document.revisions),
            sections: sections(items),
        })
    }

    /// What stands at the top of each page.
    pub(crate) fn running(&self) -> String {
        format!("{}\u{3000}{}分", self.name, self.month)
    }
}

fn cover(document: &Document) -> Vec<(&'static str, String)> {
    let edition = if document.draft {
        format!("{}（案）", document.edition_name())
    } else {
        document.edition_name()
    };
    let lines = [
        ("対象月", document.month.name()),
        ("版", edition),
        ("作成日", japanese_date(document.made_at.date())),
        ("提出先", document.submitted_to.clone()),
        ("受託者名", document.submitted_by.clone()),
        ("情報の格付", document.classification.clone()),
    ];
    lines
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

fn item(document: &Document, block: &Block) -> Result<Item, TypesetError> {
    let item = match block {
        Block::Heading { text } => Item::Heading {
            level: heading_level(text),
            text: text.clone(),
        },
        Block::Sentence { text } => Item::Text(text.clone()),
        Block::Remark {
            text,
            author,
            written_at,
        } => Item::Remark {
            text: text.clone(),
            by: format!("加筆: {author}\u{3000}{}", date_and_time(*written_at)),
        },
        Block::Table(table) => Item::Table(of_table(table)),
        Block::Chart(chart) => Item::Chart(picture(document, chart)?),
    };
    Ok(item)
}

fn picture(document: &Document, chart: &Chart) -> Result<Picture, TypesetError> {
    let svg = svg::chart(document, chart).ok_or_else(|| TypesetError::Chart {
        number: chart.number.clone(),
        reason: "数値の表が書類にありません".to_owned(),
    })?;
    Ok(Picture {
        number: chart.number.clone(),
        title: chart.title.clone(),
        alt: chart.alt.clone(),
        svg,
    })
}

/// 2 for 「1 当月の要点」, 3 for 「(1) …」, 4 for 「ア …」.
fn heading_level(text: &str) -> u8 {
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some('(' | '（'), Some(second)) if second.is_numeric() => 3,
        (Some('ア'..='ン'), Some(' ' | '\u{3000}' | '．' | '.')) => 4,
        (Some('(' | '（'), _) => 4,
        _ => 2,
    }
}

fn of_table(table: &DocTable) -> Table {
    let heads = table.columns.iter().map(head_text).collect();
    let rows = table.rows.iter().map(|row| {
        let cells: Vec<CellText> = row.cells.iter().map(cell_text).collect();
        (cells, row.total)
    });
    let mut made = if table.rows.len() > PRINTED_ROWS_AT_MOST {
        table_of(heads, Vec::new(), table.wide)
    } else {
        table_of(heads, rows.collect(), table.wide)
    };
    made.number = table.number.clone();
    made.title = table.title.clone();
    made.notes = numbered_notes(&table.notes);
    if table.rows.len() > PRINTED_ROWS_AT_MOST {
        made.notes.insert(0, not_printed(table));
    }
    made
}

fn not_printed(table: &DocTable) -> String {
    let rows = with_commas(i64::try_from(table.rows.len()).unwrap_or(i64::MAX));
    format!(
        "この表は{rows}行あるため、紙面には載せず、Excel形式のファイルの「{}」に全ての行を収めています。",
        table.number
    )
}

fn numbered_notes(notes: &[String]) -> Vec<String> {
    match notes {
        [one] => vec![format!("注\u{3000}{one}")],
        several => several
            .iter()
            .enumerate()
            .map(|(at, note)| format!("注{}\u{3000}{note}", at + 1))
            .collect(),
    }
}

fn table_of(heads: Vec<String>, rows: Vec<(Vec<CellText>, bool)>, wide: bool) -> Table {
    let texts: Vec<Vec<&str>> = rows
        .iter()
        .map(|(cells, _)| cells.iter().map(|cell| cell.text.as_str()).collect())
        .collect();
    let fit = fit(&heads, &texts, wide);
    let mut all = 0;
    let rows = rows.into_iter().map(|(cells, total)| {
        let lines = lines(&cells, &fit);
        all += lines;
        Row {
            kept_together: LINES_KEPT_TOGETHER.contains(&lines),
            cells,
            total,
        }
    });
    let heads = heads.iter().enumerate();
    let heads = heads.map(|(at, head)| head_lines(head, fit.room(at)));
    Table {
        number: String::new(),
        title: String::new(),
        rows: rows.collect(),
        heads: heads.collect(),
        fit,
        notes: Vec::new(),
        notes_above: all > LINES_OF_A_SHORT_TABLE,
    }
}

/// The lines of the row's highest cell, about.
fn lines(cells: &[CellText], fit: &Fit) -> usize {
    let of_cell = |(at, cell): (usize, &CellText)| {
        let room = fit.room(at).max(1.0);
        let lines = cell
            .text
            .lines()
            .map(|line| (crate::widths::width(line) / room).ceil().max(1.0));
        lines.sum::<f64>() as usize
    };
    cells
        .iter()
        .enumerate()
        .map(of_cell)
        .max()
        .unwrap_or_default()
}

fn revisions(revisions: &[Revision]) -> Option<Table> {
    if revisions.is_empty() {
        return None;
    }
    let heads = [
        "版",
        "日付",
        "変更箇所",
        "変更前",
        "変更後",
        "理由",
        "確認者",
    ];
    let rows = revisions.iter().map(|revision| {
        let cells = [
            format!("第{}版", revision.edition),
            japanese_date(revision.date),
            revision.place.clone(),
            revision.before.clone(),
            revision.after.clone(),
            revision.reason.clone(),
            revision.confirmed_by.clone(),
        ];
        (cells.into_iter().map(CellText::left).collect(), false)
    });
    Some(table_of(
        heads.map(str::to_owned).into(),
        rows.collect(),
        false,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_stands_at_the_level_of_its_number() {
        for (text, level) in [
            ("1 当月の要点", 2),
            ("12　現状", 2),
            ("(1) 現状", 3),
            ("（2）計画との差異", 3),
            ("ア 原因", 4),
            ("(ア) 細目", 4),
            ("今後の予測", 2),
            ("アンケートの結果", 2),
        ] {
            assert_eq!(heading_level(text), level, "{text}");
        }
    }
}
