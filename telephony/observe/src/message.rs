//! A SIP message as it was seen: read tolerantly, made canonical, and what matters of it.

use std::net::SocketAddr;

use madoguchi_sip::header::NameAddr;
use madoguchi_sip::message::{HeaderName, Headers, Message, Method};
use madoguchi_sip::parse::{ParseError, ParseErrorKind, parse_datagram};
use madoguchi_sip::uri::{Scheme, Uri};

use crate::capture::Micros;

/// Whether bytes look like the beginning of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// A start line.
    Sip,
    /// Too little to tell.
    Open,
    /// Something else.
    Other,
}

/// The longest start line that is looked at.
const START_LINE_BYTES_AT_MOST: usize = 4_096;

/// Whether these bytes look like the beginning of a message. Cheap: most packets are voice.
pub fn beginning(bytes: &[u8]) -> Beginning {
    let start = bytes.iter().position(|byte| !b"\r\n".contains(byte));
    let Some(bytes) = start.and_then(|start| bytes.get(start..)) else {
        return Beginning::Open;
    };
    if !bytes.first().is_some_and(u8::is_ascii_alphabetic) {
        return Beginning::Other;
    }
    let looked_at = bytes.get(..START_LINE_BYTES_AT_MOST).unwrap_or(bytes);
    let Some(end) = looked_at.iter().position(|byte| *byte == b'\n') else {
        let can_go_on = looked_at.len() < START_LINE_BYTES_AT_MOST
            && looked_at.iter().all(|byte| *byte >= b' ' || *byte == b'\r');
        return if can_go_on {
            Beginning::Open
        } else {
            Beginning::Other
        };
    };
    let line = looked_at.get(..end).unwrap_or_default().trim_ascii_end();
    let is_response = line.starts_with(b"SIP/2.0 ");
    let is_request = line
        .len()
        .checked_sub(8)
        .and_then(|at| line.get(at..))
        .is_some_and(|version| version.eq_ignore_ascii_case(b" SIP/2.0"));
    if is_response || is_request {
        Beginning::Sip
    } else {
        Beginning::Other
    }
}

/// Reads the message of a datagram. What a peer would have to refuse is read as far as it can be: it was
/// on the wire.
pub fn read(bytes: &[u8]) -> Result<Message, ParseError> {
    parse_datagram(bytes).or_else(|error| {
        let repaired = match error.kind {
            ParseErrorKind::ShortBody
            | ParseErrorKind::ContentLength
            | ParseErrorKind::Header
            | ParseErrorKind::RepeatedHeader
            | ParseErrorKind::RequestUri
            | ParseErrorKind::NoHeaderEnd
            | ParseErrorKind::StartLine => repaired(bytes),
            _ => return Err(error),
        };
        parse_datagram(&repaired).map_err(|_| error)
    })
}

/// Header fields of which the first counts.
const SINGLE: [HeaderName; 7] = [
    HeaderName::From,
    HeaderName::To,
    HeaderName::CallId,
    HeaderName::CSeq,
    HeaderName::MaxForwards,
    HeaderName::Expires,
    HeaderName::ContentType,
];

/// The message without the length of its body, without lines that are no header fields, and with each
/// field once that may stand once; a Request-URI that is none is replaced.
fn repaired(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|byte| !b"\r\n".contains(byte));
    let bytes = start
        .and_then(|start| bytes.get(start..))
        .unwrap_or_default();
    let mut kept = Vec::with_capacity(bytes.len() + 64);
    let mut names: Vec<HeaderName> = Vec::new();
    let mut lines = bytes.split_inclusive(|byte| *byte == b'\n');
    kept.extend(start_line(lines.next().unwrap_or_default()));
    let mut body_from = bytes.len();
    let mut at = kept_length(bytes);
    let mut is_kept = true;
    for line in lines {
        at += line.len();
        let content = line.trim_ascii();
        if content.is_empty() {
            body_from = at;
            break;
        }
        let is_folded = line.first().is_some_and(|byte| b" \t".contains(byte));
        if !is_folded {
            is_kept = is_wanted(content, &mut names);
        }
        if is_kept {
            let without_end: Vec<u8> = line
                .iter()
                .copied()
                .filter(|byte| !b"\r\n".contains(byte))
                .collect();
            kept.extend(without_end);
            kept.extend(b"\r\n");
        }
    }
    kept.extend(b"\r\n");
    kept.extend(bytes.get(body_from..).unwrap_or_default());
    kept
}

/// The length of the first line.
fn kept_length(bytes: &[u8]) -> usize {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    end.map_or(bytes.len(), |end| end + 1)
}

fn is_wanted(line: &[u8], names: &mut Vec<HeaderName>) -> bool {
    let Some(colon) = line.iter().position(|byte| *byte == b':') else {
        return false;
    };
    let name = line.get(..colon).unwrap_or_default().trim_ascii();
    let name = String::from_utf8_lossy(name);
    if name.is_empty() || name.contains(|letter: char| letter.is_whitespace()) {
        return false;
    }
    let name = HeaderName::new(&name);
    let tells_length = name == HeaderName::ContentLength;
    let again = SINGLE.contains(&name) && names.contains(&name);
    names.push(name);
    !tells_length && !again
}

/// The start line with one blank between its parts, and a Request-URI that can be read.
fn start_line(line: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(line);
    let text = text.trim();
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    match words[..] {
        [version, ..] if version.starts_with("SIP/") => format!("{text}\r\n").into_bytes(),
        [method, ref uri @ .., version] => {
            let uri = uri.concat();
            let is_known = uri
                .parse::<Uri>()
                .is_ok_and(|uri| !matches!(uri.scheme, Scheme::Other(_)));
            let uri = if is_known {
                uri.as_str()
            } else {
                "sip:unreadable.invalid"
            };
            format!("{method} {uri} {version}\r\n").into_bytes()
        }
        _ => line.to_vec(),
    }
}

/// A message with when and between whom it was seen.
#[derive(Debug, Clone)]
pub struct Seen {
    /// When.
    pub at: Micros,
    /// Who sent it.
    pub from: SocketAddr,
    /// To whom.
    pub to: SocketAddr,
    /// What tells it apart and says where it belongs.
    pub identity: Identity,
    /// The message.
    pub message: Message,
}

/// A request or a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// A request.
    Request(Method),
    /// A response with this status.
    Response(u16),
}

/// The longest Call-ID or tag that names anything. Longer ones are nobody's, and no index takes them.
pub const NAME_BYTES_AT_MOST: usize = 512;
/// The longest user part that is kept.
const USER_BYTES_AT_MOST: usize = 128;

/// What tells a message apart and says where it belongs (RFC 3261 8.1.1, 12).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// What it is.
    pub start: Start,
    /// Call-ID.
    pub call_id: String,
    /// The number in CSeq.
    pub seq: u32,
    /// The method in CSeq.
    pub method: Method,
    /// The tag in From.
    pub from_tag: Option<String>,
    /// The tag in To.
    pub to_tag: Option<String>,
}

impl Identity {
    /// Of a message as the tolerant reader understands it; nothing without Call-ID and CSeq, or with names of
    /// more than [`NAME_BYTES_AT_MOST`].
    pub fn of(message: &Message) -> Option<Self> {
        let (start, call_id, cseq) = match message {
            Message::Request(request) => (
                Start::Request(request.method.clone()),
                request.call_id()?,
                request.cseq()?,
            ),
            Message::Response(response) => (
                Start::Response(response.status),
                response.call_id()?,
                response.cseq()?,
            ),
        };
        let headers = headers(message);
        let tag = |name| match address(headers, name) {
            Some(address) => address.tag().map(str::to_owned),
            None => tag_in(headers.get(name)?),
        };
        let identity = Self {
            start,
            call_id: call_id.to_owned(),
            seq: cseq.seq,
            method: cseq.method,
            from_tag: tag(&HeaderName::From),
            to_tag: tag(&HeaderName::To),
        };
        let tags = [&identity.from_tag, &identity.to_tag].into_iter().flatten();
        let longest = tags.map(String::len).max().unwrap_or_default();
        let are_short = identity.call_id.len().max(longest) <= NAME_BYTES_AT_MOST;
        are_short.then_some(identity)
    }
}

/// The header fields of a message.
pub fn headers(message: &Message) -> &Headers {
    match message {
        Message::Request(request) => &request.headers,
        Message::Response(response) => &response.headers,
    }
}

/// The body of a message.
pub fn body(message: &Message) -> &[u8] {
    match message {
        Message::Request(request) => &request.body,
        Message::Response(response) => &response.body,
    }
}

/// The message in full names, with CRLF, unfolded and in UTF-8.
///
/// This is what the typed model reads, and by which the same message is known again.
pub fn canonical(message: &Message) -> Vec<u8> {
    match message {
        Message::Request(request) => request.to_bytes(),
        Message::Response(response) => response.to_bytes(),
    }
}

fn address(headers: &Headers, name: &HeaderName) -> Option<NameAddr> {
    headers.get(name)?.parse().ok()
}

/// The user part of From, To and the like; the empty text if there is none.
pub fn user(headers: &Headers, name: &HeaderName) -> String {
    match address(headers, name) {
        Some(address) => user_of(&address.uri),
        None => headers.get(name).and_then(user_in).unwrap_or_default(),
    }
}

/// The tag within a value that is no address by the rules.
fn tag_in(value: &str) -> Option<String> {
    let (_, tag) = value.rsplit_once(";tag=")?;
    let tag = tag.split([';', '>', ',', ' ']).next()?;
    (!tag.is_empty()).then(|| tag.to_owned())
}

/// The user within a value that is no address by the rules.
fn user_in(value: &str) -> Option<String> {
    let (_, rest) = value.split_once("sip:").or(value.split_once("sips:"))?;
    let (user, _) = rest.split_once('@')?;
    Some(shortened(user.split([';', ':']).next()?))
}

/// The user part of an address without its parameters.
pub fn user_of(uri: &Uri) -> String {
    let user = uri.user.as_deref().unwrap_or_default();
    shortened(user.split(';').next().unwrap_or_default())
}

/// The beginning of what is too long to be a number or a name.
fn shortened(user: &str) -> String {
    let end = user.floor_char_boundary(USER_BYTES_AT_MOST);
    user.get(..end).unwrap_or(user).to_owned()
}

/// The values of a header field without a name of its own in [`HeaderName`].
pub fn extension<'a>(headers: &'a Headers, name: &'a str) -> impl Iterator<Item = &'a str> {
    headers
        .iter()
        .filter(move |(known, _)| known.as_str().eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_is_told_from_voice_and_from_other_protocols() {
        for (bytes, expected) in [
            (&b"INVITE sip:a@b SIP/2.0\r\n"[..], Beginning::Sip),
            (b"\r\n\r\nSIP/2.0 200 OK\r\n", Beginning::Sip),
            (b"INVITE sip:a@b SIP", Beginning::Open),
            (b"\r\n\r\n", Beginning::Open),
            (b"GET / HTTP/1.1\r\n", Beginning::Other),
            (b"\x80\x00\x12\x34", Beginning::Other),
            (b"INV\x00", Beginning::Other),
        ] {
            assert_eq!(beginning(bytes), expected, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn what_a_peer_would_refuse_is_read_as_far_as_it_goes() {
        for (start, more) in [
            ("INVITE sip:a@b SIP/2.0", "this is no field\r\n folded\r\n"),
            ("INVITE sip:a@b SIP/2.0", "From: <sip:second@d>;tag=2\r\n"),
            ("INVITE  sip:a@b  SIP/2.0", "Content-Length: many\r\n"),
            ("INVITE urn:service:sos SIP/2.0", ""),
            ("INVITE sip:a b@c SIP/2.0", ""),
        ] {
            let text = format!(
                "{start}\r\nVia: SIP/2.0/UDP c;branch=z9hG4bK1\r\n\
                 From: \"open <sip:first@d>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: x\r\n\
                 CSeq: 1 INVITE\r\n{more}\r\nbody"
            );
            let message = read(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"));
            let identity = Identity::of(&message).unwrap();
            assert_eq!(identity.from_tag.as_deref(), Some("1"), "{text}");
            assert_eq!(
                user(headers(&message), &HeaderName::From),
                "first",
                "{text}"
            );
            assert_eq!(body(&message), b"body", "{text}");
        }
    }

    #[test]
    fn a_body_that_the_capture_cut_off_does_not_lose_the_message() {
        let text =
            b"SIP/2.0 200 OK\r\nCall-ID: a\r\nCSeq: 1 INVITE\r\nContent-Length: 90\r\n\r\nv=0\r\n";
        let message = read(text).unwrap();
        assert_eq!(body(&message), b"v=0\r\n");
        assert_eq!(Identity::of(&message).unwrap().call_id, "a");
    }

    #[test]
    fn names_without_end_are_nobodys_and_users_without_end_are_cut() {
        let message = |call_id: &str, user: &str| {
            let text = format!(
                "INVITE sip:{user}@b SIP/2.0\r\nVia: SIP/2.0/UDP c;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:{user}@b>\r\n\
                 Call-ID: {call_id}\r\nCSeq: 1 INVITE\r\n\r\n"
            );
            read(text.as_bytes()).unwrap()
        };
        let long = "x".repeat(NAME_BYTES_AT_MOST);
        assert!(Identity::of(&message(&long, "1")).is_some());
        assert!(Identity::of(&message(&format!("{long}x"), "1")).is_none());
        let of_many = message("a", &"1".repeat(5_000));
        assert_eq!(
            user(headers(&of_many), &HeaderName::To).len(),
            USER_BYTES_AT_MOST
        );
    }
}
