//! The door to the database: opens it, brings its schema up to date, hands out transactions.

use std::time::Duration;

use sqlx::any::{AnyPoolOptions, install_default_drivers};
use sqlx::{Any, AnyPool, Transaction};

use crate::calls;
use crate::error::StoreError;
use crate::migrations;

/// How long a caller waits for a connection before the database counts as away.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// Connections for reading SQLite; for everything on PostgreSQL.
const CONNECTIONS: u32 = 8;

const SQLITE_WRITER: &str = "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; \
     PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON";
/// Each keeps 8 MiB of pages at hand.
const SQLITE_READER: &str =
    "PRAGMA busy_timeout = 10000; PRAGMA query_only = ON; PRAGMA cache_size = -8192";
/// The journal forgets what the database has taken, so a commit must be durable. A node that hangs
/// in a transaction must not hold the others up for long.
const POSTGRES: &str = "SET application_name = 'madoguchi'; SET synchronous_commit = on; SET lock_timeout = '30s'; \
     SET idle_in_transaction_session_timeout = '60s'; SET TIME ZONE 'UTC'";

/// The database of the desk: SQLite or PostgreSQL, by its address. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    kind: Kind,
    /// Reads. On SQLite several connections beside the writer.
    pub(crate) read: AnyPool,
    /// Writes. On SQLite one connection: writers queue here instead of failing there.
    write: AnyPool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    SqliteFile,
    SqliteMemory,
    Postgres,
}

impl Store {
    /// Opens the database at `address`: `sqlite:///path/file.db` (made if missing),
    /// `sqlite::memory:` (gone with the store) or `postgres://user@host/database`, and brings its
    /// schema up to date. Two nodes may do so at once.
    ///
    /// # Errors
    /// [`StoreError::Address`], [`StoreError::Open`], [`StoreError::Newer`],
    /// [`StoreError::Migration`].
    pub async fn open(address: &str) -> Result<Self, StoreError> {
        install_default_drivers();
        let kind = Kind::of(address)?;
        let failed = |source| StoreError::Open {
            address: shown(address),
            source,
        };
        let store = Self::connect(kind, address).await.map_err(failed)?;
        if let Err(error) = store.bring_up_to_date().await {
            store.close().await;
            return Err(error);
        }
        Ok(store)
    }

    async fn bring_up_to_date(&self) -> Result<(), StoreError> {
        migrations::apply(self).await?;
        calls::rebuild_if_outdated(self).await
    }

    /// Ends all connections, and waits until what is under way is done.
    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }

    /// Asks the database for a sign of life.
    ///
    /// # Errors
    /// [`StoreError::Database`] if it is away.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").execute(&self.read).await?;
        Ok(())
    }

    /// Begins a transaction that writes.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Any>, sqlx::Error> {
        match self.kind {
            Kind::Postgres => self.write.begin().await,
            // A transaction that read before its first write could not be taken up later.
            Kind::SqliteFile | Kind::SqliteMemory => self.write.begin_with("BEGIN IMMEDIATE").await,
        }
    }

    /// Begins a transaction that appends events. One at a time over all nodes, so that each sees
    /// what the others wrote to the same calls. On SQLite every write is so.
    pub(crate) async fn begin_append(&self) -> Result<Transaction<'static, Any>, sqlx::Error> {
        // The number is arbitrary; it stands for "call events" in this database.
        self.begin_alone(7_105_538).await
    }

    /// Begins a transaction that writes; one at a time over all nodes of those with this number.
    pub(crate) async fn begin_alone(
        &self,
        lock: i64,
    ) -> Result<Transaction<'static, Any>, sqlx::Error> {
        let mut tx = self.begin().await?;
        if self.kind == Kind::Postgres {
            sqlx::query("SELECT pg_advisory_xact_lock($1)")
                .bind(lock)
                .execute(&mut *tx)
                .await?;
        }
        Ok(tx)
    }

    async fn connect(kind: Kind, address: &str) -> Result<Self, sqlx::Error> {
        match kind {
            Kind::Postgres => {
                let pool = pool(POSTGRES)
                    .max_connections(CONNECTIONS)
                    .connect(address)
                    .await?;
                Ok(Self {
                    kind,
                    read: pool.clone(),
                    write: pool,
                })
            }
            Kind::SqliteMemory => {
                // Every connection would have a database of its own.
                let pool = only_connection(SQLITE_WRITER).connect(address).await?;
                Ok(Self {
                    kind,
                    read: pool.clone(),
                    write: pool,
                })
            }
            Kind::SqliteFile => {
                let separator = if address.contains('?') { '&' } else { '?' };
                let address = format!("{address}{separator}mode=rwc");
                let write = only_connection(SQLITE_WRITER).connect(&address).await?;
                let read = pool(SQLITE_READER).max_connections(CONNECTIONS);
                Ok(Self {
                    kind,
                    read: read.connect_lazy(&address)?,
                    write,
                })
            }
        }
    }
}

impl Kind {
    fn of(address: &str) -> Result<Self, StoreError> {
        match address.split_once(':') {
            Some(("sqlite", rest)) if rest.contains(":memory:") || rest.contains("mode=memory") => {
                Ok(Self::SqliteMemory)
            }
            Some(("sqlite", _)) => Ok(Self::SqliteFile),
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres),
            _ => Err(StoreError::Address {
                address: shown(address),
            }),
        }
    }
}

/// A pool whose connections begin with the statements `settings`.
fn pool(settings: &'static str) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                sqlx::raw_sql(settings).execute(connection).await?;
                Ok(())
            })
        })
}

/// A pool of one connection that stays.
fn only_connection(settings: &'static str) -> AnyPoolOptions {
    pool(settings)
        .max_connections(1)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
}

/// `address` without what may be secret: no user, no password, no parameters.
fn shown(address: &str) -> String {
    let address = address.split('?').next().unwrap_or_default();
    match (address.split_once("://"), address.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, place))) => format!("{scheme}://{place}"),
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shown_address_has_no_password() {
        assert_eq!(
            shown("postgres://desk:se@cret@db.example/desk?x=y"),
            "postgres://db.example/desk"
        );
        assert_eq!(
            shown("sqlite:///var/lib/desk.db"),
            "sqlite:///var/lib/desk.db"
        );
    }

    #[tokio::test]
    async fn other_addresses_are_refused() {
        for address in ["mysql://host/db", "desk.db", ""] {
            let error = Store::open(address).await.unwrap_err();
            assert!(matches!(error, StoreError::Address { .. }), "{error}");
        }
    }
}
