//! What a cell is worth as a number, for charts and for cells of workbooks.

use unicode_normalization::UnicodeNormalization;

use crate::document::{DocCell, Value};

/// What a number means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A count.
    Count,
    /// A percentage: 99.4, not 0.994.
    Percent,
    /// A length of time in seconds.
    Seconds,
    /// A number with decimals.
    Decimal,
}

/// A number with its meaning.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Number {
    /// What it means.
    pub(crate) kind: Kind,
    /// The number.
    pub(crate) value: f64,
    /// Decimals that were written.
    pub(crate) decimals: usize,
}

impl Number {
    fn new(kind: Kind, value: f64) -> Self {
        Self {
            kind,
            value,
            decimals: 0,
        }
    }

    fn parse(kind: Kind, text: &str) -> Option<Self> {
        let value = plain_number(text)?;
        let decimals = text.split_once('.').map_or(0, |(_, after)| after.len());
        Some(Self {
            kind,
            value,
            decimals,
        })
    }

    /// A percentage as a share of 1, as spreadsheets keep it: the float next to 0.994, not 99.4 ÷ 100.
    pub(crate) fn share(self) -> f64 {
        let digits = format!("{:.*}e-2", self.decimals, self.value);
        digits.parse().unwrap_or(self.value / 100.0)
    }
}

/// The number in a cell. What was published is read; it may also be text without a number.
pub(crate) fn of_cell(cell: &DocCell) -> Option<Number> {
    match cell {
        DocCell::Figure(figure) => of_value(&figure.value),
        DocCell::Published { text, .. } => of_published(text),
        DocCell::Text { .. } | DocCell::Date { .. } | DocCell::Time { .. } | DocCell::Empty => None,
    }
}

/// The number of a value; none for 「－」.
pub(crate) fn of_value(value: &Value) -> Option<Number> {
    match value {
        // Counts of a desk are far below what a float holds exactly.
        Value::Count(count) => Some(Number::new(Kind::Count, *count as f64)),
        Value::Percent(text) => Number::parse(Kind::Percent, text),
        Value::Duration(ms) => {
            let seconds = (*ms as f64 + 500.0).div_euclid(1000.0);
            Some(Number::new(Kind::Seconds, seconds))
        }
        Value::Decimal(text) => Number::parse(Kind::Decimal, text),
        Value::None(_) => None,
    }
}

/// "99.4%", "1,029", "３．４"
fn of_published(text: &str) -> Option<Number> {
    let text: String = text.trim().nfkc().filter(|&letter| letter != ',').collect();
    if let Some(percent) = text.strip_suffix('%') {
        return Number::parse(Kind::Percent, percent);
    }
    let kind = if text.contains('.') {
        Kind::Decimal
    } else {
        Kind::Count
    };
    Number::parse(kind, &text)
}

/// Digits with at most one point and a sign before them: no exponent, no infinity.
fn plain_number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_plain = digits.starts_with(|first: char| first.is_ascii_digit())
        && digits.len() <= 18
        && digits.chars().all(|c| c.is_ascii_digit() || c == '.');
    is_plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn published(text: &str) -> Option<(Kind, f64)> {
        of_published(text).map(|number| (number.kind, number.value))
    }

    #[test]
    fn what_was_published_is_read_as_the_number_that_it_is() {
        assert_eq!(published("99.4%"), Some((Kind::Percent, 99.4)));
        assert_eq!(published("９９．４％"), Some((Kind::Percent, 99.4)));
        assert_eq!(published("1,029"), Some((Kind::Count, 1029.0)));
        assert_eq!(published("-5"), Some((Kind::Count, -5.0)));
        assert_eq!(published("3.4"), Some((Kind::Decimal, 3.4)));
        for text in ["", "－", "1E5", "inf", "NaN", "1.2.3", "約20", "%", "."] {
            assert_eq!(published(text), None, "{text}");
        }
    }

    #[test]
    fn a_percentage_is_the_share_that_is_next_to_it() {
        for (text, share) in [
            ("99.4", 0.994),
            ("99.952", 0.999_52),
            ("100.0", 1.0),
            ("0.6", 0.006),
        ] {
            let number = of_value(&Value::Percent(text.to_owned())).unwrap();
            assert_eq!(number.share(), share);
        }
    }

    #[test]
    fn a_duration_is_worth_its_whole_seconds() {
        for (ms, seconds) in [
            (109_000, 109.0),
            (499, 0.0),
            (500, 1.0),
            (90_000_000, 90_000.0),
        ] {
            assert_eq!(of_value(&Value::Duration(ms)).unwrap().value, seconds);
        }
    }
}
