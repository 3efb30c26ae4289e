//! A SIP message as it was seen: read tolerantly, made canonical, and what matters of it.

use std::net::SocketAddr;

use madoguchi_sip::header::NameAddr;
use madoguchi_sip::message::{HeaderName, Headers, Message, Method};
use madoguchi_sip::parse::{ParseError, ParseErrorKind, parse_datagram};
use madoguchi_sip::uri::Uri;

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

/// Reads the message of a datagram. A body that the capture has cut off is read as far as it goes.
pub fn read(bytes: &[u8]) -> Result<Message, ParseError> {
    match parse_datagram(bytes) {
        Err(error) if error.kind == ParseErrorKind::ShortBody => {
            parse_datagram(&without_length(bytes)).map_err(|_| error)
        }
        other => other,
    }
}

/// The message without the fields that tell the length of its body.
fn without_length(bytes: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(bytes.len());
    let mut in_head = true;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let is_empty = line.trim_ascii().is_empty();
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
        let name = name.trim_ascii();
        let tells_length =
            name.eq_ignore_ascii_case(b"Content-Length") || name.eq_ignore_ascii_case(b"l");
        if !(in_head && tells_length) {
            kept.extend_from_slice(line);
        }
        in_head &= kept.is_empty() || !is_empty;
    }
    kept
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
    /// Of a message as the tolerant reader understands it; nothing without Call-ID and CSeq.
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
        let tag = |name| {
            let address = address(headers, name)?;
            address.tag().map(str::to_owned)
        };
        Some(Self {
            start,
            call_id: call_id.to_owned(),
            seq: cseq.seq,
            method: cseq.method,
            from_tag: tag(&HeaderName::From),
            to_tag: tag(&HeaderName::To),
        })
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
    address(headers, name).map_or_else(String::new, |address| user_of(&address.uri))
}

/// The user part of an address without its parameters.
pub fn user_of(uri: &Uri) -> String {
    let user = uri.user.as_deref().unwrap_or_default();
    user.split(';').next().unwrap_or_default().to_owned()
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
    fn a_body_that_the_capture_cut_off_does_not_lose_the_message() {
        let text =
            b"SIP/2.0 200 OK\r\nCall-ID: a\r\nCSeq: 1 INVITE\r\nContent-Length: 90\r\n\r\nv=0\r\n";
        let message = read(text).unwrap();
        assert_eq!(body(&message), b"v=0\r\n");
        assert_eq!(Identity::of(&message).unwrap().call_id, "a");
    }
}
