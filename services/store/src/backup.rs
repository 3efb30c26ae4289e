//! Copies of the database while it is in use, and their way back.
//!
//! SQLite writes a copy of itself (`VACUUM INTO`): one moment of it, while others read and write.
//! PostgreSQL's own programs write and read its copies; they must be installed.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AnyConnection, Connection as _, Row as _};
use thiserror::Error;
use tokio::process::Command;
use url::Url;

use crate::error::StoreError;
use crate::store::{Kind, Store};

/// The copy of a SQLite database.
const SQLITE_COPY: &str = "madoguchi.sqlite";
/// The copy of a PostgreSQL database, in the form of `pg_dump --format=custom`.
const POSTGRES_COPY: &str = "madoguchi.pgdump";

/// Why a copy cannot be made or brought back.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file.
    #[error("{}: {source}", path.display())]
    Io {
        path: PathBuf,
        source: std::io::Error,
    },
    /// A program of PostgreSQL is not installed.
    #[error("the program {program} is not installed (Debian: postgresql-client)")]
    NoProgram { program: &'static str },
    /// A program of PostgreSQL failed.
    #[error("{program}: {said}")]
    Program {
        program: &'static str,
        /// What it said.
        said: String,
    },
    /// The copy is damaged.
    #[error("the copy {} is damaged: {said}", path.display())]
    Damaged {
        path: PathBuf,
        /// What is wrong.
        said: String,
    },
    /// There is something where it is to be brought back.
    #[error("there is a database already: {address}")]
    NotEmpty {
        /// Where, without password.
        address: String,
    },
    /// A database in memory has no copies.
    #[error("a database in memory has no copies")]
    InMemory,
}

impl Store {
    /// Writes a copy of the database as it is now into `dir`, and checks it; gives the name of the
    /// file.
    ///
    /// # Errors
    /// [`BackupError`].
    pub async fn copy_to(&self, dir: &Path) -> Result<&'static str, BackupError> {
        match self.kind() {
            Kind::SqliteMemory => Err(BackupError::InMemory),
            Kind::SqliteFile => {
                let copy = dir.join(SQLITE_COPY);
                vacuum_into(self.address(), &copy).await?;
                check_sqlite(&copy).await?;
                Ok(SQLITE_COPY)
            }
            Kind::Postgres => {
                let copy = dir.join(POSTGRES_COPY);
                make_private(&copy)?;
                let arguments = ["--format=custom", "--no-owner", "--no-privileges", "--file"];
                let copy_argument = copy.as_os_str().to_owned();
                let mut dump = postgres("pg_dump", self.address())?;
                dump.args(arguments).arg(copy_argument);
                run("pg_dump", dump).await?;
                check_dump(&copy).await?;
                Ok(POSTGRES_COPY)
            }
        }
    }

    /// Brings the copy in `dir` back as the database at `address`, which must be empty or not there.
    ///
    /// # Errors
    /// [`BackupError`]; then nothing has changed.
    pub async fn bring_back(dir: &Path, address: &str) -> Result<(), BackupError> {
        let not_empty = || BackupError::NotEmpty {
            address: crate::shown_address(address),
        };
        match Kind::of(address)? {
            Kind::SqliteMemory => Err(BackupError::InMemory),
            Kind::SqliteFile => {
                let (copy, file) = (
                    dir.join(SQLITE_COPY),
                    Self::file_at(address).unwrap_or_default(),
                );
                check_sqlite(&copy).await?;
                for suffix in ["", "-wal", "-shm"] {
                    let mut beside = file.clone().into_os_string();
                    beside.push(suffix);
                    if std::fs::metadata(&beside).is_ok_and(|found| found.len() > 0) {
                        return Err(not_empty());
                    }
                }
                let failed = |source| BackupError::Io {
                    path: file.clone(),
                    source,
                };
                // Empty, or not there.
                let _gone = std::fs::remove_file(&file);
                make_private(&file)?;
                std::fs::copy(&copy, &file).map_err(failed)?;
                let copied = std::fs::File::open(&file).and_then(|file| file.sync_all());
                copied.map_err(failed)
            }
            Kind::Postgres => {
                let copy = dir.join(POSTGRES_COPY);
                check_dump(&copy).await?;
                if !is_empty(address).await? {
                    return Err(not_empty());
                }
                let mut restore = postgres("pg_restore", address)?;
                restore.args(["--exit-on-error", "--single-transaction"]);
                restore.args(["--no-owner", "--no-privileges"]);
                restore.arg(&copy);
                run("pg_restore", restore).await
            }
        }
    }

    /// Looks through the whole database for damage.
    ///
    /// # Errors
    /// [`StoreError`]: it is damaged, or cannot be used.
    pub async fn check_integrity(&self) -> Result<(), StoreError> {
        self.probe().await?;
        if self.kind() != Kind::SqliteFile {
            return Ok(());
        }
        let mut connection = self.read_anyway().acquire().await?;
        let found = sqlx::query("PRAGMA quick_check(1)")
            .fetch_one(&mut *connection)
            .await?;
        let said: String = found.try_get(0)?;
        if said == "ok" {
            return Ok(());
        }
        tracing::error!(said, "the database is damaged");
        Err(StoreError::Away {
            fault: crate::Fault::Damaged,
        })
    }
}

/// One moment of the database at `address`, while others write.
async fn vacuum_into(address: &str, copy: &Path) -> Result<(), BackupError> {
    // Made first, for our own eyes: SQLite takes an empty file for none.
    make_private(copy)?;
    let separator = if address.contains('?') { '&' } else { '?' };
    let address = format!("{address}{separator}mode=rw");
    let mut connection = AnyConnection::connect(&address)
        .await
        .map_err(StoreError::from)?;
    let done = async {
        sqlx::raw_sql("PRAGMA busy_timeout = 10000")
            .execute(&mut connection)
            .await?;
        sqlx::query("VACUUM INTO $1")
            .bind(copy.to_string_lossy().into_owned())
            .execute(&mut connection)
            .await?;
        Ok::<_, sqlx::Error>(())
    };
    done.await.map_err(StoreError::from)?;
    connection.close().await.map_err(StoreError::from)?;
    Ok(())
}

async fn check_sqlite(copy: &Path) -> Result<(), BackupError> {
    let damaged = |said: String| BackupError::Damaged {
        path: copy.to_owned(),
        said,
    };
    let options = SqliteConnectOptions::new()
        .filename(copy)
        .read_only(true)
        .immutable(true);
    let mut connection = sqlx::SqliteConnection::connect_with(&options)
        .await
        .map_err(|error| damaged(error.to_string()))?;
    let found = sqlx::query("PRAGMA integrity_check(1)")
        .fetch_one(&mut connection)
        .await
        .and_then(|row| row.try_get::<String, _>(0));
    // What matters is what it found.
    let _ended = connection.close().await;
    match found {
        Ok(said) if said == "ok" => Ok(()),
        Ok(said) => Err(damaged(said)),
        Err(error) => Err(damaged(error.to_string())),
    }
}

async fn check_dump(copy: &Path) -> Result<(), BackupError> {
    let mut list = Command::new(find_program("pg_restore")?);
    list.arg("--list").arg(copy);
    let listed = run("pg_restore", list).await;
    listed.map_err(|error| BackupError::Damaged {
        path: copy.to_owned(),
        said: error.to_string(),
    })
}

async fn is_empty(address: &str) -> Result<bool, BackupError> {
    let found = async {
        let mut connection = AnyConnection::connect(address).await?;
        let row = sqlx::query(
            "SELECT COUNT(*) AS tables FROM information_schema.tables \
             WHERE table_schema = current_schema()",
        )
        .fetch_one(&mut connection)
        .await?;
        let tables: i64 = row.try_get("tables")?;
        connection.close().await?;
        Ok::<_, sqlx::Error>(tables == 0)
    };
    Ok(found.await.map_err(StoreError::from)?)
}

/// A new, empty file that only its owner reads.
fn make_private(path: &Path) -> Result<(), BackupError> {
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    made.map(drop).map_err(|source| BackupError::Io {
        path: path.to_owned(),
        source,
    })
}

/// A program of PostgreSQL, told where the database is. The password goes through the environment,
/// where other users do not see it.
fn postgres(program: &'static str, address: &str) -> Result<Command, BackupError> {
    /// What both sqlx and libpq understand; the rest is sqlx's own.
    const SHARED: [&str; 8] = [
        "sslmode",
        "sslrootcert",
        "sslcert",
        "sslkey",
        "host",
        "hostaddr",
        "port",
        "options",
    ];
    let unreadable = |_| StoreError::Address {
        address: crate::shown_address(address),
    };
    let mut url = Url::parse(address).map_err(unreadable)?;
    let mut command = Command::new(find_program(program)?);
    if let Some(password) = url.password() {
        let password = percent_encoding::percent_decode_str(password).decode_utf8_lossy();
        command.env("PGPASSWORD", password.into_owned());
    }
    // Fails only where there can be no password.
    let _none = url.set_password(None);
    let known: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| SHARED.contains(&&**name))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    url.set_query(None);
    if !known.is_empty() {
        url.query_pairs_mut().extend_pairs(known);
    }
    command.arg("--dbname").arg(url.as_str());
    Ok(command)
}

/// The newest of those that are installed, for it reads what older servers keep.
fn find_program(program: &'static str) -> Result<PathBuf, BackupError> {
    let version = |dir: &PathBuf| -> Option<u32> { dir.file_name()?.to_str()?.parse().ok() };
    let installed = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let installed = installed.flatten().map(|entry| entry.path());
    let newest = installed.max_by_key(version).map(|dir| dir.join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = newest.into_iter().chain(std::env::split_paths(&path));
    places
        .map(|place| place.join(program))
        .find(|place| place.is_file())
        .ok_or(BackupError::NoProgram { program })
}

async fn run(program: &'static str, mut command: Command) -> Result<(), BackupError> {
    let output = command
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|source| BackupError::Io {
            path: program.into(),
            source,
        })?;
    if output.status.success() {
        return Ok(());
    }
    Err(BackupError::Program {
        program,
        said: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}
