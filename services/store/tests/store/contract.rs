//! The log and the agents' states, on every database.

use madoguchi_core::event::{AbandonReason, CallEvent, EventKind};
use madoguchi_core::live::{AgentPresence, AgentState};
use madoguchi_core::time::Instant;
use madoguchi_store::{Appended, CallFilter};

use crate::place::{Place, on_databases};
use crate::sample::call;

on_databases!([sqlite_file, sqlite_memory, postgres] [
    appending_twice_changes_nothing,
    duplicates_within_a_batch_count_once,
    order_of_delivery_does_not_matter,
    another_event_with_the_same_number_is_kept_out_and_told,
    appenders_at_the_same_time_lose_nothing,
    foreign_and_rare_characters_survive,
    a_large_batch_is_taken_whole,
    agent_states_are_kept_and_replaced,
]);

fn appended(new: usize) -> Appended {
    Appended {
        new,
        conflicting: 0,
    }
}

async fn appending_twice_changes_nothing(place: Place) {
    let store = place.open().await;
    let events = call("a", 0)
        .arrived("0312345678")
        .answered_by("suzuki")
        .ended();
    assert_eq!(store.append(&[]).await.unwrap(), appended(0));
    assert_eq!(store.append(&events).await.unwrap(), appended(events.len()));
    assert_eq!(store.append(&events).await.unwrap(), appended(0));
    assert_eq!(store.events_of(&"a".into()).await.unwrap(), events);
    assert_eq!(store.events_of(&"b".into()).await.unwrap(), []);
}

async fn duplicates_within_a_batch_count_once(place: Place) {
    let store = place.open().await;
    let events = call("a", 0).arrived("1").abandoned();
    let twice: Vec<CallEvent> = events.iter().chain(&events).cloned().collect();
    assert_eq!(store.append(&twice).await.unwrap(), appended(events.len()));
    assert_eq!(store.events_of(&"a".into()).await.unwrap(), events);
}

async fn order_of_delivery_does_not_matter(place: Place) {
    let store = place.open().await;
    let events = call("a", 0).arrived("1").answered_by("suzuki").ended();
    for event in events.iter().rev() {
        assert_eq!(
            store.append(std::slice::from_ref(event)).await.unwrap(),
            appended(1)
        );
    }
    assert_eq!(store.events_of(&"a".into()).await.unwrap(), events);
}

async fn another_event_with_the_same_number_is_kept_out_and_told(place: Place) {
    let store = place.open().await;
    let events = call("a", 0).arrived("1").abandoned();
    store.append(&events).await.unwrap();
    let mut other = events.last().unwrap().clone();
    other.kind = EventKind::Abandoned {
        reason: AbandonReason::SystemError,
    };
    let outcome = store.append(&[other]).await.unwrap();
    assert_eq!(
        outcome,
        Appended {
            new: 0,
            conflicting: 1
        }
    );
    assert_eq!(store.events_of(&"a".into()).await.unwrap(), events);
}

async fn appenders_at_the_same_time_lose_nothing(place: Place) {
    let store = place.open().await;
    let calls: Vec<Vec<CallEvent>> = (0..8)
        .map(|n| {
            call(&format!("c{n}"), 0)
                .arrived("1")
                .answered_by("a")
                .ended()
        })
        .collect();
    // Every appender brings one event of each call, all at once.
    let appending: Vec<_> = (0..calls[0].len())
        .map(|seq| {
            let part: Vec<CallEvent> = calls.iter().map(|events| events[seq].clone()).collect();
            let store = store.clone();
            tokio::spawn(async move { store.append(&part).await })
        })
        .collect();
    for part in appending {
        assert_eq!(part.await.unwrap().unwrap(), appended(calls.len()));
    }
    for events in &calls {
        assert_eq!(&store.events_of(&events[0].call).await.unwrap(), events);
    }
    // None has missed what the others brought.
    let records = store.call_records(Instant(0), Instant(1)).await.unwrap();
    assert_eq!(records.len(), calls.len());
    assert!(
        records
            .iter()
            .all(|record| record.ended_at.is_some() && record.parts.len() == 1)
    );
}

async fn foreign_and_rare_characters_survive(place: Place) {
    let store = place.open().await;
    let from = "\"﨑髙①〜\" <+81３＃*;'--%_\\>\0\u{1F4DE}";
    let events = call("通話 'x'; --", 0)
        .on_line("ＭＡＣＳ・給与")
        .at_node("節1")
        .arrived(from)
        .abandoned();
    store.append(&events).await.unwrap();
    assert_eq!(store.events_of(&events[0].call).await.unwrap(), events);

    // PostgreSQL cannot hold U+0000 in a name; it must not stop the delivery.
    let odd = call("a\0b", 0)
        .on_line("l\0")
        .at_node("n\0")
        .arrived("1")
        .abandoned();
    assert_eq!(store.append(&odd).await.unwrap(), appended(odd.len()));
    assert_eq!(store.append(&odd).await.unwrap(), appended(0));
    let stored = store.events_of(&"a\0b".into()).await.unwrap();
    assert_eq!(stored.len(), odd.len());
    assert_eq!(stored[0].line.as_str(), "l\u{2400}");
    let filter = CallFilter {
        line: Some("l\0".into()),
        ..CallFilter::default()
    };
    assert_eq!(store.list_calls(&filter).await.unwrap().total, 1);
}

async fn a_large_batch_is_taken_whole(place: Place) {
    let store = place.open().await;
    let events: Vec<CallEvent> = (0..700)
        .flat_map(|n| {
            call(&format!("c{n}"), n * 10)
                .arrived("1")
                .answered_by("a")
                .ended()
        })
        .collect();
    assert_eq!(store.append(&events).await.unwrap(), appended(events.len()));
    assert_eq!(store.append(&events).await.unwrap(), appended(0));
}

async fn agent_states_are_kept_and_replaced(place: Place) {
    let store = place.open().await;
    assert_eq!(store.agent_states().await.unwrap(), []);
    let lunch = AgentPresence {
        agent: "佐藤".into(),
        state: AgentState::Away {
            reason: "昼休み".into(),
        },
        since: Instant(1_700_000_000_000),
        version: 1,
        node: "n1".into(),
    };
    let abe = AgentPresence {
        agent: "abe".into(),
        state: AgentState::LoggedOut,
        ..lunch.clone()
    };
    let both = [lunch.clone(), abe.clone()];
    store.save_agent_states(&both).await.unwrap();
    let ready = AgentPresence {
        state: AgentState::Ready,
        since: Instant(5),
        version: 2,
        ..lunch.clone()
    };
    // Each may come again, and late.
    let again = [ready.clone(), lunch.clone()];
    store.save_agent_states(&again).await.unwrap();
    store
        .save_agent_states(std::slice::from_ref(&lunch))
        .await
        .unwrap();
    let kept = [abe.clone(), ready.clone()];
    assert_eq!(store.agent_states().await.unwrap(), kept);
    // The same that began anew after a call, and one of the same version from another node.
    let anew = AgentPresence {
        since: Instant(6),
        ..ready.clone()
    };
    store
        .save_agent_states(std::slice::from_ref(&anew))
        .await
        .unwrap();
    store
        .save_agent_states(std::slice::from_ref(&ready))
        .await
        .unwrap();
    let elsewhere = AgentPresence {
        node: "n2".into(),
        state: AgentState::LoggedOut,
        since: Instant(0),
        ..ready.clone()
    };
    assert_eq!(store.agent_states().await.unwrap(), [abe.clone(), anew]);
    store
        .save_agent_states(std::slice::from_ref(&elsewhere))
        .await
        .unwrap();
    assert_eq!(store.agent_states().await.unwrap(), [abe, elsewhere]);
}
