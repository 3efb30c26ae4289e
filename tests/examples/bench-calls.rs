//! `make bench-calls`: load through the queue, memory over many calls, delay of the voice.
//!
//! Prints a report in Markdown; ends with an error if a requirement is missed. Agents, callers and
//! the desk share the machine, all on 127.0.0.1.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command as Plain, Stdio};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use madoguchi_sip::sdp::{Local, accept_answer};
use madoguchi_tests::free_port;
use madoguchi_tests::raw::Peer;
use tokio::net::UdpSocket;
use tokio::process::{Child, Command};
use tokio::time::Instant;

/// The requirement: so many new calls a second.
const RATE: u32 = 450;
const AGENTS: usize = 2_000;
/// How long a caller stays connected, at rates for which the agents suffice then.
const CALL_MS: u32 = 2_000;
/// At higher rates.
const SHORT_CALL_MS: u32 = 1_500;
const CONVERSATIONS: usize = 100;
/// A start takes no longer.
const START_SECS: u32 = 120;
/// A desk without calls uses no more of a processor in a second, in hundredths.
const TICKS_AT_REST: u64 = 10;
const PACKET: Duration = Duration::from_millis(20);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut failures = Vec::new();
    let mut report = machine();
    let plain = plain_rate(&mut report).await?;
    let load = load(&mut report, &mut failures).await?;
    let ratio = f64::from(load) / f64::from(plain);
    writeln!(
        report,
        "\nThrough the queue {load}/s, plain SIPp to SIPp {plain}/s: {ratio:.2}.\n"
    )?;
    delay(&mut report, &mut failures).await?;
    if failures.is_empty() {
        report.push_str("\nAll requirements are met.\n");
    } else {
        writeln!(report, "\nMissed: {}.", failures.join("; "))?;
    }
    std::io::stdout().write_all(report.as_bytes())?;
    ensure!(failures.is_empty(), "a requirement is missed");
    Ok(())
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Plain::new(program).args(arguments).output();
    output
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default()
}

fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .unwrap_or("unknown");
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory = memory
        .lines()
        .next()
        .unwrap_or_default()
        .replace("MemTotal:", "");
    format!(
        "# Calls: load, memory, delay\n\n`make bench-calls`, {}. {} cores ({}), memory {}, Linux {}. \
         SIPp {}. Callers, agents and desk share the machine.\n",
        output("date", &["+%Y-%m-%d"]),
        output("nproc", &[]),
        model.trim_start_matches([' ', '\t', ':']),
        memory.trim(),
        output("uname", &["-r"]),
        output("dpkg-query", &["-W", "-f=${Version}", "sip-tester"]),
    )
}

fn scenario(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("bench/calls")
        .join(name)
}

fn quiet(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    command
}

fn sipp_agents(port: u16) -> anyhow::Result<Child> {
    let child = quiet("sipp")
        .arg("-sf")
        .arg(scenario("agent.xml"))
        .args(["-i", "127.0.0.1", "-p", &port.to_string(), "-nostdin"])
        .spawn();
    child.context("sipp (Debian package sip-tester) did not start")
}

/// Calls at a rate; whether all of them succeeded.
async fn sipp_calls(to: SocketAddr, rate: u32, calls: u32, call_ms: u32) -> anyhow::Result<bool> {
    let limit = Duration::from_secs(u64::from(calls / rate) + 60);
    let mut child = quiet("sipp")
        .arg(to.to_string())
        .arg("-sf")
        .arg(scenario("caller.xml"))
        .args([
            "-s",
            "5000",
            "-i",
            "127.0.0.1",
            "-p",
            &free_port().to_string(),
            "-nostdin",
        ])
        .args([
            "-r",
            &rate.to_string(),
            "-m",
            &calls.to_string(),
            "-l",
            "8000",
            "-d",
            &call_ms.to_string(),
        ])
        .args(["-timeout", &limit.as_secs().to_string(), "-timeout_error"])
        .spawn()?;
    Ok(child.wait().await?.success())
}

/// The highest rate at which SIPp calls SIPp without a failure.
async fn plain_rate(report: &mut String) -> anyhow::Result<u32> {
    let mut best = 0;
    report.push_str(
        "\n## Plain SIPp to SIPp, 10 s each\n\n| calls/s | all succeeded |\n| --- | --- |\n",
    );
    for rate in [450, 900, 1_350, 1_800] {
        let port = free_port();
        let _agents = sipp_agents(port)?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let to = SocketAddr::from(([127, 0, 0, 1], port));
        let began = Instant::now();
        let succeeded = sipp_calls(to, rate, rate * 10, CALL_MS).await?;
        // A SIPp that cannot keep its rate takes longer.
        let kept =
            began.elapsed() < Duration::from_secs(10 + 3) + Duration::from_millis(CALL_MS.into());
        writeln!(report, "| {rate} | {} |", succeeded && kept)?;
        if !(succeeded && kept) {
            break;
        }
        best = rate;
    }
    Ok(best.max(1))
}

/// A desk in release build under test.
struct Desk {
    child: Child,
    folder: tempfile::TempDir,
    sip: SocketAddr,
    web: SocketAddr,
    token: String,
}

impl Desk {
    async fn start(contacts: &[u16]) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let (sip, web) = (free_port(), free_port());
        let mut text = format!(
            "[sip]\nlisten = [\"udp://127.0.0.1:{sip}\"]\nkeep_alive_s = 0\nstop_grace_s = 1\n\
             [media]\nfirst_port = 20000\nlast_port = 35999\n\
             [reception]\nopens = \"00:00\"\ncloses = \"24:00\"\nevery_day = true\n\
             [web]\nlisten = \"127.0.0.1:{web}\"\n\
             [knowledge]\nencoder = \"none\"\n\
             [[trunk]]\nname = \"load\"\nsources = [{{ net = \"127.0.0.1/32\" }}]\n\
             [[line]]\nname = \"load\"\nnumbers = [\"5000\"]\ngreeting = false\nwrap_up_s = 0\n"
        );
        for (n, port) in contacts.iter().enumerate() {
            let extension = 10_000 + n;
            write!(
                text,
                "[[agent]]\nid = \"a{n}\"\nname = \"a{n}\"\nextension = \"{extension}\"\n\
                 lines = [\"load\"]\ncontact = \"sip:{extension}@127.0.0.1:{port}\"\n\
                 ready_at_start = true\n"
            )?;
        }
        std::fs::write(folder.path().join("desk.toml"), text)?;
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/madoguchi");
        ensure!(
            program.exists(),
            "build first: cargo build --release -p madoguchi"
        );
        let token = madoguchi_tests::process::token(folder.path(), &program).await?;
        let child = quiet(program)
            .arg("--config")
            .arg(folder.path().join("desk.toml"))
            .arg("--data-dir")
            .arg(folder.path().join("data"))
            .arg("serve")
            .spawn()?;
        let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let desk = Self {
            child,
            folder,
            token,
            sip: at(sip),
            web: at(web),
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

    /// Waits until what a start has to do besides taking calls is done: the search builds its
    /// dictionary.
    async fn until_at_rest(&self) -> anyhow::Result<()> {
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

    /// The time on processors until now, in hundredths of a second (proc(5)).
    fn cpu_ticks(&self) -> anyhow::Result<u64> {
        let pid = self.child.id().context("the desk runs")?;
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
        let (_, fields) = stat.rsplit_once(')').context("a name")?;
        let ticks = fields.split_whitespace().skip(11).take(2);
        Ok(ticks.map(str::parse::<u64>).sum::<Result<u64, _>>()?)
    }

    /// The figures of the board.
    async fn total(&self) -> anyhow::Result<serde_json::Value> {
        let url = format!("http://{}/api/v1/board", self.web);
        let request = madoguchi_tests::http_client()
            .build()?
            .get(url)
            .bearer_auth(&self.token);
        let board: serde_json::Value = request.send().await?.json().await?;
        board
            .pointer("/today/total")
            .cloned()
            .context("the board has figures")
    }

    /// What it holds of its own: neither the program nor the dictionary, which are mapped files.
    fn own_memory_kib(&self) -> anyhow::Result<u64> {
        let pid = self.child.id().context("the desk runs")?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
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

fn count(figures: &serde_json::Value, key: &str) -> u64 {
    figures
        .get(key)
        .and_then(serde_json::Value::as_u64)
        .unwrap_or_default()
}

/// The rate of the requirement for 60 s, then on to 100,000 calls, then as fast as it goes.
async fn load(report: &mut String, failures: &mut Vec<String>) -> anyhow::Result<u32> {
    let port = free_port();
    let _agents = sipp_agents(port)?;
    let desk = Desk::start(&vec![port; AGENTS]).await?;
    writeln!(
        report,
        "\n## Through the queue: {AGENTS} agents\n\n\
         | calls/s | of | calls | connected | longest wait | SIPp saw no failure |\n\
         | --- | --- | --- | --- | --- | --- |"
    )?;
    let mut before = 0;
    let mut best = 0;
    let mut memory = Vec::new();
    for (rate, calls, call_ms) in [
        (RATE, RATE * 60, CALL_MS),
        (RATE, 100_000 - RATE * 60, CALL_MS),
        (600, 6_000, CALL_MS),
        (800, 8_000, CALL_MS),
        (1_000, 10_000, SHORT_CALL_MS),
        (1_200, 12_000, SHORT_CALL_MS),
    ] {
        let running = sipp_calls(desk.sip, rate, calls, call_ms);
        tokio::pin!(running);
        let succeeded = loop {
            tokio::select! {
                done = &mut running => break done?,
                () = tokio::time::sleep(Duration::from_secs(1)) => {
                    if rate == RATE {
                        memory.push(desk.own_memory_kib()?);
                    }
                }
            }
        };
        tokio::time::sleep(Duration::from_secs(1)).await;
        let total = desk.total().await?;
        let connected = count(&total, "answered") - before;
        before = count(&total, "answered");
        let longest = count(&total, "max_wait_ms");
        writeln!(
            report,
            "| {rate} | {call_ms} ms | {calls} | {connected} | {longest} ms | {succeeded} |"
        )?;
        let passed = succeeded && connected == u64::from(calls) && longest <= 1_000;
        if passed {
            best = rate;
        } else if rate == RATE {
            failures.push(format!("{rate} calls/s"));
        } else {
            break;
        }
    }
    memory_report(&memory, report, failures)?;
    Ok(best)
}

fn memory_report(
    memory: &[u64],
    report: &mut String,
    failures: &mut Vec<String>,
) -> anyhow::Result<()> {
    let quarter = (memory.len() / 4).max(1);
    let most = |part: &[u64]| part.iter().copied().max().unwrap_or_default() / 1024;
    let quarters: Vec<u64> = memory.chunks(quarter).take(4).map(most).collect();
    let whole = most(memory);
    writeln!(
        report,
        "\nMemory of its own over 100,000 calls (MiB, highest of each quarter): {quarters:?}."
    )?;
    if whole >= 200 {
        failures.push(format!("memory {whole} MiB"));
    }
    if let [_, second, .., last] = quarters.as_slice()
        && *last > second + second / 10 + 2
    {
        failures.push(format!("memory grows: {quarters:?}"));
    }
    Ok(())
}

/// One side of a conversation: sends a packet every 20 ms that carries when it was sent, and notes
/// how old those are that come.
async fn speak_and_hear(
    socket: UdpSocket,
    to: SocketAddr,
    epoch: Instant,
    until: Instant,
) -> Vec<u64> {
    let mut delays = Vec::new();
    let mut tick = tokio::time::interval(PACKET);
    let mut sequence = 0_u16;
    let mut buffer = [0; 2_048];
    while Instant::now() < until {
        tokio::select! {
            _ = tick.tick() => {
                sequence = sequence.wrapping_add(1);
                let mut packet = vec![0x80, 0];
                packet.extend(sequence.to_be_bytes());
                packet.extend((u32::from(sequence) * 160).to_be_bytes());
                packet.extend([0, 0, 0, 7]);
                packet.extend(sent_at(epoch).to_be_bytes());
                packet.resize(172, 0xff);
                // A packet that is not sent is not measured.
                let _lost = socket.send_to(&packet, to).await;
            }
            received = socket.recv_from(&mut buffer) => {
                let Ok((172, _)) = received else { continue };
                let stamp = buffer.get(12..20).and_then(|bytes| bytes.try_into().ok());
                let Some(stamp) = stamp.map(u64::from_be_bytes) else { continue };
                let now = sent_at(epoch);
                // The desk's own sounds carry no stamp.
                if stamp <= now && now - stamp < 10_000_000 {
                    delays.push(now - stamp);
                }
            }
        }
    }
    delays
}

fn sent_at(epoch: Instant) -> u64 {
    u64::try_from(epoch.elapsed().as_micros()).unwrap_or(u64::MAX)
}

fn percentiles(mut delays: Vec<u64>) -> (u64, u64, u64, usize) {
    delays.sort_unstable();
    let at = |part: usize| {
        delays
            .get(delays.len() * part / 100)
            .copied()
            .unwrap_or_default()
    };
    (
        at(50),
        at(99),
        delays.last().copied().unwrap_or_default(),
        delays.len(),
    )
}

/// What the desk adds to the way of a packet, against a direct way.
async fn delay(report: &mut String, failures: &mut Vec<String>) -> anyhow::Result<()> {
    let epoch = Instant::now();
    let direct = converse_directly(epoch).await?;
    let bridged = converse_bridged(epoch).await?;
    let (direct, bridged) = (percentiles(direct), percentiles(bridged));
    writeln!(
        report,
        "## {CONVERSATIONS} simultaneous G.711 calls, one way, 20 s\n\n\
         | way | packets | p50 | p99 | longest |\n| --- | --- | --- | --- | --- |\n\
         | direct | {} | {} µs | {} µs | {} µs |\n| through the desk | {} | {} µs | {} µs | {} µs |",
        direct.3, direct.0, direct.1, direct.2, bridged.3, bridged.0, bridged.1, bridged.2,
    )?;
    let added = bridged.1.saturating_sub(direct.1);
    writeln!(report, "\nAdded at the 99th percentile: {added} µs.")?;
    if added >= 5_000 {
        failures.push(format!("delay {added} µs"));
    }
    // Both sides of each call speak 50 packets a second.
    if bridged.3 < CONVERSATIONS * 2 * 50 * 15 {
        failures.push(format!("only {} packets were heard", bridged.3));
    }
    Ok(())
}

async fn converse_directly(epoch: Instant) -> anyhow::Result<Vec<u64>> {
    let until = Instant::now() + Duration::from_secs(20);
    let mut talks = Vec::new();
    for _ in 0..CONVERSATIONS {
        let (a, b) = (
            UdpSocket::bind("127.0.0.1:0").await?,
            UdpSocket::bind("127.0.0.1:0").await?,
        );
        let (to_a, to_b) = (a.local_addr()?, b.local_addr()?);
        talks.push(tokio::spawn(speak_and_hear(a, to_b, epoch, until)));
        talks.push(tokio::spawn(speak_and_hear(b, to_a, epoch, until)));
    }
    gather(talks).await
}

async fn converse_bridged(epoch: Instant) -> anyhow::Result<Vec<u64>> {
    let mut phones = Vec::new();
    for _ in 0..CONVERSATIONS {
        phones.push(Peer::new(SocketAddr::from(([127, 0, 0, 1], 9))).await?);
    }
    let contacts: Vec<u16> = phones
        .iter()
        .map(|phone| Ok(phone.address()?.port()))
        .collect::<anyhow::Result<_>>()?;
    let desk = Desk::start(&contacts).await?;
    let answering: Vec<_> = phones
        .into_iter()
        .map(|phone| tokio::spawn(pick_up(phone.of(desk.sip))))
        .collect();
    let mut callers = Vec::new();
    for n in 0..CONVERSATIONS {
        let caller = Peer::new(desk.sip).await?;
        caller
            .send(&caller.request("INVITE", "5000", &format!("talk{n}"), 1, ""))
            .await?;
        let response = caller.final_response().await?;
        caller.send(&caller.in_dialog("ACK", &response, 1)?).await?;
        callers.push((caller.rtp, rtp_of(&response.body)?));
    }
    let mut ends = callers;
    for phone in answering {
        ends.push(phone.await??);
    }
    let until = Instant::now() + Duration::from_secs(20);
    let talks = ends
        .into_iter()
        .map(|(socket, to)| tokio::spawn(speak_and_hear(socket, to, epoch, until)));
    gather(talks.collect()).await
}

/// Answers the one call of an agent's phone; its RTP socket, and where to speak to.
async fn pick_up(phone: Peer) -> anyhow::Result<(UdpSocket, SocketAddr)> {
    let invite = phone.request_of_desk().await?;
    let rtp = phone.rtp.local_addr()?.port();
    let mut response = invite.respond(200, None);
    response.set_to_tag("phone");
    let here = phone.address()?;
    response.headers.push(
        madoguchi_sip::message::HeaderName::Contact,
        format!("<sip:a@{here}>"),
    );
    let kind = madoguchi_sip::message::HeaderName::ContentType;
    response.headers.push(kind, "application/sdp");
    response.body = format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
         m=audio {rtp} RTP/AVP 0\r\n"
    )
    .into_bytes();
    phone.send(&response.to_bytes()).await?;
    Ok((phone.rtp, rtp_of(&invite.body)?))
}

fn rtp_of(body: &[u8]) -> anyhow::Result<SocketAddr> {
    let local = Local::in_the_clear(1, 1, ([127, 0, 0, 1], 1).into());
    Ok(accept_answer(body, &local)?.remote)
}

async fn gather(talks: Vec<tokio::task::JoinHandle<Vec<u64>>>) -> anyhow::Result<Vec<u64>> {
    let mut all = Vec::new();
    for talk in talks {
        all.extend(talk.await?);
    }
    Ok(all)
}
