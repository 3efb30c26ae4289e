//! 対策 and 原因区分 that people write.

use madoguchi_core::month::{LevelFact, Measure, NotedColumn, RowNote};
use madoguchi_core::ticket::System;
use madoguchi_core::time::Millis;

use super::*;
use crate::document::{DocCell, DocTable};
use crate::month::{Unused, UnusedNote};

/// The texts of a row's cell and of those of all other rows.
fn column(report: &MonthReport, table: &str, column: &str) -> Vec<String> {
    let mut tables = report.document.tables();
    let table: &DocTable = tables.find(|(_, one)| one.id == table).unwrap().1;
    let at = table
        .columns
        .iter()
        .position(|one| one.id == column)
        .unwrap();
    let cells = table.rows.iter().map(|row| match &row.cells[at] {
        DocCell::Text { text } => text.clone(),
        other => panic!("{other:?}"),
    });
    cells.collect()
}

fn note(column: NotedColumn, row: &str) -> RowNote {
    RowNote {
        id: "n1".to_owned(),
        month: month("2024-04"),
        column,
        row: row.to_owned(),
        text: "朝礼で周知した。".to_owned(),
    }
}

#[test]
fn 表4_2_対策_is_what_a_person_wrote_of_that_row_alone() {
    let mut input = input_of(counts("2024-04", 60, 60));
    let plain = report(&input);
    let gists = column(&plain, "matters", "gist");
    assert!(gists.len() > 1, "{gists:?}");
    input.written.row_notes = vec![note(NotedColumn::Measure, &gists[1])];
    let told = report(&input);
    let (before, after) = (
        column(&plain, "matters", "measure"),
        column(&told, "matters", "measure"),
    );
    for (n, (before, after)) in before.iter().zip(&after).enumerate() {
        let expected = if n == 1 {
            "朝礼で周知した。"
        } else {
            before
        };
        assert_eq!(after, expected, "{n}");
    }
}

#[test]
fn 表6_4_原因区分_is_what_a_person_wrote_of_that_row_alone() {
    let mut input = input_of(counts("2024-04", 60, 60));
    let fact = |id: &str, what: &str| LevelFact {
        id: id.to_owned(),
        system: System::Indirect,
        at: month("2024-04").start() + Millis::from_secs(40 * 3_600),
        what: what.to_owned(),
        measure: Measure::Dispatch { arrived_at: None },
        exempt: None,
        proof: String::new(),
        entered_by: None,
    };
    input.facts = vec![fact("f1", "端末の故障"), fact("f2", "回線の故障")];
    let plain = report(&input);
    let rows = column(&plain, "misses", "what");
    let own = rows
        .iter()
        .position(|what| what.contains("回線の故障"))
        .unwrap();
    input.written.row_notes = vec![note(NotedColumn::Cause, &rows[own])];
    let told = report(&input);
    let (before, after) = (
        column(&plain, "misses", "cause"),
        column(&told, "misses", "cause"),
    );
    assert_eq!(after[own], "朝礼で周知した。");
    assert_eq!(
        after
            .iter()
            .filter(|cause| *cause == "朝礼で周知した。")
            .count(),
        1
    );
    assert_eq!(before.len(), after.len());
}

#[test]
fn a_note_that_no_row_takes_is_kept_and_told() {
    let mut input = input_of(counts("2024-04", 60, 60));
    let gist = column(&report(&input), "matters", "gist")[0].clone();
    let later = RowNote {
        text: "後から書いた。".to_owned(),
        ..note(NotedColumn::Measure, &gist)
    };
    input.written.row_notes = vec![
        note(NotedColumn::Measure, &gist),
        note(NotedColumn::Measure, "－"),
        // It is the name of a row of another table.
        note(NotedColumn::Cause, &gist),
        later.clone(),
    ];
    let told = report(&input);
    assert_eq!(column(&told, "matters", "measure")[0], "後から書いた。");
    let why = told.unused_notes.iter().map(|one| one.why);
    let why: Vec<Unused> = why.collect();
    assert_eq!(why, [Unused::Replaced, Unused::NoRow, Unused::NoRow]);
    let sentences = told.unused_notes.iter().map(UnusedNote::sentence);
    let sentences: Vec<String> = sentences.collect();
    let expected = format!(
        "表6-4 未達成の明細の「原因区分」に記入した「朝礼で周知した。」は、今の表に「{gist}」の行がないため、報告に載りません。記入は残っています。"
    );
    assert_eq!(sentences[2], expected);
    assert!(
        sentences[0].contains("後から書いた記入があるため"),
        "{}",
        sentences[0]
    );
    input.written.row_notes = vec![later];
    assert_eq!(report(&input).unused_notes, []);
}
