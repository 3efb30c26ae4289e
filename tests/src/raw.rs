//! A SIP peer that sends exactly the bytes a test wants.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context;
use madoguchi_sip::message::{HeaderName, Message, Request, Response};
use madoguchi_sip::parse::parse_datagram;
use tokio::net::UdpSocket;

/// A socket and the desk it talks to.
pub struct Peer {
    socket: UdpSocket,
    /// Where it hears voice.
    pub rtp: UdpSocket,
    desk: SocketAddr,
}

fn offer(rtp: SocketAddr) -> String {
    let (family, ip, port) = (
        if rtp.is_ipv4() { "IP4" } else { "IP6" },
        rtp.ip(),
        rtp.port(),
    );
    format!(
        "v=0\r\no=- 1 1 IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
    )
}

impl Peer {
    /// A new socket on 127.0.0.1.
    pub async fn new(desk: SocketAddr) -> anyhow::Result<Self> {
        let here = if desk.is_ipv4() {
            Ipv4Addr::LOCALHOST.into()
        } else {
            Ipv6Addr::LOCALHOST.into()
        };
        Self::at(here, desk).await
    }

    /// A new socket on an address of this machine.
    pub async fn at(here: IpAddr, desk: SocketAddr) -> anyhow::Result<Self> {
        let (socket, rtp) = (
            UdpSocket::bind((here, 0)).await?,
            UdpSocket::bind((here, 0)).await?,
        );
        Ok(Self { socket, rtp, desk })
    }

    /// Sends bytes as they are.
    pub async fn send(&self, bytes: &[u8]) -> anyhow::Result<()> {
        self.socket.send_to(bytes, self.desk).await?;
        Ok(())
    }

    /// The same peer, talking to another desk.
    #[must_use]
    pub fn of(self, desk: SocketAddr) -> Self {
        Self { desk, ..self }
    }

    /// Where it speaks and hears.
    pub fn address(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.socket.local_addr()?)
    }

    /// The next request that the desk sends.
    pub async fn request_of_desk(&self) -> anyhow::Result<Request> {
        let mut buffer = vec![0; 65_535];
        loop {
            let received = self.socket.recv_from(&mut buffer);
            let received = tokio::time::timeout(Duration::from_secs(10), received).await;
            let (length, _) = received.context("no request came")??;
            let bytes = buffer.get(..length).context("a datagram fits")?;
            if let Ok(Message::Request(request)) = parse_datagram(bytes) {
                return Ok(request);
            }
        }
    }

    /// The next response, or `None` if none comes within `patience`.
    pub async fn receive(&self, patience: Duration) -> anyhow::Result<Option<Response>> {
        let mut buffer = vec![0; 65_535];
        loop {
            let received = self.socket.recv_from(&mut buffer);
            let Ok(received) = tokio::time::timeout(patience, received).await else {
                return Ok(None);
            };
            let (length, _) = received?;
            let bytes = buffer.get(..length).context("a datagram fits")?;
            if let Ok(Message::Response(response)) = parse_datagram(bytes) {
                return Ok(Some(response));
            }
        }
    }

    /// The next final response.
    pub async fn final_response(&self) -> anyhow::Result<Response> {
        loop {
            let response = self.receive(Duration::from_secs(10)).await?;
            let response = response.context("no final response came")?;
            if response.status >= 200 {
                return Ok(response);
            }
        }
    }

    /// A request to the desk with these particulars and more header lines.
    pub fn request(&self, method: &str, to: &str, call: &str, cseq: u32, more: &str) -> Vec<u8> {
        let here = self
            .socket
            .local_addr()
            .map_or_else(|_| String::new(), |here| here.to_string());
        let desk = self.desk;
        let (kind, body) = match (method, self.rtp.local_addr()) {
            ("INVITE", Ok(rtp)) => ("Content-Type: application/sdp\r\n", offer(rtp)),
            _ => ("", String::new()),
        };
        let length = body.len();
        format!(
            "{method} sip:{to}@{desk} SIP/2.0\r\n\
             Via: SIP/2.0/UDP {here};branch=z9hG4bK{call}{cseq}{method};rport\r\n\
             From: <sip:0312345678@{here}>;tag=f{call}\r\nTo: <sip:{to}@{desk}>\r\n\
             Call-ID: {call}\r\nCSeq: {cseq} {method}\r\nContact: <sip:peer@{here}>\r\n\
             Max-Forwards: 70\r\n{more}{kind}Content-Length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }

    /// A request inside the dialog that `response` established.
    pub fn in_dialog(
        &self,
        method: &str,
        response: &Response,
        cseq: u32,
    ) -> anyhow::Result<Vec<u8>> {
        let target = response.contact().context("a 2xx has a Contact")?.uri;
        let header = |name| response.headers.get(&name).unwrap_or_default().to_owned();
        let here = self.socket.local_addr()?;
        Ok(format!(
            "{method} {target} SIP/2.0\r\n\
             Via: SIP/2.0/UDP {here};branch=z9hG4bKd{cseq}{method}{};rport\r\n\
             From: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {cseq} {method}\r\n\
             Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
            response.call_id().unwrap_or_default(),
            header(HeaderName::From),
            header(HeaderName::To),
            header(HeaderName::CallId),
        )
        .into_bytes())
    }
}
