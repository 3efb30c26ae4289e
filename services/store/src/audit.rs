//! The audit log: appended in the transaction of what it tells of, listed, verified, and cut off at
//! its old end.

mod verify;

use madoguchi_core::audit::{Action, Actor, AuditEntry, ChainHash, Fields};
use madoguchi_core::time::Instant;
use sqlx::any::AnyRow;
use sqlx::{Any, AnyConnection, Row, Transaction};

pub use self::verify::{AuditFault, Verified};
use crate::error::StoreError;
use crate::page::{self, Key, Order, Page, Start};
use crate::sql::{ROWS_IN_A_STATEMENT, Sql, storable};
use crate::store::Store;
use crate::tx::Tx;

/// Stands for "records" among the locks of this database.
pub(crate) const LOCK: i64 = 7_105_539;

/// A record as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// Its number, from 1.
    pub seq: i64,
    /// What it tells.
    pub entry: AuditEntry,
}

/// Which records are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// From this instant on.
    pub from: Option<Instant>,
    /// Before this instant.
    pub until: Option<Instant>,
    /// By somebody of this name.
    pub actor: Option<String>,
    /// Of this kind.
    pub action: Option<Action>,
    /// On this thing.
    pub object: Option<String>,
    /// Which come first.
    pub order: AuditOrder,
    /// Where the page begins.
    pub start: Start,
    /// At the most so many.
    pub limit: u32,
}

/// Which records of a list come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AuditOrder {
    /// The newest.
    #[default]
    Newest,
    /// The oldest.
    Oldest,
}

const TIME: Order = Order {
    keys: &[Key::Number("at"), Key::Number("seq")],
    descending: true,
};

impl AuditOrder {
    fn order(self) -> Order {
        Order {
            descending: self == Self::Newest,
            ..TIME
        }
    }
}

impl Store {
    /// Appends records of what changed nothing in the database (views, exports, failed attempts).
    ///
    /// # Errors
    /// [`StoreError::Database`]; then none is kept.
    pub async fn append_audit(&self, entries: &[AuditEntry]) -> Result<(), StoreError> {
        let mut tx = self.begin_audited().await?;
        record(&mut tx, entries).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Begins a transaction whose work is recorded. One at a time over all nodes, for the chain has
    /// one end.
    pub(crate) async fn begin_audited(&self) -> Result<Transaction<'static, Any>, StoreError> {
        self.begin_alone(LOCK).await
    }

    /// The records that `filter` lets through, in its order.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`], [`StoreError::Cursor`].
    pub async fn list_audit(&self, filter: &AuditFilter) -> Result<Vec<AuditRecord>, StoreError> {
        Ok(self.page_audit(filter).await?.rows)
    }

    /// A page of the records that `filter` lets through, in its order.
    ///
    /// # Errors
    /// As [`Self::list_audit`].
    pub async fn page_audit(&self, filter: &AuditFilter) -> Result<Page<AuditRecord>, StoreError> {
        let order = filter.order.order();
        let part = (&filter.start, filter.limit);
        let restrict = |sql: &mut Sql| restrict(sql, filter);
        page::page(self, (COLUMNS, "audit"), &order, part, restrict, read).await
    }

    /// How many records `filter` lets through, counted up to `at_most`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn count_audit(&self, filter: &AuditFilter, at_most: u32) -> Result<u64, StoreError> {
        page::count(self, "audit", at_most, |sql| restrict(sql, filter)).await
    }

    /// The number and the hash of the newest record.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn audit_end(&self) -> Result<(i64, ChainHash), StoreError> {
        Ok(ends(&mut *self.read()?.acquire().await?).await?.last)
    }
}

impl Tx {
    /// Deletes the records before `before`, in one piece from the oldest; the record of that says what
    /// was deleted. Tells how many there were; after none the unit cannot be committed.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn delete_audit_before(&mut self, before: Instant) -> Result<u64, StoreError> {
        let ends = ends(self.connection()).await?;
        // Up to the first record that is young enough; clocks may have been set in between.
        let rows = sqlx::query(
            "SELECT seq, hash FROM audit WHERE seq < COALESCE( \
             (SELECT MIN(seq) FROM audit WHERE at >= $1), $2) ORDER BY seq DESC LIMIT 1",
        )
        .bind(before.0)
        .bind(i64::MAX)
        .fetch_optional(self.connection())
        .await?;
        let Some(row) = rows else {
            self.found(0);
            return Ok(0);
        };
        let (seq, hash): (i64, String) = (row.try_get("seq")?, row.try_get("hash")?);
        sqlx::query("DELETE FROM audit WHERE seq <= $1")
            .bind(seq)
            .execute(self.connection())
            .await?;
        sqlx::query("UPDATE audit_ends SET deleted_seq = $1, deleted_hash = $2 WHERE id = 1")
            .bind(seq)
            .bind(&hash)
            .execute(self.connection())
            .await?;
        self.describe("up_to", seq.to_string());
        self.describe("hash", hash);
        Ok((seq - ends.deleted.0).unsigned_abs())
    }
}

/// The ends of the chain: number and hash.
pub(crate) struct Ends {
    pub(crate) deleted: (i64, ChainHash),
    pub(crate) last: (i64, ChainHash),
}

pub(crate) async fn ends(connection: &mut AnyConnection) -> Result<Ends, StoreError> {
    let row = sqlx::query(
        "SELECT deleted_seq, deleted_hash, last_seq, last_hash FROM audit_ends WHERE id = 1",
    )
    .fetch_one(connection)
    .await?;
    let end = |seq: &str, hash: &str| -> Result<(i64, ChainHash), StoreError> {
        let text: String = row.try_get(hash)?;
        // A damaged hash fits no record, which the verification finds.
        let hash = ChainHash::from_hex(&text).unwrap_or(ChainHash([0xff; 32]));
        Ok((row.try_get(seq)?, hash))
    };
    Ok(Ends {
        deleted: end("deleted_seq", "deleted_hash")?,
        last: end("last_seq", "last_hash")?,
    })
}

/// Appends records within a transaction begun with [`Store::begin_audited`].
pub(crate) async fn record(
    connection: &mut AnyConnection,
    entries: &[AuditEntry],
) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let (mut seq, mut hash) = ends(connection).await?.last;
    for entries in entries.chunks(ROWS_IN_A_STATEMENT) {
        let mut sql = Sql::new(
            "INSERT INTO audit (seq, at, actor, actor_name, address, action, object, \
             before_fields, after_fields, hash) VALUES ",
        );
        for (n, entry) in entries.iter().enumerate() {
            let texts = texts(entry)?;
            seq += 1;
            hash = hash.next(seq, entry.at.0, &texts.each_ref().map(String::as_str));
            sql.push(if n == 0 { "(" } else { ", (" }).bind(seq);
            sql.push(", ").bind(entry.at.0);
            for text in texts {
                sql.push(", ").bind(text);
            }
            sql.push(", ").bind(hash.to_hex()).push(")");
        }
        sql.execute(connection).await?;
    }
    sqlx::query("UPDATE audit_ends SET last_seq = $1, last_hash = $2 WHERE id = 1")
        .bind(seq)
        .bind(hash.to_hex())
        .execute(connection)
        .await?;
    Ok(())
}

/// What is stored of a record and counts in its hash, in the order of the columns.
fn texts(entry: &AuditEntry) -> Result<[String; 7], StoreError> {
    Ok([
        json(&entry.actor)?,
        storable(entry.actor.name()),
        storable(&entry.address),
        entry.action.as_str().to_owned(),
        storable(&entry.object),
        json(&entry.before)?,
        json(&entry.after)?,
    ])
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map(|text| text.replace("\\u0000", "\u{2400}"))
        .map_err(|source| StoreError::Unreadable {
            what: "audit record".into(),
            source,
        })
}

fn restrict(sql: &mut Sql, filter: &AuditFilter) {
    sql.push(" WHERE 1 = 1");
    if let Some(actor) = &filter.actor {
        sql.push(" AND actor_name = ").bind(storable(actor));
    }
    if let Some(action) = filter.action {
        sql.push(" AND action = ").bind(action.as_str());
    }
    if let Some(object) = &filter.object {
        sql.push(" AND object = ").bind(storable(object));
    }
    if let Some(from) = filter.from {
        sql.push(" AND at >= ").bind(from.0);
    }
    if let Some(until) = filter.until {
        sql.push(" AND at < ").bind(until.0);
    }
}

/// What [`read`] reads.
const COLUMNS: &str = "seq, at, actor, address, action, object, before_fields, after_fields";

fn read(row: &AnyRow) -> Result<AuditRecord, StoreError> {
    let seq: i64 = row.try_get("seq")?;
    let unreadable = |source| StoreError::Unreadable {
        what: format!("audit record {seq}"),
        source,
    };
    let fields = |column: &str| -> Result<Fields, StoreError> {
        serde_json::from_str(row.try_get::<&str, _>(column)?).map_err(unreadable)
    };
    let action: String = row.try_get("action")?;
    let actor: Actor = serde_json::from_str(row.try_get("actor")?).map_err(unreadable)?;
    Ok(AuditRecord {
        seq,
        entry: AuditEntry {
            at: Instant(row.try_get("at")?),
            actor,
            address: row.try_get("address")?,
            action: Action::lookup(&action).ok_or(StoreError::UnknownName {
                what: "action",
                name: action,
            })?,
            object: row.try_get("object")?,
            before: fields("before_fields")?,
            after: fields("after_fields")?,
        },
    })
}
