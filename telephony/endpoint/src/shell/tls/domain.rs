//! Whether a certificate is for a SIP domain (RFC 5922 7): its SIP URIs count, or, if it has none,
//! its DNS names. Letter by letter: no wildcards (7.2), and no common name.

use std::net::IpAddr;

use madoguchi_sip::uri::{Host, Scheme, Uri};
use rustls::pki_types::{CertificateDer, ServerName};
use webpki::EndEntityCert;

/// Whether a certificate is for this domain. One for an address is only for that (RFC 5280 4.2.1.6).
pub(super) fn is_for(certificate: &CertificateDer<'_>, domain: &Host) -> bool {
    let Ok(certificate) = EndEntityCert::try_from(certificate) else {
        return false;
    };
    let ip = match domain {
        Host::Name(name) => return is_for_name(&certificate, name),
        Host::V4(ip) => IpAddr::from(*ip),
        Host::V6(ip) => IpAddr::from(*ip),
    };
    let ip = ServerName::from(ip);
    certificate.verify_is_valid_for_subject_name(&ip).is_ok()
}

fn is_for_name(certificate: &EndEntityCert<'_>, name: &str) -> bool {
    let domains: Vec<Host> = certificate
        .valid_uri_names()
        .filter_map(sip_domain)
        .collect();
    if !domains.is_empty() {
        let same =
            |host: &Host| matches!(host, Host::Name(host) if host.eq_ignore_ascii_case(name));
        return domains.iter().any(same);
    }
    let mut names = certificate.valid_dns_names();
    names.any(|known| known.eq_ignore_ascii_case(name))
}

/// The domain that a SIP URI of a certificate names; one of a user says nothing of a domain (7.1).
fn sip_domain(text: &str) -> Option<Host> {
    let uri: Uri = text.parse().ok()?;
    (uri.scheme == Scheme::Sip && uri.user.is_none()).then_some(uri.host)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, SanType};

    use super::*;

    fn certificate(names: &[&str], uris: &[&str]) -> CertificateDer<'static> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        let uris = uris
            .iter()
            .map(|uri| SanType::URI((*uri).try_into().unwrap()));
        params.subject_alt_names.extend(uris);
        let key = KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().clone()
    }

    fn is_for(certificate: &CertificateDer<'_>, domain: &str) -> bool {
        super::is_for(certificate, &domain.parse().unwrap())
    }

    #[test]
    fn rfc_5922_names_are_compared_letter_by_letter() {
        let dns = certificate(&["carrier.example", "*.example.net", "192.0.2.1"], &[]);
        assert!(is_for(&dns, "carrier.example") && is_for(&dns, "CARRIER.example"));
        assert!(is_for(&dns, "192.0.2.1") && !is_for(&dns, "192.0.2.2"));
        for other in [
            "sip.carrier.example",
            "a.example.net",
            "example.net",
            "example",
        ] {
            assert!(!is_for(&dns, other), "{other}");
        }
    }

    #[test]
    fn sip_uris_count_before_dns_names_and_those_of_users_do_not() {
        let both = certificate(
            &["host.example"],
            &["sip:carrier.example", "https://a.example"],
        );
        assert!(is_for(&both, "carrier.example") && !is_for(&both, "host.example"));
        assert!(!is_for(&both, "a.example"));
        let users = certificate(
            &["host.example"],
            &["sip:alice@carrier.example", "sips:b.example"],
        );
        assert!(is_for(&users, "host.example"));
        assert!(!is_for(&users, "carrier.example") && !is_for(&users, "b.example"));
    }
}
