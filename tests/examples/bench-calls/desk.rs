//! A desk in release build under test, as a process of its own.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use madoguchi::config::Config;
use madoguchi::serve::{self, Start};
use madoguchi_tests::certificate::Certificate;
use madoguchi_tests::free_port;
use tokio::process::{Child, Command};

/// A start takes no longer.
const START_SECS: u32 = 120;
/// A desk without calls uses no more of a processor in a second, in hundredths.
const TICKS_AT_REST: u64 = 10;
/// What every agent's phone registers with.
pub(super) const PASSWORD: &str = "only-for-the-measurement";
/// The argument with which this program itself is the desk, which then searches nothing.
pub(super) const WITHOUT_SEARCH: &str = "serve-without-search";
/// The line that is called.
pub(super) const NUMBER: &str = "5000";
/// The extension of the first agent; the others follow.
pub(super) const FIRST_EXTENSION: usize = 10_000;

/// What differs between the desks.
#[derive(Default)]
pub(super) struct Shape {
    /// A phone for each agent: its port, if it does not register.
    pub(super) phones: Vec<Option<u16>>,
    /// Articles are not searched.
    pub(super) without_search: bool,
    /// SIP is heard over TLS, too.
    pub(super) tls: bool,
    /// More settings of `[sip]`, `[media]` and the trunk, each with its line break.
    pub(super) sip: &'static str,
    pub(super) media: &'static str,
    pub(super) trunk: &'static str,
}

/// A running desk.
pub(super) struct Desk {
    child: Child,
    folder: tempfile::TempDir,
    /// Where SIP is heard,
    pub(super) sip: SocketAddr,
    /// and where it is heard over TLS.
    pub(super) tls: SocketAddr,
    /// Who vouches for its certificate, as PEM.
    pub(super) authority: String,
    web: SocketAddr,
    token: String,
}

/// A program that says nothing and ends with us.
pub(super) fn quiet(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    command
}

fn program() -> anyhow::Result<PathBuf> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/madoguchi");
    ensure!(
        program.exists(),
        "build first: cargo build --release -p madoguchi"
    );
    Ok(program)
}

impl Desk {
    /// Starts it, and waits until it has come to rest.
    pub(super) async fn start(shape: &Shape) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let (sip, tls, web) = (at(free_port()), at(free_port()), at(free_port()));
        let certificate = Certificate::of_private_authority()?;
        certificate.write(folder.path())?;
        let text = settings(shape, folder.path(), sip, tls, web)?;
        std::fs::write(folder.path().join("desk.toml"), text)?;
        let program = program()?;
        let token = madoguchi_tests::process::token(folder.path(), &program).await?;
        let (file, data) = (folder.path().join("desk.toml"), folder.path().join("data"));
        let mut command = if shape.without_search {
            let mut command = quiet(std::env::current_exe()?);
            command.arg(WITHOUT_SEARCH).arg(file).arg(data);
            command
        } else {
            let mut command = quiet(program);
            command
                .arg("--config")
                .arg(file)
                .arg("--data-dir")
                .arg(data);
            command.arg("serve");
            command
        };
        let child = command.spawn()?;
        let desk = Self {
            child,
            folder,
            sip,
            tls,
            authority: certificate.authority,
            web,
            token,
        };
        for _ in 0..100 {
            if desk.total().await.is_ok() {
                desk.until_at_rest().await?;
                return Ok(desk);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        bail!("the desk did not start in {}", desk.folder.path().display())
    }

    /// Waits until nothing is left to do: after a start the search builds its dictionary, after a load the
    /// database takes in what the journal holds.
    pub(super) async fn until_at_rest(&self) -> anyhow::Result<()> {
        let mut before = self.cpu_ticks()?;
        for _ in 0..START_SECS {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let now = self.cpu_ticks()?;
            if now - before <= TICKS_AT_REST {
                return Ok(());
            }
            before = now;
        }
        bail!("the desk is not at rest after {START_SECS} s")
    }

    /// The time on processors until now, in hundredths of a second.
    pub(super) fn cpu_ticks(&self) -> anyhow::Result<u64> {
        ticks(&self.proc()?)
    }

    /// The same of the threads with this name.
    pub(super) fn thread_ticks(&self, name: &str) -> anyhow::Result<u64> {
        let mut sum = 0;
        for task in std::fs::read_dir(self.proc()?.join("task"))? {
            let task = task?.path();
            if std::fs::read_to_string(task.join("comm"))?.trim() == name {
                sum += ticks(&task)?;
            }
        }
        Ok(sum)
    }

    fn proc(&self) -> anyhow::Result<PathBuf> {
        let pid = self.child.id().context("the desk runs")?;
        Ok(PathBuf::from(format!("/proc/{pid}")))
    }

    /// The figures of the board.
    pub(super) async fn total(&self) -> anyhow::Result<serde_json::Value> {
        let board = self.board().await?;
        board
            .pointer("/today/total")
            .cloned()
            .context("the board has figures")
    }

    /// How many agents' phones can be reached.
    pub(super) async fn reachable(&self) -> anyhow::Result<usize> {
        let board = self.board().await?;
        let agents = board
            .pointer("/desk/agents")
            .and_then(|agents| agents.as_array());
        let agents = agents.context("the board has agents")?.iter();
        let reachable = |agent: &&serde_json::Value| {
            agent.get("reachable").and_then(serde_json::Value::as_bool) == Some(true)
        };
        Ok(agents.filter(reachable).count())
    }

    async fn board(&self) -> anyhow::Result<serde_json::Value> {
        let url = format!("http://{}/api/v1/board", self.web);
        let request = madoguchi_tests::http_client()
            .build()?
            .get(url)
            .bearer_auth(&self.token);
        Ok(request.send().await?.error_for_status()?.json().await?)
    }

    /// What it holds of its own: neither the program nor the dictionary, which are mapped files.
    pub(super) fn own_memory_kib(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(self.proc()?.join("status"))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("RssAnon:"));
        Ok(line
            .context("RssAnon")?
            .trim()
            .trim_end_matches("kB")
            .trim()
            .parse()?)
    }
}

/// What a process or a thread has used of processors (proc(5)).
fn ticks(folder: &Path) -> anyhow::Result<u64> {
    let stat = std::fs::read_to_string(folder.join("stat"))?;
    let (_, fields) = stat.rsplit_once(')').context("a name")?;
    let ticks = fields.split_whitespace().skip(11).take(2);
    Ok(ticks.map(str::parse::<u64>).sum::<Result<u64, _>>()?)
}

fn settings(
    shape: &Shape,
    folder: &Path,
    sip: SocketAddr,
    tls: SocketAddr,
    web: SocketAddr,
) -> anyhow::Result<String> {
    let (also_tls, keys) = if shape.tls {
        let file = |name: &str| folder.join(name).display().to_string();
        let keys = format!(
            "certificate = \"{}\"\ncertificate_key = \"{}\"\n",
            file("desk.crt"),
            file("desk.key")
        );
        (format!(", \"tls://{tls}\""), keys)
    } else {
        Default::default()
    };
    let (more_sip, media, trunk) = (shape.sip, shape.media, shape.trunk);
    let mut text = format!(
        "[sip]\nlisten = [\"udp://{sip}\"{also_tls}]\n{keys}keep_alive_s = 0\nstop_grace_s = 1\n\
         unknown_requests_per_minute = 1000000\n{more_sip}\
         [media]\nfirst_port = 20000\nlast_port = 35999\n{media}\
         [reception]\nopens = \"00:00\"\ncloses = \"24:00\"\nevery_day = true\n\
         [web]\nlisten = \"{web}\"\n\
         [knowledge]\nencoder = \"none\"\n\
         [[trunk]]\nname = \"load\"\nsources = [{{ net = \"127.0.0.1/32\" }}]\n{trunk}\
         [[line]]\nname = \"load\"\nnumbers = [\"{NUMBER}\"]\ngreeting = false\nwrap_up_s = 0\n"
    );
    for (n, port) in shape.phones.iter().enumerate() {
        let extension = FIRST_EXTENSION + n;
        write!(
            text,
            "[[agent]]\nid = \"a{n}\"\nname = \"a{n}\"\nextension = \"{extension}\"\n\
             lines = [\"load\"]\nready_at_start = true\n"
        )?;
        match port {
            Some(port) => writeln!(text, "contact = \"sip:{extension}@127.0.0.1:{port}\"")?,
            None => writeln!(text, "password = \"{PASSWORD}\"")?,
        }
    }
    Ok(text)
}

/// Is the desk, without search, until it is ended. Everything else is as `madoguchi serve` has it.
pub(super) async fn serve_without_search(file: &Path, data: &Path) -> anyhow::Result<()> {
    let start = Start {
        knowledge: false,
        ..Start::new(Config::load(Some(file))?, data)
    };
    serve::run(start).await
}
