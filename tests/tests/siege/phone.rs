//! A phone that sends exactly what a siege wants: it registers, dials, rings and hangs up.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, ensure};
use madoguchi_sip::digest::{ClientState, Proof, answer};
use madoguchi_sip::message::{HeaderName, Message, Method, Request, Response};
use madoguchi_sip::parse::parse_datagram;
use tokio::net::UdpSocket;

use super::sip::{PATIENCE, udp};

/// An agent who takes no calls of the line of the siege, with a phone that registers.
pub(crate) fn agent(extension: &str, more: &str) -> String {
    format!(
        "[[agent]]\nid = \"a{extension}\"\nname = \"a{extension}\"\nextension = \"{extension}\"\n\
         password = \"secret-{extension}\"\n{more}\n"
    )
}

/// What a session description says that asks for voice here.
pub(crate) fn offer(rtp: SocketAddr) -> String {
    let (ip, port) = (rtp.ip(), rtp.port());
    format!(
        "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
    )
}

/// The last header lines of a message, and its body.
fn content(body: &str) -> String {
    let kind = if body.is_empty() {
        ""
    } else {
        "Content-Type: application/sdp\r\n"
    };
    format!("{kind}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// A socket that speaks for an extension.
pub(crate) struct Phone {
    pub(crate) socket: UdpSocket,
    desk: SocketAddr,
    extension: String,
    password: String,
    client: ClientState,
    /// The challenges that it answers.
    asked: Vec<String>,
}

/// An INVITE that was sent.
#[derive(Debug, Clone)]
pub(crate) struct Invite {
    pub(crate) call: String,
    pub(crate) to: String,
    pub(crate) cseq: u32,
}

/// A dialog as one of its parties sees it.
#[derive(Debug, Clone)]
pub(crate) struct Dialog {
    target: String,
    from: String,
    to: String,
    call: String,
}

impl Dialog {
    /// That of whoever called.
    pub(crate) fn of_caller(response: &Response) -> anyhow::Result<Self> {
        let header = |name| response.headers.get(&name).unwrap_or_default().to_owned();
        Ok(Self {
            target: response.contact().context("a Contact")?.uri.to_string(),
            from: header(HeaderName::From),
            to: header(HeaderName::To),
            call: header(HeaderName::CallId),
        })
    }

    /// That of whoever was called and has answered with this tag.
    pub(crate) fn of_callee(invite: &Request, tag: &str) -> anyhow::Result<Self> {
        let header = |name| invite.headers.get(&name).unwrap_or_default().to_owned();
        Ok(Self {
            target: invite.contact().context("a Contact")?.uri.to_string(),
            from: format!("{};tag={tag}", header(HeaderName::To)),
            to: header(HeaderName::From),
            call: header(HeaderName::CallId),
        })
    }

    /// A request within it, from an address.
    pub(crate) fn request(
        &self,
        method: &str,
        cseq: u32,
        here: SocketAddr,
        more: &str,
        body: &str,
    ) -> String {
        let Self {
            target,
            from,
            to,
            call,
        } = self;
        format!(
            "{method} {target} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bKi{cseq}{method}{call};rport\r\n\
             From: {from}\r\nTo: {to}\r\nCall-ID: {call}\r\nCSeq: {cseq} {method}\r\n\
             Contact: <sip:moved@{here}>\r\nMax-Forwards: 70\r\n{more}{}",
            content(body)
        )
    }
}

impl Phone {
    pub(crate) async fn new(
        here: IpAddr,
        desk: SocketAddr,
        extension: &str,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            socket: udp(here, desk).await?,
            desk,
            extension: extension.to_owned(),
            password: format!("secret-{extension}"),
            client: ClientState::default(),
            asked: Vec::new(),
        })
    }

    /// Says that it has this password.
    pub(crate) fn with_password(mut self, password: &str) -> Self {
        password.clone_into(&mut self.password);
        self
    }

    pub(crate) async fn send(&self, text: &str) -> anyhow::Result<()> {
        self.socket.send(text.as_bytes()).await?;
        Ok(())
    }

    /// A request outside a dialog. Those with the same call and number are of one transaction.
    pub(crate) fn request(&self, method: &str, of: &Invite, more: &str) -> anyhow::Result<String> {
        let here = self.socket.local_addr()?;
        let (desk, extension) = (self.desk, &self.extension);
        let Invite { call, to, cseq } = of;
        let body = if method == "INVITE" {
            offer(here)
        } else {
            String::new()
        };
        Ok(format!(
            "{method} sip:{to}@{desk} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK{call}{cseq};rport\r\n\
             From: <sip:{extension}@{here}>;tag=f{call}\r\nTo: <sip:{to}@{desk}>\r\nCall-ID: {call}\r\n\
             CSeq: {cseq} {method}\r\nContact: <sip:{extension}@{here}>\r\nMax-Forwards: 70\r\n{more}{}",
            content(&body)
        ))
    }

    /// The next use of what it was asked for.
    pub(crate) fn proof(&mut self, method: &str, to: &str) -> String {
        let offered: Vec<&str> = self.asked.iter().map(String::as_str).collect();
        let proof = Proof {
            method,
            uri: &format!("sip:{to}@{}", self.desk),
            user: &self.extension,
            password: &self.password,
            cnonce: "cnonce",
        };
        let value = answer(&offered, &mut self.client, proof);
        value.map_or_else(String::new, |value| format!("Authorization: {value}\r\n"))
    }

    /// Keeps the challenges of a refusal.
    pub(crate) fn note(&mut self, refusal: &Response) {
        let asked = refusal.headers.get_all(&HeaderName::WwwAuthenticate);
        self.asked = asked.map(str::to_owned).collect();
    }

    /// The challenges that it was given.
    pub(crate) fn asked(&self) -> &[String] {
        &self.asked
    }

    /// What nobody has sent yet.
    pub(crate) fn next_call(&self, to: &str) -> Invite {
        // A port comes again sooner than the desk forgets a transaction.
        static CALLS: AtomicU32 = AtomicU32::new(0);
        let call = CALLS.fetch_add(1, Ordering::Relaxed);
        Invite {
            call: format!("{}n{call}", self.extension),
            to: to.to_owned(),
            cseq: 1,
        }
    }

    /// The next message for it; probes are answered.
    async fn next(&self) -> anyhow::Result<Message> {
        let mut buffer = vec![0; 65_535];
        loop {
            let received = tokio::time::timeout(PATIENCE, self.socket.recv(&mut buffer)).await;
            let length = received.context("nothing comes")??;
            let message = parse_datagram(buffer.get(..length).unwrap_or_default())?;
            match message {
                Message::Request(probe) if probe.method == Method::Options => {
                    self.socket
                        .send(&probe.respond(200, None).to_bytes())
                        .await?;
                }
                message => return Ok(message),
            }
        }
    }

    /// The next request for it.
    pub(crate) async fn asked_for(&self, method: &Method) -> anyhow::Result<Request> {
        loop {
            if let Message::Request(request) = self.next().await?
                && request.method == *method
            {
                return Ok(request);
            }
        }
    }

    /// The next response to a request of this call and number, from this status on.
    pub(crate) async fn response(&self, to: &Invite, least: u16) -> anyhow::Result<Response> {
        loop {
            if let Message::Response(response) = self.next().await?
                && response.status >= least
                && response.call_id() == Some(to.call.as_str())
                && response.cseq().is_some_and(|cseq| cseq.seq == to.cseq)
            {
                return Ok(response);
            }
        }
    }

    /// Asks with a proof, if it was asked for one.
    async fn ask(&mut self, method: &str, of: &Invite) -> anyhow::Result<Response> {
        let proof = self.proof(method, &of.to);
        self.send(&self.request(method, of, &proof)?).await?;
        self.response(of, if method == "INVITE" { 180 } else { 200 })
            .await
    }

    /// Registers; the status.
    pub(crate) async fn register(&mut self) -> anyhow::Result<u16> {
        let extension = self.extension.clone();
        let mut register = self.next_call(&extension);
        self.asked.clear();
        let refusal = self.ask("REGISTER", &register).await?;
        ensure!(refusal.status == 401, "{refusal:?}");
        self.note(&refusal);
        register.cseq += 1;
        Ok(self.ask("REGISTER", &register).await?.status)
    }

    /// Dials; that it rings, or the final response, which is acknowledged if it refuses.
    pub(crate) async fn dial(&mut self, to: &str) -> anyhow::Result<(Invite, Response)> {
        let mut invite = self.next_call(to);
        let known = !self.asked.is_empty();
        let mut response = self.ask("INVITE", &invite).await?;
        if response.status == 401 && !known {
            self.note(&response);
            invite.cseq += 1;
            response = self.ask("INVITE", &invite).await?;
        }
        if response.status >= 300 {
            self.acknowledge(&invite, &response).await?;
        }
        Ok((invite, response))
    }

    /// Acknowledges a refusal.
    pub(crate) async fn acknowledge(
        &self,
        invite: &Invite,
        refusal: &Response,
    ) -> anyhow::Result<()> {
        let ack = self.request("ACK", invite, "")?;
        let to = format!("To: <sip:{}@{}>", invite.to, self.desk);
        let answered = refusal.headers.get(&HeaderName::To).unwrap_or_default();
        self.send(&ack.replace(&to, &format!("To: {answered}")))
            .await
    }

    /// Gives up what rings.
    pub(crate) async fn cancel(&self, invite: &Invite) -> anyhow::Result<()> {
        self.send(&self.request("CANCEL", invite, "")?).await?;
        loop {
            let response = self.response(invite, 200).await?;
            let of_invite = response.cseq().map(|cseq| cseq.method) == Some(Method::Invite);
            if of_invite {
                ensure!(response.status == 487, "{response:?}");
                return self.acknowledge(invite, &response).await;
            }
        }
    }

    /// Answers a request with this tag; to an INVITE with 200 it offers voice.
    pub(crate) async fn reply(&self, to: &Request, status: u16, tag: &str) -> anyhow::Result<()> {
        let here = self.socket.local_addr()?;
        let mut response = to.respond(status, None);
        response.set_to_tag(tag);
        if to.method == Method::Invite {
            let contact = format!("<sip:{}@{here}>", self.extension);
            response.headers.push(HeaderName::Contact, contact);
        }
        if to.method == Method::Invite && status == 200 {
            let kind = "application/sdp";
            response.headers.push(HeaderName::ContentType, kind);
            response.body = offer(here).into_bytes();
        }
        self.socket.send(&response.to_bytes()).await?;
        Ok(())
    }

    /// Whether a request has come, besides probes, that nobody has looked at. Waits for none.
    pub(crate) fn was_asked(&self) -> bool {
        let mut buffer = vec![0; 65_535];
        while let Ok(length) = self.socket.try_recv(&mut buffer) {
            let message = parse_datagram(buffer.get(..length).unwrap_or_default());
            if let Ok(Message::Request(request)) = message
                && request.method != Method::Options
            {
                return true;
            }
        }
        false
    }
}
