//! 200,000 damaged messages: none does harm, none is kept unless it is accepted, and what was
//! accepted is forgotten.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that meets what it does not expect fails"
)]

use madoguchi_sip::check::check_request;
use madoguchi_sip::digest::Credentials;
use madoguchi_sip::framing::{Frame, StreamReader};
use madoguchi_sip::message::{HeaderName, Message, Request};
use madoguchi_sip::parse::parse_datagram;
use madoguchi_sip::sdp;
use madoguchi_sip::transaction::{Event, Flow, Transactions};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const MUTATIONS: u64 = 200_000;

fn corpus() -> Vec<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rfc4475");
    let files = std::fs::read_dir(folder).unwrap();
    let mut all: Vec<_> = files
        .map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect();
    all.sort();
    all.push(
        b"INVITE sip:5000@[2001:db8::1]:5060 SIP/2.0\r\nVia: SIP/2.0/UDP [::1]:9;branch=z9hG4bK1;rport\r\n\
          From: \"x\" <sip:a@[::1]>;tag=1\r\nTo: <sip:5000@desk>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n\
          Contact: <sip:a@[::1]>\r\nMax-Forwards: 70\r\nAuthorization: Digest username=\"201\", \
          realm=\"d\", nonce=\"1-2-3\", uri=\"sip:5000@desk\", response=\"00\", qop=auth, nc=00000001, \
          cnonce=\"c\", algorithm=SHA-256\r\nSession-Expires: 1800;refresher=uac\r\n\
          Content-Type: application/sdp\r\nContent-Length: 107\r\n\r\nv=0\r\no=- 1 1 IN IP6 ::1\r\ns=-\r\n\
          c=IN IP6 ::1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"
            .to_vec(),
    );
    all
}

/// What the network, or somebody of ill will, makes of a message.
fn damage(rng: &mut StdRng, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = corpus[rng.random_range(0..corpus.len())].clone();
    for _ in 0..rng.random_range(1..5) {
        if bytes.is_empty() {
            break;
        }
        let at = rng.random_range(0..bytes.len());
        let end = rng.random_range(at..=bytes.len().min(at + 60));
        match rng.random_range(0..7) {
            0 => bytes[at] = rng.random(),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let twice = bytes[at..end].to_vec();
                bytes.splice(at..at, twice);
            }
            3 => bytes.truncate(at),
            4 => {
                let other = &corpus[rng.random_range(0..corpus.len())];
                let from = rng.random_range(0..other.len());
                bytes.splice(
                    at..end,
                    other[from..other.len().min(from + 80)].iter().copied(),
                );
            }
            5 => {
                let marks = b"\r\n:;,<>\"@[]%=/? \t\0\xff\x81";
                bytes.insert(at, marks[rng.random_range(0..marks.len())]);
            }
            _ => {
                let many = vec![bytes[at]; rng.random_range(1..600)];
                bytes.splice(at..at, many);
            }
        }
    }
    bytes
}

fn look_closer(request: &Request) {
    let authorization = request.headers.get(&HeaderName::Authorization);
    let _any = authorization.map(Credentials::parse);
    let local = sdp::Local {
        session_id: 1,
        version: 1,
        rtp: ([192, 0, 2, 1], 10_000).into(),
        encryption: sdp::Encryption::Optional,
        secret: sdp::KeySecret::new([7; 32]),
    };
    let _any = sdp::check_offer(&request.body, &local);
    let _any = sdp::accept_answer(&request.body, &local);
}

#[test]
fn two_hundred_thousand_damaged_messages_do_no_harm() {
    let mut rng = StdRng::seed_from_u64(5118);
    let corpus = corpus();
    let mut layer = Transactions::new();
    let flow = Flow::udp(0, "192.0.2.1:5060".parse().unwrap());
    let (mut understood, mut accepted) = (0_u32, 0_u32);
    for now in 0..MUTATIONS {
        let bytes = damage(&mut rng, &corpus);
        layer.handle_timeout(now);
        if let Ok(message) = parse_datagram(&bytes) {
            let well = match &message {
                Message::Request(request) => {
                    look_closer(request);
                    check_request(request).is_ok()
                }
                Message::Response(_) => true,
            };
            if well {
                understood += 1;
                layer.receive(flow, message, now);
            }
        }
        while let Some(event) = layer.poll_event() {
            if let Event::Request { flow, request } = event
                && rng.random_range(0..4) == 0
                && let Some(tx) = layer.accept(flow, &request, now)
            {
                accepted += 1;
                let status = [100, 200, 404][rng.random_range(0..3)];
                layer.respond(tx, &request.respond(status, None), now);
            }
        }
        while layer.poll_transmit().is_some() {}
    }
    assert!(
        understood > 10_000 && accepted > 500,
        "{understood} {accepted}"
    );
    while let Some(at) = layer.poll_timeout() {
        layer.handle_timeout(at);
    }
    assert!(layer.is_empty());
    let load = layer.server_load(flow.remote.ip());
    assert_eq!((load.of_source, load.kept_bytes), (0, 0));
}

#[test]
fn twenty_thousand_damaged_streams_do_no_harm() {
    let mut rng = StdRng::seed_from_u64(4475);
    let corpus = corpus();
    let mut messages = 0;
    for _ in 0..MUTATIONS / 10 {
        let mut reader = StreamReader::default();
        let bytes = [damage(&mut rng, &corpus), damage(&mut rng, &corpus)].concat();
        for piece in bytes.chunks(rng.random_range(1..400)) {
            reader.push(piece);
            while let Some(frame) = reader.next_frame() {
                messages += usize::from(matches!(frame, Frame::Message(_)));
            }
        }
        assert!(reader.waiting_bytes() < 100_000);
    }
    assert!(messages > 5_000, "{messages}");
}
