//! A desk beside a PBX that is already there, seen through a real sngrep: from the setting on the screen
//! to the board and the signals of a call.

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, ensure};
use madoguchi_core::access::Role;
use madoguchi_core::clock::{Clock as _, SystemClock};
use madoguchi_core::time::{Instant, Millis};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::browser::Browser;
use crate::desk::{Desk, Setup};
use crate::free_port;
use crate::process::program;

const CARRIER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const PBX: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);
const PHONE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 21);
/// A number of the PBX that no setting names at first.
const NUMBER: &str = "0399990001";
/// Twice: the first time nobody knows what the number means.
const CALLS_AT_ONCE: u32 = 3;
/// Whether the board shows as many 着信.
const OFFERED: &str = "return [...document.querySelectorAll('.figures dl div')]\
    .some((tile) => tile.textContent.replace(/\\s+/g, '').startsWith('着信3'))";
/// How many wait, as the board shows it.
const WAITING: &str = "return document.querySelector('section.waiting').dataset.count";
/// How long a probe may take to send a few messages.
const SENT_WITHIN: Duration = Duration::from_secs(30);

/// What an operator does who points sngrep at a fresh desk. `seen` is asked to look at each page that
/// matters, with its name; `pace` says how many times longer than two seconds calls take.
///
/// # Errors
/// If what should be shown is not, or `seen` does not like what it sees.
pub async fn story(
    pace: i64,
    mut seen: impl AsyncFnMut(&Browser, &str) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let hep = free_port();
    let setup = Setup::default()
        .registering_agent("tanaka")
        .at_real_time()
        .more("[reception]\nopens = \"00:00\"\ncloses = \"24:00\"\nevery_day = true");
    let desk = setup.start().await?;
    let settings = desk.folder.path().join("desk.toml");
    std::fs::write(&settings, setup.toml(0, 0))?;
    let roles = [Role::Supervisor, Role::Administrator];
    let password = desk.add_user("boss", &roles, None).await?;
    let browser = Browser::start(1280, 800).await?;
    browser.sign_in(desk.web(), "boss", &password).await?;

    let setting = "/admin/desk/observe";
    browser.open(desk.web(), setting).await?;
    let listen = format!("udp://127.0.0.1:{hep}");
    browser.fill_in("[name=hep]", &listen).await?;
    save(&browser).await?;
    let observing = observe(&desk, &settings).await?;
    send(&desk, hep, &calls("first", pace)).await?;
    until_kept(&desk).await?;
    stop(observing).await?;
    ensure!(
        desk.figures().offered == 0,
        "nobody said what the number is"
    );

    browser.open(desk.web(), setting).await?;
    browser
        .fill_in("[name=line_numbers]", &format!("{NUMBER} help"))
        .await?;
    browser.click("button[value=try]").await?;
    browser.until_shown("直近1時間を数え直した結果").await?;
    browser.until_shown("数えられる通話").await?;
    seen(&browser, "observe-trial").await?;
    save(&browser).await?;

    browser.open(desk.web(), "/board").await?;
    browser.until_shown("今日の件数と時間").await?;
    let observing = observe(&desk, &settings).await?;
    send(&desk, hep, &calls("second", pace)).await?;
    desk.until("the calls are counted", |figures| {
        (figures.offered, figures.answered, figures.abandoned()) == (3, 2, 1)
    })
    .await?;
    // The page moves by itself.
    browser.until_true(OFFERED).await?;
    seen(&browser, "observe-board").await?;
    // One more is taken by the queue and waits, and gives up.
    let mut waits = calls("third", pace);
    waits.retain(|one| one.text.contains("Call-ID: third-2@carrier"));
    let (until_taken, whole) = (waits.get(..5).context("until the ACK")?, &waits);
    send(&desk, hep, until_taken).await?;
    browser.until_true(&format!("{WAITING} === '1'")).await?;
    // sngrep sends nothing of a call whose beginning it has not seen; what comes again is known.
    send(&desk, hep, whole).await?;
    browser.until_true(&format!("{WAITING} === '0'")).await?;
    stop(observing).await?;

    browser.open(desk.web(), "/calls").await?;
    browser.click("table.calls tbody a").await?;
    browser.until_shown("信号の記録を見る").await?;
    browser.click("main a[href$='/signals']").await?;
    browser.until_shown("INVITE").await?;
    seen(&browser, "observe-signals").await?;
    browser.open(desk.web(), "/admin/signals").await?;
    seen(&browser, "observe-trunks").await?;
    browser.close().await?;
    desk.end().await?;
    Ok(())
}

async fn save(browser: &Browser) -> anyhow::Result<()> {
    browser.click("main form.form button.primary").await?;
    browser.until_shown("保存しました。").await
}

/// `madoguchi observe`, once it listens.
async fn observe(desk: &Desk, settings: &Path) -> anyhow::Result<Child> {
    let mut child = Command::new(program())
        .arg("--config")
        .arg(settings)
        .arg("--data-dir")
        .arg(desk.folder.path())
        .arg("observe")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("observing did not start")?;
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

async fn stop(mut observing: Child) -> anyhow::Result<()> {
    let pid = observing.id().context("it observes")?.to_string();
    let status = Command::new("kill").args(["-s", "INT", &pid]).status();
    ensure!(status.await?.success());
    let ended = observing.wait().await?;
    ensure!(ended.success(), "observing ended with {ended}");
    Ok(())
}

/// Lets sngrep send what a capture holds.
async fn send(desk: &Desk, port: u16, messages: &[Sent]) -> anyhow::Result<()> {
    let file = desk.folder.path().join("wire.pcap");
    std::fs::write(&file, pcap(messages)?)?;
    let sngrep = Command::new("sngrep")
        .args(["-N", "-q", "-H", &format!("udp:127.0.0.1:{port}"), "-I"])
        .arg(&file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .status();
    let status = tokio::time::timeout(SENT_WITHIN, sngrep).await;
    let status = status.context("sngrep does not end")?;
    let status = status.context("sngrep (Debian package sngrep) did not start")?;
    ensure!(status.success(), "sngrep ended with {status}");
    Ok(())
}

async fn until_kept(desk: &Desk) -> anyhow::Result<()> {
    let since = SystemClock.now() - Millis::from_secs(3_600);
    for _ in 0..300 {
        let kept = desk.store().signals_since(since, 100).await?;
        let over = kept.iter().filter(|one| one.text.starts_with("BYE"));
        if over.count() >= 5 {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    anyhow::bail!("what sngrep sends is not kept")
}

/// A message: when, between whom, and its text.
struct Sent {
    at: Instant,
    from: Ipv4Addr,
    to: Ipv4Addr,
    text: String,
}

/// A leg that is answered and ended by its caller: its times in milliseconds.
struct Leg<'a> {
    id: &'a str,
    caller: (&'a str, Ipv4Addr),
    callee: (&'a str, Ipv4Addr),
    start: i64,
    answer: i64,
    end: i64,
}

/// Callers who are taken by the queue at once. The last one gives up, the others talk to an agent.
fn calls(name: &str, pace: i64) -> Vec<Sent> {
    let lasts = 2_000 * pace;
    let from = SystemClock.now() - Millis(lasts + 1_000);
    let mut sent = Vec::new();
    for number in 0..CALLS_AT_ONCE {
        let caller = format!("03{}", 12_340_001 + number);
        let id = format!("{name}-{number}");
        let start = i64::from(number) * 20;
        let queued = Leg {
            id: &format!("{id}@carrier"),
            caller: (&caller, CARRIER),
            callee: (NUMBER, PBX),
            start,
            answer: start + 40,
            end: start + lasts,
        };
        queued.write(from, &mut sent);
        if number + 1 < CALLS_AT_ONCE {
            let to_agent = Leg {
                id: &format!("{id}@pbx"),
                caller: (&caller, PBX),
                callee: ("201", PHONE),
                start: start + 60,
                answer: start + 60 + lasts / 4,
                end: start + lasts + 5,
            };
            to_agent.write(from, &mut sent);
        }
    }
    sent.sort_by_key(|one| one.at);
    sent
}

impl Leg<'_> {
    fn write(&self, from: Instant, sent: &mut Vec<Sent>) {
        let offer = |ip: Ipv4Addr| {
            format!(
                "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 8\r\n"
            )
        };
        let (invite, answer) = (offer(self.caller.1), offer(self.callee.1));
        for (after, by_caller, start, cseq, body) in [
            (self.start, true, "INVITE", "1 INVITE", invite.as_str()),
            (self.start + 5, false, "100 Trying", "1 INVITE", ""),
            (self.start + 20, false, "180 Ringing", "1 INVITE", ""),
            (self.answer, false, "200 OK", "1 INVITE", answer.as_str()),
            (self.answer + 5, true, "ACK", "1 ACK", ""),
            (self.end, true, "BYE", "2 BYE", ""),
            (self.end + 5, false, "200 OK", "2 BYE", ""),
        ] {
            let (from_host, to_host) = if by_caller {
                (self.caller.1, self.callee.1)
            } else {
                (self.callee.1, self.caller.1)
            };
            sent.push(Sent {
                at: from + Millis(after),
                from: from_host,
                to: to_host,
                text: self.text(by_caller, start, cseq, body),
            });
        }
    }

    fn text(&self, is_request: bool, start: &str, cseq: &str, body: &str) -> String {
        let ((caller, caller_ip), (callee, callee_ip)) = (self.caller, self.callee);
        let line = if is_request {
            format!("{start} sip:{callee}@{callee_ip} SIP/2.0")
        } else {
            format!("SIP/2.0 {start}")
        };
        let is_first = start == "INVITE" || start == "100 Trying";
        let tag = if is_first { "" } else { ";tag=callee" };
        let described = if body.is_empty() {
            ""
        } else {
            "Content-Type: application/sdp\r\n"
        };
        format!(
            "{line}\r\nVia: SIP/2.0/UDP {caller_ip}:5060;branch=z9hG4bK{id}{branch}\r\n\
             From: <sip:{caller}@{caller_ip}>;tag=caller\r\nTo: <sip:{callee}@{callee_ip}>{tag}\r\n\
             Call-ID: {id}\r\nCSeq: {cseq}\r\nContact: <sip:{caller}@{caller_ip}:5060>\r\n\
             Max-Forwards: 70\r\n{described}Content-Length: {length}\r\n\r\n{body}",
            id = self.id,
            branch = cseq.replace(' ', ""),
            length = body.len(),
        )
    }
}

/// A capture of Ethernet frames.
fn pcap(messages: &[Sent]) -> anyhow::Result<Vec<u8>> {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 1] {
        file.extend(word.to_le_bytes());
    }
    for one in messages {
        let payload = one.text.as_bytes();
        let datagram = u16::try_from(payload.len() + 8)?;
        let mut frame = vec![2; 12];
        // IPv4, without options; nobody checks the sums of a capture.
        frame.extend([0x08, 0x00, 0x45, 0]);
        frame.extend((datagram + 20).to_be_bytes());
        frame.extend([0, 0, 0, 0, 64, 17, 0, 0]);
        frame.extend(one.from.octets());
        frame.extend(one.to.octets());
        for word in [5060, 5060, datagram, 0] {
            frame.extend(word.to_be_bytes());
        }
        frame.extend(payload);
        let length = u32::try_from(frame.len())?;
        let (secs, millis) = (one.at.0 / 1_000, one.at.0 % 1_000);
        for word in [
            u32::try_from(secs)?,
            u32::try_from(millis * 1_000)?,
            length,
            length,
        ] {
            file.extend(word.to_le_bytes());
        }
        file.extend(frame);
    }
    Ok(file)
}
