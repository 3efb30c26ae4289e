//! `madoguchi observe` as an operator runs it: on a file, on standard input, into the store, and from a
//! probe.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that meets what it does not expect fails"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::UdpSocket;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::clock::{Clock as _, SystemClock};
use madoguchi_core::time::Millis;
use madoguchi_store::{NewVersion, Store};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
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
    std::fs::write(&file, capture_at(just_now(), &call())).unwrap();
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
    let invite = "INVITE sip:0312345678@d SIP/2.0\r\n";
    assert!(kept.iter().any(|one| one.text.starts_with(invite)));
    assert!(kept.iter().any(|one| one.dialog == "agent@pbx"));
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

#[tokio::test]
async fn a_table_of_calls_is_imported_by_the_columns_of_the_screen_and_again_changes_nothing() {
    let folder = desk();
    let file = folder.path().join("calls.csv");
    let table = "開始,発信,着信,応答,終了,内線\r\n\
        2026-11-24 09:00:00,0451110000,0312345678,2026-11-24 09:00:12,2026-11-24 09:01:12,201\r\n\
        2026-11-24 09:05:00,0451110000,0312345678,,2026-11-24 09:05:30,\r\n";
    std::fs::write(&file, table).unwrap();
    let import = ["import", "calls", file.to_str().unwrap()];
    let refused = run(folder.path(), &import, b"");
    assert_eq!(refused.status.code(), Some(2));
    let columns = r#"{"start":"開始","from":"発信","to":"着信","answer":"応答","end":"終了","extension":"内線"}"#;
    set(folder.path(), "call_table", "columns", columns).await;
    let first = printed(&run(folder.path(), &import, b""));
    assert!(
        first.contains("呼 2、新しい記録 7、取込済みの記録 0"),
        "{first}"
    );
    let second = printed(&run(folder.path(), &import, b""));
    assert!(
        second.contains("新しい記録 0、取込済みの記録 7"),
        "{second}"
    );
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

fn chunk(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len() + 6).unwrap();
    [
        &[0, 0][..],
        &kind.to_be_bytes(),
        &length.to_be_bytes(),
        value,
    ]
    .concat()
}

fn hep((secs, from, to, text): &Sent, key: &str) -> Vec<u8> {
    let body = [
        chunk(3, from),
        chunk(4, to),
        chunk(7, &5060_u16.to_be_bytes()),
        chunk(8, &5060_u16.to_be_bytes()),
        chunk(9, &(NINE + secs).to_be_bytes()),
        chunk(11, &[1]),
        chunk(14, key.as_bytes()),
        chunk(15, text.as_bytes()),
    ]
    .concat();
    let length = u16::try_from(body.len() + 6).unwrap();
    [&b"HEP3"[..], &length.to_be_bytes(), &body].concat()
}

/// Ends the program as an operator does.
fn interrupt(child: &Child) {
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-s", "INT", &pid])
            .status()
            .unwrap()
            .success()
    );
}

#[test]
fn probes_over_udp_and_tcp_with_the_right_key_are_heard() {
    let folder = desk();
    let settings = format!("{SETTINGS}\n[observe]\nhep_key = \"right\"\n");
    std::fs::write(folder.path().join("desk.toml"), settings).unwrap();
    let free = || {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.local_addr().unwrap().port()
    };
    let (udp, tcp) = (free(), free());
    let listen = [
        format!("udp://127.0.0.1:{udp}"),
        format!("tcp://127.0.0.1:{tcp}"),
    ];
    let arguments = [
        "observe", "--print", "--hep", &listen[0], "--hep", &listen[1],
    ];
    let mut command = command(folder.path(), &arguments);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let (mut line, mut heard) = (String::new(), 0);
    while heard < 2 {
        line.clear();
        assert!(
            log.read_line(&mut line).unwrap() > 0,
            "it ended before it listened"
        );
        heard += usize::from(line.contains("receiving HEP"));
    }
    let sent = call();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for message in &sent {
        socket
            .send_to(&hep(message, "wrong"), ("127.0.0.1", udp))
            .unwrap();
    }
    // Half of the messages by each way; each alone could not tell what it is.
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", tcp)).unwrap();
    for (number, message) in sent.iter().enumerate() {
        let frame = hep(message, "right");
        if number % 2 == 0 {
            socket.send_to(&frame, ("127.0.0.1", udp)).unwrap();
        } else {
            let (one, other) = frame.split_at(9);
            stream.write_all(one).unwrap();
            stream.flush().unwrap();
            stream.write_all(other).unwrap();
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    drop(stream);
    std::thread::sleep(std::time::Duration::from_millis(500));
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    let rows = String::from_utf8(output.stdout).unwrap();
    let call = rows
        .lines()
        .last()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let call = call.unwrap_or_else(|| panic!("nothing was heard: {rows}"));
    assert_eq!(
        (&call["outcome"], &call["wait_ms"]),
        (&"answered".into(), &12_000.into())
    );
    assert_eq!(rows.lines().count(), 3, "{rows}");
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

fn read_until(log: &mut impl std::io::BufRead, wanted: &str) {
    let mut line = String::new();
    while !line.contains(wanted) {
        line.clear();
        let read = log.read_line(&mut line).unwrap();
        assert!(read > 0, "it ended before it said {wanted}");
    }
}

/// Sends the frames within TLS, trusting this certificate alone.
fn send_within_tls(port: u16, certificate: &str, frames: &[Vec<u8>]) {
    let _chosen = rustls::crypto::ring::default_provider().install_default();
    let mut roots = rustls::RootCertStore::empty();
    let pem = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
    roots.add(pem).unwrap();
    let config = rustls::ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = "localhost".try_into().unwrap();
    let client = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let socket = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    let mut stream = rustls::StreamOwned::new(client, socket);
    for frame in frames {
        stream.write_all(frame).unwrap();
    }
    stream.flush().unwrap();
    stream.conn.send_close_notify();
    stream.flush().unwrap();
    // Who closes with tickets of the session unread resets the connection, and what it sent can be lost.
    let patience = std::time::Duration::from_secs(5);
    stream.sock.set_read_timeout(Some(patience)).unwrap();
    let _ended = stream.read_to_end(&mut Vec::new());
}

/// What Prometheus reads.
fn scraped(port: u16) -> String {
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn probes_within_tls_are_heard_and_what_was_heard_is_measured() {
    let folder = desk();
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap().pem();
    let (crt, pem) = (
        folder.path().join("desk.crt"),
        folder.path().join("desk.key"),
    );
    std::fs::write(&crt, &certificate).unwrap();
    std::fs::write(&pem, key.serialize_pem()).unwrap();
    let settings = format!("{SETTINGS}\n[web]\ncertificate = {crt:?}\ncertificate_key = {pem:?}\n");
    std::fs::write(folder.path().join("desk.toml"), settings).unwrap();
    let free = || {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        socket.local_addr().unwrap().port()
    };
    let (tls, metrics) = (free(), free());
    let (listen, address) = (
        format!("tls://127.0.0.1:{tls}"),
        format!("127.0.0.1:{metrics}"),
    );
    let arguments = [
        "observe",
        "--print",
        "--hep",
        &listen,
        "--metrics",
        &address,
    ];
    let mut child = command(folder.path(), &arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    read_until(&mut log, "receiving HEP over TLS");
    let frames: Vec<_> = call().iter().map(|sent| hep(sent, "any")).collect();
    send_within_tls(tls, &certificate, &frames);
    let seen = "madoguchi_observed_messages_total{kind=\"seen\"} 10";
    let mut text = String::new();
    for _ in 0..100 {
        text = scraped(metrics);
        if text.contains(seen) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert!(text.contains(seen), "{text}");
    for line in [
        "madoguchi_observed_disagreement_ratio 0.0",
        "madoguchi_observed_frames_total{kind=\"received\"} 10",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 3);
    let mut rest = String::new();
    log.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("読み方の違い 0(0.000%)"), "{rest}");
}
