//! Who calls and whom, as a trunk's INVITE tells it: what may be shown of the caller (RFC 3323,
//! RFC 3325, TTC JJ-90.30), and which number was dialled.

use madoguchi_core::caller::{CalledNumber, Caller, NoNumberReason};
use madoguchi_core::setup::DialledSource;
use madoguchi_sip::header::NameAddr;
use madoguchi_sip::message::{HeaderName, Request};
use madoguchi_sip::privacy;
use madoguchi_sip::uri::{Host, Uri};

/// The caller of an INVITE. P-Asserted-Identity counts before From if the trunk is `trusted` with
/// it (RFC 3325 5), and neither if the caller wishes to be withheld.
pub(super) fn caller_of(invite: &Request, trusted: bool) -> Caller {
    let from = invite.from();
    let asserted = invite.headers.list(&HeaderName::PAssertedIdentity);
    let asserted: Vec<NameAddr> = asserted
        .filter(|_| trusted)
        .filter_map(|text| text.parse().ok())
        .collect();
    let withheld = privacy::withholds_identity(&invite.headers);
    let shown = asserted.iter().chain(&from).find_map(shown_by);
    if let Some(caller) = shown.filter(|_| !withheld) {
        return caller;
    }
    let is_payphone = |address: &NameAddr| {
        let category = address.uri.subscriber().calling_party_category;
        category.is_some_and(|category| category.eq_ignore_ascii_case("payphone"))
    };
    if from.iter().chain(&asserted).any(is_payphone) {
        return Caller::without_number(NoNumberReason::Payphone);
    }
    let told = from.iter().chain(&asserted).find_map(reason_told_by);
    let otherwise = if withheld {
        NoNumberReason::Withheld
    } else {
        NoNumberReason::Unavailable
    };
    Caller::without_number(told.unwrap_or(otherwise))
}

/// The number (or name) by which an address shows a caller; `None` if it stands for nobody.
fn shown_by(address: &NameAddr) -> Option<Caller> {
    let subscriber = address.uri.subscriber();
    let shows = !subscriber.number.is_empty() && reason_told_by(address).is_none();
    shows.then(|| Caller::from(subscriber.number).with_subaddress(subscriber.subaddress))
}

/// Why an address that stands for nobody has no number: by its display name (TTC JJ-90.30), its
/// user part, or a host as in `anonymous.invalid` (RFC 3323 4.1.1.3).
fn reason_told_by(address: &NameAddr) -> Option<NoNumberReason> {
    let by_name = address.display.as_deref().and_then(NoNumberReason::of_word);
    let by_user = || NoNumberReason::instead_of_number(&address.uri.subscriber().number);
    let by_host = || match &address.uri.host {
        Host::Name(name) => {
            // A name may end with the dot of the root.
            let name = name.trim_end_matches('.');
            NoNumberReason::of_word(name.strip_suffix(".invalid")?)
        }
        _ => None,
    };
    by_name.or_else(by_user).or_else(by_host)
}

/// The number that was dialled: the first of `sources` that holds a telephone number, or whatever
/// `is_known` knows as a line's, decides.
pub(super) fn dialled_number(
    invite: &Request,
    sources: &[DialledSource],
    is_known: impl Fn(&str) -> bool,
) -> Option<CalledNumber> {
    let uri_of = |source: &DialledSource| -> Option<Uri> {
        match source {
            DialledSource::RequestUri => Some(invite.uri.clone()),
            DialledSource::To => Some(invite.to()?.uri),
            DialledSource::PCalledPartyId => {
                let mut values = invite.headers.list(&HeaderName::PCalledPartyId);
                Some(values.next()?.parse::<NameAddr>().ok()?.uri)
            }
        }
    };
    sources.iter().filter_map(uri_of).find_map(|uri| {
        let subscriber = uri.subscriber();
        let decides = subscriber.is_number() || is_known(&subscriber.number);
        decides
            .then(|| CalledNumber::from(subscriber.number).with_subaddress(subscriber.subaddress))
    })
}

#[cfg(test)]
mod tests {
    use madoguchi_sip::message::Message;
    use madoguchi_sip::parse::parse_datagram;

    use super::*;

    fn invite(uri: &str, headers: &[&str]) -> Request {
        let more: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
        let text = format!(
            "INVITE {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1\r\n\
             Call-ID: 1\r\nCSeq: 1 INVITE\r\nContact: <sip:a@127.0.0.1>\r\n{more}\
             Content-Length: 0\r\n\r\n"
        );
        match parse_datagram(text.as_bytes()).unwrap() {
            Message::Request(request) => request,
            Message::Response(_) => panic!(),
        }
    }

    /// RFC 3323 4.1.1.3, with the dot that may end any name.
    #[test]
    fn an_anonymous_host_shows_nobody_however_its_name_ends() {
        for host in [
            "anonymous.invalid",
            "anonymous.invalid.",
            "ANONYMOUS.Invalid.",
        ] {
            let told = reason(&format!("<sip:0451112222@{host}>"), &[]);
            assert_eq!(told, Some(NoNumberReason::Withheld), "{host}");
        }
    }

    fn caller(from: &str, more: &[&str]) -> Caller {
        let from = format!("From: {from};tag=1");
        let mut headers = vec![from.as_str(), "To: <sip:desk@127.0.0.1>"];
        headers.extend(more);
        caller_of(&invite("sip:desk@127.0.0.1", &headers), true)
    }

    fn reason(from: &str, more: &[&str]) -> Option<NoNumberReason> {
        let caller = caller(from, more);
        assert_eq!(caller.number(), "", "{from} {more:?}");
        assert_eq!(caller.subaddress(), None);
        caller.no_number_reason()
    }

    const ANONYMOUS: &str = "\"Anonymous\" <sip:anonymous@anonymous.invalid>";
    const ASSERTED: &str = "P-Asserted-Identity: <tel:+81451112222;isub=9>";

    #[test]
    fn a_caller_who_asks_for_privacy_is_not_shown() {
        for privacy in [
            "Privacy: id",
            "Privacy: user;ID",
            "privacy: Header",
            "PRIVACY: critical;id",
            "Privacy: none\r\nPrivacy: id",
        ] {
            for from in [ANONYMOUS, "<sip:0451112222;isub=9@carrier.example>"] {
                let told = reason(from, &[ASSERTED, privacy]);
                assert_eq!(told, Some(NoNumberReason::Withheld), "{privacy}");
            }
        }
        for privacy in ["Privacy: none", "Privacy: session", "X-Other: id"] {
            let shown = caller(ANONYMOUS, &[ASSERTED, privacy]);
            assert_eq!(shown.number(), "+81451112222", "{privacy}");
            assert_eq!(shown.subaddress(), Some("9"));
            assert_eq!(shown.no_number_reason(), None);
        }
    }

    #[test]
    fn an_asserted_identity_counts_only_from_trusted_trunks() {
        let headers = [
            "From: <sip:201@pbx.example>;tag=1",
            "To: <sip:desk@127.0.0.1>",
            ASSERTED,
        ];
        let invite = invite("sip:desk@127.0.0.1", &headers);
        assert_eq!(caller_of(&invite, true).number(), "+81451112222");
        assert_eq!(caller_of(&invite, false).number(), "201");
    }

    #[test]
    fn why_there_is_no_number_is_told_by_name_user_or_host() {
        use NoNumberReason::{Payphone, ServiceInteraction, Unavailable, Withheld};
        for (from, expected) in [
            (ANONYMOUS, Withheld),
            ("anonymous <sip:Anonymous@carrier.example>", Withheld),
            ("<sip:anonymous@carrier.example>", Withheld),
            ("<sip:%22Anonymous%22@carrier.example>", Withheld),
            ("<sip:0451112222@anonymous.invalid>", Withheld),
            ("\"ANONYMOUS\" <sip:0451112222@carrier.example>", Withheld),
            ("<sip:restricted@carrier.example>", Withheld),
            (
                "\"Unavailable\" <sip:unavailable@unknown.invalid>",
                Unavailable,
            ),
            ("<sip:c@unknown.invalid>", Unavailable),
            ("\"unknown\" <sip:asterisk@carrier.example>", Unavailable),
            ("<sip:carrier.example>", Unavailable),
            (
                "\"Interaction with other service\" <sip:anonymous@anonymous.invalid>",
                ServiceInteraction,
            ),
            (
                "Coin line/payphone <sip:anonymous@anonymous.invalid>",
                Payphone,
            ),
            ("<sip:anonymous;cpc=payphone@anonymous.invalid>", Payphone),
            ("<sip:C@carrier.example>", Payphone),
        ] {
            assert_eq!(reason(from, &[]), Some(expected), "{from}");
        }
        let coin = "P-Asserted-Identity: <tel:+81451112222;cpc=payphone>";
        assert_eq!(reason(ANONYMOUS, &[coin, "Privacy: id"]), Some(Payphone));
        let asserted = "P-Asserted-Identity: <sip:unavailable@unknown.invalid>";
        assert_eq!(
            caller("<sip:0451112222@x>", &[asserted]).number(),
            "0451112222"
        );
    }

    #[test]
    fn parameters_of_numbers_are_no_part_of_them_on_either_side() {
        let from = "<sip:045-111-2222;isub=12;cpc=ordinary;phone-context=+81@carrier.example>";
        let shown = caller(from, &[]);
        assert_eq!(
            (shown.number(), shown.subaddress()),
            ("0451112222", Some("12"))
        );
        let headers = ["From: <sip:a@b>;tag=1", "To: <sip:desk@127.0.0.1>"];
        for uri in [
            "sip:0312345678;npdi;rn=0399@127.0.0.1",
            "sip:0312345678%3Bnpdi@127.0.0.1;user=phone",
            "tel:03-1234-5678;phone-context=+81",
        ] {
            let request = invite(uri, &headers);
            let dialled = dialled_number(&request, &DialledSource::DEFAULT, |_| false).unwrap();
            assert_eq!(dialled.number(), "0312345678", "{uri}");
        }
    }

    #[test]
    fn the_first_source_that_holds_a_number_decides() {
        use DialledSource::{PCalledPartyId, RequestUri, To};
        let headers = [
            "From: <sip:a@b>;tag=1",
            "To: \"x, y\" <tel:+81322222222>",
            "P-Called-Party-ID: <sip:0333333333@carrier.example>",
        ];
        let find = |uri: &str, headers: &[&str], sources: &[DialledSource]| {
            let found = dialled_number(&invite(uri, headers), sources, |name| name == "help");
            found.map(|dialled| dialled.number().to_owned())
        };
        let desk = "sip:desk@127.0.0.1";
        let dialled = "sip:0311111111@127.0.0.1";
        let some = |number: &str| Some(number.to_owned());
        for (uri, headers, sources, expected) in [
            (
                dialled,
                &headers[..],
                &[RequestUri, To][..],
                some("0311111111"),
            ),
            (desk, &headers, &[RequestUri, To], some("+81322222222")),
            (desk, &headers, &[RequestUri], None),
            (
                dialled,
                &headers,
                &DialledSource::DEFAULT,
                some("0333333333"),
            ),
            (
                dialled,
                &headers[..2],
                &DialledSource::DEFAULT,
                some("0311111111"),
            ),
            (
                desk,
                &headers[..2],
                &DialledSource::DEFAULT,
                some("+81322222222"),
            ),
            (desk, &headers[..2], &[PCalledPartyId], None),
            (
                "sip:help@127.0.0.1",
                &headers,
                &[RequestUri, To],
                some("help"),
            ),
        ] {
            assert_eq!(find(uri, headers, sources), expected, "{uri} {sources:?}");
        }
    }
}
