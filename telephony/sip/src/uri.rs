//! SIP URIs (RFC 3261 19.1) and the parameters that follow them.

mod host;

use std::fmt::{self, Write as _};
use std::str::FromStr;

pub use self::host::{Host, host_and_port};

/// The text is no URI, header value or message part of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed {0}")]
pub struct Malformed(pub &'static str);

/// `sip:`, `sips:` or another scheme that we can name but not call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scheme {
    /// sip
    Sip,
    /// sips
    Sips,
    /// tel (RFC 3966); the number stands in [`Uri::user`].
    Tel,
    /// Any other; the rest of the URI stands in [`Uri::user`].
    Other(String),
}

/// `;name=value` parameters in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Params(Vec<(String, Option<String>)>);

impl Params {
    /// Reads parameters from a text that begins with `;` or is empty.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let mut params = Vec::new();
        for part in split_outside_quotes(text, ';')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            let (name, value) = match part.split_once('=') {
                Some((name, value)) => (name.trim(), Some(value.trim())),
                None => (part, None),
            };
            if name.is_empty() || name.bytes().any(|byte| byte.is_ascii_whitespace()) {
                return Err(Malformed("parameter"));
            }
            params.push((name.to_owned(), value.map(str::to_owned)));
        }
        Ok(Self(params))
    }

    /// The value of a parameter; the empty text if it has none.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self
            .0
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_deref().unwrap_or_default())
    }

    /// Sets a parameter, in its old place if it is there.
    pub fn set(&mut self, name: &str, value: Option<&str>) {
        let value = value.map(str::to_owned);
        match self
            .0
            .iter_mut()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
        {
            Some(param) => param.1 = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// Whether they are written in ASCII.
    pub(crate) fn is_ascii(&self) -> bool {
        let value = |value: &Option<String>| value.as_ref().is_none_or(|value| value.is_ascii());
        self.0
            .iter()
            .all(|(name, text)| name.is_ascii() && value(text))
    }

    fn same(&self, other: &Self, name: &str) -> bool {
        match (self.get(name), other.get(name)) {
            (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
            (a, b) => a.is_none() && b.is_none(),
        }
    }
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.0 {
            match value {
                Some(value) => write!(f, ";{name}={value}")?,
                None => write!(f, ";{name}")?,
            }
        }
        Ok(())
    }
}

/// A URI.
#[derive(Debug, Clone)]
pub struct Uri {
    /// The scheme.
    pub scheme: Scheme,
    /// The user part without escapes; for other schemes than SIP all that follows.
    pub user: Option<String>,
    /// The password part, which nobody should use.
    pub password: Option<String>,
    /// The host.
    pub host: Host,
    /// The port, if one is given.
    pub port: Option<u16>,
    /// `;name=value`
    pub params: Params,
    /// What follows `?`.
    pub headers: Option<String>,
}

impl Uri {
    /// `sip:user@host:port`
    pub fn sip(user: Option<&str>, host: Host, port: Option<u16>) -> Self {
        Self {
            scheme: Scheme::Sip,
            user: user.map(str::to_owned),
            password: None,
            host,
            port,
            params: Params::default(),
            headers: None,
        }
    }

    /// Whether nobody on the way may read along: a `sips:` URI, or one that names TLS as its
    /// transport.
    pub fn wants_encryption(&self) -> bool {
        let named = self.params.get("transport");
        self.scheme == Scheme::Sips || named.is_some_and(|named| named.eq_ignore_ascii_case("tls"))
    }

    /// Whether it takes more than so many bytes.
    pub(crate) fn is_longer_than(&self, bytes: usize) -> bool {
        write!(BytesLeft(bytes), "{self}").is_err()
    }

    /// The same address without parameters and headers.
    pub fn without_params(&self) -> Self {
        Self {
            params: Params::default(),
            headers: None,
            ..self.clone()
        }
    }
}

/// Takes so many bytes, and keeps none of them.
struct BytesLeft(usize);

impl fmt::Write for BytesLeft {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.checked_sub(text.len()).ok_or(fmt::Error)?;
        Ok(())
    }
}

/// RFC 3261 19.1.4, as far as it decides whether two contacts are one.
impl PartialEq for Uri {
    fn eq(&self, other: &Self) -> bool {
        let params = ["transport", "user", "ttl", "method", "maddr"];
        self.scheme == other.scheme
            && self.user == other.user
            && self.password == other.password
            && self.host == other.host
            && self.port == other.port
            && params
                .iter()
                .all(|name| self.params.same(&other.params, name))
    }
}

impl Eq for Uri {}

impl FromStr for Uri {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        if text
            .bytes()
            .any(|byte| byte.is_ascii_whitespace() || b"<>\"".contains(&byte))
        {
            return Err(Malformed("URI"));
        }
        let (scheme, rest) = text.split_once(':').ok_or(Malformed("URI"))?;
        let scheme = match scheme {
            name if name.eq_ignore_ascii_case("sip") => Scheme::Sip,
            name if name.eq_ignore_ascii_case("sips") => Scheme::Sips,
            name if name.is_empty() || !name.bytes().all(is_scheme_byte) => {
                return Err(Malformed("URI scheme"));
            }
            name => return other_uri(&name.to_ascii_lowercase(), rest),
        };
        let (rest, headers) = match rest.split_once('?') {
            // A question mark may stand in the user part.
            Some((before, after)) if !after.contains('@') => (before, Some(after.to_owned())),
            _ => (rest, None),
        };
        let (user_info, rest) = match rest.rsplit_once('@') {
            Some((user, rest)) => (Some(user), rest),
            None => (None, rest),
        };
        let end = rest.find(';').unwrap_or(rest.len());
        let (host_port, params) = rest.split_at(end);
        let (host, port) = host_and_port(host_port)?;
        let (user, password) =
            match user_info.map(|info| info.split_once(':').unwrap_or((info, ""))) {
                Some((user, password)) => (
                    Some(unescape(user)?),
                    (!password.is_empty()).then(|| password.to_owned()),
                ),
                None => (None, None),
            };
        Ok(Self {
            scheme,
            user,
            password,
            host,
            port,
            params: Params::parse(params)?,
            headers,
        })
    }
}

fn is_scheme_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)
}

fn other_uri(scheme: &str, rest: &str) -> Result<Uri, Malformed> {
    if rest.is_empty() {
        return Err(Malformed("URI"));
    }
    let scheme = if scheme == "tel" {
        Scheme::Tel
    } else {
        Scheme::Other(scheme.to_owned())
    };
    let (user, params) = match scheme {
        Scheme::Tel => rest.split_at(rest.find(';').unwrap_or(rest.len())),
        _ => (rest, ""),
    };
    let user = match scheme {
        Scheme::Tel => unescape(user)?,
        _ => user.to_owned(),
    };
    let host = Host::Name(String::new());
    Ok(Uri {
        scheme,
        params: Params::parse(params)?,
        ..Uri::sip(Some(&user), host, None)
    })
}

/// Takes the percent-encoding out of a part of a URI (RFC 3261 25.1); an error if an escape or the text is none.
pub fn unescape(text: &str) -> Result<String, Malformed> {
    if !text.contains('%') {
        return Ok(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = after
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let value = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(value.ok_or(Malformed("escape"))?);
        rest = after.get(2..).unwrap_or_default();
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn escape(user: &str) -> String {
    let mut text = String::with_capacity(user.len());
    for byte in user.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/#".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match &self.scheme {
            Scheme::Sip => "sip",
            Scheme::Sips => "sips",
            Scheme::Tel => {
                let number = escape(self.user.as_deref().unwrap_or_default());
                return write!(f, "tel:{number}{}", self.params);
            }
            Scheme::Other(name) => {
                return write!(f, "{name}:{}", self.user.as_deref().unwrap_or_default());
            }
        };
        write!(f, "{scheme}:")?;
        if let Some(user) = &self.user {
            f.write_str(&escape(user))?;
            if let Some(password) = &self.password {
                write!(f, ":{password}")?;
            }
            f.write_str("@")?;
        }
        self.host.fmt(f)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        self.params.fmt(f)?;
        if let Some(headers) = &self.headers {
            write!(f, "?{headers}")?;
        }
        Ok(())
    }
}

/// Splits at a separator that stands neither in quotes nor in angle brackets.
pub fn split_outside_quotes(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let current = rest?;
        let (mut quoted, mut escaped, mut depth) = (false, false, 0_u32);
        for (at, letter) in current.char_indices() {
            match letter {
                _ if escaped => escaped = false,
                '\\' if quoted => escaped = true,
                '"' => quoted = !quoted,
                '<' if !quoted => depth += 1,
                '>' if !quoted => depth = depth.saturating_sub(1),
                _ if letter == separator && !quoted && depth == 0 => {
                    let (part, after) = current.split_at(at);
                    rest = after.get(separator.len_utf8()..);
                    return Some(part);
                }
                _ => {}
            }
        }
        rest = None;
        Some(current)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_again() {
        for text in [
            "sip:201@192.0.2.1:5080;transport=tcp",
            "sip:desk@[2001:db8::1]:5060",
            "sips:alice@example.com?subject=x",
            "tel:+81312345678",
            "tel:7042;phone-context=example.com;isub=1",
            "sip:user%40home@example.com",
        ] {
            let uri: Uri = text.parse().unwrap();
            assert_eq!(uri.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_uri_is_refused() {
        for text in [
            "",
            "sip:",
            "sip:a b@c",
            "<sip:a@b>",
            "sip:a@b:99999",
            "sip:a@[::1",
            ":x",
        ] {
            assert!(text.parse::<Uri>().is_err(), "{text}");
        }
    }

    #[test]
    fn separators_in_quotes_do_not_separate() {
        let parts: Vec<_> = split_outside_quotes(r#""a,b" <sip:x,y@z>, c"#, ',').collect();
        assert_eq!(parts, [r#""a,b" <sip:x,y@z>"#, " c"]);
    }
}
