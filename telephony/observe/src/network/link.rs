//! What stands before an IP packet: the link types of capture files, Ethernet, VLAN tags, MPLS labels, PPP and PPPoE.

use etherparse::EtherType;

/// Layers before an IP packet that are opened.
const LAYERS_AT_MOST: usize = 12;
/// MPLS labels on each other.
const LABELS_AT_MOST: usize = 8;

const MPLS: EtherType = EtherType(0x8847);
const MPLS_MULTICAST: EtherType = EtherType(0x8848);
const PPP_OVER_ETHERNET: EtherType = EtherType(0x8864);

/// What stands at the beginning of some bytes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Layer {
    /// An IP packet.
    Ip,
    /// An Ethernet frame.
    Ethernet,
    /// What this type says.
    Typed(EtherType),
    /// MPLS labels (RFC 3032).
    Labels,
    /// The header of a PPPoE session (RFC 2516).
    PppOverEthernet,
    /// PPP, with address and control before it or without them (RFC 1661, RFC 1662).
    Ppp,
}

/// A layer with its bytes.
pub(super) type Layered<'a> = (Layer, &'a [u8]);

/// What a packet of this link type (LINKTYPE_…) begins with.
pub(super) fn of_packet(link: i32, bytes: &[u8]) -> Option<Layered<'_>> {
    Some(match link {
        1 => (Layer::Ethernet, bytes),
        // Raw IP, by its names in several systems.
        12 | 14 | 101 | 228 | 229 => (Layer::Ip, bytes),
        // Loopback of BSD: four bytes of an address family.
        0 | 108 => (Layer::Ip, bytes.get(4..)?),
        // Linux "cooked", versions 1 and 2.
        113 => typed(bytes, 14, 16)?,
        276 => typed(bytes, 0, 20)?,
        9 | 50 => (Layer::Ppp, bytes),
        51 => (Layer::PppOverEthernet, bytes),
        // Cisco's HDLC: address, control and type.
        104 => typed(bytes, 2, 4)?,
        _ => return None,
    })
}

/// The IP packet within the layers before it.
pub(super) fn ip_within((mut layer, mut bytes): Layered<'_>) -> Option<&[u8]> {
    for _ in 0..LAYERS_AT_MOST {
        (layer, bytes) = match layer {
            Layer::Ip => return Some(bytes),
            Layer::Ethernet => typed(bytes, 12, 14)?,
            Layer::Typed(kind) => of_type(kind, bytes)?,
            Layer::Labels => behind_labels(bytes)?,
            Layer::PppOverEthernet => match bytes {
                [0x11, 0, _, _, _, _, ppp @ ..] => (Layer::Ppp, ppp),
                _ => return None,
            },
            Layer::Ppp => of_ppp(bytes)?,
        };
    }
    None
}

/// What stands at `next`, by the type that stands at `at`.
fn typed(bytes: &[u8], at: usize, next: usize) -> Option<Layered<'_>> {
    let kind = Layer::Typed(type_at(bytes, at)?);
    Some((kind, bytes.get(next..)?))
}

fn type_at(bytes: &[u8], at: usize) -> Option<EtherType> {
    let two = bytes.get(at..)?.first_chunk::<2>()?;
    Some(EtherType(u16::from_be_bytes(*two)))
}

fn of_type(kind: EtherType, bytes: &[u8]) -> Option<Layered<'_>> {
    match kind {
        EtherType::IPV4 | EtherType::IPV6 => Some((Layer::Ip, bytes)),
        EtherType::VLAN_TAGGED_FRAME
        | EtherType::PROVIDER_BRIDGING
        | EtherType::VLAN_DOUBLE_TAGGED_FRAME => typed(bytes, 2, 4),
        MPLS | MPLS_MULTICAST => Some((Layer::Labels, bytes)),
        PPP_OVER_ETHERNET => Some((Layer::PppOverEthernet, bytes)),
        _ => None,
    }
}

/// Labels do not say what they stand before: an IP packet says it itself, and all else is a frame (RFC 4448), which
/// may have a control word before it.
fn behind_labels(mut bytes: &[u8]) -> Option<Layered<'_>> {
    for _ in 0..LABELS_AT_MOST {
        let [_, _, third, _, rest @ ..] = bytes else {
            return None;
        };
        let is_last = third & 1 == 1;
        bytes = rest;
        if is_last {
            break;
        }
    }
    Some(match bytes.first()? >> 4 {
        4 | 6 => (Layer::Ip, bytes),
        0 if has_control_word(bytes) => (Layer::Ethernet, bytes.get(4..)?),
        _ => (Layer::Ethernet, bytes),
    })
}

fn has_control_word(bytes: &[u8]) -> bool {
    let kind = type_at(bytes, 4 + 12);
    kind.is_some_and(|kind| of_type(kind, &[0; 4]).is_some())
}

fn of_ppp(bytes: &[u8]) -> Option<Layered<'_>> {
    let bytes = bytes.strip_prefix(&[0xff, 0x03]).unwrap_or(bytes);
    match bytes {
        // The number of the protocol may have lost its first byte, which is zero.
        [0x21 | 0x57, ip @ ..] | [0, 0x21 | 0x57, ip @ ..] => Some((Layer::Ip, ip)),
        [0x02, 0x81, labels @ ..] => Some((Layer::Labels, labels)),
        _ => None,
    }
}
