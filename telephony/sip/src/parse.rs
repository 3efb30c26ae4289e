//! Reading messages from bytes: tolerant where the world is sloppy (compact and folded headers,
//! bare line feeds, Shift-JIS), strict where RFC 3261 says to refuse.

use encoding_rs::SHIFT_JIS;

use crate::message::{HeaderName, Headers, Message, Method, Request, Response, respond_with};
use crate::uri::{Malformed, Scheme, Uri};

/// The largest message that is read.
pub const MESSAGE_BYTES_AT_MOST: usize = 65_535;
/// The longest start line and header fields together. A request through many proxies, with
/// certificates of its caller in it, stays far below.
pub const HEAD_BYTES_AT_MOST: usize = 16_384;
const HEADERS_AT_MOST: usize = 256;
/// Few messages have more.
const USUAL_HEADERS: usize = 16;
/// Header fields that may stand in a message only once.
const SINGLE: [HeaderName; 8] = [
    HeaderName::From,
    HeaderName::To,
    HeaderName::CallId,
    HeaderName::CSeq,
    HeaderName::MaxForwards,
    HeaderName::ContentLength,
    HeaderName::ContentType,
    HeaderName::Expires,
];

/// Why bytes are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum ParseErrorKind {
    #[error("nothing but white space")]
    Empty,
    #[error("larger than 64 KiB")]
    TooLarge,
    #[error("start line and header fields larger than 16 KiB")]
    HeadTooLarge,
    #[error("no end of the header")]
    NoHeaderEnd,
    #[error("more than 256 header fields")]
    TooManyHeaders,
    #[error("malformed start line")]
    StartLine,
    #[error("version other than SIP/2.0")]
    Version,
    #[error("malformed header field")]
    Header,
    #[error("a header field stands twice that may stand once")]
    RepeatedHeader,
    #[error("malformed Content-Length")]
    ContentLength,
    #[error("body shorter than Content-Length")]
    ShortBody,
    #[error("malformed Request-URI")]
    RequestUri,
}

/// Why bytes are no message, and what to answer if they were meant as a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct ParseError {
    /// Why.
    pub kind: ParseErrorKind,
    /// The answer, if enough was understood to send one. Never for ACK.
    pub answer: Option<Box<Response>>,
}

impl From<ParseErrorKind> for ParseError {
    fn from(kind: ParseErrorKind) -> Self {
        Self { kind, answer: None }
    }
}

/// Reads the one message of a datagram.
pub fn parse_datagram(bytes: &[u8]) -> Result<Message, ParseError> {
    if bytes.len() > MESSAGE_BYTES_AT_MOST {
        return Err(ParseErrorKind::TooLarge.into());
    }
    let bytes = skip_line_breaks(bytes);
    if bytes.is_empty() {
        return Err(ParseErrorKind::Empty.into());
    }
    let Some((head, body)) = split_head(bytes) else {
        return Err(Head::read(bytes)?.refuse(ParseErrorKind::NoHeaderEnd, 400));
    };
    if head.len() > HEAD_BYTES_AT_MOST {
        return Err(Head::read(head)?.refuse(ParseErrorKind::HeadTooLarge, 513));
    }
    let head = Head::read(head)?;
    let length = head.content_length()?.unwrap_or(body.len());
    let Some(body) = body.get(..length) else {
        return Err(head.refuse(ParseErrorKind::ShortBody, 400));
    };
    head.into_message(body.to_vec())
}

pub(crate) fn skip_line_breaks(bytes: &[u8]) -> &[u8] {
    let start = bytes
        .iter()
        .position(|byte| !b"\r\n".contains(byte))
        .unwrap_or(bytes.len());
    bytes.get(start..).unwrap_or_default()
}

/// Splits at the first empty line, whatever its line ends.
fn split_head(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = find_head_end(bytes, 0)?;
    Some((bytes.get(..end.head)?, bytes.get(end.body..)?))
}

/// Where the head ends and the body begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HeadEnd {
    pub(crate) head: usize,
    pub(crate) body: usize,
}

/// Looks for the first empty line, from `at` on.
pub(crate) fn find_head_end(bytes: &[u8], mut at: usize) -> Option<HeadEnd> {
    while let Some(found) = bytes.get(at..)?.iter().position(|byte| *byte == b'\n') {
        let end = at + found + 1;
        let rest = bytes.get(end..)?;
        let blank = if rest.starts_with(b"\r\n") {
            2
        } else if rest.starts_with(b"\n") {
            1
        } else {
            at = end;
            continue;
        };
        return Some(HeadEnd {
            head: end,
            body: end + blank,
        });
    }
    None
}

/// Text of a peer: UTF-8, else Shift-JIS as old exchanges in Japan send it, else with marks in
/// the place of what cannot be read.
fn decode(bytes: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    match SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) => text.into_owned(),
        None => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// The same of bytes that are ours: text that can be read is not copied.
fn decode_owned(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| decode(error.as_bytes()))
}

/// Start line and header fields.
#[derive(Debug)]
pub(crate) struct Head {
    start: Start,
    headers: Headers,
}

#[derive(Debug)]
enum Start {
    Request {
        method: Method,
        uri: String,
        version_ok: bool,
        clean: bool,
    },
    Response {
        status: u16,
        reason: String,
    },
}

impl Head {
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, ParseError> {
        let mut lines = bytes
            .split(|byte| *byte == b'\n')
            .map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let first = lines.next().unwrap_or_default();
        let start = Start::read(&decode(first))?;
        let mut fields: Vec<(HeaderName, Vec<u8>)> = Vec::with_capacity(USUAL_HEADERS);
        // Lines end with CRLF or LF; a CR elsewhere would end one for somebody else (25.1).
        let mut malformed = first.contains(&b'\r');
        for line in lines.filter(|line| !line.is_empty()) {
            if line.first().is_some_and(|byte| b" \t".contains(byte)) {
                // A folded line goes on (7.3.1).
                match fields.last_mut() {
                    Some((_, value)) => {
                        let more = line.trim_ascii();
                        if !value.is_empty() && !more.is_empty() {
                            value.push(b' ');
                        }
                        value.extend_from_slice(more);
                    }
                    None => malformed = true,
                }
                continue;
            }
            let colon = line.iter().position(|byte| *byte == b':');
            let Some((name, value)) = colon.and_then(|at| line.split_at_checked(at)) else {
                malformed = true;
                continue;
            };
            let name = name.trim_ascii();
            if name.is_empty() || name.iter().any(u8::is_ascii_whitespace) {
                malformed = true;
                continue;
            }
            let name = match std::str::from_utf8(name) {
                Ok(name) => HeaderName::new(name),
                Err(_) => HeaderName::new(&decode(name)),
            };
            let value = value.get(1..).unwrap_or_default().trim_ascii();
            fields.push((name, value.to_vec()));
            if fields.len() > HEADERS_AT_MOST {
                return Err(ParseErrorKind::TooManyHeaders.into());
            }
        }
        let mut headers = Headers::with_room_for(fields.len());
        for (name, value) in fields {
            malformed |= value.contains(&b'\r');
            headers.push(name, decode_owned(value));
        }
        let head = Self { start, headers };
        if malformed {
            return Err(head.refuse(ParseErrorKind::Header, 400));
        }
        let repeated = SINGLE
            .iter()
            .any(|name| head.headers.get_all(name).nth(1).is_some());
        if repeated {
            return Err(head.refuse(ParseErrorKind::RepeatedHeader, 400));
        }
        Ok(head)
    }

    pub(crate) fn content_length(&self) -> Result<Option<usize>, ParseError> {
        let Some(text) = self.headers.get(&HeaderName::ContentLength) else {
            return Ok(None);
        };
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(length) if digits => Ok(Some(length)),
            _ => Err(self.refuse(ParseErrorKind::ContentLength, 400)),
        }
    }

    /// The error, with an answer if a request can be answered at all: it names where it came from.
    pub(crate) fn refuse(&self, kind: ParseErrorKind, status: u16) -> ParseError {
        let answerable = match &self.start {
            Start::Request { method, .. } => *method != Method::Ack,
            Start::Response { .. } => false,
        };
        let has_via = self.headers.get(&HeaderName::Via).is_some();
        let answer = (answerable && has_via).then(|| {
            let reason = (status == 400).then(|| format!("Bad Request ({kind})"));
            Box::new(respond_with(&self.headers, status, reason.as_deref()))
        });
        ParseError { kind, answer }
    }

    pub(crate) fn into_message(self, body: Vec<u8>) -> Result<Message, ParseError> {
        match &self.start {
            Start::Response { status, reason } => Ok(Message::Response(Response {
                status: *status,
                reason: reason.clone(),
                headers: self.headers,
                body,
            })),
            Start::Request {
                version_ok: false, ..
            } => Err(self.refuse(ParseErrorKind::Version, 505)),
            Start::Request { clean: false, .. } => Err(self.refuse(ParseErrorKind::StartLine, 400)),
            Start::Request { method, uri, .. } => match uri.parse::<Uri>() {
                Ok(uri) if matches!(uri.scheme, Scheme::Other(_)) => {
                    Err(self.refuse(ParseErrorKind::RequestUri, 416))
                }
                Ok(uri) => {
                    let method = method.clone();
                    Ok(Message::Request(Request {
                        method,
                        uri,
                        headers: self.headers,
                        body,
                    }))
                }
                Err(Malformed(_)) => Err(self.refuse(ParseErrorKind::RequestUri, 400)),
            },
        }
    }
}

impl Start {
    fn read(line: &str) -> Result<Self, ParseError> {
        if let Some(rest) = line.strip_prefix("SIP/2.0 ") {
            let (status, reason) = rest.split_once(' ').unwrap_or((rest, ""));
            let status: u16 = status.parse().map_err(|_| ParseErrorKind::StartLine)?;
            if !(100..700).contains(&status) {
                return Err(ParseErrorKind::StartLine.into());
            }
            return Ok(Self::Response {
                status,
                reason: reason.to_owned(),
            });
        }
        let (method, rest) = line.split_once(' ').ok_or(ParseErrorKind::StartLine)?;
        let (uri, version) = rest
            .trim_end()
            .rsplit_once(' ')
            .ok_or(ParseErrorKind::StartLine)?;
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte);
        if method.is_empty() || !method.bytes().all(is_token) {
            return Err(ParseErrorKind::StartLine.into());
        }
        if !version
            .get(..4)
            .is_some_and(|name| name.eq_ignore_ascii_case("SIP/"))
        {
            return Err(ParseErrorKind::StartLine.into());
        }
        Ok(Self::Request {
            method: Method::new(method),
            uri: uri.to_owned(),
            version_ok: version.eq_ignore_ascii_case("SIP/2.0"),
            clean: !uri.starts_with(' ') && !uri.ends_with(' ') && rest.trim_end() == rest,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const INVITE: &[u8] =
        b"INVITE sip:5000@desk SIP/2.0\r\nv: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n\
        f: \"\x83\x65\x83\x58\x83\x67\" <sip:0312345678@192.0.2.1>;tag=a\r\nt: <sip:5000@desk>\r\n\
        i: one\r\nCSeq: 1\r\n  INVITE\r\nMax-Forwards: 70\r\nl: 4\r\n\r\nbody";

    #[test]
    fn a_shift_jis_display_name_survives_with_all_that_follows() {
        let Ok(Message::Request(invite)) = parse_datagram(INVITE) else {
            panic!()
        };
        assert_eq!(invite.from().unwrap().display.as_deref(), Some("テスト"));
        assert_eq!(invite.call_id(), Some("one"));
        assert_eq!(invite.cseq().unwrap().method, Method::Invite);
        assert_eq!(invite.body, b"body");
    }

    #[test]
    fn a_line_end_within_a_value_is_refused_with_400() {
        let invite = String::from_utf8_lossy(INVITE);
        let text = invite.replace("i: one", "i: o\rne");
        let error = parse_datagram(text.as_bytes()).unwrap_err();
        assert_eq!(error.answer.unwrap().status, 400);
        let reason = b"SIP/2.0 503 Service\rUnavailable\r\nCall-ID: one\r\n\r\n";
        assert!(parse_datagram(reason).is_err());
    }

    #[test]
    fn a_folded_value_neither_begins_nor_ends_with_a_blank() {
        let text = String::from_utf8_lossy(INVITE)
            .replace("t: <sip:5000@desk>", "t:\r\n  <sip:5000@desk>\r\n  ");
        let Ok(Message::Request(invite)) = parse_datagram(text.as_bytes()) else {
            panic!()
        };
        assert_eq!(invite.headers.get(&HeaderName::To), Some("<sip:5000@desk>"));
    }

    #[test]
    fn lengths_that_lie_are_refused_with_400() {
        for length in ["-1", "5", "x", "99999999999999999999999"] {
            let text = String::from_utf8_lossy(INVITE).replace("l: 4", &format!("l: {length}"));
            let error = parse_datagram(text.as_bytes()).unwrap_err();
            assert_eq!(error.answer.unwrap().status, 400, "{length}");
        }
    }

    #[test]
    fn a_head_that_no_honest_peer_sends_is_refused_with_513() {
        let long = format!("X-Long: {}\r\nMax-Forwards", "x".repeat(HEAD_BYTES_AT_MOST));
        let text = String::from_utf8_lossy(INVITE).replace("Max-Forwards", &long);
        let error = parse_datagram(text.as_bytes()).unwrap_err();
        assert_eq!(error.kind, ParseErrorKind::HeadTooLarge);
        assert_eq!(error.answer.unwrap().status, 513);
    }

    proptest! {
        #[test]
        fn random_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _any = parse_datagram(&bytes);
        }

        #[test]
        fn a_damaged_message_does_no_harm(at in 0..INVITE.len(), byte in any::<u8>(), cut in 0..INVITE.len()) {
            let mut bytes = INVITE.to_vec();
            bytes[at] = byte;
            bytes.truncate(cut.max(1));
            if let Ok(Message::Request(request)) = parse_datagram(&bytes) {
                let _refusal = crate::check::check_request(&request);
                let again = parse_datagram(&request.to_bytes());
                prop_assert!(again.is_ok() || request.via().is_none());
            }
        }
    }
}
