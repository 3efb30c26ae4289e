//! 月次: what people write for a month is kept with its versions, and editions are kept whole or not at all.

use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::month::{
    Edition, Improvement, Level, LevelFact, LevelItem, Measure, Month, PublishedCounts,
    PublishedIncidents, PublishedMonth, Remark, RemarkHeading, ReportChapter, ReportStep, StepKind,
    SubmissionState,
};
use madoguchi_core::ticket::System;
use madoguchi_core::time::{Instant, Millis};
use madoguchi_store::{PublishedOutcome, Resource, Store, StoreError};

use crate::place::{Place, on_databases};

on_databases!([sqlite_file, sqlite_memory, postgres] [
    a_fact_is_corrected_with_its_history_and_removed_with_a_reason,
    facts_are_found_by_their_months_and_stand_in_their_order,
    two_people_cannot_overwrite_each_others_remark,
    an_improvement_is_opened_once_for_each_item_that_was_missed,
    published_months_keep_their_text_and_are_taken_again_without_doubling,
    an_edition_is_kept_whole_and_made_once,
    an_edition_that_is_not_committed_leaves_nothing,
    steps_follow_each_other_and_the_newest_edition,
    the_menu_counts_what_waits_for_the_report_writer,
]);

const NOW: Instant = Instant(1_714_525_200_000);

fn entry(action: Action) -> AuditEntry {
    AuditEntry::of_system(NOW, action, "2024-04", Fields::new())
}

fn month(text: &str) -> Month {
    text.parse().unwrap()
}

fn fact(id: &str, at: Instant) -> LevelFact {
    LevelFact {
        id: id.to_owned(),
        system: System::Indirect,
        at,
        what: "﨑髙①〜😀\0<script>".to_owned(),
        measure: Measure::OperatorFault,
        exempt: None,
        proof: String::new(),
        entered_by: Some("u1".into()),
    }
}

async fn save_fact(store: &Store, fact: &LevelFact, replaces: i64) -> Result<(), StoreError> {
    change!(
        store,
        entry(Action::LevelFactChange),
        save_month_entry(fact, replaces, "訂正")
    )
}

async fn a_fact_is_corrected_with_its_history_and_removed_with_a_reason(place: Place) {
    let store = place.open().await;
    let april = month("2024-04");
    let first = fact("f1", april.start());
    save_fact(&store, &first, 0).await.unwrap();
    let corrected = LevelFact {
        at: april.end(),
        ..first.clone()
    };
    save_fact(&store, &corrected, 1).await.unwrap();
    assert!(store.level_facts(april, april).await.unwrap().is_empty());
    let found = store.level_facts(april, april.next()).await.unwrap();
    assert_eq!(found[0].at, april.end());
    assert!(found[0].what.starts_with("﨑髙①〜😀"));
    let entry = entry(Action::LevelFactChange);
    change!(
        store,
        entry,
        remove_month_entry(&corrected, 2, "二重の記入")
    )
    .unwrap();
    assert!(
        store
            .level_facts(april, april.next())
            .await
            .unwrap()
            .is_empty()
    );
    let history = store.month_entry_history::<LevelFact>("f1").await.unwrap();
    let told: Vec<_> = history
        .iter()
        .map(|one| (one.version, one.reason.as_str(), one.entry.is_some()))
        .collect();
    assert_eq!(
        told,
        [
            (3, "二重の記入", false),
            (2, "訂正", true),
            (1, "訂正", true)
        ]
    );
    let kept = store.lookup_month_entry::<LevelFact>("f1").await.unwrap();
    assert!(kept.is_none());
}

async fn facts_are_found_by_their_months_and_stand_in_their_order(place: Place) {
    let store = place.open().await;
    let april = month("2024-04");
    for (id, at) in [
        ("late", april.end() - Millis(1)),
        ("next", april.end()),
        ("first", april.start()),
        ("before", april.start() - Millis(1)),
    ] {
        save_fact(&store, &fact(id, at), 0).await.unwrap();
    }
    let found = store.level_facts(april, april).await.unwrap();
    let ids: Vec<_> = found.iter().map(|fact| fact.id.as_str()).collect();
    assert_eq!(ids, ["first", "late"]);
    let year = Month::of_fiscal_year(2024);
    let found = store.level_facts(year[0], year[11]).await.unwrap();
    assert_eq!(found.len(), 3);
}

fn remark(text: &str) -> Remark {
    Remark {
        id: "r1".to_owned(),
        month: month("2024-04"),
        chapter: ReportChapter::Calls,
        heading: RemarkHeading::Measures,
        text: text.to_owned(),
        author: "佐藤".to_owned(),
        by: None,
        written_at: NOW,
    }
}

async fn two_people_cannot_overwrite_each_others_remark(place: Place) {
    let store = place.open().await;
    let save = async |text: &str, replaces| {
        let entry = entry(Action::RemarkChange);
        change!(store, entry, save_month_entry(&remark(text), replaces, ""))
    };
    save("一", 0).await.unwrap();
    save("二", 1).await.unwrap();
    let late = save("三", 1).await;
    assert!(
        matches!(
            late,
            Err(StoreError::Changed {
                what: Resource::MonthEntry
            })
        ),
        "{late:?}"
    );
    let twice = save("一", 0).await;
    assert!(twice.is_err(), "a form that is sent twice");
    let kept = store.remarks(month("2024-04")).await.unwrap();
    assert_eq!(kept, [remark("二")]);
    assert!(store.remarks(month("2024-05")).await.unwrap().is_empty());
}

async fn an_improvement_is_opened_once_for_each_item_that_was_missed(place: Place) {
    let store = place.open().await;
    let april = month("2024-04");
    let item = |level| LevelItem {
        system: System::Indirect,
        level,
    };
    let missed = [item(Level::ResolutionRate), item(Level::AnswerRate)];
    let open = async |missed: &[LevelItem]| {
        let entry = entry(Action::ImprovementChange);
        change!(store, entry, open_improvements(april, missed)).unwrap()
    };
    assert_eq!(open(&missed[..1]).await, 1);
    assert_eq!(open(&missed).await, 1);
    let reports = store.improvements(april, april).await.unwrap();
    assert_eq!(reports[0].item.level, Level::AnswerRate, "in their order");
    let written = Improvement {
        cause: "要員の不足".to_owned(),
        ..reports[0].clone()
    };
    let record = entry(Action::ImprovementChange);
    change!(store, record, save_month_entry(&written, 1, "")).unwrap();
    assert_eq!(open(&missed).await, 0);
    let again = store.improvements(april, april).await.unwrap();
    assert_eq!(again[0], written, "what was written stays");
    let record = entry(Action::ImprovementChange);
    change!(
        store,
        record,
        remove_month_entry(&written, 2, "再計算で達成")
    )
    .unwrap();
    assert_eq!(open(&missed).await, 0, "what was removed stays so");
}

fn published(text: &str, offered: u64) -> PublishedMonth {
    PublishedMonth {
        month: month(text),
        indirect: PublishedIncidents::default(),
        macs: PublishedIncidents::default(),
        counts: PublishedCounts {
            offered,
            answered: 1_023,
            first_unanswered: 45,
            escalations: 21,
        },
        answer_rate: "99.4%".to_owned(),
        first_answer_rate: "90.6%".to_owned(),
        resolution_rate: "99.9%".to_owned(),
        source: "別紙8-2.csv".to_owned(),
    }
}

async fn published_months_keep_their_text_and_are_taken_again_without_doubling(place: Place) {
    let store = place.open().await;
    let save = async |months: &[PublishedMonth]| {
        let entry = entry(Action::PublishedImport);
        change!(store, entry, save_published_months(months)).unwrap()
    };
    let months = [published("2024-05", 458), published("2024-04", 1_029)];
    let outcome = |new, changed, same| PublishedOutcome { new, changed, same };
    assert_eq!(save(&months).await, outcome(2, 0, 0));
    assert_eq!(save(&months).await, outcome(0, 0, 2));
    let corrected = [published("2024-05", 457)];
    assert_eq!(save(&corrected).await, outcome(0, 1, 0));
    let kept = store.published_months().await.unwrap();
    assert_eq!(kept, [months[1].clone(), corrected[0].clone()]);
    assert_eq!(kept[0].first_answer_rate, "90.6%");
    let history = store
        .month_entry_history::<PublishedMonth>("2024-05")
        .await
        .unwrap();
    assert_eq!(history.len(), 2);
}

fn edition(number: u32) -> Edition {
    Edition {
        month: month("2024-04"),
        number,
        made_at: NOW,
        made_by: "hokoku".to_owned(),
        reason: "遅れて届いた通話".to_owned(),
        program: "1.0.0".to_owned(),
        sha256: "ab".repeat(32),
        bytes: 0,
    }
}

async fn add(store: &Store, number: u32, content: &[u8]) -> Result<(), StoreError> {
    change!(
        store,
        entry(Action::ReportFreeze),
        add_edition(&edition(number), content)
    )
}

/// More than two parts.
fn content() -> Vec<u8> {
    (0..2_500_000_u32).map(|n| (n % 251) as u8).collect()
}

async fn an_edition_is_kept_whole_and_made_once(place: Place) {
    let store = place.open().await;
    let april = month("2024-04");
    let taken = |outcome: Result<(), StoreError>| {
        matches!(
            outcome,
            Err(StoreError::Taken {
                what: Resource::Edition
            })
        )
    };
    assert!(taken(add(&store, 2, b"x").await), "not before the first");
    add(&store, 0, b"draft").await.unwrap();
    assert!(taken(add(&store, 0, b"draft").await));
    add(&store, 1, &content()).await.unwrap();
    assert!(taken(add(&store, 1, b"twice").await), "a double click");
    assert!(taken(add(&store, 0, b"late").await), "no draft after a 版");
    add(&store, 2, b"second").await.unwrap();
    let kept = store.edition_content(april, 1).await.unwrap();
    assert!(kept == Some(content()));
    let kept = store.edition_content(april, 2).await.unwrap();
    assert_eq!(kept.as_deref(), Some(&b"second"[..]));
    assert_eq!(store.edition_content(april, 3).await.unwrap(), None);
    let report = store.report_of(april).await.unwrap();
    let numbers: Vec<_> = report.editions.iter().map(|one| one.number).collect();
    assert_eq!(numbers, [0, 1, 2]);
    assert_eq!(report.newest().unwrap().bytes, 6);
    assert_eq!(report.newest().unwrap().reason, "遅れて届いた通話");
    let register = store
        .report_register(april.previous(), april)
        .await
        .unwrap();
    assert_eq!(register.keys().collect::<Vec<_>>(), [&april]);
}

async fn an_edition_that_is_not_committed_leaves_nothing(place: Place) {
    let store = place.open().await;
    let april = month("2024-04");
    let mut tx = store.begin(entry(Action::ReportFreeze)).await.unwrap();
    tx.add_edition(&edition(1), &content()).await.unwrap();
    drop(tx);
    assert_eq!(store.edition_content(april, 1).await.unwrap(), None);
    let report = store.report_of(april).await.unwrap();
    assert_eq!(report.state(), SubmissionState::Open);
    add(&store, 1, b"again").await.unwrap();
    let report = store.report_of(april).await.unwrap();
    assert_eq!(report.state(), SubmissionState::Frozen);
}

fn step(seq: u32, edition: u32, kind: StepKind) -> ReportStep {
    ReportStep {
        month: month("2024-04"),
        seq,
        edition,
        kind,
        on: "2024-05-08".parse().unwrap(),
        person: "機構 太郎".to_owned(),
        remark: "表6-1の注".to_owned(),
        recorded_at: NOW,
        recorded_by: "hokoku".to_owned(),
    }
}

async fn steps_follow_each_other_and_the_newest_edition(place: Place) {
    let store = place.open().await;
    let record = async |seq, edition, kind| {
        let entry = entry(Action::ReportStep);
        change!(store, entry, add_report_step(&step(seq, edition, kind)))
    };
    add(&store, 1, b"1").await.unwrap();
    record(1, 1, StepKind::Submitted).await.unwrap();
    let twice = record(1, 1, StepKind::Submitted).await;
    assert!(matches!(twice, Err(StoreError::Changed { .. })));
    record(2, 1, StepKind::Returned).await.unwrap();
    add(&store, 2, b"2").await.unwrap();
    let old = record(3, 1, StepKind::Submitted).await;
    assert!(matches!(old, Err(StoreError::Changed { .. })));
    record(3, 2, StepKind::Submitted).await.unwrap();
    let report = store.report_of(month("2024-04")).await.unwrap();
    assert_eq!(report.state(), SubmissionState::Submitted);
    assert_eq!(report.steps[1], step(2, 1, StepKind::Returned));
}

async fn the_menu_counts_what_waits_for_the_report_writer(place: Place) {
    let store = place.open().await;
    let waits = async || store.count_work().await.unwrap().reports;
    assert_eq!(waits().await, 0);
    add(&store, 0, b"draft").await.unwrap();
    assert_eq!(waits().await, 1);
    add(&store, 1, b"1").await.unwrap();
    assert_eq!(waits().await, 0);
    for (seq, kind, left) in [(1, StepKind::Submitted, 0), (2, StepKind::Returned, 1)] {
        let entry = entry(Action::ReportStep);
        change!(store, entry, add_report_step(&step(seq, 1, kind))).unwrap();
        assert_eq!(waits().await, left);
    }
    add(&store, 2, b"2").await.unwrap();
    assert_eq!(waits().await, 0);
}
