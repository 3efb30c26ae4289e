//! HEP from probes, over UDP, TCP and within TLS.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::UdpSocket;
use std::process::Stdio;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::Value;

use super::{NINE, SETTINGS, Sent, call, command, desk, interrupt};

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
