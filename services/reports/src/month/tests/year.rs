//! 令和6年度, made of calls and tickets with the published monthly counts of 別紙 8-2.

use std::collections::BTreeSet;

use madoguchi_core::month::{
    Exemption, Level, LevelFact, LevelItem, Measure, PublishedCounts, PublishedIncidents,
    PublishedMonth, Verdict,
};
use madoguchi_core::ticket::System;
use madoguchi_core::time::Millis;

use super::*;

/// 着信, 応答, 応答率, 一次未回答, 一次回答率, エスカレーション, 問題解決率 as published.
const PUBLISHED: [(u64, u64, &str, u64, &str, u64, &str); 12] = [
    (1029, 1023, "99.4%", 45, "90.6%", 21, "99.9%"),
    (458, 457, "99.8%", 23, "95.7%", 15, "99.8%"),
    (316, 313, "99.1%", 23, "93.1%", 14, "99.7%"),
    (265, 264, "99.6%", 19, "93.6%", 8, "100.0%"),
    (236, 235, "99.6%", 17, "94.2%", 4, "100.0%"),
    (244, 239, "98.0%", 17, "92.3%", 6, "100.0%"),
    (528, 523, "99.1%", 34, "92.9%", 12, "99.8%"),
    (260, 259, "99.6%", 14, "94.2%", 6, "99.6%"),
    (330, 328, "99.4%", 24, "92.2%", 8, "99.7%"),
    (221, 221, "100.0%", 21, "89.9%", 16, "99.5%"),
    (185, 185, "100.0%", 16, "91.0%", 8, "99.4%"),
    (286, 285, "99.7%", 22, "91.7%", 10, "99.7%"),
];

fn published() -> Vec<PublishedMonth> {
    let months = Month::of_fiscal_year(2024).into_iter().zip(PUBLISHED);
    let months = months.map(|(month, one)| PublishedMonth {
        month,
        indirect: PublishedIncidents::default(),
        macs: PublishedIncidents::default(),
        counts: PublishedCounts {
            offered: one.0,
            answered: one.1,
            first_unanswered: one.3,
            escalations: one.5,
        },
        answer_rate: one.2.to_owned(),
        first_answer_rate: one.4.to_owned(),
        resolution_rate: one.6.to_owned(),
        source: "別紙8-2".to_owned(),
    });
    months.collect()
}

/// The whole year up to 令和7年3月, measured and published. What a month leaves open goes on into the next.
fn year() -> MonthReport {
    let mut all = SampleMonth::default();
    let mut past = Vec::new();
    let mut last = None;
    for published in published() {
        let counts = published.counts;
        let small = |count: u64| u32::try_from(count).unwrap();
        let month = published.month;
        let counts = SampleCounts {
            month,
            offered: small(counts.offered),
            answered: small(counts.answered),
            first_unanswered: small(counts.first_unanswered),
            escalations: small(counts.escalations),
            unsolved: 1,
            after_hours: 3,
            portal: 2,
        };
        let numbers = small(all.tickets.len() as u64);
        let made = sample(
            counts,
            &rules().calendars.desk().clone(),
            &"help".into(),
            numbers,
        );
        all.calls.extend(made.calls);
        all.tickets.extend(made.tickets);
        let input = input(all.data(month, month.end()));
        past.push(MonthSummary::of(&input.data, &input.scope, &input.rules));
        last = Some(input);
    }
    past.pop();
    let input = MonthInput {
        past,
        published: published(),
        ..last.unwrap()
    };
    report(&input)
}

#[test]
fn 別紙8_2_counts_come_out_and_rates_follow_the_formula() {
    let report = year();
    assert_eq!(report.months.len(), 12);
    for (line, published) in report.months.iter().zip(PUBLISHED) {
        let counted = (
            line.offered,
            line.answered,
            line.first_unanswered,
            line.escalations,
        );
        let (offered, answered, rate, unanswered, .., escalations, _) = published;
        assert_eq!(counted, (offered, answered, unanswered, escalations));
        assert_eq!(line.answer_rate.as_deref(), rate.strip_suffix('%'));
        let formula = madoguchi_core::figures::percentage(answered - unanswered, answered);
        assert_eq!(line.first_answer_rate, formula);
        assert_eq!(line.unresolved, Some(1));
        assert_eq!(line.source, "measured");
    }
    let april = &report.months[0];
    assert_eq!(april.first_answer_rate.as_deref(), Some("95.6"));
    // The published one stands beside it, and is not bent.
    let beside = april.published.as_ref().unwrap();
    assert_eq!(beside.first_answer_rate, "90.6%");
    let cell = report.document.table("months").unwrap();
    let cell = cell.cell("2024-04-published", "first_answer_rate").unwrap();
    assert!(matches!(cell, DocCell::Published { text, .. } if text == "90.6%"));
}

#[test]
fn a_year_is_the_sum_of_its_months_and_its_rate_that_of_the_sums() {
    let report = year();
    assert_eq!(count(&report, "months", "total", "offered"), 4_358);
    assert_eq!(count(&report, "months", "total", "answered"), 4_332);
    assert_eq!(text(&report, "months", "total", "answer_rate"), "99.4%");
    assert_eq!(count(&report, "indicators", "offered", "year"), 4_358);
    assert!(report.is_reconciled());
    let verdicts = report.levels.iter();
    assert!(
        verdicts
            .clone()
            .all(|level| level.verdict != Verdict::Missed)
    );
    assert!(report.payment.iter().all(|one| one.percent == 100));
}

#[test]
fn a_month_that_was_only_published_keeps_its_text() {
    let input = MonthInput {
        published: published(),
        ..input_of(counts("2025-03", 286, 285))
    };
    let report = report(&input);
    let april = &report.months[0];
    assert_eq!(april.source, "imported");
    assert_eq!(april.first_answer_rate.as_deref(), Some("90.6"));
    assert_eq!(april.unresolved, None);
    assert_eq!(report.months[11].source, "measured");
    assert_eq!(count(&report, "months", "total", "offered"), 4_358);
}

#[test]
fn a_month_that_was_only_published_says_so_and_costs_what_later_books_say_of_it() {
    let mut all = published();
    for text in ["2025-02", "2025-03"] {
        let one = all.iter_mut().find(|one| one.month == month(text)).unwrap();
        one.resolution_rate = "94.9%".to_owned();
    }
    let of = |text: &str| MonthInput {
        published: all.clone(),
        ..input(MonthData::empty(month(text)))
    };
    let march = report(&of("2025-03"));
    let told = serde_json::to_string(&march.document.chapters[0]).unwrap();
    assert!(
        told.contains("令和7年3月の件数及び率は、公表値（別紙8-2）による。"),
        "{told}"
    );
    assert!(!told.contains("着信はなかった"), "{told}");
    let runs = march.payment.iter().map(|one| (one.run, one.percent));
    let runs: Vec<_> = runs.collect();
    assert_eq!(runs[10..], [(1, 100), (2, 97)]);
    let april = MonthInput {
        published: all.clone(),
        ..input_of(counts("2025-04", 209, 188))
    };
    let april = &report(&april).payment[0];
    assert_eq!((april.run, april.percent), (3, 93));
}

#[test]
fn tickets_of_a_predecessors_ledger_do_not_stand_in_the_place_of_the_calls_that_were_published() {
    let without_calls = |text: &str| {
        let mut data = input_of(counts(text, 60, 60)).data;
        data.calls.clear();
        data.figures.clear();
        data
    };
    let april = input(without_calls("2024-04"));
    let april = MonthSummary::of(&april.data, &april.scope, &april.rules);
    assert!(!april.is_empty() && !april.has_calls());
    let input = MonthInput {
        past: vec![april],
        published: published(),
        ..input(without_calls("2024-05"))
    };
    let report = report(&input);
    let lines = report.months[..2].iter();
    let lines: Vec<_> = lines
        .map(|one| (one.offered, one.source.as_str()))
        .collect();
    assert_eq!(lines, [(1_029, "imported"), (458, "imported")]);
    assert_eq!(count(&report, "indicators", "offered", "year"), 1_487);
    let told = serde_json::to_string(&report.document.chapters[0]).unwrap();
    assert!(
        told.contains("この月の通話は、この窓口に記録されていない。"),
        "{told}"
    );
    assert!(told.contains("当月末に完了していない問合せは"), "{told}");
}

/// 駆け付け of a month to which nobody came.
fn dispatch(text: &str, exempt: bool) -> LevelFact {
    LevelFact {
        id: text.to_owned(),
        system: System::Indirect,
        at: month(text).start() + Millis(36_000_000),
        what: "端末の故障".to_owned(),
        measure: Measure::Dispatch { arrived_at: None },
        exempt: exempt.then(|| Exemption {
            reason: "停電".to_owned(),
            proof: "事業者の報告書".to_owned(),
        }),
        proof: String::new(),
        entered_by: None,
    }
}

#[test]
fn a_確定_month_costs_what_its_edition_says_whatever_was_entered_since() {
    let past = ["2024-04", "2024-05"].map(|text| {
        let of = input_of(counts(text, 60, 60));
        MonthSummary::of(&of.data, &of.scope, &of.rules)
    });
    let runs = |frozen: &[(&str, &[Level])], facts: Vec<LevelFact>| {
        let item = |level: &Level| LevelItem {
            system: System::Indirect,
            level: *level,
        };
        let frozen = frozen.iter().map(|(text, levels)| {
            let missed: BTreeSet<_> = levels.iter().map(item).collect();
            (month(text), missed)
        });
        let input = MonthInput {
            past: past.to_vec(),
            frozen_misses: frozen.collect(),
            facts,
            ..input_of(counts("2024-06", 60, 60))
        };
        let made = report(&input);
        let runs = made
            .payment
            .iter()
            .map(|one| (one.month.to_string(), one.run));
        runs.collect::<Vec<_>>()
    };
    let of = |months: &[(&str, u32)]| -> Vec<(String, u32)> {
        let months = months.iter();
        months
            .map(|(month, run)| ((*month).to_owned(), *run))
            .collect()
    };
    let none: &[Level] = &[];
    let missed: &[Level] = &[Level::Dispatch];
    let late = || vec![dispatch("2024-04", false), dispatch("2024-06", false)];
    // While April is open, its facts decide.
    assert_eq!(
        runs(&[], late()),
        of(&[("2024-04", 1), ("2024-05", 0), ("2024-06", 1)])
    );
    // A fact that was entered after 確定 waits for 第2版, and so does one that was left out afterwards.
    assert_eq!(
        runs(&[("2024-04", none), ("2024-05", missed)], late()),
        of(&[("2024-04", 0), ("2024-05", 1), ("2024-06", 2)])
    );
    let left_out = vec![dispatch("2024-04", true), dispatch("2024-05", true)];
    assert_eq!(
        runs(&[("2024-04", missed), ("2024-05", missed)], left_out),
        of(&[("2024-04", 1), ("2024-05", 2), ("2024-06", 0)])
    );
    // A month without any call that is 確定 stays in the row.
    let fewer = runs(&[("2024-03", missed), ("2024-04", missed)], late());
    assert_eq!(fewer[0], ("2024-04".to_owned(), 2));
}
