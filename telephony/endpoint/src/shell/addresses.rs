//! Our own addresses as peers see them, sockets with sensible options, and the addresses of
//! carriers by name.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use madoguchi_sip::transaction::Flow;
use madoguchi_sip::uri::{Host, Uri};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::mpsc;

use super::ToLoop;
use crate::settings::{Transport, Trunk};
use crate::switch::{Peer, SwitchInput};

/// Room for bursts while the thread is busy.
const RECEIVE_BUFFER_BYTES: usize = 4 << 20;
const SIP_PORT: u16 = 5060;

pub(super) fn bind_udp(addr: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(addr), Type::DGRAM, Some(Protocol::UDP))?;
    if addr.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES)?;
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    UdpSocket::from_std(socket.into())
}

pub(super) fn bind_tcp(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    if addr.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    socket.listen(1024)?;
    TcpListener::from_std(socket.into())
}

/// Which of our addresses the peer of a flow sees.
pub(super) struct LocalAddresses {
    udp: Vec<SocketAddr>,
    tcp: Vec<SocketAddr>,
    /// What the routing table said, by peer.
    routes: RefCell<HashMap<IpAddr, IpAddr>>,
}

/// More peers than this are asked for anew.
const ROUTES_AT_MOST: usize = 10_000;

impl LocalAddresses {
    pub(super) fn new(udp: &[UdpSocket], tcp: Vec<SocketAddr>) -> Self {
        let udp = udp
            .iter()
            .filter_map(|socket| socket.local_addr().ok())
            .collect();
        Self {
            udp,
            tcp,
            routes: RefCell::default(),
        }
    }

    pub(super) fn of(&self, flow: Flow) -> SocketAddr {
        let bound = if flow.reliable {
            self.tcp
                .iter()
                .find(|addr| addr.is_ipv4() == flow.remote.is_ipv4())
        } else {
            self.udp.get(usize::from(flow.socket))
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

/// Looks up the names of all trunks now and then, and tells the switch.
pub(super) fn resolve_trunks(
    trunks: &[Trunk],
    inputs: mpsc::UnboundedSender<ToLoop>,
    every: Duration,
) {
    let wanted: Vec<_> = trunks
        .iter()
        .map(|trunk| {
            let registrar = trunk
                .register
                .as_ref()
                .map(|register| register.registrar.clone());
            (trunk.outbound.clone(), registrar)
        })
        .collect();
    if wanted.is_empty() {
        return;
    }
    tokio::spawn(async move {
        loop {
            for (trunk, (outbound, registrar)) in wanted.iter().enumerate() {
                let peer = resolve(outbound.as_deref()).await;
                let registrar = resolve(registrar.as_deref()).await;
                let input = SwitchInput::Resolved {
                    trunk,
                    peer,
                    registrar,
                };
                if inputs.send(ToLoop::Input(Box::new(input))).is_err() {
                    return;
                }
            }
            tokio::time::sleep(every).await;
        }
    });
}

async fn resolve(uri: Option<&str>) -> Option<Peer> {
    let uri: Uri = uri?.parse().ok()?;
    if let Some(peer) = Peer::of_literal(&uri) {
        return Some(peer);
    }
    let Host::Name(name) = &uri.host else {
        return None;
    };
    let port = uri.port.unwrap_or(SIP_PORT);
    match tokio::net::lookup_host((name.as_str(), port)).await {
        Ok(mut found) => found.next().map(|addr| Peer {
            transport: Transport::of_uri(&uri),
            addr,
        }),
        Err(error) => {
            tracing::warn!(host = %name, %error, "the name of a trunk cannot be looked up");
            None
        }
    }
}

impl Transport {
    fn of_uri(uri: &Uri) -> Self {
        match uri.params.get("transport") {
            Some(text) if text.eq_ignore_ascii_case("tcp") => Self::Tcp,
            _ => Self::Udp,
        }
    }
}

impl Peer {
    /// The address of a URI whose host is a literal address.
    pub fn of_literal(uri: &Uri) -> Option<Self> {
        let ip = match &uri.host {
            Host::V4(ip) => IpAddr::from(*ip),
            Host::V6(ip) => IpAddr::from(*ip),
            Host::Name(_) => return None,
        };
        let addr = SocketAddr::new(ip, uri.port.unwrap_or(SIP_PORT));
        Some(Self {
            transport: Transport::of_uri(uri),
            addr,
        })
    }
}
