//! What the desk does not measure: インシデント件数 and 障害 of a day are told as people entered them, and what
//! nobody told is unknown.

use madoguchi_core::month::{
    IncidentCounts, Incidents, LevelFact, Measure, PublishedCounts, PublishedIncidents,
    PublishedMonth, WorkCount,
};
use madoguchi_core::ticket::System;
use madoguchi_core::time::Instant;

use super::*;

fn published(text: &str, macs_major: Option<u64>) -> PublishedMonth {
    PublishedMonth {
        month: month(text),
        indirect: PublishedIncidents::default(),
        macs: PublishedIncidents {
            major: macs_major,
            ..PublishedIncidents::default()
        },
        counts: PublishedCounts {
            offered: 458,
            answered: 457,
            first_unanswered: 23,
            escalations: 15,
        },
        answer_rate: "99.8%".to_owned(),
        first_answer_rate: "95.7%".to_owned(),
        resolution_rate: "99.8%".to_owned(),
        source: "別紙8-2".to_owned(),
    }
}

fn entered(text: &str, macs_major: u64) -> IncidentCounts {
    IncidentCounts {
        month: month(text),
        indirect: Incidents::default(),
        macs: Incidents {
            major: macs_major,
            ..Incidents::default()
        },
        source: "障害管理台帳".to_owned(),
    }
}

/// June, measured here, with what was published and what was entered.
fn june(published: Vec<PublishedMonth>, incidents: Vec<IncidentCounts>) -> MonthReport {
    let mut input = MonthInput {
        published,
        ..input_of(counts("2024-06", 100, 98))
    };
    input.written.incidents = incidents;
    report(&input)
}

#[test]
fn incidents_that_were_entered_stand_in_their_month_and_add_up() {
    let incidents = vec![entered("2024-05", 2), entered("2024-06", 3)];
    let report = june(vec![published("2024-04", Some(1))], incidents);
    let of = |row| text(&report, "months", row, "macs_major");
    assert_eq!(["2024-04", "2024-05", "2024-06"].map(of), ["1", "2", "3"]);
    assert_eq!(of("total"), "6");
    let none = text(&report, "months", "2024-06", "indirect_major");
    assert_eq!(none, "0", "somebody wrote that there was none");
    let source = &figure(&report, "months", "2024-06", "macs_major").rows;
    assert!(matches!(source, crate::document::Rows::Source { source } if source == "障害管理台帳"));
}

#[test]
fn incidents_that_nobody_told_are_unknown_and_so_is_their_sum() {
    let report = june(
        vec![published("2024-05", None)],
        vec![entered("2024-06", 3)],
    );
    let of = |row| figure(&report, "months", row, "macs_major").value.clone();
    let none = |why: &str| Value::None(why.to_owned());
    assert_eq!(of("2024-05"), none("公表されていない"));
    assert_eq!(of("2024-06"), Value::Count(3));
    assert_eq!(of("total"), none("件数の分からない月がある"));
    // The counts of calls of the same months are known.
    assert_eq!(count(&report, "months", "total", "offered"), 558);
    let report = june(Vec::new(), Vec::new());
    let own = &figure(&report, "months", "2024-06", "macs_signs").value;
    assert_eq!(*own, none("記入されていない"));
}

#[test]
fn what_was_published_is_kept_and_filled_in_by_what_was_entered() {
    let both = vec![published("2024-05", Some(1)), published("2024-06", Some(4))];
    let incidents = vec![entered("2024-05", 2), entered("2024-06", 3)];
    let report = june(both, incidents);
    let of = |row, column| text(&report, "months", row, column);
    assert_eq!(of("2024-05", "macs_major"), "1", "as it was published");
    assert_eq!(of("2024-05", "macs_normal"), "0", "as it was entered");
    assert_eq!(of("2024-06", "macs_major"), "3");
    assert_eq!(of("2024-06-published", "macs_major"), "4");
    assert_eq!(of("2024-06-published", "macs_normal"), "－");
    assert_eq!(of("total", "macs_major"), "4", "each month once");
}

#[test]
fn the_year_of_項番22_is_that_of_表1_1() {
    let report = june(vec![published("2024-05", None)], Vec::new());
    let year = count(&report, "work", "work_22", "year");
    assert_eq!(year, 457 + 98);
    assert_eq!(year, count(&report, "indicators", "answered", "year"));
    assert_eq!(year, count(&report, "months", "total", "answered"));
    assert_eq!(count(&report, "work", "work_22", "now"), 98);
    // 別紙8-2 tells nothing of 項番24: only what was measured is summed up.
    let analyses = count(&report, "work", "work_24", "now");
    assert_eq!(count(&report, "work", "work_24", "year"), analyses);
}

#[test]
fn the_faq_of_別紙8_1_is_told_as_it_was_entered_and_compared_with_once_a_year() {
    let mut input = input_of(counts("2024-06", 100, 98));
    assert!(entered_work().any(|(number, _)| number == 23));
    input.written.work = vec![WorkCount {
        month: month("2024-05"),
        number: 23,
        count: 2,
        source: "FAQの見直しの記録".to_owned(),
    }];
    let report = report(&input);
    assert_eq!(text(&report, "work", "work_23", "now"), "－");
    assert_eq!(count(&report, "work", "work_23", "year"), 2);
    assert_eq!(text(&report, "work", "work_23", "difference"), "1");
}

fn fact(system: System, at: &str, measure: Measure) -> LevelFact {
    LevelFact {
        id: at.to_owned(),
        system,
        at: instant(at),
        what: "閲覧ができない".to_owned(),
        measure,
        exempt: None,
        proof: String::new(),
        entered_by: None,
    }
}

fn instant(text: &str) -> Instant {
    Instant::from_tokyo(text.parse().unwrap())
}

#[test]
fn a_day_with_a_fault_of_a_system_of_the_book_says_so() {
    let detection = Measure::Detection {
        noticed_at: None,
        escalation_needed: false,
        escalated_at: None,
    };
    let outage = |until: &str| Measure::Outage {
        until: instant(until),
    };
    let planned = Measure::PlannedService {
        until: instant("2024-07-01T00:00:00"),
    };
    let (own, other) = (System::Indirect, System::Macs);
    let facts = vec![
        fact(own, "2024-06-01T00:00:00", planned),
        fact(own, "2024-06-08T23:59:59", detection),
        fact(own, "2024-06-11T22:00:00", outage("2024-06-13T00:00:00")),
        fact(own, "2024-06-20T09:00:00", Measure::OperatorFault),
        fact(other, "2024-06-25T09:00:00", detection),
    ];
    let input = MonthInput {
        facts,
        ..input_of(counts("2024-06", 100, 98))
    };
    let notes = |input: &MonthInput| -> Vec<(String, String)> {
        let book = report(input).document;
        let days = book.table("days").unwrap();
        let rows = days.rows.iter().filter(|row| !row.total);
        let notes = rows.map(|row| (row.id.clone(), row.cells.last().unwrap().text()));
        notes.filter(|(_, note)| note.contains("障害")).collect()
    };
    let told = |day: &str, note: &str| (format!("2024-06-{day}"), note.to_owned());
    let mut wanted = vec![
        told("08", "第2土曜日、障害"),
        told("11", "障害"),
        told("12", "障害"),
        told("20", "障害"),
    ];
    assert_eq!(notes(&input), wanted);
    let everything = MonthInput {
        scope: Scope::everything(),
        ..input
    };
    wanted.push(told("25", "障害"));
    assert_eq!(notes(&everything), wanted);
}
