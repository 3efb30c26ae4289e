//! From the bytes of files and frames to messages.

use std::net::SocketAddr;

use etherparse::{IpFragOffset, IpNumber, Ipv4Header, PacketBuilder, VlanId};
use madoguchi_observe::capture::{CaptureReader, Micros, Packet};
use madoguchi_observe::network::streams::Streams;
use madoguchi_observe::network::{Carrier, Network};
use madoguchi_sip::message::Message;

use super::build::{address, frame, pcap, pcapng};

pub(crate) const FROM: &str = "192.0.2.1:5060";
pub(crate) const TO: &str = "192.0.2.2:5061";
pub(crate) const PAYLOAD: &[u8] = b"OPTIONS sip:a@b SIP/2.0\r\n\r\n";

fn frames() -> Vec<(i64, Vec<u8>)> {
    let one = |number: i64| {
        let payload = vec![b'x'; usize::try_from(number).unwrap() % 90];
        (
            1_795_478_400_000_000 + number * 20_123,
            frame(address(FROM), address(TO), &payload),
        )
    };
    (0..200).map(one).collect()
}

fn packets(reader: &mut CaptureReader) -> Vec<(i64, Vec<u8>)> {
    let mut found = Vec::new();
    while let Some(packet) = reader.next_packet().unwrap() {
        found.push((packet.at.0, packet.data.to_vec()));
    }
    found
}

#[test]
fn however_a_capture_is_cut_into_reads_the_same_packets_come_out() {
    for file in [pcap(&frames()), pcapng(&frames())] {
        for size in [1, 7, 100, 4_096] {
            let mut reader = CaptureReader::default();
            let mut found = Vec::new();
            for piece in file.chunks(size) {
                reader.push(piece);
                found.extend(packets(&mut reader));
            }
            assert_eq!(found, frames(), "{size}");
            assert_eq!(reader.damage().places, 0);
        }
    }
}

#[test]
fn a_packet_goes_out_as_soon_as_it_is_whole() {
    let file = pcap(&frames());
    let mut reader = CaptureReader::default();
    reader.push(&file[..24 + 16 + frames()[0].1.len()]);
    assert_eq!(packets(&mut reader).len(), 1);
}

#[test]
fn nanoseconds_and_the_other_order_of_bytes_are_read() {
    let mut file = Vec::new();
    for word in [0xa1b2_3c4d_u32, 0x0002_0004, 0, 0, 65_535, 1] {
        file.extend(word.to_be_bytes());
    }
    for word in [1_795_478_400_u32, 999_999_999, 4, 4, 0x0102_0304] {
        file.extend(word.to_be_bytes());
    }
    let mut reader = CaptureReader::default();
    reader.push(&file);
    let expected = (1_795_478_400_999_999, vec![1, 2, 3, 4]);
    assert_eq!(packets(&mut reader), [expected]);
}

#[test]
fn what_is_no_capture_is_told() {
    for bytes in [
        &b"this is a letter to somebody, not a capture"[..],
        b"short",
        &[0; 64],
    ] {
        let mut reader = CaptureReader::default();
        reader.push(bytes);
        reader.end();
        assert!(reader.next_packet().is_err());
    }
}

#[test]
fn a_record_that_lies_about_its_length_costs_one_packet_at_most() {
    let whole = frames();
    let mut file = pcap(&whole);
    // The length of the eleventh record.
    let at = 24
        + whole[..10]
            .iter()
            .map(|(_, bytes)| bytes.len() + 16)
            .sum::<usize>()
        + 8;
    file[at] ^= 0x40;
    file[at + 4] ^= 0x40;
    let mut reader = CaptureReader::default();
    reader.push(&file);
    reader.end();
    let found = packets(&mut reader);
    let kept = whole.iter().filter(|packet| found.contains(packet)).count();
    assert!(kept >= whole.len() - 2, "{kept}");
}

/// What the frames carry, in order.
pub(crate) fn carried(frames: &[Vec<u8>], link: i32) -> Vec<(SocketAddr, SocketAddr, Vec<u8>)> {
    let mut network = Network::default();
    let read = frames.iter().filter_map(|data| {
        let at = Micros(1);
        let carried = network.read(&Packet { at, link, data })?;
        Some((carried.from, carried.to, carried.payload.into_owned()))
    });
    read.collect()
}

pub(crate) fn expected() -> Vec<(SocketAddr, SocketAddr, Vec<u8>)> {
    vec![(address(FROM), address(TO), PAYLOAD.to_vec())]
}

/// The IP packet of a datagram.
pub(crate) fn ip_packet() -> Vec<u8> {
    frame(address(FROM), address(TO), PAYLOAD)[14..].to_vec()
}

#[test]
fn vlan_tags_and_links_of_several_systems_are_read() {
    let builder = |tags: &[u16]| {
        let builder = PacketBuilder::ethernet2([2; 6], [4; 6]);
        let id = |tag| VlanId::try_new(tag).unwrap();
        let ip = ([192, 0, 2, 1], [192, 0, 2, 2], 64);
        let mut bytes = Vec::new();
        let builder = match tags {
            [one] => builder.single_vlan(id(*one)),
            [one, other] => builder.double_vlan(id(*one), id(*other)),
            _ => panic!("{tags:?}"),
        };
        let builder = builder.ipv4(ip.0, ip.1, ip.2).udp(5060, 5061);
        builder.write(&mut bytes, PAYLOAD).unwrap();
        bytes
    };
    assert_eq!(carried(&[builder(&[7])], 1), expected());
    assert_eq!(carried(&[builder(&[7, 8])], 1), expected());
    let behind = |head: &[u8]| [head, &ip_packet()].concat();
    assert_eq!(carried(&[behind(&[])], 101), expected());
    assert_eq!(carried(&[behind(&[2, 0, 0, 0])], 0), expected());
    let cooked = [&[0; 14][..], &[8, 0]].concat();
    assert_eq!(carried(&[behind(&cooked)], 113), expected());
    let cooked = [&[8, 0][..], &[0; 18]].concat();
    assert_eq!(carried(&[behind(&cooked)], 276), expected());
}

#[test]
fn ip_in_ip_is_opened_but_not_without_end() {
    let mut packet = ip_packet();
    for depth in 0..6 {
        let length = u16::try_from(packet.len()).unwrap();
        let header = Ipv4Header::new(length, 64, IpNumber::IPV4, [10, 0, 0, 1], [10, 0, 0, 2]);
        packet = [header.unwrap().to_bytes().to_vec(), packet].concat();
        let read = carried(std::slice::from_ref(&packet), 101);
        assert_eq!(
            read,
            if depth < 3 { expected() } else { Vec::new() },
            "{depth}"
        );
    }
}

/// The pieces of an IP packet, of 16 bytes each.
fn pieces() -> Vec<Vec<u8>> {
    let whole = ip_packet();
    let body = &whole[20..];
    let count = body.len().div_ceil(16);
    let pieces = body.chunks(16).enumerate().map(|(at, bytes)| {
        let length = u16::try_from(bytes.len()).unwrap();
        let mut header =
            Ipv4Header::new(length, 64, IpNumber::UDP, [192, 0, 2, 1], [192, 0, 2, 2]).unwrap();
        header.identification = 77;
        header.more_fragments = at + 1 < count;
        header.fragment_offset = IpFragOffset::try_new(u16::try_from(at * 2).unwrap()).unwrap();
        [header.to_bytes().to_vec(), bytes.to_vec()].concat()
    });
    pieces.collect()
}

#[test]
fn fragments_are_joined_in_any_order_and_nothing_comes_of_some() {
    let pieces = pieces();
    let mut backwards = pieces.clone();
    backwards.reverse();
    assert_eq!(carried(&pieces, 101), expected());
    assert_eq!(carried(&backwards, 101), expected());
    assert_eq!(carried(&pieces[1..], 101), Vec::new());
}

/// The pieces of an IPv6 packet, each with a fragment header (RFC 8200 4.5).
fn pieces_v6(identification: u32) -> Vec<Vec<u8>> {
    let (from, to) = ([0x20; 16], [0x30; 16]);
    let mut whole = Vec::new();
    let builder = PacketBuilder::ipv6(from, to, 64).udp(5060, 5061);
    builder.write(&mut whole, PAYLOAD).unwrap();
    let body = &whole[40..];
    let count = body.len().div_ceil(16);
    let pieces = body.chunks(16).enumerate().map(|(at, bytes)| {
        let length = u16::try_from(bytes.len() + 8).unwrap();
        let offset = u16::try_from(at * 16).unwrap();
        let more = u16::from(at + 1 < count);
        let mut piece = vec![0x60, 0, 0, 0];
        piece.extend(length.to_be_bytes());
        // A fragment header follows, and UDP that one.
        piece.extend([44, 64]);
        piece.extend(from);
        piece.extend(to);
        piece.extend([17, 0]);
        piece.extend((offset | more).to_be_bytes());
        piece.extend(identification.to_be_bytes());
        piece.extend(bytes);
        piece
    });
    pieces.collect()
}

#[test]
fn fragments_of_ipv6_are_joined_in_any_order_and_by_their_identification() {
    let pieces = pieces_v6(77);
    assert!(pieces.len() > 2);
    let expected = vec![(
        SocketAddr::from(([0x20; 16], 5060)),
        SocketAddr::from(([0x30; 16], 5061)),
        PAYLOAD.to_vec(),
    )];
    let mut backwards = pieces.clone();
    backwards.reverse();
    let mut twice = pieces.clone();
    twice.insert(1, pieces[0].clone());
    for sent in [&pieces, &backwards, &twice] {
        assert_eq!(carried(sent, 101), expected);
    }
    assert_eq!(carried(&pieces[1..], 101), Vec::new());
    assert_eq!(carried(&pieces[..pieces.len() - 1], 101), Vec::new());
    // Pieces of another packet do not fill the gap.
    let mut mixed = pieces.clone();
    mixed[1].clone_from(&pieces_v6(78)[1]);
    assert_eq!(carried(&mixed, 101), Vec::new());
    let both: Vec<Vec<u8>> = pieces
        .into_iter()
        .zip(pieces_v6(78))
        .flat_map(|(one, other)| [one, other])
        .collect();
    assert_eq!(carried(&both, 101), [expected.clone(), expected].concat());
}

const MESSAGES: [&str; 3] = ["one", "two", "three"];

/// A stream of three messages with a ping between.
fn stream() -> Vec<u8> {
    let message = |id: &str| {
        format!(
            "INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP c;branch=z9hG4bK{id}\r\n\
             From: <sip:c@d>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: {id}\r\nCSeq: 1 INVITE\r\n\
             Content-Length: 4\r\n\r\nbody"
        )
    };
    MESSAGES.map(message).join("\r\n\r\n").into_bytes()
}

/// The Call-IDs of what pieces `(from, until)` of the stream give, one packet a second.
fn of_pieces(pieces: &[(usize, usize)]) -> Vec<String> {
    let bytes = stream();
    let mut streams = Streams::default();
    let mut found = Vec::new();
    for (number, (from, until)) in pieces.iter().enumerate() {
        let at = Micros::from_secs(i64::try_from(number).unwrap());
        let carrier = Carrier::Tcp {
            seq: u32::try_from(*from).unwrap().wrapping_sub(100),
            syn: false,
            fin: false,
        };
        let flow = (address(FROM), address(TO));
        found.extend(streams.take(at, flow, carrier, &bytes[*from..*until]));
        found.extend(streams.advance(at));
    }
    found.extend(streams.finish());
    let ids = found.into_iter().map(|found| match found.message {
        Message::Request(request) => request.call_id().unwrap().to_owned(),
        Message::Response(_) => panic!(),
    });
    ids.collect()
}

#[test]
fn messages_come_out_of_a_stream_however_it_was_cut() {
    let end = stream().len();
    let third = end / 3 + 10;
    for pieces in [
        vec![(0, end)],
        vec![(0, 100), (100, 300), (300, end)],
        // In another order, and with repetitions.
        vec![(0, 100), (300, end), (100, 300)],
        vec![(0, third), (0, third), (third - 20, end), (third, end)],
        (0..end)
            .map(|at| (at, at + 1))
            .skip(40)
            .fold(vec![(0, 40)], |mut all, piece| {
                all.push(piece);
                all
            }),
    ] {
        assert_eq!(
            of_pieces(&pieces),
            MESSAGES,
            "{:?}",
            &pieces[..pieces.len().min(5)]
        );
    }
}

#[test]
fn a_stream_of_which_something_is_lost_goes_on_with_the_next_message() {
    let bytes = stream();
    let third = bytes.windows(6).rposition(|six| six == b"INVITE");
    let third = bytes[..third.unwrap()]
        .windows(6)
        .rposition(|six| six == b"INVITE")
        .unwrap();
    // The end of the first and the whole second message are missing.
    assert_eq!(of_pieces(&[(0, 100), (third, bytes.len())]), ["three"]);
    // The capture begins within the first message.
    assert_eq!(of_pieces(&[(50, 60), (third, bytes.len())]), ["three"]);
    // Behind the gap, the end of a message stands before the next one.
    let within = [
        (0, 100),
        (third - 60, third + 70),
        (third + 70, bytes.len()),
    ];
    assert_eq!(of_pieces(&within), ["three"]);
    // The same with a repetition that overlaps both.
    let within = [within[0], within[1], (third - 30, third + 90), within[2]];
    assert_eq!(of_pieces(&within), ["three"]);
}

#[test]
fn what_is_no_sip_is_not_followed() {
    let mut streams = Streams::default();
    let flow = (address(FROM), address(TO));
    for (seq, syn, bytes) in [(9, true, &b""[..]), (10, false, b"GET / HTTP/1.1\r\n\r\n")] {
        let carrier = Carrier::Tcp {
            seq,
            syn,
            fin: false,
        };
        assert!(streams.take(Micros(0), flow, carrier, bytes).is_empty());
    }
    assert_eq!(streams.refused(), 0);
}

fn piece(seq: u32, syn: bool, fin: bool) -> Carrier {
    Carrier::Tcp { seq, syn, fin }
}

/// The Call-IDs that come out of pieces `(seq, syn, fin, bytes)` of one stream, a millisecond apart.
fn of_flags(pieces: &[(u32, bool, bool, &[u8])]) -> Vec<String> {
    let mut streams = Streams::default();
    let flow = (address(FROM), address(TO));
    let mut found = Vec::new();
    for (at, (seq, syn, fin, bytes)) in (0..).zip(pieces) {
        found.extend(streams.take(Micros(at * 1_000), flow, piece(*seq, *syn, *fin), bytes));
    }
    found.extend(streams.finish());
    let ids = found.into_iter().map(|found| match found.message {
        Message::Request(request) => request.call_id().unwrap().to_owned(),
        Message::Response(_) => panic!(),
    });
    ids.collect()
}

#[test]
fn ends_and_beginnings_of_streams_in_another_order_lose_nothing() {
    let bytes = stream();
    let (first, second) = bytes.split_at(200);
    let end = 200 + u32::try_from(second.len()).unwrap();
    let begin = (0, true, false, &b""[..]);
    let (one, other) = ((1, false, false, first), (201, false, false, second));
    for pieces in [
        // The end before what it follows.
        vec![begin, one, (end + 1, false, true, b""), other],
        // The second piece before the first.
        vec![begin, other, one, (end + 1, false, true, b"")],
        // The beginning once more, as a second probe sees it.
        vec![begin, one, begin, other],
    ] {
        assert_eq!(of_flags(&pieces), MESSAGES, "{:?}", pieces[1].0);
    }
}

#[test]
fn a_message_behind_the_end_of_one_that_was_not_seen_whole_is_read() {
    let bytes = [b"tag=1\r\nContent-Length: 0\r\n\r\n", &stream()[..]].concat();
    assert_eq!(of_flags(&[(9, false, false, &bytes)]), MESSAGES);
}

#[test]
fn streams_that_never_complete_a_message_hold_a_bounded_memory_and_others_go_on() {
    let begun = [&stream()[..150], &[b'x'; 1_300]].concat();
    let mut streams = Streams::default();
    let flow = |number: u32| {
        let [a, b, c, d] = number.to_be_bytes();
        (SocketAddr::from(([10 + a, b, c, d], 5060)), address(TO))
    };
    // 100,000 streams, twelve kilobytes each, within three seconds.
    for number in 0..100_000 {
        let at = Micros(i64::from(number) * 30);
        let mut seq = 1;
        for _ in 0..9 {
            let found = streams.take(at, flow(number), piece(seq, false, false), &begun);
            assert!(found.is_empty());
            seq += u32::try_from(begun.len()).unwrap();
        }
    }
    assert!(streams.waiting_bytes() <= 64 * 1024 * 1024 + 16_384);
    // Those who have stopped make room for who speaks.
    let bytes = stream();
    let at = Micros::from_secs(9);
    let (first, second) = bytes.split_at(200);
    let mut found = streams.take(at, flow(u32::MAX >> 8), piece(1, false, false), first);
    found.extend(streams.take(at, flow(u32::MAX >> 8), piece(201, false, false), second));
    assert_eq!(found.len(), 3);
}
