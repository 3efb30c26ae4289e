//! Our own addresses as peers see them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use madoguchi_sip::transaction::{Flow, Way};
use tokio::net::UdpSocket;

const SIP_PORT: u16 = 5060;

/// Which of our addresses the peer of a flow sees.
pub(super) struct LocalAddresses {
    udp: Vec<SocketAddr>,
    tcp: Vec<SocketAddr>,
    tls: Vec<SocketAddr>,
    /// What the routing table said, by peer.
    routes: RefCell<HashMap<IpAddr, IpAddr>>,
}

/// More peers than this are asked for anew.
const ROUTES_AT_MOST: usize = 10_000;

impl LocalAddresses {
    pub(super) fn new(udp: &[UdpSocket], tcp: Vec<SocketAddr>, tls: Vec<SocketAddr>) -> Self {
        let udp = udp
            .iter()
            .filter_map(|socket| socket.local_addr().ok())
            .collect();
        Self {
            udp,
            tcp,
            tls,
            routes: RefCell::default(),
        }
    }

    pub(super) fn of(&self, flow: Flow) -> SocketAddr {
        let of_family = |addr: &&SocketAddr| addr.is_ipv4() == flow.remote.is_ipv4();
        let bound = match flow.way {
            Way::Udp { socket } => self.udp.get(usize::from(socket)),
            Way::Tcp => self.tcp.iter().find(of_family),
            Way::Tls { .. } => self.tls.iter().find(of_family),
        };
        let bound = bound.or(self.udp.first()).copied();
        let bound = bound.unwrap_or(SocketAddr::from((Ipv4Addr::UNSPECIFIED, SIP_PORT)));
        if bound.ip().is_unspecified() {
            SocketAddr::new(self.route(flow.remote), bound.port())
        } else {
            bound
        }
    }

    fn route(&self, peer: SocketAddr) -> IpAddr {
        let mut routes = self.routes.borrow_mut();
        if routes.len() >= ROUTES_AT_MOST {
            routes.clear();
        }
        *routes.entry(peer.ip()).or_insert_with(|| {
            route_to(peer).unwrap_or(match peer {
                SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            })
        })
    }
}

/// Asks the routing table by "connecting" a datagram socket; nothing is sent.
fn route_to(peer: SocketAddr) -> io::Result<IpAddr> {
    let any: IpAddr = match peer {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = std::net::UdpSocket::bind((any, 0))?;
    socket.connect(peer)?;
    Ok(socket.local_addr()?.ip())
}
