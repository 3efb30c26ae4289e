//! The cells of a table as they are read on paper.

use chrono::Timelike;
use madoguchi_core::era::japanese_date;
use madoguchi_core::time::Instant;
use madoguchi_reports::document::{DocCell, DocColumn};

/// The text of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CellText {
    /// The text; lines end with LF.
    pub(crate) text: String,
    /// It stands at the right, as numbers do.
    pub(crate) right: bool,
}

impl CellText {
    /// Text at the left.
    pub(crate) fn left(text: String) -> Self {
        Self { text, right: false }
    }
}

/// 件数（件）
pub(super) fn head_text(column: &DocColumn) -> String {
    match &column.unit {
        Some(unit) => format!("{}（{unit}）", column.name),
        None => column.name.clone(),
    }
}

pub(super) fn cell_text(cell: &DocCell) -> CellText {
    match cell {
        DocCell::Text { text } => CellText::left(text.clone()),
        DocCell::Date { date } => CellText::left(japanese_date(*date)),
        DocCell::Time { at } => CellText::left(date_and_time(*at)),
        DocCell::Figure(figure) => CellText {
            text: figure.value.text(),
            right: true,
        },
        DocCell::Published { text, .. } => CellText {
            right: is_number(text),
            text: text.clone(),
        },
        DocCell::Empty => CellText::left(String::new()),
    }
}

/// Digits with their signs, and 「－」, as other numbers of the column.
fn is_number(text: &str) -> bool {
    let sign = |letter| matches!(letter, ',' | '.' | '%' | '％' | ':' | '-' | '－' | '△');
    let number = |letter: char| letter.is_ascii_digit() || sign(letter);
    !text.is_empty() && text.chars().all(number)
}

/// 令和6年4月1日 0:00, in Asia/Tokyo; with seconds, if they are not 0.
pub(crate) fn date_and_time(at: Instant) -> String {
    let local = at.in_tokyo();
    let (hour, minute, second) = (local.hour(), local.minute(), local.second());
    let date = japanese_date(at.date());
    match second {
        0 => format!("{date} {hour}:{minute:02}"),
        _ => format!("{date} {hour}:{minute:02}:{second:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_shown_as_tokyo_sees_it() {
        let at = |utc: &str| {
            let utc = chrono::DateTime::parse_from_rfc3339(utc).unwrap();
            date_and_time(Instant(utc.timestamp_millis()))
        };
        assert_eq!(at("2024-03-31T15:00:00Z"), "令和6年4月1日 0:00");
        assert_eq!(at("2024-03-31T14:59:59Z"), "令和6年3月31日 23:59:59");
        assert_eq!(at("2019-04-30T15:00:00Z"), "令和元年5月1日 0:00");
    }

    #[test]
    fn what_was_published_stands_where_its_numbers_stand() {
        for (text, right) in [
            ("99.4%", true),
            ("1,029", true),
            ("－", true),
            ("実測", false),
            ("", false),
        ] {
            let cell = DocCell::Published {
                text: text.to_owned(),
                source: String::new(),
            };
            assert_eq!(cell_text(&cell).right, right, "{text}");
        }
    }
}
