//! The desk as a process of its own, to be killed.

use std::fs::OpenOptions;
use std::io::{PipeReader, Read as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, ensure};
use tokio::process::{Child, Command};

use crate::desk::Setup;

/// The program: `src/bin/madoguchi-tested.rs`, which cargo builds with the tests.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        // target/debug/deps/test or target/release/examples/drill → madoguchi-tested beside what was built
        let path = std::env::current_exe().expect("a test has a path");
        let folder = path.parent().expect("a file is in a folder");
        let beside = folder.ends_with("deps") || folder.ends_with("examples");
        let built = folder.parent().filter(|_| beside);
        built.unwrap_or(folder).join("madoguchi-tested")
    })
}

/// The log in the folder of a desk.
const LOG: &str = "desk.log";

/// A desk in a process of its own.
pub struct DeskProcess {
    child: Child,
    folder: tempfile::TempDir,
    /// Where SIP is heard.
    pub sip: SocketAddr,
    /// Where pages and API are.
    pub web: SocketAddr,
    token: String,
}

impl DeskProcess {
    /// Starts the program.
    pub async fn start(setup: &Setup) -> anyhow::Result<Self> {
        Self::start_in(setup, tempfile::tempdir()?).await
    }

    /// Starts the program in a folder, in which the data directory may be there already.
    pub async fn start_in(setup: &Setup, folder: tempfile::TempDir) -> anyhow::Result<Self> {
        let places = write_settings(setup, folder.path())?;
        let token = token(folder.path(), program()).await?;
        Self::run_in(folder, places, token).await
    }

    /// Starts another node on the same store; the token is good there, too.
    pub async fn start_beside(&self, setup: &Setup) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let places = write_settings(setup, folder.path())?;
        Self::run_in(folder, places, self.token.clone()).await
    }

    /// What the program says that does not start with these settings.
    pub async fn refusal(setup: &Setup) -> anyhow::Result<String> {
        let folder = tempfile::tempdir()?;
        write_settings(setup, folder.path())?;
        Self::refusal_in(folder.path()).await
    }

    /// What the program says that is started once more on the data of this one.
    pub async fn refusal_of_a_second(&self, setup: &Setup) -> anyhow::Result<String> {
        let folder = tempfile::tempdir()?;
        write_settings(setup, folder.path())?;
        let data = self.folder.path().join("data");
        std::os::unix::fs::symlink(data, folder.path().join("data"))?;
        Self::refusal_in(folder.path()).await
    }

    async fn refusal_in(folder: &Path) -> anyhow::Result<String> {
        let mut command = Command::new(program());
        command.args(places(folder)).arg("serve").kill_on_drop(true);
        let output = command.stdin(Stdio::null()).output();
        let output = tokio::time::timeout(Duration::from_secs(60), output).await;
        let output = output.context("the program goes on")??;
        ensure!(!output.status.success(), "the program ended in order");
        Ok(String::from_utf8_lossy(&output.stderr).into_owned())
    }

    async fn run_in(
        folder: tempfile::TempDir,
        (sip, web): (SocketAddr, SocketAddr),
        token: String,
    ) -> anyhow::Result<Self> {
        let child = run(folder.path())?;
        let mut desk = Self {
            child,
            folder,
            token,
            sip,
            web,
        };
        desk.ready().await?;
        Ok(desk)
    }

    /// Starts another desk from a backup of `of`, with the accounts and tokens of that one.
    pub async fn start_from_backup(
        setup: &Setup,
        backup: &Path,
        of: &Self,
    ) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let (sip, web) = write_settings(setup, folder.path())?;
        let dir = backup.to_string_lossy();
        command(folder.path(), program(), &["restore", &dir]).await?;
        let mut desk = Self {
            child: run(folder.path())?,
            folder,
            token: of.token.clone(),
            sip,
            web,
        };
        desk.ready().await?;
        Ok(desk)
    }

    /// Ends the process without warning and starts it again.
    pub async fn kill_and_restart(&mut self) -> anyhow::Result<()> {
        self.kill().await?;
        self.restart().await
    }

    /// Starts the process again, and waits until it is ready.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        self.start_again()?;
        self.ready().await
    }

    /// Sends a signal by its name.
    pub async fn signal(&self, name: &str) -> anyhow::Result<()> {
        let pid = self.child.id().context("the desk runs")?.to_string();
        let mut kill = Command::new("kill");
        let status = kill.args(["-s", name, &pid]).status().await?;
        ensure!(status.success(), "kill -s {name}");
        Ok(())
    }

    /// Memory that is the process's own (RssAnon), in KiB: pages of the program and the dictionary that
    /// were read from their files for the first time are held by nobody.
    pub fn own_kib(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(self.proc()?.join("status"))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("RssAnon:"));
        let kib = line.context("a process has RssAnon")?;
        Ok(kib.trim().trim_end_matches("kB").trim().parse()?)
    }

    /// Descriptors that the process has open.
    pub fn descriptors(&self) -> anyhow::Result<usize> {
        Ok(std::fs::read_dir(self.proc()?.join("fd"))?.count())
    }

    /// Its threads by name, each with how far it gives way to others (nice).
    pub fn threads(&self) -> anyhow::Result<Vec<(String, i64)>> {
        let mut threads = Vec::new();
        for task in std::fs::read_dir(self.proc()?.join("task"))? {
            let task = task?.path();
            let name = std::fs::read_to_string(task.join("comm"))?;
            let stat = std::fs::read_to_string(task.join("stat"))?;
            let (_, fields) = stat.rsplit_once(')').context("a name")?;
            let nice = fields.split_whitespace().nth(16).context("proc(5)")?;
            threads.push((name.trim().to_owned(), nice.parse()?));
        }
        Ok(threads)
    }

    /// Waits until the desk has written a file of its data.
    pub async fn until_written(&self, name: &str) -> anyhow::Result<()> {
        let path = self.folder.path().join("data").join(name);
        for _ in 0..1_200 {
            if path.exists() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        anyhow::bail!("{name} was not written")
    }

    /// The token with which figures, board and calls may be asked for.
    pub fn token(&self) -> &str {
        &self.token
    }

    fn proc(&self) -> anyhow::Result<PathBuf> {
        let pid = self.child.id().context("the desk runs")?;
        Ok(PathBuf::from(format!("/proc/{pid}")))
    }

    /// Ends the process without warning.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        Ok(self.child.kill().await?)
    }

    /// Starts the process that was ended, and waits for nothing.
    pub fn start_again(&mut self) -> anyhow::Result<()> {
        self.child = run(self.folder.path())?;
        Ok(())
    }

    /// Where its files are.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Waits until it lives, whether its database does or not.
    pub async fn alive(&mut self) -> anyhow::Result<()> {
        for _ in 0..1_200 {
            if let Some(status) = self.child.try_wait()? {
                anyhow::bail!("the desk ended with {status}");
            }
            if self.page("/healthz").await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        anyhow::bail!("the desk does not live")
    }

    /// Status and text of a page that anybody may see.
    pub async fn page(&self, path: &str) -> anyhow::Result<(u16, String)> {
        let url = format!("http://{}{path}", self.web);
        let response = crate::http_client().build()?.get(url).send().await?;
        Ok((response.status().as_u16(), response.text().await?))
    }

    /// Waits until the process is ready for those who have a token.
    pub async fn ready_again(&mut self) -> anyhow::Result<()> {
        self.ready().await
    }

    /// What a command prints, whether it is content or not.
    pub async fn output(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = Command::new(program())
            .args(places(self.folder.path()))
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .await?;
        Ok(String::from_utf8(output.stdout)?)
    }

    /// What a command says when it fails.
    pub async fn failing_command(&self, arguments: &[&str]) -> anyhow::Result<String> {
        match self.command(arguments).await {
            Ok(said) => anyhow::bail!("it did not fail: {said}"),
            Err(error) => Ok(error.to_string()),
        }
    }

    /// Waits until the process ends by itself, which must be a success.
    pub async fn ended(&mut self, within: Duration) -> anyhow::Result<()> {
        let ended = tokio::time::timeout(within, self.child.wait()).await;
        let status = ended.context("the desk ends")??;
        ensure!(status.success(), "the desk ended with {status}");
        Ok(())
    }

    /// Writes the settings file anew, changed.
    pub fn change_file(&self, change: impl FnOnce(String) -> String) -> anyhow::Result<()> {
        let path = self.folder.path().join("desk.toml");
        let text = std::fs::read_to_string(&path)?;
        std::fs::write(path, change(text))?;
        Ok(())
    }

    /// What the desk has written to its log until now.
    pub fn log(&self) -> anyhow::Result<String> {
        let bytes = std::fs::read(self.folder.path().join(LOG))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The figures of the board.
    pub async fn today(&self) -> anyhow::Result<serde_json::Value> {
        let board = self.get("/api/v1/board").await?;
        board
            .pointer("/today/total")
            .cloned()
            .context("the board has figures")
    }

    /// An answer of the API.
    pub async fn get(&self, path: &str) -> anyhow::Result<serde_json::Value> {
        let url = format!("http://{}{path}", self.web);
        // What a proxy says that encrypts; where none is trusted it means nothing.
        let request = crate::http_client()
            .build()?
            .get(url)
            .header("x-forwarded-proto", "https")
            .bearer_auth(&self.token);
        Ok(request.send().await?.error_for_status()?.json().await?)
    }

    /// Waits until the figures of the board are as wanted.
    pub async fn until(
        &self,
        what: &str,
        wanted: impl Fn(&serde_json::Value) -> bool,
    ) -> anyhow::Result<serde_json::Value> {
        let mut last = serde_json::Value::Null;
        for _ in 0..600 {
            // A database that is just coming back may not answer yet.
            match self.today().await {
                Ok(today) if wanted(&today) => return Ok(today),
                Ok(today) => last = today,
                Err(error) => last = error.to_string().into(),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        anyhow::bail!("in vain: {what}\n{last:#}")
    }

    /// What a command prints, run on the same settings and data.
    pub async fn command(&self, arguments: &[&str]) -> anyhow::Result<String> {
        command(self.folder.path(), program(), arguments).await
    }

    async fn ready(&mut self) -> anyhow::Result<()> {
        for _ in 0..1_200 {
            if let Some(status) = self.child.try_wait()? {
                anyhow::bail!("the desk ended with {status}");
            }
            if self.get("/api/v1/agents").await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        anyhow::bail!("the desk is not ready")
    }
}

/// Writes the settings into a folder; tells where SIP is heard and where pages are.
fn write_settings(setup: &Setup, folder: &Path) -> anyhow::Result<(SocketAddr, SocketAddr)> {
    let (sip, web) = (crate::free_port(), crate::free_port());
    let opening = "[reception]\nopens = \"00:00\"\ncloses = \"24:00\"\nevery_day = true\n";
    let text = format!("{}{opening}", setup.toml(sip, web));
    std::fs::write(folder.join("desk.toml"), text)?;
    let here = |port| SocketAddr::from(([127, 0, 0, 1], port));
    Ok((here(sip), here(web)))
}

/// What a command prints.
async fn command(folder: &Path, program: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(program)
        .args(places(folder))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .await?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}

/// An API token for the desk in a folder with `desk.toml` and `data`, made at the command line.
pub async fn token(folder: &Path, program: &Path) -> anyhow::Result<String> {
    let add = ["account", "add", "robot", "--name", "robot"];
    let roles = ["--role", "supervisor", "--role", "administrator"];
    command(folder, program, &[&add[..], &roles].concat()).await?;
    let make = ["account", "token", "robot", "--name", "test"];
    let scopes = ["--scope", "board", "--scope", "figures", "--scope", "calls"];
    let token = command(folder, program, &[&make[..], &scopes].concat()).await?;
    Ok(token.trim().to_owned())
}

fn places(folder: &Path) -> [String; 4] {
    let shown = |path: PathBuf| path.to_string_lossy().into_owned();
    let config = shown(folder.join("desk.toml"));
    [
        "--config".to_owned(),
        config,
        "--data-dir".to_owned(),
        shown(folder.join("data")),
    ]
}

fn run(folder: &Path) -> anyhow::Result<Child> {
    let (log, said) = std::io::pipe()?;
    keep_log(log, &folder.join(LOG))?;
    Command::new(program())
        .args(places(folder))
        .arg("serve")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(said)
        .kill_on_drop(true)
        .spawn()
        .context("the desk did not start")
}

/// Shows what the desk says, and keeps it in a file.
fn keep_log(mut log: PipeReader, path: &Path) -> anyhow::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    std::thread::spawn(move || {
        let mut bytes = [0; 8_192];
        while let Ok(read @ 1..) = log.read(&mut bytes) {
            let said = bytes.get(..read).unwrap_or_default();
            // A log that cannot be kept must not stop the desk.
            let _shown = std::io::stderr().write_all(said);
            let _kept = file.write_all(said);
        }
    });
    Ok(())
}
