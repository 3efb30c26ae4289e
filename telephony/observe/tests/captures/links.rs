//! What stands before an IP packet, and what carries it across a network, as mirror ports of switches and of virtual
//! switches deliver it.

use etherparse::{IpNumber, Ipv4Header, PacketBuilder};

use super::build::{address, frame};
use super::packets::{FROM, PAYLOAD, TO, carried, expected, ip_packet};

const ETHERNET: i32 = 1;
const RAW: i32 = 101;

fn read(packet: &[u8], link: i32) -> bool {
    let read = carried(&[packet.to_vec()], link);
    assert!(read.is_empty() || read == expected(), "{read:?}");
    !read.is_empty()
}

/// The frame of the datagram, whole.
fn whole() -> Vec<u8> {
    frame(address(FROM), address(TO), PAYLOAD)
}

/// A frame with this type and this payload.
fn typed(kind: u16, payload: &[u8]) -> Vec<u8> {
    [&[2; 12][..], &kind.to_be_bytes(), payload].concat()
}

fn v6_packet() -> Vec<u8> {
    let builder = PacketBuilder::ipv6([0x20; 16], [0x30; 16], 64).udp(5060, 5061);
    let mut packet = Vec::new();
    builder.write(&mut packet, PAYLOAD).unwrap();
    packet
}

/// An IP packet of this protocol between two switches.
fn outer(protocol: IpNumber, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap();
    let header = Ipv4Header::new(length, 64, protocol, [10, 0, 0, 1], [10, 0, 0, 2]);
    [&header.unwrap().to_bytes()[..], payload].concat()
}

fn gre(head: &[u8], payload: &[u8]) -> Vec<u8> {
    outer(IpNumber::GRE, &[head, payload].concat())
}

#[test]
fn labels_of_mpls_are_taken_off_and_what_stands_behind_them_tells_itself() {
    let labels = [0x00, 0x01, 0x40, 64, 0x00, 0x02, 0x41, 64];
    for kind in [0x8847, 0x8848] {
        let behind = |payload: &[u8]| typed(kind, &[&labels[..], payload].concat());
        assert!(read(&behind(&ip_packet()), ETHERNET), "IP");
        assert!(read(&behind(&whole()), ETHERNET), "a frame");
        let word = [&[0, 0, 0, 7][..], &whole()].concat();
        assert!(read(&behind(&word), ETHERNET), "a control word");
        let mut low = whole();
        // Whose address begins like a control word.
        low[..6].copy_from_slice(&[0, 0x1b, 2, 3, 4, 5]);
        assert!(read(&behind(&low), ETHERNET), "a frame that begins with 0");
        let v6 = carried(&[behind(&v6_packet())], ETHERNET);
        assert_eq!(v6[0].2, PAYLOAD);
    }
    let without_end = [[0, 1, 0x40, 64]; 40].concat();
    let packet = typed(0x8847, &[&without_end[..], &ip_packet()].concat());
    assert!(!read(&packet, ETHERNET));
}

#[test]
fn sessions_of_pppoe_are_opened_and_their_beginnings_are_none() {
    let session = [0x11, 0, 0, 9, 0, 80];
    for protocol in [&[0, 0x21][..], &[0x21]] {
        let payload = [&session[..], protocol, &ip_packet()].concat();
        assert!(read(&typed(0x8864, &payload), ETHERNET));
        // Behind a tag of a VLAN.
        let tagged = [&[0, 7, 0x88, 0x64][..], &payload].concat();
        assert!(read(&typed(0x8100, &tagged), ETHERNET));
        // A capture of the session's own link.
        assert!(read(&payload, 51));
    }
    let v6 = [&session[..], &[0, 0x57], &v6_packet()].concat();
    assert_eq!(carried(&[typed(0x8864, &v6)], ETHERNET)[0].2, PAYLOAD);
    let lcp = [&session[..], &[0xc0, 0x21], &ip_packet()].concat();
    assert!(!read(&typed(0x8864, &lcp), ETHERNET));
    let discovery = [&[0x11, 9, 0, 0, 0, 80, 0, 0x21][..], &ip_packet()].concat();
    assert!(!read(&typed(0x8864, &discovery), ETHERNET));
}

#[test]
fn captures_of_every_kind_of_link_are_read() {
    let behind = |head: &[u8]| [head, &ip_packet()].concat();
    let raw = [12, 14, 101, 228, 229].map(|link| (link, behind(&[])));
    let mut packets = raw.to_vec();
    packets.extend([
        // Loopback, in either order of bytes.
        (0, behind(&[2, 0, 0, 0])),
        (0, behind(&[0, 0, 0, 2])),
        (108, behind(&[0, 0, 0, 2])),
        // PPP and Cisco's HDLC.
        (9, behind(&[0xff, 3, 0, 0x21])),
        (50, behind(&[0x21])),
        (104, behind(&[0x0f, 0, 8, 0])),
        // Linux "cooked", of which the packet may have a tag, too.
        (113, behind(&[&[0; 14][..], &[8, 0]].concat())),
        (
            113,
            behind(&[&[0; 14][..], &[0x81, 0, 0, 7, 8, 0]].concat()),
        ),
        (276, behind(&[&[8, 0][..], &[0; 18]].concat())),
        (
            276,
            behind(&[&[0x81, 0][..], &[0; 18], &[0, 7, 8, 0]].concat()),
        ),
    ]);
    for (link, packet) in packets {
        assert!(read(&packet, link), "{link}");
        for end in 0..packet.len() - PAYLOAD.len() - 8 {
            assert!(!read(&packet[..end], link), "{link} to {end}");
        }
    }
    // What is no IP: a wireless frame.
    assert!(!read(&behind(&[]), 105));
}

#[test]
fn what_a_switch_mirrors_through_a_tunnel_is_read() {
    let (ip, frame) = (ip_packet(), whole());
    let erspan_2 = [0x10, 7, 0, 1, 0, 0, 0, 0];
    let erspan_3 = |kind: u8, more: u8| {
        let mut head = vec![0x20, 7, 0, 1, 0, 0, 0, 9, 0, 0, kind << 2, more];
        head.resize(12 + 8 * usize::from(more), 0x55);
        head
    };
    let tagged = [&frame[..12], &[0x81, 0, 0, 7], &frame[12..]].concat();
    let tunnels = [
        ("IP", gre(&[0, 0, 8, 0], &ip)),
        (
            "with checksum, key and number",
            gre(&[0xb0, 0, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9], &ip),
        ),
        ("a frame", gre(&[0x20, 0, 0x65, 0x58, 0, 0, 0, 1], &frame)),
        ("a frame with a tag", gre(&[0, 0, 0x65, 0x58], &tagged)),
        (
            "labels",
            gre(&[0, 0, 0x88, 0x47], &[&[0, 1, 0x41, 64][..], &ip].concat()),
        ),
        ("ERSPAN", gre(&[0, 0, 0x88, 0xbe], &frame)),
        (
            "ERSPAN II",
            gre(
                &[0x10, 0, 0x88, 0xbe, 0, 0, 0, 5],
                &[&erspan_2[..], &tagged].concat(),
            ),
        ),
        (
            "ERSPAN III",
            gre(
                &[0x10, 0, 0x22, 0xeb, 0, 0, 0, 5],
                &[&erspan_3(0, 0)[..], &frame].concat(),
            ),
        ),
        (
            "ERSPAN III of a platform",
            gre(
                &[0x10, 0, 0x22, 0xeb, 0, 0, 0, 5],
                &[&erspan_3(0, 1)[..], &frame].concat(),
            ),
        ),
        (
            "ERSPAN III with IP",
            gre(
                &[0x10, 0, 0x22, 0xeb, 0, 0, 0, 5],
                &[&erspan_3(2, 0)[..], &ip].concat(),
            ),
        ),
    ];
    for (what, packet) in tunnels {
        assert!(read(&packet, RAW), "{what}");
        assert!(read(&typed(0x0800, &packet), ETHERNET), "{what}");
        for end in 0..packet.len() - PAYLOAD.len() - 8 {
            assert!(!read(&packet[..end], RAW), "{what} to {end}");
        }
    }
    for (what, head) in [
        ("routes", [0x40, 0, 8, 0]),
        ("another version", [0x20, 1, 0x88, 0x0b]),
        ("ARP", [0, 0, 8, 6]),
    ] {
        assert!(!read(&gre(&head, &ip), RAW), "{what}");
    }
}

fn vxlan(port: u16, flags: u8, payload: &[u8]) -> Vec<u8> {
    let head = [flags, 0, 0, 0, 0, 0, 7, 0];
    let (from, to) = (address("10.0.0.1:49152"), address("10.0.0.2:1"));
    let to = std::net::SocketAddr::new(to.ip(), port);
    frame(from, to, &[&head[..], payload].concat())
}

#[test]
fn frames_within_vxlan_are_read_and_sip_and_voice_at_its_port_are_what_they_are() {
    for port in [4_789, 8_472] {
        assert!(read(&vxlan(port, 0x08, &whole()), ETHERNET));
        // With a policy group.
        assert!(read(&vxlan(port, 0x88, &whole()), ETHERNET));
        assert!(!read(&vxlan(port, 0x08, &[0; 60]), ETHERNET));
        let to = std::net::SocketAddr::new(address(TO).ip(), port);
        for payload in [PAYLOAD, &[0x80; 20]] {
            let plain = carried(&[frame(address(FROM), to, payload)], ETHERNET);
            assert_eq!(plain[0].2, payload);
        }
    }
    let elsewhere = carried(&[vxlan(4_790, 0x08, &whole())], ETHERNET);
    assert_eq!(elsewhere[0].1.port(), 4_790);
}

#[test]
fn tunnels_within_tunnels_are_opened_but_not_without_end() {
    let mut packet = ip_packet();
    for depth in 0..6 {
        packet = gre(&[0, 0, 8, 0], &packet);
        assert_eq!(read(&packet, RAW), depth < 3, "{depth}");
    }
    let mut frame = whole();
    for depth in 0..6 {
        frame = vxlan(4_789, 0x08, &frame);
        assert_eq!(read(&frame, ETHERNET), depth < 3, "{depth}");
    }
    // Layers before one IP packet are bounded as well, and how many there are costs nothing.
    let tags = |count: usize| {
        let tags = [[0x81, 0, 0, 7]; 80_000];
        [&[2; 12][..], tags[..count].as_flattened(), &whole()[12..]].concat()
    };
    assert!(read(&tags(3), ETHERNET));
    assert!(!read(&tags(60_000), ETHERNET));
    let mut nested = whole();
    for _ in 0..2_000 {
        nested = typed(0x8847, &[&[0, 1, 0x41, 64][..], &nested].concat());
    }
    assert!(!read(&nested, ETHERNET));
}

#[test]
fn a_packet_with_a_tunnel_that_comes_in_pieces_is_joined_before_it_is_opened() {
    let packet = gre(
        &[0x10, 0, 0x88, 0xbe, 0, 0, 0, 5],
        &[&[0x10, 7, 0, 1, 0, 0, 0, 0][..], &whole()].concat(),
    );
    let (header, body) = packet.split_at(20);
    let cut = 48;
    let piece = |bytes: &[u8], flags: u16| {
        let mut piece = [header, bytes].concat();
        let length = u16::try_from(piece.len()).unwrap();
        piece[2..4].copy_from_slice(&length.to_be_bytes());
        piece[6..8].copy_from_slice(&flags.to_be_bytes());
        piece
    };
    let (first, second) = body.split_at(cut);
    let offset = u16::try_from(cut / 8).unwrap();
    let pieces = [piece(first, 0x2000), piece(second, offset)];
    assert_eq!(carried(&pieces, RAW), expected());
}
