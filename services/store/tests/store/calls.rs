//! The table of calls: always the fold of the log, and found again by every filter.

use std::collections::BTreeMap;

use madoguchi_core::call::{CallRecord, Direction};
use madoguchi_core::caller::{CalledNumber, Caller, NoNumberReason};
use madoguchi_core::event::{AbandonReason, CallEvent, EventKind, TransferTarget};
use madoguchi_core::figures::{Figures, FiguresSettings};
use madoguchi_core::id::LineName;
use madoguchi_core::outbound::OutboundRefusal;
use madoguchi_core::stats::{By, StatsQuery};
use madoguchi_core::time::{Instant, Millis};
use madoguchi_store::{CallFilter, OutcomeFilter, Start, Store};
use sqlx::{AnyConnection, Connection};

use crate::place::{Place, on_databases};
use crate::sample::call;

on_databases!([sqlite_file, sqlite_memory, postgres] [
    the_table_is_the_fold_of_the_log_in_any_order_of_delivery,
    a_call_that_a_rule_forbade_keeps_its_reason,
    periods_are_half_open_and_in_order_of_arrival,
    every_filter_finds_its_calls,
    a_number_is_found_in_any_spelling,
    why_there_is_no_number_is_kept_and_found,
    pages_are_newest_first_and_know_the_total,
    figures_count_every_call_of_the_period_once_however_many_there_are,
    the_counts_of_the_database_are_those_of_the_fold,
    unfinished_calls_come_with_all_their_events,
]);

mod kept {
    use super::*;

    on_databases!([sqlite_file, postgres] [
        a_damaged_table_is_computed_anew,
        a_table_of_another_version_is_computed_anew_at_the_start,
        words_that_an_older_program_kept_as_numbers_become_reasons,
    ]);
}

/// One call of every kind.
fn a_day() -> Vec<Vec<CallEvent>> {
    let to = TransferTarget::Agent {
        agent: "ABE".into(),
    };
    let handed_on = EventKind::Transferred {
        from: Some("佐藤".into()),
        to,
    };
    let done = EventKind::WrapUpEnded {
        agent: "ABE".into(),
    };
    let closed = EventKind::Arrived {
        from: "".into(),
        to: "100".into(),
        open: false,
    };
    let dialled = |outside| EventKind::Dialled {
        agent: "abe".into(),
        from: "100".into(),
        to: "090-1111-2222".into(),
        outside,
    };
    let full = EventKind::Abandoned {
        reason: AbandonReason::QueueFull,
    };
    vec![
        call("answered", 10_000)
            .arrived("03-1234-5678")
            .answered_by("abe")
            .ended(),
        call("handed on", 20_000)
            .arrived("0312349999")
            .answered_by("佐藤")
            .then(handed_on)
            .ended(),
        call("given up", 30_000)
            .arrived("+81 6-1234-5678")
            .abandoned(),
        call("full", 40_000)
            .on_line("MACS")
            .arrived("１２３")
            .then(full)
            .unfinished(),
        call("waiting", 50_000)
            .at_node("n2")
            .arrived("1")
            .unfinished(),
        call("talking", 60_000)
            .arrived("1")
            .answered_by("佐藤")
            .unfinished(),
        call("closed", 70_000).then(closed).ended(),
        call("outbound", 80_000)
            .then(dialled(true))
            .then(EventKind::Answered {
                agent: Some("ABE".into()),
            })
            .ended(),
        call("refused", 90_000).then(dialled(true)).ended(),
        call("internal", 95_000)
            .on_line("internal")
            .then(dialled(false))
            .ended(),
        call("wrapped up", 99_000)
            .arrived("2")
            .answered_by("ABE")
            .ends()
            .then(done)
            .unfinished(),
    ]
}

fn folded(calls: &[Vec<CallEvent>]) -> Vec<CallRecord> {
    calls
        .iter()
        .map(|events| CallRecord::fold(events).unwrap())
        .collect()
}

async fn all(store: &Store) -> Vec<CallRecord> {
    store
        .call_records(Instant(0), Instant(1_000_000))
        .await
        .unwrap()
}

async fn found(store: &Store, filter: CallFilter) -> Vec<String> {
    let page = store.list_calls(&filter).await.unwrap();
    assert_eq!(page.total, page.calls.len() as u64);
    page.calls
        .iter()
        .rev()
        .map(|record| record.call.to_string())
        .collect()
}

async fn the_table_is_the_fold_of_the_log_in_any_order_of_delivery(place: Place) {
    let store = place.open().await;
    let day = a_day();
    let mut events = day.concat();
    // A fixed shuffle, then batches that overlap.
    for n in (1..events.len()).rev() {
        events.swap(n, (n * 7_919 + 31) % (n + 1));
    }
    for start in (0..events.len()).step_by(3) {
        store
            .append(&events[start..events.len().min(start + 5)])
            .await
            .unwrap();
    }
    assert_eq!(all(&store).await, folded(&day));
    assert_eq!(store.rebuild_calls().await.unwrap(), day.len() as u64);
    assert_eq!(all(&store).await, folded(&day));
}

async fn figures_count_every_call_of_the_period_once_however_many_there_are(place: Place) {
    let store = place.open().await;
    let day = Instant(1_795_500_000_000).date();
    let midnight = Instant::start_of(day).0;
    let arrived = |n: i64, at: i64| {
        let kind = EventKind::Arrived {
            from: "0312345678".into(),
            to: "5000".into(),
            open: true,
        };
        call(&format!("call {n}"), at).then(kind).unfinished()
    };
    // More than are read at once, many at the same instant.
    let mut events = Vec::new();
    for n in 0..4_100 {
        events.extend(arrived(n, midnight + n / 50));
    }
    events.extend(arrived(10_000, midnight - 1));
    events.extend(arrived(10_001, midnight + 86_400_000));
    for events in events.chunks(500) {
        store.append(events).await.unwrap();
    }
    let query = StatsQuery {
        from: day,
        to: day,
        by: By::Hour,
        line: None,
        agent: None,
    };
    let report = store.stats(query, FiguresSettings::default()).await;
    let report = report.unwrap();
    assert_eq!((report.total.offered, report.total.waiting), (4_100, 4_100));
    let rows = report.rows.iter().map(|row| row.figures.offered);
    assert_eq!(rows.sum::<u64>(), 4_100);
}

async fn the_counts_of_the_database_are_those_of_the_fold(place: Place) {
    let store = place.open().await;
    store.append(&a_day().concat()).await.unwrap();
    let mut folds: BTreeMap<LineName, Figures> = BTreeMap::new();
    for record in folded(&a_day()) {
        let of_line = folds.entry(record.line.clone()).or_default();
        of_line.add(&record, FiguresSettings::default());
    }
    let counts = store.call_counts(Instant(0), Instant(1_000_000)).await;
    let counts = counts.unwrap();
    let counted = |figures: &Figures| {
        (
            (figures.offered, figures.answered, figures.waiting),
            (
                figures.after_hours,
                figures.outbound,
                figures.outbound_answered,
            ),
            figures.abandoned_by_reason.clone(),
            figures.outbound_barred_by_reason.clone(),
        )
    };
    assert!(folds.values().any(|figures| figures.abandoned() > 0));
    for (line, figures) in &folds {
        assert_eq!(counted(&counts[line]), counted(figures), "{line}");
    }
    assert!(counts.keys().all(|line| folds.contains_key(line)));
    let none = store
        .call_counts(Instant(1_000_000), Instant(2_000_000))
        .await;
    assert!(none.unwrap().is_empty());
}

async fn periods_are_half_open_and_in_order_of_arrival(place: Place) {
    let store = place.open().await;
    store.append(&a_day().concat()).await.unwrap();
    let between = store
        .call_records(Instant(20_000), Instant(40_000))
        .await
        .unwrap();
    assert_eq!(between, folded(&a_day()[1..3]));
    assert_eq!(
        store
            .call_records(Instant(20_001), Instant(30_000))
            .await
            .unwrap(),
        []
    );
    let filter = CallFilter {
        from: Some(Instant(20_000)),
        until: Some(Instant(40_000)),
        ..CallFilter::default()
    };
    assert_eq!(found(&store, filter).await, ["handed on", "given up"]);
}

async fn every_filter_finds_its_calls(place: Place) {
    let store = place.open().await;
    store.append(&a_day().concat()).await.unwrap();
    let any = CallFilter::default;
    let outcome = |outcome| CallFilter {
        outcome: Some(outcome),
        ..any()
    };
    let direction = |direction| CallFilter {
        direction: Some(direction),
        ..any()
    };
    let agent = |agent: &str| CallFilter {
        agent: Some(agent.into()),
        ..any()
    };
    let abandoned = OutcomeFilter::Abandoned;
    let expected: [(CallFilter, &[&str]); 16] = [
        (outcome(OutcomeFilter::Waiting), &["waiting"]),
        (
            outcome(OutcomeFilter::Answered),
            &["answered", "handed on", "talking", "outbound", "wrapped up"],
        ),
        (outcome(OutcomeFilter::Talking), &["talking"]),
        (outcome(abandoned(None)), &["given up", "full"]),
        (
            outcome(abandoned(Some(AbandonReason::QueueFull))),
            &["full"],
        ),
        (outcome(abandoned(Some(AbandonReason::MaxWait))), &[]),
        (
            outcome(OutcomeFilter::Ended),
            &["closed", "refused", "internal"],
        ),
        (direction(Direction::AfterHours), &["closed"]),
        (direction(Direction::Outbound), &["outbound", "refused"]),
        (direction(Direction::Internal), &["internal"]),
        (agent("abe"), &["answered"]),
        (agent("ABE"), &["handed on", "outbound", "wrapped up"]),
        (agent("佐"), &[]),
        (agent("佐藤"), &["handed on", "talking"]),
        (
            CallFilter {
                line: Some("MACS".into()),
                ..any()
            },
            &["full"],
        ),
        (
            CallFilter {
                wait_below: Some(Millis(4_000)),
                ..outcome(abandoned(None))
            },
            &["given up", "full"],
        ),
    ];
    for (filter, calls) in expected {
        assert_eq!(found(&store, filter.clone()).await, calls, "{filter:?}");
    }
    let quick = CallFilter {
        wait_below: Some(Millis(3_000)),
        ..outcome(abandoned(None))
    };
    assert_eq!(
        found(&store, quick).await,
        [""; 0],
        "the threshold itself is not below it"
    );
}

async fn a_number_is_found_in_any_spelling(place: Place) {
    let store = place.open().await;
    store.append(&a_day().concat()).await.unwrap();
    for (number, calls) in [
        ("0312345678", vec!["answered"]),
        ("０３－１２３４", vec!["answered", "handed on"]),
        ("1234-5678", vec!["answered", "given up"]),
        ("+81 6", vec!["given up"]),
        ("090 1111", vec!["outbound", "refused", "internal"]),
        ("%", vec![]),
        ("_", vec![]),
        ("5678\n", vec!["answered", "given up"]),
    ] {
        let filter = CallFilter {
            number: Some(number.into()),
            ..CallFilter::default()
        };
        assert_eq!(found(&store, filter).await, calls, "{number:?}");
    }
    let blank = CallFilter {
        number: Some(" － ".into()),
        ..CallFilter::default()
    };
    assert_eq!(found(&store, blank).await.len(), a_day().len());
}

async fn pages_are_newest_first_and_know_the_total(place: Place) {
    let store = place.open().await;
    let calls: Vec<_> = (0..7)
        .map(|n| call(&format!("c{n}"), n).arrived("1").abandoned())
        .collect();
    store.append(&calls.concat()).await.unwrap();
    let filter = CallFilter {
        start: Start::Offset(2),
        limit: 3,
        ..CallFilter::default()
    };
    let page = store.list_calls(&filter).await.unwrap();
    assert_eq!(page.total, 7);
    let names: Vec<&str> = page
        .calls
        .iter()
        .map(|record| record.call.as_str())
        .collect();
    assert_eq!(names, ["c4", "c3", "c2"]);
    let beyond = CallFilter {
        start: Start::Offset(9),
        ..CallFilter::default()
    };
    let page = store.list_calls(&beyond).await.unwrap();
    assert_eq!((page.calls.len(), page.total), (0, 7));
}

async fn unfinished_calls_come_with_all_their_events(place: Place) {
    let store = place.open().await;
    let day = a_day();
    store.append(&day.concat()).await.unwrap();
    assert_eq!(
        store.unfinished_calls(&"n1".into()).await.unwrap(),
        [day[5].clone()]
    );
    assert_eq!(
        store.unfinished_calls(&"n2".into()).await.unwrap(),
        [day[4].clone()]
    );
    assert_eq!(store.unfinished_calls(&"n3".into()).await.unwrap(), [[]; 0]);
}

pub(crate) async fn tamper(place: &Place, statements: &'static str) {
    let mut connection = AnyConnection::connect(&place.address).await.unwrap();
    sqlx::raw_sql(statements)
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}

const DAMAGE: &str = "DELETE FROM calls WHERE call_id = 'answered'; \
     UPDATE calls SET outcome = 'ended', line = 'x'; \
     UPDATE calls SET call_id = 'no such call' WHERE call_id = 'given up'";

async fn a_damaged_table_is_computed_anew(place: Place) {
    let store = place.open().await;
    store.append(&a_day().concat()).await.unwrap();
    tamper(&place, DAMAGE).await;
    assert_ne!(all(&store).await, folded(&a_day()));
    store.rebuild_calls().await.unwrap();
    assert_eq!(all(&store).await, folded(&a_day()));
}

async fn a_table_of_another_version_is_computed_anew_at_the_start(place: Place) {
    let store = place.open().await;
    store.append(&a_day().concat()).await.unwrap();
    store.close().await;
    tamper(&place, DAMAGE).await;
    let store = place.open().await;
    assert_ne!(
        all(&store).await,
        folded(&a_day()),
        "the same version is not computed anew"
    );
    store.close().await;
    tamper(
        &place,
        "UPDATE derived SET version = 0 WHERE name = 'calls'",
    )
    .await;
    assert_eq!(all(&place.open().await).await, folded(&a_day()));
}

async fn why_there_is_no_number_is_kept_and_found(place: Place) {
    let store = place.open().await;
    let arrived = |from: Caller| EventKind::Arrived {
        from,
        to: CalledNumber::from("5000").with_subaddress(Some("7".to_owned())),
        open: true,
    };
    let subaddress = Some("12".to_owned());
    let behind = Caller::from("0312345678").with_subaddress(subaddress);
    let mut calls = vec![call("behind", 0).then(arrived(behind)).abandoned()];
    for (n, reason) in NoNumberReason::ALL.into_iter().enumerate() {
        let at = 1_000 * (1 + i64::try_from(n).unwrap());
        let from = Caller::without_number(reason);
        calls.push(call(reason.as_str(), at).then(arrived(from)).abandoned());
    }
    store.append(&calls.concat()).await.unwrap();
    assert_eq!(all(&store).await, folded(&calls));
    for (sought, expected) in [
        ("公衆電話", "payphone"),
        ("非通知", "withheld"),
        ("unavailable", "unavailable"),
        ("サービス競合", "service_interaction"),
        ("03-1234-5678", "behind"),
    ] {
        let filter = CallFilter {
            number: Some(sought.to_owned()),
            ..CallFilter::default()
        };
        assert_eq!(found(&store, filter).await, [expected], "{sought}");
    }
}

/// The log is never changed; it is read as what its words say.
async fn words_that_an_older_program_kept_as_numbers_become_reasons(place: Place) {
    place.open().await.close().await;
    let mut connection = AnyConnection::connect(&place.address).await.unwrap();
    for (id, word) in [
        ("a", "anonymous"),
        ("b", "unavailable"),
        ("c", "Restricted"),
    ] {
        let text = format!(
            "INSERT INTO call_events (call_id, seq, at, node, line, kind, data) VALUES \
             ('{id}', 0, 1, 'n', 'l', 'arrived', \
             '{{\"from\":\"{word}\",\"to\":\"5000\",\"open\":true}}')"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(text))
            .execute(&mut connection)
            .await
            .unwrap();
    }
    let old = "INSERT INTO calls (call_id, node, line, direction, outcome, from_number, to_number, \
         numbers, arrived_at, parts, agents, last_seq, last_at) VALUES \
         ('b', 'n', 'l', 'inbound', 'waiting', 'unavailable', '5000', '', 1, '[]', '', 0, 1); \
         UPDATE derived SET version = 1 WHERE name = 'calls'";
    sqlx::raw_sql(old).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let store = place.open().await;
    let calls = all(&store).await.into_iter();
    let shown: Vec<_> = calls
        .map(|call| (call.from.number().to_owned(), call.from.no_number_reason()))
        .collect();
    use NoNumberReason::{Unavailable, Withheld};
    let none = |reason| (String::new(), Some(reason));
    assert_eq!(shown, [none(Withheld), none(Unavailable), none(Withheld)]);
    let events = store.events_of(&"b".into()).await.unwrap();
    let told = Caller::without_number(Unavailable);
    assert!(matches!(&events[0].kind, EventKind::Arrived { from, .. } if *from == told));
}

async fn a_call_that_a_rule_forbade_keeps_its_reason(place: Place) {
    let store = place.open().await;
    let dialled = EventKind::Dialled {
        agent: "abe".into(),
        from: "100".into(),
        to: "0990500123".into(),
        outside: true,
    };
    let reason = OutboundRefusal::Premium;
    let events = call("barred", 80_000)
        .then(dialled)
        .then(EventKind::Barred { reason })
        .ended();
    store.append(&events).await.unwrap();
    let kept = all(&store).await;
    assert_eq!(kept, folded(&[events]));
    assert_eq!(kept[0].barred, Some(OutboundRefusal::Premium));
    let mut figures = Figures::default();
    figures.add(&kept[0], FiguresSettings::default());
    assert_eq!((figures.outbound, figures.outbound_barred()), (0, 1));
    let json = serde_json::to_value(&figures).unwrap();
    assert_eq!(json["outbound_barred_by_reason"]["premium"], 1);
}
