//! 対策 and 原因区分 that people wrote and no row of the report takes: they are kept, and told to who writes them.

use madoguchi_core::month::{NotedColumn, RowNote};

use crate::document::{DocCell, Document};

/// What a table says of a row that has no FAQ article.
pub(super) const NO_ARTICLE: &str = "－";
/// Letters of a note that are told.
const LETTERS: usize = 40;

/// Why a note stands in no cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unused {
    /// The table has no row that is called so.
    NoRow,
    /// Somebody wrote another one of the same row later.
    Replaced,
}

/// A note that stands in no cell of the report as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusedNote {
    /// What somebody wrote.
    pub note: RowNote,
    /// Why it does not stand there.
    pub why: Unused,
}

impl UnusedNote {
    /// The same in a sentence, for who wrote it.
    pub fn sentence(&self) -> String {
        let RowNote {
            column, row, text, ..
        } = &self.note;
        let (column, row) = (column.label(), row.trim());
        let told: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut letters = told.chars();
        let mut told: String = letters.by_ref().take(LETTERS).collect();
        if letters.next().is_some() {
            told.push('…');
        }
        let why = match self.why {
            Unused::NoRow => format!("今の表に「{row}」の行がないため"),
            Unused::Replaced => format!("「{row}」の行に、後から書いた記入があるため"),
        };
        format!("{column}に記入した「{told}」は、{why}、報告に載りません。記入は残っています。")
    }
}

/// The notes that stand nowhere in a report, in the order in which they were written.
pub(super) fn unused(notes: &[RowNote], report: &Document) -> Vec<UnusedNote> {
    let each = (1..).zip(notes).filter_map(|(next, note)| {
        let rows = rows(report, note.column);
        let is_of = |note: &RowNote, names: &[&str]| note.is_of(note.column, names);
        let mut own = rows.iter().filter(|names| is_of(note, names)).peekable();
        let later = notes.get(next..).unwrap_or_default().iter();
        let later: Vec<&RowNote> = later.filter(|one| one.column == note.column).collect();
        let why = if own.peek().is_none() {
            Unused::NoRow
        } else if own.all(|names| later.iter().any(|one| is_of(one, names))) {
            Unused::Replaced
        } else {
            return None;
        };
        let note = note.clone();
        Some(UnusedNote { note, why })
    });
    each.collect()
}

/// What the rows of a table are called, each in all ways.
fn rows(report: &Document, column: NotedColumn) -> Vec<Vec<&str>> {
    let (table, columns) = match column {
        NotedColumn::Measure => ("matters", &["gist", "article"][..]),
        NotedColumn::Cause => ("misses", &["what"][..]),
    };
    let Some(table) = report.table(table) else {
        return Vec::new();
    };
    let named = |id: &str| columns.contains(&id);
    let rows = table.rows.iter().map(|row| {
        let cells = table.columns.iter().zip(&row.cells);
        let names = cells.filter(|(column, _)| named(&column.id));
        let names = names.filter_map(|(column, cell)| match cell {
            DocCell::Text { text } => Some((column, text.as_str())),
            _ => None,
        });
        let names = names.filter(|(column, text)| column.id != "article" || *text != NO_ARTICLE);
        names.map(|(_, text)| text).collect()
    });
    rows.collect()
}
