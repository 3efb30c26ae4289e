//! After a restart: the store gets what the last run left in the journal.

use std::time::Duration;

use chrono::Days;
use madoguchi_core::call::{CallRecord, Direction};
use madoguchi_core::id::{AgentId, RunId};
use madoguchi_core::outbound::{NumberKind, OutboundNumber};
use madoguchi_core::time::{Instant, Millis};
use madoguchi_store::delivery::DeliveryStatus;
use madoguchi_store::{Store, StoreError};
use tokio::sync::watch;

/// How long a start waits for that. Callers wait as long; what takes longer is done while the desk
/// works.
const PATIENCE: Duration = Duration::from_secs(10);

/// Waits until the store has everything that the journal held at the start; tells whether it has.
pub(crate) async fn delivered(mut status: watch::Receiver<DeliveryStatus>) -> bool {
    let settled = status.wait_for(|status| status.backlog == 0 || !status.database_up);
    let settled = tokio::time::timeout(PATIENCE, settled).await;
    settled.is_ok_and(|status| status.is_ok_and(|status| status.backlog == 0))
}

/// How long agents have talked to the outside on this day but in this run, so that a restart gives
/// no new minutes. Emergency calls do not count.
pub(crate) async fn talked_outside(
    store: &Store,
    run: &RunId,
    now: Instant,
) -> Result<Vec<(AgentId, Millis)>, StoreError> {
    let today = now.date();
    let tomorrow = today.checked_add_days(Days::new(1)).unwrap_or(today);
    let calls = store
        .call_records(Instant::start_of(today), Instant::start_of(tomorrow))
        .await?;
    let counts = |call: &CallRecord| {
        let number = OutboundNumber::parse(call.to.number());
        let emergency = number.is_some_and(|number| number.kind() == NumberKind::Emergency);
        call.direction == Direction::Outbound && !emergency && !call.call.is_of(run)
    };
    let talked = |call: CallRecord| Some((call.agent()?.clone(), call.talk()?));
    Ok(calls
        .into_iter()
        .filter(counts)
        .filter_map(talked)
        .collect())
}

#[cfg(test)]
mod tests {
    use madoguchi_core::event::{CallEvent, EndCause, EventKind};
    use madoguchi_core::id::CallId;

    use super::*;

    /// An agent talks to the outside for so long.
    fn talk(run: &RunId, at: Instant, to: &str, length: Millis) -> Vec<CallEvent> {
        let call = CallId::of_run(at, run, to);
        let agent = AgentId::new("a");
        let dialled = EventKind::Dialled {
            agent: agent.clone(),
            from: "5000".to_owned(),
            to: to.to_owned(),
            outside: true,
        };
        let cause = EndCause::Agent;
        let kinds = [
            (at, dialled),
            (at, EventKind::Answered { agent: Some(agent) }),
            (at + length, EventKind::Ended { cause }),
        ];
        let event = |(seq, (at, kind))| CallEvent {
            call: call.clone(),
            seq,
            at,
            node: "node".into(),
            line: "desk".into(),
            kind,
        };
        (0..).zip(kinds).map(event).collect()
    }

    #[tokio::test]
    async fn minutes_of_this_run_are_not_taken_up_as_those_of_earlier_ones() {
        let store = Store::open("sqlite::memory:").await.unwrap();
        let (earlier, this) = (RunId::new("1"), RunId::new("2"));
        let now = Instant::from_tokyo("2026-11-24T12:00:00".parse().unwrap());
        let minutes = |count: i64| Millis::from_secs(count * 60);
        for events in [
            talk(&earlier, now - minutes(60), "0312345678", minutes(7)),
            talk(&earlier, now - minutes(50), "110", minutes(9)),
            talk(&earlier, now - minutes(24 * 60), "0312345678", minutes(5)),
            talk(&this, now - minutes(10), "0312345679", minutes(3)),
        ] {
            store.append(&events).await.unwrap();
        }
        let talked = talked_outside(&store, &this, now).await.unwrap();
        assert_eq!(talked, [(AgentId::new("a"), minutes(7))]);
    }
}
