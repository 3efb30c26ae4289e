//! From the bytes of a packet to what UDP or TCP carries: links and tags, IPv4 and IPv6, tunnels, fragments.

mod fragments;
mod link;
pub mod streams;
mod tunnels;

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use etherparse::{LaxIpSlice, TcpSlice, UdpSlice, ip_number};

use self::fragments::{Fragments, Piece};
use crate::capture::{Micros, Packet};

/// IP packets within each other, whatever stands between them.
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

impl Carried<'_> {
    /// The same without the packet that it was read from.
    fn into_owned(self) -> Carried<'static> {
        Carried {
            from: self.from,
            to: self.to,
            transport: self.transport,
            payload: Cow::Owned(self.payload.into_owned()),
        }
    }
}

impl Network {
    /// What the packet carries; nothing if it is no UDP or TCP, or the piece of a packet whose others
    /// have not come yet.
    pub fn read<'a>(&mut self, packet: &Packet<'a>) -> Option<Carried<'a>> {
        let begins = link::of_packet(packet.link, packet.data)?;
        self.read_ip(link::ip_within(begins)?, packet.at, 0)
    }

    fn read_ip<'a>(&mut self, bytes: &'a [u8], at: Micros, depth: u8) -> Option<Carried<'a>> {
        if depth >= NESTED_AT_MOST {
            return None;
        }
        let (ip, _stopped) = LaxIpSlice::from_slice(bytes).ok()?;
        let ends = (ip.source_addr(), ip.destination_addr());
        let payload = ip.payload();
        let protocol = payload.ip_number.0;
        if !payload.fragmented {
            return self.read_payload(ends, protocol, payload.payload, at, depth);
        }
        let piece = Piece::of(&ip, at)?;
        let whole = self.fragments.add(&piece, payload.payload)?;
        let carried = self.read_payload(ends, protocol, &whole, at, depth)?;
        Some(carried.into_owned())
    }

    fn read_payload<'a>(
        &mut self,
        (from, to): (IpAddr, IpAddr),
        protocol: u8,
        data: &'a [u8],
        at: Micros,
        depth: u8,
    ) -> Option<Carried<'a>> {
        const IPV4: u8 = ip_number::IPV4.0;
        const IPV6: u8 = ip_number::IPV6.0;
        const GRE: u8 = ip_number::GRE.0;
        const UDP: u8 = ip_number::UDP.0;
        const TCP: u8 = ip_number::TCP.0;
        match protocol {
            IPV4 | IPV6 => self.read_ip(data, at, depth + 1),
            GRE => self.read_ip(link::ip_within(tunnels::gre(data)?)?, at, depth + 1),
            UDP => {
                let udp = UdpSlice::from_slice_lax(data).ok()?;
                if let Some(begins) = tunnels::vxlan(udp.destination_port(), udp.payload()) {
                    return self.read_ip(link::ip_within(begins)?, at, depth + 1);
                }
                Some(Carried {
                    from: SocketAddr::new(from, udp.source_port()),
                    to: SocketAddr::new(to, udp.destination_port()),
                    transport: Carrier::Udp,
                    payload: Cow::Borrowed(udp.payload()),
                })
            }
            TCP => {
                let tcp = TcpSlice::from_slice(data).ok()?;
                let transport = Carrier::Tcp {
                    seq: tcp.sequence_number(),
                    syn: tcp.syn(),
                    fin: tcp.fin() || tcp.rst(),
                };
                Some(Carried {
                    from: SocketAddr::new(from, tcp.source_port()),
                    to: SocketAddr::new(to, tcp.destination_port()),
                    transport,
                    payload: Cow::Borrowed(tcp.payload()),
                })
            }
            _ => None,
        }
    }
}
