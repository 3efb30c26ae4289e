//! After a restart: the store gets what the last run left in the journal.

use std::time::Duration;

use chrono::Days;
use madoguchi_core::call::{CallRecord, Direction};
use madoguchi_core::id::AgentId;
use madoguchi_core::outbound::{NumberKind, OutboundNumber};
use madoguchi_core::time::{Instant, Millis};
use madoguchi_store::Store;
use madoguchi_store::delivery::DeliveryStatus;
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

/// How long agents have talked to the outside on this day, so that a restart gives no new minutes.
/// Emergency calls do not count.
pub(crate) async fn talked_outside(
    store: &Store,
    now: Instant,
) -> anyhow::Result<Vec<(AgentId, Millis)>> {
    let today = now.date();
    let tomorrow = today.checked_add_days(Days::new(1)).unwrap_or(today);
    let calls = store
        .call_records(Instant::start_of(today), Instant::start_of(tomorrow))
        .await?;
    let counts = |call: &CallRecord| {
        let number = OutboundNumber::parse(call.to.number());
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
