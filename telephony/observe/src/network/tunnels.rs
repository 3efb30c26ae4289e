//! What stands before a packet that travels within another one: GRE, ERSPAN, VXLAN. Switches and virtual switches send
//! so what passes a port that they mirror.

use etherparse::EtherType;

use super::link::{Layer, Layered};

/// Ports of VXLAN: that of RFC 7348, and the one that Linux had before.
const VXLAN_PORTS: [u16; 2] = [4_789, 8_472];

/// What GRE carries (RFC 2784, RFC 2890).
pub(super) fn gre(bytes: &[u8]) -> Option<Layered<'_>> {
    const CHECKSUM: u8 = 0x80;
    const ROUTING: u8 = 0x40;
    const KEY: u8 = 0x20;
    const SEQUENCE: u8 = 0x10;
    let [flags, version, high, low, rest @ ..] = bytes else {
        return None;
    };
    let has = |field: u8| flags & field != 0;
    // Routes are no part of it any more, and other versions are other protocols.
    if has(ROUTING) || version & 0x07 != 0 {
        return None;
    }
    let fields = [CHECKSUM, KEY, SEQUENCE].into_iter();
    let rest = rest.get(4 * fields.filter(|field| has(*field)).count()..)?;
    match u16::from_be_bytes([*high, *low]) {
        0x6558 => Some((Layer::Ethernet, rest)),
        // The first version of ERSPAN counts nothing and has no header; the second one has eight bytes.
        0x88be if !has(SEQUENCE) => Some((Layer::Ethernet, rest)),
        0x88be => Some((Layer::Ethernet, rest.get(8..)?)),
        0x22eb => erspan_3(rest),
        kind => Some((Layer::Typed(EtherType(kind)), rest)),
    }
}

/// The third version of ERSPAN: twelve bytes, and eight more if the last bit says so.
fn erspan_3(bytes: &[u8]) -> Option<Layered<'_>> {
    let [.., high, low] = *bytes.first_chunk::<12>()?;
    let length = if low & 1 == 1 { 20 } else { 12 };
    let layer = match (high >> 2) & 0x1f {
        0 => Layer::Ethernet,
        2 => Layer::Ip,
        _ => return None,
    };
    Some((layer, bytes.get(length..)?))
}

/// What a datagram to this port carries, if it is one of VXLAN (RFC 7348): neither SIP nor voice begins so.
pub(super) fn vxlan(port: u16, bytes: &[u8]) -> Option<Layered<'_>> {
    match bytes {
        // A policy group may stand in the header, as the first bit says.
        [flags, _, _, _, _, _, _, _, frame @ ..]
            if VXLAN_PORTS.contains(&port) && flags & 0x7f == 0x08 =>
        {
            Some((Layer::Ethernet, frame))
        }
        _ => None,
    }
}
