//! The number of an article, short enough to be said on the phone.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The number of an article, which never changes and is given to no other.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct ArticleNumber(pub u32);

/// How many digits it has at least.
const DIGITS: usize = 4;

impl fmt::Display for ArticleNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FAQ-{:04}", self.0)
    }
}

impl ArticleNumber {
    /// The number that a text is, however it is written: `FAQ-0012`, `faq12`, `ＦＡＱ　００１２`.
    pub fn read(text: &str) -> Option<Self> {
        let text = narrow(text);
        let rest = text.trim().strip_prefix("faq")?;
        Self::of_digits(rest.trim_start_matches([' ', '-', '－', '−', '‐', 'ー', ':', 'の']))
    }

    /// The same, and the four digits alone that are left of a number once somebody has heard it.
    pub fn heard(text: &str) -> Option<Self> {
        Self::read(text).or_else(|| {
            let text = narrow(text);
            let digits = text.trim();
            let padded = digits.len() == DIGITS && digits.starts_with('0');
            padded.then(|| Self::of_digits(digits)).flatten()
        })
    }

    fn of_digits(digits: &str) -> Option<Self> {
        let all = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = all.then(|| digits.parse().ok()).flatten()?;
        (number > 0).then_some(Self(number))
    }
}

/// Wide letters as narrow ones, capitals as small ones.
fn narrow(text: &str) -> String {
    let narrow = |letter: char| match letter {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter),
        letter => letter,
    };
    let narrow = text.chars().map(narrow);
    narrow.map(|letter| letter.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_understood_however_it_is_written() {
        for text in [
            "FAQ-0012",
            "faq12",
            " Faq 0012 ",
            "ＦＡＱ－００１２",
            "FAQ　12",
            "FAQの12",
        ] {
            assert_eq!(ArticleNumber::read(text), Some(ArticleNumber(12)), "{text}");
        }
        assert_eq!(ArticleNumber(12).to_string(), "FAQ-0012");
        assert_eq!(ArticleNumber(12_345).to_string(), "FAQ-12345");
        assert_eq!(ArticleNumber::heard("００１２"), Some(ArticleNumber(12)));
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in [
            "",
            "FAQ",
            "FAQ-",
            "FAQ-0000",
            "faq-1a2",
            "FAQ-12番の件",
            "FAQ-99999999999",
            "旅費",
            "9000",
            "03-1234",
            "12",
        ] {
            assert_eq!(ArticleNumber::heard(text), None, "{text}");
        }
        assert_eq!(ArticleNumber::read("0012"), None, "an address is exact");
    }
}
