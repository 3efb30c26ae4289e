//! A number that is to be called, in the one spelling in which it is judged and dialled.

use crate::phone;

/// Numbers that call for help.
pub const EMERGENCY: [&str; 3] = ["110", "118", "119"];

/// What may stand before a number without changing whom it reaches: 184 and 186 withhold and show the
/// caller's number, 122 leaves the carrier that is otherwise chosen.
const SERVICE_PREFIXES: [&str; 3] = ["184", "186", "122"];
/// So many of them may follow each other.
const SERVICE_PREFIXES_AT_MOST: usize = 4;
/// The longest number: 15 digits of E.164, a carrier's code, 010.
const DIGITS_AT_MOST: usize = 28;
/// A number without a leading 0 that is at least so long begins with a country code: numbers within
/// an area have up to 8 digits.
const COUNTRY_CODE_DIGITS: usize = 9;
/// Lengths of numbers of country code 1, with a digit more or less.
const NORTH_AMERICAN_DIGITS: std::ops::RangeInclusive<usize> = 10..=12;
/// Where 010 may stand behind the code of a carrier that is chosen by call (001, 0033, 009130).
const CARRIER_CODE_DIGITS: std::ops::RangeInclusive<usize> = 3..=6;
/// Country codes of satellites and of networks without a country (Inmarsat, Iridium, Globalstar,
/// Thuraya and others): where stolen minutes are sold.
const SATELLITE: [&str; 8] = ["870", "871", "872", "873", "874", "881", "882", "883"];

/// What kind of number it is, as far as rules tell kinds apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberKind {
    /// 110, 118, 119
    Emergency,
    /// 0990
    Premium,
    /// 0570
    NaviDial,
    /// Abroad, or through a carrier that is chosen by call.
    International,
    /// To a satellite.
    Satellite,
    /// All others.
    Other,
}

/// A number that is to be called.
#[derive(Clone, PartialEq, Eq)]
pub struct OutboundNumber {
    /// Service prefixes, as they were dialled.
    prefix: String,
    number: String,
}

/// Without the number, which belongs into no log.
impl std::fmt::Debug for OutboundNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OutboundNumber")
            .field("kind", &self.kind())
            .finish_non_exhaustive()
    }
}

impl OutboundNumber {
    /// Reads what was dialled, in any common way of writing; `None` if it is no number. Parameters
    /// behind a semicolon do not belong to it.
    pub fn parse(dialled: &str) -> Option<Self> {
        let text = dialled.split(';').next().unwrap_or_default();
        let mut number = one_spelling(text);
        let mut prefix = String::new();
        for _ in 0..SERVICE_PREFIXES_AT_MOST {
            let Some((service, rest)) = strip_service(&number) else {
                break;
            };
            prefix.push_str(service);
            // Behind a prefix a number may be written in any way, too.
            number = one_spelling(rest);
        }
        let digits = number.strip_prefix('+').unwrap_or(&number);
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let fits = digits.len() <= DIGITS_AT_MOST && strip_service(&number).is_none();
        (is_number && fits).then_some(Self { prefix, number })
    }

    /// The number, without service prefixes.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// What is dialled: service prefixes and number.
    pub fn dialled(&self) -> String {
        format!("{}{}", self.prefix, self.number)
    }

    /// What kind of number it is: the first of [`Self::kinds`].
    pub fn kind(&self) -> NumberKind {
        self.kinds().first().copied().unwrap_or(NumberKind::Other)
    }

    /// All that the number is, in every way in which an exchange on the way may read it. Each must be
    /// allowed: behind a carrier's code a premium number is both.
    pub fn kinds(&self) -> Vec<NumberKind> {
        if EMERGENCY.contains(&self.number.as_str()) {
            return vec![NumberKind::Emergency];
        }
        let national = self.national_readings();
        let begins = |with: &str| national.iter().any(|reading| reading.starts_with(with));
        let abroad = self.international_readings();
        let known = [
            (
                abroad.iter().any(|reading| is_satellite(reading)),
                NumberKind::Satellite,
            ),
            (begins("0990"), NumberKind::Premium),
            (begins("0570"), NumberKind::NaviDial),
            (
                !abroad.is_empty() || self.reads_as_north_american(),
                NumberKind::International,
            ),
        ];
        let found = known.into_iter().filter(|(is_so, _)| *is_so);
        let kinds: Vec<_> = found.map(|(_, kind)| kind).collect();
        if kinds.is_empty() {
            return vec![NumberKind::Other];
        }
        kinds
    }

    /// Whether the number begins so in at least one of the ways in which it may be read; of numbers
    /// abroad both are compared with `+`. What is denied is denied in every spelling.
    pub fn may_begin_with(&self, prefix: &str) -> bool {
        let prefix = comparable(&phone::normalize(prefix));
        self.readings()
            .iter()
            .any(|reading| reading.starts_with(&prefix))
    }

    /// Whether the number begins with one of these in every way in which it may be read: what is
    /// allowed must not be read as something else on the way.
    pub fn begins_with_any(&self, prefixes: &[String]) -> bool {
        let prefixes = prefixes.iter().map(|prefix| phone::normalize(prefix));
        let prefixes: Vec<_> = prefixes.map(|prefix| comparable(&prefix)).collect();
        self.readings().iter().all(|reading| {
            prefixes
                .iter()
                .any(|prefix| reading.starts_with(prefix.as_str()))
        })
    }

    /// The number in every way in which an exchange on the way may read it, spelled so that beginnings
    /// can be compared.
    fn readings(&self) -> Vec<String> {
        let mut readings: Vec<String> = self
            .international_readings()
            .into_iter()
            .map(|reading| format!("+{}", reading.trim_start_matches('0')))
            .collect();
        readings.extend(self.national_readings().into_iter().map(str::to_owned));
        if readings.is_empty() {
            readings.push(self.number.clone());
        }
        readings
    }

    /// Behind a trunk that takes numbers from the country code on, 1-860-212-3456 begins like a
    /// service prefix. No number of this country is so short behind one.
    fn reads_as_north_american(&self) -> bool {
        let digits = self.prefix.len() + self.number.len();
        !self.prefix.is_empty() && NORTH_AMERICAN_DIGITS.contains(&digits)
    }

    /// The number from its country code on, in every way in which an exchange on the way may read
    /// it; nothing for numbers within the country.
    fn international_readings(&self) -> Vec<&str> {
        let number = self.number.as_str();
        let mut readings = Vec::new();
        if let Some(rest) = number.strip_prefix('+') {
            readings.push(rest);
        } else if let Some(rest) = number.strip_prefix("010") {
            readings.push(rest);
        } else if let Some(rest) = number.strip_prefix("00") {
            readings.push(rest);
            readings.extend(number.strip_prefix("001"));
            let behind_code = |code| number.get(code..)?.strip_prefix("010");
            readings.extend(CARRIER_CODE_DIGITS.filter_map(behind_code));
        } else if !number.starts_with('0') && number.len() >= COUNTRY_CODE_DIGITS {
            readings.push(number);
        }
        let again = readings.clone();
        readings.extend(
            again
                .iter()
                .filter_map(|reading| reading.strip_prefix("010")),
        );
        readings
    }

    /// The number within the country, as it is and behind the code of a carrier; nothing for numbers
    /// that can only be abroad.
    fn national_readings(&self) -> Vec<&str> {
        let number = self.number.as_str();
        let is_national = |rest: &&str| rest.starts_with('0') && !rest.starts_with("00");
        let is_here = |rest: &&str| is_national(rest) && !rest.starts_with("010");
        if !number.starts_with("00") {
            return Some(number).filter(is_here).into_iter().collect();
        }
        // 001, 00XY, 002YZ, 0091XY (電気通信番号計画).
        let code = match number {
            _ if number.starts_with("001") => 3,
            _ if number.starts_with("002") => 5,
            _ if number.starts_with("0091") => 6,
            _ => 4,
        };
        number.get(code..).filter(is_here).into_iter().collect()
    }
}

/// The spelling that spelling it anew does not change: 0 for +81 may leave another 01081.
fn one_spelling(text: &str) -> String {
    let mut number = phone::normalize(text);
    for _ in 0..DIGITS_AT_MOST {
        let again = phone::normalize(&number);
        if again == number {
            break;
        }
        number = again;
    }
    number
}

fn strip_service(number: &str) -> Option<(&'static str, &str)> {
    SERVICE_PREFIXES.into_iter().find_map(|service| {
        let rest = number.strip_prefix(service)?;
        (!rest.is_empty()).then_some((service, rest))
    })
}

fn is_satellite(reading: &str) -> bool {
    let code = reading.strip_prefix("010").unwrap_or(reading);
    let code = code.trim_start_matches('0');
    SATELLITE.iter().any(|known| code.starts_with(known))
}

fn comparable(number: &str) -> String {
    match number.strip_prefix("010") {
        Some(abroad) => format!("+{abroad}"),
        None => number.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kind(text: &str) -> NumberKind {
        OutboundNumber::parse(text).unwrap().kind()
    }

    #[test]
    fn no_spelling_hides_the_kind_of_a_number() {
        for text in [
            "0990500123",
            "0990-500-123",
            "０９９０５００１２３",
            "+81990500123",
            "+81(0)990500123",
            "01081990500123",
            "1840990500123",
            "186-0990-500-123",
            "184186 0990500123",
            "1220990500123",
            "184+81990500123",
            "0990500123;isub=1234",
            " 0990 500 123 ",
        ] {
            assert_eq!(kind(text), NumberKind::Premium, "{text}");
        }
        for text in [
            "0570000123",
            "+81570000123",
            "184 0570 000 123",
            "0108105700001",
        ] {
            assert_eq!(kind(text), NumberKind::NaviDial, "{text}");
        }
        for text in [
            "010-1-202-555-0100",
            "+1 202 555 0100",
            "0012025550100",
            "001-010-1-202-555-0100",
            "0033010 1 202 555 0100",
            "009130010 44 20 7946 0000",
            "184-010-1-202-555-0100",
            "186+442079460000",
            "122-0033-010-442079460000",
            "12025550100",
            "442079460000",
            "18602123456",
            "12255501000",
            "0077123456",
        ] {
            assert_eq!(kind(text), NumberKind::International, "{text}");
        }
        for text in [
            "010870776000000",
            "+870776000000",
            "00870776000000",
            "0010870776000000",
            "001010881612345678",
            "0033010881612345678",
            "184010882161234567",
            "+81010870776000000",
            "881612345678",
            "+00870776000000",
        ] {
            assert_eq!(kind(text), NumberKind::Satellite, "{text}");
        }
        for (text, both) in [
            ("003309905001234", NumberKind::Premium),
            ("0077-0570-000-123", NumberKind::NaviDial),
            ("0091300990500123", NumberKind::Premium),
            ("184 0033 0990 500 123", NumberKind::Premium),
        ] {
            let kinds = OutboundNumber::parse(text).unwrap().kinds();
            assert_eq!(kinds, [both, NumberKind::International], "{text}");
        }
        for text in [
            "0312345678",
            "12345678",
            "104",
            "0120444444",
            "0180990123",
            "1841",
        ] {
            assert_eq!(kind(text), NumberKind::Other, "{text}");
        }
    }

    #[test]
    fn a_denied_beginning_is_denied_in_every_spelling() {
        let begins = |text: &str, prefix: &str| {
            let number = OutboundNumber::parse(text).unwrap();
            number.may_begin_with(prefix)
        };
        for prefix in ["+7", "0107", "010-7"] {
            for text in [
                "+79001234567",
                "01079001234567",
                "0079001234567",
                "79001234567",
                "00179001234567",
                "0033010790012345678",
                "0010107900123456",
                "184-010-7900-123-456",
            ] {
                assert!(begins(text, prefix), "{text} {prefix}");
            }
            assert!(!begins("+442079460000", prefix) && !begins("07012345678", prefix));
        }
        for text in [
            "09012345678",
            "+819012345678",
            "007709012345678",
            "0033090123456789",
        ] {
            assert!(begins(text, "090"), "{text}");
        }
    }

    #[test]
    fn what_is_allowed_begins_so_however_it_is_read() {
        let allowed = |text: &str, prefixes: &[&str]| {
            let prefixes: Vec<_> = prefixes.iter().map(|&prefix| prefix.to_owned()).collect();
            OutboundNumber::parse(text)
                .unwrap()
                .begins_with_any(&prefixes)
        };
        assert!(allowed("0312345678", &["03", "06"]) && allowed("+81312345678", &["03"]));
        assert!(allowed("01012025550100", &["+1"]) && allowed("12025550100", &["+1"]));
        assert!(allowed("104", &["1"]) && !allowed("0612345678", &["03"]));
        // Behind a code it may be a number abroad as well.
        assert!(!allowed("00330312345678", &["03"]));
    }

    #[test]
    fn what_is_no_number_is_none() {
        let long = "0".repeat(40);
        let services = format!("{}0312345678", "184".repeat(9));
        for text in [
            "",
            "+",
            "++12025550100",
            "03x",
            "0312345678,,1",
            "*30990500123",
            "#0990",
            "%30990500123",
            "٠٩٩٠٥٠٠١٢٣",
            "03+12345678",
            ";isub=1",
            &long,
            &services,
        ] {
            assert!(OutboundNumber::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn what_is_dialled_is_what_was_judged() {
        let dialled = |text| OutboundNumber::parse(text).unwrap().dialled();
        assert_eq!(dialled("184-03-1234-5678"), "1840312345678");
        assert_eq!(dialled("186 +81 3 1234 5678"), "1860312345678");
        assert_eq!(dialled("03(1234)5678;phone-context=x"), "0312345678");
    }

    proptest! {
        /// Whatever stands around and between the digits: if it is taken for a number at all, it is
        /// dialled as plain digits of which the same is said.
        #[test]
        fn a_number_that_is_read_again_is_the_same(text in "[0-9０-９+＋ ()/.-]{0,24}") {
            if let Some(number) = OutboundNumber::parse(&text) {
                let again = OutboundNumber::parse(&number.dialled()).unwrap();
                prop_assert_eq!(again.kind(), number.kind());
                prop_assert_eq!(again.dialled(), number.dialled());
            }
        }
    }
}
