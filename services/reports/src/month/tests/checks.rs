//! 突合せ: each sum is computed by a second way, so that a fault of one of them shows.

use std::collections::BTreeMap;

use madoguchi_core::id::LineName;
use madoguchi_core::ticket::{Status, TicketChange};
use madoguchi_core::time::Millis;

use super::*;

fn check<'r>(report: &'r MonthReport, id: &str) -> &'r Check {
    let found = report.reconciliation.iter().find(|one| one.id == id);
    found.unwrap_or_else(|| panic!("no check {id}"))
}

#[test]
fn 着信_is_compared_with_what_the_store_sums_up() {
    let mut input = input_of(counts("2024-04", 60, 50));
    assert!(check(&report(&input), "offered_parts").agrees());
    for figures in input.data.figures.values_mut() {
        figures.offered += 1;
    }
    let told = report(&input);
    let parts = check(&told, "offered_parts");
    assert_eq!((parts.left, parts.right), (61, 60), "{parts:?}");
}

/// The calls of the months of FY2024 up to June, as the database counts them.
fn year_calls(input: &MonthInput, of: &[(&str, u64)]) -> BTreeMap<Month, BTreeMap<LineName, u64>> {
    let line = input.data.figures.keys().next().unwrap();
    let each = of.iter();
    let each = each.map(|(text, count)| (month(text), [(line.clone(), *count)].into()));
    each.collect()
}

#[test]
fn 年度累計_is_compared_with_the_calls_that_the_database_counts() {
    let summary = |text: &str, offered| {
        let past = input_of(counts(text, offered, offered));
        MonthSummary::of(&past.data, &past.scope, &past.rules)
    };
    let mut input = MonthInput {
        past: vec![summary("2024-04", 30), summary("2024-05", 40)],
        ..input_of(counts("2024-06", 20, 20))
    };
    let told = report(&input);
    let year = check(&told, "year");
    assert!(year.right_is.contains("数えていない"), "{year:?}");
    let counted = [("2024-04", 30), ("2024-05", 40), ("2024-06", 20)];
    input.data.year_calls = Some(year_calls(&input, &counted));
    let told = report(&input);
    let year = check(&told, "year");
    assert_eq!((year.left, year.right), (90, 90), "{year:?}");
    let late = [("2024-04", 31), ("2024-05", 40), ("2024-06", 20)];
    input.data.year_calls = Some(year_calls(&input, &late));
    let told = report(&input);
    let year = check(&told, "year");
    assert_eq!((year.left, year.right), (90, 91), "a call came late");
    // What comes to a month that is 確定 waits for its next edition, and is told.
    input.frozen.insert(month("2024-04"));
    let told = report(&input);
    let year = check(&told, "year");
    assert_eq!((year.left, year.right), (90, 90));
    assert!(year.right_is.contains("令和6年4月は31件"), "{year:?}");
    input.frozen = [month("2024-05")].into();
    assert!(
        !check(&report(&input), "year").agrees(),
        "May has not changed"
    );
}

#[test]
fn 繰越し_of_what_was_opened_again_is_told_by_the_ticket_itself() {
    let mut made = made_up(counts("2024-04", 20, 20));
    let april = month("2024-04");
    let history = made.tickets.iter_mut().find(|history| {
        let last = history.last().map(|event| &event.change);
        matches!(
            last,
            Some(TicketChange::StatusChanged {
                after: Status::Done,
                ..
            })
        )
    });
    let history = history.unwrap();
    let mut again = history.last().cloned().unwrap();
    again.seq += 1;
    again.at = again.at + Millis(60_000);
    again.happened_at = again.happened_at.map(|at| at + Millis(60_000));
    again.change = TicketChange::Reopened {
        reason: "まだ解決していない。".to_owned(),
    };
    history.push(again);
    let mut input = input(made.data(april, april.end()));
    assert_eq!(input.data.turns.len(), 1);
    let told = report(&input);
    let carried = check(&told, "carried");
    assert!(carried.agrees() && carried.right > 0, "{carried:?}");
    // A fault of either way shows.
    input.data.open_at_end.clear();
    assert!(!check(&report(&input), "carried").agrees());
}

#[test]
fn a_line_in_and_out_of_the_book_is_told_and_all_calls_are_compared() {
    let mut input = input_of(counts("2024-04", 60, 50));
    let before = report(&input).reconciliation.len();
    let line = input.data.figures.keys().next().unwrap().clone();
    let all = input.rules.divisions.list().into_iter();
    let all: Vec<_> = all.map(|(id, one)| (id.clone(), one.clone())).collect();
    for (id, mut division) in all {
        division.lines = vec![line.clone()];
        input.rules.divisions.set(id, division);
    }
    let told = report(&input);
    assert_eq!(told.reconciliation.len(), before, "no check vanishes");
    for id in ["offered_parts", "lines_offered", "lines_answered"] {
        let check = check(&told, id);
        assert!(
            check.what.contains("報告の内外の業務区分を兼ねる回線"),
            "{check:?}"
        );
        assert!(check.agrees() && check.left > 0, "{check:?}");
    }
    input.data.year_calls = Some(year_calls(&input, &[("2024-04", 60)]));
    let told = report(&input);
    let year = check(&told, "year");
    assert!(year.right_is.contains("比べられない"), "{year:?}");
}

#[test]
fn the_check_of_registrations_reads_right_where_calls_are_left_unregistered() {
    let mut made = made_up(counts("2024-04", 20, 20));
    made.tickets.remove(0);
    let april = month("2024-04");
    let told = report(&input(made.data(april, april.end())));
    let check = check(&told, "registered");
    assert_eq!((check.left, check.right), (20, 19));
    assert_eq!(check.what, "応答＝登録済＋対象外（未登録の通話がないこと）");
}
