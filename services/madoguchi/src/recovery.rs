//! After a crash: every call that was cut off gets its end, and the running day its figures.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::Days;
use madoguchi_core::call::{CallRecord, Direction};
use madoguchi_core::event::CallEvent;
use madoguchi_core::figures::FiguresSettings;
use madoguchi_core::id::{AgentId, CallId, NodeName};
use madoguchi_core::outbound::{NumberKind, OutboundNumber};
use madoguchi_core::time::{Instant, Millis};
use madoguchi_core::today::LiveFigures;
use madoguchi_endpoint::shell::JournalBatch;
use madoguchi_store::delivery::DeliveryStatus;
use madoguchi_store::journal::Journal;
use madoguchi_store::{Store, StoreError};
use tokio::sync::{mpsc, watch};

use crate::live::LiveDesk;

/// A store that fails while what was before is read is asked again so much later.
const AGAIN: Duration = Duration::from_secs(2);
/// The number of a batch for which nothing waits: those that do count from 1.
const ALREADY_CONFIRMED: u64 = 0;
/// How long a start waits for the store to take what the last run left in the journal. Callers wait
/// as long; what takes longer is done while the desk works.
const PATIENCE: Duration = Duration::from_secs(10);

/// Waits until the store has everything that the journal held at the start; tells whether it has.
pub(crate) async fn delivered(mut status: watch::Receiver<DeliveryStatus>) -> bool {
    let settled = status.wait_for(|status| status.backlog == 0 || !status.database_up);
    let settled = tokio::time::timeout(PATIENCE, settled).await;
    settled.is_ok_and(|status| status.is_ok_and(|status| status.backlog == 0))
}

/// Ends the calls of this node that have no end: at the last instant the log knows of them
/// (docs/metrics.md). Gives the ends; they are in the journal.
pub(crate) async fn end_cut_off_calls(
    store: &Store,
    journal: &mut Journal,
    node: &NodeName,
) -> anyhow::Result<Vec<CallEvent>> {
    let ends = missing_ends(store, node, |_| false).await?;
    if !ends.is_empty() {
        journal.append(&ends)?;
    }
    Ok(ends)
}

/// The ends of the calls of this node that have none, but for those that are of `this_run`.
async fn missing_ends(
    store: &Store,
    node: &NodeName,
    this_run: impl Fn(&CallId) -> bool,
) -> Result<Vec<CallEvent>, StoreError> {
    let mut ends = Vec::new();
    for events in store.unfinished_calls(node).await? {
        let Some(record) = CallRecord::fold(&events) else {
            continue;
        };
        let Some(kind) = record.recovery_event() else {
            continue;
        };
        if this_run(&record.call) {
            continue;
        }
        ends.push(CallEvent {
            call: record.call,
            seq: record.last_seq + 1,
            at: record.last_at,
            node: node.clone(),
            line: record.line,
            kind,
        });
    }
    if !ends.is_empty() {
        tracing::warn!(
            calls = ends.len(),
            "calls were cut off by the end of the last run"
        );
    }
    Ok(ends)
}

/// The figures of the running day, from the store and the ends just written.
pub(crate) async fn todays_figures(
    store: &Store,
    settings: FiguresSettings,
    ends: &[CallEvent],
    now: Instant,
) -> anyhow::Result<LiveFigures> {
    let mut figures = LiveFigures::new(settings, now);
    for call in todays_calls(store, ends, now).await? {
        figures.restore(call);
    }
    Ok(figures)
}

/// The calls of the day in the store, with the ends just written.
async fn todays_calls(
    store: &Store,
    ends: &[CallEvent],
    now: Instant,
) -> Result<Vec<CallRecord>, StoreError> {
    let today = now.date();
    let tomorrow = today.checked_add_days(Days::new(1)).unwrap_or(today);
    let mut calls = store
        .call_records(Instant::start_of(today), Instant::start_of(tomorrow))
        .await?;
    let ends: HashMap<_, _> = ends.iter().map(|end| (&end.call, end)).collect();
    for call in &mut calls {
        if let Some(end) = ends.get(&call.call) {
            call.apply(end);
        }
    }
    Ok(calls)
}

/// After a start without the store: does the same when it has come and has taken what the earlier
/// runs left in the journal. `left` is how many events these were.
pub(crate) async fn catch_up(
    store: Store,
    mut status: watch::Receiver<DeliveryStatus>,
    left: u64,
    live: Arc<LiveDesk>,
    journal: mpsc::UnboundedSender<JournalBatch>,
    node: NodeName,
) {
    let mut health = store.health();
    if health.wait_for(|health| health.joined).await.is_err() {
        return;
    }
    let taken = status.wait_for(|status| status.delivered >= left);
    if taken.await.is_err() {
        return;
    }
    loop {
        let now = live.clock.now();
        let found = async {
            let ends = missing_ends(&store, &node, |call| live.began(call)).await?;
            let calls = todays_calls(&store, &ends, now).await?;
            Ok::<_, StoreError>((ends, calls))
        };
        match found.await {
            Ok((ends, calls)) => {
                live.take_up_the_past(calls);
                if !ends.is_empty() {
                    // It only fails while the program stops; the next start finds them again.
                    let _stopping = journal.send(JournalBatch {
                        events: ends,
                        batch: ALREADY_CONFIRMED,
                    });
                }
                tracing::info!("the database was joined; the figures of the day are whole");
                return;
            }
            Err(error) => {
                tracing::warn!(%error, "what was before the start cannot be read yet");
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}

/// How long agents have talked to the outside on this day, so that a restart gives no new minutes.
/// Emergency calls do not count.
pub(crate) async fn talked_outside(
    store: &Store,
    now: Instant,
) -> anyhow::Result<Vec<(AgentId, Millis)>> {
    let calls = todays_calls(store, &[], now).await?;
    let counts = |call: &CallRecord| {
        let number = OutboundNumber::parse(&call.to);
        let emergency = number.is_some_and(|number| number.kind() == NumberKind::Emergency);
        call.direction == Direction::Outbound && !emergency
    };
    let talked = |call: CallRecord| Some((call.agent()?.clone(), call.talk()?));
    Ok(calls
        .into_iter()
        .filter(counts)
        .filter_map(talked)
        .collect())
}
