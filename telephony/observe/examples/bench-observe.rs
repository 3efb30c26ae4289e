//! Measures observing: SIP alone, SIP among voice, many calls open at once, a capture of 1 GB, and HEP.
//!
//!     cargo run --release -p madoguchi-observe --example bench [PROGRAM]
//!
//! PROGRAM is the desk (`target/release/madoguchi`), for HEP over real sockets. sngrep and tshark read the
//! same capture, if they are installed.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "it measures, and the table is what it is for"
)]

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use etherparse::PacketBuilder;
use madoguchi_observe::calls::JoinSettings;
use madoguchi_observe::capture::CaptureReader;
use madoguchi_observe::observer::Observer;
use madoguchi_observe::rows;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// 2026-11-24 09:00 in Tokyo.
const BEGINNING_US: u64 = 1_795_478_400_000_000;
const CALLS: u64 = 50_000;
const MESSAGES_A_CALL: u64 = 7;
const OPEN_CALLS: u64 = 20_000;
const GIGABYTE: u64 = 1 << 30;
const HEP_PORT: u16 = 39_060;
const HEP_A_SECOND: u64 = 5_000;
const HEP_SECS: u64 = 60;

fn main() -> Outcome<()> {
    let program = std::env::args().nth(1).map(PathBuf::from);
    let folder = std::env::temp_dir().join(format!("bench-observe-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    println!("| what | measured | asked for |\n| --- | --- | --- |");
    let outcome = measure(&folder, program.as_deref());
    std::fs::remove_dir_all(&folder)?;
    outcome
}

fn measure(folder: &Path, program: Option<&Path>) -> Outcome<()> {
    let sip = folder.join("sip.pcap");
    write_sip(&sip)?;
    let messages = CALLS * MESSAGES_A_CALL;
    let (took, mut observer) = observe(File::open(&sip)?)?;
    let rate = per_second(messages, took);
    println!("| SIP alone, messages/s | {rate} | 60,000 |");
    let agreement = observer.agreement();
    println!(
        "| refused by the typed model | {} of {} | 0.1% |",
        agreement.refused(),
        agreement.read()
    );
    let read = sip.to_string_lossy().into_owned();
    for (name, arguments) in [
        ("sngrep", vec!["-N", "-q", "-I", &read]),
        ("tshark", vec!["-q", "-r", &read, "-z", "sip,stat"]),
    ] {
        match other(name, &arguments)? {
            Some(took) => println!(
                "| {name}, the same capture, messages/s | {} | |",
                per_second(messages, took)
            ),
            None => println!("| {name} | not installed | |"),
        }
    }
    let voice = folder.join("voice.pcap");
    let packets = write_voice(&voice)?;
    let (took, _) = observe(File::open(&voice)?)?;
    println!(
        "| packets/s, 93% of them voice | {} | 500,000 |",
        per_second(packets, took)
    );
    open_calls()?;
    let before = memory_kib();
    let (took, observer) = observe(Endless::new()?)?;
    println!(
        "| 1 GiB of SIP | {:.1} s, {} messages, memory from {} to {} MiB | constant |",
        took.as_secs_f64(),
        observer.counts().messages,
        before / 1024,
        memory_kib() / 1024,
    );
    match program {
        Some(program) => hep(program)?,
        None => println!("| HEP | no program was named | |"),
    }
    Ok(())
}

fn per_second(count: u64, took: Duration) -> u64 {
    let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1);
    count.saturating_mul(1_000) / millis
}

/// Reads a capture to its end, as the command does.
fn observe(mut file: impl Read) -> Outcome<(Duration, Observer)> {
    let began = Instant::now();
    let mut reader = CaptureReader::default();
    let mut observer = Observer::new(JoinSettings::default());
    let mut bytes = 0;
    while reader.fill(&mut file)? {
        while let Some(packet) = reader.next_packet()? {
            let progress = observer.packet(&packet);
            let lines = progress.closed.iter().flat_map(rows::lines);
            bytes += lines.map(|line| line.len()).sum::<usize>();
        }
    }
    let lines = observer.finish().closed;
    bytes += lines
        .iter()
        .flat_map(rows::lines)
        .map(|line| line.len())
        .sum::<usize>();
    assert!(bytes > 0, "a capture without calls measures nothing");
    // It is over when each message was read by both.
    assert!(observer.agreement().read() > 0);
    Ok((began.elapsed(), observer))
}

/// How long another program takes; nothing if it is not installed.
fn other(name: &str, arguments: &[&str]) -> Outcome<Option<Duration>> {
    let began = Instant::now();
    let mut command = Command::new(name);
    command
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    match command.stdin(Stdio::null()).status() {
        Ok(_) => Ok(Some(began.elapsed())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What this process holds of its own.
fn memory_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"));
    let number = line.and_then(|line| line.split_ascii_whitespace().next());
    number
        .and_then(|number| number.parse().ok())
        .unwrap_or_default()
}

const CALLER: ([u8; 4], u16) = ([192, 0, 2, 1], 5060);
const PBX: ([u8; 4], u16) = ([192, 0, 2, 10], 5060);

fn frame(from: ([u8; 4], u16), to: ([u8; 4], u16), payload: &[u8]) -> Vec<u8> {
    let builder = PacketBuilder::ethernet2([2; 6], [4; 6])
        .ipv4(from.0, to.0, 64)
        .udp(from.1, to.1);
    let mut bytes = Vec::with_capacity(payload.len() + 42);
    // Into memory, a packet is always written.
    let _written = builder.write(&mut bytes, payload);
    bytes
}

/// The messages of one call: INVITE, 100, 180, 200, ACK, BYE, 200.
fn call(number: u64) -> [(bool, String); 7] {
    let head = |by_caller: bool, start: &str, seq: u32, method: &str, body: &str| {
        let text = format!(
            "{start}\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK{number}{method}\r\n\
             From: \"Caller\" <sip:045{caller:07}@carrier.example>;tag=a{number}\r\n\
             To: <sip:0312345678@desk.example>;tag=b{number}\r\nCall-ID: {number}-bench@192.0.2.1\r\n\
             CSeq: {seq} {method}\r\nContact: <sip:045{caller:07}@192.0.2.1:5060>\r\n\
             Max-Forwards: 70\r\nAllow: INVITE, ACK, BYE, CANCEL, OPTIONS, PRACK, UPDATE\r\n\
             Supported: timer\r\nUser-Agent: bench\r\nContent-Type: application/sdp\r\n\
             Content-Length: {length}\r\n\r\n{body}",
            caller = number % 10_000_000,
            length = body.len(),
        );
        (by_caller, text)
    };
    let sdp = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
               m=audio 4000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n";
    let (caller, callee) = (true, false);
    let mut messages = [
        head(
            caller,
            "INVITE sip:0312345678@192.0.2.10 SIP/2.0",
            1,
            "INVITE",
            sdp,
        ),
        head(callee, "SIP/2.0 100 Trying", 1, "INVITE", ""),
        head(callee, "SIP/2.0 180 Ringing", 1, "INVITE", ""),
        head(callee, "SIP/2.0 200 OK", 1, "INVITE", sdp),
        head(
            caller,
            "ACK sip:0312345678@192.0.2.10 SIP/2.0",
            1,
            "ACK",
            "",
        ),
        head(
            caller,
            "BYE sip:0312345678@192.0.2.10 SIP/2.0",
            2,
            "BYE",
            "",
        ),
        head(callee, "SIP/2.0 200 OK", 2, "BYE", ""),
    ];
    let [(_, invite), ..] = &mut messages;
    *invite = invite.replace(&format!(";tag=b{number}"), "");
    messages
}

fn frame_of((by_caller, text): &(bool, String)) -> Vec<u8> {
    let (from, to) = if *by_caller {
        (CALLER, PBX)
    } else {
        (PBX, CALLER)
    };
    frame(from, to, text.as_bytes())
}

fn head() -> Vec<u8> {
    let words = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 262_144, 1];
    words.into_iter().flat_map(u32::to_le_bytes).collect()
}

fn write_record(file: &mut impl Write, at_us: u64, frame: &[u8]) -> Outcome<()> {
    let length = u32::try_from(frame.len())?;
    let (secs, micros) = (
        u32::try_from(at_us / 1_000_000)?,
        u32::try_from(at_us % 1_000_000)?,
    );
    for word in [secs, micros, length, length] {
        file.write_all(&word.to_le_bytes())?;
    }
    file.write_all(frame)?;
    Ok(())
}

fn write_sip(path: &Path) -> Outcome<()> {
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(&head())?;
    let mut at = BEGINNING_US;
    for number in 0..CALLS {
        for message in call(number) {
            at += 1_000;
            write_record(&mut file, at, &frame_of(&message))?;
        }
    }
    Ok(file.flush()?)
}

/// One call in which 93 of 100 packets are voice, again and again.
fn write_voice(path: &Path) -> Outcome<u64> {
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(&head())?;
    let voice = [&[0x80, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1][..], &[0x55; 160]].concat();
    let voice = frame(([192, 0, 2, 1], 4_000), ([192, 0, 2, 10], 4_000), &voice);
    let (mut at, mut packets) = (BEGINNING_US, 0);
    for number in 0..20_000 {
        for message in call(number) {
            at += 100;
            write_record(&mut file, at, &frame_of(&message))?;
            packets += 1;
        }
        for _ in 0..93 {
            at += 100;
            write_record(&mut file, at, &voice)?;
            packets += 1;
        }
    }
    file.flush()?;
    Ok(packets)
}

fn open_calls() -> Outcome<()> {
    let before = memory_kib();
    let mut observer = Observer::new(JoinSettings::default());
    let mut reader = CaptureReader::default();
    reader.push(&head());
    let mut at = BEGINNING_US;
    for number in 0..OPEN_CALLS {
        for message in call(number).iter().take(5) {
            at += 100;
            let mut record = Vec::new();
            write_record(&mut record, at, &frame_of(message))?;
            reader.push(&record);
            while let Some(packet) = reader.next_packet()? {
                let _progress = observer.packet(&packet);
            }
        }
    }
    let held = memory_kib().saturating_sub(before) / 1024;
    println!(
        "| {} calls open at once, MiB | {held} | 400 |",
        observer.calls().len()
    );
    Ok(())
}

/// A capture of one gigabyte that no disk has to hold.
struct Endless {
    number: u64,
    at: u64,
    given: u64,
    rest: Vec<u8>,
}

impl Endless {
    fn new() -> Outcome<Self> {
        Ok(Self {
            number: 0,
            at: BEGINNING_US,
            given: 0,
            rest: head(),
        })
    }
}

impl Read for Endless {
    fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
        if self.given >= GIGABYTE {
            return Ok(0);
        }
        while self.rest.len() < room.len() {
            for message in call(self.number) {
                self.at += 2_000;
                let record = write_record(&mut self.rest, self.at, &frame_of(&message));
                record.map_err(|error| std::io::Error::other(error.to_string()))?;
            }
            self.number += 1;
        }
        let length = room.len().min(self.rest.len());
        for (to, from) in room.iter_mut().zip(self.rest.drain(..length)) {
            *to = from;
        }
        self.given += u64::try_from(length).unwrap_or_default();
        Ok(length)
    }
}

fn chunk(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len() + 6).unwrap_or(u16::MAX);
    [
        &[0, 0][..],
        &kind.to_be_bytes(),
        &length.to_be_bytes(),
        value,
    ]
    .concat()
}

fn hep_frame(at_us: u64, message: &(bool, String)) -> Outcome<Vec<u8>> {
    let (from, to) = if message.0 {
        (CALLER, PBX)
    } else {
        (PBX, CALLER)
    };
    let body = [
        chunk(3, &from.0),
        chunk(4, &to.0),
        chunk(7, &from.1.to_be_bytes()),
        chunk(8, &to.1.to_be_bytes()),
        chunk(9, &u32::try_from(at_us / 1_000_000)?.to_be_bytes()),
        chunk(10, &u32::try_from(at_us % 1_000_000)?.to_be_bytes()),
        chunk(11, &[1]),
        chunk(15, message.1.as_bytes()),
    ]
    .concat();
    let length = u16::try_from(body.len() + 6)?;
    Ok([&b"HEP3"[..], &length.to_be_bytes(), &body].concat())
}

/// The program receives 5,000 messages a second for a minute.
fn hep(program: &Path) -> Outcome<()> {
    let address = format!("127.0.0.1:{HEP_PORT}");
    let mut desk = Command::new(program)
        .args(["observe", "--print", "--hep", &format!("udp://{address}")])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    std::thread::sleep(Duration::from_secs(2));
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    let began = Instant::now();
    let total = HEP_A_SECOND * HEP_SECS;
    let mut sent = 0;
    let mut number = 0;
    while sent < total {
        for message in call(number) {
            let due = Duration::from_micros(sent * 1_000_000 / HEP_A_SECOND);
            if let Some(early) = due.checked_sub(began.elapsed()) {
                std::thread::sleep(early);
            }
            let at = BEGINNING_US + u64::try_from(due.as_micros())?;
            socket.send_to(&hep_frame(at, &message)?, &address)?;
            sent += 1;
        }
        number += 1;
    }
    std::thread::sleep(Duration::from_secs(2));
    Command::new("kill")
        .args(["-INT", &desk.id().to_string()])
        .status()?;
    let mut said = String::new();
    if let Some(mut stderr) = desk.stderr.take() {
        stderr.read_to_string(&mut said)?;
    }
    desk.wait()?;
    let told = said
        .lines()
        .filter(|line| line.contains("HEP") || line.contains("SIP"));
    let told: Vec<&str> = told.collect();
    println!(
        "| HEP over UDP, {HEP_A_SECOND}/s for {HEP_SECS} s: {sent} sent | {} | none lost |",
        told.join("; ")
    );
    Ok(())
}
