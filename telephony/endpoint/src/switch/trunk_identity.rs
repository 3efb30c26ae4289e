//! How an outbound call tells its trunk who calls (RFC 3323, RFC 3325, RFC 7315 4.1).

use std::net::SocketAddr;

use madoguchi_core::caller::{Caller, NoNumberReason};
use madoguchi_core::phone;
use madoguchi_core::setup::{IdentityHeader, OutboundPrivacy};
use madoguchi_sip::header::NameAddr;
use madoguchi_sip::message::{HeaderName, Headers};
use madoguchi_sip::uri::{Host, Scheme, Uri};

use crate::settings::Trunk;

/// From of a call, and what else says who calls.
pub(super) struct Identity {
    pub(super) from: NameAddr,
    pub(super) more: Vec<(HeaderName, String)>,
}

impl Identity {
    /// A call to a phone, or through a trunk that wants nothing else.
    pub(super) fn plain(caller: &Caller, local: SocketAddr, tag: &str) -> Self {
        let host = Host::from(local.ip());
        let from = if caller.number().is_empty() {
            anonymous(caller, tag)
        } else {
            NameAddr::with_tag(Uri::sip(Some(caller.number()), host, None), tag)
        };
        Self {
            from,
            more: Vec::new(),
        }
    }

    /// A call through `trunk`, whose carrier gave us the addresses `associated` when we registered.
    pub(super) fn for_trunk(
        trunk: &Trunk,
        associated: &[Uri],
        caller: &Caller,
        local: SocketAddr,
        tag: &str,
    ) -> Self {
        let mut identity = Self::plain(caller, local, tag);
        if caller.number().is_empty() {
            return identity;
        }
        let given = known_to_carrier(associated, caller.number());
        let own = given.cloned().unwrap_or_else(|| {
            let host = from_domain(trunk).unwrap_or(Host::from(local.ip()));
            Uri::sip(Some(caller.number()), host, None)
        });
        let mut from = own.clone();
        if trunk.from_user.is_some() {
            from.user.clone_from(&trunk.from_user);
        }
        // A number that the carrier did not give us is asserted by one that it did.
        let asserted = given.or(associated.first()).unwrap_or(&own);
        let field = match trunk.identity_header {
            IdentityHeader::None => None,
            IdentityHeader::PAssertedIdentity => Some(HeaderName::PAssertedIdentity),
            IdentityHeader::PPreferredIdentity => Some(HeaderName::PPreferredIdentity),
        };
        let field = field.map(|name| (name, format!("<{asserted}>")));
        identity.more.extend(field);
        identity.from = NameAddr::with_tag(from, tag);
        match trunk.privacy {
            OutboundPrivacy::Off => {}
            OutboundPrivacy::None => identity.more.push((HeaderName::Privacy, "none".to_owned())),
            OutboundPrivacy::Id => {
                identity.more.push((HeaderName::Privacy, "id".to_owned()));
                identity.from = anonymous(caller, tag);
            }
        }
        identity
    }
}

/// Who has no number is anonymous (RFC 3261 8.1.1.3), with the reason as the display name
/// (TTC JJ-90.30).
fn anonymous(caller: &Caller, tag: &str) -> NameAddr {
    let reason = caller.no_number_reason();
    let reason = reason.unwrap_or(NoNumberReason::Withheld);
    let host = Host::Name("anonymous.invalid".into());
    NameAddr {
        display: Some(reason.display_name().to_owned()),
        ..NameAddr::with_tag(Uri::sip(Some("anonymous"), host, None), tag)
    }
}

/// The domain of our addresses towards a trunk: what is set, else that of the address of record.
fn from_domain(trunk: &Trunk) -> Option<Host> {
    let registered = || {
        let aor: Uri = trunk.register.as_ref()?.aor.parse().ok()?;
        Some(aor.host)
    };
    trunk.from_domain.clone().or_else(registered)
}

/// The address that the carrier has for a number, in whatever spelling.
fn known_to_carrier<'a>(associated: &'a [Uri], number: &str) -> Option<&'a Uri> {
    let number = phone::normalize(number);
    let is_it = |uri: &&Uri| phone::normalize(&uri.subscriber().number) == number;
    // Of a number's two addresses the SIP one is understood by all.
    let found = associated.iter().filter(is_it);
    found.min_by_key(|uri| uri.scheme == Scheme::Tel)
}

/// More addresses of one registration are not remembered.
const ASSOCIATED_AT_MOST: usize = 1_000;

/// The addresses that a registrar gave us (P-Associated-URI).
pub(super) fn associated_uris(headers: &Headers) -> Vec<Uri> {
    let listed = headers.list(&HeaderName::PAssociatedUri);
    listed
        .filter_map(|text| text.parse::<NameAddr>().ok())
        .map(|address| address.uri)
        .take(ASSOCIATED_AT_MOST)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::TrunkRegistration;

    fn trunk() -> Trunk {
        Trunk::new("carrier")
    }

    fn registering() -> Trunk {
        Trunk {
            register: Some(TrunkRegistration {
                aor: "sip:0312345678@ims.example".to_owned(),
                registrar: "sip:192.0.2.1".to_owned(),
                expires_secs: 300,
            }),
            ..trunk()
        }
    }

    /// From and the other header fields, as text.
    fn told(trunk: &Trunk, associated: &[&str], caller: impl Into<Caller>) -> Vec<String> {
        let associated: Vec<Uri> = associated.iter().map(|uri| uri.parse().unwrap()).collect();
        let local = "198.51.100.7:5060".parse().unwrap();
        let identity = Identity::for_trunk(trunk, &associated, &caller.into(), local, "t");
        let more = identity.more.iter();
        let more = more.map(|(name, value)| format!("{}: {value}", name.as_str()));
        std::iter::once(identity.from.to_string())
            .chain(more)
            .collect()
    }

    const NUMBER: &str = "0312345678";

    #[test]
    fn from_has_the_domain_that_is_set_or_registered_or_our_address() {
        let of = |trunk: &Trunk| told(trunk, &[], NUMBER);
        assert_eq!(of(&trunk()), ["<sip:0312345678@198.51.100.7>;tag=t"]);
        assert_eq!(of(&registering()), ["<sip:0312345678@ims.example>;tag=t"]);
        let set = Trunk {
            from_domain: Some(Host::Name("desk.example".to_owned())),
            ..registering()
        };
        assert_eq!(of(&set), ["<sip:0312345678@desk.example>;tag=t"]);
    }

    #[test]
    fn the_identity_stands_where_the_trunk_wants_it() {
        let with = |identity_header, privacy| Trunk {
            identity_header,
            privacy,
            ..registering()
        };
        let asserted = with(IdentityHeader::PAssertedIdentity, OutboundPrivacy::None);
        assert_eq!(
            told(&asserted, &[], NUMBER)[1..],
            [
                "P-Asserted-Identity: <sip:0312345678@ims.example>",
                "Privacy: none"
            ]
        );
        let withheld = with(IdentityHeader::PPreferredIdentity, OutboundPrivacy::Id);
        assert_eq!(
            told(&withheld, &[], NUMBER),
            [
                "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=t",
                "P-Preferred-Identity: <sip:0312345678@ims.example>",
                "Privacy: id",
            ]
        );
        let account = Trunk {
            from_user: Some("3".to_owned()),
            ..asserted.clone()
        };
        assert_eq!(
            told(&account, &[], NUMBER)[..2],
            [
                "<sip:3@ims.example>;tag=t",
                "P-Asserted-Identity: <sip:0312345678@ims.example>"
            ]
        );
        // Who has no number asserts nothing.
        let unknown = Caller::without_number(NoNumberReason::Withheld);
        assert_eq!(told(&asserted, &[], unknown).len(), 1);
    }

    #[test]
    fn numbers_are_spelled_as_the_carrier_gave_them() {
        let preferred = Trunk {
            identity_header: IdentityHeader::PPreferredIdentity,
            ..registering()
        };
        let given = ["sip:+81399999999@ims.example", "tel:+81-3-1234-5678"];
        assert_eq!(
            told(&preferred, &given, NUMBER),
            [
                "<tel:+81-3-1234-5678>;tag=t",
                "P-Preferred-Identity: <tel:+81-3-1234-5678>"
            ]
        );
        assert_eq!(
            told(&preferred, &given, "0120000000"),
            [
                "<sip:0120000000@ims.example>;tag=t",
                "P-Preferred-Identity: <sip:+81399999999@ims.example>",
            ]
        );
    }

    #[test]
    fn a_registrars_list_of_addresses_is_read() {
        let mut headers = Headers::default();
        let lines = [
            "<sip:+81312345678@ims.example>, <tel:+81312345678>",
            "garbage",
            "<sip:a@b>",
        ];
        for line in lines {
            headers.push(HeaderName::new("p-associated-uri"), line);
        }
        let found: Vec<_> = associated_uris(&headers)
            .iter()
            .map(Uri::to_string)
            .collect();
        assert_eq!(
            found,
            [
                "sip:+81312345678@ims.example",
                "tel:+81312345678",
                "sip:a@b"
            ]
        );
    }
}
