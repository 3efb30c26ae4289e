//! Arrivals that were taken twice: the program ended between the disk and the answer to the caller,
//! and the INVITE that came again began another call, here or at another node. The caller counts
//! once.

use std::collections::BTreeSet;

use madoguchi_core::call::{CallRecord, Direction};
use madoguchi_core::event::{CallEvent, EventKind, SUPERSEDED_SEQ};
use madoguchi_core::id::CallId;
use madoguchi_core::time::Millis;
use sqlx::{AnyConnection, Row};

use crate::error::StoreError;
use crate::event_rows;
use crate::sql::{ROWS_IN_A_STATEMENT, Sql};

/// An INVITE without an answer is repeated for 32 s (RFC 3261 17.1.1.2, Timer B); a proxy may then
/// try another node.
const REPEATED_WITHIN: Millis = Millis::from_secs(64);

/// Looks at the INVITEs of these calls; an arrival that was cut off unanswered, and whose INVITE
/// began a later call, is superseded by that one.
pub(crate) async fn supersede(
    connection: &mut AnyConnection,
    calls: &[&CallId],
) -> Result<(), StoreError> {
    let invites: BTreeSet<&str> = calls.iter().filter_map(|call| call.invite()).collect();
    let invites: Vec<&str> = invites.into_iter().collect();
    for invites in invites.chunks(ROWS_IN_A_STATEMENT) {
        let repeated = calls_of_repeated(connection, invites).await?;
        if repeated.is_empty() {
            continue;
        }
        let history = event_rows::load(connection, &repeated.iter().collect::<Vec<_>>()).await?;
        let superseded = superseded(&history);
        event_rows::insert(connection, &superseded).await?;
        let touched: Vec<&CallId> = superseded.iter().map(|event| &event.call).collect();
        if !touched.is_empty() {
            let history = event_rows::load(connection, &touched).await?;
            super::refresh(connection, &history).await?;
        }
    }
    Ok(())
}

/// The calls of those INVITEs that began several.
async fn calls_of_repeated(
    connection: &mut AnyConnection,
    invites: &[&str],
) -> Result<Vec<CallId>, StoreError> {
    let mut sql = Sql::new(
        "SELECT call_id FROM calls WHERE invite IN \
         (SELECT invite FROM calls WHERE invite IN (",
    );
    sql.bind_all(invites.iter().copied())
        .push(") GROUP BY invite HAVING COUNT(*) > 1) ORDER BY arrived_at, call_id LIMIT ")
        .bind(ROWS_IN_A_STATEMENT as i64);
    let rows = sql.fetch_all(connection).await?;
    rows.iter()
        .map(|row| Ok(row.try_get::<&str, _>("call_id")?.into()))
        .collect()
}

/// The events that set arrivals aside, for whole histories of calls.
fn superseded(history: &[CallEvent]) -> Vec<CallEvent> {
    let histories = history.chunk_by(|one, next| one.call == next.call);
    let calls: Vec<(&[CallEvent], CallRecord)> = histories
        .filter_map(|events| Some((events, CallRecord::fold(events)?)))
        .collect();
    let event = |(events, call): &(&[CallEvent], CallRecord)| {
        if !is_cut_off_unheard(events, call) {
            return None;
        }
        let follows = |(_, other): &&(&[CallEvent], CallRecord)| {
            let after = other.arrived_at - call.arrived_at;
            other.call.invite() == call.call.invite()
                && other.call > call.call
                && after <= REPEATED_WITHIN
        };
        let (by_events, by) = calls
            .iter()
            .filter(follows)
            .max_by_key(|(_, by)| &by.call)?;
        Some(CallEvent {
            call: call.call.clone(),
            seq: SUPERSEDED_SEQ,
            at: call.last_at,
            node: by_events.first()?.node.clone(),
            line: call.line.clone(),
            kind: EventKind::Superseded {
                by: by.call.clone(),
            },
        })
    };
    calls.iter().filter_map(event).collect()
}

/// Its caller may have heard nothing. One that was refused for want of means heard so, and counts.
fn is_cut_off_unheard(events: &[CallEvent], call: &CallRecord) -> bool {
    call.direction != Direction::Superseded
        && call.ended_by_fault()
        && call.answered_at.is_none()
        && events.iter().any(|event| event.kind == EventKind::Accepted)
}
