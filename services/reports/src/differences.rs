//! What differs between two editions of a book (付録C): table, row and column, with what stood there and
//! what stands there now. Nothing changes silently.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{NaiveDate, Timelike as _};
use madoguchi_core::era::japanese_date;
use madoguchi_core::time::Instant;

use crate::document::{
    Block, Chapter, DocCell, DocRow, DocTable, Document, Drill, Figure, Revision,
};

/// What stands for nothing.
const NOTHING: &str = "（なし）";
/// Lines of 改版履歴 that one edition adds; the rest is told by their number.
const REVISIONS: usize = 500;
/// Differences of each book beside the report that are told; the rest by their number.
const OF_OTHER_BOOKS: usize = 200;
/// Calls and tickets that are named as the cause of a difference.
const CAUSES: usize = 10;
/// Letters of a text that are told.
const LETTERS: usize = 200;
/// The beginning of the number of a chapter that tells of the book itself, and differs with it.
const APPENDIX: &str = "付録";

/// Something that differs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// The number of the table: 表2-1; of a remark, that of its chapter.
    pub place: String,
    /// The row as it is called, or what else differs.
    pub row: String,
    /// The column as it is called; empty if it is the whole row.
    pub column: String,
    /// 変更前
    pub before: String,
    /// 変更後
    pub after: String,
    /// The ids of table, row and column: "calls/offered/count".
    pub cell: String,
    /// The selection of the figure, in the older book and in the newer one.
    pub selections: [Option<String>; 2],
}

impl Difference {
    /// 表2-1 着信 件数
    pub fn title(&self) -> String {
        let parts = [&self.place, &self.row, &self.column];
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        parts.cloned().collect::<Vec<_>>().join(" ")
    }
}

/// What differs, in the order of the newer book; what is gone stands at the end of its table or chapter.
/// Sentences follow from figures and are not compared; 付録 tells of the book itself.
pub fn differences(old: &Document, new: &Document) -> Vec<Difference> {
    let mut found = Vec::new();
    let chapters = |book: &Document| -> Vec<String> {
        let chapters = book.chapters.iter();
        let chapters = chapters.filter(|chapter| !chapter.number.starts_with(APPENDIX));
        chapters.map(|chapter| chapter.id.clone()).collect()
    };
    let mut seen = BTreeSet::new();
    let all = chapters(new).into_iter().chain(chapters(old));
    for id in all.filter(|id| seen.insert(id.clone())) {
        let of = |book: &Document| book.chapters.iter().find(|one| one.id == id).cloned();
        let (before, after) = (of(old), of(new));
        tables(before.as_ref(), after.as_ref(), &mut found);
        remarks(before.as_ref(), after.as_ref(), &mut found);
    }
    found
}

/// What differs between the books of two editions, the report first. Of the other books it is told with their names,
/// but for tables of the report that they repeat. A book that one edition does not have is not compared.
pub fn of_books(old: &[Document], new: &[Document]) -> Vec<Difference> {
    let mut found: Vec<Difference> = Vec::new();
    let mut of_report = BTreeSet::new();
    for (at, book) in new.iter().enumerate() {
        let Some(before) = old.iter().find(|known| known.name == book.name) else {
            continue;
        };
        let own = differences(before, book);
        if at == 0 {
            of_report = own.iter().map(content).collect();
            found.extend(own);
            continue;
        }
        let own = own.into_iter();
        let mut own: Vec<_> = own
            .filter(|one| !of_report.contains(&content(one)))
            .collect();
        let more = own.len().saturating_sub(OF_OTHER_BOOKS);
        own.truncate(OF_OTHER_BOOKS);
        for one in &mut own {
            one.place = format!("{} {}", book.name, one.place);
        }
        if more > 0 {
            own.push(Difference {
                place: book.name.clone(),
                row: format!("ほか{more}か所"),
                column: String::new(),
                before: String::new(),
                after: String::new(),
                cell: String::new(),
                selections: [None, None],
            });
        }
        found.extend(own);
    }
    found
}

/// What a difference says, wherever it stands.
fn content(one: &Difference) -> (String, String, String) {
    (one.cell.clone(), one.before.clone(), one.after.clone())
}

/// The line with which 改版履歴 begins.
pub fn first_revision(date: NaiveDate, confirmed_by: &str) -> Revision {
    Revision {
        edition: 1,
        date,
        place: "全体".to_owned(),
        before: String::new(),
        after: "新規作成".to_owned(),
        reason: "新規作成".to_owned(),
        confirmed_by: confirmed_by.to_owned(),
    }
}

/// The lines that an edition adds to 改版履歴.
pub fn revisions(
    differences: &[Difference],
    edition: u32,
    date: NaiveDate,
    reason: &str,
    confirmed_by: &str,
) -> Vec<Revision> {
    let line = |place: String, before: String, after: String| Revision {
        edition,
        date,
        place,
        before,
        after,
        reason: reason.to_owned(),
        confirmed_by: confirmed_by.to_owned(),
    };
    let told = differences.iter().take(REVISIONS);
    let told = told.map(|one| line(one.title(), one.before.clone(), one.after.clone()));
    let mut lines: Vec<_> = told.collect();
    let rest = differences.len().saturating_sub(REVISIONS);
    if rest > 0 {
        lines.push(line(
            format!("ほか{rest}か所"),
            String::new(),
            String::new(),
        ));
    }
    lines
}

/// 原因: the calls, tickets or facts that one of the two figures counts and the other does not, as people
/// call them.
pub fn causes(difference: &Difference, old: &Drill, new: &Drill) -> String {
    let ids = |drill: &Drill, selection: &Option<String>| -> BTreeSet<Arc<str>> {
        let ids = selection
            .as_ref()
            .and_then(|name| drill.selections.get(name));
        ids.into_iter().flatten().cloned().collect()
    };
    let [before, after] = &difference.selections;
    let (before, after) = (ids(old, before), ids(new, after));
    let other: Vec<_> = before.symmetric_difference(&after).collect();
    let [then, now] = &difference.selections;
    let selection = now.as_ref().or(then.as_ref()).map_or("", String::as_str);
    let name = |id: &str| match new.name(selection, id) {
        name if name == id => old.name(selection, id).to_owned(),
        name => name.to_owned(),
    };
    let told = other.iter().take(CAUSES).map(|id| name(id));
    let mut told = told.collect::<Vec<_>>().join("、");
    if other.len() > CAUSES {
        told.push_str(&format!("ほか{}件", other.len() - CAUSES));
    }
    told
}

fn tables(before: Option<&Chapter>, after: Option<&Chapter>, found: &mut Vec<Difference>) {
    let of = |chapter: Option<&Chapter>| -> Vec<DocTable> {
        let blocks = chapter.map(|chapter| chapter.blocks.iter());
        let tables = blocks
            .into_iter()
            .flatten()
            .filter_map(|block| match block {
                Block::Table(table) => Some(table.clone()),
                _ => None,
            });
        tables.collect()
    };
    let (before, after) = (of(before), of(after));
    for table in &after {
        match before.iter().find(|known| known.id == table.id) {
            Some(known) => rows(known, table, found),
            None => found.push(whole_table(table, NOTHING, "追加")),
        }
    }
    for table in &before {
        if !after.iter().any(|known| known.id == table.id) {
            found.push(whole_table(table, "あり", NOTHING));
        }
    }
}

fn selection(cell: &DocCell) -> Option<String> {
    let DocCell::Figure(figure) = cell else {
        return None;
    };
    figure.rows.selection().map(str::to_owned)
}

fn whole_table(table: &DocTable, before: &str, after: &str) -> Difference {
    Difference {
        place: table.number.clone(),
        row: "表の全体".to_owned(),
        column: String::new(),
        before: before.to_owned(),
        after: after.to_owned(),
        cell: table.id.clone(),
        selections: [None, None],
    }
}

fn rows(before: &DocTable, after: &DocTable, found: &mut Vec<Difference>) {
    let known: BTreeMap<&str, &DocRow> = before.rows.iter().map(|row| (&*row.id, row)).collect();
    let mut kept = BTreeSet::new();
    for row in &after.rows {
        kept.insert(row.id.as_str());
        match known.get(row.id.as_str()) {
            Some(old) => cells((before, old), (after, row), found),
            None => found.push(whole_row(after, row, NOTHING.to_owned(), row_text(row))),
        }
    }
    for row in &before.rows {
        if !kept.contains(row.id.as_str()) {
            found.push(whole_row(before, row, row_text(row), NOTHING.to_owned()));
        }
    }
}

fn whole_row(table: &DocTable, row: &DocRow, before: String, after: String) -> Difference {
    Difference {
        place: table.number.clone(),
        row: row_name(row),
        column: String::new(),
        before,
        after,
        cell: format!("{}/{}", table.id, row.id),
        selections: [None, None],
    }
}

fn cells(
    (before, old): (&DocTable, &DocRow),
    (after, new): (&DocTable, &DocRow),
    found: &mut Vec<Difference>,
) {
    for (column, cell) in after.columns.iter().zip(&new.cells) {
        let at = before
            .columns
            .iter()
            .position(|known| known.id == column.id);
        let known = at.and_then(|at| old.cells.get(at));
        let known = known.unwrap_or(&DocCell::Empty);
        let (was, is) = (cell_text(known), cell_text(cell));
        let (was, is) = if was == is {
            (with_parts(known), with_parts(cell))
        } else {
            (was, is)
        };
        if was != is {
            found.push(Difference {
                place: after.number.clone(),
                row: row_name(new),
                column: column.name.clone(),
                before: was,
                after: is,
                cell: format!("{}/{}/{}", after.id, new.id, column.id),
                selections: [selection(known), selection(cell)],
            });
        }
    }
}

fn remarks(before: Option<&Chapter>, after: Option<&Chapter>, found: &mut Vec<Difference>) {
    let of = |chapter: Option<&Chapter>| -> Vec<String> {
        let blocks = chapter.map(|chapter| chapter.blocks.iter());
        let texts = blocks
            .into_iter()
            .flatten()
            .filter_map(|block| match block {
                Block::Remark { text, author, .. } => Some(format!("{text}（{author}）")),
                _ => None,
            });
        texts.collect()
    };
    let place = after.or(before).map(|chapter| chapter.number.clone());
    let place = place.unwrap_or_default();
    let (before, after) = (of(before), of(after));
    let mut note = |was: &str, is: &str| {
        found.push(Difference {
            place: place.clone(),
            row: "加筆".to_owned(),
            column: String::new(),
            before: shortened(was),
            after: shortened(is),
            cell: String::new(),
            selections: [None, None],
        });
    };
    for text in after.iter().filter(|text| !before.contains(text)) {
        note(NOTHING, text);
    }
    for text in before.iter().filter(|text| !after.contains(text)) {
        note(text, NOTHING);
    }
}

/// What a row is called: by the first of its cells that says anything.
pub fn row_name(row: &DocRow) -> String {
    let named = row
        .cells
        .iter()
        .map(cell_text)
        .find(|text| !text.is_empty());
    named.unwrap_or_else(|| row.id.clone())
}

fn row_text(row: &DocRow) -> String {
    let cells = row.cells.iter().map(cell_text);
    let cells: Vec<_> = cells.filter(|text| !text.is_empty()).collect();
    shortened(&cells.join("／"))
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= LETTERS {
        return text.to_owned();
    }
    text.chars().take(LETTERS).chain(['…']).collect()
}

/// A cell as people read it, in a line.
pub fn cell_text(cell: &DocCell) -> String {
    match cell {
        DocCell::Text { text } => text.replace('\n', " "),
        DocCell::Date { date } => japanese_date(*date),
        DocCell::Time { at } => time_text(*at),
        DocCell::Figure(figure) => figure.value.text(),
        DocCell::Published { text, .. } => text.clone(),
        DocCell::Empty => String::new(),
    }
}

/// 令和6年4月1日 0:00; with seconds, if they are not 0, as books print them.
fn time_text(at: Instant) -> String {
    let time = at.in_tokyo();
    let minute = format!(
        "{} {}:{:02}",
        japanese_date(at.date()),
        time.hour(),
        time.minute()
    );
    match time.second() {
        0 => minute,
        second => format!("{minute}:{second:02}"),
    }
}

/// The same with the integers of which it was made: they may differ where what is rounded does not.
fn with_parts(cell: &DocCell) -> String {
    match cell {
        DocCell::Figure(Figure {
            value,
            parts: Some(parts),
            ..
        }) => format!("{}（B={}、A={}）", value.text(), parts.b, parts.a),
        cell => cell_text(cell),
    }
}

#[cfg(test)]
pub(crate) mod tests;
