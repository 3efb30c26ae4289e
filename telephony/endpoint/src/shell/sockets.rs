//! The sockets on which SIP is heard.

use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, UdpSocket};

use super::error::StartError;
use super::streams::Listeners;
use crate::dscp::mark;
use crate::settings::{Listen, Transport};

/// Room for bursts while the thread is busy.
const RECEIVE_BUFFER_BYTES: usize = 4 << 20;

/// What the endpoint hears on.
pub(super) struct Sockets {
    pub(super) udp: Vec<UdpSocket>,
    pub(super) streams: Listeners,
}

impl Sockets {
    /// Binds all addresses of the settings.
    pub(super) async fn bind(listen: &[Listen], dscp: u8) -> Result<Self, StartError> {
        let mut sockets = Self {
            udp: Vec::new(),
            streams: Listeners {
                tcp: Vec::new(),
                tls: Vec::new(),
            },
        };
        for listen in listen {
            let addr = listen.addr;
            match listen.transport {
                Transport::Udp => {
                    let socket = bind_udp(addr, dscp).map_err(|source| StartError::Listen {
                        transport: "udp",
                        addr,
                        source,
                    })?;
                    sockets.udp.push(socket);
                }
                Transport::Tcp => {
                    let socket = bind_tcp(addr, dscp).map_err(|source| StartError::Listen {
                        transport: "tcp",
                        addr,
                        source,
                    })?;
                    sockets.streams.tcp.push(socket);
                }
                Transport::Tls => {
                    let socket = bind_tcp(addr, dscp).map_err(|source| StartError::Listen {
                        transport: "tls",
                        addr,
                        source,
                    })?;
                    sockets.streams.tls.push(socket);
                }
            }
        }
        Ok(sockets)
    }

    /// The addresses with the ports that were really bound.
    pub(super) fn listening(&self) -> Result<Vec<Listen>, StartError> {
        let udp = self
            .udp
            .iter()
            .map(|socket| (Transport::Udp, socket.local_addr()));
        let streams = &self.streams;
        let tcp = streams.tcp.iter();
        let tcp = tcp.map(|socket| (Transport::Tcp, socket.local_addr()));
        let tls = streams.tls.iter();
        let tls = tls.map(|socket| (Transport::Tls, socket.local_addr()));
        udp.chain(tcp)
            .chain(tls)
            .map(|(transport, addr)| {
                Ok(Listen {
                    transport,
                    addr: addr.map_err(StartError::Thread)?,
                })
            })
            .collect()
    }
}

fn bind_udp(addr: SocketAddr, dscp: u8) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(addr), Type::DGRAM, Some(Protocol::UDP))?;
    if addr.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    mark(&socket, addr, dscp);
    socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES)?;
    // Linux gives no more than it is set to, and tells twice what it gives.
    let given = socket.recv_buffer_size()?;
    if given < RECEIVE_BUFFER_BYTES {
        tracing::warn!(
            %addr,
            given,
            wanted = RECEIVE_BUFFER_BYTES,
            "the system has little room for messages that wait; raise net.core.rmem_max"
        );
    }
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    UdpSocket::from_std(socket.into())
}

fn bind_tcp(addr: SocketAddr, dscp: u8) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    if addr.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // Accepted connections inherit the mark.
    mark(&socket, addr, dscp);
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    socket.listen(1024)?;
    TcpListener::from_std(socket.into())
}
