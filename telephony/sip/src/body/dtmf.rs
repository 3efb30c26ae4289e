//! Keys in the body of INFO, as gateways send them beside RFC 4733.

use super::{BodyFault, Part, value_and_params};
use crate::message::{HeaderName, Headers};

/// The bodies of INFO that are understood; told in Accept.
pub const ACCEPT: &str = "application/dtmf-relay, application/dtmf";

/// How long a key is taken to last if nothing is said.
const LASTS_MS: u32 = 160;

/// A key of a telephone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// 0–9, *, #, A–D.
    pub digit: char,
    /// How long it was pressed.
    pub lasts_ms: u32,
}

/// The key in the body of an INFO; `None` if there is no body, or one that may be passed over.
pub fn key(headers: &Headers, body: &[u8]) -> Result<Option<Key>, BodyFault> {
    if body.is_empty() {
        return Ok(None);
    }
    let get = |name: &HeaderName| headers.get(name).map(str::to_owned);
    let part = Part {
        content_type: get(&HeaderName::ContentType),
        disposition: get(&HeaderName::ContentDisposition),
        encoding: get(&HeaderName::ContentEncoding),
        content: body,
        ..Part::default()
    };
    match part.key() {
        Err(_) if part.is_optional() => Ok(None),
        result => result,
    }
}

impl Part<'_> {
    fn key(&self) -> Result<Option<Key>, BodyFault> {
        if !self.is_plain() {
            return Err(BodyFault::Unsupported);
        }
        let content_type = self.content_type.as_deref().unwrap_or_default();
        let (kind, _) = value_and_params(content_type).ok_or(BodyFault::Malformed)?;
        let text = std::str::from_utf8(self.content).map_err(|_| BodyFault::Malformed)?;
        let (signal, duration) = match kind.to_ascii_lowercase().as_str() {
            "application/dtmf-relay" => (field(text, "signal"), field(text, "duration")),
            // The key alone, or as above.
            "application/dtmf" => (
                field(text, "signal").or(Some(text.trim())),
                field(text, "duration"),
            ),
            _ => return Err(BodyFault::Unsupported),
        };
        let Some(signal) = signal else {
            return Err(BodyFault::Malformed);
        };
        let lasts_ms = duration.and_then(|text| text.parse().ok());
        Ok(digit(signal)?.map(|digit| Key {
            digit,
            lasts_ms: lasts_ms.unwrap_or(LASTS_MS),
        }))
    }
}

/// The value of `name=value` on a line of its own.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (known, value) = line.split_once('=')?;
        known
            .trim()
            .eq_ignore_ascii_case(name)
            .then_some(value.trim())
    })
}

/// The key itself, or its number in RFC 4733. A pressed hook is none.
fn digit(signal: &str) -> Result<Option<char>, BodyFault> {
    let digit = match signal.to_ascii_uppercase().as_str() {
        "10" => '*',
        "11" => '#',
        "12" => 'A',
        "13" => 'B',
        "14" => 'C',
        "15" => 'D',
        "16" | "!" | "HF" => return Ok(None),
        other => {
            let mut letters = other.chars();
            match (letters.next(), letters.next()) {
                (Some(letter @ ('0'..='9' | '*' | '#' | 'A'..='D')), None) => letter,
                _ => return Err(BodyFault::Malformed),
            }
        }
    };
    Ok(Some(digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content_type: &str, body: &str) -> Result<Option<Key>, BodyFault> {
        let mut headers = Headers::default();
        headers.push(HeaderName::ContentType, content_type);
        key(&headers, body.as_bytes())
    }

    fn pressed(digit: char, lasts_ms: u32) -> Result<Option<Key>, BodyFault> {
        Ok(Some(Key { digit, lasts_ms }))
    }

    #[test]
    fn keys_are_read_in_both_ways_of_writing() {
        let relay = "application/dtmf-relay";
        assert_eq!(
            read(relay, "Signal=5\r\nDuration=250\r\n"),
            pressed('5', 250)
        );
        assert_eq!(read(relay, "signal= *\nduration = 100"), pressed('*', 100));
        assert_eq!(read(relay, "Signal=11"), pressed('#', 160));
        assert_eq!(read("Application/DTMF;x=y", "d\r\n"), pressed('D', 160));
        assert_eq!(read("application/dtmf", "10"), pressed('*', 160));
        assert_eq!(read(relay, "Signal=!\r\n"), Ok(None), "a pressed hook");
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let relay = "application/dtmf-relay";
        for body in [
            "5",
            "Signal=",
            "Signal=55",
            "Signal=E",
            "Signal=１",
            "\u{0}",
        ] {
            assert_eq!(read(relay, body), Err(BodyFault::Malformed), "{body}");
        }
        for kind in ["application/media_control+xml", "text/plain", ""] {
            assert_eq!(read(kind, "5"), Err(BodyFault::Unsupported), "{kind}");
        }
        assert_eq!(read("text/plain", ""), Ok(None));
        let mut headers = Headers::default();
        headers.push(HeaderName::ContentType, "text/plain");
        headers.push(HeaderName::ContentDisposition, "render;handling=optional");
        assert_eq!(key(&headers, b"hello"), Ok(None));
    }
}
