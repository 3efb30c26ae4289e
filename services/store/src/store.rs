//! The door to the database: opens it, brings its schema up to date, hands out transactions.

use std::fs::OpenOptions;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use madoguchi_core::time::Instant;
use sqlx::any::{AnyPoolOptions, install_default_drivers};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Any, AnyConnection, AnyPool, Connection as _, Transaction};
use tokio::sync::watch;

use crate::error::StoreError;
use crate::fault::{Fault, fault_of};
use crate::health::StoreHealth;
use crate::sql::is_postgresql;
use crate::tickets::counting::TicketCounts;
use crate::tickets::words::{IndexState, WordPlans};

/// What a database holds is for the program alone.
const FILE_MODE: u32 = 0o600;
/// How long a caller waits for a connection before the database counts as away.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// Connections for reading SQLite; for everything on PostgreSQL.
const CONNECTIONS: u32 = 8;

const SQLITE_WRITER: &str = "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; \
     PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON";
/// Each keeps 8 MiB of pages at hand, which is the index of 100,000 accounts; those that all of them use stand in the
/// system's cache once.
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
    address: Address,
    expected: Expected,
    /// Reads. On SQLite several connections beside the writer.
    pub(crate) read: AnyPool,
    /// Writes. On SQLite one connection: writers queue here instead of failing there.
    write: AnyPool,
    pub(crate) health: Arc<watch::Sender<StoreHealth>>,
    /// The file that was joined, if it is one.
    file: Arc<OnceLock<FileId>>,
    pub(crate) word_index: IndexState,
    pub(crate) word_plans: WordPlans,
    pub(crate) ticket_counts: TicketCounts,
}

/// What makes a file this one, whatever its name.
#[derive(Debug, PartialEq, Eq)]
struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    fn of(path: &Path) -> Option<Self> {
        let found = std::fs::metadata(path).ok()?;
        Some(Self {
            device: found.dev(),
            inode: found.ino(),
        })
    }
}

/// What is known of the database before it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// It may be new: then it is made.
    Anything,
    /// It was there before: if it is gone or empty, nothing is put in its place.
    Existing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
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
        let store = Self::prepare(address, Expected::Anything)?;
        if let Err(error) = store.join().await {
            store.close().await;
            return Err(error);
        }
        Ok(store)
    }

    /// The database at `address`, without asking it anything yet: until it is joined
    /// ([`Self::join`], [`Self::keep_watch`]) it counts as away.
    ///
    /// # Errors
    /// [`StoreError::Address`], or [`StoreError::Open`] if the address cannot be read.
    pub fn prepare(address: &str, expected: Expected) -> Result<Self, StoreError> {
        install_default_drivers();
        let kind = Kind::of(address)?;
        let address = Address(address.into());
        let (read, write) = pools(kind, &address).map_err(|source| address.cannot_open(source))?;
        let health = StoreHealth {
            joined: false,
            fault: None,
            since: Instant(0),
        };
        Ok(Self {
            kind,
            address,
            expected,
            read,
            write,
            health: Arc::new(watch::Sender::new(health)),
            file: Arc::default(),
            word_index: IndexState::default(),
            word_plans: WordPlans::default(),
            ticket_counts: TicketCounts::default(),
        })
    }

    /// Whether the database is PostgreSQL; else it is SQLite.
    pub(crate) fn is_postgresql(&self) -> bool {
        matches!(self.kind, Kind::Postgres)
    }

    /// The database is reached and its schema is ours.
    pub(crate) fn note_usable(&self) {
        if let Some(file) = FileId::of(&self.address.file()).filter(|_| self.is_file()) {
            // The first time counts: whoever joins again does so with the same file.
            let _known = self.file.set(file);
        }
        self.health.send_modify(|health| {
            health.joined = true;
            health.fault = None;
        });
    }

    /// Whether it was joined in this run.
    pub fn is_joined(&self) -> bool {
        self.health.borrow().joined
    }

    /// Whether the database is a file of this machine.
    pub fn is_file(&self) -> bool {
        self.kind == Kind::SqliteFile
    }

    /// The file of the database, if `address` names one.
    pub fn file_at(address: &str) -> Option<PathBuf> {
        let is_file = matches!(Kind::of(address), Ok(Kind::SqliteFile));
        is_file.then(|| Address(address.into()).file())
    }

    /// Its address, without user, password and parameters.
    pub fn shown_address(&self) -> String {
        shown(&self.address.0)
    }

    /// Asks the database with a connection of its own, which tells the cause if there is none.
    pub(crate) async fn probe(&self) -> Result<(), StoreError> {
        if self.kind == Kind::SqliteMemory {
            return Ok(());
        }
        let address = match self.kind {
            Kind::SqliteFile => {
                let missing = is_missing(&self.address.file());
                if missing && self.expected == Expected::Existing {
                    return Err(self.missing());
                }
                if missing {
                    // Only here a file is made, for our own eyes; whoever connects later finds it or
                    // fails. Its log and index get the same mode.
                    let made = OpenOptions::new()
                        .write(true)
                        .create(true)
                        .truncate(false)
                        .mode(FILE_MODE)
                        .open(self.address.file());
                    made.map_err(|error| self.address.cannot_open(error.into()))?;
                }
                self.address.with("mode=rw")
            }
            Kind::SqliteMemory | Kind::Postgres => self.address.0.to_string(),
        };
        let failed = |source| self.address.cannot_open(source);
        let connected = tokio::time::timeout(ACQUIRE_TIMEOUT, AnyConnection::connect(&address));
        let connected = connected.await.unwrap_or(Err(sqlx::Error::PoolTimedOut));
        let mut connection = connected.map_err(failed)?;
        if self.kind == Kind::SqliteFile {
            let prepared = sqlx::raw_sql(SQLITE_WRITER).execute(&mut connection).await;
            prepared.map_err(failed)?;
        }
        let known = sqlx::query("SELECT version FROM _sqlx_migrations LIMIT 1")
            .fetch_optional(&mut connection)
            .await;
        // What matters was told; how the connection ends does not.
        let _ended = connection.close().await;
        match known {
            Ok(Some(_)) => Ok(()),
            Err(error) if fault_of(&error).is_some() => Err(failed(error)),
            // No schema: an empty database.
            _ if self.expected == Expected::Existing => Err(self.missing()),
            _ => Ok(()),
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn address(&self) -> &str {
        &self.address.0
    }

    /// Where to read, whatever is known.
    pub(crate) fn read_anyway(&self) -> &AnyPool {
        &self.read
    }

    fn missing(&self) -> StoreError {
        StoreError::Missing {
            address: self.shown_address(),
        }
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
        sqlx::query("SELECT 1").execute(self.read()?).await?;
        Ok(())
    }

    /// Refuses to hand anything over to a database that is not joined yet, or whose file was taken
    /// away: nobody would find it again.
    pub(crate) fn must_be_there(&self) -> Result<(), StoreError> {
        let health = *self.health.borrow();
        match health.fault {
            Some(Fault::Missing) => Err(StoreError::Away {
                fault: Fault::Missing,
            }),
            fault if !health.joined => Err(StoreError::Away {
                fault: fault.unwrap_or(Fault::Unreachable),
            }),
            _ => Ok(()),
        }
    }

    /// Whether the file that was joined still has its name.
    pub(crate) fn look_for_file(&self) -> Result<(), StoreError> {
        match self.file.get() {
            Some(joined) if FileId::of(&self.address.file()).as_ref() != Some(joined) => {
                Err(self.missing())
            }
            _ => Ok(()),
        }
    }

    /// Where to read. Fails at once while the database is known to be away.
    pub(crate) fn read(&self) -> Result<&AnyPool, StoreError> {
        match self.health.borrow().refuses_reads() {
            Some(fault) => Err(StoreError::Away { fault }),
            None => Ok(&self.read),
        }
    }

    /// Begins a transaction that writes. Fails at once while the database is known to be away.
    pub(crate) async fn begin_write(&self) -> Result<Transaction<'static, Any>, StoreError> {
        self.read()?;
        Ok(self.begin_anyway().await?)
    }

    /// Begins a transaction that writes, whatever is known.
    pub(crate) async fn begin_anyway(&self) -> Result<Transaction<'static, Any>, sqlx::Error> {
        match self.kind {
            Kind::Postgres => self.write.begin().await,
            // A transaction that read before its first write could not be taken up later.
            Kind::SqliteFile | Kind::SqliteMemory => self.write.begin_with("BEGIN IMMEDIATE").await,
        }
    }

    /// Begins a transaction that appends events. One at a time over all nodes, so that each sees
    /// what the others wrote to the same calls. On SQLite every write is so. Tried also while the
    /// database is known to be away: the delivery is what finds it back.
    pub(crate) async fn begin_append(&self) -> Result<Transaction<'static, Any>, sqlx::Error> {
        // The number is arbitrary; it stands for "call events" in this database.
        let mut tx = self.begin_anyway().await?;
        lock(&mut tx, 7_105_538).await?;
        Ok(tx)
    }

    /// Begins a transaction that reads everything as it is at one moment.
    pub(crate) async fn begin_snapshot(&self) -> Result<Transaction<'static, Any>, StoreError> {
        let mut tx = self.read()?.begin().await?;
        if self.kind == Kind::Postgres {
            sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                .execute(&mut *tx)
                .await?;
        }
        Ok(tx)
    }

    /// Begins a transaction that writes; one at a time over all nodes of those with this number.
    pub(crate) async fn begin_alone(
        &self,
        number: i64,
    ) -> Result<Transaction<'static, Any>, StoreError> {
        let mut tx = self.begin_write().await?;
        lock(&mut tx, number).await?;
        Ok(tx)
    }
}

/// Waits until no other transaction over all nodes has the lock of this number, and has it until the
/// end of its own. On SQLite every write waits for all others.
pub(crate) async fn lock(connection: &mut AnyConnection, number: i64) -> sqlx::Result<()> {
    if is_postgresql(connection) {
        sqlx::query("SELECT pg_advisory_xact_lock($1)")
            .bind(number)
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// The pools of readers and writers.
fn pools(kind: Kind, address: &Address) -> sqlx::Result<(AnyPool, AnyPool)> {
    match kind {
        Kind::Postgres => {
            let pool = pool(POSTGRES).max_connections(CONNECTIONS);
            let pool = pool.connect_lazy(&address.0)?;
            Ok((pool.clone(), pool))
        }
        Kind::SqliteMemory => {
            // Every connection would have a database of its own.
            let pool = only_connection(SQLITE_WRITER).connect_lazy(&address.0)?;
            Ok((pool.clone(), pool))
        }
        Kind::SqliteFile => {
            let address = address.with("mode=rw");
            let write = only_connection(SQLITE_WRITER).connect_lazy(&address)?;
            let read = pool(SQLITE_READER).max_connections(CONNECTIONS);
            Ok((read.connect_lazy(&address)?, write))
        }
    }
}

/// Whether there is no file, or nothing in it.
fn is_missing(file: &Path) -> bool {
    match std::fs::metadata(file) {
        Ok(found) => found.len() == 0,
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}

/// The address of a database, which may hold a password: not printed.
#[derive(Clone)]
struct Address(Arc<str>);

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&shown(&self.0))
    }
}

impl Address {
    /// With one more parameter.
    fn with(&self, parameter: &str) -> String {
        let separator = if self.0.contains('?') { '&' } else { '?' };
        format!("{}{separator}{parameter}", self.0)
    }

    /// The file of a SQLite database.
    fn file(&self) -> PathBuf {
        self.0
            .parse::<SqliteConnectOptions>()
            .map(|options| options.get_filename().to_owned())
            .unwrap_or_default()
    }

    fn cannot_open(&self, source: sqlx::Error) -> StoreError {
        StoreError::Open {
            address: shown(&self.0),
            source,
        }
    }
}

impl Kind {
    pub(crate) fn of(address: &str) -> Result<Self, StoreError> {
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

/// A pool whose connections begin with the statements `settings`, and end when nobody knows any
/// more whether they are in a transaction: a full disk makes SQLite end one by itself, and sqlx
/// would count it as open for ever.
fn pool(settings: &'static str) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .after_release(|connection, _| {
            Box::pin(async move {
                // What was dropped is rolled back before this is answered.
                connection.ping().await?;
                Ok(!connection.is_in_transaction())
            })
        })
        .before_acquire(|connection, _| {
            Box::pin(async move { Ok(!connection.is_in_transaction()) })
        })
        .after_connect(move |connection, _| {
            Box::pin(async move {
                sqlx::raw_sql(settings).execute(connection).await?;
                Ok(())
            })
        })
}

/// A pool of one connection that stays once it is there. No least number: whoever keeps it up in the
/// background holds the only place for minutes while the database is damaged or away.
fn only_connection(settings: &'static str) -> AnyPoolOptions {
    pool(settings)
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
}

/// `address` without what may be secret: no user, no password, no parameters.
#[must_use]
pub fn shown(address: &str) -> String {
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
