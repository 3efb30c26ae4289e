//! After a restart: the store gets what the last run left in the journal.

use std::time::Duration;

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
