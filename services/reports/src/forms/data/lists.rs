//! The tables for machines that are not those of a chapter.

use madoguchi_core::time::Instant;

use super::column::{Built, number_cell, unit};
use super::{DataTable, assemble};
use crate::document::{
    Block, DocCell, DocColumn, DocRow, DocTable, Document, Figure, Population, ProofKind, Rows,
    Value,
};
use crate::forms::Note;
use crate::forms::numbers::of_cell;
use crate::table::Cell;

/// 文書: what the book is.
pub(super) fn document(document: &Document) -> DataTable {
    let draft = if document.draft { "案" } else { "確定" };
    let facts = [
        ("文書名", document.name.clone()),
        ("対象月（ISO 8601）", document.month.to_string()),
        ("版", document.edition.to_string()),
        ("状態", draft.to_owned()),
        (
            "作成日時（ISO 8601）",
            document.made_at.in_tokyo().to_rfc3339(),
        ),
        ("提出先", document.submitted_to.clone()),
        ("受託者名", document.submitted_by.clone()),
        ("情報の格付", document.classification.clone()),
    ];
    let rows = facts.len();
    let (names, values) = facts
        .map(|(name, value)| (some(name), Some(value)))
        .into_iter()
        .unzip();
    let columns = [Built::texts("項目", names), Built::texts("値", values)].concat();
    assemble(super::BOOK, columns, rows)
}

/// A figure with its place.
struct Entry<'a> {
    table: &'a DocTable,
    row: &'a DocRow,
    column: &'a DocColumn,
    cell: &'a DocCell,
}

/// 数値一覧: all figures of the book, a row each.
pub(super) fn figures(document: &Document) -> DataTable {
    let mut entries = Vec::new();
    for (_, table) in document.tables() {
        for row in &table.rows {
            for (column, cell) in table.columns.iter().zip(&row.cells) {
                if matches!(cell, DocCell::Figure(_) | DocCell::Published { .. }) {
                    entries.push(Entry {
                        table,
                        row,
                        column,
                        cell,
                    });
                }
            }
        }
    }
    let texts = |name: &str, of: &dyn Fn(&Entry<'_>) -> Option<String>| {
        Built::texts(name, entries.iter().map(of).collect())
    };
    let counts = |name: &str, of: &dyn Fn(&Figure) -> Option<i64>| {
        let count = |entry: &Entry<'_>| of(figure(entry)?).map(|count| count as f64);
        let cells = entries.iter().map(count);
        vec![Built::new(
            name,
            cells
                .map(|of| of.map_or(Cell::Empty, Cell::Number))
                .collect(),
        )]
    };
    let numbers = entries.iter().map(|entry| number_cell(of_cell(entry.cell)));
    let columns = [
        texts("表番号", &|entry| Some(entry.table.number.clone())),
        texts("表コード", &|entry| Some(entry.table.id.clone())),
        texts("行コード", &|entry| Some(entry.row.id.clone())),
        texts("行名", &|entry| row_name(entry.row)),
        texts("列コード", &|entry| Some(entry.column.id.clone())),
        texts("列名", &|entry| Some(entry.column.name.clone())),
        vec![Built::new("数値", numbers.collect())],
        texts("単位", &unit_of),
        counts("A", &|figure| Some(figure.parts?.a)),
        counts("B", &|figure| Some(figure.parts?.b)),
        texts("集計の基準コード", &|entry| {
            let population = figure(entry).map_or(Population::Stated, |figure| figure.population);
            some(population.as_str())
        }),
        texts("根拠の種類コード", &|entry| some(proof(entry).0)),
        texts("根拠の名前", &|entry| Some(proof(entry).1)),
        texts("空欄の理由", &reason_of),
    ]
    .concat();
    assemble("数値一覧", columns, entries.len())
}

/// What stands between the tables.
struct Passage<'a> {
    chapter: &'a str,
    kind: &'static str,
    text: &'a str,
    /// Of a remark: who wrote it and when.
    written: Option<(&'a str, Instant)>,
}

/// 文章: what is written between the tables.
pub(super) fn sentences(document: &Document) -> DataTable {
    let passages: Vec<_> = document
        .chapters
        .iter()
        .flat_map(|chapter| {
            chapter
                .blocks
                .iter()
                .filter_map(|block| passage(&chapter.id, block))
        })
        .collect();
    let texts = |name: &str, of: &dyn Fn(&Passage<'_>) -> Option<String>| {
        Built::texts(name, passages.iter().map(of).collect())
    };
    let numbers = (1..=passages.len()).map(|number| Cell::Number(number as f64));
    let times = passages
        .iter()
        .map(|passage| passage.written.map(|(_, at)| at).into());
    let columns = [
        vec![Built::new("通番", numbers.collect())],
        texts("章コード", &|passage| some(passage.chapter)),
        texts("種別", &|passage| some(passage.kind)),
        texts("本文", &|passage| some(passage.text)),
        texts("加筆者", &|passage| some(passage.written?.0)),
        vec![Built::new("加筆日時", times.collect())],
    ];
    assemble("文章", columns.concat(), passages.len())
}

fn passage<'a>(chapter: &'a str, block: &'a Block) -> Option<Passage<'a>> {
    let (kind, text, written) = match block {
        Block::Heading { text } => ("見出し", text, None),
        Block::Sentence { text } => ("文章", text, None),
        Block::Remark {
            text,
            author,
            written_at,
        } => ("加筆", text, Some((author.as_str(), *written_at))),
        Block::Table(_) | Block::Chart(_) => return None,
    };
    Some(Passage {
        chapter,
        kind,
        text,
        written,
    })
}

/// 改版履歴
pub(super) fn revisions(document: &Document) -> DataTable {
    let revisions = &document.revisions;
    let texts = |of: &dyn Fn(&crate::document::Revision) -> &str| {
        revisions
            .iter()
            .map(|revision| some(of(revision)))
            .collect::<Vec<_>>()
    };
    let editions = revisions
        .iter()
        .map(|revision| Cell::Number(f64::from(revision.edition)));
    let days = revisions.iter().map(|revision| Cell::Date(revision.date));
    let columns = [
        vec![
            Built::new("版", editions.collect()),
            Built::new("日付", days.collect()),
        ],
        Built::texts("変更箇所", texts(&|revision| &revision.place)),
        Built::texts("変更前", texts(&|revision| &revision.before)),
        Built::texts("変更後", texts(&|revision| &revision.after)),
        Built::texts("理由", texts(&|revision| &revision.reason)),
        Built::texts("確認者", texts(&|revision| &revision.confirmed_by)),
    ];
    assemble("改版履歴", columns.concat(), revisions.len())
}

/// コード: what the codes of the other sheets mean.
pub(super) fn codes(document: &Document) -> DataTable {
    let mut codes: Vec<(&str, String, String)> = Vec::new();
    for chapter in &document.chapters {
        let name = format!("{} {}", chapter.number, chapter.title);
        codes.push(("章コード", chapter.id.clone(), name));
    }
    for (_, table) in document.tables() {
        let name = format!("{} {}", table.number, table.title);
        codes.push(("表コード", table.id.clone(), name));
        for column in &table.columns {
            let code = format!("{}/{}", table.id, column.id);
            codes.push(("表コード/列コード", code, column.heading()));
        }
    }
    for population in Population::ALL {
        let (code, name) = (population.as_str(), population.label());
        codes.push(("集計の基準コード", code.to_owned(), name.to_owned()));
    }
    for kind in ProofKind::ALL {
        let (code, name) = (kind.as_str(), kind.label());
        codes.push(("根拠の種類コード", code.to_owned(), name.to_owned()));
    }
    let columns = [
        Built::texts("区分", codes.iter().map(|code| some(code.0)).collect()),
        Built::texts("コード", codes.iter().map(|code| some(&code.1)).collect()),
        Built::texts("名称", codes.iter().map(|code| some(&code.2)).collect()),
    ];
    assemble("コード", columns.concat(), codes.len())
}

/// 書き出しの注記: what a reader should know of single cells.
pub(super) fn notes(notes: &[Note]) -> DataTable {
    let columns = [
        Built::texts(
            "シート",
            notes.iter().map(|note| some(&note.sheet)).collect(),
        ),
        Built::texts("セル", notes.iter().map(|note| some(&note.cell)).collect()),
        Built::texts("内容", notes.iter().map(|note| some(&note.text)).collect()),
    ];
    assemble("書き出しの注記", columns.concat(), notes.len())
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn figure<'a>(entry: &Entry<'a>) -> Option<&'a Figure> {
    match entry.cell {
        DocCell::Figure(figure) => Some(figure),
        _ => None,
    }
}

fn row_name(row: &DocRow) -> Option<String> {
    let mut cells = row.cells.iter();
    let first = cells.find(|cell| !matches!(cell, DocCell::Figure(_) | DocCell::Empty))?;
    Some(match first {
        DocCell::Date { date } => date.to_string(),
        DocCell::Time { at } => at.in_tokyo().to_rfc3339(),
        cell => cell.text(),
    })
}

fn unit_of(entry: &Entry<'_>) -> Option<String> {
    let number = of_cell(entry.cell)?;
    unit(number.kind, entry.column.unit.as_deref()).map(str::to_owned)
}

fn reason_of(entry: &Entry<'_>) -> Option<String> {
    match (figure(entry).map(|figure| &figure.value), entry.cell) {
        (Some(Value::None(reason)), _) => Some(reason.clone()),
        (None, DocCell::Published { text, .. }) if of_cell(entry.cell).is_none() => {
            Some(format!("公表値は数値ではない: {text}"))
        }
        _ => None,
    }
}

fn proof(entry: &Entry<'_>) -> (&'static str, String) {
    let Some(figure) = figure(entry) else {
        let source = match entry.cell {
            DocCell::Published { source, .. } => source.clone(),
            _ => String::new(),
        };
        return (ProofKind::Source.as_str(), source);
    };
    let name = match &figure.rows {
        Rows::Calls { selection }
        | Rows::Tickets { selection }
        | Rows::Facts { selection }
        | Rows::Articles { selection } => selection.clone(),
        Rows::Ticket { id, .. } => id.clone(),
        Rows::Cells { cells } => cells.join(" "),
        Rows::Months { cells } => {
            let cells = cells.iter();
            let cells = cells.map(|of| format!("{}/{}", of.month, of.cell));
            cells.collect::<Vec<_>>().join(" ")
        }
        Rows::AccessLog { month } => month.to_string(),
        Rows::Source { source } => source.clone(),
    };
    (figure.rows.kind(figure.population).as_str(), name)
}
