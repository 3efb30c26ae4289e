//! Attended transfers: a phone answers a caller, asks a colleague by a second call, and hands over (RFC 5589 7).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use madoguchi_sip::digest::{self, ClientState, Proof};
use madoguchi_sip::message::{HeaderName, Message, Method, Request, Response};
use madoguchi_sip::parse::parse_datagram;
use tokio::net::UdpSocket;

use crate::Outcome;
use crate::caller;
use crate::rooms::{self, ROOMS, STAYS, Way};

const PATIENCE: Duration = Duration::from_secs(10);

/// A phone with one socket for signalling and one that says what it hears.
struct Phone {
    socket: UdpSocket,
    rtp: SocketAddr,
    desk: SocketAddr,
    extension: String,
    password: String,
    numbers: u32,
}

pub(crate) async fn run(callers: usize) -> anyhow::Result<Outcome> {
    let (desk, ports) =
        rooms::desk(Way::Attended, |setup, name| setup.registering_agent(name)).await?;
    let phones = rooms::colleagues(Way::Attended, &ports)?;
    let mut tasks = Vec::new();
    for room in 0..ROOMS {
        let name = format!("a{room}");
        let extension = rooms::extension(&desk, &name)?;
        let colleague = rooms::extension(&desk, &format!("b{room}"))?;
        let mut phone = Phone::new(desk.sip, extension, format!("secret-{name}")).await?;
        phone.register().await?;
        tasks.push(tokio::spawn(async move {
            loop {
                if let Err(error) = phone.hand_one_over(&colleague).await {
                    return error;
                }
            }
        }));
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let each = callers.div_ceil(ROOMS);
    let sip = desk.sip;
    let rooms = (0..ROOMS).map(|room| async move {
        let mut heard = Vec::new();
        for n in 0..each {
            let name = format!("attended{room}x{n}");
            heard.push(caller::call(sip, &name, STAYS).await?);
        }
        Ok::<_, anyhow::Error>(heard)
    });
    let heard = futures::future::try_join_all(rooms).await?.concat();
    for task in tasks {
        if task.is_finished() {
            return Err(task.await?.context("a phone gave up"));
        }
        task.abort();
    }
    let what = Way::Attended.what();
    rooms::finish(desk, phones, (what, heard), |record, events| {
        rooms::is_right(Way::Attended, record, events)
    })
    .await
}

impl Phone {
    async fn new(desk: SocketAddr, extension: String, password: String) -> anyhow::Result<Self> {
        let ears = Arc::new(UdpSocket::bind("127.0.0.1:0").await?);
        let rtp = ears.local_addr()?;
        tokio::spawn(async move {
            let mut buffer = [0; 2_048];
            while let Ok((length, from)) = ears.recv_from(&mut buffer).await {
                let heard = buffer.get(..length).unwrap_or_default();
                if ears.send_to(heard, from).await.is_err() {
                    return;
                }
            }
        });
        Ok(Self {
            socket: UdpSocket::bind("127.0.0.1:0").await?,
            rtp,
            desk,
            extension,
            password,
            numbers: 0,
        })
    }

    fn description(&self) -> String {
        format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
             m=audio {} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n",
            self.rtp.port()
        )
    }

    async fn send(&self, text: String) -> anyhow::Result<()> {
        self.socket.send_to(text.as_bytes(), self.desk).await?;
        Ok(())
    }

    /// The next message; what is only asked for an answer has it already.
    async fn next(&self) -> anyhow::Result<Message> {
        let mut buffer = vec![0; 65_535];
        loop {
            let (length, _) = self.socket.recv_from(&mut buffer).await?;
            let bytes = buffer.get(..length).context("a datagram fits")?;
            let Ok(message) = parse_datagram(bytes) else {
                continue;
            };
            let answered = match &message {
                Message::Request(request)
                    if !matches!(request.method, Method::Invite | Method::Ack) =>
                {
                    let answer = request.respond(200, None).to_bytes();
                    self.socket.send_to(&answer, self.desk).await?;
                    request.method != Method::Bye && request.method != Method::Notify
                }
                _ => false,
            };
            if !answered {
                return Ok(message);
            }
        }
    }

    /// The next final response to a method; what else comes meanwhile is passed over.
    async fn response(&self, method: &str, cseq: u32) -> anyhow::Result<Response> {
        let found = async {
            loop {
                if let Message::Response(response) = self.next().await?
                    && response.status >= 200
                    && response
                        .cseq()
                        .is_some_and(|one| one.seq == cseq && one.method.as_str() == method)
                {
                    return Ok(response);
                }
            }
        };
        tokio::time::timeout(PATIENCE, found)
            .await
            .with_context(|| format!("no answer to {method}"))?
    }

    fn head(&self, method: &str, to: &str, call: &str, cseq: u32) -> String {
        let local = self.socket.local_addr();
        let local = local.map_or_else(|_| String::new(), |local| local.to_string());
        let (desk, extension) = (self.desk, &self.extension);
        format!(
            "{method} sip:{to}@{desk} SIP/2.0\r\n\
             Via: SIP/2.0/UDP {local};branch=z9hG4bK{call}{cseq}{method};rport\r\n\
             From: <sip:{extension}@{desk}>;tag=f{call}\r\nTo: <sip:{to}@{desk}>\r\n\
             Call-ID: {call}\r\nCSeq: {cseq} {method}\r\n\
             Contact: <sip:{extension}@{local}>\r\nMax-Forwards: 70\r\n"
        )
    }

    fn proof(&self, asked: &Response, method: &str, to: &str) -> anyhow::Result<String> {
        let challenges: Vec<_> = asked
            .headers
            .get_all(&HeaderName::WwwAuthenticate)
            .collect();
        let proof = Proof {
            method,
            uri: &format!("sip:{to}@{}", self.desk),
            user: &self.extension,
            password: &self.password,
            cnonce: "cnonce",
        };
        let answer = digest::answer(&challenges, &mut ClientState::default(), proof);
        Ok(format!(
            "Authorization: {}\r\n",
            answer.context("a challenge")?
        ))
    }

    async fn register(&mut self) -> anyhow::Result<()> {
        let to = self.extension.clone();
        let call = format!("register{to}");
        let end = "Expires: 3600\r\nContent-Length: 0\r\n\r\n";
        self.send(self.head("REGISTER", &to, &call, 1) + end)
            .await?;
        let asked = self.response("REGISTER", 1).await?;
        let proof = self.proof(&asked, "REGISTER", &to)?;
        self.send(self.head("REGISTER", &to, &call, 2) + &proof + end)
            .await?;
        let registered = self.response("REGISTER", 2).await?;
        ensure!(registered.status == 200, "{}", registered.status);
        Ok(())
    }

    /// Answers the next caller, asks the colleague, and hands over.
    async fn hand_one_over(&mut self, colleague: &str) -> anyhow::Result<()> {
        let invite = self.next_caller().await?;
        self.answer(&invite).await?;
        tokio::time::sleep(Duration::from_millis(300)).await;
        self.numbers += 1;
        let call = format!("ask{}x{}", self.extension, self.numbers);
        let asked = self.ask(colleague, &call).await?;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let tag = |name: HeaderName| {
            let value = asked.headers.get(&name).unwrap_or_default();
            value.split("tag=").nth(1).unwrap_or_default().to_owned()
        };
        let named = format!(
            "{call}%3Bto-tag%3D{}%3Bfrom-tag%3D{}",
            tag(HeaderName::To),
            tag(HeaderName::From)
        );
        let refer = self.refer(
            &invite,
            &format!("sip:{colleague}@{}?Replaces={named}", self.desk),
        )?;
        self.send(refer).await?;
        self.let_go().await
    }

    async fn next_caller(&self) -> anyhow::Result<Request> {
        loop {
            if let Message::Request(request) = self.next().await?
                && request.method == Method::Invite
            {
                return Ok(request);
            }
        }
    }

    async fn answer(&self, invite: &Request) -> anyhow::Result<()> {
        let mut answer = invite.respond(200, None);
        answer.set_to_tag("phone");
        let local = self.socket.local_addr()?;
        let contact = format!("<sip:{}@{local}>", self.extension);
        answer.headers.push(HeaderName::Contact, contact);
        answer
            .headers
            .push(HeaderName::ContentType, "application/sdp");
        answer.body = self.description().into_bytes();
        self.socket.send_to(&answer.to_bytes(), self.desk).await?;
        Ok(())
    }

    /// Calls the colleague; the answer.
    async fn ask(&self, colleague: &str, call: &str) -> anyhow::Result<Response> {
        let body = self.description();
        let end = format!(
            "Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.send(self.head("INVITE", colleague, call, 1) + &end)
            .await?;
        let asked = self.response("INVITE", 1).await?;
        ensure!(asked.status == 401, "{}", asked.status);
        let none = "Content-Length: 0\r\n\r\n";
        self.send(self.head("ACK", colleague, call, 1) + none)
            .await?;
        let proof = self.proof(&asked, "INVITE", colleague)?;
        self.send(self.head("INVITE", colleague, call, 2) + &proof + &end)
            .await?;
        let answer = self.response("INVITE", 2).await?;
        ensure!(answer.status == 200, "{}", answer.status);
        let to = answer.headers.get(&HeaderName::To).unwrap_or_default();
        let ack = self.head("ACK", colleague, call, 2);
        let plain = format!("To: <sip:{colleague}@{}>\r\n", self.desk);
        self.send(ack.replace(&plain, &format!("To: {to}\r\n")) + none)
            .await?;
        Ok(answer)
    }

    fn refer(&self, invite: &Request, to: &str) -> anyhow::Result<String> {
        let header = |name| invite.headers.get(&name).unwrap_or_default();
        let local = self.socket.local_addr()?;
        let call = header(HeaderName::CallId);
        let target = invite.contact().context("a contact")?.uri;
        Ok(format!(
            "REFER {target} SIP/2.0\r\n\
             Via: SIP/2.0/UDP {local};branch=z9hG4bKrefer{};rport\r\n\
             From: {};tag=phone\r\nTo: {}\r\nCall-ID: {call}\r\nCSeq: 1 REFER\r\n\
             Contact: <sip:{}@{local}>\r\nRefer-To: <{to}>\r\nMax-Forwards: 70\r\n\
             Content-Length: 0\r\n\r\n",
            self.numbers,
            header(HeaderName::To),
            header(HeaderName::From),
            self.extension,
        ))
    }

    /// Waits until both dialogs are over.
    async fn let_go(&self) -> anyhow::Result<()> {
        let over = async {
            let mut ends = 0;
            while ends < 2 {
                match self.next().await? {
                    Message::Request(request) if request.method == Method::Bye => ends += 1,
                    Message::Response(response) => {
                        ensure!(response.status < 300, "REFER: {}", response.status);
                    }
                    Message::Request(_) => {}
                }
            }
            Ok(())
        };
        tokio::time::timeout(PATIENCE, over)
            .await
            .context("the phone is not let go")?
    }
}
