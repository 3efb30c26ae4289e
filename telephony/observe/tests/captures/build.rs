//! Captures of our own making.

use std::net::{IpAddr, SocketAddr};

use etherparse::PacketBuilder;

/// Ethernet.
const ETHERNET: u32 = 1;

/// A message at an instant between two ends.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) at_us: i64,
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
    pub(crate) bytes: Vec<u8>,
}

/// A datagram in an Ethernet frame.
pub(crate) fn frame(from: SocketAddr, to: SocketAddr, payload: &[u8]) -> Vec<u8> {
    let ethernet = PacketBuilder::ethernet2([2; 6], [4; 6]);
    let ip = match (from.ip(), to.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => ethernet.ipv4(from.octets(), to.octets(), 64),
        (IpAddr::V6(from), IpAddr::V6(to)) => ethernet.ipv6(from.octets(), to.octets(), 64),
        _ => panic!("both ends have addresses of one version"),
    };
    let builder = ip.udp(from.port(), to.port());
    let mut bytes = Vec::new();
    builder.write(&mut bytes, payload).unwrap();
    bytes
}

/// A pcap file of frames.
pub(crate) fn pcap(frames: &[(i64, Vec<u8>)]) -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 262_144, ETHERNET] {
        file.extend(word.to_le_bytes());
    }
    for (at_us, bytes) in frames {
        let length = u32::try_from(bytes.len()).unwrap();
        let secs = u32::try_from(at_us.div_euclid(1_000_000)).unwrap();
        let micros = u32::try_from(at_us.rem_euclid(1_000_000)).unwrap();
        for word in [secs, micros, length, length] {
            file.extend(word.to_le_bytes());
        }
        file.extend(bytes);
    }
    file
}

/// A pcapng file of frames.
pub(crate) fn pcapng(frames: &[(i64, Vec<u8>)]) -> Vec<u8> {
    let mut file = section();
    file.extend(block(1, &[1, 0, 0, 0, 0, 0, 4, 0]));
    for (at_us, bytes) in frames {
        file.extend(packet_block(0, u64::try_from(*at_us).unwrap(), bytes));
    }
    file
}

/// What a pcapng file begins with.
pub(crate) fn section() -> Vec<u8> {
    let mut body = vec![0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0];
    body.extend([255; 8]);
    block(0x0a0d_0d0a, &body)
}

/// A packet of pcapng at an interface, at an instant in its units.
pub(crate) fn packet_block(interface: u32, units: u64, bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap();
    let high = u32::try_from(units >> 32).unwrap();
    let low = u32::try_from(units & 0xffff_ffff).unwrap();
    let words = [interface, high, low, length, length];
    let mut body: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
    body.extend(bytes);
    body.resize(body.len().next_multiple_of(4), 0);
    block(6, &body)
}

pub(crate) fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 12).unwrap().to_le_bytes();
    [&kind.to_le_bytes()[..], &length, body, &length].concat()
}

/// The frames of messages over UDP.
pub(crate) fn datagrams(sent: &[Sent]) -> Vec<(i64, Vec<u8>)> {
    let frames = sent.iter();
    frames
        .map(|sent| (sent.at_us, frame(sent.from, sent.to, &sent.bytes)))
        .collect()
}

/// The frame of HEP that a probe sends of a message.
pub(crate) fn hep(sent: &Sent) -> Vec<u8> {
    let (SocketAddr::V4(from), SocketAddr::V4(to)) = (sent.from, sent.to) else {
        panic!("frames of our own have IPv4")
    };
    let secs = u32::try_from(sent.at_us.div_euclid(1_000_000)).unwrap();
    let micros = u32::try_from(sent.at_us.rem_euclid(1_000_000)).unwrap();
    let chunks: [(u16, &[u8]); 8] = [
        (3, &from.ip().octets()),
        (4, &to.ip().octets()),
        (7, &from.port().to_be_bytes()),
        (8, &to.port().to_be_bytes()),
        (9, &secs.to_be_bytes()),
        (10, &micros.to_be_bytes()),
        (11, &[1]),
        (15, &sent.bytes),
    ];
    let mut body = Vec::new();
    for (kind, value) in chunks {
        let length = u16::try_from(value.len() + 6).unwrap();
        body.extend([0, 0]);
        body.extend(kind.to_be_bytes());
        body.extend(length.to_be_bytes());
        body.extend(value);
    }
    let length = u16::try_from(body.len() + 6).unwrap();
    [&b"HEP3"[..], &length.to_be_bytes(), &body].concat()
}

/// A leg of a call, which writes its messages.
#[derive(Debug, Clone)]
pub(crate) struct Leg {
    pub(crate) call_id: String,
    pub(crate) caller: (&'static str, SocketAddr),
    pub(crate) callee: (&'static str, SocketAddr),
    /// Lines of header fields that every request has besides.
    pub(crate) extra: String,
    pub(crate) media: (String, String),
}

pub(crate) fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

impl Leg {
    pub(crate) fn new(
        call_id: &str,
        caller: (&'static str, &str),
        callee: (&'static str, &str),
    ) -> Self {
        let ip = |text: &str| text.split(':').next().unwrap().to_owned();
        Self {
            call_id: call_id.to_owned(),
            caller: (caller.0, address(caller.1)),
            callee: (callee.0, address(callee.1)),
            extra: String::new(),
            media: (ip(caller.1), ip(callee.1)),
        }
    }

    fn sdp(ip: &str, direction: &str) -> String {
        // Two ports of one machine differ by the first letters that its legs use.
        format!("v=0\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\na={direction}\r\n")
    }

    /// A request of the caller, or of the callee.
    pub(crate) fn request(&self, at_ms: i64, by_caller: bool, method: &str, seq: u32) -> Sent {
        self.request_with(at_ms, by_caller, method, seq, true, "sendrecv")
    }

    pub(crate) fn request_with(
        &self,
        at_ms: i64,
        by_caller: bool,
        method: &str,
        seq: u32,
        is_within: bool,
        direction: &str,
    ) -> Sent {
        let (sender, receiver) = if by_caller {
            (self.caller, self.callee)
        } else {
            (self.callee, self.caller)
        };
        let (from_tag, to_tag) = if by_caller { ("a", "b") } else { ("b", "a") };
        let to_tag = if is_within {
            format!(";tag={to_tag}")
        } else {
            String::new()
        };
        let body = if method == "INVITE" {
            Self::sdp(
                if by_caller {
                    &self.media.0
                } else {
                    &self.media.1
                },
                direction,
            )
        } else {
            String::new()
        };
        let text = format!(
            "{method} sip:{callee}@{to} SIP/2.0\r\n\
             Via: SIP/2.0/UDP {from};branch=z9hG4bK{seq}{method}\r\n\
             From: <sip:{caller}@example.com>;tag={from_tag}\r\n\
             To: <sip:{callee}@example.com>{to_tag}\r\nCall-ID: {call_id}\r\n\
             CSeq: {seq} {method}\r\nContact: <sip:{caller}@{from}>\r\n{extra}\
             Content-Length: {length}\r\n\r\n{body}",
            caller = sender.0,
            callee = receiver.0,
            from = sender.1,
            to = receiver.1,
            call_id = self.call_id,
            extra = self.extra,
            length = body.len(),
        );
        Sent {
            at_us: at_ms * 1_000,
            from: sender.1,
            to: receiver.1,
            bytes: text.into_bytes(),
        }
    }

    /// The first INVITE.
    pub(crate) fn invite(&self, at_ms: i64, seq: u32) -> Sent {
        self.request_with(at_ms, true, "INVITE", seq, false, "sendrecv")
    }

    /// A response of the callee to the caller.
    pub(crate) fn response(&self, at_ms: i64, status: u16, seq: u32, method: &str) -> Sent {
        let body = if status == 200 && method == "INVITE" {
            Self::sdp(&self.media.1, "sendrecv")
        } else {
            String::new()
        };
        let tag = if status == 100 { "" } else { ";tag=b" };
        let text = format!(
            "SIP/2.0 {status} Told\r\nVia: SIP/2.0/UDP {via};branch=z9hG4bK{seq}{method}\r\n\
             From: <sip:{caller}@example.com>;tag=a\r\nTo: <sip:{callee}@example.com>{tag}\r\n\
             Call-ID: {call_id}\r\nCSeq: {seq} {method}\r\n{extra}\
             Content-Length: {length}\r\n\r\n{body}",
            via = self.caller.1,
            caller = self.caller.0,
            callee = self.callee.0,
            call_id = self.call_id,
            extra = self.extra,
            length = body.len(),
        );
        Sent {
            at_us: at_ms * 1_000,
            from: self.callee.1,
            to: self.caller.1,
            bytes: text.into_bytes(),
        }
    }

    /// INVITE, ringing, answer, ACK, BYE of the caller.
    pub(crate) fn answered(&self, start: i64, answer: i64, end: i64) -> Vec<Sent> {
        vec![
            self.invite(start, 1),
            self.response(start + 10, 180, 1, "INVITE"),
            self.response(answer, 200, 1, "INVITE"),
            self.request(answer + 5, true, "ACK", 1),
            self.request(end, true, "BYE", 2),
            self.response(end + 5, 200, 2, "BYE"),
        ]
    }
}

/// All messages in the order of their instants.
pub(crate) fn in_order(mut sent: Vec<Sent>) -> Vec<Sent> {
    sent.sort_by_key(|sent| sent.at_us);
    sent
}
