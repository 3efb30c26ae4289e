//! A phone on the loopback interface, and what it takes to listen to one.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use madoguchi_core::time::Millis;
use madoguchi_endpoint::media::{Media, MediaEvent, MediaSettings, RemoteMedia, SessionId};
use madoguchi_sip::sdp::Codec;
use tokio::sync::mpsc::UnboundedReceiver;

pub(crate) const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// No test waits longer for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
/// What does not come within this time is taken not to come.
pub(crate) const NOTHING_WITHIN: Duration = Duration::from_millis(150);

pub(crate) type Events = UnboundedReceiver<MediaEvent>;

pub(crate) fn settings(rtp_timeout: i64) -> MediaSettings {
    MediaSettings {
        ports: 22_000..=25_999,
        rtp_timeout: Millis(rtp_timeout),
        ..MediaSettings::default()
    }
}

pub(crate) fn start() -> (Media, Events) {
    Media::start(settings(0)).unwrap()
}

/// A phone with its session at the desk.
pub(crate) struct Phone {
    pub(crate) socket: UdpSocket,
    pub(crate) desk: SocketAddr,
    pub(crate) session: SessionId,
    pub(crate) codec: Codec,
}

/// A packet as a phone hears it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) marker: bool,
    pub(crate) payload_type: u8,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) ssrc: u32,
    pub(crate) payload: Vec<u8>,
}

pub(crate) fn socket() -> UdpSocket {
    let socket = UdpSocket::bind((LOOPBACK, 0)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

pub(crate) fn packet(payload_type: u8, sequence: u16, timestamp: u32, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, payload_type];
    packet.extend_from_slice(&sequence.to_be_bytes());
    packet.extend_from_slice(&timestamp.to_be_bytes());
    packet.extend_from_slice(&0x5151_5151_u32.to_be_bytes());
    packet.extend_from_slice(payload);
    packet
}

impl Phone {
    pub(crate) fn new(media: &Media, session: u64, codec: Codec) -> Self {
        let session = SessionId(session);
        let desk = media.open(session, LOOPBACK).unwrap();
        let phone = Self {
            socket: socket(),
            desk,
            session,
            codec,
        };
        media.set_remote(session, phone.remote());
        phone
    }

    pub(crate) fn remote(&self) -> RemoteMedia {
        RemoteMedia {
            addr: self.socket.local_addr().unwrap(),
            reports: None,
            codec: self.codec,
            payload_type: self.codec.payload_type(),
            dtmf_payload_type: Some(101),
            send: true,
            receive: true,
            symmetric_with: None,
        }
    }

    pub(crate) fn send(&self, payload_type: u8, sequence: u16, timestamp: u32, payload: &[u8]) {
        self.socket
            .send_to(
                &packet(payload_type, sequence, timestamp, payload),
                self.desk,
            )
            .unwrap();
    }

    pub(crate) fn say(&self, number: u16, payload: &[u8]) {
        let timestamp = u32::from(number) * 160;
        self.send(self.codec.payload_type(), number, timestamp, payload);
    }

    pub(crate) fn hear(&self) -> Heard {
        hear(&self.socket).expect("nothing was heard")
    }

    pub(crate) fn hears_nothing(&self) {
        self.socket.set_read_timeout(Some(NOTHING_WITHIN)).unwrap();
        assert_eq!(hear(&self.socket), None);
        self.socket.set_read_timeout(Some(PATIENCE)).unwrap();
    }
}

pub(crate) fn hear(socket: &UdpSocket) -> Option<Heard> {
    let mut buffer = [0; 2048];
    match socket.recv(&mut buffer) {
        Ok(length) => {
            let packet = &buffer[..length];
            assert_eq!(packet[0], 0x80);
            Some(Heard {
                marker: packet[1] & 0x80 != 0,
                payload_type: packet[1] & 0x7f,
                sequence: u16::from_be_bytes([packet[2], packet[3]]),
                timestamp: u32::from_be_bytes([packet[4], packet[5], packet[6], packet[7]]),
                ssrc: u32::from_be_bytes([packet[8], packet[9], packet[10], packet[11]]),
                payload: packet[12..].to_vec(),
            })
        }
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => None,
        Err(error) => panic!("{error}"),
    }
}

pub(crate) fn next(events: &mut Events) -> MediaEvent {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Ok(event) = events.try_recv() {
            return event;
        }
        assert!(Instant::now() < until, "no event came");
        std::thread::sleep(Duration::from_millis(2));
    }
}

pub(crate) fn bridge(media: &Media, events: &mut Events, a: &Phone, b: &Phone) {
    media.bridge(a.session, b.session, 77);
    assert_eq!(next(events), MediaEvent::Bridged { token: 77 });
}

pub(crate) fn pair(media: &Media, events: &mut Events, a: Codec, b: Codec) -> (Phone, Phone) {
    let (a, b) = (Phone::new(media, 1, a), Phone::new(media, 2, b));
    bridge(media, events, &a, &b);
    (a, b)
}

pub(crate) fn noise(seed: u32) -> Vec<u8> {
    let mut state = seed;
    (0..160)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect()
}

/// G.711 by its formulas, apart from the tables of the product.
pub(crate) fn linear(codec: Codec, byte: u8) -> f64 {
    let mu = codec == Codec::Pcmu;
    let byte = if mu { !byte } else { byte ^ 0x55 };
    let (segment, step) = (i32::from(byte >> 4 & 7), f64::from(byte & 15));
    let size = match (mu, segment) {
        (true, _) => (step * 8.0 + 132.0) * 2.0_f64.powi(segment) - 132.0,
        (false, 0) => step * 16.0 + 8.0,
        (false, _) => (step * 16.0 + 264.0) * 2.0_f64.powi(segment - 1),
    };
    if (byte & 0x80 != 0) == mu {
        -size
    } else {
        size
    }
}
