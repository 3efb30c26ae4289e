//! What was signalled for one call, as a sequence: who sent what to whom, when, and what it described.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use madoguchi_sip::message::Message as Sip;

use crate::capture::Micros;
use crate::media;
use crate::message::{Identity, body, read};
use crate::recount::Message;

/// Codecs of a description that are named.
const CODECS_AT_MOST: usize = 4;

/// The sequence of a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ladder {
    /// Who speaks, in the order in which they are first seen: an address, with its port if several of one
    /// machine speak with each other.
    pub parties: Vec<String>,
    /// The messages in the order in which they were seen.
    pub steps: Vec<LadderStep>,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LadderStep {
    /// When.
    pub at: Micros,
    /// After the message before it.
    pub after: Micros,
    /// Who sent it, by the place among the parties.
    pub from: usize,
    /// To whom.
    pub to: usize,
    /// What it is: `INVITE`, `200 OK (INVITE)`.
    pub what: String,
    /// Of which kind.
    pub kind: StepKind,
    /// What its body describes in short: codecs, address, direction; nothing without a description.
    pub media: Option<String>,
    /// Which of the call's dialogs it belongs to, from 1.
    pub dialog: usize,
    /// How often it was sent again.
    pub repeated: u32,
}

/// The kind of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepKind {
    /// A request.
    Request,
    /// 1xx
    Provisional,
    /// 2xx
    Success,
    /// 3xx to 6xx
    Refusal,
}

impl Ladder {
    /// Of messages in the order in which they were seen; what cannot be read is told as what it is.
    pub fn new<'a>(messages: impl IntoIterator<Item = Message<'a>>) -> Self {
        let messages: Vec<Message<'a>> = messages.into_iter().collect();
        let shared = shared_machines(&messages);
        let mut ladder = Self::default();
        let mut dialogs: Vec<String> = Vec::new();
        let mut before = None;
        for message in messages {
            let (from, to) = message.ends;
            let from = place(&mut ladder.parties, party(from, &shared));
            let to = place(&mut ladder.parties, party(to, &shared));
            let read = read(message.text.as_bytes()).ok();
            let (what, kind) = read.as_ref().map_or_else(unreadable, told);
            let identity = read.as_ref().and_then(Identity::of);
            let call_id = identity.map_or_else(String::new, |identity| identity.call_id);
            ladder.steps.push(LadderStep {
                at: message.at,
                after: message.at.since(before.unwrap_or(message.at)),
                from,
                to,
                what,
                kind,
                media: read.as_ref().and_then(|read| described(body(read))),
                dialog: place(&mut dialogs, call_id) + 1,
                repeated: message.repeated,
            });
            before = Some(message.at);
        }
        ladder
    }
}

/// Machines of which several ports speak with each other.
fn shared_machines(messages: &[Message<'_>]) -> BTreeSet<std::net::IpAddr> {
    let within = messages
        .iter()
        .filter(|one| one.ends.0.ip() == one.ends.1.ip());
    within.map(|one| one.ends.0.ip()).collect()
}

fn party(address: SocketAddr, shared: &BTreeSet<std::net::IpAddr>) -> String {
    if shared.contains(&address.ip()) {
        address.to_string()
    } else {
        address.ip().to_string()
    }
}

/// The place of a name in a list, at the end of which it is put if it is new.
fn place(names: &mut Vec<String>, name: String) -> usize {
    let known = names.iter().position(|known| *known == name);
    known.unwrap_or_else(|| {
        names.push(name);
        names.len() - 1
    })
}

fn unreadable() -> (String, StepKind) {
    ("?".to_owned(), StepKind::Request)
}

fn told(message: &Sip) -> (String, StepKind) {
    match message {
        Sip::Request(request) => (request.method.as_str().to_owned(), StepKind::Request),
        Sip::Response(response) => {
            let kind = match response.status {
                ..200 => StepKind::Provisional,
                200..300 => StepKind::Success,
                _ => StepKind::Refusal,
            };
            let method = response.cseq().map(|cseq| cseq.method.as_str().to_owned());
            let method = method.unwrap_or_default();
            let what = format!("{} {} ({method})", response.status, response.reason);
            (what, kind)
        }
    }
}

/// Codecs, address and direction of the first audio stream.
fn described(body: &[u8]) -> Option<String> {
    let media = media::described(body)?;
    let text = String::from_utf8_lossy(body);
    let lines = text.lines().map(str::trim_end);
    let audio = lines
        .clone()
        .find_map(|line| line.strip_prefix("m=audio "))?;
    let names = audio.split_ascii_whitespace().skip(2).filter_map(|number| {
        let mapped = lines.clone().find_map(|line| {
            let (known, name) = line.strip_prefix("a=rtpmap:")?.split_once(' ')?;
            (known == number).then_some(name)
        });
        let name = mapped.or_else(|| static_codec(number))?;
        let name = name.split('/').next().unwrap_or(name);
        (!name.eq_ignore_ascii_case("telephone-event")).then(|| name.to_owned())
    });
    let names: Vec<String> = names.take(CODECS_AT_MOST).collect();
    let direction = ["sendrecv", "sendonly", "recvonly", "inactive"];
    let direction = lines
        .filter_map(|line| line.strip_prefix("a="))
        .find(|attribute| direction.contains(attribute));
    let direction = direction.unwrap_or("sendrecv");
    Some(
        format!("{} {} {direction}", names.join(", "), media.address)
            .trim_start()
            .to_owned(),
    )
}

/// RFC 3551 6
fn static_codec(number: &str) -> Option<&'static str> {
    match number {
        "0" => Some("PCMU"),
        "3" => Some("GSM"),
        "4" => Some("G723"),
        "8" => Some("PCMA"),
        "9" => Some("G722"),
        "18" => Some("G729"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(start: &str, cseq: &str, call_id: &str, body: &str) -> String {
        format!(
            "{start}\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nFrom: <sip:1@a>;tag=a\r\n\
             To: <sip:2@b>\r\nCall-ID: {call_id}\r\nCSeq: {cseq}\r\n\
             Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    fn ladder(messages: &[(i64, &str, &str, String)]) -> Ladder {
        Ladder::new(messages.iter().map(|(millis, from, to, text)| Message {
            at: Micros(millis * 1_000),
            ends: (from.parse().unwrap(), to.parse().unwrap()),
            repeated: 0,
            text,
        }))
    }

    #[test]
    fn a_step_tells_who_what_when_and_what_its_body_describes() {
        let sdp = "v=0\r\nc=IN IP4 192.0.2.9\r\nm=audio 4000 RTP/AVP 8 0 96 101\r\n\
                   a=rtpmap:96 opus/48000/2\r\na=rtpmap:101 telephone-event/8000\r\na=sendonly\r\n";
        let (carrier, pbx, phone) = ("198.51.100.1:5060", "192.0.2.1:5060", "192.0.2.2:5062");
        let ladder = ladder(&[
            (
                1_000,
                carrier,
                pbx,
                text("INVITE sip:2@b SIP/2.0", "1 INVITE", "one", sdp),
            ),
            (
                1_020,
                pbx,
                carrier,
                text("SIP/2.0 100 Trying", "1 INVITE", "one", ""),
            ),
            (
                1_500,
                pbx,
                phone,
                text("INVITE sip:3@c SIP/2.0", "1 INVITE", "two", ""),
            ),
            (
                1_700,
                phone,
                pbx,
                text("SIP/2.0 486 Busy Here", "1 INVITE", "two", ""),
            ),
        ]);
        assert_eq!(ladder.parties, ["198.51.100.1", "192.0.2.1", "192.0.2.2"]);
        let first = &ladder.steps[0];
        assert_eq!(
            (first.what.as_str(), first.kind),
            ("INVITE", StepKind::Request)
        );
        let media = first.media.as_deref();
        assert_eq!(media, Some("PCMA, PCMU, opus 192.0.2.9:4000 sendonly"));
        let told: Vec<_> = ladder
            .steps
            .iter()
            .map(|step| {
                (
                    step.what.as_str(),
                    step.from,
                    step.to,
                    step.after.millis(),
                    step.dialog,
                )
            })
            .collect();
        assert_eq!(
            told[1..],
            [
                ("100 Trying (INVITE)", 1, 0, 20, 1),
                ("INVITE", 1, 2, 480, 2),
                ("486 Busy Here (INVITE)", 2, 1, 200, 2),
            ]
        );
    }

    #[test]
    fn ports_of_one_machine_that_speak_with_each_other_are_told_apart() {
        let invite = text("INVITE sip:2@b SIP/2.0", "1 INVITE", "one", "");
        let ladder = ladder(&[(1, "127.0.0.1:5060", "127.0.0.1:6060", invite)]);
        assert_eq!(ladder.parties, ["127.0.0.1:5060", "127.0.0.1:6060"]);
    }

    #[test]
    fn what_cannot_be_read_is_a_step_all_the_same() {
        let ladder = ladder(&[(1, "192.0.2.1:1", "192.0.2.2:2", "nothing".to_owned())]);
        assert_eq!(ladder.steps[0].what, "?");
    }
}
