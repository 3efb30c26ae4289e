//! The name by which a request reaches us, read strictly: whoever stands between a visitor and us
//! must not understand it otherwise than we do (RFC 9112, 3.2; RFC 9113, 8.3.1).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::http::{HeaderMap, Uri, Version, header};

/// The longest name (RFC 1035, 2.3.4).
const NAME_LETTERS: usize = 253;
/// The longest part between two dots.
const LABEL_LETTERS: usize = 63;

/// A host with its port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Authority {
    /// A name in small letters or an address without brackets.
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
}

/// Why it cannot be said by which name a request reaches us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HostFault {
    /// There is none.
    Missing,
    /// There are several.
    Several,
    /// It is none.
    Malformed,
    /// The address of the request names another.
    Contradiction,
}

impl HostFault {
    /// The name in logs.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "host_missing",
            Self::Several => "several_hosts",
            Self::Malformed => "host_malformed",
            Self::Contradiction => "host_contradicts_address",
        }
    }
}

impl Authority {
    /// Reads `name`, `name:port`, `192.0.2.1` or `[2001:db8::1]:port`. What else a URI may hold
    /// (somebody's name before @, percent signs, a dot at the end) no browser sends to us.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (address, port) = rest.split_once(']')?;
                let address: Ipv6Addr = address.parse().ok()?;
                (address.to_string(), port)
            }
            None => {
                let end = text.find(':').unwrap_or(text.len());
                let (host, port) = text.split_at_checked(end)?;
                (read_name(host)?, port)
            }
        };
        let port = match port.strip_prefix(':') {
            Some(digits) => Some(read_port(digits)?),
            None if port.is_empty() => None,
            None => return None,
        };
        Some(Self { host, port })
    }

    /// As it stands in addresses.
    pub(crate) fn to_text(&self) -> String {
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        match self.port {
            Some(port) => format!("{host}:{port}"),
            None => host,
        }
    }
}

fn read_port(digits: &str) -> Option<u16> {
    let plain = (1..=5).contains(&digits.len()) && digits.bytes().all(|it| it.is_ascii_digit());
    let port = plain.then(|| digits.parse::<u16>().ok())??;
    (port != 0).then_some(port)
}

fn read_name(name: &str) -> Option<String> {
    let is_label = |label: &str| {
        let letters = label
            .bytes()
            .all(|it| it.is_ascii_alphanumeric() || it == b'-' || it == b'_');
        let hyphens = label.starts_with('-') || label.ends_with('-');
        (1..=LABEL_LETTERS).contains(&label.len()) && letters && !hyphens
    };
    if name.len() > NAME_LETTERS || !name.split('.').all(is_label) {
        return None;
    }
    // What ends like an IPv4 address must be one (WHATWG URL, "ends in a number").
    let last = name.rsplit('.').next().unwrap_or_default();
    let numeric = last.bytes().all(|it| it.is_ascii_digit()) || last.starts_with("0x");
    if numeric && name.parse::<Ipv4Addr>().is_err() {
        return None;
    }
    Some(name.to_ascii_lowercase())
}

/// By which name a request reaches us. An address with a host in it and the field Host must agree;
/// HTTP/2 needs the address alone, HTTP/1.1 the field.
pub(crate) fn authority(
    version: Version,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Authority, HostFault> {
    let mut fields = headers.get_all(header::HOST).iter();
    let (field, another) = (fields.next(), fields.next());
    if another.is_some() {
        return Err(HostFault::Several);
    }
    let read = |text: &str| Authority::parse(text).ok_or(HostFault::Malformed);
    let field = field
        .map(|field| field.to_str().map_err(|_| HostFault::Malformed))
        .transpose()?
        .map(read)
        .transpose()?;
    let named = uri
        .authority()
        .map(|named| read(named.as_str()))
        .transpose()?;
    match (field, named) {
        (Some(field), Some(named)) if field != named => Err(HostFault::Contradiction),
        (Some(field), _) => Ok(field),
        (None, Some(named)) if version >= Version::HTTP_2 => Ok(named),
        (None, _) => Err(HostFault::Missing),
    }
}

/// Whether the desk may be opened by this name (without a port).
pub fn is_own_host(name: &str, allowed: &[String]) -> bool {
    let name = canonical(name);
    ["localhost", "127.0.0.1", "::1"].contains(&name.as_str())
        || allowed.iter().any(|other| canonical(other) == name)
}

/// Small letters, addresses in their usual form.
fn canonical(name: &str) -> String {
    let bare = name.trim_matches(['[', ']']);
    match bare.parse::<IpAddr>() {
        Ok(address) => address.to_string(),
        Err(_) => bare.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(address: &str, hosts: &[&str], version: Version) -> Result<String, HostFault> {
        let hosts = hosts
            .iter()
            .map(|host| (header::HOST, host.parse().unwrap()));
        let mut headers = HeaderMap::new();
        hosts.for_each(|(name, value)| {
            headers.append(name, value);
        });
        let uri = address.parse().unwrap();
        authority(version, &uri, &headers).map(|authority| authority.to_text())
    }

    #[test]
    fn names_and_addresses_are_read_with_their_ports() {
        for (given, text) in [
            ("Desk.Example", "desk.example"),
            ("desk.example:8443", "desk.example:8443"),
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("[::1]:8080", "[::1]:8080"),
            ("[0:0:0:0:0:0:0:1]", "[::1]"),
            ("desk_1.example", "desk_1.example"),
        ] {
            assert_eq!(Authority::parse(given).unwrap().to_text(), text);
        }
    }

    #[test]
    fn what_may_be_understood_in_two_ways_is_no_host() {
        for given in [
            "",
            ":80",
            "desk.example:",
            "desk.example:0",
            "desk.example:65536",
            "desk.example:+80",
            "desk.example:80:80",
            "desk.example:80@evil.example",
            "user@desk.example",
            "desk.example.",
            ".desk.example",
            "desk..example",
            "desk%2eexample",
            "desk.example/",
            "desk.example, evil.example",
            "desk example",
            "-desk.example",
            "127.1",
            "0x7f.1",
            "2130706433",
            "127.0.0.01",
            "::1",
            "[::1",
            "[::1]x",
            "[::1%25eth0]",
            "[fe80::1%eth0]",
            "[127.0.0.1]",
            "[desk.example]",
            "デスク",
        ] {
            assert_eq!(Authority::parse(given), None, "{given}");
        }
    }

    #[test]
    fn there_is_one_host_and_the_address_agrees_with_it() {
        let version = Version::HTTP_11;
        assert_eq!(
            read("/", &["desk.example"], version).unwrap(),
            "desk.example"
        );
        assert_eq!(read("/", &[], version), Err(HostFault::Missing));
        let twice = ["desk.example", "desk.example"];
        assert_eq!(read("/", &twice, version), Err(HostFault::Several));
        let absolute = "http://desk.example:80/board";
        assert_eq!(read(absolute, &[], version), Err(HostFault::Missing));
        assert!(read(absolute, &["DESK.example:80"], version).is_ok());
        for other in ["evil.example", "desk.example", "desk.example:81"] {
            let fault = read(absolute, &[other], version);
            assert_eq!(fault, Err(HostFault::Contradiction), "{other}");
        }
        let with_user = "http://desk.example@evil.example/";
        let fault = read(with_user, &["evil.example"], version);
        assert_eq!(fault, Err(HostFault::Malformed));
    }

    #[test]
    fn http_2_names_the_host_in_the_address_alone_or_twice_the_same() {
        let version = Version::HTTP_2;
        let address = "https://desk.example/board";
        assert_eq!(read(address, &[], version).unwrap(), "desk.example");
        assert!(read(address, &["desk.example"], version).is_ok());
        let fault = read(address, &["other.example"], version);
        assert_eq!(fault, Err(HostFault::Contradiction));
    }

    #[test]
    fn an_address_is_ours_however_it_is_written() {
        let allowed = ["[2001:DB8::1]".to_owned(), "Desk.example".to_owned()];
        for own in ["localhost", "::1", "2001:db8::1", "desk.example"] {
            assert!(is_own_host(own, &allowed), "{own}");
        }
        for foreign in ["evil.example", "2001:db8::2", "desk.example.evil", ""] {
            assert!(!is_own_host(foreign, &allowed), "{foreign}");
        }
    }
}
