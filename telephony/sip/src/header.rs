//! Header fields with a structure of their own (RFC 3261 20, RFC 4028).

use std::fmt;
use std::str::FromStr;

use crate::message::Method;
use crate::uri::{Host, Malformed, Params, Uri, host_and_port};

/// What Via says of the transport.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Transport {
    Udp,
    Tcp,
    Tls,
    Other(String),
}

/// One Via (20.42).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Via {
    /// How the request was sent.
    pub transport: Transport,
    /// sent-by, the host.
    pub host: Host,
    /// sent-by, the port.
    pub port: Option<u16>,
    /// branch, received, rport …
    pub params: Params,
}

impl Via {
    /// A Via of ours; asks for the port that the peer sees (RFC 3581).
    pub fn new(transport: Transport, host: Host, port: u16, branch: &str) -> Self {
        let mut params = Params::default();
        params.set("branch", Some(branch));
        params.set("rport", None);
        Self {
            transport,
            host,
            port: Some(port),
            params,
        }
    }

    /// The transaction's branch.
    pub fn branch(&self) -> Option<&str> {
        self.params
            .get("branch")
            .filter(|branch| !branch.is_empty())
    }
}

impl FromStr for Via {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let end = text.find(';').unwrap_or(text.len());
        let (main, params) = text.split_at(end);
        let mut protocol = main.splitn(3, '/').map(str::trim);
        let (name, version) = (protocol.next(), protocol.next());
        if !name.is_some_and(|name| name.eq_ignore_ascii_case("SIP")) || version != Some("2.0") {
            return Err(Malformed("Via"));
        }
        let rest = protocol.next().ok_or(Malformed("Via"))?;
        let (transport, sent_by) = rest
            .split_once(|letter: char| letter.is_ascii_whitespace())
            .ok_or(Malformed("Via"))?;
        let (host, port) = host_and_port(sent_by)?;
        let transport = match transport.to_ascii_uppercase().as_str() {
            "UDP" => Transport::Udp,
            "TCP" => Transport::Tcp,
            "TLS" => Transport::Tls,
            _ => Transport::Other(transport.to_owned()),
        };
        Ok(Self {
            transport,
            host,
            port,
            params: Params::parse(params)?,
        })
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let transport = match &self.transport {
            Transport::Udp => "UDP",
            Transport::Tcp => "TCP",
            Transport::Tls => "TLS",
            Transport::Other(name) => name,
        };
        write!(f, "SIP/2.0/{transport} {}", self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        self.params.fmt(f)
    }
}

/// `"display" <uri>;params` (20.10): From, To, Contact …
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameAddr {
    /// The display name without quotes.
    pub display: Option<String>,
    /// The address.
    pub uri: Uri,
    /// Parameters of the header field, not of the address.
    pub params: Params,
}

impl NameAddr {
    /// An address with our tag.
    pub fn with_tag(uri: Uri, tag: &str) -> Self {
        let mut address = Self {
            display: None,
            uri,
            params: Params::default(),
        };
        address.set_tag(tag);
        address
    }

    /// The tag.
    pub fn tag(&self) -> Option<&str> {
        self.params.get("tag").filter(|tag| !tag.is_empty())
    }

    /// Sets the tag.
    pub fn set_tag(&mut self, tag: &str) {
        self.params.set("tag", Some(tag));
    }
}

impl FromStr for NameAddr {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let text = text.trim();
        let (display, rest) = if text.starts_with('"') {
            let end = closing_quote(text).ok_or(Malformed("display name"))?;
            let (quoted, rest) = text.split_at(end + 1);
            let inner = quoted.get(1..quoted.len() - 1).unwrap_or_default();
            (Some(unquote(inner)), rest.trim_start())
        } else if let Some(open) = text.find('<') {
            let (name, rest) = text.split_at(open);
            let name = name.trim();
            if name.contains([',', ';', '"']) {
                return Err(Malformed("display name"));
            }
            ((!name.is_empty()).then(|| name.to_owned()), rest)
        } else {
            // addr-spec: what follows ";" belongs to the header field (20.10).
            let (uri, params) = text.split_at(end_of_addr_spec(text));
            if uri.contains(['?', ',']) {
                return Err(Malformed("address"));
            }
            return Ok(Self {
                display: None,
                uri: uri.trim().parse()?,
                params: Params::parse(params)?,
            });
        };
        let inner = rest.strip_prefix('<').ok_or(Malformed("address"))?;
        let (uri, params) = inner.split_once('>').ok_or(Malformed("address"))?;
        let params = params.trim_start();
        if !params.is_empty() && !params.starts_with(';') {
            return Err(Malformed("address"));
        }
        Ok(Self {
            display,
            uri: uri.parse()?,
            params: Params::parse(params)?,
        })
    }
}

impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(display) = &self.display {
            write!(
                f,
                "\"{}\" ",
                display.replace('\\', "\\\\").replace('"', "\\\"")
            )?;
        }
        write!(f, "<{}>{}", self.uri, self.params)
    }
}

/// Where an addr-spec without brackets ends: at the first semicolon, unless it belongs to a number
/// in the user part, which some carriers do not put into brackets as they should (20.10).
fn end_of_addr_spec(text: &str) -> usize {
    let first = text.find(';').unwrap_or(text.len());
    let (before, after) = text.split_at(first);
    let user = before.split_once(':').map_or("", |(_, user)| user);
    let is_number = user
        .strip_prefix('+')
        .unwrap_or(user)
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"-.()*#".contains(&byte));
    let host = after.find('@').filter(|_| is_number && !user.is_empty());
    host.map_or(first, |at| {
        let rest = after.get(at..).unwrap_or_default();
        first + at + rest.find(';').unwrap_or(rest.len())
    })
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().skip(1).find_map(|(at, letter)| {
        let closes = letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
        closes.then_some(at)
    })
}

/// What stands within quotes, without the backslashes of quoted pairs (25.1).
pub(crate) fn unquote(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => plain.extend(letters.next()),
            other => plain.push(other),
        }
    }
    plain
}

/// CSeq (20.16).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CSeq {
    /// The number, less than 2³¹.
    pub seq: u32,
    /// The method.
    pub method: Method,
}

impl FromStr for CSeq {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let mut words = text.split_ascii_whitespace();
        let (Some(seq), Some(method), None) = (words.next(), words.next(), words.next()) else {
            return Err(Malformed("CSeq"));
        };
        let seq = seq.parse().map_err(|_| Malformed("CSeq"))?;
        if seq >= 1 << 31 {
            return Err(Malformed("CSeq"));
        }
        Ok(Self {
            seq,
            method: Method::new(method),
        })
    }
}

impl fmt::Display for CSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.seq, self.method)
    }
}

/// Who refreshes a session (RFC 4028 section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Refresher {
    Uac,
    Uas,
}

/// Session-Expires (RFC 4028 section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionExpires {
    /// The interval in seconds.
    pub secs: u32,
    /// Who refreshes.
    pub refresher: Option<Refresher>,
}

impl FromStr for SessionExpires {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let end = text.find(';').unwrap_or(text.len());
        let (secs, params) = text.split_at(end);
        let refresher = match Params::parse(params)?.get("refresher") {
            Some(text) if text.eq_ignore_ascii_case("uac") => Some(Refresher::Uac),
            Some(text) if text.eq_ignore_ascii_case("uas") => Some(Refresher::Uas),
            _ => None,
        };
        let secs = secs
            .trim()
            .parse()
            .map_err(|_| Malformed("Session-Expires"))?;
        Ok(Self { secs, refresher })
    }
}

impl fmt::Display for SessionExpires {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.secs)?;
        match self.refresher {
            Some(Refresher::Uac) => f.write_str(";refresher=uac"),
            Some(Refresher::Uas) => f.write_str(";refresher=uas"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_all_their_forms() {
        let plain: NameAddr = "sip:a@b;tag=1".parse().unwrap();
        assert_eq!(
            (plain.tag(), plain.uri.params.get("tag")),
            (Some("1"), None)
        );
        let quoted: NameAddr = r#""山田, \"太郎\"" <sip:a@b;transport=udp>;tag=x"#.parse().unwrap();
        assert_eq!(quoted.display.as_deref(), Some(r#"山田, "太郎""#));
        assert_eq!(
            quoted.to_string(),
            r#""山田, \"太郎\"" <sip:a@b;transport=udp>;tag=x"#
        );
        assert!(r#""Mr. Bell <sip:a@b>"#.parse::<NameAddr>().is_err());
        let bare: NameAddr = "sip:0312345678;isub=1@b;user=phone;tag=2".parse().unwrap();
        assert_eq!(bare.uri.user.as_deref(), Some("0312345678;isub=1"));
        assert_eq!(bare.tag(), Some("2"));
        let odd: NameAddr = "sip:b;tag=a@c".parse().unwrap();
        assert_eq!(odd.tag(), Some("a@c"));
    }

    #[test]
    fn via_and_its_branch() {
        let via: Via = "SIP / 2.0 / UDP  192.0.2.1:5061 ;branch=z9hG4bK1;rport"
            .parse()
            .unwrap();
        assert_eq!((via.branch(), via.port), (Some("z9hG4bK1"), Some(5061)));
        assert_eq!(via.params.get("rport"), Some(""));
        assert!("SIP/3.0/UDP a".parse::<Via>().is_err());
    }

    #[test]
    fn a_sequence_number_is_below_two_to_the_thirty_first() {
        assert!("2147483648 INVITE".parse::<CSeq>().is_err());
        assert_eq!(
            "2147483647 INVITE".parse::<CSeq>().unwrap().seq,
            2_147_483_647
        );
    }
}
