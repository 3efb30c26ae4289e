//! `madoguchi observe` as an operator runs it: on a file, on standard input, into the store, and from a
//! probe.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that meets what it does not expect fails"
)]

mod hep;
mod living;
mod logs;

use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::clock::{Clock as _, SystemClock};
use madoguchi_core::time::Millis;
use madoguchi_store::{NewVersion, Store};
use serde_json::Value;

/// 2026-11-24 09:00 in Tokyo, a Tuesday.
const NINE: u32 = 1_795_478_400;

const SETTINGS: &str = r#"
[[line]]
name = "総合"
numbers = ["03-1234-5678"]

[[agent]]
id = "sato"
name = "佐藤"
extension = "201"
lines = ["総合"]
password = "not in use here"
"#;

/// One message: seconds after nine, who sends it to whom, and the text.
type Sent = (u32, [u8; 4], [u8; 4], String);

const CARRIER: [u8; 4] = [192, 0, 2, 1];
const PBX: [u8; 4] = [192, 0, 2, 10];
const PHONE: [u8; 4] = [192, 0, 2, 21];

/// A leg that is answered and ended by its caller.
fn leg(id: &str, from: [u8; 4], (to, number): ([u8; 4], &str), times: [u32; 3]) -> Vec<Sent> {
    let sdp = |ip: [u8; 4]| {
        let [a, b, c, d] = ip;
        format!("v=0\r\nc=IN IP4 {a}.{b}.{c}.{d}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n")
    };
    let text = |start: &str, seq: u32, method: &str, tag: &str, body: &str| {
        format!(
            "{start}\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK{id}{seq}{method}\r\n\
             From: <sip:0451110000@c>;tag=a\r\nTo: <sip:{number}@d>{tag}\r\nCall-ID: {id}\r\n\
             CSeq: {seq} {method}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let request = |method: &str| format!("{method} sip:{number}@d SIP/2.0");
    let [start, answer, end] = times;
    vec![
        (
            start,
            from,
            to,
            text(&request("INVITE"), 1, "INVITE", "", &sdp(from)),
        ),
        (
            answer,
            to,
            from,
            text("SIP/2.0 200 OK", 1, "INVITE", ";tag=b", &sdp(to)),
        ),
        (
            answer,
            from,
            to,
            text(&request("ACK"), 1, "ACK", ";tag=b", ""),
        ),
        (end, from, to, text(&request("BYE"), 2, "BYE", ";tag=b", "")),
        (
            end,
            to,
            from,
            text("SIP/2.0 200 OK", 2, "BYE", ";tag=b", ""),
        ),
    ]
}

/// A caller who is taken by the queue at once and by an agent after 12 s.
fn call() -> Vec<Sent> {
    let mut sent = leg("caller@carrier", CARRIER, (PBX, "0312345678"), [0, 0, 72]);
    sent.extend(leg("agent@pbx", PBX, (PHONE, "201"), [5, 12, 72]));
    sent.sort_by_key(|sent| sent.0);
    sent
}

fn capture(sent: &[Sent]) -> Vec<u8> {
    capture_at(NINE, sent)
}

fn capture_at(base: u32, sent: &[Sent]) -> Vec<u8> {
    let mut file = Vec::new();
    // Raw IP (LINKTYPE 101).
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 101] {
        file.extend(word.to_le_bytes());
    }
    for (secs, from, to, text) in sent {
        let length = u16::try_from(text.len() + 28).unwrap();
        let mut packet = vec![0x45, 0];
        packet.extend(length.to_be_bytes());
        packet.extend([0, 0, 0, 0, 64, 17, 0, 0]);
        packet.extend(from);
        packet.extend(to);
        packet.extend([0x13, 0xc4, 0x13, 0xc4]);
        packet.extend((length - 20).to_be_bytes());
        packet.extend([0, 0]);
        packet.extend(text.as_bytes());
        let size = u32::try_from(packet.len()).unwrap();
        for word in [base + secs, 0, size, size] {
            file.extend(word.to_le_bytes());
        }
        file.extend(packet);
    }
    file
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_madoguchi"));
    command.arg("--config").arg(folder.join("desk.toml"));
    command.arg("--data-dir").arg(folder.join("data"));
    command.args(arguments);
    command
}

fn run(folder: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut command = command(folder, arguments);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input).unwrap();
    drop(stdin);
    child.wait_with_output().unwrap()
}

fn printed(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn desk() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("desk.toml"), SETTINGS).unwrap();
    folder
}

#[test]
fn a_file_and_standard_input_print_the_same_rows_and_store_nothing() {
    let folder = desk();
    let file = folder.path().join("call.pcap");
    std::fs::write(&file, capture(&call())).unwrap();
    let of_file = printed(&run(
        folder.path(),
        &["observe", "--print", file.to_str().unwrap()],
        b"",
    ));
    let of_input = printed(&run(
        folder.path(),
        &["observe", "--print", "-"],
        &capture(&call()),
    ));
    assert_eq!(of_file, of_input);
    let rows: Vec<Value> = of_file
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let kinds: Vec<_> = rows
        .iter()
        .map(|row| row["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["dialog", "dialog", "call"]);
    assert_eq!(rows[2]["outcome"], "answered");
    assert_eq!(
        (&rows[2]["wait_ms"], &rows[2]["talk_ms"]),
        (&12_000.into(), &60_000.into())
    );
    assert!(!folder.path().join("data").exists());
}

#[test]
fn what_is_observed_is_stored_once_however_often_it_is_read() {
    let folder = desk();
    let file = folder.path().join("call.pcap");
    std::fs::write(&file, capture(&call())).unwrap();
    let observe = ["observe", file.to_str().unwrap()];
    let first = printed(&run(folder.path(), &observe, b""));
    assert!(
        first.contains("着信 1") && first.contains("新しい記録 5、取込済みの記録 0"),
        "{first}"
    );
    let second = printed(&run(folder.path(), &observe, b""));
    assert!(
        second.contains("新しい記録 0、取込済みの記録 5"),
        "{second}"
    );
    let days = [
        "--from",
        "2026-11-24",
        "--to",
        "2026-11-24",
        "--format",
        "json",
    ];
    let stats = printed(&run(folder.path(), &[&["stats"][..], &days].concat(), b""));
    let stats: Value = serde_json::from_str(&stats).unwrap();
    let row = &stats;
    assert_eq!(
        (&row["offered"], &row["answered"]),
        (&1.into(), &1.into()),
        "{stats}"
    );
}

/// Five minutes ago: older messages than the time of retention are not kept.
fn just_now() -> u32 {
    u32::try_from(SystemClock.now().0 / 1_000 - 300).unwrap()
}

async fn store(folder: &Path) -> Store {
    let file = folder.join("data").join("madoguchi.sqlite");
    let url = format!("sqlite://{}", file.display());
    Store::open(&url).await.unwrap()
}

async fn set(folder: &Path, kind: &'static str, id: &str, data: &str) {
    std::fs::create_dir_all(folder.join("data")).unwrap();
    let store = store(folder).await;
    let entry = AuditEntry::of_system(SystemClock.now(), Action::ObserveChange, id, Fields::new());
    let mut tx = store.begin(entry).await.unwrap();
    let version = NewVersion {
        kind,
        id: id.to_owned(),
        replaces: 0,
        data: Some(data.to_owned()),
    };
    tx.save_setting(&version).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn what_was_signalled_is_kept_once_with_the_call_that_its_legs_are_of() {
    let folder = desk();
    let file = folder.path().join("call.pcap");
    let sent = call();
    let mut repeated = sent.clone();
    let (_, from, to, invite) = sent.iter().find(|sent| sent.0 == 5).unwrap().clone();
    repeated.extend([6, 8].map(|secs| (secs, from, to, invite.clone())));
    repeated.sort_by_key(|sent| sent.0);
    std::fs::write(&file, capture_at(just_now(), &repeated)).unwrap();
    for _ in 0..2 {
        printed(&run(
            folder.path(),
            &["observe", file.to_str().unwrap()],
            b"",
        ));
    }
    let store = store(folder.path()).await;
    let name = "observed/a/caller@carrier".into();
    let kept = store.signals_of(&name, 100).await.unwrap();
    assert_eq!(kept.len(), 10, "both legs, each message once");
    // A capture in whole seconds.
    let told = kept.iter().map(|one| one.text.lines().next().unwrap());
    let expected = sent.iter().map(|sent| sent.3.lines().next().unwrap());
    assert!(told.eq(expected), "{kept:?}");
    let again = kept.iter().filter(|one| one.repeated > 0);
    let again: Vec<_> = again
        .map(|one| (one.dialog.as_str(), one.repeated))
        .collect();
    assert_eq!(again, [("agent@pbx", 2)]);
    let day = SystemClock.now();
    let counts = store
        .count_dialogs(day - Millis::from_secs(86_400), day)
        .await
        .unwrap();
    let dialogs: u64 = counts.iter().map(|one| one.count).sum();
    assert_eq!(dialogs, 2);
    store.close().await;
}

#[tokio::test]
async fn old_messages_and_those_that_nobody_wants_are_not_kept() {
    let folder = desk();
    let file = folder.path().join("call.pcap");
    let name = "observed/a/caller@carrier".into();
    std::fs::write(&file, capture_at(just_now() - 30 * 86_400, &call())).unwrap();
    printed(&run(
        folder.path(),
        &["observe", file.to_str().unwrap()],
        b"",
    ));
    let kept = store(folder.path()).await;
    assert!(!kept.has_signals(&name).await.unwrap());
    // How many there are depends on whether the desk was open then.
    assert!(
        !kept.events_of(&name).await.unwrap().is_empty(),
        "the call counts"
    );
    kept.close().await;
    set(folder.path(), "signal_retention", "days", r#"{"days":0}"#).await;
    std::fs::write(&file, capture_at(just_now(), &call())).unwrap();
    printed(&run(
        folder.path(),
        &["observe", file.to_str().unwrap()],
        b"",
    ));
    let kept = store(folder.path()).await;
    assert!(!kept.has_signals(&name).await.unwrap());
    kept.close().await;
}

#[tokio::test]
async fn the_setting_of_the_screen_says_what_only_the_pbx_knows() {
    let folder = desk();
    let file = folder.path().join("call.pcap");
    let legs = leg("caller@carrier", CARRIER, (PBX, "0399990000"), [0, 4, 9]);
    std::fs::write(&file, capture(&legs)).unwrap();
    let observe = ["observe", file.to_str().unwrap()];
    let before = printed(&run(folder.path(), &observe, b""));
    assert!(
        before.contains("着信 0") && before.contains("不明 1"),
        "{before}"
    );
    let setting = r#"{"line_numbers":["03-9999-0000 総合"],"direct_lines":["総合"]}"#;
    set(folder.path(), "observe", "observe", setting).await;
    let after = printed(&run(folder.path(), &observe, b""));
    assert!(
        after.contains("着信 1") && after.contains("不明 0"),
        "{after}"
    );
    // What the file names stands over the screen.
    let settings = format!("{SETTINGS}\n[observe]\nline_numbers = []\n");
    std::fs::write(folder.path().join("desk.toml"), settings).unwrap();
    let again = printed(&run(folder.path(), &observe, b""));
    assert!(again.contains("不明 1"), "{again}");
}

#[test]
fn what_is_no_capture_is_told_and_the_rest_is_read() {
    let folder = desk();
    let (good, bad) = (
        folder.path().join("call.pcap"),
        folder.path().join("letter.pcap"),
    );
    std::fs::write(&good, capture(&call())).unwrap();
    std::fs::write(&bad, "This is a letter, and no capture at all.").unwrap();
    let files = [bad.to_str().unwrap(), good.to_str().unwrap()];
    let output = run(
        folder.path(),
        &[&["observe", "--print"][..], &files].concat(),
        b"",
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("letter.pcap は取得ファイル"));
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 3);
}

/// Ends the program as an operator does.
fn interrupt(child: &Child) {
    signal(child, "INT");
}

fn signal(child: &Child, name: &str) {
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-s", name, &pid])
            .status()
            .unwrap()
            .success()
    );
}

/// Waits until the figures of a day hold so many 応答; tells 着信 and 応答.
fn until_answered(folder: &Path, wanted: u64) -> (u64, u64) {
    let days = [
        "--from",
        "2026-11-24",
        "--to",
        "2026-11-24",
        "--format",
        "json",
    ];
    let mut told = (0, 0);
    for _ in 0..200 {
        let stats = run(folder, &[&["stats"][..], &days].concat(), b"");
        if stats.status.success() {
            let stats: Value = serde_json::from_str(&printed(&stats)).unwrap();
            let figure = |name: &str| stats[name].as_u64().unwrap();
            told = (figure("offered"), figure("answered"));
            if told.1 == wanted {
                break;
            }
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    told
}

#[test]
fn a_capture_that_grows_in_a_watched_folder_is_counted_as_it_grows() {
    let folder = desk();
    let captures = folder.path().join("captures");
    std::fs::create_dir(&captures).unwrap();
    let arguments = ["observe", "--folder", captures.to_str().unwrap()];
    let mut watching = command(folder.path(), &arguments);
    let child = watching.stdout(Stdio::piped()).spawn().unwrap();
    let whole = capture(&call());
    let (one, other) = whole.split_at(whole.len() / 3);
    let file = captures.join("call.pcap");
    std::fs::write(&file, one).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    let mut file = std::fs::OpenOptions::new().append(true).open(file).unwrap();
    file.write_all(other).unwrap();
    let counted = until_answered(folder.path(), 1);
    interrupt(&child);
    assert_eq!(counted, (1, 1));
    let told = child.wait_with_output().unwrap();
    assert!(printed(&told).contains("着信 1"));
}
