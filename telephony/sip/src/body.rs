//! Message bodies (RFC 3261 7.4, RFC 5621): which part of them describes the session, and whether
//! a part that we do not understand must be understood.

pub mod dtmf;
mod multipart;

#[cfg(test)]
mod tests;

use crate::header::unquote;
use crate::message::{HeaderName, Headers};
use crate::uri::{Params, split_outside_quotes};

use multipart::parts;

/// The bodies that are understood; told in Accept. A UA takes multipart ones (RFC 5621 3.1).
pub const ACCEPT: &str =
    "application/sdp, multipart/mixed, multipart/alternative, multipart/related";

/// How deep bodies may lie within bodies.
const DEPTH_AT_MOST: usize = 4;

/// Why a body cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyFault {
    /// 415: it must be understood, and is not.
    #[error("a body that must be understood is of an unknown kind")]
    Unsupported,
    /// 400: it is not what it says.
    #[error("malformed multipart body")]
    Malformed,
}

impl BodyFault {
    /// The answer to a request with such a body.
    pub fn status(self) -> u16 {
        match self {
            Self::Unsupported => 415,
            Self::Malformed => 400,
        }
    }
}

/// The session description in the body of a message; `None` if there is none, and nothing that
/// would have to be understood.
pub fn session_description<'a>(
    headers: &Headers,
    body: &'a [u8],
) -> Result<Option<&'a [u8]>, BodyFault> {
    if body.is_empty() {
        return Ok(None);
    }
    let get = |name: &HeaderName| headers.get(name).map(str::to_owned);
    let outermost = Part {
        content_type: get(&HeaderName::ContentType),
        disposition: get(&HeaderName::ContentDisposition),
        encoding: get(&HeaderName::ContentEncoding),
        transfer_encoding: None,
        id: None,
        content: body,
    };
    outermost.session(DEPTH_AT_MOST)
}

/// A body, or a part of one.
#[derive(Debug, Default)]
struct Part<'a> {
    content_type: Option<String>,
    disposition: Option<String>,
    encoding: Option<String>,
    transfer_encoding: Option<String>,
    id: Option<String>,
    content: &'a [u8],
}

impl<'a> Part<'a> {
    fn session(&self, depth: usize) -> Result<Option<&'a [u8]>, BodyFault> {
        match self.read(depth) {
            // RFC 5621 4: what need not be handled is passed over, whatever it is.
            Err(_) if self.is_optional() => Ok(None),
            result => result,
        }
    }

    fn read(&self, depth: usize) -> Result<Option<&'a [u8]>, BodyFault> {
        if !self.is_plain() {
            return Err(BodyFault::Unsupported);
        }
        let content_type = self.content_type.as_deref().unwrap_or("text/plain");
        let (kind, params) = value_and_params(content_type).ok_or(BodyFault::Malformed)?;
        let kind = kind.to_ascii_lowercase();
        if let Some(how) = kind.strip_prefix("multipart/") {
            let boundary = params.get("boundary").ok_or(BodyFault::Malformed)?;
            let parts = parts(self.content, &unquoted(boundary))?;
            let depth = depth.checked_sub(1).ok_or(BodyFault::Malformed)?;
            return match how {
                "alternative" => one_of(&parts, depth),
                "related" => root_of(&parts, params.get("start"), depth),
                // An unknown kind is read as mixed (RFC 2046 5.1.7).
                _ => all_of(&parts, depth),
            };
        }
        match kind.as_str() {
            "application/sdp" if self.describes_the_session() => Ok(Some(self.content)),
            // Where the caller is: told to whoever asks by a header (RFC 6442), nothing to act on.
            "application/pidf+xml" => Ok(None),
            _ => Err(BodyFault::Unsupported),
        }
    }

    /// Whether the bytes are the content itself.
    fn is_plain(&self) -> bool {
        let none_of = |encoding: &Option<String>, plain: &[&str]| {
            encoding.as_ref().is_none_or(|encoding| {
                plain
                    .iter()
                    .any(|known| encoding.trim().eq_ignore_ascii_case(known))
            })
        };
        none_of(&self.encoding, &["identity", ""])
            && none_of(&self.transfer_encoding, &["7bit", "8bit", "binary"])
    }

    /// The disposition of a session description is "session" if nothing is said (RFC 3261 20.11).
    fn describes_the_session(&self) -> bool {
        let disposition = self.disposition.as_deref().and_then(value_and_params);
        disposition.is_none_or(|(value, _)| value.eq_ignore_ascii_case("session"))
    }

    /// Handling is required if nothing is said (RFC 3261 20.11). A part with an id and without a
    /// disposition is there for the header that refers to it (RFC 5621 5).
    fn is_optional(&self) -> bool {
        let Some(disposition) = &self.disposition else {
            return self.id.is_some();
        };
        let Some((value, params)) = value_and_params(disposition) else {
            return false;
        };
        match params.get("handling") {
            Some(handling) => unquoted(handling).eq_ignore_ascii_case("optional"),
            None => value.eq_ignore_ascii_case("by-reference"),
        }
    }
}

/// All parts count; the first description is the session's.
fn all_of<'a>(parts: &[Part<'a>], depth: usize) -> Result<Option<&'a [u8]>, BodyFault> {
    let mut session = None;
    for part in parts {
        let found = part.session(depth)?;
        session = session.or(found);
    }
    Ok(session)
}

/// The last part that is understood counts (RFC 2046 5.1.4).
fn one_of<'a>(parts: &[Part<'a>], depth: usize) -> Result<Option<&'a [u8]>, BodyFault> {
    let understood = parts.iter().rev().map(|part| part.read(depth));
    let mut fault = BodyFault::Unsupported;
    for result in understood {
        match result {
            Ok(session) => return Ok(session),
            Err(error) => fault = error,
        }
    }
    Err(fault)
}

/// The root counts, by its id or as the first; the others belong to it (RFC 2387).
fn root_of<'a>(
    parts: &[Part<'a>],
    start: Option<&str>,
    depth: usize,
) -> Result<Option<&'a [u8]>, BodyFault> {
    let start = start.map(unquoted);
    let named = start.and_then(|start| {
        parts
            .iter()
            .find(|part| part.id.as_deref().map(bare_id) == Some(bare_id(&start)))
    });
    match named.or(parts.first()) {
        Some(root) => root.read(depth),
        None => Err(BodyFault::Malformed),
    }
}

/// Takes `value;name=value` apart.
fn value_and_params(text: &str) -> Option<(&str, Params)> {
    let value = split_outside_quotes(text, ';').next()?;
    let params = Params::parse(text.get(value.len()..)?).ok()?;
    Some((value.trim(), params))
}

/// A parameter without its quotes.
fn unquoted(text: &str) -> String {
    let inner = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    inner.map_or_else(|| text.to_owned(), unquote)
}

/// An id as it is compared: some write `start` without the brackets of Content-ID (RFC 2387 3.2).
fn bare_id(id: &str) -> &str {
    let id = id.trim();
    let inner = id
        .strip_prefix('<')
        .and_then(|inner| inner.strip_suffix('>'));
    inner.unwrap_or(id)
}
