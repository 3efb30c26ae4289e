//! A small SIP telephone for the demonstration: one socket, one call at a time, silence as voice.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use madoguchi_sip::check::check_request;
use madoguchi_sip::digest::{self, ClientState, Proof};
use madoguchi_sip::header::{CSeq, NameAddr, Transport, Via};
use madoguchi_sip::message::{HeaderName, Headers, Message, Method, Request, Response};
use madoguchi_sip::parse::parse_datagram;
use madoguchi_sip::sdp::{self, Local};
use madoguchi_sip::transaction::{ClientTx, Event, Flow, Transactions};
use madoguchi_sip::uri::{Host, Uri};
use rand::RngExt;
use rand::rngs::StdRng;
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// What a telephone of the demonstration needs to know of itself.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) user: String,
    pub(super) password: Option<String>,
    pub(super) desk: SocketAddr,
}

/// A telephone.
pub(super) struct UserAgent {
    pub(super) account: Account,
    socket: UdpSocket,
    rtp: std::sync::Arc<UdpSocket>,
    transactions: Transactions,
    epoch: Instant,
    pub(super) rng: StdRng,
    cseq: u32,
    digest: ClientState,
    voice: Option<JoinHandle<()>>,
}

/// The dialog of the call that the telephone is in.
#[derive(Debug, Clone)]
pub(super) struct Dialog {
    pub(super) call_id: String,
    local: String,
    remote: String,
    target: Uri,
}

impl UserAgent {
    pub(super) async fn new(account: Account, rng: StdRng) -> io::Result<Self> {
        let here = if account.desk.is_ipv4() {
            "127.0.0.1:0"
        } else {
            "[::1]:0"
        };
        Ok(Self {
            account,
            socket: UdpSocket::bind(here).await?,
            rtp: std::sync::Arc::new(UdpSocket::bind(here).await?),
            transactions: Transactions::new(),
            epoch: Instant::now(),
            rng,
            cseq: 0,
            digest: ClientState::default(),
            voice: None,
        })
    }

    /// The next thing that happens, or `None` after `patience`.
    pub(super) async fn next_event(&mut self, patience: Duration) -> io::Result<Option<Event>> {
        let until = Instant::now() + patience;
        let mut buffer = vec![0; 65_535];
        loop {
            self.flush().await?;
            if let Some(event) = self.transactions.poll_event() {
                return Ok(Some(event));
            }
            let now = self.now();
            let timer = self.transactions.poll_timeout().map_or(until, |at| {
                until.min(self.epoch + Duration::from_millis(at))
            });
            tokio::select! {
                received = self.socket.recv_from(&mut buffer) => {
                    let (length, from) = received?;
                    let flow = Flow::udp(0, from);
                    if let Ok(message) = parse_datagram(buffer.get(..length).unwrap_or_default())
                        && !matches!(&message, Message::Request(request) if check_request(request).is_err())
                    {
                        self.transactions.receive(flow, message, now);
                    }
                }
                () = tokio::time::sleep_until(timer) => {
                    let now = self.now();
                    self.transactions.handle_timeout(now);
                    if Instant::now() >= until {
                        self.flush().await?;
                        return Ok(self.transactions.poll_event());
                    }
                }
            }
        }
    }

    /// Takes a request of the desk in, to be answered.
    pub(super) fn accept(
        &mut self,
        request: &Request,
    ) -> Option<madoguchi_sip::transaction::ServerTx> {
        let (flow, now) = (self.flow(), self.now());
        self.transactions.accept(flow, request, now)
    }

    /// Answers a request of the desk with 200.
    pub(super) fn agree(&mut self, request: &Request) {
        if let Some(tx) = self.accept(request) {
            self.respond(tx, &request.respond(200, None));
        }
    }

    pub(super) fn respond(
        &mut self,
        event_tx: madoguchi_sip::transaction::ServerTx,
        response: &Response,
    ) {
        let now = self.now();
        self.transactions.respond(event_tx, response, now);
    }

    pub(super) fn acknowledged(&mut self, tx: madoguchi_sip::transaction::ServerTx) {
        self.transactions.acknowledged(tx);
    }

    /// Registers with the desk, answering its challenge.
    pub(super) async fn register(&mut self) -> io::Result<bool> {
        let uri = self.desk_uri(None);
        let mut authorization = None;
        let call_id = self.token();
        for _ in 0..3 {
            let mut request =
                self.request(Method::Register, uri.clone(), &self.own_address(), &call_id);
            request.headers.push(HeaderName::Expires, "120");
            if let Some(value) = authorization.take() {
                request.headers.push(HeaderName::Authorization, value);
            }
            let tx = self.send(&request);
            let Some(response) = self.wait_for(tx, Duration::from_secs(5)).await? else {
                return Ok(false);
            };
            match response.status {
                200..=299 => return Ok(true),
                401 => authorization = self.answer(&response, "REGISTER", &uri.to_string()),
                _ => return Ok(false),
            }
        }
        Ok(false)
    }

    /// Dials; the caller follows the call by its transaction.
    pub(super) fn invite(&mut self, to: &str) -> (Request, Option<ClientTx>) {
        let uri = self.desk_uri(Some(to));
        let call_id = self.token();
        let mut invite = self.request(Method::Invite, uri.clone(), &format!("<{uri}>"), &call_id);
        invite
            .headers
            .push(HeaderName::ContentType, "application/sdp");
        invite.body = sdp::g711_offer(&self.local_sdp(), None);
        let tx = self.send(&invite);
        (invite, tx)
    }

    pub(super) fn cancel(&mut self, tx: ClientTx) {
        let now = self.now();
        self.transactions.cancel(tx, now);
    }

    /// The 2xx to our INVITE: acknowledges it, starts the voice, and gives the dialog.
    pub(super) fn established(&mut self, tx: ClientTx, response: &Response) -> Option<Dialog> {
        let dialog = Dialog {
            call_id: response.call_id()?.to_owned(),
            local: response.from()?.to_string(),
            remote: response.to()?.to_string(),
            target: response.contact()?.uri,
        };
        let mut ack = self.in_dialog(&dialog, Method::Ack);
        let seq = response.cseq()?.seq;
        ack.headers.set(
            HeaderName::CSeq,
            CSeq {
                seq,
                method: Method::Ack,
            }
            .to_string(),
        );
        self.transactions.acknowledge(tx, self.flow(), ack);
        if let Ok(agreed) = sdp::accept_answer(&response.body, &self.local_sdp()) {
            self.speak_to(agreed.remote);
        }
        Some(dialog)
    }

    /// Picks up: answers the desk's INVITE with 200 and starts the voice.
    pub(super) fn pick_up(
        &mut self,
        tx: madoguchi_sip::transaction::ServerTx,
        invite: &Request,
    ) -> Option<Dialog> {
        let tag = self.token();
        let (agreed, body) = sdp::answer(&invite.body, &self.local_sdp()).ok()?;
        let mut response = invite.respond(200, None);
        response.set_to_tag(&tag);
        response.headers.push(HeaderName::Contact, self.contact());
        response
            .headers
            .push(HeaderName::ContentType, "application/sdp");
        response.body = body;
        self.respond(tx, &response);
        self.speak_to(agreed.remote);
        Some(Dialog {
            call_id: invite.call_id()?.to_owned(),
            local: response.to()?.to_string(),
            remote: invite.from()?.to_string(),
            target: invite.contact()?.uri,
        })
    }

    pub(super) fn bye(&mut self, dialog: &Dialog) {
        let bye = self.in_dialog(dialog, Method::Bye);
        self.send(&bye);
        self.fall_silent();
    }

    pub(super) fn fall_silent(&mut self) {
        if let Some(voice) = self.voice.take() {
            voice.abort();
        }
    }

    fn speak_to(&mut self, remote: SocketAddr) {
        self.fall_silent();
        let socket = self.rtp.clone();
        self.voice = Some(tokio::spawn(async move {
            let mut tick = tokio::time::interval(Duration::from_millis(20));
            let mut packet = [0xff_u8; 172];
            for sequence in 0_u32.. {
                tick.tick().await;
                packet[..2].copy_from_slice(&[0x80, 0]);
                packet[2..4].copy_from_slice(&(sequence as u16).to_be_bytes());
                packet[4..8].copy_from_slice(&(sequence.wrapping_mul(160)).to_be_bytes());
                packet[8..12].copy_from_slice(&[0, 0, 0, 1]);
                if socket.send_to(&packet, remote).await.is_err() {
                    return;
                }
            }
        }));
    }

    async fn wait_for(
        &mut self,
        tx: Option<ClientTx>,
        patience: Duration,
    ) -> io::Result<Option<Response>> {
        loop {
            match self.next_event(patience).await? {
                Some(Event::Response { tx: of, response })
                    if Some(of) == tx && response.status >= 200 =>
                {
                    return Ok(Some(*response));
                }
                Some(Event::Timeout { .. }) | None => return Ok(None),
                Some(_) => {}
            }
        }
    }

    fn answer(&mut self, response: &Response, method: &str, uri: &str) -> Option<String> {
        let name = HeaderName::WwwAuthenticate;
        let challenges: Vec<&str> = response.headers.get_all(&name).collect();
        let cnonce = format!("{:016x}", self.rng.random::<u64>());
        let password = self.account.password.clone()?;
        let proof = Proof {
            method,
            uri,
            user: &self.account.user,
            password: &password,
            cnonce: &cnonce,
        };
        digest::answer(&challenges, &mut self.digest, proof)
    }

    fn request(&mut self, method: Method, uri: Uri, to: &str, call_id: &str) -> Request {
        self.cseq += 1;
        let mut headers = Headers::default();
        headers.push(HeaderName::Via, self.via());
        let address = Uri::sip(
            Some(&self.account.user),
            Host::from(self.account.desk.ip()),
            None,
        );
        let tag = self.token();
        headers.push(
            HeaderName::From,
            NameAddr::with_tag(address, &tag).to_string(),
        );
        headers.push(HeaderName::To, to);
        headers.push(HeaderName::CallId, call_id);
        let cseq = CSeq {
            seq: self.cseq,
            method: method.clone(),
        };
        headers.push(HeaderName::CSeq, cseq.to_string());
        headers.push(HeaderName::Contact, self.contact());
        headers.push(HeaderName::MaxForwards, "70");
        Request {
            method,
            uri,
            headers,
            body: Vec::new(),
        }
    }

    fn in_dialog(&mut self, dialog: &Dialog, method: Method) -> Request {
        self.cseq += 1;
        let mut headers = Headers::default();
        headers.push(HeaderName::Via, self.via());
        headers.push(HeaderName::From, dialog.local.as_str());
        headers.push(HeaderName::To, dialog.remote.as_str());
        headers.push(HeaderName::CallId, dialog.call_id.as_str());
        let cseq = CSeq {
            seq: self.cseq,
            method: method.clone(),
        };
        headers.push(HeaderName::CSeq, cseq.to_string());
        headers.push(HeaderName::MaxForwards, "70");
        Request {
            method,
            uri: dialog.target.clone(),
            headers,
            body: Vec::new(),
        }
    }

    fn send(&mut self, request: &Request) -> Option<ClientTx> {
        let (flow, now) = (self.flow(), self.now());
        self.transactions.request(flow, request, now)
    }

    async fn flush(&mut self) -> io::Result<()> {
        while let Some(transmit) = self.transactions.poll_transmit() {
            self.socket
                .send_to(&transmit.bytes, transmit.flow.remote)
                .await?;
        }
        Ok(())
    }

    fn flow(&self) -> Flow {
        Flow::udp(0, self.account.desk)
    }

    fn local(&self) -> SocketAddr {
        self.socket.local_addr().unwrap_or(self.account.desk)
    }

    fn local_sdp(&self) -> Local {
        let rtp = self.rtp.local_addr().unwrap_or(self.account.desk);
        Local::in_the_clear(1, 1, rtp)
    }

    fn via(&mut self) -> String {
        let (local, branch) = (self.local(), self.token());
        let host = Host::from(local.ip());
        Via::new(
            Transport::Udp,
            host,
            local.port(),
            &format!("z9hG4bK{branch}"),
        )
        .to_string()
    }

    fn contact(&self) -> String {
        format!("<sip:{}@{}>", self.account.user, self.local())
    }

    fn own_address(&self) -> String {
        format!("<sip:{}@{}>", self.account.user, self.account.desk.ip())
    }

    fn desk_uri(&self, user: Option<&str>) -> Uri {
        let desk = self.account.desk;
        Uri::sip(user, Host::from(desk.ip()), Some(desk.port()))
    }

    fn token(&mut self) -> String {
        format!("{:016x}", self.rng.random::<u64>())
    }

    fn now(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Drop for UserAgent {
    fn drop(&mut self) {
        self.fall_silent();
    }
}
