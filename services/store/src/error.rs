//! What can go wrong between the program and its database.

use madoguchi_core::named;
use thiserror::Error;

use crate::fault::Fault;

named! {
    /// What somebody else has changed, or has already.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
    pub enum Resource {
        /// An article.
        Article = "article";
        /// A record that is set on screens.
        Setting = "setting";
        /// All records that are set on screens: something was set since they were looked at.
        Setup = "setup";
        /// An account.
        User = "user";
        /// The name to sign in with.
        Login = "login";
        /// What the identity provider knows somebody by.
        OidcSubject = "subject";
        /// What staff wrote by the form of the portal.
        Inquiry = "inquiry";
        /// A ticket.
        Ticket = "ticket";
        /// A file beside a ticket.
        TicketFile = "ticket file";
        /// What a person wrote for a month.
        MonthEntry = "month entry";
        /// An edition of a month's report.
        Edition = "edition";
        /// A step of a month's report.
        ReportStep = "report step";
    }
}

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
    Away { fault: Fault },
    /// Somebody else has changed it since it was read.
    #[error("{} has been changed in the meantime", what.as_str())]
    Changed { what: Resource },
    /// A change of a unit of work was refused, so that nothing of it is kept.
    #[error("a change of the unit of work was refused")]
    Refused,
    /// It has to be unique and exists already.
    #[error("{} exists already", what.as_str())]
    Taken { what: Resource },
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
    /// A page of a list is asked for by a place that is none in its order.
    #[error("the cursor is none of this list")]
    Cursor,
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
