//! Why the database cannot be used, as far as an operator can do something about it.

use std::io::ErrorKind;

use crate::error::StoreError;

/// A cause, told apart from others by what is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// Nobody answers at its address.
    Unreachable,
    /// It refuses who we say we are.
    Unauthorised,
    /// There is no such database on the server.
    Unknown,
    /// The connection cannot be encrypted, or the server's certificate is not trusted.
    Tls,
    /// No room is left on its disk.
    DiskFull,
    /// What it keeps is damaged.
    Damaged,
    /// It can be read, not written.
    ReadOnly,
    /// It was there before, and is gone or empty.
    Missing,
    /// Somebody else holds it, or it answers too late.
    Busy,
    /// The disk or the operating system reports something else.
    Io,
    /// A newer program has changed it.
    Newer,
    /// Something else.
    Other,
}

impl Fault {
    /// The name in logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Unauthorised => "unauthorised",
            Self::Unknown => "unknown_database",
            Self::Tls => "tls",
            Self::DiskFull => "disk_full",
            Self::Damaged => "damaged",
            Self::ReadOnly => "read_only",
            Self::Missing => "missing",
            Self::Busy => "busy",
            Self::Io => "io",
            Self::Newer => "newer",
            Self::Other => "other",
        }
    }

    /// Whether reading may still work.
    pub fn can_read(self) -> bool {
        matches!(
            self,
            Self::DiskFull | Self::ReadOnly | Self::Busy | Self::Io | Self::Other
        )
    }
}

impl StoreError {
    /// The cause, if it is that the database cannot be used; `None` if it can, and what was asked
    /// for could not be done for another reason.
    pub fn fault(&self) -> Option<Fault> {
        match self {
            Self::Database(source) | Self::Open { source, .. } => fault_of(source),
            Self::Migration(source) => Some(fault_of_migration(source)),
            Self::Away { fault } => Some(*fault),
            Self::Missing { .. } => Some(Fault::Missing),
            Self::Newer { .. } => Some(Fault::Newer),
            _ => None,
        }
    }
}

fn fault_of_migration(error: &sqlx::migrate::MigrateError) -> Fault {
    use sqlx::migrate::MigrateError::{Execute, ExecuteMigration};
    match error {
        Execute(source) | ExecuteMigration(source, _) => fault_of(source).unwrap_or(Fault::Other),
        _ => Fault::Other,
    }
}

pub(crate) fn fault_of(error: &sqlx::Error) -> Option<Fault> {
    match error {
        sqlx::Error::Io(error) => Some(match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Fault::DiskFull,
            // What rustls says of a certificate that it does not trust.
            ErrorKind::InvalidData => Fault::Tls,
            _ => Fault::Unreachable,
        }),
        sqlx::Error::Tls(_) => Some(Fault::Tls),
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
            Some(Fault::Unreachable)
        }
        sqlx::Error::Protocol(_) => Some(Fault::Unreachable),
        sqlx::Error::BeginFailed | sqlx::Error::InvalidSavePointStatement => Some(Fault::Other),
        sqlx::Error::Database(error) => {
            let code = error.code()?;
            match code.parse() {
                // Five signs are PostgreSQL's, also if all are digits.
                Ok(number) if code.len() < 5 => fault_of_sqlite(number),
                _ => fault_of_postgres(&code),
            }
        }
        _ => None,
    }
}

/// By SQLite's result codes (sqlite.org/rescode.html); the lowest byte is the primary one.
fn fault_of_sqlite(code: u32) -> Option<Fault> {
    /// SQLITE_IOERR_SHMSIZE: the index of the write-ahead log cannot grow.
    const SHARED_MEMORY_SIZE: u32 = 4874;
    /// SQLITE_READONLY_DBMOVED: the file was moved or deleted while it was open.
    const MOVED: u32 = 1032;
    match (code, code & 0xff) {
        (MOVED, _) => Some(Fault::Missing),
        (_, 13) | (SHARED_MEMORY_SIZE, _) => Some(Fault::DiskFull),
        (_, 11 | 26) => Some(Fault::Damaged),
        (_, 8) => Some(Fault::ReadOnly),
        (_, 5 | 6) => Some(Fault::Busy),
        (_, 3 | 14 | 23) => Some(Fault::Unreachable),
        (_, 7 | 10) => Some(Fault::Io),
        _ => None,
    }
}

/// By SQLSTATE (PostgreSQL, appendix A); the first two signs are the class.
fn fault_of_postgres(code: &str) -> Option<Fault> {
    match (code, code.get(..2).unwrap_or_default()) {
        ("3D000", _) => Some(Fault::Unknown),
        ("53100", _) => Some(Fault::DiskFull),
        ("25006", _) => Some(Fault::ReadOnly),
        ("55P03" | "57014" | "53300", _) => Some(Fault::Busy),
        ("58030", _) => Some(Fault::Io),
        (_, "28") | ("42501", _) => Some(Fault::Unauthorised),
        (_, "08" | "57") => Some(Fault::Unreachable),
        (_, "XX") => Some(Fault::Damaged),
        (_, "53") => Some(Fault::Other),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Resource;

    #[test]
    fn codes_of_both_databases_name_what_is_to_be_done() {
        let sqlite = [
            (13, Some(Fault::DiskFull)),
            (4874, Some(Fault::DiskFull)),
            (778, Some(Fault::Io)),
            (11, Some(Fault::Damaged)),
            (267, Some(Fault::Damaged)),
            (26, Some(Fault::Damaged)),
            (14, Some(Fault::Unreachable)),
            (1032, Some(Fault::Missing)),
            (8, Some(Fault::ReadOnly)),
            (517, Some(Fault::Busy)),
            // A constraint: the database is well.
            (2067, None),
        ];
        for (code, fault) in sqlite {
            assert_eq!(fault_of_sqlite(code), fault, "{code}");
        }
        let postgres = [
            ("28P01", Some(Fault::Unauthorised)),
            ("28000", Some(Fault::Unauthorised)),
            ("3D000", Some(Fault::Unknown)),
            ("53100", Some(Fault::DiskFull)),
            ("57P03", Some(Fault::Unreachable)),
            ("08006", Some(Fault::Unreachable)),
            ("XX001", Some(Fault::Damaged)),
            ("25006", Some(Fault::ReadOnly)),
            ("23505", None),
        ];
        for (code, fault) in postgres {
            assert_eq!(fault_of_postgres(code), fault, "{code}");
        }
    }

    #[test]
    fn a_pool_that_waited_too_long_is_no_cause_but_an_unreachable_database() {
        let error = StoreError::Database(sqlx::Error::PoolTimedOut);
        assert_eq!(error.fault(), Some(Fault::Unreachable));
        let taken = StoreError::Taken {
            what: Resource::Login,
        };
        assert_eq!(taken.fault(), None);
    }
}
