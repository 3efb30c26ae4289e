//! 受付番号: what stands for an inquiry on the telephone.

use std::fmt;

/// The number of an inquiry, from 1: 0012.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReceiptNumber(pub i64);

impl fmt::Display for ReceiptNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.0)
    }
}

impl ReceiptNumber {
    /// The number that somebody typed, with or without zeros before it, in letters of either width.
    pub fn read(text: &str) -> Option<Self> {
        let plain = text.trim().chars().map(|letter| match letter {
            '０'..='９' => char::from_digit(u32::from(letter) - u32::from('０'), 10),
            '0'..='9' => Some(letter),
            _ => None,
        });
        let digits = plain.collect::<Option<String>>()?;
        let number = digits.parse().ok().filter(|number| *number > 0)?;
        Some(Self(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_it_is_said_and_typed() {
        assert_eq!(ReceiptNumber(12).to_string(), "0012");
        assert_eq!(ReceiptNumber(123_456).to_string(), "123456");
        for text in ["12", "0012", " 0012 ", "００１２"] {
            assert_eq!(ReceiptNumber::read(text), Some(ReceiptNumber(12)), "{text}");
        }
        for text in ["", "0", "-1", "十二", "1.5", "99999999999999999999"] {
            assert_eq!(ReceiptNumber::read(text), None, "{text}");
        }
    }
}
