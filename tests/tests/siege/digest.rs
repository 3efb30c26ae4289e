//! Credentials that were overheard or made for something else, in the hands of strangers.

use std::net::IpAddr;

use anyhow::{Context, ensure};
use madoguchi_sip::digest::{ClientState, Proof, answer};
use madoguchi_sip::message::Message;
use madoguchi_sip::parse::parse_datagram;
use madoguchi_tests::desk::Setup;
use madoguchi_tests::process::DeskProcess;
use madoguchi_tests::siege::{STRANGER, siege};

use super::phone::{Invite, Phone, agent};
use super::sip::{PHONE, address, pace, udp};

type Outcome = anyhow::Result<()>;

/// Ways in which credentials made with the right password are worth nothing.
#[derive(Debug, Clone, Copy)]
enum Flaw {
    /// Made without qop, and so without nc: they could be used for ever.
    Uncounted,
    /// MD5, where SHA-256 alone was offered.
    Weaker,
    /// For another server.
    OtherUri,
    /// For another kind of request.
    OtherMethod,
    /// For another realm.
    OtherRealm,
    /// With a nonce that nobody gave.
    OwnNonce,
    /// `auth-int`, which was not offered.
    OtherQop,
    /// A count that is none.
    Zero,
    /// The right password of somebody else.
    OtherUser,
}

const FLAWS: [Flaw; 9] = [
    Flaw::Uncounted,
    Flaw::Weaker,
    Flaw::OtherUri,
    Flaw::OtherMethod,
    Flaw::OtherRealm,
    Flaw::OwnNonce,
    Flaw::OtherQop,
    Flaw::Zero,
    Flaw::OtherUser,
];

/// The extension on which a flaw is tried: wrong credentials lock the extension they are for.
fn extension(n: usize) -> String {
    (901 + n).to_string()
}

fn setup() -> Setup {
    let logged_out = "lines = [\"help\"]\nready_at_start = false";
    let agents = (0..=FLAWS.len()).map(|n| agent(&extension(n), logged_out));
    Setup::default()
        .more(&agents.collect::<String>())
        .sip("digest_algorithms = [\"SHA-256\"]")
}

/// The Authorization line for REGISTER that answers a challenge, with a flaw or without.
fn authorization(asked: &str, extension: &str, desk: &DeskProcess, flaw: Option<Flaw>) -> String {
    let (own, right) = (
        extension.to_owned(),
        format!("sip:{extension}@{}", desk.sip),
    );
    let mut challenge = asked.to_owned();
    let (mut uri, mut method, mut user) = (right, "REGISTER", own);
    match flaw {
        Some(Flaw::Uncounted) => challenge = asked.replace("qop=\"auth\", ", ""),
        Some(Flaw::Weaker) => challenge = asked.replace("SHA-256", "MD5"),
        Some(Flaw::OtherUri) => uri = format!("sip:{extension}@other.example"),
        Some(Flaw::OtherMethod) => method = "INVITE",
        Some(Flaw::OtherRealm) => challenge = asked.replace("realm=\"", "realm=\"x"),
        Some(Flaw::OwnNonce) => challenge = asked.replace("nonce=\"", "nonce=\"0"),
        Some(Flaw::OtherUser) => user = "201".to_owned(),
        Some(Flaw::OtherQop | Flaw::Zero) | None => {}
    }
    let proof = Proof {
        method,
        uri: &uri,
        user: &user,
        password: &format!("secret-{extension}"),
        cnonce: "cnonce",
    };
    let value = answer(&[&challenge], &mut ClientState::default(), proof).unwrap_or_default();
    let value = match flaw {
        Some(Flaw::OtherQop) => value.replace("qop=auth", "qop=auth-int"),
        Some(Flaw::Zero) => value.replace("nc=00000001", "nc=00000000"),
        _ => value,
    };
    format!("Authorization: {value}\r\n")
}

/// Asks for a challenge from an address, and answers it with a flaw or without; the status, and the
/// line that was sent.
async fn register(
    desk: &DeskProcess,
    from: IpAddr,
    extension: &str,
    flaw: Option<Flaw>,
) -> anyhow::Result<(u16, String)> {
    let mut phone = Phone::new(from, desk.sip, extension).await?;
    let mut register = phone.next_call(extension);
    phone
        .send(&phone.request("REGISTER", &register, "")?)
        .await?;
    let refusal = phone.response(&register, 200).await?;
    ensure!(refusal.status == 401, "{refusal:?}");
    phone.note(&refusal);
    let asked = phone.asked().first().context("a challenge")?;
    ensure!(phone.asked().len() == 1, "SHA-256 alone is offered");
    let line = authorization(asked, extension, desk, flaw);
    register.cseq += 1;
    phone
        .send(&phone.request("REGISTER", &register, &line)?)
        .await?;
    Ok((phone.response(&register, 200).await?.status, line))
}

/// Uses a line that somebody else has used, from so many addresses; nothing but refusals come.
async fn replay(desk: &DeskProcess, extension: &str, line: &str) -> Outcome {
    for n in 0..1_000 {
        pace(n).await;
        let thief = udp(address(n / 5), desk.sip).await?;
        let here = thief.local_addr()?;
        let call = format!("replay{n}");
        let text = format!(
            "REGISTER sip:{extension}@{0} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK{call};rport\r\n\
             From: <sip:{extension}@{here}>;tag=f\r\nTo: <sip:{extension}@{0}>\r\nCall-ID: {call}\r\n\
             CSeq: {n} REGISTER\r\nContact: <sip:{extension}@{here}>\r\nMax-Forwards: 70\r\n{line}\
             Content-Length: 0\r\n\r\n",
            desk.sip
        );
        thief.send(text.as_bytes()).await?;
        let mut buffer = vec![0; 65_535];
        let length = tokio::time::timeout(super::sip::PATIENCE, thief.recv(&mut buffer)).await;
        let length = length.context("no answer")??;
        match parse_datagram(buffer.get(..length).unwrap_or_default())? {
            Message::Response(response) => ensure!(response.status == 401, "{response:?}"),
            Message::Request(request) => anyhow::bail!("{request:?} for a thief"),
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_worth_nothing_twice_or_for_anything_else() -> Outcome {
    siege(setup(), 15, async |desk| {
        for (n, flaw) in FLAWS.into_iter().enumerate() {
            let (extension, from) = (extension(n), address(60_000 + u32::try_from(n)?));
            let (status, _) = register(desk, from, &extension, Some(flaw)).await?;
            ensure!(status == 401, "{flaw:?}: {status}");
            // The flaw alone was the reason.
            let (status, _) = register(desk, from, &extension, None).await?;
            ensure!(status == 200, "{flaw:?}: {status}");
        }
        let own = extension(FLAWS.len());
        let (status, line) = register(desk, PHONE, &own, None).await?;
        ensure!(status == 200);
        replay(desk, &own, &line).await?;
        // Nor does a call begin by them.
        let thief = Phone::new(STRANGER, desk.sip, &own).await?;
        let invite = Invite {
            call: "stolen".to_owned(),
            to: own.clone(),
            cseq: 1,
        };
        thief
            .send(&thief.request("INVITE", &invite, &line)?)
            .await?;
        ensure!(thief.response(&invite, 200).await?.status == 401);
        // Whoever had them first still has an extension that is not locked.
        let (status, _) = register(desk, PHONE, &own, None).await?;
        ensure!(status == 200, "{status}");
        Ok(())
    })
    .await?;
    Ok(())
}
