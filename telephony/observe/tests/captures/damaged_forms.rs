//! Damage to captures whose messages come in pieces: over TCP, in fragments, behind tags.

use std::net::SocketAddr;

use etherparse::{IpFragOffset, IpNumber, Ipv4Header, PacketBuilder, VlanId};

use super::build::{Sent, frame, pcap, pcapng};
use super::damage::{assert_one_is_whole, told, two_calls};
use super::{observe, of_kind};

type Frames = Vec<(i64, Vec<u8>)>;

/// The bytes of a capture file before its first record.
const HEAD: usize = 24;

fn ends(sent: &Sent) -> ([u8; 4], [u8; 4]) {
    let (SocketAddr::V4(from), SocketAddr::V4(to)) = (sent.from, sent.to) else {
        panic!("captures of our own have IPv4")
    };
    (from.ip().octets(), to.ip().octets())
}

/// Each call on a connection of its own, each message in two segments, and a ping between messages.
fn over_tcp() -> Frames {
    let mut frames = Vec::new();
    let mut next = [[1_000_u32, 70_000], [3_000_000, 9_000_000]];
    for (place, sent) in two_calls().iter().enumerate() {
        let (from, to) = ends(sent);
        let is_response = sent.bytes.starts_with(b"SIP/2.0");
        // Ports that differ by more than one bit.
        let port = [40_001, 50_002][place / 3];
        let ports = if is_response {
            (5_060, port)
        } else {
            (port, 5_060)
        };
        let seq = &mut next[place / 3][usize::from(is_response)];
        let bytes = [&sent.bytes[..], b"\r\n\r\n"].concat();
        let (first, second) = bytes.split_at(bytes.len() / 2);
        for (after, piece) in [(0, first), (20, second)] {
            let builder = PacketBuilder::ethernet2([2; 6], [4; 6])
                .ipv4(from, to, 64)
                .tcp(ports.0, ports.1, *seq, 65_535)
                .ack(1);
            let mut packet = Vec::new();
            builder.write(&mut packet, piece).unwrap();
            *seq += u32::try_from(piece.len()).unwrap();
            frames.push((sent.at_us - 20 + after, packet));
        }
    }
    frames
}

/// Each message in fragments.
fn in_fragments() -> Frames {
    let mut frames = Vec::new();
    for (number, sent) in (0..).zip(two_calls()) {
        let whole = frame(sent.from, sent.to, &sent.bytes);
        let (ethernet, body) = (&whole[..14], &whole[34..]);
        let (from, to) = ends(&sent);
        let count = body.len().div_ceil(160);
        for (at, bytes) in body.chunks(160).enumerate() {
            let length = u16::try_from(bytes.len()).unwrap();
            let mut header = Ipv4Header::new(length, 64, IpNumber::UDP, from, to).unwrap();
            // Numbers that differ by more than one bit.
            header.identification = 7 * number;
            header.more_fragments = at + 1 < count;
            let offset = u16::try_from(at * 20).unwrap();
            header.fragment_offset = IpFragOffset::try_new(offset).unwrap();
            let packet = [ethernet, &header.to_bytes(), bytes].concat();
            frames.push((sent.at_us, packet));
        }
    }
    frames
}

/// Behind two tags of a VLAN.
fn behind_tags() -> Frames {
    let tagged = |sent: &Sent| {
        let (from, to) = ends(sent);
        let id = |tag| VlanId::try_new(tag).unwrap();
        let builder = PacketBuilder::ethernet2([2; 6], [4; 6])
            .double_vlan(id(7), id(9))
            .ipv4(from, to, 64)
            .udp(sent.from.port(), sent.to.port());
        let mut packet = Vec::new();
        builder.write(&mut packet, &sent.bytes).unwrap();
        (sent.at_us, packet)
    };
    two_calls().iter().map(tagged).collect()
}

fn forms() -> [(&'static str, Frames); 3] {
    [
        ("TCP", over_tcp()),
        ("fragments", in_fragments()),
        ("tags", behind_tags()),
    ]
}

#[test]
fn messages_in_pieces_tell_of_the_same_calls() {
    let expected = told(&observe(&pcap(&super::build::datagrams(&two_calls()))).0);
    assert_eq!(expected.len(), 2);
    for (form, frames) in forms() {
        assert_eq!(told(&observe(&pcap(&frames)).0), expected, "{form}");
        assert_eq!(told(&observe(&pcapng(&frames)).0), expected, "{form}");
    }
}

#[test]
fn every_prefix_of_messages_in_pieces_is_read_as_far_as_it_goes() {
    for (form, frames) in forms() {
        let whole = pcap(&frames);
        let expected = told(&observe(&whole).0);
        let mut before = 0;
        for end in 0..=whole.len() {
            let (rows, _) = observe(&whole[..end]);
            let dialogs = of_kind(&rows, "dialog").count();
            assert!(dialogs >= before, "{form} to {end}");
            before = dialogs;
            if dialogs == 2 {
                assert!(told(&rows).contains(&expected[0]), "{form} to {end}");
            }
        }
        assert_eq!(before, 2, "{form}");
    }
}

#[test]
fn every_flipped_bit_of_messages_in_pieces_costs_no_call_but_its_own() {
    std::thread::scope(|scope| {
        for (form, frames) in forms() {
            scope.spawn(move || {
                let whole = pcap(&frames);
                let expected = told(&observe(&whole).0);
                for bit in HEAD * 8..whole.len() * 8 {
                    let mut damaged = whole.clone();
                    damaged[bit / 8] ^= 1 << (bit % 8);
                    let (rows, _) = observe(&damaged);
                    assert_one_is_whole(&expected, &rows, &format!("{form}, bit {bit}"));
                }
            });
        }
    });
}
