//! A phone or a carrier: what it says to the desk, as text.

use std::net::{SocketAddr, UdpSocket};

use madoguchi_sip::digest::{
    Algorithm, ClientState, Credentials, Ha1, Proof, Verification, Verifier, answer, challenge,
};
use madoguchi_sip::message::{HeaderName, Method, Request, Response};

use super::bench::Bench;
use super::desk::{DESK, REALM};

/// With what carriers make their nonces.
const NONCE_KEY: [u8; 32] = [3; 32];

pub(crate) struct Peer {
    pub(crate) addr: SocketAddr,
    /// Where it hears voice.
    pub(crate) rtp: UdpSocket,
}

impl Peer {
    pub(crate) fn new(addr: &str) -> Self {
        Self::at(addr.parse().unwrap())
    }

    pub(crate) fn at(addr: SocketAddr) -> Self {
        Self {
            addr,
            rtp: UdpSocket::bind("127.0.0.1:0").unwrap(),
        }
    }

    pub(crate) fn offer(&self) -> String {
        let port = self.rtp.local_addr().unwrap().port();
        format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
             m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
        )
    }

    /// A request outside dialogs, from `user`, with more header lines.
    pub(crate) fn request(
        &self,
        method: &str,
        user: &str,
        to: &str,
        call: &str,
        cseq: u32,
        more: &str,
    ) -> Vec<u8> {
        let (kind, body) = if method == "INVITE" {
            ("Content-Type: application/sdp\r\n", self.offer())
        } else {
            ("", String::new())
        };
        self.request_with(
            method,
            user,
            to,
            call,
            cseq,
            &format!("{more}{kind}"),
            &body,
        )
    }

    /// The same with a body of any kind; its type is among the header lines.
    #[expect(clippy::too_many_arguments, reason = "all that a request is made of")]
    pub(crate) fn request_with(
        &self,
        method: &str,
        user: &str,
        to: &str,
        call: &str,
        cseq: u32,
        more: &str,
        body: &str,
    ) -> Vec<u8> {
        let here = self.addr;
        let length = body.len();
        format!(
            "{method} sip:{to}@{DESK} SIP/2.0\r\n\
             Via: SIP/2.0/UDP {here};branch=z9hG4bK{call}{cseq}{method};rport\r\n\
             From: <sip:{user}@{here}>;tag=f{call}\r\nTo: <sip:{to}@{DESK}>\r\n\
             Call-ID: {call}\r\nCSeq: {cseq} {method}\r\nContact: <sip:{user}@{here}>\r\n\
             Max-Forwards: 70\r\n{more}Content-Length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }

    /// A request in the dialog that `response` to a request of ours made.
    pub(crate) fn in_dialog(&self, method: &str, response: &Response, cseq: u32) -> Vec<u8> {
        self.in_dialog_with(method, response, cseq, "", "")
    }

    /// The same with more header lines and a body.
    pub(crate) fn in_dialog_with(
        &self,
        method: &str,
        response: &Response,
        cseq: u32,
        more: &str,
        body: &str,
    ) -> Vec<u8> {
        let header = |name| response.headers.get(&name).unwrap().to_owned();
        let (here, target) = (self.addr, response.contact().unwrap().uri);
        format!(
            "{method} {target} SIP/2.0\r\n\
             Via: SIP/2.0/UDP {here};branch=z9hG4bKd{cseq}{method}{};rport\r\n\
             From: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {cseq} {method}\r\n\
             Contact: <sip:peer@{here}>\r\nMax-Forwards: 70\r\n{more}\
             Content-Length: {}\r\n\r\n{body}",
            response.call_id().unwrap(),
            header(HeaderName::From),
            header(HeaderName::To),
            header(HeaderName::CallId),
            body.len(),
        )
        .into_bytes()
    }

    /// A request in the dialog that `response` to a request of ours made, with more header lines and
    /// perhaps an offer.
    pub(crate) fn inside(
        &self,
        method: &str,
        response: &Response,
        cseq: u32,
        more: &str,
        offers: bool,
    ) -> Vec<u8> {
        let body = if offers { self.offer() } else { String::new() };
        let kind = if offers {
            "Content-Type: application/sdp\r\n"
        } else {
            ""
        };
        let bare = String::from_utf8(self.in_dialog(method, response, cseq)).unwrap();
        let here = self.addr;
        let headers = format!(
            "Contact: <sip:moved@{here}>\r\n{more}{kind}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        bare.replace("Content-Length: 0\r\n\r\n", &headers)
            .into_bytes()
    }

    /// A request in the dialog that a request of the desk began and `response` accepted.
    pub(crate) fn back(&self, method: &str, response: &Response, cseq: u32) -> Vec<u8> {
        self.back_with(method, response, cseq, "", "")
    }

    /// The same with more header lines and a body.
    pub(crate) fn back_with(
        &self,
        method: &str,
        response: &Response,
        cseq: u32,
        more: &str,
        body: &str,
    ) -> Vec<u8> {
        let header = |name| response.headers.get(&name).unwrap().to_owned();
        let here = self.addr;
        format!(
            "{method} sip:desk@{DESK} SIP/2.0\r\n\
             Via: SIP/2.0/UDP {here};branch=z9hG4bKb{cseq}{method}{};rport\r\n\
             From: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {cseq} {method}\r\n\
             Contact: <sip:peer@{here}>\r\nMax-Forwards: 70\r\n{more}\
             Content-Length: {}\r\n\r\n{body}",
            response.call_id().unwrap(),
            header(HeaderName::To),
            header(HeaderName::From),
            header(HeaderName::CallId),
            body.len(),
        )
        .into_bytes()
    }

    /// The answer to a request of the desk; a 200 to INVITE with a description.
    pub(crate) fn answer(&self, request: &Request, status: u16) -> Response {
        let mut response = request.respond(status, None);
        response.set_to_tag("peer");
        let contact = format!("<sip:peer@{}>", self.addr);
        response.headers.push(HeaderName::Contact, contact);
        if request.method == Method::Invite && status == 200 {
            let kind = "application/sdp";
            response.headers.push(HeaderName::ContentType, kind);
            response.body = self.offer().into_bytes();
        }
        response
    }

    /// A carrier's 401.
    pub(crate) fn challenge(&self, request: &Request, salt: &str) -> Response {
        let mut response = self.answer(request, 401);
        let asked = challenge(Algorithm::Sha256, "carrier", &NONCE_KEY, salt, 0, false);
        response.headers.push(HeaderName::WwwAuthenticate, asked);
        response
    }
}

/// Whether a request of the desk proves that it comes from this user of a carrier.
pub(crate) fn proves(request: &Request, user: &str) -> bool {
    let Some(proof) = request.headers.get(&HeaderName::Authorization) else {
        return false;
    };
    let secrets = Ha1::all(user, "carrier", &format!("secret-{user}"));
    let given = Credentials::parse(proof).unwrap();
    let verifier = Verifier {
        realm: "carrier",
        offered: &Algorithm::ALL,
        nonce_secret: &NONCE_KEY,
    };
    let (method, uri) = (request.method.as_str(), &request.uri);
    let verdict = verifier.verify(&given, method, uri, &secrets, 0);
    given.username == user && matches!(verdict, Verification::Valid { .. })
}

pub(crate) fn expires(request: &Request) -> Option<&str> {
    request.headers.get(&HeaderName::Expires)
}

/// The header line that answers the desk's challenge.
pub(crate) fn authorization(
    challenge: &Response,
    method: &str,
    (user, password): (&str, &str),
    to: &str,
) -> String {
    let offered: Vec<_> = challenge
        .headers
        .get_all(&HeaderName::WwwAuthenticate)
        .collect();
    assert!(
        offered.iter().all(|text| text.contains(REALM)),
        "{offered:?}"
    );
    let proof = Proof {
        method,
        uri: &format!("sip:{to}@{DESK}"),
        user,
        password,
        cnonce: "cnonce",
    };
    let value = answer(&offered, &mut ClientState::default(), proof).unwrap();
    format!("Authorization: {value}\r\n")
}

impl Bench {
    /// A phone sends a request, answers the challenge, and gets the last answer.
    pub(crate) fn prove(
        &mut self,
        phone: &Peer,
        (user, password): (&str, &str),
        method: &str,
        to: &str,
        call: &str,
    ) -> Response {
        let bytes = phone.request(method, user, to, call, 1, "");
        self.send(phone, bytes);
        let asked = self.response_to(phone).unwrap();
        assert_eq!(asked.status, 401);
        let proof = authorization(&asked, method, (user, password), to);
        let bytes = phone.request(method, user, to, call, 2, &proof);
        self.send(phone, bytes);
        self.response_to(phone).unwrap_or(asked)
    }

    /// A phone registers for an hour.
    pub(crate) fn register(&mut self, phone: &Peer, who: (&str, &str), call: &str) -> u16 {
        self.prove(phone, who, "REGISTER", who.0, call).status
    }

    /// A caller comes in through a carrier; the answer.
    pub(crate) fn call(&mut self, carrier: &Peer, number: &str, call: &str) -> Response {
        let bytes = carrier.request("INVITE", "0312345678", number, call, 1, "");
        self.send(carrier, bytes);
        let response = self.response_to(carrier).unwrap();
        if response.status == 200 {
            self.send(carrier, carrier.in_dialog("ACK", &response, 1));
        }
        response
    }

    pub(crate) fn reply(&mut self, peer: &Peer, response: &Response) {
        self.send(peer, response.to_bytes());
    }

    /// A phone that rings picks up, and both hear each other; its answer.
    pub(crate) fn pick_up(&mut self, phone: &Peer) -> Response {
        let invite = self.request_to(phone).expect("the phone rings");
        assert_eq!(invite.method, Method::Invite);
        let response = phone.answer(&invite, 200);
        self.reply(phone, &response);
        self.media();
        response
    }
}
