//! The days whose signals or voice a page sums up.

use axum::http::StatusCode;
use chrono::{Days, NaiveDate};
use serde::Deserialize;

use crate::error::WebError;
use crate::query::Period;

/// Days before today that are shown if nothing is asked.
const DAYS_BEFORE: u64 = 6;
/// Days of a period at the most.
const DAYS_AT_MOST: i64 = 92;

/// The days as somebody asks for them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DaysQuery {
    from: String,
    to: String,
}

/// The days of a page: as its form shows them, and the period, or why there is none.
pub(super) struct ShownDays {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) period: Option<Period>,
    pub(super) refused: Option<String>,
}

impl DaysQuery {
    pub(super) fn read(self, today: NaiveDate) -> Result<ShownDays, WebError> {
        let first = today.checked_sub_days(Days::new(DAYS_BEFORE));
        let from = match first {
            Some(first) if self.from.is_empty() && self.to.is_empty() => first.to_string(),
            _ => self.from,
        };
        let read = Period::read(&from, &self.to, today);
        match read.and_then(|period| period.at_most(DAYS_AT_MOST)) {
            Ok(period) => Ok(ShownDays {
                from: period.from.to_string(),
                to: period.to.to_string(),
                period: Some(period),
                refused: None,
            }),
            Err(WebError::BadRequest(why)) => Ok(ShownDays {
                from,
                to: self.to,
                period: None,
                refused: Some(why),
            }),
            Err(error) => Err(error),
        }
    }
}

impl ShownDays {
    pub(super) fn status(&self) -> StatusCode {
        if self.refused.is_some() {
            StatusCode::BAD_REQUEST
        } else {
            StatusCode::OK
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(from: &str, to: &str) -> ShownDays {
        let (from, to) = (from.to_owned(), to.to_owned());
        let today = "2026-11-24".parse().unwrap();
        DaysQuery { from, to }.read(today).unwrap()
    }

    #[test]
    fn a_week_is_shown_where_nothing_is_asked_and_nonsense_stays_as_it_was_typed() {
        let week = read("", "");
        assert_eq!((&*week.from, &*week.to), ("2026-11-18", "2026-11-24"));
        for (from, to) in [
            ("x", ""),
            ("2026-11-24", "2026-11-23"),
            ("2026-01-01", "2026-11-24"),
        ] {
            let days = read(from, to);
            assert_eq!((&*days.from, &*days.to), (from, to));
            assert!(days.period.is_none() && days.refused.is_some(), "{from}");
        }
    }
}
