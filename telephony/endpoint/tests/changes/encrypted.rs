//! Phones and trunks over TLS: what is shown to whom, who is taken for whom, and what goes on when
//! certificates are renewed.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use madoguchi_core::live::AgentCommand;
use madoguchi_endpoint::settings::{
    CertificateFiles, Listen, Transport, Trunk, TrunkRegistration, TrunkTls,
};
use madoguchi_endpoint::shell::Endpoint;
use madoguchi_sip::framing::{Frame, StreamReader};
use madoguchi_sip::message::{HeaderName, Message, Method, Request, Response};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
};
use tokio::net::UdpSocket;

use super::desk::{Settings, trunk};
use super::peer::{Peer, authorization};
use super::running::{next, start_with};

/// No test waits longer for anything.
const PATIENCE: Duration = Duration::from_secs(5);
const PHONE: (&str, &str) = ("201", "secret");

/// Somebody who vouches for certificates.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// A certificate and its key, as PEM.
#[derive(Clone)]
struct Pair {
    certificate: String,
    key: String,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        Self { issuer, pem }
    }

    fn certificate(&self, name: &str) -> Pair {
        self.certificate_with(name, |_| {})
    }

    fn expired(&self, name: &str) -> Pair {
        self.certificate_with(name, |params| params.not_after = date_time_ymd(2021, 1, 1))
    }

    fn certificate_with(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Pair {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Pair {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        }
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        let own = CertificateDer::from_pem_slice(self.pem.as_bytes()).unwrap();
        roots.add(own).unwrap();
        roots
    }
}

impl Pair {
    fn write(&self, folder: &Path, name: &str) -> CertificateFiles {
        let files = CertificateFiles {
            certificate: folder.join(format!("{name}.crt")),
            key: folder.join(format!("{name}.key")),
        };
        std::fs::write(&files.key, &self.key).unwrap();
        std::fs::write(&files.certificate, &self.certificate).unwrap();
        files
    }

    fn der(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        let certificate = CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap();
        (vec![certificate], key)
    }
}

trait Stream: Read + Write + Send {}
impl<S: Read + Write + Send> Stream for S {}

/// Somebody on an encrypted connection.
struct Encrypted {
    stream: Box<dyn Stream>,
    reader: StreamReader,
    peer: Peer,
}

impl Encrypted {
    /// Connects to the desk; shows a certificate if there is one.
    fn connect(
        desk: SocketAddr,
        trusts: &Authority,
        shows: Option<&Pair>,
    ) -> std::io::Result<Self> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let builder = builder.with_root_certificates(trusts.roots());
        let config = match shows.map(Pair::der) {
            Some((chain, key)) => builder.with_client_auth_cert(chain, key).unwrap(),
            None => builder.with_no_client_auth(),
        };
        let name = "desk.example".try_into().unwrap();
        let mut tls = ClientConnection::new(Arc::new(config), name).unwrap();
        let mut socket = TcpStream::connect(desk)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        tls.complete_io(&mut socket)?;
        let addr = socket.local_addr()?;
        Ok(Self::on(Box::new(StreamOwned::new(tls, socket)), addr))
    }

    fn on(stream: Box<dyn Stream>, addr: SocketAddr) -> Self {
        Self {
            stream,
            reader: StreamReader::default(),
            peer: Peer::at(addr),
        }
    }

    fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
        self.stream.flush().unwrap();
    }

    /// A request as it is sent here, encrypted.
    fn request(&self, method: &str, to: &str, call: &str, cseq: u32, more: &str) -> String {
        let bytes = self.peer.request(method, PHONE.0, to, call, cseq, more);
        let text = String::from_utf8(bytes).unwrap();
        let contact = format!("<sip:201@{}>", self.peer.addr);
        let encrypted = format!("<sip:201@{};transport=tls>", self.peer.addr);
        let text = text.replace("SIP/2.0/UDP", "SIP/2.0/TLS");
        text.replace(
            &format!("Contact: {contact}"),
            &format!("Contact: {encrypted}"),
        )
    }

    fn read(&mut self) -> std::io::Result<Message> {
        let mut buffer = [0; 4_096];
        loop {
            if let Some(Frame::Message(message)) = self.reader.next_frame() {
                return Ok(message.unwrap());
            }
            match self.stream.read(&mut buffer)? {
                0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
                length => self.reader.push(&buffer[..length]),
            }
        }
    }

    fn response(&mut self) -> Response {
        loop {
            match self.read().unwrap() {
                Message::Response(response) if response.status >= 200 => return response,
                Message::Response(_) => {}
                Message::Request(request) => panic!("{request:?}"),
            }
        }
    }

    fn asked(&mut self) -> Request {
        match self.read().unwrap() {
            Message::Request(request) => request,
            Message::Response(response) => panic!("{response:?}"),
        }
    }

    /// Registers the phone 201.
    fn register(&mut self, call: &str) {
        let request = self.request("REGISTER", "201", call, 1, "");
        self.send(request.as_bytes());
        let asked = self.response();
        assert_eq!(asked.status, 401);
        let proof = authorization(&asked, "REGISTER", PHONE, "201");
        let request = self.request("REGISTER", "201", call, 2, &proof);
        self.send(request.as_bytes());
        assert_eq!(self.response().status, 200);
    }
}

fn via(request: &Request) -> &str {
    request.headers.get(&HeaderName::Via).unwrap()
}

fn contact(headers: &madoguchi_sip::message::Headers) -> &str {
    headers.get(&HeaderName::Contact).unwrap()
}

/// A desk that is heard encrypted, too; its settings know `trunks`.
struct Desk {
    endpoint: Endpoint,
    board: tokio::sync::watch::Receiver<Arc<madoguchi_core::live::DeskSnapshot>>,
    authority: Authority,
    folder: tempfile::TempDir,
}

impl Desk {
    async fn start(trunks: impl FnOnce(&Path) -> Vec<Trunk>) -> Self {
        let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
        let mut settings = Settings::new();
        settings.endpoint.listen.push(Listen {
            transport: Transport::Tls,
            addr: "127.0.0.1:0".parse().unwrap(),
        });
        let shown = authority.certificate("desk.example");
        settings.endpoint.certificate = Some(shown.write(folder.path(), "desk"));
        settings.endpoint.trunks = trunks(folder.path());
        let (endpoint, board) = start_with(&mut settings).await;
        Self {
            endpoint,
            board,
            authority,
            folder,
        }
    }

    fn heard(&self, transport: Transport) -> SocketAddr {
        let mut listening = self.endpoint.listening().iter();
        let found = listening.find(|listen| listen.transport == transport);
        found.unwrap().addr
    }

    fn tls(&self) -> SocketAddr {
        self.heard(Transport::Tls)
    }

    fn connect(&self) -> Encrypted {
        Encrypted::connect(self.tls(), &self.authority, None).unwrap()
    }

    async fn until_reachable(&mut self, reachable: bool) {
        let shows = |board: &Arc<madoguchi_core::live::DeskSnapshot>| {
            board
                .agents
                .iter()
                .all(|agent| agent.reachable == reachable)
        };
        let shown = tokio::time::timeout(PATIENCE, self.board.wait_for(shows)).await;
        assert!(
            shown.is_ok_and(|shown| shown.is_ok()),
            "reachable: {reachable}"
        );
    }

    /// Somebody in clear text.
    async fn in_clear(&self) -> (UdpSocket, Peer) {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.connect(self.heard(Transport::Udp)).await.unwrap();
        let peer = Peer::at(socket.local_addr().unwrap());
        (socket, peer)
    }
}

async fn final_status(socket: &UdpSocket) -> (u16, Response) {
    loop {
        if let Message::Response(response) = next(socket).await
            && response.status >= 200
        {
            return (response.status, response);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_is_called_on_its_encrypted_connection_which_outlives_the_certificate() {
    let carrier = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let at = carrier.local_addr().unwrap();
    let mut desk = Desk::start(|_| vec![trunk("carrier", &at.to_string())]).await;
    let mut phone = desk.connect();
    phone.register("r");
    desk.until_reachable(true).await;
    assert!(desk.endpoint.command("a".into(), AgentCommand::Ready).await);
    carrier.connect(desk.heard(Transport::Udp)).await.unwrap();
    let caller = Peer::at(at);
    let invite = caller.request("INVITE", "0312345678", "5000", "c", 1, "");
    carrier.send(&invite).await.unwrap();
    let (status, answered) = final_status(&carrier).await;
    assert_eq!(status, 200);
    let ack = caller.in_dialog("ACK", &answered, 1);
    carrier.send(&ack).await.unwrap();

    let invite = phone.asked();
    assert_eq!(invite.method, Method::Invite);
    let addr = phone.peer.addr;
    assert_eq!(
        invite.uri.to_string(),
        format!("sip:201@{addr};transport=tls")
    );
    let (local, tls) = (desk.tls(), via(&invite));
    assert!(tls.starts_with(&format!("SIP/2.0/TLS {local};")), "{tls}");
    let wanted = format!("<sip:desk@{local};transport=tls>");
    assert_eq!(contact(&invite.headers), wanted);
    let picked_up = phone.peer.answer(&invite, 200);
    phone.send(&picked_up.to_bytes());
    assert_eq!(phone.asked().method, Method::Ack);

    // A new certificate, of somebody else even: nobody who is there notices.
    let renewed = Authority::new();
    let files = renewed.certificate("desk.example");
    files.write(desk.folder.path(), "desk");
    desk.endpoint.renew_certificates();
    let mut newcomer = loop {
        match Encrypted::connect(desk.tls(), &renewed, None) {
            Ok(newcomer) => break newcomer,
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    assert!(Encrypted::connect(desk.tls(), &desk.authority, None).is_err());
    let options = newcomer.request("OPTIONS", "desk", "o", 1, "");
    newcomer.send(options.as_bytes());
    assert_eq!(newcomer.response().status, 200);

    let bye = caller.in_dialog("BYE", &answered, 2);
    carrier.send(&bye).await.unwrap();
    let bye = phone.asked();
    assert_eq!(bye.method, Method::Bye);
    let answer = phone.peer.answer(&bye, 200);
    phone.send(&answer.to_bytes());

    // What cannot be read changes nothing.
    std::fs::write(desk.folder.path().join("desk.crt"), "damaged").unwrap();
    desk.endpoint.renew_certificates();
    assert!(Encrypted::connect(desk.tls(), &renewed, None).is_ok());
    drop(phone);
    desk.until_reachable(false).await;
    desk.endpoint.stop(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_be_encrypted_is_not_taken_in_clear_text() {
    let carrier = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let at = carrier.local_addr().unwrap();
    let desk = Desk::start(|_| vec![trunk("carrier", &at.to_string())]).await;
    carrier.connect(desk.heard(Transport::Udp)).await.unwrap();
    let caller = Peer::at(at);
    let plain = caller.request("INVITE", "0312345678", "5000", "c", 1, "");
    let plain = String::from_utf8(plain).unwrap();
    let asks = plain.replace("INVITE sip:", "INVITE sips:");
    let answers_to = plain.replace("Contact: <sip:", "Contact: <sips:");
    for refused in [asks, answers_to] {
        carrier.send(refused.as_bytes()).await.unwrap();
        let (status, response) = final_status(&carrier).await;
        assert_eq!(status, 480);
        let warning = response.headers.get(&HeaderName::Warning).unwrap();
        assert!(warning.starts_with("380 "), "{warning}");
    }
    carrier.send(plain.as_bytes()).await.unwrap();
    assert_eq!(final_status(&carrier).await.0, 200);
    desk.endpoint.stop(Duration::ZERO).await;
}

/// A trunk that proves by a certificate of `authority` to be carrier.example.
fn proven(folder: &Path, authority: &Authority) -> Trunk {
    let path = folder.join("ca.crt");
    std::fs::write(&path, &authority.pem).unwrap();
    Trunk {
        tls: TrunkTls {
            authority: Some(path),
            domain: Some("carrier.example".parse().unwrap()),
            certificate: None,
            must_prove: true,
        },
        ..Trunk::new("carrier")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_must_prove_to_be_a_trunk_is_known_by_its_certificate_alone() {
    let authority = Authority::new();
    let desk = Desk::start(|folder| vec![proven(folder, &authority)]).await;
    let shown = authority.certificate("carrier.example");
    let connect = |shown: &Pair| Encrypted::connect(desk.tls(), &desk.authority, Some(shown));
    let mut carrier = connect(&shown).unwrap();
    let invite = carrier.request("INVITE", "5000", "c", 1, "");
    let invite = invite.replace("INVITE sip:", "INVITE sips:");
    carrier.send(invite.as_bytes());
    let answered = carrier.response();
    assert_eq!(answered.status, 200);
    let local = desk.tls();
    assert_eq!(contact(&answered.headers), format!("<sips:desk@{local}>"));

    // Others with the same address are strangers: without a certificate, or in clear text.
    let mut nobody = desk.connect();
    let invite = nobody.request("INVITE", "5000", "n", 1, "");
    nobody.send(invite.as_bytes());
    assert_eq!(nobody.response().status, 401);
    let (socket, peer) = desk.in_clear().await;
    let invite = peer.request("INVITE", "0312345678", "5000", "u", 1, "");
    socket.send(&invite).await.unwrap();
    assert_eq!(final_status(&socket).await.0, 401);
    // Nor do they end its call, though they know all about it.
    let bye = peer.in_dialog("BYE", &answered, 9);
    let bye = String::from_utf8(bye)
        .unwrap()
        .replace("BYE sips:", "BYE sip:");
    socket.send(bye.as_bytes()).await.unwrap();
    assert_eq!(final_status(&socket).await.0, 481);

    // A certificate that proves nothing ends the connection before anything is heard.
    let stranger = Authority::new();
    for wrong in [
        stranger.certificate("carrier.example"),
        authority.certificate("other.example"),
        authority.certificate("*.example"),
        authority.expired("carrier.example"),
    ] {
        // With TLS 1.3 the refusal comes after the handshake of the client.
        let refused = connect(&wrong).and_then(|mut peer| {
            let options = peer.request("OPTIONS", "desk", "w", 1, "");
            peer.stream.write_all(options.as_bytes())?;
            peer.read()
        });
        assert!(refused.is_err(), "{refused:?}");
    }
    desk.endpoint.stop(Duration::ZERO).await;
}

/// A carrier that is connected to.
struct Carrier {
    listener: TcpListener,
    config: Arc<ServerConfig>,
}

impl Carrier {
    /// Asks for a certificate that `wants` vouches for, if it wants one.
    fn new(shows: &Pair, wants: Option<&Authority>) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone());
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let builder = match wants {
            Some(authority) => {
                let roots = Arc::new(authority.roots());
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
            None => builder.with_no_client_auth(),
        };
        let (chain, key) = shows.der();
        Self {
            listener: TcpListener::bind("127.0.0.1:0").unwrap(),
            config: Arc::new(builder.with_single_cert(chain, key).unwrap()),
        }
    }

    /// Takes the next connection; an error if there is no handshake.
    fn accept(&self) -> std::io::Result<Encrypted> {
        self.listener.set_nonblocking(true)?;
        let mut tries = 0..PATIENCE.as_millis() / 10;
        let mut socket = loop {
            match self.listener.accept() {
                Ok((socket, _)) => break socket,
                Err(_) if tries.next().is_some() => std::thread::sleep(Duration::from_millis(10)),
                Err(error) => return Err(error),
            }
        };
        socket.set_read_timeout(Some(PATIENCE))?;
        let mut tls = ServerConnection::new(self.config.clone()).unwrap();
        tls.complete_io(&mut socket)?;
        let addr = socket.local_addr()?;
        Ok(Encrypted::on(Box::new(StreamOwned::new(tls, socket)), addr))
    }

    /// A trunk that registers here, whose certificate is of `authority`.
    fn trunk(&self, folder: &Path, authority: &Authority) -> Trunk {
        let at = self.listener.local_addr().unwrap();
        let uri = format!("sips:{at}");
        let mut trunk = proven(folder, authority);
        trunk.tls.must_prove = false;
        Trunk {
            register: Some(TrunkRegistration {
                aor: "sip:desk@carrier.example".to_owned(),
                registrar: uri.clone(),
                expires_secs: 600,
            }),
            outbound: Some(uri),
            ..trunk
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trunk_is_registered_with_and_calls_on_the_connection_that_it_was_proven_on() {
    let (authority, own) = (Authority::new(), Authority::new());
    let carrier = Carrier::new(&authority.certificate("carrier.example"), Some(&own));
    let shown = own.certificate("desk.example");
    let desk = Desk::start(|folder| {
        let mut trunk = carrier.trunk(folder, &authority);
        trunk.tls.certificate = Some(shown.write(folder, "shown"));
        vec![trunk]
    })
    .await;
    let mut carrier = carrier.accept().unwrap();
    let register = carrier.asked();
    assert_eq!(register.method, Method::Register);
    let (local, tls) = (desk.tls(), via(&register));
    assert!(tls.starts_with(&format!("SIP/2.0/TLS {local};")), "{tls}");
    assert_eq!(contact(&register.headers), format!("<sips:desk@{local}>"));
    let registered = carrier.peer.answer(&register, 200);
    carrier.send(&registered.to_bytes());
    // It is nobody by its address.
    let invite = carrier.request("INVITE", "5000", "c", 1, "");
    carrier.send(invite.as_bytes());
    assert_eq!(carrier.response().status, 200);
    desk.endpoint.stop(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_to_a_trunk_that_does_not_prove_who_it_is() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    for wrong in [
        stranger.certificate("carrier.example"),
        authority.certificate("other.example"),
        authority.certificate("*.example"),
        authority.expired("carrier.example"),
    ] {
        let carrier = Carrier::new(&wrong, None);
        let desk = Desk::start(|folder| vec![carrier.trunk(folder, &authority)]).await;
        let heard = carrier.accept().and_then(|mut carrier| carrier.read());
        assert!(heard.is_err(), "{heard:?}");
        desk.endpoint.stop(Duration::ZERO).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_handshakes_of_strangers_keep_nobody_out() {
    let mut desk = Desk::start(|_| Vec::new()).await;
    let mut silent = Vec::new();
    for n in 0..1_000 {
        let mut socket = TcpStream::connect(desk.tls()).unwrap();
        // Some say nothing, some begin: both are closed when there is no room.
        if n % 2 == 0 {
            let _closed = socket.write_all(&[0x16, 0x03, 0x01, 0x02, 0x00, 0x01]);
        }
        silent.push(socket);
    }
    let mut phone = desk.connect();
    phone.register("r");
    desk.until_reachable(true).await;
    let (socket, peer) = desk.in_clear().await;
    let options = peer.request("OPTIONS", "x", "desk", "o", 1, "");
    socket.send(&options).await.unwrap();
    assert_eq!(final_status(&socket).await.0, 200);
    drop(silent);
    desk.endpoint.stop(Duration::ZERO).await;
}
