//! What a party signals over: datagrams, or an encrypted connection that stays.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::Context;
use madoguchi_sip::framing::{Frame, StreamReader};
use madoguchi_sip::message::Message;
use madoguchi_sip::parse::parse_datagram;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::mpsc;
use tokio_rustls::TlsConnector;

/// One way to the desk.
pub(super) struct Wire {
    pub(super) end: End,
    /// What comes from the desk.
    pub(super) incoming: mpsc::UnboundedReceiver<Message>,
}

/// Our end of it.
#[derive(Clone)]
pub(super) struct End {
    pub(super) local: SocketAddr,
    pub(super) desk: SocketAddr,
    outgoing: Outgoing,
}

#[derive(Clone)]
enum Outgoing {
    Datagrams(Arc<UdpSocket>),
    Stream(mpsc::UnboundedSender<Vec<u8>>),
}

impl End {
    /// Sends a message; what is lost is missed by whoever waits for the answer.
    pub(super) async fn send(&self, bytes: Vec<u8>) {
        match &self.outgoing {
            Outgoing::Datagrams(socket) => {
                let _lost = socket.send_to(&bytes, self.desk).await;
            }
            Outgoing::Stream(queue) => {
                let _closed = queue.send(bytes);
            }
        }
    }

    /// The transport in Via.
    pub(super) fn transport(&self) -> &'static str {
        match self.outgoing {
            Outgoing::Datagrams(_) => "UDP",
            Outgoing::Stream(_) => "TLS",
        }
    }

    /// How the desk reaches us.
    pub(super) fn contact(&self, user: &str) -> String {
        let more = match self.outgoing {
            Outgoing::Datagrams(_) => "",
            Outgoing::Stream(_) => ";transport=tls",
        };
        format!("<sip:{user}@{}{more}>", self.local)
    }
}

/// Trusts one authority.
pub(super) fn connector(authority: &str) -> anyhow::Result<TlsConnector> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.as_bytes())?)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

impl Wire {
    /// Datagrams from this port; from any if it is 0.
    pub(super) async fn clear(port: u16, desk: SocketAddr) -> anyhow::Result<Self> {
        let socket = Arc::new(UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).await?);
        let local = socket.local_addr()?;
        let (heard, incoming) = mpsc::unbounded_channel();
        let hearing = socket.clone();
        tokio::spawn(async move {
            let mut buffer = vec![0; 65_535];
            while let Ok((length, _)) = hearing.recv_from(&mut buffer).await {
                let message = parse_datagram(buffer.get(..length).unwrap_or_default());
                if message.is_ok_and(|message| heard.send(message).is_err()) {
                    return;
                }
            }
        });
        let outgoing = Outgoing::Datagrams(socket);
        let end = End {
            local,
            desk,
            outgoing,
        };
        Ok(Self { end, incoming })
    }

    /// An encrypted connection.
    pub(super) async fn encrypted(
        connector: &TlsConnector,
        desk: SocketAddr,
    ) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(desk).await?;
        stream.set_nodelay(true)?;
        let local = stream.local_addr()?;
        let name = ServerName::try_from("localhost").context("a name")?;
        let stream = connector.connect(name, stream).await?;
        let (mut from, mut to) = tokio::io::split(stream);
        let (heard, incoming) = mpsc::unbounded_channel();
        let (queue, mut queued) = mpsc::unbounded_channel::<Vec<u8>>();
        tokio::spawn(async move {
            while let Some(bytes) = queued.recv().await {
                if to.write_all(&bytes).await.is_err() || to.flush().await.is_err() {
                    return;
                }
            }
        });
        tokio::spawn(async move {
            let (mut reader, mut buffer) = (StreamReader::default(), vec![0; 16_384]);
            while let Ok(length @ 1..) = from.read(&mut buffer).await {
                reader.push(buffer.get(..length).unwrap_or_default());
                while let Some(frame) = reader.next_frame() {
                    if let Frame::Message(message) = frame
                        && let Ok(message) = *message
                        && heard.send(message).is_err()
                    {
                        return;
                    }
                }
            }
        });
        let outgoing = Outgoing::Stream(queue);
        let end = End {
            local,
            desk,
            outgoing,
        };
        Ok(Self { end, incoming })
    }
}
