//! `madoguchi observe` into a desk of its own, which has never heard a call itself.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, ensure};
use madoguchi_core::call::CallRecord;
use madoguchi_store::{CallFilter, Store};
use madoguchi_tests::free_port;
use madoguchi_tests::process::program;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::UdpSocket;
use tokio::process::{Child, Command};

use super::wire::{Datagram, capture_head};

/// Datagrams that are sent at once.
const BURST: usize = 10;
const BETWEEN_BURSTS: Duration = Duration::from_millis(30);
/// How long what was sent may take to be stored.
const STORED_WITHIN: Duration = Duration::from_secs(20);

/// A desk that only looks.
pub(super) struct Observer {
    folder: tempfile::TempDir,
}

impl Observer {
    /// With these settings.
    pub(super) fn new(settings: &str) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("desk.toml"), settings)?;
        std::fs::create_dir(folder.path().join("captures"))?;
        Ok(Self { folder })
    }

    /// Reads a capture file.
    pub(super) async fn by_capture(&self, seen: &[Datagram]) -> anyhow::Result<Vec<CallRecord>> {
        let file = self.folder.path().join("wire.pcap");
        let mut bytes = capture_head();
        for datagram in seen {
            bytes.extend(datagram.record()?);
        }
        std::fs::write(&file, bytes)?;
        let output = self.command().arg(file).output().await?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{said}");
        self.calls().await
    }

    /// Hears a probe; if `captures`, the same datagrams come into a folder that is watched, too.
    pub(super) async fn by_probe(
        &self,
        seen: &[Datagram],
        captures: bool,
        calls: usize,
    ) -> anyhow::Result<Vec<CallRecord>> {
        let port = free_port();
        let folder = self.folder.path().join("captures");
        let mut command = self.command();
        command.args(["--hep", &format!("udp://127.0.0.1:{port}")]);
        if captures {
            command.arg("--folder").arg(&folder);
        }
        let mut observing = listening(command).await?;
        let probe = UdpSocket::bind("127.0.0.1:0").await?;
        let mut file = std::fs::File::create(folder.join("wire.pcap"))?;
        file.write_all(&capture_head())?;
        for burst in seen.chunks(BURST) {
            for datagram in burst {
                if captures {
                    file.write_all(&datagram.record()?)?;
                }
                probe.send_to(&datagram.hep()?, ("127.0.0.1", port)).await?;
            }
            tokio::time::sleep(BETWEEN_BURSTS).await;
        }
        self.until_stored(calls).await?;
        if captures {
            // The folder is looked at once a second.
            tokio::time::sleep(Duration::from_millis(2_500)).await;
        }
        let pid = observing.id().context("it observes")?.to_string();
        let interrupt = Command::new("kill").args(["-s", "INT", &pid]).status();
        ensure!(interrupt.await?.success());
        let ended = observing.wait().await?;
        ensure!(ended.success(), "observing ended with {ended}");
        self.calls().await
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self) -> Command {
        let mut command = Command::new(program());
        command
            .arg("--config")
            .arg(self.folder.path().join("desk.toml"))
            .arg("--data-dir")
            .arg(self.data())
            .arg("observe")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Waits until so many calls are over.
    async fn until_stored(&self, calls: usize) -> anyhow::Result<()> {
        let stored = async {
            loop {
                let known = self.calls().await?;
                if known.iter().filter(|call| call.ended_at.is_some()).count() >= calls {
                    return anyhow::Ok(());
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        let stored = tokio::time::timeout(STORED_WITHIN, stored).await;
        stored.context("what the probe sends is not stored")?
    }

    /// The calls of this desk in the order in which they came.
    async fn calls(&self) -> anyhow::Result<Vec<CallRecord>> {
        let file = self.data().join("madoguchi.sqlite");
        let store = Store::open(&format!("sqlite://{}", file.display())).await?;
        let all = CallFilter {
            limit: 1_000,
            ..CallFilter::default()
        };
        let mut calls = store.list_calls(&all).await?.calls;
        store.close().await;
        calls.sort_by_key(|call| call.arrived_at);
        Ok(calls)
    }
}

/// Starts the command, and waits until it listens.
async fn listening(mut command: Command) -> anyhow::Result<Child> {
    let mut child = command.spawn().context("observing did not start")?;
    let said = child.stderr.take().context("it can be read")?;
    let mut lines = BufReader::new(said).lines();
    loop {
        let line = lines.next_line().await?;
        let line = line.context("it ended before it listened")?;
        if line.contains("receiving HEP") {
            break;
        }
    }
    // What it says later is of no interest, but it has to be able to say it.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok(child)
}
