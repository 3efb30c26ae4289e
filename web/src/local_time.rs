//! Dates and times as browsers write them in forms, by the clock of the desk.

use chrono::NaiveDateTime;
use madoguchi_core::time::Instant;

const MINUTE: &str = "%Y-%m-%dT%H:%M";
const SECOND: &str = "%Y-%m-%dT%H:%M:%S";

/// An instant for a field of a form, to the minute.
pub(crate) fn local(at: Instant) -> String {
    at.in_tokyo().format(MINUTE).to_string()
}

/// Reads what a field of a form holds; `None` if it is blank.
///
/// # Errors
/// What is wrong with it, without the stop at its end.
pub(crate) fn read_local(text: &str) -> Result<Option<Instant>, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let read = NaiveDateTime::parse_from_str(text, MINUTE);
    let read = read.or_else(|_| NaiveDateTime::parse_from_str(text, SECOND));
    read.map(|at| Some(Instant::from_tokyo(at)))
        .map_err(|_| "日付と時刻を、2026-11-24T08:30 のように入力してください")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_form_shows_is_read_as_the_same() {
        let at = Instant::from_tokyo("2026-11-24T08:30:00".parse().unwrap());
        assert_eq!(local(at), "2026-11-24T08:30");
        assert_eq!(read_local(&local(at)), Ok(Some(at)));
        assert_eq!(read_local(" "), Ok(None));
        assert!(read_local("昨日").is_err());
    }
}
