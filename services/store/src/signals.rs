//! 信号の記録: messages of calls, and what became of their dialogs.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use madoguchi_core::id::CallId;
use madoguchi_core::signal::{DialogCount, SignalDialog, SignalKind, SignalMessage};
use madoguchi_core::time::Instant;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::sql::{ROWS_IN_A_STATEMENT, Sql, storable};
use crate::store::Store;
use crate::tx::{Tx, UnrecordedTx};

/// Where the days of Japan begin, in microseconds.
const TOKYO_US: i64 = 9 * 3_600_000_000;
const DAY_US: i64 = 86_400_000_000;

impl UnrecordedTx {
    /// Keeps messages and what became of dialogs; what is there already is not kept twice. Of a message the
    /// most repetitions count that were told; of a dialog what is told last, but for a call that it was once
    /// known to be a leg of.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn save_signals(
        &mut self,
        messages: &[SignalMessage],
        dialogs: &[SignalDialog],
    ) -> Result<(), StoreError> {
        // A statement takes each row once.
        let by_id: BTreeMap<_, _> = messages.iter().map(|one| (one.id(), one)).collect();
        let rows: Vec<_> = by_id.into_iter().collect();
        for rows in rows.chunks(ROWS_IN_A_STATEMENT) {
            insert_messages(rows).execute(self.connection()).await?;
        }
        let by_id: BTreeMap<_, _> = dialogs.iter().map(|one| (&one.dialog, one)).collect();
        let rows: Vec<_> = by_id.into_values().collect();
        for rows in rows.chunks(ROWS_IN_A_STATEMENT) {
            upsert_dialogs(rows).execute(self.connection()).await?;
        }
        Ok(())
    }

    /// Forgets messages of registrations before `before`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn forget_registrations_before(&mut self, before: Instant) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM signal_messages WHERE kind = 1 AND at < $1")
            .bind(micros(before))
            .execute(self.connection())
            .await?;
        Ok(())
    }
}

impl Tx {
    /// Deletes messages before `before`, the oldest of more than `at_most`, and what became of dialogs
    /// before `dialogs_before`; the record of that says how many rows. Tells how many; after none the unit
    /// cannot be committed.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn delete_signals(
        &mut self,
        before: Instant,
        at_most: u64,
        dialogs_before: Instant,
    ) -> Result<u64, StoreError> {
        let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
        let connection = self.connection();
        let old = sqlx::query("DELETE FROM signal_messages WHERE at < $1")
            .bind(micros(before))
            .execute(&mut *connection)
            .await?;
        let excess = sqlx::query(
            "DELETE FROM signal_messages WHERE at <= \
             (SELECT at FROM signal_messages ORDER BY at DESC LIMIT 1 OFFSET $1)",
        )
        .bind(at_most)
        .execute(&mut *connection)
        .await?;
        let dialogs = sqlx::query("DELETE FROM signal_dialogs WHERE started_at < $1")
            .bind(micros(dialogs_before))
            .execute(&mut *connection)
            .await?;
        let deleted = old.rows_affected() + excess.rows_affected() + dialogs.rows_affected();
        self.found(deleted);
        self.describe("records", deleted.to_string());
        Ok(deleted)
    }
}

impl Store {
    /// The messages of a call in the order in which they were seen, at the most `at_most`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn signals_of(
        &self,
        call: &CallId,
        at_most: u32,
    ) -> Result<Vec<SignalMessage>, StoreError> {
        let mut connection = self.read()?.acquire().await?;
        let mut sql = Sql::new(
            "SELECT at, seq, repeated, dialog, source, destination, kind, message FROM signal_messages \
             WHERE dialog IN (SELECT dialog FROM signal_dialogs WHERE call_id = ",
        );
        sql.bind(storable(call.as_str()));
        sql.push(") AND kind <> 1 ORDER BY at, seq, id LIMIT ")
            .bind(i64::from(at_most));
        let rows = sql.fetch_all(&mut connection).await?;
        rows.iter().map(message).collect()
    }

    /// Whether anything that was signalled for a call is kept.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn has_signals(&self, call: &CallId) -> Result<bool, StoreError> {
        Ok(!self.signals_of(call, 1).await?.is_empty())
    }

    /// The newest messages since `from` that were seen on the wire, at the most `at_most`, in the order in which they
    /// were seen.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn signals_since(
        &self,
        from: Instant,
        at_most: u32,
    ) -> Result<Vec<SignalMessage>, StoreError> {
        let mut connection = self.read()?.acquire().await?;
        let mut sql = Sql::new(
            "SELECT at, seq, repeated, dialog, source, destination, kind, message FROM signal_messages \
             WHERE at >= ",
        );
        sql.bind(micros(from));
        sql.push(" AND kind <> 2 ORDER BY at DESC, seq DESC, id DESC LIMIT ")
            .bind(i64::from(at_most));
        let rows = sql.fetch_all(&mut connection).await?;
        rows.iter().rev().map(message).collect()
    }

    /// Dialogs that began from `from` on and before `until` and are over, counted by day, addresses and
    /// outcome.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn count_dialogs(
        &self,
        from: Instant,
        until: Instant,
    ) -> Result<Vec<DialogCount>, StoreError> {
        let mut connection = self.read()?.acquire().await?;
        let mut sql = Sql::new("SELECT (started_at + ");
        sql.bind(TOKYO_US).push(") / ").bind(DAY_US);
        sql.push(
            " AS day_number, source, destination, status, cancelled, \
             CASE WHEN answered_at IS NULL THEN 0 ELSE 1 END AS answered, \
             COUNT(*) AS dialogs, \
             COUNT(COALESCE(rung_at, answered_at)) AS rung, \
             CAST(COALESCE(SUM(COALESCE(rung_at, answered_at) - started_at), 0) AS BIGINT) AS delay_sum, \
             COALESCE(MAX(COALESCE(rung_at, answered_at) - started_at), 0) AS delay_most \
             FROM signal_dialogs WHERE started_at >= ",
        );
        sql.bind(micros(from))
            .push(" AND started_at < ")
            .bind(micros(until));
        sql.push(
            " AND (ended_at IS NOT NULL OR answered_at IS NOT NULL) \
             GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6",
        );
        let rows = sql.fetch_all(&mut connection).await?;
        rows.iter().map(count).collect()
    }
}

fn kind_number(kind: SignalKind) -> i64 {
    match kind {
        SignalKind::Observed => 0,
        SignalKind::Registration => 1,
        SignalKind::Own => 2,
    }
}

fn micros(at: Instant) -> i64 {
    at.0.saturating_mul(1_000)
}

fn insert_messages(rows: &[(String, &SignalMessage)]) -> Sql {
    let mut sql = Sql::new(
        "INSERT INTO signal_messages \
         (id, at, seq, repeated, dialog, source, destination, kind, message) VALUES ",
    );
    for (n, (id, message)) in rows.iter().enumerate() {
        sql.push(if n == 0 { "(" } else { ", (" }).bind(id.clone());
        sql.push(", ").bind(message.at_us);
        sql.push(", ").bind(message.seq);
        sql.push(", ").bind(i64::from(message.repeated));
        sql.push(", ").bind(storable(&message.dialog));
        sql.push(", ").bind(message.source.clone());
        sql.push(", ").bind(message.destination.clone());
        sql.push(", ").bind(kind_number(message.kind));
        sql.push(", ").bind(storable(&message.text));
        sql.push(")");
    }
    sql.push(
        " ON CONFLICT (id) DO UPDATE SET repeated = excluded.repeated \
         WHERE excluded.repeated > signal_messages.repeated",
    );
    sql
}

fn upsert_dialogs(rows: &[&SignalDialog]) -> Sql {
    let mut sql = Sql::new(
        "INSERT INTO signal_dialogs (dialog, call_id, started_at, rung_at, answered_at, ended_at, \
         status, cancelled, source, destination) VALUES ",
    );
    for (n, one) in rows.iter().enumerate() {
        let call = one.call.as_ref().map_or("", CallId::as_str);
        sql.push(if n == 0 { "(" } else { ", (" })
            .bind(storable(&one.dialog));
        sql.push(", ").bind(storable(call));
        for at in [one.started_us, one.rung_us, one.answered_us, one.ended_us] {
            sql.push(", ").bind(at);
        }
        sql.push(", ").bind(one.status.map(i64::from));
        sql.push(", ").bind(i64::from(one.is_cancelled));
        sql.push(", ").bind(one.source.clone());
        sql.push(", ").bind(one.destination.clone());
        sql.push(")");
    }
    sql.push(
        " ON CONFLICT (dialog) DO UPDATE SET \
         call_id = CASE WHEN excluded.call_id = '' THEN signal_dialogs.call_id ELSE excluded.call_id END, \
         started_at = excluded.started_at, rung_at = excluded.rung_at, \
         answered_at = excluded.answered_at, ended_at = excluded.ended_at, status = excluded.status, \
         cancelled = excluded.cancelled, source = excluded.source, destination = excluded.destination",
    );
    sql
}

fn message(row: &AnyRow) -> Result<SignalMessage, StoreError> {
    let text = |column| row.try_get::<String, _>(column);
    Ok(SignalMessage {
        at_us: row.try_get("at")?,
        seq: row.try_get("seq")?,
        repeated: u32::try_from(row.try_get::<i64, _>("repeated")?).unwrap_or_default(),
        dialog: text("dialog")?,
        source: text("source")?,
        destination: text("destination")?,
        kind: match row.try_get::<i64, _>("kind")? {
            1 => SignalKind::Registration,
            2 => SignalKind::Own,
            _ => SignalKind::Observed,
        },
        text: text("message")?,
    })
}

fn count(row: &AnyRow) -> Result<DialogCount, StoreError> {
    let number = |column| row.try_get::<i64, _>(column);
    let count = |column| Ok::<_, StoreError>(u64::try_from(number(column)?).unwrap_or_default());
    let status: Option<i64> = row.try_get("status")?;
    Ok(DialogCount {
        day: day(number("day_number")?),
        source: row.try_get("source")?,
        destination: row.try_get("destination")?,
        is_answered: number("answered")? == 1,
        is_cancelled: number("cancelled")? == 1,
        status: status.and_then(|status| u16::try_from(status).ok()),
        count: count("dialogs")?,
        rung: count("rung")?,
        delay_sum_us: number("delay_sum")?,
        delay_most_us: number("delay_most")?,
    })
}

/// The day of which this is the number since 1970.
fn day(number: i64) -> NaiveDate {
    let since = u64::try_from(number).unwrap_or_default();
    NaiveDate::default()
        .checked_add_days(Days::new(since))
        .unwrap_or_default()
}
