//! A private PostgreSQL server for tests: started when needed, gone with its last user.
//!
//! Needs Debian's package `postgresql`. Run as root it gives its rights up to the user `postgres`.

mod bulk;
mod calls;
mod disk;

use std::fs;
use std::io;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use sqlx::{AnyConnection, AssertSqlSafe, Connection};
use tempfile::TempDir;

pub use self::bulk::{add_histories, add_users};
pub use self::calls::add_abandoned_call;
pub use self::disk::SmallDisk;

static SHARED: Mutex<Weak<PostgresServer>> = Mutex::new(Weak::new());

/// A PostgreSQL server on a free port of 127.0.0.1, with its data in a temporary directory and
/// without regard for power failures (but not for its own end). Stopped and deleted when dropped.
#[derive(Debug)]
pub struct PostgresServer {
    dir: TempDir,
    programs: PathBuf,
    port: u16,
    databases: AtomicU32,
}

impl PostgresServer {
    /// Starts a server of one's own.
    ///
    /// # Errors
    /// PostgreSQL is not installed (the message names the package) or does not start.
    pub fn start() -> io::Result<Self> {
        Self::start_with(None)
    }

    /// Starts a server that lets nobody in who does not encrypt, with this certificate and its key
    /// (PEM).
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_with_tls(certificate: &str, key: &str) -> io::Result<Self> {
        Self::start_with(Some((certificate, key)))
    }

    fn start_with(tls: Option<(&str, &str)>) -> io::Result<Self> {
        let programs = programs()?;
        let dir = tempfile::Builder::new()
            .prefix("madoguchi-postgres-")
            .tempdir()?;
        if runs_as_root()? {
            let owner = user_id("postgres")?;
            chown(dir.path(), Some(owner), None)?;
            fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700))?;
        }
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let server = Self {
            dir,
            programs,
            port,
            databases: AtomicU32::new(0),
        };
        let data = server.data();
        server.run(
            "initdb",
            &[
                "-A",
                "trust",
                "-U",
                "postgres",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
                "-N",
                "-D",
                &data,
            ],
        )?;
        let settings = format!(
            "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = ''\n\
             fsync = off\nfull_page_writes = off\n\
             shared_buffers = '32MB'\nmax_connections = 200\n"
        );
        fs::write(Path::new(&data).join("postgresql.auto.conf"), settings)?;
        if let Some((certificate, key)) = tls {
            server.set_up_tls(certificate, key)?;
        }
        server.start_again()?;
        Ok(server)
    }

    /// The server that tests running at the same time share.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn shared() -> io::Result<Arc<Self>> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = shared.upgrade() {
            return Ok(server);
        }
        let server = Arc::new(Self::start()?);
        *shared = Arc::downgrade(&server);
        Ok(server)
    }

    /// Makes a new, empty database; gives its address.
    ///
    /// # Errors
    /// The server's.
    pub async fn new_database(&self) -> sqlx::Result<String> {
        sqlx::any::install_default_drivers();
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let mut connection = AnyConnection::connect(&self.address("postgres")).await?;
        let statement = format!("CREATE DATABASE {name}");
        sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(&mut connection)
            .await?;
        connection.close().await?;
        Ok(self.address(&name))
    }

    /// Stops the server at once, as a power failure would; connections break.
    ///
    /// # Errors
    /// What `pg_ctl` says.
    pub fn stop(&self) -> io::Result<()> {
        self.run(
            "pg_ctl",
            &["-D", &self.data(), "-m", "immediate", "-w", "stop"],
        )
    }

    /// Starts the stopped server on the same port with the same data.
    ///
    /// # Errors
    /// What `pg_ctl` says.
    pub fn start_again(&self) -> io::Result<()> {
        let (data, log) = (self.data(), self.place("log"));
        self.run("pg_ctl", &["-D", &data, "-l", &log, "-w", "start"])
    }

    fn address(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    fn set_up_tls(&self, certificate: &str, key: &str) -> io::Result<()> {
        let data = PathBuf::from(self.data());
        let owner = runs_as_root()?.then(|| user_id("postgres")).transpose()?;
        let private = |name: &str, text: &str| -> io::Result<()> {
            let path = data.join(name);
            fs::write(&path, text)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
            chown(&path, owner, None)
        };
        private("server.crt", certificate)?;
        private("server.key", key)?;
        private("pg_hba.conf", "hostssl all all 127.0.0.1/32 trust\n")?;
        let path = data.join("postgresql.auto.conf");
        let settings = fs::read_to_string(&path)?;
        fs::write(&path, format!("{settings}ssl = on\n"))
    }

    fn data(&self) -> String {
        self.place("data")
    }

    fn place(&self, name: &str) -> String {
        self.dir.path().join(name).to_string_lossy().into_owned()
    }

    /// Runs one of PostgreSQL's programs to its end.
    fn run(&self, program: &str, arguments: &[&str]) -> io::Result<()> {
        let program = self.programs.join(program);
        let mut command = if runs_as_root()? {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(&program);
            command
        } else {
            Command::new(&program)
        };
        // The server inherits the output of `pg_ctl start`; a pipe would never end.
        let output = self.dir.path().join("output");
        let file = fs::File::create(&output)?;
        command
            .args(arguments)
            .current_dir("/")
            .stdin(std::process::Stdio::null());
        let status = command.stdout(file.try_clone()?).stderr(file).status()?;
        if status.success() {
            return Ok(());
        }
        let said = fs::read_to_string(output).unwrap_or_default();
        Err(io::Error::other(format!(
            "{} failed ({status}): {said}",
            program.display()
        )))
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        // It may have been stopped already; its directory goes in any case.
        let _ = self.stop();
    }
}

/// The directory of the newest installed PostgreSQL's programs.
fn programs() -> io::Result<PathBuf> {
    let version = |dir: &PathBuf| -> Option<u32> { dir.file_name()?.to_str()?.parse().ok() };
    let installed = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let newest = installed.map(|entry| entry.path()).max_by_key(version);
    let programs = newest
        .map(|dir| dir.join("bin"))
        .filter(|bin| bin.join("initdb").exists());
    programs.ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::NotFound,
            "no PostgreSQL in /usr/lib/postgresql: install the Debian package `postgresql`",
        )
    })
}

fn runs_as_root() -> io::Result<bool> {
    Ok(fs::metadata("/proc/self")?.uid() == 0)
}

fn user_id(name: &str) -> io::Result<u32> {
    let Output { stdout, .. } = Command::new("id").args(["-u", name]).output()?;
    let id = String::from_utf8_lossy(&stdout).trim().parse();
    id.map_err(|_| {
        io::Error::other(format!(
            "no user `{name}`: install the Debian package `postgresql`"
        ))
    })
}
