//! The host part of a URI, and of a Via.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::Malformed;

/// The host part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// A name, in lower case.
    Name(String),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address, written in brackets.
    V6(Ipv6Addr),
}

impl From<IpAddr> for Host {
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(ip) => Self::V4(ip),
            IpAddr::V6(ip) => Self::V6(ip),
        }
    }
}

impl FromStr for Host {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        if let Some(inner) = text.strip_prefix('[') {
            let inner = inner.strip_suffix(']').ok_or(Malformed("host"))?;
            return inner.parse().map(Self::V6).map_err(|_| Malformed("host"));
        }
        if let Ok(ip) = text.parse() {
            return Ok(Self::V4(ip));
        }
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        if text.is_empty() || !text.bytes().all(is_name) {
            return Err(Malformed("host"));
        }
        Ok(Self::Name(text.to_ascii_lowercase()))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::V4(ip) => write_v4(*ip, f),
            Self::V6(ip) => write!(f, "[{ip}]"),
        }
    }
}

/// Writes an address as its own `Display` does. It stands in nearly every line of a message, and that one takes the
/// half of the time for writing it.
fn write_v4(ip: Ipv4Addr, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut text = [0; "255.255.255.255".len()];
    let mut length = 0;
    let mut digits = ip.octets().into_iter().enumerate().flat_map(|(n, octet)| {
        let point = (n > 0).then_some(b'.');
        let hundreds = (octet >= 100).then_some(b'0' + octet / 100);
        let tens = (octet >= 10).then_some(b'0' + octet / 10 % 10);
        let ones = Some(b'0' + octet % 10);
        [point, hundreds, tens, ones].into_iter().flatten()
    });
    for (to, digit) in text.iter_mut().zip(&mut digits) {
        *to = digit;
        length += 1;
    }
    let written = text.get(..length).unwrap_or_default();
    f.write_str(std::str::from_utf8(written).map_err(|_| fmt::Error)?)
}

/// Reads `host`, `host:port`, `[v6]:port`.
pub fn host_and_port(text: &str) -> Result<(Host, Option<u16>), Malformed> {
    let text = text.trim();
    let split = match text.strip_prefix('[') {
        Some(_) => text.find(']').map(|end| text.split_at(end + 1)),
        None => Some(text.split_at(text.find(':').unwrap_or(text.len()))),
    };
    let (host, port) = split.ok_or(Malformed("host"))?;
    let port = match port.trim().strip_prefix(':') {
        Some(digits) => Some(digits.trim().parse().map_err(|_| Malformed("port"))?),
        None if port.trim().is_empty() => None,
        None => return Err(Malformed("port")),
    };
    Ok((host.trim().parse()?, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_as_they_usually_are() {
        for octet in 0..=255 {
            let ip = Ipv4Addr::new(octet, 255 - octet, octet / 3, octet);
            assert_eq!(Host::V4(ip).to_string(), ip.to_string());
        }
    }
}
