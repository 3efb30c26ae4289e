//! The name service of this machine.

use std::io;
use std::net::IpAddr;
use std::str::FromStr as _;
use std::sync::Arc;

use bytes::Bytes;
use domain::base::iana::Rtype;
use domain::base::{Message, Name};
use domain::rdata::{Naptr, Srv};
use domain::resolv::StubResolver;

use super::locate::{Names, SIP_PORT};
use super::srv::{NaptrRecord, Server};

/// The name service of this machine: its servers for services, and whatever else it knows names
/// from (`/etc/hosts` …) for addresses.
#[derive(Clone)]
pub(super) struct SystemNames {
    resolver: Arc<StubResolver>,
}

impl SystemNames {
    pub(super) fn new() -> Self {
        Self {
            resolver: Arc::new(StubResolver::new()),
        }
    }

    /// The answer about a fully qualified name; `None` if nobody gives one.
    async fn ask(&self, name: &str, kind: Rtype) -> Option<Message<Bytes>> {
        let asked = Name::<Vec<u8>>::from_str(name).ok()?;
        match self.resolver.query((asked, kind)).await {
            Ok(answer) => Some((*answer).clone()),
            Err(error) => {
                tracing::debug!(host = %name, %error, "nobody answers about a name");
                None
            }
        }
    }
}

impl Names for SystemNames {
    async fn servers(&self, name: &str) -> Vec<Server> {
        let answer = self.ask(name, Rtype::SRV).await;
        let Some(Ok(section)) = answer.as_ref().map(|answer| answer.answer()) else {
            return Vec::new();
        };
        let mut servers = Vec::new();
        for record in section.limit_to_in::<Srv<_>>().flatten() {
            let record = record.data();
            servers.push(Server {
                priority: record.priority(),
                weight: record.weight(),
                target: plain(record.target()),
                port: record.port(),
            });
        }
        servers
    }

    async fn naptr(&self, name: &str) -> Vec<NaptrRecord> {
        let answer = self.ask(name, Rtype::NAPTR).await;
        let Some(Ok(section)) = answer.as_ref().map(|answer| answer.answer()) else {
            return Vec::new();
        };
        let mut records = Vec::new();
        for record in section.limit_to_in::<Naptr<_, _>>().flatten() {
            let record = record.data();
            records.push(NaptrRecord {
                order: record.order(),
                preference: record.preference(),
                flags: record.flags().to_string(),
                services: record.services().to_string(),
                replacement: plain(record.replacement()),
            });
        }
        records
    }

    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((name, SIP_PORT)).await?;
        Ok(found.map(|addr| addr.ip()).collect())
    }
}

/// A name without the dot at its end.
fn plain(name: &impl std::fmt::Display) -> String {
    name.to_string().trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use std::net::{SocketAddr, UdpSocket};

    use domain::base::iana::Rcode;
    use domain::base::message_builder::MessageBuilder;
    use domain::base::{CharStr, Name};
    use domain::resolv::stub::conf::{ResolvConf, ServerConf, Transport};
    use madoguchi_sip::uri::Uri;

    use super::super::locate::locate;
    use super::*;

    fn name(text: &str) -> Name<Vec<u8>> {
        Name::vec_from_str(text).unwrap()
    }

    fn text(text: &str) -> CharStr<Vec<u8>> {
        CharStr::from_str(text).unwrap()
    }

    /// A name server that knows one carrier, whose two servers are this machine.
    fn name_server() -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let addr = socket.local_addr().unwrap();
        std::thread::spawn(move || {
            let mut buffer = [0; 1_500];
            while let Ok((length, from)) = socket.recv_from(&mut buffer) {
                let query = Message::from_octets(&buffer[..length]).unwrap();
                let asked = query.sole_question().unwrap();
                let mut answer = MessageBuilder::new_vec()
                    .start_answer(&query, Rcode::NOERROR)
                    .unwrap();
                match asked.qtype() {
                    Rtype::NAPTR => {
                        let to = name("_sip._udp.carrier.example");
                        let naptr = Naptr::new(1, 1, text("s"), text("SIP+D2U"), text(""), to);
                        answer.push((asked.qname(), 60, naptr)).unwrap();
                    }
                    Rtype::SRV => {
                        for (priority, port) in [(20, 5080), (10, 5070)] {
                            let srv = Srv::new(priority, 1, port, name("localhost"));
                            answer.push((asked.qname(), 60, srv)).unwrap();
                        }
                    }
                    _ => {}
                }
                socket.send_to(&answer.finish(), from).unwrap();
            }
        });
        addr
    }

    #[test]
    fn the_servers_of_a_carrier_are_asked_for_over_the_network() {
        let mut conf = ResolvConf::new();
        conf.servers = vec![ServerConf::new(name_server(), Transport::UdpTcp)];
        conf.finalize();
        let names = SystemNames {
            resolver: Arc::new(StubResolver::from_conf(conf)),
        };
        let uri: Uri = "sip:carrier.example".parse().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let found = runtime.block_on(locate(&names, &uri, |_| 0));
        let mut ports: Vec<_> = found.iter().map(|peer| peer.addr.port()).collect();
        ports.dedup();
        assert_eq!(ports, [5070, 5080], "{found:?}");
        assert!(found.iter().all(|peer| peer.addr.ip().is_loopback()));
    }
}
