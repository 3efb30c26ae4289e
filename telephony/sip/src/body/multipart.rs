//! The parts of a multipart body (RFC 2046 5.1), read in one pass.

use super::{BodyFault, Part};

/// More parts than any gateway sends.
const PARTS_AT_MOST: usize = 32;
/// RFC 2046 5.1.1.
const BOUNDARY_BYTES_AT_MOST: usize = 70;

/// What a line of the body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Content,
    Delimiter,
    End,
}

/// The parts between the delimiters; what stands before the first and after the last is nobody's.
pub(super) fn parts<'a>(body: &'a [u8], boundary: &str) -> Result<Vec<Part<'a>>, BodyFault> {
    let boundary = boundary.as_bytes();
    if boundary.is_empty() || boundary.len() > BOUNDARY_BYTES_AT_MOST {
        return Err(BodyFault::Malformed);
    }
    let mut parts = Vec::new();
    // Where the present part begins, once there was a delimiter.
    let mut begin = None;
    let mut at = 0;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let kind = kind_of(line, boundary);
        if kind != Line::Content {
            if let Some(begin) = begin {
                if parts.len() == PARTS_AT_MOST {
                    return Err(BodyFault::Malformed);
                }
                let content = body.get(begin..at).unwrap_or_default();
                // The line break before a delimiter belongs to the delimiter.
                parts.push(Part::parse(without_line_break(content)));
            }
            begin = Some(at + line.len());
        }
        if kind == Line::End {
            return Ok(parts);
        }
        at += line.len();
    }
    // The end was cut off, or the delimiter is another one than was said.
    Err(BodyFault::Malformed)
}

fn kind_of(line: &[u8], boundary: &[u8]) -> Line {
    let rest = line
        .strip_prefix(b"--")
        .and_then(|line| line.strip_prefix(boundary));
    let Some(rest) = rest else {
        return Line::Content;
    };
    match rest.trim_ascii() {
        b"" => Line::Delimiter,
        b"--" => Line::End,
        _ => Line::Content,
    }
}

fn without_line_break(content: &[u8]) -> &[u8] {
    let content = content.strip_suffix(b"\n").unwrap_or(content);
    content.strip_suffix(b"\r").unwrap_or(content)
}

impl<'a> Part<'a> {
    /// Takes the header fields of a part off its content. Lines may be folded.
    fn parse(bytes: &'a [u8]) -> Self {
        let mut part = Self::default();
        let mut fields: Vec<String> = Vec::new();
        let mut at = 0;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            at += line.len();
            let text = String::from_utf8_lossy(without_line_break(line));
            if text.is_empty() {
                break;
            }
            match (text.starts_with([' ', '\t']), fields.last_mut()) {
                (true, Some(field)) => {
                    field.push(' ');
                    field.push_str(text.trim());
                }
                _ => fields.push(text.into_owned()),
            }
        }
        part.content = bytes.get(at..).unwrap_or_default();
        for field in fields {
            part.take_field(&field);
        }
        part
    }

    fn take_field(&mut self, field: &str) {
        let Some((name, value)) = field.split_once(':') else {
            return;
        };
        let place = match name.trim().to_ascii_lowercase().as_str() {
            "content-type" | "c" => &mut self.content_type,
            "content-disposition" => &mut self.disposition,
            "content-encoding" | "e" => &mut self.encoding,
            "content-transfer-encoding" => &mut self.transfer_encoding,
            "content-id" => &mut self.id,
            _ => return,
        };
        *place = Some(value.trim().to_owned());
    }
}
