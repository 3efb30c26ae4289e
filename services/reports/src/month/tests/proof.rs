//! Every figure of a book tells what it counts, and adds up to it.

use std::collections::BTreeMap;

use madoguchi_core::month::{Exemption, LevelFact, Measure, Remark, RemarkHeading, ReportChapter};
use madoguchi_core::ticket::System;
use madoguchi_core::time::{Instant, Millis};

use super::*;
use crate::document::{Block, Document, Drill, Parts, Population, Rows};

/// A month with facts, remarks, and one before it.
fn whole() -> MonthInput {
    let past = input_of(counts("2024-04", 300, 290));
    let summary = MonthSummary::of(&past.data, &past.scope, &past.rules);
    let at = month("2024-05").start();
    let fact = |id: &str, measure: Measure, exempt: bool| LevelFact {
        id: id.to_owned(),
        system: System::Indirect,
        at: at + Millis(3_600_000),
        what: "出来事".to_owned(),
        measure,
        exempt: exempt.then(|| Exemption {
            reason: "通信障害".to_owned(),
            proof: "報告書".to_owned(),
        }),
        proof: "記録".to_owned(),
        entered_by: None,
    };
    let later = |minutes: i64| at + Millis(3_600_000 + minutes * 60_000);
    let detection = |minutes: i64| Measure::Detection {
        noticed_at: Some(later(minutes)),
        escalation_needed: true,
        escalated_at: Some(later(minutes + 5)),
    };
    let until = |minutes| later(minutes);
    let facts = vec![
        fact("p", Measure::PlannedService { until: until(600) }, false),
        fact("o", Measure::Outage { until: until(1) }, false),
        fact("d1", detection(10), false),
        fact("d2", detection(40), false),
        fact("d3", detection(50), true),
        fact("f", Measure::OperatorFault, false),
        // Its three months are over in this month.
        LevelFact {
            at: month("2024-02").start() + Millis(3_600_000),
            ..fact(
                "patch",
                Measure::Patch {
                    staging_applied_at: None,
                    production_applied_at: None,
                    caused_by_us: true,
                },
                false,
            )
        },
    ];
    MonthInput {
        past: vec![summary],
        facts,
        knowledge: Some(KnowledgeFigures {
            searches: 10,
            without_result: 2,
            missed_words: vec![("年末調整".to_owned(), 2)],
            new: vec!["a2".into()],
            shown_before: vec!["a1".into()],
            shown_after: vec!["a1".into(), "a2".into()],
            numbers: [("a2".into(), "FAQ-00002".to_owned())].into(),
            ..KnowledgeFigures::default()
        }),
        outlook: Some(super::outlook::outlook()),
        made_at: month("2024-09").start(),
        ..input_of(counts("2024-05", 400, 380))
    }
}

/// The figures of a book by the names of their cells.
fn figures(document: &Document) -> BTreeMap<String, Figure> {
    let mut figures = BTreeMap::new();
    for (_, table) in document.tables() {
        for row in &table.rows {
            for (column, cell) in table.columns.iter().zip(&row.cells) {
                let name = format!("{}/{}/{}", table.id, row.id, column.id);
                if let DocCell::Figure(figure) = cell {
                    let twice = figures.insert(name.clone(), figure.clone());
                    assert!(twice.is_none(), "{name} stands twice");
                }
            }
        }
    }
    figures
}

/// What a figure says it counts: itself, B of a rate, the number of a mean.
fn claims(figure: &Figure) -> Option<i64> {
    match (&figure.value, figure.parts) {
        (Value::Count(count), None) => Some(*count),
        (Value::Percent(_) | Value::None(_), Some(Parts { b, .. })) => Some(b),
        (Value::Duration(_), Some(Parts { a, .. })) => Some(a),
        (Value::Decimal(_), Some(Parts { b, .. })) => Some(b),
        _ => None,
    }
}

#[test]
fn every_figure_has_a_population_and_rows_that_add_up_to_it() {
    let (report, drill) = report_and_drill(&whole());
    let figures = figures(&report.document).len();
    assert!(figures > 600, "{figures}");
    add_up(&report.document, &drill);
}

/// Every figure that was measured has rows that add up to it, or leads to those who have them.
pub(super) fn add_up(document: &Document, drill: &Drill) {
    let figures = figures(document);
    for (name, figure) in &figures {
        let counted = rows(figure, drill, &figures);
        match (counted, claims(figure)) {
            (Some(counted), Some(claimed)) => {
                // 可用性 counts time, not facts, and 工数 minutes, not tickets.
                let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
                let is_time = ends(&["availability/a", "availability/b", "availability/value"])
                    || (name.starts_with("hours/") && ends(&["/minutes", "/mean"]));
                assert!(
                    is_time || counted == claimed,
                    "{name}: {counted} {figure:?}"
                );
            }
            (None, claimed) => {
                assert!(leads_elsewhere(name, figure, claimed), "{name}: {figure:?}")
            }
            _ => {}
        }
    }
}

/// Whether a figure without rows of its own leads to others: measured figures to those of other months or to
/// the access log; what was entered, published or expected to its source.
fn leads_elsewhere(name: &str, figure: &Figure, claimed: Option<i64>) -> bool {
    match &figure.rows {
        Rows::Months { cells } => {
            let is_cell = |cell: &str| cell.split('/').count() == 3;
            !cells.is_empty() && cells.iter().all(|of| is_cell(&of.cell))
        }
        Rows::AccessLog { .. } => name.starts_with("uses/") || name.starts_with("missed_words/"),
        Rows::Source { source } => {
            let measures_nothing =
                matches!(figure.population, Population::Stated | Population::Expected);
            let says_nothing = claimed.is_none() && matches!(figure.value, Value::None(_));
            !source.is_empty() && (measures_nothing || says_nothing)
        }
        _ => false,
    }
}

#[test]
#[should_panic(expected = "令和6年4月分の実測")]
fn a_measured_figure_without_rows_is_not_proven() {
    let (mut report, drill) = report_and_drill(&whole());
    let chapters = report.document.chapters.iter_mut();
    for block in chapters.flat_map(|chapter| &mut chapter.blocks) {
        let Block::Table(table) = block else { continue };
        for cell in table.rows.iter_mut().flat_map(|row| &mut row.cells) {
            if let DocCell::Figure(figure) = cell
                && figure.population == Population::Arrived
            {
                figure.rows = Rows::Source {
                    source: "令和6年4月分の実測".to_owned(),
                };
            }
        }
    }
    add_up(&report.document, &drill);
}

#[test]
fn a_figure_of_another_month_stands_in_the_report_of_that_month() {
    let april = report(&input_of(counts("2024-04", 300, 290)));
    let may = report(&whole());
    let (before, after) = (figures(&april.document), figures(&may.document));
    let mut compared = 0;
    for (name, figure) in &after {
        let Rows::Months { cells } = &figure.rows else {
            continue;
        };
        let mut sum = 0;
        for of in cells {
            let known = if of.month == month("2024-04") {
                &before
            } else {
                &after
            };
            let found = known.get(&of.cell);
            let found = found.unwrap_or_else(|| panic!("{name}: nobody knows {}", of.cell));
            if let [_] = cells.as_slice() {
                assert_eq!(found.value, figure.value, "{name}");
                assert_eq!(found.parts, figure.parts, "{name}");
            }
            sum += claims(found).unwrap_or(0);
            compared += 1;
        }
        if let Value::Count(count) = figure.value {
            assert_eq!(sum, count, "{name}");
        }
    }
    assert!(compared > 50, "{compared}");
}

/// How many rows a figure has; `None`: it leads elsewhere.
fn rows(figure: &Figure, drill: &Drill, all: &BTreeMap<String, Figure>) -> Option<i64> {
    let selected = |name: &String| {
        let ids = drill.selections.get(name);
        let ids = ids.unwrap_or_else(|| panic!("nobody knows the selection {name}"));
        i64::try_from(ids.len()).unwrap()
    };
    match &figure.rows {
        Rows::Calls { selection }
        | Rows::Tickets { selection }
        | Rows::Facts { selection }
        | Rows::Articles { selection } => Some(selected(selection)),
        Rows::Ticket { .. } => Some(1),
        Rows::Cells { cells } => {
            let cells = cells.iter().filter_map(|cell| all.get(cell));
            let is_difference = matches!(figure.value, Value::Decimal(_));
            let sum: i64 = cells.filter_map(claims).sum();
            (!is_difference)
                .then_some(sum)
                .or(claims(figure))
                .or(Some(0))
        }
        Rows::Months { .. } | Rows::AccessLog { .. } | Rows::Source { .. } => None,
    }
}

#[test]
fn cells_that_a_figure_names_stand_in_the_book() {
    let (report, _) = report_and_drill(&whole());
    name_only_what_stands_there(&report.document);
}

/// Whatever cell a figure names stands in the same book.
pub(super) fn name_only_what_stands_there(document: &Document) {
    for (name, figure) in figures(document) {
        let Rows::Cells { cells } = &figure.rows else {
            continue;
        };
        for cell in cells {
            let mut parts = cell.split('/');
            let mut part = || parts.next().unwrap();
            let (table, row, column) = (part(), part(), part());
            let found = document.table(table);
            let found = found.and_then(|table| table.cell(row, column));
            assert!(found.is_some(), "{name} names {cell}");
        }
    }
}

#[test]
fn every_table_has_a_cell_for_each_of_its_columns_and_names_of_its_own() {
    let report = report(&whole());
    let mut ids = std::collections::BTreeSet::new();
    for (_, table) in report.document.tables() {
        assert!(ids.insert(table.id.clone()), "{}", table.id);
        let mut columns: Vec<_> = table.columns.iter().map(|column| &column.name).collect();
        columns.sort();
        columns.dedup();
        assert_eq!(columns.len(), table.columns.len(), "{}", table.id);
        let mut rows = std::collections::BTreeSet::new();
        for row in &table.rows {
            assert_eq!(
                row.cells.len(),
                table.columns.len(),
                "{}/{}",
                table.id,
                row.id
            );
            assert!(rows.insert(&row.id), "{}/{}", table.id, row.id);
        }
    }
    for chapter in &report.document.chapters {
        for block in &chapter.blocks {
            let Block::Chart(chart) = block else { continue };
            let table = report.document.table(&chart.table).unwrap();
            let has = |id: &String| table.columns.iter().any(|column| column.id == *id);
            assert!(has(&chart.labels), "{}", chart.id);
            assert!(chart.series.iter().all(has), "{}", chart.id);
        }
    }
}

#[test]
fn all_chapters_and_tables_of_the_contents_are_there() {
    let report = report(&whole());
    let chapters = report.document.chapters.iter();
    let chapters: Vec<&str> = chapters.map(|chapter| chapter.number.as_str()).collect();
    assert_eq!(
        chapters,
        [
            "第1", "第2", "第3", "第4", "第5", "第6", "第7", "第8", "第9", "第10", "第11", "付録A",
            "付録B", "付録C", "付録D"
        ]
    );
    let numbers: Vec<&str> = report
        .document
        .tables()
        .map(|(_, table)| table.number.as_str())
        .collect();
    for number in [
        "表1-1", "表2-1", "表2-2", "表2-3", "表2-4", "表2-5", "表3-1", "表4-1", "表4-2", "表4-3",
        "表5-1", "表5-2", "表5-3", "表5-4", "表6-1", "表6-2", "表6-3", "表6-4", "表8-1", "表8-2",
        "表8-3", "表9-1",
    ] {
        assert!(numbers.contains(&number), "{number}");
    }
}

#[test]
fn the_book_survives_its_json() {
    let report = report(&whole());
    let json = report.json().unwrap();
    let document: crate::document::Document = serde_json::from_str(&json).unwrap();
    assert_eq!(document, report.document);
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    for key in [
        "chapters",
        "months",
        "service_levels",
        "payment",
        "reconciliation",
    ] {
        assert!(value[key].is_array(), "{key}");
    }
    let level = &value["service_levels"][0];
    for key in ["system", "item", "a", "b", "value", "target", "verdict"] {
        assert!(level.get(key).is_some(), "{key}");
    }
}

#[test]
fn what_a_person_wrote_stands_apart_with_its_author() {
    let mut input = whole();
    let remark = Remark {
        id: "r".to_owned(),
        month: month("2024-05"),
        chapter: ReportChapter::Overview,
        heading: RemarkHeading::Plain,
        by: None,
        text: "=1+1".to_owned(),
        author: "報告担当".to_owned(),
        written_at: Instant(0),
    };
    input.written.remarks.push(remark);
    let before = report(&whole());
    let after = report(&input);
    let last = after.document.chapters[0].blocks.last().unwrap();
    assert!(matches!(last, Block::Remark { author, .. } if author == "報告担当"));
    let others = &after.document.chapters[0].blocks;
    assert_eq!(
        others[..others.len() - 1],
        before.document.chapters[0].blocks
    );
    // Under a heading of its own it stands with what is computed there.
    input.written.remarks[0].heading = RemarkHeading::Measures;
    let blocks = report(&input).document.chapters.remove(0).blocks;
    let place = |wanted: fn(&Block) -> bool| blocks.iter().position(wanted).unwrap();
    let heading =
        place(|block| matches!(block, Block::Heading { text } if text.ends_with("対応策")));
    let remark = place(|block| matches!(block, Block::Remark { .. }));
    let table = place(|block| matches!(block, Block::Table(_)));
    assert!(heading < remark && remark < table);
}
