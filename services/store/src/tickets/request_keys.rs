//! What programs asked to be made, by the keys that they gave: asked again within a day they get the same
//! answer, and nothing is made twice.

use madoguchi_core::id::{TicketId, UserId};
use madoguchi_core::time::{Instant, Millis};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use crate::error::StoreError;
use crate::sql::storable;
use crate::store::Store;
use crate::tx::UnrecordedTx;

/// A key is forgotten after so long.
const KEPT_FOR: Millis = Millis::from_secs(86_400);
/// So many keys of one user are kept.
const KEYS_OF_USER: i64 = 10_000;

/// A request that made a ticket.
#[derive(Debug, Clone, Copy)]
pub struct NewRequest<'a> {
    /// The hash of the user and of the key that they gave.
    pub key: &'a str,
    /// Who asked.
    pub user: &'a UserId,
    /// The hash of what was asked.
    pub body: &'a str,
    pub at: Instant,
    /// The ticket that was made, and its version then.
    pub ticket: (&'a TicketId, u32),
}

/// A request that made a ticket within the last day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRequest {
    /// The hash of what was asked.
    pub body: String,
    pub at: Instant,
    /// The ticket that was made.
    pub ticket: TicketId,
    /// Its version then.
    pub version: u32,
}

impl Store {
    /// What was made under a key within the last day.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn lookup_request(
        &self,
        key: &str,
        now: Instant,
    ) -> Result<Option<KeptRequest>, StoreError> {
        lookup(&mut *self.read()?.acquire().await?, key, now).await
    }
}

impl UnrecordedTx {
    /// What was made under a key within the last day; whoever asks in a unit of work is the only one who
    /// does.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn lookup_request(
        &mut self,
        key: &str,
        now: Instant,
    ) -> Result<Option<KeptRequest>, StoreError> {
        self.lock_records().await?;
        lookup(self.connection(), key, now).await
    }

    /// Keeps what was made under a key, and forgets what is older than a day. Tells whether there was
    /// room; without it the unit cannot be committed.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn keep_request(&mut self, request: NewRequest<'_>) -> Result<bool, StoreError> {
        sqlx::query("DELETE FROM request_keys WHERE at <= $1")
            .bind((request.at - KEPT_FOR).0)
            .execute(self.connection())
            .await?;
        let kept = sqlx::query(
            "INSERT INTO request_keys (request_key, user_id, at, body, ticket_id, version) \
             SELECT $1, $2, $3, $4, $5, $6 \
             WHERE (SELECT COUNT(*) FROM request_keys WHERE user_id = $2) < $7",
        )
        .bind(storable(request.key))
        .bind(storable(request.user.as_str()))
        .bind(request.at.0)
        .bind(storable(request.body))
        .bind(storable(request.ticket.0.as_str()))
        .bind(i64::from(request.ticket.1))
        .bind(KEYS_OF_USER)
        .execute(self.connection())
        .await?;
        Ok(self.found(kept.rows_affected()))
    }
}

async fn lookup(
    connection: &mut AnyConnection,
    key: &str,
    now: Instant,
) -> Result<Option<KeptRequest>, StoreError> {
    let row = sqlx::query(
        "SELECT body, at, ticket_id, version FROM request_keys WHERE request_key = $1 AND at > $2",
    )
    .bind(storable(key))
    .bind((now - KEPT_FOR).0)
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &AnyRow) -> Result<KeptRequest, StoreError> {
    let version: i64 = row.try_get("version")?;
    Ok(KeptRequest {
        body: row.try_get("body")?,
        at: Instant(row.try_get("at")?),
        ticket: TicketId::new(row.try_get::<&str, _>("ticket_id")?),
        version: u32::try_from(version).map_err(|_| StoreError::OutOfRange {
            what: "the version of a ticket",
            found: version,
        })?,
    })
}
