//! Our own addresses as peers see them, and the addresses of carriers by name.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use madoguchi_sip::transaction::Flow;
use madoguchi_sip::uri::{Host, Uri};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::ToLoop;
use crate::settings::Transport;
use crate::switch::{Peer, SwitchInput, TrunkHosts};

const SIP_PORT: u16 = 5060;

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

/// Looks up the names of all trunks, now and again and again, and tells the switch; until it is
/// dropped. One slow answer delays no other trunk.
pub(super) fn resolve_trunks(
    trunks: Vec<TrunkHosts>,
    inputs: &mpsc::UnboundedSender<ToLoop>,
    every: Duration,
) -> JoinSet<()> {
    let mut lookups = JoinSet::new();
    for trunk in trunks {
        lookups.spawn(resolve_trunk(trunk, inputs.clone(), every));
    }
    lookups
}

async fn resolve_trunk(hosts: TrunkHosts, inputs: mpsc::UnboundedSender<ToLoop>, every: Duration) {
    loop {
        let input = SwitchInput::Resolved {
            trunk: hosts.trunk,
            peer: resolve(hosts.outbound.as_deref()).await,
            registrar: resolve(hosts.registrar.as_deref()).await,
        };
        if inputs.send(ToLoop::Input(Box::new(input))).is_err() {
            return;
        }
        tokio::time::sleep(every).await;
    }
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
