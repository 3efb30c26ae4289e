//! The parameters of a challenge or an answer, as they stand in a header.

use crate::header::unquote;
use crate::uri::{Malformed, split_outside_quotes};

/// A text as it stands within quotes (RFC 3261 25.1).
pub(super) fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// RFC 7616 knows twelve.
const FIELDS_AT_MOST: usize = 32;

pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(super) fn read(text: &str) -> Result<Self, Malformed> {
        let text = text.trim();
        // What a stranger says comes back in our own header.
        if text.contains(|letter: char| letter.is_control() && letter != '\t') {
            return Err(Malformed("Digest"));
        }
        let rest = match text.split_once(char::is_whitespace) {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("Digest") => rest,
            _ => return Err(Malformed("Digest")),
        };
        let mut fields = Vec::new();
        // Elements of a list may be empty (RFC 7230 7).
        let parts = split_outside_quotes(rest, ',').filter(|part| !part.trim().is_empty());
        for part in parts {
            let (name, value) = part.split_once('=').ok_or(Malformed("Digest"))?;
            let value = value.trim();
            let value = value
                .strip_prefix('"')
                .and_then(|inner| inner.strip_suffix('"'))
                .map_or_else(|| value.to_owned(), unquote);
            let name = name.trim().to_ascii_lowercase();
            // RFC 7616 3.4: none may stand twice; two readers must not see different ones.
            if fields.iter().any(|(known, _)| *known == name) {
                return Err(Malformed("Digest"));
            }
            fields.push((name, value));
            if fields.len() > FIELDS_AT_MOST {
                return Err(Malformed("Digest"));
            }
        }
        Ok(Self(fields))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}
