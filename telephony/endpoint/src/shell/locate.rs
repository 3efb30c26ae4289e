//! Where the host of a SIP URI is reached (RFC 3263 4): by its literal address, its port, or the
//! servers that the name service lists, the preferred one first.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use madoguchi_sip::uri::{Host, Scheme, Uri};

use super::srv::{self, NaptrRecord, Server};
use crate::settings::Transport;
use crate::switch::Peer;

pub(super) const SIP_PORT: u16 = 5060;
const SIPS_PORT: u16 = 5061;
/// More addresses of one host are not remembered.
const PEERS_AT_MOST: usize = 16;
/// The servers of a domain are asked for no longer; then its name alone counts.
const SERVICES_TIMEOUT: Duration = Duration::from_secs(4);

impl Transport {
    fn of_uri(uri: &Uri) -> Self {
        if uri.wants_encryption() {
            return Self::Tls;
        }
        match uri.params.get("transport") {
            Some(text) if text.eq_ignore_ascii_case("tcp") => Self::Tcp,
            _ => Self::Udp,
        }
    }

    /// The port that is meant if none is named (RFC 3261 19.1.2).
    fn usual_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => SIP_PORT,
            Self::Tls => SIPS_PORT,
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
        let transport = Transport::of_uri(uri);
        let port = uri.port.unwrap_or(transport.usual_port());
        let addr = SocketAddr::new(ip, port);
        Some(Self { transport, addr })
    }
}

/// The name service.
pub(super) trait Names {
    /// SRV records.
    async fn servers(&self, name: &str) -> Vec<Server>;
    /// NAPTR records.
    async fn naptr(&self, name: &str) -> Vec<NaptrRecord>;
    /// Addresses, in the order of preference of the system.
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// All addresses at which the host of `uri` is reached. `draw(n)` draws a number below `n`.
pub(super) async fn locate(
    names: &impl Names,
    uri: &Uri,
    draw: impl FnMut(u32) -> u32,
) -> Vec<Peer> {
    if let Some(peer) = Peer::of_literal(uri) {
        return vec![peer];
    }
    let Host::Name(name) = &uri.host else {
        return Vec::new();
    };
    let transport = Transport::of_uri(uri);
    // A port says that one machine is meant; a name without a dot is one of this network.
    if uri.port.is_none() && name.contains('.') {
        let named = uri.params.get("transport").is_some() || uri.scheme == Scheme::Sips;
        let wanted = named.then_some(transport);
        let listed = listed_servers(names, name, wanted, draw);
        let listed = tokio::time::timeout(SERVICES_TIMEOUT, listed).await;
        let listed = listed.unwrap_or_default();
        if !listed.is_empty() {
            return listed;
        }
    }
    let port = uri.port.unwrap_or(transport.usual_port());
    match names.addresses(name).await {
        Ok(found) => peers(transport, port, found),
        Err(error) => {
            tracing::warn!(host = %name, %error, "the name of a trunk cannot be looked up");
            Vec::new()
        }
    }
}

/// The addresses of the servers of a domain, over the transport that is wanted or over any.
async fn listed_servers(
    names: &impl Names,
    domain: &str,
    wanted: Option<Transport>,
    mut draw: impl FnMut(u32) -> u32,
) -> Vec<Peer> {
    let mut services = match wanted {
        Some(transport) => vec![(transport, srv::service_name(transport, domain))],
        None => srv::services(names.naptr(domain).await),
    };
    if services.is_empty() {
        let both = [Transport::Udp, Transport::Tcp];
        services.extend(both.map(|transport| (transport, srv::service_name(transport, domain))));
    }
    let mut found = Vec::new();
    for (transport, service) in services {
        for server in srv::in_order(names.servers(&service).await, &mut draw) {
            // A server whose name is not known stands behind the others: it is left out.
            let addresses = names.addresses(&server.target).await.unwrap_or_default();
            found.extend(peers(transport, server.port, addresses));
            if found.len() >= PEERS_AT_MOST {
                found.truncate(PEERS_AT_MOST);
                return found;
            }
        }
        // The next transport is for those who do not speak this one (RFC 3263 4.1).
        if !found.is_empty() {
            break;
        }
    }
    found
}

fn peers(transport: Transport, port: u16, addresses: Vec<IpAddr>) -> Vec<Peer> {
    let peer = |ip| Peer {
        transport,
        addr: SocketAddr::new(ip, port),
    };
    let mut peers: Vec<Peer> = Vec::new();
    for peer in addresses.into_iter().map(peer) {
        if !peers.contains(&peer) && peers.len() < PEERS_AT_MOST {
            peers.push(peer);
        }
    }
    peers
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// A name service that knows what a test says.
    #[derive(Default)]
    struct Known {
        servers: HashMap<&'static str, Vec<Server>>,
        naptr: HashMap<&'static str, Vec<NaptrRecord>>,
        addresses: HashMap<&'static str, Vec<&'static str>>,
    }

    impl Names for Known {
        async fn servers(&self, name: &str) -> Vec<Server> {
            self.servers.get(name).cloned().unwrap_or_default()
        }

        async fn naptr(&self, name: &str) -> Vec<NaptrRecord> {
            self.naptr.get(name).cloned().unwrap_or_default()
        }

        async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
            let found = self.addresses.get(name).ok_or(io::ErrorKind::NotFound)?;
            Ok(found.iter().map(|text| text.parse().unwrap()).collect())
        }
    }

    fn server(priority: u16, target: &str, port: u16) -> Server {
        Server {
            priority,
            weight: 0,
            target: target.to_owned(),
            port,
        }
    }

    fn found(names: &Known, uri: &str) -> Vec<String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let uri: Uri = uri.parse().unwrap();
        let peers = runtime.block_on(locate(names, &uri, |_| 0)).into_iter();
        let shown = |peer: Peer| format!("{:?} {}", peer.transport, peer.addr).to_lowercase();
        peers.map(shown).collect()
    }

    fn carrier() -> Known {
        let mut names = Known::default();
        names.addresses.insert("carrier.example", vec!["192.0.2.9"]);
        names
            .addresses
            .insert("a.example", vec!["192.0.2.1", "2001:db8::1"]);
        names.addresses.insert("b.example", vec!["192.0.2.2"]);
        names
    }

    #[test]
    fn servers_are_tried_by_priority_and_all_their_addresses() {
        let mut names = carrier();
        let listed = vec![
            server(20, "b.example", 5080),
            server(10, "a.example", 5070),
            server(5, "gone.example", 1),
        ];
        names.servers.insert("_sip._udp.carrier.example", listed);
        names.servers.insert(
            "_sip._tcp.carrier.example",
            vec![server(1, "b.example", 5060)],
        );
        let all = [
            "udp 192.0.2.1:5070",
            "udp [2001:db8::1]:5070",
            "udp 192.0.2.2:5080",
        ];
        assert_eq!(found(&names, "sip:carrier.example"), all);
        assert_eq!(found(&names, "sip:carrier.example;transport=udp"), all);
        assert_eq!(
            found(&names, "sip:carrier.example;transport=tcp"),
            ["tcp 192.0.2.2:5060"]
        );
        // A port or an address says which machine is meant.
        assert_eq!(
            found(&names, "sip:carrier.example:5061"),
            ["udp 192.0.2.9:5061"]
        );
        assert_eq!(
            found(&names, "sip:192.0.2.7;transport=tcp"),
            ["tcp 192.0.2.7:5060"]
        );
    }

    #[test]
    fn encrypted_services_have_names_and_a_port_of_their_own() {
        let mut names = carrier();
        names.servers.insert(
            "_sips._tcp.carrier.example",
            vec![server(1, "b.example", 5071)],
        );
        for uri in ["sips:carrier.example", "sip:carrier.example;transport=TLS"] {
            assert_eq!(found(&names, uri), ["tls 192.0.2.2:5071"]);
        }
        assert_eq!(found(&names, "sips:b.example"), ["tls 192.0.2.2:5061"]);
        assert_eq!(found(&names, "sips:192.0.2.7"), ["tls 192.0.2.7:5061"]);
        assert_eq!(found(&names, "sips:192.0.2.7:5070"), ["tls 192.0.2.7:5070"]);
        // What is not asked to be encrypted is not because a name service says so.
        assert_eq!(found(&names, "sip:carrier.example"), ["udp 192.0.2.9:5060"]);
    }

    #[test]
    fn naptr_decides_the_transport_and_without_records_the_name_counts() {
        let mut names = carrier();
        assert_eq!(found(&names, "sip:carrier.example"), ["udp 192.0.2.9:5060"]);
        assert_eq!(found(&names, "sip:unknown.example"), [""; 0]);
        let naptr = NaptrRecord {
            order: 1,
            preference: 1,
            flags: "s".to_owned(),
            services: "SIP+D2T".to_owned(),
            replacement: "servers.example".to_owned(),
        };
        names.naptr.insert("carrier.example", vec![naptr]);
        names
            .servers
            .insert("servers.example", vec![server(1, "a.example", 5060)]);
        assert_eq!(
            found(&names, "sip:carrier.example")[0],
            "tcp 192.0.2.1:5060"
        );
        names
            .servers
            .insert("servers.example", vec![server(0, ".", 0)]);
        assert_eq!(found(&names, "sip:carrier.example"), ["udp 192.0.2.9:5060"]);
    }
}
