//! 受付番号: what a ticket is called on the phone and on paper: `R8-00123`.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::era::EraYear;

/// The longest text that is looked at for a number.
const LETTERS_AT_MOST: usize = 40;
/// The most digits of the sequence that a form may ask for.
const DIGITS_AT_MOST: u8 = 9;

/// The number of a ticket: counted within a fiscal year, never given again.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct TicketNumber {
    /// The year in which the fiscal year begins.
    pub fiscal_year: i32,
    /// The place within it, from 1.
    pub sequence: u32,
}

/// How numbers are written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NumberForm {
    /// What stands before the year.
    pub prefix: String,
    /// How the year is written.
    pub year: YearForm,
    /// The sequence has at least so many digits.
    pub digits: u8,
}

/// How the fiscal year is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum YearForm {
    /// R8
    #[default]
    Era,
    /// 2026
    Western,
}

impl Default for NumberForm {
    fn default() -> Self {
        Self {
            prefix: String::new(),
            year: YearForm::Era,
            digits: 5,
        }
    }
}

impl NumberForm {
    /// A number in this form.
    pub fn write(&self, number: TicketNumber) -> String {
        let year = match (self.year, EraYear::of_fiscal_year(number.fiscal_year)) {
            (YearForm::Era, Some(era)) => format!("{}{}", era.letter, era.year),
            _ => number.fiscal_year.to_string(),
        };
        let digits = usize::from(self.digits.min(DIGITS_AT_MOST));
        format!("{}{year}-{:0digits$}", self.prefix, number.sequence)
    }
}

/// In the usual form.
impl fmt::Display for TicketNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&NumberForm::default().write(*self))
    }
}

impl TicketNumber {
    /// The number that a text is, in whatever form it is written: `R8-00123`, `ｒ８－１２３`,
    /// `令和8年度の123番`, `2026-123`. `prefix` may stand before it.
    pub fn read(text: &str, prefix: &str) -> Option<Self> {
        let text = plain(text)?;
        let prefix = plain(prefix)?;
        let text = text.strip_prefix(prefix.as_str()).unwrap_or(&text);
        let (fiscal_year, rest) = year(text)?;
        // Without anything between them nobody can tell where the year ends.
        let between = |letter: char| matches!(letter, '-' | 'の' | '年' | '度' | '第' | '/' | ':');
        let sequence = rest.trim_start_matches(between);
        (sequence.len() < rest.len()).then_some(())?;
        Some(Self {
            fiscal_year,
            sequence: sequence_of(sequence)?,
        })
    }

    /// The same, and the sequence alone of who leaves the year out: `123番` in 令和8年度.
    pub fn heard(text: &str, prefix: &str, this_year: i32) -> Option<Self> {
        Self::read(text, prefix).or_else(|| {
            let text = plain(text)?;
            // A number of four digits or more without zeros before it may be anything else.
            let short =
                text.starts_with('0') || text.ends_with(['番', '号']) || text.chars().count() <= 3;
            let sequence = sequence_of(text.trim_start_matches('第'))?;
            short.then_some(Self {
                fiscal_year: this_year,
                sequence,
            })
        })
    }
}

/// Letters of one width and size without blanks, every dash as `-`.
fn plain(text: &str) -> Option<String> {
    let folded: String = text
        .chars()
        .take(LETTERS_AT_MOST + 1)
        .nfkc()
        .filter(|letter| !letter.is_whitespace())
        .map(|letter| match letter {
            '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | 'ー' | '－' | '─' => '-',
            letter => letter.to_ascii_lowercase(),
        })
        .collect();
    (folded.chars().count() <= LETTERS_AT_MOST).then_some(folded)
}

/// The fiscal year that a text begins with, and the rest.
fn year(text: &str) -> Option<(i32, &str)> {
    // A dash in アール has become `-`.
    let eras = [
        ("令和", 'R'),
        ("れいわ", 'R'),
        ("レイワ", 'R'),
        ("ア-ル", 'R'),
        ("r", 'R'),
        ("平成", 'H'),
        ("h", 'H'),
    ];
    for (name, letter) in eras {
        let Some(rest) = text.strip_prefix(name) else {
            continue;
        };
        if let Some(rest) = rest.strip_prefix('元') {
            return Some((EraYear::western(letter, 1)?, rest));
        }
        let (digits, rest) = leading_digits(rest);
        return Some((EraYear::western(letter, digits.parse().ok()?)?, rest));
    }
    let (digits, rest) = leading_digits(text);
    let year = digits.parse().ok()?;
    (digits.len() == 4 && (1989..=2999).contains(&year)).then_some((year, rest))
}

fn leading_digits(text: &str) -> (&str, &str) {
    let end = text.find(|letter: char| !letter.is_ascii_digit());
    text.split_at(end.unwrap_or(text.len()))
}

fn sequence_of(text: &str) -> Option<u32> {
    let (digits, rest) = leading_digits(text);
    let ends = matches!(rest, "" | "番" | "号");
    let sequence = digits.parse().ok().filter(|sequence| *sequence > 0)?;
    ends.then_some(sequence)
}

#[cfg(test)]
mod tests {
    use super::*;

    const R8_123: TicketNumber = TicketNumber {
        fiscal_year: 2026,
        sequence: 123,
    };

    #[test]
    fn a_number_is_understood_however_it_is_written_or_said() {
        for text in [
            "R8-00123",
            "r8-123",
            " R8 - 00123 ",
            "Ｒ８－００１２３",
            "Ｒ８ー１２３",
            "令和8-123",
            "令和８年度の１２３番",
            "令和8年度第123号",
            "アール8の123",
            "れいわ8の123番",
            "2026-00123",
            "R08-00123",
        ] {
            assert_eq!(TicketNumber::read(text, ""), Some(R8_123), "{text}");
        }
        for text in ["123", "00123", "１２３番", "第123号", "R8-123"] {
            let heard = TicketNumber::heard(text, "", 2026);
            assert_eq!(heard, Some(R8_123), "{text}");
        }
        assert_eq!(TicketNumber::read("Q-R8-123", "Q-"), Some(R8_123));
        assert_eq!(TicketNumber::read("ｑ－R8-123", "Q-"), Some(R8_123));
        assert_eq!(TicketNumber::read("R8-123", "Q-"), Some(R8_123));
    }

    #[test]
    fn the_first_year_of_an_era_is_the_whole_fiscal_year() {
        let first = TicketNumber {
            fiscal_year: 2019,
            sequence: 7,
        };
        assert_eq!(first.to_string(), "R1-00007");
        for text in ["R1-7", "令和元年度の7番", "R元-7"] {
            assert_eq!(TicketNumber::read(text, ""), Some(first), "{text}");
        }
        let before = TicketNumber {
            fiscal_year: 2018,
            sequence: 7,
        };
        assert_eq!(before.to_string(), "H30-00007");
        assert_eq!(TicketNumber::read("H30-7", ""), Some(before));
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in [
            "",
            "R8",
            "R8-",
            "R8-0",
            "R8-12a",
            "R8123",
            "R0-1",
            "R8-99999999999",
            "1234",
            "03-1234-5678",
            "旅費",
            "1234-56",
        ] {
            assert_eq!(TicketNumber::heard(text, "", 2026), None, "{text}");
        }
        assert_eq!(TicketNumber::read("00123", ""), None);
        assert_eq!(TicketNumber::read(&"R8-1".repeat(50), ""), None);
    }

    #[test]
    fn the_form_is_a_setting() {
        let western = NumberForm {
            prefix: "問".to_owned(),
            year: YearForm::Western,
            digits: 6,
        };
        assert_eq!(western.write(R8_123), "問2026-000123");
        let many = TicketNumber {
            sequence: 123_456,
            ..R8_123
        };
        assert_eq!(many.to_string(), "R8-123456");
    }
}
