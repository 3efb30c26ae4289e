//! 登録済, 対象外, 未登録: what has become of answered calls.

use std::collections::BTreeMap;

use madoguchi_core::contact::{NoTicket, NoTicketReason};
use madoguchi_core::id::{CallId, UserId};
use madoguchi_core::time::Instant;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::sql::storable;
use crate::store::Store;
use crate::tx::UnrecordedTx;

/// 対象外, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptNoTicket {
    /// Which call and why.
    pub no_ticket: NoTicket,
    /// When it was said.
    pub at: Instant,
    /// By whom.
    pub by: UserId,
}

impl UnrecordedTx {
    /// Says that an answered call has no ticket, in place of what was said before. Whether it has one is
    /// for who asks to find out first ([`NoTicket::check`]); a ticket that comes counts before it.
    ///
    /// # Errors
    /// [`StoreError::Database`]; then the unit cannot be committed.
    pub async fn set_no_ticket(&mut self, kept: &KeptNoTicket) -> Result<(), StoreError> {
        let set = sqlx::query(
            "INSERT INTO calls_without_ticket (call_id, reason, note, at, by_user) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (call_id) DO UPDATE SET \
             reason = excluded.reason, note = excluded.note, at = excluded.at, \
             by_user = excluded.by_user",
        )
        .bind(storable(kept.no_ticket.call.as_str()))
        .bind(kept.no_ticket.reason.as_str())
        .bind(storable(&kept.no_ticket.note))
        .bind(kept.at.0)
        .bind(storable(kept.by.as_str()))
        .execute(self.connection())
        .await;
        self.checked(set.map(|_| ()).map_err(StoreError::from))
    }

    /// Takes back that a call has no ticket; tells whether it had been said.
    ///
    /// # Errors
    /// [`StoreError::Database`]; then the unit cannot be committed.
    pub async fn clear_no_ticket(&mut self, call: &CallId) -> Result<bool, StoreError> {
        let cleared = sqlx::query("DELETE FROM calls_without_ticket WHERE call_id = $1")
            .bind(storable(call.as_str()))
            .execute(self.connection())
            .await;
        let cleared = self.checked(cleared.map_err(StoreError::from))?;
        Ok(cleared.rows_affected() > 0)
    }
}

impl Store {
    /// Why a call has no ticket, if somebody said so.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::UnknownName`].
    pub async fn lookup_no_ticket(
        &self,
        call: &CallId,
    ) -> Result<Option<KeptNoTicket>, StoreError> {
        let row = sqlx::query(
            "SELECT call_id, reason, note, at, by_user FROM calls_without_ticket WHERE call_id = $1",
        )
        .bind(storable(call.as_str()))
        .fetch_optional(self.read()?)
        .await?;
        row.as_ref().map(read).transpose()
    }

    /// The calls without ticket that arrived from `from` on and before `until`, with their reasons.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::UnknownName`].
    pub async fn no_ticket_reasons(
        &self,
        from: Instant,
        until: Instant,
    ) -> Result<BTreeMap<CallId, NoTicketReason>, StoreError> {
        let rows = sqlx::query(
            "SELECT kept.call_id, kept.reason, kept.note, kept.at, kept.by_user \
             FROM calls_without_ticket kept JOIN calls ON calls.call_id = kept.call_id \
             WHERE calls.arrived_at >= $1 AND calls.arrived_at < $2",
        )
        .bind(from.0)
        .bind(until.0)
        .fetch_all(self.read()?)
        .await?;
        let kept = rows.iter().map(read);
        kept.map(|kept| {
            let kept = kept?.no_ticket;
            Ok((kept.call, kept.reason))
        })
        .collect()
    }
}

fn read(row: &AnyRow) -> Result<KeptNoTicket, StoreError> {
    let reason: &str = row.try_get("reason")?;
    let unknown = || StoreError::UnknownName {
        what: "reason of a call without ticket",
        name: reason.to_owned(),
    };
    Ok(KeptNoTicket {
        no_ticket: NoTicket {
            call: CallId::new(row.try_get::<&str, _>("call_id")?),
            reason: NoTicketReason::lookup(reason).ok_or_else(unknown)?,
            note: row.try_get("note")?,
        },
        at: Instant(row.try_get("at")?),
        by: UserId::new(row.try_get::<&str, _>("by_user")?),
    })
}
