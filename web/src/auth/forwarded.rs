//! Where a request came from before it met our proxies, by what they wrote into `X-Forwarded-For`.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::http::HeaderMap;

/// The address of the visitor, if `peer` is a proxy of ours. Every proxy adds at the end whom it saw,
/// so that the list is walked from there: the first that is no proxy of ours is the visitor. What
/// cannot be read ends the trust at what is nearer; whatever a visitor wrote before does not matter.
pub(super) fn address(
    peer: IpAddr,
    headers: &HeaderMap,
    is_trusted: impl Fn(&IpAddr) -> bool,
) -> IpAddr {
    let fields = headers.get_all("x-forwarded-for").iter();
    // Bytes, for one that is no letter must not hide the rest of the field.
    let parts = fields.flat_map(|field| field.as_bytes().split(|byte| *byte == b','));
    let mut address = peer;
    for part in parts.collect::<Vec<_>>().into_iter().rev() {
        let Some(seen) = read(part) else { break };
        address = seen;
        if !is_trusted(&seen) {
            break;
        }
    }
    address
}

/// An address as proxies write it: alone, with a port (`203.0.113.9:4711`), in brackets
/// (`[2001:db8::1]:4711`), or one of these in quotes (RFC 7239, 6).
fn read(part: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(part).ok()?.trim();
    let quoted = text.strip_prefix('"').map(|rest| rest.strip_suffix('"'));
    let text = quoted.unwrap_or(Some(text))?.trim();
    let alone = || text.parse::<IpAddr>().ok();
    let bracketed = || {
        let inner = text.strip_prefix('[')?.strip_suffix(']')?;
        inner.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
    };
    let with_port = || Some(text.parse::<SocketAddr>().ok()?.ip());
    let address = alone().or_else(bracketed).or_else(with_port)?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    /// Whom the desk sees behind proxies of 10.0.0.0/8.
    fn seen(fields: &[&[u8]]) -> String {
        let mut headers = HeaderMap::new();
        for field in fields {
            let value = HeaderValue::from_bytes(field).unwrap();
            headers.append("x-forwarded-for", value);
        }
        let is_trusted = |address: &IpAddr| match address {
            IpAddr::V4(address) => address.octets()[0] == 10,
            IpAddr::V6(_) => false,
        };
        address("10.0.0.1".parse().unwrap(), &headers, is_trusted).to_string()
    }

    #[test]
    fn the_visitor_is_whom_the_farthest_of_our_proxies_saw() {
        for (fields, visitor) in [
            (&[&b"203.0.113.9"[..]][..], "203.0.113.9"),
            (&[b"198.51.100.1, 203.0.113.9, 10.0.0.7"], "203.0.113.9"),
            (
                &[b"198.51.100.1", b"203.0.113.9", b"10.0.0.7"],
                "203.0.113.9",
            ),
            (&[b"10.0.0.9"], "10.0.0.9"),
            (&[], "10.0.0.1"),
        ] {
            assert_eq!(seen(fields), visitor);
        }
    }

    #[test]
    fn an_address_is_read_with_its_port_in_brackets_and_in_quotes() {
        for (field, visitor) in [
            ("203.0.113.9:4711", "203.0.113.9"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:99", "2001:db8::1"),
            ("\"203.0.113.9\"", "203.0.113.9"),
            ("\"[2001:db8::1]:99\"", "2001:db8::1"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            ("[::ffff:203.0.113.9]:99", "203.0.113.9"),
            ("10.0.0.7:1, 203.0.113.9:2, 10.0.0.8:3", "203.0.113.9"),
        ] {
            assert_eq!(seen(&[field.as_bytes()]), visitor, "{field}");
        }
    }

    #[test]
    fn what_a_visitor_writes_before_hides_nobody() {
        for before in [
            &b"\xff"[..],
            b"\x80, ",
            b"nobody",
            b"",
            b"\"",
            b"[",
            b"10.0.0.1:x",
        ] {
            let field = [before, b", 203.0.113.9"].concat();
            assert_eq!(seen(&[&field]), "203.0.113.9", "{before:?}");
            assert_eq!(seen(&[before, b"203.0.113.9"]), "203.0.113.9", "{before:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_ends_the_trust_at_what_is_nearer() {
        for odd in [
            &b"\xff"[..],
            b"unknown",
            b"",
            b"203.0.113.9:99999",
            b"2001:db8::1]:9",
        ] {
            let field = [&b"203.0.113.9, "[..], odd, b", 10.0.0.7"].concat();
            assert_eq!(seen(&[&field]), "10.0.0.7", "{odd:?}");
        }
    }
}
