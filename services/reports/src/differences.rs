//! What differs between two editions of a book (付録C): table, row and column, with what stood there and
//! what stands there now. Nothing changes silently.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, Timelike as _};
use madoguchi_core::era::japanese_date;

use crate::document::{
    Block, Chapter, DocCell, DocRow, DocTable, Document, Drill, Figure, Revision, Rows,
};

/// What stands for nothing.
const NOTHING: &str = "（なし）";
/// Lines of 改版履歴 that one edition adds; the rest is told by their number.
const REVISIONS: usize = 500;
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
    let ids = |drill: &Drill, selection: &Option<String>| -> BTreeSet<String> {
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
    match &figure.rows {
        Rows::Calls { selection } | Rows::Tickets { selection } | Rows::Facts { selection } => {
            Some(selection.clone())
        }
        Rows::Cells { .. } | Rows::Source { .. } => None,
    }
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
        DocCell::Time { at } => {
            let time = at.in_tokyo();
            let day = japanese_date(at.date());
            format!("{day} {}:{:02}", time.hour(), time.minute())
        }
        DocCell::Figure(figure) => figure.value.text(),
        DocCell::Published { text, .. } => text.clone(),
        DocCell::Empty => String::new(),
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
pub(crate) mod tests {
    use madoguchi_core::time::Instant;

    use super::*;
    use crate::document::{DocColumn, Parts, Population, Value};

    fn figure(value: Value, parts: Option<Parts>) -> DocCell {
        DocCell::Figure(Figure {
            value,
            population: Population::Arrived,
            parts,
            rows: Rows::Calls {
                selection: "offered".to_owned(),
            },
        })
    }

    fn row(id: &str, name: &str, count: i64) -> DocRow {
        DocRow {
            id: id.to_owned(),
            cells: vec![
                DocCell::Text {
                    text: name.to_owned(),
                },
                figure(Value::Count(count), None),
            ],
            total: false,
        }
    }

    fn remark(text: &str) -> Block {
        Block::Remark {
            text: text.to_owned(),
            author: "佐藤".to_owned(),
            written_at: Instant(0),
        }
    }

    /// A book of one table and one remark.
    pub(crate) fn book(text: &str, offered: i64) -> Document {
        let column = |id: &str, name: &str| DocColumn {
            id: id.to_owned(),
            name: name.to_owned(),
            unit: None,
        };
        let table = DocTable {
            number: "表2-1".to_owned(),
            id: "calls".to_owned(),
            title: "当月の受付件数".to_owned(),
            columns: vec![column("name", "区分"), column("count", "件数")],
            rows: vec![row("offered", "着信", offered), row("answered", "応答", 1)],
            notes: Vec::new(),
            wide: false,
        };
        let chapter = |number: &str, id: &str, blocks| Chapter {
            number: number.to_owned(),
            id: id.to_owned(),
            title: String::new(),
            blocks,
        };
        Document {
            name: "ヘルプデスク受付状況報告".to_owned(),
            month: "2024-04".parse().unwrap(),
            edition: 1,
            draft: false,
            made_at: Instant(0),
            submitted_to: String::new(),
            submitted_by: String::new(),
            classification: String::new(),
            seals: Vec::new(),
            revisions: Vec::new(),
            chapters: vec![
                chapter("第2", "calls", vec![Block::Table(table), remark(text)]),
                chapter("付録D", "sources", vec![remark(&offered.to_string())]),
            ],
        }
    }

    fn table(book: &mut Document) -> &mut DocTable {
        match &mut book.chapters[0].blocks[0] {
            Block::Table(table) => table,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_figure_that_changed_is_told_by_table_row_and_column() {
        let (old, new) = (book("同じ", 1_029), book("同じ", 1_030));
        assert_eq!(differences(&old, &old), []);
        let found = differences(&old, &new);
        assert_eq!(found.len(), 1, "付録 tells of the book itself: {found:?}");
        assert_eq!(found[0].title(), "表2-1 着信 件数");
        assert_eq!(
            (found[0].before.as_str(), found[0].after.as_str()),
            ("1,029", "1,030")
        );
        assert_eq!(found[0].cell, "calls/offered/count");
        let drill = |ids: &[&str]| Drill {
            selections: [(
                "offered".to_owned(),
                ids.iter().map(|&id| id.to_owned()).collect(),
            )]
            .into(),
            names: [("c3".to_owned(), "R6-00003".to_owned())].into(),
        };
        let cause = causes(&found[0], &drill(&["c1", "c2"]), &drill(&["c2", "c3"]));
        assert_eq!(cause, "c1、R6-00003", "a ticket by its 受付番号");
        let many: Vec<String> = (0..12).map(|n| format!("d{n:02}")).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        let cause = causes(&found[0], &drill(&[]), &drill(&many));
        assert!(cause.ends_with("d09ほか2件"), "{cause}");
    }

    #[test]
    fn rows_and_remarks_that_came_or_went_are_told() {
        let (old, mut new) = (book("前の所見", 1), book("後の所見", 1));
        let rows = &mut table(&mut new).rows;
        rows.remove(1);
        rows.push(row("abandoned", "放棄", 6));
        let found = differences(&old, &new);
        let told: Vec<_> = found
            .iter()
            .map(|one| format!("{}: {} → {}", one.title(), one.before, one.after))
            .collect();
        assert_eq!(
            told,
            [
                "表2-1 放棄: （なし） → 放棄／6",
                "表2-1 応答: 応答／1 → （なし）",
                "第2 加筆: （なし） → 後の所見（佐藤）",
                "第2 加筆: 前の所見（佐藤） → （なし）",
            ]
        );
    }

    #[test]
    fn integers_that_differ_behind_the_same_percentage_are_told() {
        let rate = |b, a| figure(Value::Percent("99.4".to_owned()), Some(Parts { a, b }));
        let (mut old, mut new) = (book("", 1), book("", 1));
        table(&mut old).rows[0].cells[1] = rate(1_023, 1_029);
        table(&mut new).rows[0].cells[1] = rate(1_024, 1_030);
        let found = differences(&old, &new);
        assert_eq!(found[0].before, "99.4%（B=1023、A=1029）");
        assert_eq!(found[0].after, "99.4%（B=1024、A=1030）");
    }

    #[test]
    fn a_table_that_came_or_went_is_told_once() {
        let (old, mut new) = (book("", 1), book("", 1));
        new.chapters[0].blocks.remove(0);
        assert_eq!(differences(&old, &new).len(), 1);
        assert_eq!(differences(&new, &old)[0].after, "追加");
    }

    #[test]
    fn many_differences_are_told_by_their_number() {
        let one = differences(&book("", 1), &book("", 2)).remove(0);
        let many = vec![one; REVISIONS + 3];
        let day = "2024-05-10".parse().unwrap();
        let lines = revisions(&many, 2, day, "遅れて届いた通話", "佐藤");
        assert_eq!(lines.len(), REVISIONS + 1);
        assert_eq!(lines[REVISIONS].place, "ほか3か所");
        assert_eq!((lines[0].edition, lines[0].after.as_str()), (2, "2"));
    }
}
