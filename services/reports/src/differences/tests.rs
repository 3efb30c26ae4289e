//! What two editions say differently, and what they do not.

use madoguchi_core::time::Instant;

use super::*;
use crate::document::{DocColumn, Parts, Population, Rows, Value};

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
            ids.iter().map(|&id| id.into()).collect(),
        )]
        .into(),
        names: [("c3".into(), "R6-00003".to_owned())].into(),
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

#[test]
fn times_that_differ_by_seconds_are_told() {
    let (mut old, mut new) = (book("", 1), book("", 1));
    table(&mut old).rows[0].cells[0] = DocCell::Time { at: Instant(0) };
    table(&mut new).rows[0].cells[0] = DocCell::Time { at: Instant(7_000) };
    let found = differences(&old, &new);
    let told = (found[0].before.as_str(), found[0].after.as_str());
    assert_eq!(told, ("昭和45年1月1日 9:00", "昭和45年1月1日 9:00:07"));
}

#[test]
fn what_differs_in_another_book_alone_is_told_with_its_name_and_what_it_repeats_once() {
    let named = |name: &str, count| Document {
        name: name.to_owned(),
        ..book("", count)
    };
    let report = |count| book("", count);
    let old = [
        report(1),
        named("稼働報告書", 1),
        named("問合せ管理台帳", 7),
    ];
    let mut new = [
        report(2),
        named("稼働報告書", 2),
        named("問合せ管理台帳", 8),
    ];
    let titles = |old: &[Document], new: &[Document]| -> Vec<String> {
        let found = of_books(old, new);
        found.iter().map(Difference::title).collect()
    };
    assert_eq!(
        titles(&old, &new),
        ["表2-1 着信 件数", "問合せ管理台帳 表2-1 着信 件数"]
    );
    assert_eq!(
        titles(&old[..2], &new),
        ["表2-1 着信 件数"],
        "an edition of before has no ledger"
    );
    let rows = &mut table(&mut new[2]).rows;
    rows.extend((0..300).map(|n| row(&format!("row_{n}"), "行", n)));
    let found = of_books(&old, &new);
    let last = found.last().unwrap();
    assert_eq!(found.len(), 1 + OF_OTHER_BOOKS + 1);
    assert_eq!(last.title(), "問合せ管理台帳 ほか101か所");
}
