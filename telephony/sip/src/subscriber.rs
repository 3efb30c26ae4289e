//! The telephone-subscriber in a URI (RFC 3966, RFC 3261 19.1.6): the number, and what may follow
//! it in the user part of SIP URIs as well as in tel URIs.

use crate::uri::{Scheme, Uri, unescape};

/// No subaddress is longer (ITU-T X.213 A.2: 20 octets, written as two digits each).
const SUBADDRESS_LETTERS_AT_MOST: usize = 40;

/// The country code of Japan, whose numbers have 9 or 10 digits behind it.
const JAPAN: &str = "+81";
/// In other countries shorter numbers are taken for services (110, 911), which have no global form.
const LOCAL_DIGITS_AT_LEAST: usize = 5;
/// The longest number (ITU-T E.164 6.2.1).
const GLOBAL_DIGITS_AT_MOST: usize = 15;

/// A subscriber as far as a call needs it. What else may follow a number (`npdi`, `rn`, `ext`,
/// `oli` …) is for the networks between.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subscriber {
    /// The number without visual separators; any other user part as it is.
    pub number: String,
    /// The ISDN subaddress (`isub`).
    pub subaddress: Option<String>,
    /// What kind of telephone calls (`cpc`, draft-mahy-iptel-cpc): `ordinary`, `payphone` …
    pub calling_party_category: Option<String>,
    /// Where a local number holds (`phone-context`).
    context: Option<String>,
}

/// The parameter that says where a local number holds (RFC 3966 5.1.5).
const CONTEXT: &str = "phone-context";

impl Subscriber {
    /// Whether it has digits to dial, not a name.
    pub fn is_number(&self) -> bool {
        is_dialable(&self.number)
    }
}

impl Uri {
    /// The subscriber that the URI names; its number is empty if it names none.
    pub fn subscriber(&self) -> Subscriber {
        let user = self.user.as_deref().unwrap_or_default();
        let (number, behind) = user.split_once(';').unwrap_or((user, ""));
        let mut subscriber = Subscriber {
            number: without_separators(number.trim()),
            ..Subscriber::default()
        };
        for param in behind.split(';') {
            let (name, value) = param.split_once('=').unwrap_or((param, ""));
            subscriber.take(name.trim(), value.trim());
        }
        // In a SIP URI these stand in the user part; some write them behind the host all the same.
        for name in ["isub", "cpc", CONTEXT] {
            if let Some(value) = self.params.get(name) {
                subscriber.take(name, value);
            }
        }
        subscriber.complete();
        if self.scheme != Scheme::Tel && !subscriber.is_number() && behind.is_empty() {
            subscriber.number = user.to_owned();
        }
        subscriber
    }
}

impl Subscriber {
    fn take(&mut self, name: &str, value: &str) {
        let value = unescape(value.trim_matches('"')).unwrap_or_default();
        let is_sound = !value.is_empty()
            && value.chars().count() <= SUBADDRESS_LETTERS_AT_MOST
            && !value.chars().any(char::is_control);
        if !is_sound {
            return;
        }
        if name.eq_ignore_ascii_case("isub") {
            self.subaddress.get_or_insert(value);
        } else if name.eq_ignore_ascii_case("cpc") {
            self.calling_party_category.get_or_insert(value);
        } else if name.eq_ignore_ascii_case(CONTEXT) {
            self.context.get_or_insert(value);
        }
    }

    /// A local number whose context is the beginning of global numbers becomes a global one, as
    /// carriers mean it. The standard promises no such thing (RFC 3966 5.1.5: 911 in +1 is no
    /// +1911), so that only what then has the length of a number is taken for one; nor is a number
    /// with a leading 0, which is dialled as it stands.
    fn complete(&mut self) {
        let Some(context) = self.context.as_deref().map(without_separators) else {
            return;
        };
        let is_digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let begins = context.strip_prefix('+').is_some_and(is_digits);
        if !begins || !is_digits(&self.number) || self.number.starts_with('0') {
            return;
        }
        let global = format!("{context}{}", self.number);
        let fits = match global.strip_prefix(JAPAN) {
            Some(national) => (9..=10).contains(&national.len()),
            None => {
                self.number.len() >= LOCAL_DIGITS_AT_LEAST
                    && global.len() <= GLOBAL_DIGITS_AT_MOST + 1
            }
        };
        if fits {
            self.number = global;
        }
    }
}

/// A number without the marks that are only for the eye (RFC 3966 5.1.1); a name as it is.
fn without_separators(text: &str) -> String {
    let bare: String = text
        .chars()
        .filter(|letter| !matches!(letter, '-' | '.' | '(' | ')' | ' '))
        .collect();
    if is_dialable(&bare) {
        bare
    } else {
        text.to_owned()
    }
}

fn is_dialable(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    !digits.is_empty()
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'*' | b'#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(uri: &str) -> Subscriber {
        uri.parse::<Uri>().unwrap().subscriber()
    }

    #[test]
    fn what_follows_a_number_is_no_part_of_it() {
        for uri in [
            "sip:0312345678@carrier.example",
            "sip:0312345678;isub=1234@carrier.example;user=phone",
            "sip:0312345678;cpc=ordinary;oli=00@carrier.example",
            "sip:0312345678;npdi;rn=0399999999@carrier.example",
            "sip:0312345678;phone-context=+81@carrier.example",
            "sip:0312345678;ext=22@carrier.example",
            "sip:0312345678%3Bisub%3D1234@carrier.example",
            "sip:03-1234-5678;phone-context=carrier.example@carrier.example",
            "sip:(03)1234.5678@carrier.example",
            "sip:0312345678;ISUB=1;Phone-Context=x:secret@carrier.example",
            "tel:0312345678;phone-context=+81",
            "tel:03-1234-5678;npdi;rn=+81399999999;cpc=payphone",
            "tel:0312345678;isub=1234;ext=1;oli=2",
        ] {
            assert_eq!(of(uri).number, "0312345678", "{uri}");
            assert!(of(uri).is_number());
        }
        assert_eq!(of("tel:+81-3-1234-5678;isub=7").number, "+81312345678");
    }

    #[test]
    fn a_local_number_in_the_context_of_a_country_or_area_is_a_global_one() {
        for uri in [
            "tel:3-1234-5678;phone-context=+81",
            "tel:12345678;phone-context=+813",
            "tel:1234-5678;phone-context=+81-3",
            "sip:312345678;phone-context=+81@carrier.example",
            "sip:312345678;phone-context=%2B81@carrier.example;user=phone",
            "sip:312345678@carrier.example;phone-context=+81",
            "tel:312345678;isub=7;Phone-Context=+81;cpc=ordinary",
        ] {
            assert_eq!(of(uri).number, "+81312345678", "{uri}");
        }
        for (uri, number) in [
            ("tel:90-1234-5678;phone-context=+81", "+819012345678"),
            ("tel:863-1234;phone-context=+1-914", "+19148631234"),
            // What is no beginning of a global number changes nothing.
            ("tel:0312345678;phone-context=+81", "0312345678"),
            ("tel:+81312345678;phone-context=+81", "+81312345678"),
            ("tel:312345678;phone-context=carrier.example", "312345678"),
            ("tel:312345678;phone-context=81", "312345678"),
            ("tel:312345678;phone-context=+", "312345678"),
            ("tel:312345678;phone-context=+81x", "312345678"),
            ("sip:desk;phone-context=+81@carrier.example", "desk"),
        ] {
            assert_eq!(of(uri).number, number, "{uri}");
        }
    }

    /// RFC 3966 5.1.5.
    #[test]
    fn a_short_number_of_a_service_has_no_global_form() {
        for (uri, number) in [
            ("tel:110;phone-context=+81", "110"),
            ("sip:119;phone-context=+813@desk", "119"),
            ("tel:911;phone-context=+1", "911"),
            ("tel:1860312345678;phone-context=+81", "1860312345678"),
            ("sip:201;phone-context=+81@desk", "201"),
            ("sip:*1;phone-context=+81@desk", "*1"),
        ] {
            assert_eq!(of(uri).number, number, "{uri}");
        }
    }

    #[test]
    fn subaddress_and_category_are_kept() {
        for uri in [
            "sip:0312345678;isub=12%3034;cpc=payphone@carrier.example",
            "sip:0312345678%3Bisub=12034%3Bcpc=payphone@carrier.example",
            "tel:0312345678;cpc=payphone;isub=12034",
            "sip:0312345678@carrier.example;isub=12034;cpc=payphone",
        ] {
            let subscriber = of(uri);
            assert_eq!(subscriber.subaddress.as_deref(), Some("12034"), "{uri}");
            let category = subscriber.calling_party_category;
            assert_eq!(category.as_deref(), Some("payphone"), "{uri}");
        }
        let long = format!("tel:0312345678;isub={}", "1".repeat(4_000));
        assert_eq!(of(&long).subaddress, None);
        assert_eq!(of("tel:0312345678;isub").subaddress, None);
    }

    #[test]
    fn names_are_no_numbers() {
        for (uri, name) in [
            ("sip:desk@carrier.example", "desk"),
            ("sip:first.last@carrier.example", "first.last"),
            ("sip:anonymous;cpc=payphone@anonymous.invalid", "anonymous"),
            ("sip:carrier.example", ""),
            ("sip:+@carrier.example", "+"),
        ] {
            assert_eq!(of(uri).number, name);
            assert!(!of(uri).is_number(), "{uri}");
        }
        for uri in ["sip:*1@desk", "sip:%231@desk", "sip:+12025550100@x"] {
            assert!(of(uri).is_number(), "{uri}");
        }
    }
}
