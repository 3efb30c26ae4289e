//! 信号の記録: kept once, found by call, counted by day, and gone in time.

use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::signal::{SignalDialog, SignalKind, SignalMessage};
use madoguchi_core::time::{Instant, Millis};
use madoguchi_store::StoreError;

use crate::place::{Place, on_databases};

on_databases!([sqlite_file, sqlite_memory, postgres] [
    messages_are_kept_once_and_found_by_the_call_of_their_dialogs,
    messages_of_one_instant_keep_the_order_in_which_they_were_seen,
    a_message_that_was_sent_again_is_one_with_the_most_repetitions_told,
    a_dialog_that_joins_a_call_later_brings_its_messages,
    the_newest_messages_come_in_the_order_of_their_instants,
    dialogs_are_counted_by_day_addresses_and_outcome,
    old_messages_go_and_the_record_tells_how_many,
    registrations_are_forgotten_after_hours,
]);

/// 2026-11-24 10:00 in Japan.
const NOW: Instant = Instant(1_795_482_000_000);

fn message(dialog: &str, after_ms: i64) -> SignalMessage {
    SignalMessage {
        at_us: (NOW.0 + after_ms) * 1_000,
        seq: 1,
        repeated: 0,
        dialog: dialog.to_owned(),
        source: "198.51.100.1:5060".to_owned(),
        destination: "192.0.2.1:5060".to_owned(),
        kind: SignalKind::Observed,
        text: format!("INVITE sip:﨑😀\0@b SIP/2.0\r\nX: {after_ms}\r\n\r\n"),
    }
}

fn dialog(name: &str, call: Option<&str>) -> SignalDialog {
    SignalDialog {
        dialog: name.to_owned(),
        call: call.map(Into::into),
        started_us: Some(NOW.0 * 1_000),
        source: "198.51.100.1".to_owned(),
        destination: "192.0.2.1".to_owned(),
        ..SignalDialog::default()
    }
}

async fn messages_are_kept_once_and_found_by_the_call_of_their_dialogs(place: Place) {
    let store = place.open().await;
    let messages = [message("b", 2), message("a", 1), message("c", 3)];
    let dialogs = [
        dialog("a", Some("call")),
        dialog("b", Some("call")),
        dialog("c", None),
    ];
    for _ in 0..2 {
        unrecorded!(store, save_signals(&messages, &dialogs)).unwrap();
    }
    let found = store.signals_of(&"call".into(), 10).await.unwrap();
    let names: Vec<_> = found.iter().map(|one| one.dialog.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    assert!(found[0].text.contains("﨑😀␀"), "{}", found[0].text);
    assert!(store.has_signals(&"call".into()).await.unwrap());
    assert!(!store.has_signals(&"other".into()).await.unwrap());
}

async fn messages_of_one_instant_keep_the_order_in_which_they_were_seen(place: Place) {
    let store = place.open().await;
    // A capture in whole seconds; stored in parts, the later messages first.
    let messages: Vec<_> = (0..40)
        .map(|seq| SignalMessage {
            seq,
            text: format!("{} sip:a SIP/2.0\r\n\r\n", seq * 7_919 % 40),
            ..message("a", 0)
        })
        .collect();
    let dialogs = [dialog("a", Some("call"))];
    for part in messages.rchunks(9) {
        unrecorded!(store, save_signals(part, &dialogs)).unwrap();
    }
    let found = store.signals_of(&"call".into(), 100).await.unwrap();
    let order: Vec<_> = found.iter().map(|one| one.seq).collect();
    assert_eq!(order, (0..40).collect::<Vec<_>>());
    let newest = store.signals_since(NOW, 3).await.unwrap();
    let order: Vec<_> = newest.iter().map(|one| one.seq).collect();
    assert_eq!(order, [37, 38, 39]);
}

async fn a_message_that_was_sent_again_is_one_with_the_most_repetitions_told(place: Place) {
    let store = place.open().await;
    let dialogs = [dialog("a", Some("call"))];
    let repeated = |repeated| SignalMessage {
        repeated,
        ..message("a", 0)
    };
    // Within one save the last counts; who sees the same capture again begins from nothing.
    for part in [&[0, 1][..], &[3], &[0, 1, 2], &[0]] {
        let messages: Vec<_> = part.iter().copied().map(repeated).collect();
        unrecorded!(store, save_signals(&messages, &dialogs)).unwrap();
    }
    let found = store.signals_of(&"call".into(), 100).await.unwrap();
    let told: Vec<_> = found.iter().map(|one| one.repeated).collect();
    assert_eq!(told, [3]);
}

async fn a_dialog_that_joins_a_call_later_brings_its_messages(place: Place) {
    let store = place.open().await;
    unrecorded!(
        store,
        save_signals(&[message("a", 1)], &[dialog("a", None)])
    )
    .unwrap();
    assert!(!store.has_signals(&"call".into()).await.unwrap());
    let joined = SignalDialog {
        answered_us: Some(NOW.0 * 1_000 + 5),
        ..dialog("a", Some("call"))
    };
    unrecorded!(store, save_signals(&[], std::slice::from_ref(&joined))).unwrap();
    assert!(store.has_signals(&"call".into()).await.unwrap());
    // Who saw the same again without knowing of the call takes nothing away.
    unrecorded!(store, save_signals(&[], &[dialog("a", None)])).unwrap();
    assert!(store.has_signals(&"call".into()).await.unwrap());
}

async fn the_newest_messages_come_in_the_order_of_their_instants(place: Place) {
    let store = place.open().await;
    let messages: Vec<_> = (0..5).map(|n| message("a", n)).collect();
    unrecorded!(store, save_signals(&messages, &[])).unwrap();
    let found = store.signals_since(NOW + Millis(1), 3).await.unwrap();
    let at: Vec<_> = found.iter().map(|one| one.at_us / 1_000 - NOW.0).collect();
    assert_eq!(at, [2, 3, 4]);
}

async fn dialogs_are_counted_by_day_addresses_and_outcome(place: Place) {
    let store = place.open().await;
    let start = NOW.0 * 1_000;
    let answered = |name: &str, after_us: i64| SignalDialog {
        rung_us: Some(start + after_us),
        answered_us: Some(start + 9_000_000),
        ..dialog(name, None)
    };
    let refused = SignalDialog {
        ended_us: Some(start + 1),
        status: Some(486),
        ..dialog("c", None)
    };
    // Midnight in Japan.
    let next_day = SignalDialog {
        started_us: Some(start + 14 * 3_600_000_000),
        ended_us: Some(start + 15 * 3_600_000_000),
        status: Some(487),
        is_cancelled: true,
        ..dialog("d", None)
    };
    let dialogs = [
        answered("a", 1_000_000),
        answered("b", 3_000_000),
        refused,
        next_day,
        dialog("still open", None),
    ];
    unrecorded!(store, save_signals(&[], &dialogs)).unwrap();
    let counts = store
        .count_dialogs(
            Instant::start_of(NOW.date()),
            NOW + Millis::from_secs(86_400),
        )
        .await
        .unwrap();
    let told: Vec<_> = counts
        .iter()
        .map(|one| (one.day.to_string(), one.count, one.is_answered, one.status))
        .collect();
    let day = |text: &str| text.to_owned();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told.contains(&(day("2026-11-24"), 2, true, None)));
    assert!(told.contains(&(day("2026-11-24"), 1, false, Some(486))));
    assert!(told.contains(&(day("2026-11-25"), 1, false, Some(487))));
    let heard = counts.iter().find(|one| one.is_answered).unwrap();
    assert_eq!(
        (heard.rung, heard.delay_sum_us, heard.delay_most_us),
        (2, 4_000_000, 3_000_000)
    );
    assert!(counts.iter().any(|one| one.is_cancelled));
}

fn entry() -> AuditEntry {
    AuditEntry::of_system(NOW, Action::SignalDelete, "", Fields::new())
}

async fn old_messages_go_and_the_record_tells_how_many(place: Place) {
    let store = place.open().await;
    let messages: Vec<_> = (0..10).map(|n| message("a", n)).collect();
    unrecorded!(store, save_signals(&messages, &[dialog("a", Some("call"))])).unwrap();
    let long_ago = NOW - Millis::from_secs(86_400);
    let deleted = change!(
        store,
        entry(),
        delete_signals(NOW + Millis(3), 100, long_ago)
    );
    assert_eq!(deleted.unwrap(), 3);
    let deleted = change!(store, entry(), delete_signals(NOW, 5, long_ago));
    assert_eq!(deleted.unwrap(), 2, "the oldest of more than five");
    assert_eq!(store.signals_of(&"call".into(), 10).await.unwrap().len(), 5);
    let none = change!(store, entry(), delete_signals(NOW, 5, long_ago));
    assert!(matches!(none, Err(StoreError::Refused)), "{none:?}");
}

async fn registrations_are_forgotten_after_hours(place: Place) {
    let store = place.open().await;
    let registration = SignalMessage {
        kind: SignalKind::Registration,
        ..message("r", 0)
    };
    unrecorded!(store, save_signals(&[registration, message("a", 0)], &[])).unwrap();
    unrecorded!(store, forget_registrations_before(NOW + Millis(1))).unwrap();
    let left = store.signals_since(NOW, 10).await.unwrap();
    let names: Vec<_> = left.iter().map(|one| one.dialog.as_str()).collect();
    assert_eq!(names, ["a"]);
}
