//! Whoever talks through the desk: a carrier with its callers, and agents' phones.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, ensure};
use madoguchi_sip::digest::{self, ClientState, Proof};
use madoguchi_sip::message::{HeaderName, Message, Method, Request, Response};
use madoguchi_srtp::MasterKey;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};

use crate::desk::{NUMBER, PASSWORD};
use crate::sdp;
use crate::wire::{End, Wire};

const PATIENCE: Duration = Duration::from_secs(10);

/// One end of the voice of a call.
pub(super) struct Leg {
    /// Where it hears, if each leg has ears of its own.
    pub(super) ears: Option<UdpSocket>,
    /// Where it speaks to.
    pub(super) to: SocketAddr,
    pub(super) keys: Option<Keys>,
    /// Fails when the call is over.
    pub(super) over: oneshot::Receiver<()>,
}

/// The keys of both directions.
pub(super) struct Keys {
    pub(super) ours: MasterKey,
    pub(super) theirs: MasterKey,
}

/// How the parties speak.
#[derive(Clone)]
pub(super) struct Voices {
    /// Takes what has begun.
    pub(super) legs: mpsc::UnboundedSender<Leg>,
    /// Where all of them hear; each for itself without.
    pub(super) ears: Option<SocketAddr>,
    pub(super) encrypted: bool,
}

impl Voices {
    async fn ears(&self) -> anyhow::Result<(Option<UdpSocket>, SocketAddr)> {
        if let Some(ears) = self.ears {
            return Ok((None, ears));
        }
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let local = socket.local_addr()?;
        Ok((Some(socket), local))
    }
}

/// Calls the desk.
pub(super) struct Carrier {
    end: End,
    calls: Arc<Mutex<HashMap<String, mpsc::UnboundedSender<Response>>>>,
}

/// A call that was answered.
pub(super) struct Call {
    end: End,
    name: String,
    answered: Response,
    responses: mpsc::UnboundedReceiver<Response>,
    _talks: oneshot::Sender<()>,
}

impl Carrier {
    pub(super) fn start(wire: Wire) -> Self {
        let Wire { end, mut incoming } = wire;
        let calls: Arc<Mutex<HashMap<String, mpsc::UnboundedSender<Response>>>> = Arc::default();
        let (answering, known) = (end.clone(), calls.clone());
        tokio::spawn(async move {
            while let Some(message) = incoming.recv().await {
                match message {
                    Message::Request(request) if request.method != Method::Ack => {
                        answering.send(request.respond(200, None).to_bytes()).await;
                    }
                    Message::Request(_) => {}
                    Message::Response(response) => {
                        let call = response.call_id().unwrap_or_default();
                        let known = known.lock().unwrap_or_else(PoisonError::into_inner);
                        if let Some(call) = known.get(call) {
                            // Whoever called may have given up.
                            let _gone = call.send(response);
                        }
                    }
                }
            }
        });
        Self { end, calls }
    }

    /// A call to the desk, until it is answered.
    pub(super) async fn call(&self, name: String, voices: &Voices) -> anyhow::Result<Call> {
        let (told, mut responses) = mpsc::unbounded_channel();
        self.calls
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.clone(), told);
        let (ears, rtp) = voices.ears().await?;
        let ours = voices.encrypted.then(|| sdp::new_key(None)).transpose()?;
        let (end, body) = (&self.end, sdp::describe(rtp, ours.as_ref()));
        let invite = format!(
            "INVITE sip:{NUMBER}@{desk} SIP/2.0\r\n\
             Via: SIP/2.0/{transport} {local};branch=z9hG4bKi{name};rport\r\n\
             From: <sip:0312345678@{local}>;tag=f{name}\r\nTo: <sip:{NUMBER}@{desk}>\r\n\
             Call-ID: {name}\r\nCSeq: 1 INVITE\r\nContact: {contact}\r\nMax-Forwards: 70\r\n\
             Content-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{body}",
            desk = end.desk,
            local = end.local,
            transport = end.transport(),
            contact = end.contact("carrier"),
            length = body.len(),
        );
        end.send(invite.into_bytes()).await;
        let answered = final_response(&mut responses).await?;
        ensure!(
            answered.status == 200,
            "{} {}",
            answered.status,
            answered.reason
        );
        let (talks, over) = oneshot::channel();
        let described = sdp::read(&answered.body)?;
        let call = Call {
            end: end.clone(),
            name,
            answered,
            responses,
            _talks: talks,
        };
        call.send("ACK", 1).await?;
        let theirs = described.crypto.map(|crypto| crypto.key);
        let leg = Leg {
            ears,
            to: described.rtp,
            keys: keys(ours.map(|ours| ours.key), theirs)?,
            over,
        };
        // Whoever measures may have seen enough.
        let _enough = voices.legs.send(leg);
        Ok(call)
    }

    /// Hangs up.
    pub(super) async fn hang_up(&self, mut call: Call) -> anyhow::Result<()> {
        call.send("BYE", 2).await?;
        final_response(&mut call.responses).await?;
        self.calls
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&call.name);
        Ok(())
    }
}

impl Call {
    async fn send(&self, method: &str, cseq: u32) -> anyhow::Result<()> {
        let Self {
            end,
            name,
            answered,
            ..
        } = self;
        let target = answered.contact().context("a 2xx has a Contact")?.uri;
        let header = |name| answered.headers.get(&name).unwrap_or_default();
        let request = format!(
            "{method} {target} SIP/2.0\r\n\
             Via: SIP/2.0/{} {};branch=z9hG4bK{method}{name};rport\r\n\
             From: {}\r\nTo: {}\r\nCall-ID: {name}\r\nCSeq: {cseq} {method}\r\n\
             Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
            end.transport(),
            end.local,
            header(HeaderName::From),
            header(HeaderName::To),
        );
        end.send(request.into_bytes()).await;
        Ok(())
    }
}

async fn final_response(
    responses: &mut mpsc::UnboundedReceiver<Response>,
) -> anyhow::Result<Response> {
    loop {
        let response = tokio::time::timeout(PATIENCE, responses.recv()).await;
        let response = response
            .context("no answer came")?
            .context("the wire is cut")?;
        // A 200 that comes again answers nothing new.
        if response.status >= 200 {
            return Ok(response);
        }
    }
}

fn keys(ours: Option<MasterKey>, theirs: Option<MasterKey>) -> anyhow::Result<Option<Keys>> {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) => Ok(Some(Keys { ours, theirs })),
        (None, None) => Ok(None),
        _ => anyhow::bail!("one side alone encrypts"),
    }
}

/// Registers a phone for an hour.
pub(super) async fn register(wire: &mut Wire, extension: usize) -> anyhow::Result<()> {
    let asked = try_register(wire, extension, 1, "").await?;
    ensure!(asked.status == 401, "{} {}", asked.status, asked.reason);
    let challenges: Vec<_> = asked
        .headers
        .get_all(&HeaderName::WwwAuthenticate)
        .collect();
    let (uri, user) = (format!("sip:{}", wire.end.desk), extension.to_string());
    let proof = Proof {
        method: "REGISTER",
        uri: &uri,
        user: &user,
        password: PASSWORD,
        cnonce: "cnonce",
    };
    let answer = digest::answer(&challenges, &mut ClientState::default(), proof);
    let proof = format!("Authorization: {}\r\n", answer.context("a challenge")?);
    let registered = try_register(wire, extension, 2, &proof).await?;
    ensure!(
        registered.status == 200,
        "{} {}",
        registered.status,
        registered.reason
    );
    Ok(())
}

async fn try_register(
    wire: &mut Wire,
    extension: usize,
    cseq: u32,
    proof: &str,
) -> anyhow::Result<Response> {
    let end = &wire.end;
    let request = format!(
        "REGISTER sip:{desk} SIP/2.0\r\n\
         Via: SIP/2.0/{transport} {local};branch=z9hG4bKr{extension}x{cseq};rport\r\n\
         From: <sip:{extension}@{desk}>;tag=r{extension}\r\nTo: <sip:{extension}@{desk}>\r\n\
         Call-ID: r{extension}\r\nCSeq: {cseq} REGISTER\r\nContact: {contact}\r\n\
         Expires: 3600\r\nMax-Forwards: 70\r\n{proof}Content-Length: 0\r\n\r\n",
        desk = end.desk,
        local = end.local,
        transport = end.transport(),
        contact = end.contact(&extension.to_string()),
    );
    end.send(request.into_bytes()).await;
    loop {
        let message = tokio::time::timeout(PATIENCE, wire.incoming.recv()).await;
        let message = message
            .context("no answer came")?
            .context("the wire is cut")?;
        if let Message::Response(response) = message {
            return Ok(response);
        }
    }
}

/// A phone that picks up at once, for as long as the desk speaks with it.
pub(super) async fn phone(wire: Wire, voices: Voices) {
    let Wire { end, mut incoming } = wire;
    let mut talks = HashMap::new();
    while let Some(message) = incoming.recv().await {
        let Message::Request(request) = message else {
            continue;
        };
        let call = request.call_id().unwrap_or_default().to_owned();
        match request.method {
            Method::Ack => {}
            Method::Invite => {
                // The desk hears of nothing that goes wrong here, and its caller goes on waiting.
                if let Ok((answer, talk)) = pick_up(&end, &request, &voices).await {
                    end.send(answer).await;
                    talks.insert(call, talk);
                }
            }
            _ => {
                talks.remove(&call);
                end.send(request.respond(200, None).to_bytes()).await;
            }
        }
    }
}

async fn pick_up(
    end: &End,
    invite: &Request,
    voices: &Voices,
) -> anyhow::Result<(Vec<u8>, oneshot::Sender<()>)> {
    let described = sdp::read(&invite.body)?;
    let (ears, rtp) = voices.ears().await?;
    let theirs = described.crypto.filter(|_| voices.encrypted);
    let ours = theirs.as_ref().map(|theirs| sdp::new_key(Some(theirs)));
    let ours = ours.transpose()?;
    let mut answer = invite.respond(200, None);
    answer.set_to_tag("phone");
    let user = invite.uri.user.as_deref().unwrap_or("phone");
    answer.headers.push(HeaderName::Contact, end.contact(user));
    answer
        .headers
        .push(HeaderName::ContentType, "application/sdp");
    answer.body = sdp::describe(rtp, ours.as_ref()).into_bytes();
    let (talk, over) = oneshot::channel();
    let leg = Leg {
        ears,
        to: described.rtp,
        keys: keys(ours.map(|ours| ours.key), theirs.map(|theirs| theirs.key))?,
        over,
    };
    let _enough = voices.legs.send(leg);
    Ok((answer.to_bytes(), talk))
}
