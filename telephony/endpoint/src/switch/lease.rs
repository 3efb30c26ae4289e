//! How long a registrar's answer says that our own binding lasts (RFC 3261 10.2.4).

use madoguchi_sip::header::NameAddr;
use madoguchi_sip::message::{HeaderName, Response};
use madoguchi_sip::uri::Uri;

/// No lease is believed to last longer: a day.
const LEASE_SECS_AT_MOST: u64 = 86_400;
/// The port of SIP if none is written (RFC 3261 19.1.2).
const SIP_PORT: u16 = 5060;

/// The seconds that the registrar granted for `ours`. Other bindings of the address of record
/// (stale ones, those of other machines) stand in the same answer and say nothing about ours.
pub(super) fn granted_secs(response: &Response, ours: &Uri) -> Option<u32> {
    let contacts: Vec<NameAddr> = response
        .headers
        .list(&HeaderName::Contact)
        .filter_map(|text| text.parse().ok())
        .collect();
    let lease = |contact: &NameAddr| read(contact.params.get("expires")?);
    let of_ours = contacts
        .iter()
        .filter(|contact| is_same_contact(&contact.uri, ours))
        .find_map(lease);
    let of_all = || read(response.headers.get(&HeaderName::Expires)?);
    // A registrar that writes our address in its own way: one living binding can only be ours.
    let of_the_only_one = || match contacts.as_slice() {
        [only] => lease(only).filter(|secs| *secs > 0),
        _ => None,
    };
    of_ours.or_else(of_all).or_else(of_the_only_one)
}

fn read(text: &str) -> Option<u32> {
    let secs: u64 = text.trim().trim_matches('"').parse().ok()?;
    u32::try_from(secs.min(LEASE_SECS_AT_MOST)).ok()
}

/// Whether a contact in the answer is the one that we sent, though the registrar may write the
/// port or the transport that go without saying.
fn is_same_contact(listed: &Uri, ours: &Uri) -> bool {
    let transport = |uri: &Uri| {
        let transport = uri.params.get("transport").unwrap_or("udp");
        transport.to_ascii_lowercase()
    };
    listed.scheme == ours.scheme
        && listed.user == ours.user
        && listed.host == ours.host
        && listed.port.unwrap_or(SIP_PORT) == ours.port.unwrap_or(SIP_PORT)
        && transport(listed) == transport(ours)
}

#[cfg(test)]
mod tests {
    use madoguchi_sip::message::Headers;

    use super::*;

    const OURS: &str = "sip:desk@192.0.2.1:5060";

    fn granted(contacts: &[&str], expires: Option<&str>) -> Option<u32> {
        let mut headers = Headers::default();
        for contact in contacts {
            headers.push(HeaderName::Contact, *contact);
        }
        if let Some(expires) = expires {
            headers.push(HeaderName::Expires, expires);
        }
        let response = Response {
            status: 200,
            reason: String::new(),
            headers,
            body: Vec::new(),
        };
        granted_secs(&response, &OURS.parse().unwrap())
    }

    /// JsSIP#544, SIP.js#868, pjproject#371, sems PR#597, opensips PR#3429
    #[test]
    fn only_the_lease_of_our_own_contact_counts() {
        let stale = "<sip:0312345678@192.0.2.77:50066>;expires=0";
        let other = "<sip:desk@192.0.2.2:5060>;expires=60";
        for ours in [
            "<sip:desk@192.0.2.1:5060>;expires=300",
            "<sip:desk@192.0.2.1>;q=0.5;EXPIRES=300",
            "<sip:desk@192.0.2.1:5060;transport=UDP;line=x>;expires=300",
            "\"窓口\" <sip:desk@192.0.2.1>;expires=\"300\"",
        ] {
            assert_eq!(granted(&[ours, stale], None), Some(300), "{ours}");
            assert_eq!(granted(&[stale, other, ours], Some("30")), Some(300));
            let joined = format!("{stale}, {ours},{other}");
            assert_eq!(granted(&[&joined], None), Some(300), "{joined}");
        }
        let quiet = "<sip:desk@192.0.2.1:5060>";
        assert_eq!(granted(&[stale, quiet], Some("120")), Some(120));
        assert_eq!(granted(&[], Some(" 120 ")), Some(120));
        assert_eq!(granted(&[stale, other], None), None);
        assert_eq!(granted(&[stale], None), None);
        assert_eq!(
            granted(&["<sip:desk@198.51.100.9:1024>;expires=60"], None),
            Some(60)
        );
        assert_eq!(granted(&[quiet], None), None);
        assert_eq!(granted(&[], Some("4294967296")), Some(86_400));
        let tcp = "<sip:desk@192.0.2.1:5060;transport=tcp>;expires=60";
        assert_eq!(
            granted(&[tcp, stale], None),
            None,
            "another transport is another binding"
        );
    }
}
