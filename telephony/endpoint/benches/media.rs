//! How much later voice arrives that goes through the desk, and what opening a session costs.
//!
//! `cargo bench -p madoguchi-endpoint --bench media [-- CALLS SECONDS]`

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement over sockets, told on the terminal"
)]

use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::time::{Duration, Instant};

use madoguchi_core::time::Millis;
use madoguchi_endpoint::media::{Media, MediaSettings, RemoteMedia, SessionId};
use madoguchi_sip::sdp::Codec;
use mio::{Events, Interest, Poll, Token};

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const FRAME: Duration = Duration::from_millis(20);

fn main() {
    let mut numbers = std::env::args().filter_map(|argument| argument.parse::<u64>().ok());
    let calls = numbers.next().unwrap_or(100);
    let seconds = numbers.next().unwrap_or(10);
    let settings = MediaSettings {
        rtp_timeout: Millis::ZERO,
        ..MediaSettings::default()
    };
    let (media, _events) = Media::start(settings).unwrap();
    measure_opening(&media);
    measure_delay(&media, calls, seconds);
}

fn measure_opening(media: &Media) {
    const SESSIONS: u64 = 2000;
    let began = Instant::now();
    for session in 0..SESSIONS {
        media.open(SessionId(session), LOOPBACK).unwrap();
    }
    let opened = began.elapsed();
    for session in 0..SESSIONS {
        media.close(SessionId(session));
    }
    while media.ports().in_use > 0 {
        std::thread::yield_now();
    }
    let took = began.elapsed();
    println!("{SESSIONS} sessions opened in {opened:?}, all closed after {took:?}");
}

/// Phones in pairs; each sends 50 packets a second that carry the time of sending.
fn measure_delay(media: &Media, calls: u64, seconds: u64) {
    let phones: Vec<UdpSocket> = (0..calls * 2)
        .map(|phone| open_phone(media, SessionId(10_000 + phone)))
        .collect();
    for call in 0..calls {
        let first = 10_000 + call * 2;
        media.bridge(SessionId(first), SessionId(first + 1), call);
    }
    let epoch = Instant::now();
    let listeners: Vec<UdpSocket> = phones
        .iter()
        .map(|phone| phone.try_clone().unwrap())
        .collect();
    let until = epoch + Duration::from_secs(seconds);
    let listening = std::thread::spawn(move || listen(listeners, epoch, until));
    let sent = talk(&phones, epoch, until);
    let mut delays = listening.join().unwrap();
    delays.sort_unstable();
    let at = |permille: usize| delays.get(delays.len() * permille / 1000).copied();
    println!(
        "{calls} calls, {seconds} s: {sent} sent, {} heard; one-way delay p50 {:?} p99 {:?} p99.9 {:?} max {:?}",
        delays.len(),
        at(500).unwrap_or_default(),
        at(990).unwrap_or_default(),
        at(999).unwrap_or_default(),
        delays.last().copied().unwrap_or_default(),
    );
}

/// A phone that is connected to its session at the desk.
fn open_phone(media: &Media, session: SessionId) -> UdpSocket {
    let desk = media.open(session, LOOPBACK).unwrap();
    let phone = UdpSocket::bind((LOOPBACK, 0)).unwrap();
    phone.connect(desk).unwrap();
    phone.set_nonblocking(true).unwrap();
    let remote = RemoteMedia {
        addr: phone.local_addr().unwrap(),
        reports: None,
        codec: Codec::Pcmu,
        payload_type: 0,
        dtmf_payload_type: None,
        send: true,
        receive: true,
        symmetric_with: None,
    };
    media.set_remote(session, remote);
    phone
}

/// Sends each phone's packets at its own moment within 20 ms; tells how many.
fn talk(phones: &[UdpSocket], epoch: Instant, until: Instant) -> u64 {
    let mut sent = 0;
    let step = FRAME / u32::try_from(phones.len()).unwrap();
    for round in 0_u16.. {
        for (place, phone) in (0_u32..).zip(phones) {
            let due = epoch + FRAME * u32::from(round) + step * place;
            if due >= until {
                return sent;
            }
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let mut packet = [0; 172];
            let heading = [0x80, 0].into_iter().chain(round.to_be_bytes());
            let clock = (u32::from(round) * 160).to_be_bytes();
            let now = u64::try_from(epoch.elapsed().as_nanos()).unwrap();
            let bytes = heading.chain(clock).chain([1; 4]).chain(now.to_be_bytes());
            packet
                .iter_mut()
                .zip(bytes)
                .for_each(|(slot, byte)| *slot = byte);
            sent += u64::from(phone.send(&packet).is_ok());
        }
    }
    sent
}

/// Collects the delays of all packets that arrive, until a little after the end.
fn listen(phones: Vec<UdpSocket>, epoch: Instant, until: Instant) -> Vec<Duration> {
    let mut poll = Poll::new().unwrap();
    let mut phones: Vec<_> = phones
        .into_iter()
        .map(mio::net::UdpSocket::from_std)
        .collect();
    for (token, phone) in phones.iter_mut().enumerate() {
        poll.registry()
            .register(phone, Token(token), Interest::READABLE)
            .unwrap();
    }
    let mut events = Events::with_capacity(1024);
    let mut delays = Vec::new();
    let mut packet = [0; 2048];
    while Instant::now() < until + Duration::from_millis(200) {
        poll.poll(&mut events, Some(Duration::from_millis(50)))
            .unwrap();
        for phone in events
            .iter()
            .filter_map(|event| phones.get(event.token().0))
        {
            while let Ok(_length) = phone.recv(&mut packet) {
                let now = epoch.elapsed();
                let sent = packet.get(12..20).and_then(|bytes| bytes.try_into().ok());
                let sent = Duration::from_nanos(u64::from_be_bytes(sent.unwrap()));
                delays.push(now.saturating_sub(sent));
            }
        }
    }
    delays
}
