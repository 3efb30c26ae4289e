//! From the bytes of a packet to what UDP or TCP carries: links, VLAN tags, IPv4 and IPv6, IP in IP,
//! fragments.

mod fragments;
pub mod streams;

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use etherparse::{
    EtherType, Ethernet2HeaderSlice, LaxIpSlice, SingleVlanHeaderSlice, TcpSlice, UdpSlice,
    ip_number,
};

use self::fragments::{Fragments, Piece};
use crate::capture::{Micros, Packet};

/// IP packets within each other, and VLAN tags.
const NESTED_AT_MOST: u8 = 4;

/// What a packet carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried<'a> {
    /// Who sent it.
    pub from: SocketAddr,
    /// To whom.
    pub to: SocketAddr,
    /// How.
    pub transport: Carrier,
    /// What.
    pub payload: Cow<'a, [u8]>,
}

/// UDP or TCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// A datagram.
    Udp,
    /// A piece of a stream.
    Tcp {
        /// The number of its first byte.
        seq: u32,
        /// The stream begins.
        syn: bool,
        /// The stream ends.
        fin: bool,
    },
}

/// Reads packets; remembers fragments.
#[derive(Debug, Default)]
pub struct Network {
    fragments: Fragments,
}

impl Network {
    /// What the packet carries; nothing if it is no UDP or TCP, or the piece of a packet whose others
    /// have not come yet.
    pub fn read<'a>(&mut self, packet: &Packet<'a>) -> Option<Carried<'a>> {
        let ip = network_layer(packet.link, packet.data)?;
        self.read_ip(Cow::Borrowed(ip), packet.at, 0)
    }

    fn read_ip<'a>(&mut self, bytes: Cow<'a, [u8]>, at: Micros, depth: u8) -> Option<Carried<'a>> {
        if depth >= NESTED_AT_MOST {
            return None;
        }
        // What a fragment completes is owned; everything else is only looked at.
        match bytes {
            Cow::Borrowed(bytes) => {
                let (ip, _stopped) = LaxIpSlice::from_slice(bytes).ok()?;
                let (from, to) = (ip.source_addr(), ip.destination_addr());
                let payload = ip.payload();
                let protocol = payload.ip_number;
                if payload.fragmented {
                    let piece = Piece::of(&ip, at)?;
                    let whole = self.fragments.add(&piece, payload.payload)?;
                    return self.read_payload((from, to), protocol.0, Cow::Owned(whole), at, depth);
                }
                let data = Cow::Borrowed(payload.payload);
                self.read_payload((from, to), protocol.0, data, at, depth)
            }
            Cow::Owned(bytes) => {
                let carried = self.read_ip(Cow::Borrowed(&bytes), at, depth)?;
                Some(Carried {
                    payload: Cow::Owned(carried.payload.into_owned()),
                    ..carried
                })
            }
        }
    }

    fn read_payload<'a>(
        &mut self,
        (from, to): (IpAddr, IpAddr),
        protocol: u8,
        data: Cow<'a, [u8]>,
        at: Micros,
        depth: u8,
    ) -> Option<Carried<'a>> {
        const IPV4: u8 = ip_number::IPV4.0;
        const IPV6: u8 = ip_number::IPV6.0;
        const UDP: u8 = ip_number::UDP.0;
        const TCP: u8 = ip_number::TCP.0;
        match protocol {
            IPV4 | IPV6 => self.read_ip(data, at, depth + 1),
            UDP => {
                let udp = UdpSlice::from_slice_lax(&data).ok()?;
                let ports = (udp.source_port(), udp.destination_port());
                let skipped = data.len() - udp.payload().len();
                // Of padding behind a short datagram nothing belongs to it.
                let begins = 8.min(skipped);
                let range = begins..begins + udp.payload().len();
                Some(Carried {
                    from: SocketAddr::new(from, ports.0),
                    to: SocketAddr::new(to, ports.1),
                    transport: Carrier::Udp,
                    payload: part(data, range),
                })
            }
            TCP => {
                let tcp = TcpSlice::from_slice(&data).ok()?;
                let ports = (tcp.source_port(), tcp.destination_port());
                let transport = Carrier::Tcp {
                    seq: tcp.sequence_number(),
                    syn: tcp.syn(),
                    fin: tcp.fin() || tcp.rst(),
                };
                let range = data.len() - tcp.payload().len()..data.len();
                Some(Carried {
                    from: SocketAddr::new(from, ports.0),
                    to: SocketAddr::new(to, ports.1),
                    transport,
                    payload: part(data, range),
                })
            }
            _ => None,
        }
    }
}

/// A part of bytes that are looked at or owned.
fn part(data: Cow<'_, [u8]>, range: std::ops::Range<usize>) -> Cow<'_, [u8]> {
    match data {
        Cow::Borrowed(bytes) => Cow::Borrowed(bytes.get(range).unwrap_or_default()),
        Cow::Owned(mut bytes) => {
            bytes.truncate(range.end);
            bytes.drain(..range.start.min(bytes.len()));
            Cow::Owned(bytes)
        }
    }
}

/// The IP packet within a frame.
fn network_layer(link: i32, frame: &[u8]) -> Option<&[u8]> {
    match link {
        // Ethernet.
        1 => {
            let ethernet = Ethernet2HeaderSlice::from_slice(frame).ok()?;
            untagged(ethernet.ether_type(), frame.get(14..)?)
        }
        // Raw IP, by its names in several systems.
        12 | 14 | 101 | 228 | 229 => Some(frame),
        // Loopback of BSD: four bytes of an address family.
        0 | 108 => frame.get(4..),
        // Linux "cooked", versions 1 and 2.
        113 => untagged(ether_type(frame, 14)?, frame.get(16..)?),
        276 => untagged(ether_type(frame, 0)?, frame.get(20..)?),
        _ => None,
    }
}

fn ether_type(frame: &[u8], at: usize) -> Option<EtherType> {
    let two = frame.get(at..)?.first_chunk::<2>()?;
    Some(EtherType(u16::from_be_bytes(*two)))
}

/// The IP packet behind any VLAN tags.
fn untagged(mut kind: EtherType, mut bytes: &[u8]) -> Option<&[u8]> {
    for _ in 0..NESTED_AT_MOST {
        match kind {
            EtherType::IPV4 | EtherType::IPV6 => return Some(bytes),
            EtherType::VLAN_TAGGED_FRAME
            | EtherType::PROVIDER_BRIDGING
            | EtherType::VLAN_DOUBLE_TAGGED_FRAME => {
                kind = SingleVlanHeaderSlice::from_slice(bytes).ok()?.ether_type();
                bytes = bytes.get(4..)?;
            }
            _ => return None,
        }
    }
    None
}
