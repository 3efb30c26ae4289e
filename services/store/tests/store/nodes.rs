//! Several nodes on one store: leases, the end of a gone node's calls, and what nodes read of each
//! other.

use madoguchi_core::call::{CallRecord, Direction, Outcome};
use madoguchi_core::event::{AbandonReason, CallEvent, EndCause, EventKind};
use madoguchi_core::figures::{Figures, FiguresSettings};
use madoguchi_core::id::{CallId, NodeName, RunId};
use madoguchi_core::lease::NodeBeat;
use madoguchi_core::live::{AgentPresence, AgentState};
use madoguchi_core::time::Instant;
use madoguchi_store::{Claim, Store};

use crate::place::{Place, on_databases};
use crate::sample::{Call, call};

on_databases!([sqlite_file, sqlite_memory, postgres] [
    a_name_is_refused_while_another_run_has_it,
    a_run_with_the_same_data_takes_the_name_of_the_one_before_at_once,
    a_lease_is_not_given_back_while_a_call_has_no_end,
    a_silent_node_loses_its_name_only_if_it_is_still_silent,
    calls_of_a_gone_node_are_ended_once_over_all_nodes,
    a_node_that_beats_again_keeps_its_calls,
    a_true_end_that_comes_late_replaces_the_one_that_was_set,
    an_earlier_runs_calls_are_ended_and_those_of_this_run_are_not,
    a_start_of_the_desk_leaves_what_an_observer_sees_alone,
    what_an_observer_left_open_is_cut_off_until_its_true_end_is_seen,
    what_was_observed_under_the_name_of_the_desk_is_cut_off_and_counts_once,
    a_caller_whose_invite_came_again_after_a_kill_counts_once,
    who_was_refused_or_answered_counts_beside_the_invite_that_came_again,
    what_others_wrote_is_read_once_in_order_and_without_the_own_calls,
    records_and_position_belong_to_one_moment,
    changes_of_agents_states_are_read_once,
]);

fn node() -> NodeName {
    "n1".into()
}

fn other() -> NodeName {
    "n2".into()
}

fn run(n: u32) -> RunId {
    RunId::new(format!("r{n}"))
}

async fn beat_of(store: &Store, node: &NodeName) -> NodeBeat {
    let beats = store.node_beats().await.unwrap();
    beats.into_iter().find(|beat| beat.node == *node).unwrap()
}

async fn claim(store: &Store, n: u32) -> Claim {
    store.claim_node(&node(), &run(n), &[]).await.unwrap()
}

async fn record(store: &Store, call: &CallId) -> CallRecord {
    let day = store.call_records(Instant(i64::MIN), Instant(i64::MAX));
    let mut records = day.await.unwrap();
    records.retain(|record| record.call == *call);
    records.pop().unwrap()
}

async fn a_name_is_refused_while_another_run_has_it(place: Place) {
    let store = place.open().await;
    assert_eq!(claim(&store, 1).await, Claim::Held);
    assert_eq!(claim(&store, 1).await, Claim::Held, "it has it already");
    let held = beat_of(&store, &node()).await;
    assert_eq!(claim(&store, 2).await, Claim::Taken(held.clone()));
    assert!(!store.beat_node(&node(), &run(2)).await.unwrap());
    store.release_node(&node(), &run(2)).await.unwrap();
    assert_eq!(beat_of(&store, &node()).await, held, "not its own");
    assert!(store.beat_node(&node(), &run(1)).await.unwrap());
    assert!(beat_of(&store, &node()).await.beat > held.beat);
    store.release_node(&node(), &run(1)).await.unwrap();
    assert_eq!(claim(&store, 2).await, Claim::Held);
}

async fn a_run_with_the_same_data_takes_the_name_of_the_one_before_at_once(place: Place) {
    let store = place.open().await;
    claim(&store, 1).await;
    let previous = [run(0), run(1)];
    let claimed = store.claim_node(&node(), &run(2), &previous).await;
    assert_eq!(claimed.unwrap(), Claim::Held);
    assert_eq!(beat_of(&store, &node()).await.run, run(2));
}

async fn a_lease_is_not_given_back_while_a_call_has_no_end(place: Place) {
    let store = place.open().await;
    claim(&store, 1).await;
    let whole = call("c", 0).arrived("1").abandoned();
    store.append(&whole[..2]).await.unwrap();
    store.release_node(&node(), &run(1)).await.unwrap();
    assert!(!beat_of(&store, &node()).await.released);
    store.append(&whole[2..]).await.unwrap();
    store.release_node(&node(), &run(1)).await.unwrap();
    assert!(beat_of(&store, &node()).await.released);
}

async fn a_silent_node_loses_its_name_only_if_it_is_still_silent(place: Place) {
    let store = place.open().await;
    claim(&store, 1).await;
    let seen = beat_of(&store, &node()).await;
    store.beat_node(&node(), &run(1)).await.unwrap();
    assert!(!store.take_silent_node(&seen, &run(2)).await.unwrap());
    let seen = beat_of(&store, &node()).await;
    assert!(store.take_silent_node(&seen, &run(2)).await.unwrap());
    assert!(!store.beat_node(&node(), &run(1)).await.unwrap());
}

async fn calls_of_a_gone_node_are_ended_once_over_all_nodes(place: Place) {
    let store = place.open().await;
    claim(&store, 1).await;
    let waiting = call("waiting", 0).arrived("1").unfinished();
    let talking = call("talking", 0)
        .arrived("2")
        .answered_by("sato")
        .unfinished();
    let theirs = call("theirs", 0).at_node("n2").arrived("3").unfinished();
    for events in [&waiting, &talking, &theirs] {
        store.append(events).await.unwrap();
    }
    let gone = beat_of(&store, &node()).await;
    let (second, third) = (other(), "n3".into());
    let ended = tokio::join!(
        store.end_calls_of_gone_node(&gone, &second),
        store.end_calls_of_gone_node(&gone, &third),
    );
    let mut ended = [ended.0.unwrap(), ended.1.unwrap()];
    ended.sort();
    assert_eq!(ended, [None, Some(2)]);
    let waiting = record(&store, &"waiting".into()).await;
    let fault = AbandonReason::SystemError;
    assert_eq!(waiting.outcome(), Outcome::Abandoned(fault));
    assert_eq!(waiting.ended_at, Some(waiting.last_at));
    let talked = record(&store, &"talking".into()).await;
    assert_eq!(talked.cause, Some(EndCause::SystemError));
    assert_eq!(talked.talk_ended_at, talking.last().map(|event| event.at));
    assert_eq!(record(&store, &"theirs".into()).await.ended_at, None);
}

async fn a_node_that_beats_again_keeps_its_calls(place: Place) {
    let store = place.open().await;
    claim(&store, 1).await;
    let events = call("c", 0).arrived("1").unfinished();
    store.append(&events).await.unwrap();
    let seen = beat_of(&store, &node()).await;
    store.beat_node(&node(), &run(1)).await.unwrap();
    let ended = store.end_calls_of_gone_node(&seen, &other()).await;
    assert_eq!(ended.unwrap(), None);
    assert_eq!(record(&store, &"c".into()).await.ended_at, None);
}

async fn a_true_end_that_comes_late_replaces_the_one_that_was_set(place: Place) {
    let store = place.open().await;
    claim(&store, 1).await;
    let whole = call("c", 0).arrived("1").answered_by("sato").ended();
    store.append(&whole[..3]).await.unwrap();
    let gone = beat_of(&store, &node()).await;
    let ended = store.end_calls_of_gone_node(&gone, &other()).await;
    assert_eq!(ended.unwrap(), Some(1));
    assert!(record(&store, &"c".into()).await.ended_by_fault());
    // The node is back with what its journal holds.
    for event in &whole[3..] {
        let appended = store.append(std::slice::from_ref(event)).await.unwrap();
        assert_eq!((appended.new, appended.conflicting), (1, 0));
    }
    let told = record(&store, &"c".into()).await;
    assert_eq!(Some(told), CallRecord::fold(&whole));
    store.rebuild_calls().await.unwrap();
    let told = record(&store, &"c".into()).await;
    assert_eq!(Some(told), CallRecord::fold(&whole));
}

async fn an_earlier_runs_calls_are_ended_and_those_of_this_run_are_not(place: Place) {
    let store = place.open().await;
    let name = |n| CallId::of_run(Instant(0), &run(n), "x");
    for n in [1, 2] {
        let events = call(name(n).as_str(), 0).arrived("1").unfinished();
        store.append(&events).await.unwrap();
    }
    let ended = store.end_calls_of_earlier_runs(&node(), &run(2)).await;
    assert_eq!(ended.unwrap(), 1);
    let events = store.events_of(&name(1)).await.unwrap();
    let last = events.last().unwrap();
    assert_eq!(last.seq, 3, "no gap: nothing can come late");
    assert!(matches!(last.kind, EventKind::Abandoned { .. }));
    assert_eq!(record(&store, &name(2)).await.ended_at, None);
    let again = store.end_calls_of_earlier_runs(&node(), &run(2)).await;
    assert_eq!(again.unwrap(), 0);
}

/// A call that an observer of this name sees.
fn observed(by: &str) -> Call {
    let name = CallId::of_observed("tag", "caller@carrier");
    call(name.as_str(), 0).at_node(by).arrived("1")
}

const OBSERVER: &str = "n1/observe";

async fn a_start_of_the_desk_leaves_what_an_observer_sees_alone(place: Place) {
    let store = place.open().await;
    let whole = observed(OBSERVER).answered_by("sato").ended();
    store.append(&whole[..3]).await.unwrap();
    let ended = store.end_calls_of_earlier_runs(&node(), &run(2)).await;
    assert_eq!(ended.unwrap(), 0);
    let open = record(&store, &whole[0].call).await;
    assert_eq!(open.outcome(), Outcome::Waiting);
    store.append(&whole[3..]).await.unwrap();
    let told = record(&store, &whole[0].call).await;
    assert_eq!(Some(told), CallRecord::fold(&whole));
}

async fn what_an_observer_left_open_is_cut_off_until_its_true_end_is_seen(place: Place) {
    let store = place.open().await;
    let whole = observed(OBSERVER).answered_by("sato").ended();
    store.append(&whole[..3]).await.unwrap();
    let own = call("own", 0).arrived("2").unfinished();
    store.append(&own).await.unwrap();
    for ended in [1, 0] {
        let cut_off = store.cut_off_calls_of(&OBSERVER.into()).await;
        assert_eq!(cut_off.unwrap(), ended);
    }
    let left = record(&store, &whole[0].call).await;
    assert!(left.ended_by_fault());
    assert_eq!(left.ended_at, Some(whole[2].at));
    assert_eq!(record(&store, &"own".into()).await.ended_at, None);
    store.append(&whole).await.unwrap();
    let told = record(&store, &whole[0].call).await;
    assert_eq!(Some(told), CallRecord::fold(&whole));
}

async fn what_was_observed_under_the_name_of_the_desk_is_cut_off_and_counts_once(place: Place) {
    let store = place.open().await;
    let before = observed("n1").answered_by("sato").ended();
    store.append(&before[..3]).await.unwrap();
    let ended = store.end_calls_of_earlier_runs(&node(), &run(2)).await;
    assert_eq!(ended.unwrap(), 1);
    // The same capture is read again, under the observer's own name.
    let again = observed(OBSERVER).answered_by("sato").ended();
    let appended = store.append(&again).await.unwrap();
    assert_eq!(
        (appended.new, appended.conflicting),
        (again.len() - 3, 0),
        "what was stored is the same, whoever saw it"
    );
    let told = record(&store, &again[0].call).await;
    assert_eq!(Some(told), CallRecord::fold(&again));
    assert_eq!(counted(&store).await, (1, 1, 0));
}

/// A call of this run that this INVITE began.
fn invited(n: u32, at: i64, invite: &str) -> Call {
    let name = CallId::of_invite(Instant(at), &run(n), "x", invite);
    call(name.as_str(), at)
}

/// How many calls the figures have: 着信, 応答 and 放棄.
async fn counted(store: &Store) -> (u64, u64, u64) {
    let calls = store.call_records(Instant(i64::MIN), Instant(i64::MAX));
    let mut figures = Figures::default();
    for call in calls.await.unwrap() {
        figures.add(&call, FiguresSettings::default());
    }
    (figures.offered, figures.answered, figures.abandoned())
}

async fn a_caller_whose_invite_came_again_after_a_kill_counts_once(place: Place) {
    let store = place.open().await;
    claim(&store, 1).await;
    // Three times the program ends before the caller is answered; the ends of those calls are set
    // before the INVITE comes again, after it, and by another node.
    store
        .append(&invited(1, 0, "i").arrived("1").unfinished())
        .await
        .unwrap();
    let node = node();
    store
        .end_calls_of_earlier_runs(&node, &run(2))
        .await
        .unwrap();
    assert_eq!(counted(&store).await, (1, 0, 1));
    store
        .append(&invited(2, 4_000, "i").arrived("1").unfinished())
        .await
        .unwrap();
    assert_eq!(counted(&store).await, (1, 0, 0), "the second one waits");
    let third = invited(3, 9_000, "i").arrived("1").unfinished();
    store.append(&third).await.unwrap();
    store
        .end_calls_of_earlier_runs(&node, &run(3))
        .await
        .unwrap();
    let whole = invited(4, 20_000, "i").at_node("n2").arrived("1");
    store
        .append(&whole.answered_by("sato").ended())
        .await
        .unwrap();
    let gone = beat_of(&store, &node).await;
    store.end_calls_of_gone_node(&gone, &other()).await.unwrap();
    assert_eq!(counted(&store).await, (1, 1, 0));
    let set_aside = record(&store, &third[0].call).await;
    assert_eq!(set_aside.direction, Direction::Superseded);
    store.rebuild_calls().await.unwrap();
    assert_eq!(counted(&store).await, (1, 1, 0));
    assert_eq!(record(&store, &third[0].call).await, set_aside);
}

async fn who_was_refused_or_answered_counts_beside_the_invite_that_came_again(place: Place) {
    let store = place.open().await;
    claim(&store, 1).await;
    let reason = AbandonReason::SystemError;
    let arrival = |invite, at| invited(1, at, invite).arrived("1");
    let refused = invited(1, 0, "refused")
        .then(arrival("refused", 0).unfinished()[0].kind.clone())
        .then(EventKind::Abandoned { reason })
        .unfinished();
    let hung_up = arrival("hung up", 0).abandoned();
    let answered = arrival("answered", 0).answered_by("sato").unfinished();
    let late = arrival("late", 0).unfinished();
    for first in [refused, hung_up, answered, late] {
        store.append(&first).await.unwrap();
    }
    store
        .end_calls_of_earlier_runs(&node(), &run(2))
        .await
        .unwrap();
    for (invite, at) in [
        ("refused", 5_000),
        ("hung up", 5_000),
        ("answered", 5_000),
        ("late", 70_000),
    ] {
        let again = invited(2, at, invite).arrived("1").unfinished();
        store.append(&again).await.unwrap();
    }
    assert_eq!(counted(&store).await, (8, 1, 3));
}

/// Everything after a position, in small pieces.
async fn read_on(store: &Store, mut position: i64, own: &RunId) -> (Vec<CallEvent>, i64) {
    let mut all = Vec::new();
    loop {
        let feed = store.events_after(position, own, 3).await.unwrap();
        all.extend(feed.events);
        position = feed.position;
        if !feed.more {
            return (all, position);
        }
    }
}

async fn what_others_wrote_is_read_once_in_order_and_without_the_own_calls(place: Place) {
    let store = place.open().await;
    let own = run(1);
    assert_eq!(read_on(&store, 0, &own).await, (vec![], 0));
    let mine = CallId::of_run(Instant(0), &own, "m");
    let mine = call(mine.as_str(), 0).arrived("1").ended();
    let theirs = call("z", 0)
        .at_node("n2")
        .arrived("2")
        .answered_by("a")
        .ended();
    store.append(&mine).await.unwrap();
    store.append(&theirs[..5]).await.unwrap();
    let (first, position) = read_on(&store, 0, &own).await;
    assert_eq!(first, theirs[..5]);
    // Delivered twice, it is read once.
    store.append(&theirs).await.unwrap();
    let (second, position) = read_on(&store, position, &own).await;
    assert_eq!(second, theirs[5..]);
    store.append(&theirs).await.unwrap();
    assert_eq!(read_on(&store, position, &own).await.0, []);
}

async fn records_and_position_belong_to_one_moment(place: Place) {
    let store = place.open().await;
    let begun = call("a", 0).arrived("1").unfinished();
    store.append(&begun).await.unwrap();
    let read = store.call_records_at_position(Instant(0), Instant(1_000));
    let (records, position) = read.await.unwrap();
    assert_eq!(records, [CallRecord::fold(&begun).unwrap()]);
    let next = call("b", 0).arrived("2").unfinished();
    store.append(&next).await.unwrap();
    assert_eq!(read_on(&store, position, &run(1)).await.0, next);
}

async fn changes_of_agents_states_are_read_once(place: Place) {
    let store = place.open().await;
    let (none, change) = store.agent_states_after(-1).await.unwrap();
    assert_eq!(none, []);
    let presence = |agent: &str, version| AgentPresence {
        agent: agent.into(),
        state: AgentState::Ready,
        since: Instant(1),
        version,
        node: node(),
    };
    let both = [presence("a", 1), presence("b", 1)];
    store.save_agent_states(&both).await.unwrap();
    let (read, change) = store.agent_states_after(change).await.unwrap();
    assert_eq!(read, both);
    let again = [presence("a", 1), presence("b", 2)];
    store.save_agent_states(&again).await.unwrap();
    let (read, change) = store.agent_states_after(change).await.unwrap();
    assert_eq!(read, [presence("b", 2)]);
    assert_eq!(store.agent_states_after(change).await.unwrap().0, []);
}
