//! 確定: when it may be done, and what stays as it was said afterwards.

use madoguchi_core::month::{
    EditionChange, Level, LevelFact, LevelItem, Measure, REPORT_SETTINGS, REPORT_SETTINGS_ID,
    ReportSettings,
};
use madoguchi_core::ticket::System;
use madoguchi_monthly::{changed_since, freezes_from, note_change};
use madoguchi_store::testing::add_abandoned_call;

use super::*;

const HOUR: i64 = 3_600_000;

/// A small April that meets everything.
async fn small(store: &Store) {
    let counts = SampleCounts {
        month: month("2024-04"),
        offered: 60,
        answered: 60,
        first_unanswered: 3,
        escalations: 1,
        unsolved: 1,
        after_hours: 1,
        portal: 1,
    };
    let made = sample(counts, &calendar(), &"help".into(), 0);
    write(store, &made).await;
}

/// A call of April that nobody answered.
async fn late_call(store: &Store, id: &str) {
    let at = month("2024-04").start() + Millis(34 * HOUR);
    add_abandoned_call(store, id, at).await.unwrap();
}

/// Somebody had to come in April, and nobody came.
async fn late_fact(store: &Store, at: Instant) {
    let fact = LevelFact {
        id: "dispatch".to_owned(),
        system: System::Indirect,
        at: month("2024-04").start() + Millis(34 * HOUR),
        what: "端末の故障".to_owned(),
        measure: Measure::Dispatch { arrived_at: None },
        exempt: None,
        proof: String::new(),
        entered_by: None,
    };
    let entry = AuditEntry::of_system(at, Action::LevelFactChange, "dispatch", Fields::new());
    let mut tx = store.begin(entry).await.unwrap();
    tx.save_month_entry(&fact, 0, "").await.unwrap();
    tx.commit().await.unwrap();
}

async fn set_cut_off(store: &Store, open_days: u32, at: Instant) {
    let settings = ReportSettings {
        cut_off_open_days: open_days,
        ..ReportSettings::default()
    };
    let entry = AuditEntry::of_system(
        at,
        Action::ReportSettingsChange,
        REPORT_SETTINGS_ID,
        Fields::new(),
    );
    let version = NewVersion {
        kind: REPORT_SETTINGS,
        id: REPORT_SETTINGS_ID.to_owned(),
        replaces: 0,
        data: Some(serde_json::to_string(&settings).unwrap()),
    };
    let mut tx = store.begin(entry).await.unwrap();
    tx.save_setting(&version).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fact_that_is_entered_after_確定_costs_nothing_before_there_is_第2版() {
    let store = Store::open("sqlite::memory:").await.unwrap();
    small(&store).await;
    let now = month("2024-05").start() + Millis(10 * HOUR);
    let first = next(&store, FIRST, now).await.unwrap();
    keep(&store, &first, now).await;
    late_fact(&store, now).await;
    let june = month("2024-06").start();
    let run_of_april = async || {
        let may = book(&store, "2024-05", june).await;
        let april = may.payment.iter().find(|one| one.month == month("2024-04"));
        april.unwrap().run
    };
    assert_eq!(run_of_april().await, 0, "as it was published");
    let second = Freezing {
        reason: "駆け付けの記入漏れ",
        ..FIRST
    };
    let second = next(&store, second, now).await.unwrap();
    let dispatch = LevelItem {
        system: System::Indirect,
        level: Level::Dispatch,
    };
    let levels = second.frozen.figures["service_levels"].as_array().unwrap();
    let line = levels
        .iter()
        .find(|line| line["system"] == "indirect" && line["item"] == dispatch.number());
    assert_eq!(line.unwrap()["verdict"], "missed");
    keep(&store, &second, now).await;
    assert_eq!(run_of_april().await, 1, "第2版 says it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_changed_since_確定_is_noted_once_until_the_next_edition_has_it() {
    let store = Store::open("sqlite::memory:").await.unwrap();
    small(&store).await;
    let april = month("2024-04");
    let now = month("2024-05").start() + Millis(10 * HOUR);
    let changed = async |now| {
        let changed = changed_since(&store, april, &settings(), now).await;
        changed.unwrap()
    };
    let note = async |now| note_change(&store, april, &settings(), now).await.unwrap();
    let noted = async || {
        let noted = store.month_entries::<EditionChange>(april, april).await;
        noted.unwrap().pop().map(|kept| kept.entry)
    };
    assert_eq!(changed(now).await, None, "it is not 確定");
    let first = next(&store, FIRST, now).await.unwrap();
    let first = keep(&store, &first, now).await;
    let later = now + Millis(48 * HOUR);
    assert_eq!(changed(later).await.unwrap().figures, 0);
    assert!(!note(later).await && noted().await.is_none());

    late_call(&store, "late").await;
    assert!(note(later).await);
    assert!(!note(later).await, "once");
    let told = noted().await.unwrap();
    assert!(told.tells_of(&first), "{told:?}");

    let second = Freezing {
        reason: "停止していた機器の通話が届いた。",
        ..FIRST
    };
    let second = next(&store, second, later).await.unwrap();
    let second = keep(&store, &second, later).await;
    assert!(!told.tells_of(&second));
    assert!(note(later).await);
    let told = noted().await.unwrap();
    assert_eq!((told.edition, told.figures), (2, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_month_is_確定_from_its_cut_off_on_and_not_before() {
    let store = Store::open("sqlite::memory:").await.unwrap();
    small(&store).await;
    let april = month("2024-04");
    let now = april.end() + Millis(10 * HOUR);
    set_cut_off(&store, 2, now).await;
    let from = freezes_from(&store, april, &settings()).await.unwrap();
    // The second open day is 5月2日.
    assert_eq!(from.to_rfc3339(), "2024-05-03T00:00:00.000+09:00");
    for early in [april.end() - Millis(HOUR), now, from - Millis(1)] {
        let refused = next(&store, FIRST, early).await.unwrap_err();
        assert!(
            matches!(refused, MonthlyError::BeforeCutOff(at) if at == from),
            "{refused}"
        );
    }
    let draft = Freezing {
        draft: true,
        ..FIRST
    };
    assert_eq!(next(&store, draft, now).await.unwrap().number, 0);
    let made = next(&store, FIRST, from).await.unwrap();
    let cut_off = &made.frozen.basis.settings["cut_off"];
    assert_eq!(*cut_off, serde_json::to_value(from).unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_month_in_which_nothing_came_is_確定_with_a_reason_alone() {
    let store = Store::open("sqlite::memory:").await.unwrap();
    let now = month("2024-05").start() + Millis(10 * HOUR);
    let refused = next(&store, FIRST, now).await.unwrap_err();
    assert!(matches!(refused, MonthlyError::Silent), "{refused}");
    let reason = Freezing {
        reason: "窓口の開設前である。",
        ..FIRST
    };
    assert_eq!(next(&store, reason, now).await.unwrap().number, 1);
    // A call is enough, whatever became of it.
    late_call(&store, "only").await;
    assert_eq!(next(&store, FIRST, now).await.unwrap().number, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_of_which_the_ledger_alone_tells_makes_第2版_as_well() {
    let store = Store::open("sqlite::memory:").await.unwrap();
    small(&store).await;
    let april = month("2024-04");
    let now = april.end() + Millis(10 * HOUR);
    let first = next(&store, FIRST, now).await.unwrap();
    keep(&store, &first, now).await;
    // What somebody asked of MACS by the portal comes in from a predecessor's ledger.
    let counts = SampleCounts {
        month: april,
        offered: 0,
        answered: 0,
        first_unanswered: 0,
        escalations: 0,
        unsolved: 0,
        after_hours: 0,
        portal: 1,
    };
    let mut late = sample(counts, &calendar(), &"help".into(), 500);
    for event in late.tickets.iter_mut().flatten() {
        if let TicketChange::Created { fields, .. } = &mut event.change {
            fields.system = System::Macs;
        }
    }
    write(&store, &late).await;
    let changed = changed_since(&store, april, &settings(), now).await;
    assert_eq!(changed.unwrap().unwrap().figures, 1);
    let second = Freezing {
        reason: "前の事業者の台帳から取り込んだ。",
        ..FIRST
    };
    let second = next(&store, second, now).await.unwrap();
    let revisions = second.frozen.books[0].revisions.iter();
    let revisions = revisions.filter(|one| one.edition == 2);
    let places: Vec<&str> = revisions.map(|one| one.place.as_str()).collect();
    assert!(
        places.contains(&"問合せ管理台帳 表1-1 R6-00501"),
        "{places:?}"
    );
    let of_report = |place: &&&str| place.starts_with('表');
    assert_eq!(places.iter().find(of_report), None, "{places:?}");
    let told = second.frozen.books[0].table("differences").unwrap();
    assert_eq!(told.rows.len(), places.len());
}
