//! How a trunk is told who calls: what it expects in the requests of outbound calls.

use serde::{Deserialize, Serialize};

use crate::named;

named! {
    /// The header field in which a trunk wants the number of the caller beside From.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
    pub enum IdentityHeader {
        /// None: From says it.
        #[default]
        None = "none";
        /// P-Asserted-Identity (RFC 3325 9.1), among exchanges that trust each other.
        PAssertedIdentity = "p-asserted-identity";
        /// P-Preferred-Identity (RFC 3325 9.2), towards a carrier that checks it.
        PPreferredIdentity = "p-preferred-identity";
    }
}

named! {
    /// What Privacy (RFC 3323 4.2) says on outbound calls.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
    pub enum OutboundPrivacy {
        /// The header field is left out.
        #[default]
        Off = "off";
        /// `none`: the number is to be shown.
        None = "none";
        /// `id`: the number is to be withheld.
        Id = "id";
    }
}

/// The most digits before a dialled number.
pub const DIAL_PREFIX_DIGITS: usize = 8;

/// Whether a text can stand before a dialled number: 184, 186, the digit for a line outside.
pub fn is_dial_prefix(text: &str) -> bool {
    text.len() <= DIAL_PREFIX_DIGITS
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'*' | b'#'))
}

/// The number as it is dialled through a trunk with this prefix. Short service numbers (110, 119)
/// are dialled as they are, and 184 or 186 is not put before a number that has one of them.
pub fn with_dial_prefix(prefix: &str, number: &str) -> String {
    /// Of numbers that stand for themselves.
    const SERVICE_DIGITS: usize = 3;
    let shows_or_hides = |text: &str| text.starts_with("184") || text.starts_with("186");
    let has_one = shows_or_hides(prefix) && shows_or_hides(number);
    if prefix.is_empty() || number.len() <= SERVICE_DIGITS && !prefix_of_exchange(prefix) || has_one
    {
        return number.to_owned();
    }
    // Behind a prefix the international number has its access code, not "+".
    match number.strip_prefix('+') {
        Some(digits) => format!("{prefix}010{digits}"),
        None => format!("{prefix}{number}"),
    }
}

/// The digit that leads out of a private exchange stands before every number.
fn prefix_of_exchange(prefix: &str) -> bool {
    !matches!(prefix, "184" | "186")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_stand_before_numbers_that_take_them() {
        for (prefix, number, dialled) in [
            ("", "0312345678", "0312345678"),
            ("186", "0312345678", "1860312345678"),
            ("184", "+12025550100", "18401012025550100"),
            ("184", "1860312345678", "1860312345678"),
            ("186", "119", "119"),
            ("0", "119", "0119"),
            ("0", "0312345678", "00312345678"),
        ] {
            assert_eq!(
                with_dial_prefix(prefix, number),
                dialled,
                "{prefix} {number}"
            );
        }
        assert!(is_dial_prefix("186") && is_dial_prefix("") && !is_dial_prefix("+81"));
        assert!(!is_dial_prefix("123456789"));
    }

    #[test]
    fn names_in_settings_are_those_of_the_header_fields() {
        for identity in IdentityHeader::ALL {
            let text = serde_json::to_string(&identity).unwrap();
            assert_eq!(text, format!("\"{}\"", identity.as_str()));
        }
        for privacy in OutboundPrivacy::ALL {
            let text = serde_json::to_string(&privacy).unwrap();
            assert_eq!(text, format!("\"{}\"", privacy.as_str()));
        }
    }
}
