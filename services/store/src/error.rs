//! What can go wrong between the program and its database.

use thiserror::Error;

use crate::fault::Fault;

/// What can go wrong with the store.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The address names neither a SQLite file nor a PostgreSQL database.
    #[error("not the address of a database (sqlite:///path/file.db or postgres://…): {address}")]
    Address {
        /// The address, without password.
        address: String,
    },
    /// The database could not be opened.
    #[error("cannot open the database {address}: {source}")]
    Open {
        /// Its address, without password.
        address: String,
        /// Why.
        source: sqlx::Error,
    },
    /// A newer program has changed the database; this one would not understand it.
    #[error(
        "the database has schema version {found}, this program knows versions up to {known}: \
         use the newer program, or a backup from before the upgrade"
    )]
    Newer {
        /// The version of the database.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// The schema could not be brought up to date.
    #[error("cannot bring the database schema up to date: {0}")]
    Migration(#[source] sqlx::migrate::MigrateError),
    /// It was there before, and is gone or empty.
    #[error("the database {address} was there before, and is gone or empty: it is not made anew")]
    Missing {
        /// Its address, without password.
        address: String,
    },
    /// The database cannot be used now, as was seen before: it is not asked again for this.
    #[error("the database cannot be used now ({})", fault.as_str())]
    Away {
        /// Why.
        fault: Fault,
    },
    /// Somebody else has changed it since it was read.
    #[error("{what} has been changed in the meantime")]
    Changed {
        /// What.
        what: &'static str,
    },
    /// A page of a list is asked for by a place that is none in its order.
    #[error("the cursor is none of this list")]
    Cursor,
    /// A change of a unit of work was refused, so that nothing of it is kept.
    #[error("a change of the unit of work was refused")]
    Refused,
    /// It has to be unique and exists already.
    #[error("{what} exists already")]
    Taken {
        /// What.
        what: &'static str,
    },
    /// The database reports an error, or is away.
    #[error("database: {}", said(.0))]
    Database(#[from] sqlx::Error),
    /// A stored text is not what this program writes there.
    #[error("cannot read {what} in the database: {source}")]
    Unreadable {
        /// What was read.
        what: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A stored name is none that this program knows.
    #[error("unknown {what} in the database: {name}")]
    UnknownName {
        /// What was read.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A stored number does not fit where it belongs.
    #[error("{what} in the database is out of range: {found}")]
    OutOfRange {
        /// What was read.
        what: &'static str,
        /// The number.
        found: i64,
    },
}

/// What sqlx says; of a pool that gave up waiting only what is true of the database.
fn said(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::PoolTimedOut => "no connection in time".to_owned(),
        error => error.to_string(),
    }
}

impl StoreError {
    /// Whether the database was not reached, or is going: what it would say is not known.
    pub fn is_away(&self) -> bool {
        self.fault().is_some()
    }

    /// That the database is not asked, for it was not reached before.
    pub fn unreachable() -> Self {
        Self::Away {
            fault: Fault::Unreachable,
        }
    }
}
