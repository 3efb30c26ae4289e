//! A real clamd that knows one signature: EICAR's test file.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::UnixStream;
use tokio::process::{Child, Command};

/// Larger files are refused by it.
pub const STREAM_BYTES: usize = 1024 * 1024;

/// Where Debian's package puts it.
const PROGRAM: &str = "/usr/sbin/clamd";

/// A clamd of the test's own. It ends when it goes out of scope.
pub struct Clamd {
    process: Child,
    folder: tempfile::TempDir,
}

/// The test file of EICAR, which does nothing and which every search for viruses finds. It is put together
/// here, so that none finds it in the sources.
pub fn eicar() -> String {
    let parts = [
        "X5O!P%@AP[4\\PZX54(P^)7CC)7}",
        "$EICAR-STANDARD-",
        "ANTIVIRUS-TEST-FILE!$H+H*",
    ];
    parts.concat()
}

impl Clamd {
    /// Starts it, and waits until it listens.
    pub async fn start() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let database = folder.path().join("signatures");
        std::fs::create_dir(&database)?;
        // A signature of any kind of file, anywhere in it.
        let signature: String = eicar().bytes().map(|byte| format!("{byte:02x}")).collect();
        let mut file = std::fs::File::create(database.join("eicar.ndb"))?;
        writeln!(file, "Eicar-Test-Signature:0:*:{signature}")?;
        let config = folder.path().join("clamd.conf");
        std::fs::write(
            &config,
            format!(
                "Foreground yes\nDatabaseDirectory {}\nLocalSocket {}\nTemporaryDirectory {}\n\
                 StreamMaxLength {STREAM_BYTES}\nConcurrentDatabaseReload no\n",
                database.display(),
                folder.path().join("clamd.ctl").display(),
                folder.path().display(),
            ),
        )?;
        let log = std::fs::File::create(folder.path().join("clamd.log"))?;
        let process = Command::new(PROGRAM)
            .arg(format!("--config-file={}", config.display()))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .context("clamd (Debian package clamav-daemon) did not start")?;
        let clamd = Self { process, folder };
        for _ in 0..600 {
            if UnixStream::connect(clamd.socket()).await.is_ok() {
                return Ok(clamd);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let log = std::fs::read_to_string(clamd.folder.path().join("clamd.log"))?;
        anyhow::bail!("clamd does not listen:\n{log}")
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("clamd.ctl")
    }

    /// Where it listens, as the settings file has it.
    pub fn address(&self) -> String {
        format!("unix:{}", self.socket().display())
    }

    /// Ends it; its socket stays behind, as after a crash.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        Ok(self.process.kill().await?)
    }
}
