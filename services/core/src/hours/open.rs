//! From when until when something is open, as files, forms and records have it: `8:00-17:30`.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveTime;
use serde::{Deserialize, Serialize};

/// Midnight at the end of the day.
const MIDNIGHT: &str = "24:00";
/// A day without reception.
const CLOSED: &str = "closed";

/// From when until when of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OpenHours {
    /// The first minute in which callers are received.
    pub opens: NaiveTime,
    /// Until, later than `opens`; `None` for midnight.
    pub closes: Option<NaiveTime>,
}

/// A text tells no hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenHoursFault {
    /// It cannot be read.
    #[error("8:00-17:30 のように、始まりと終わりの時刻を入力してください")]
    Unreadable,
    /// It would close before it opens.
    #[error("終わりの時刻は、始まりの時刻より後にしてください")]
    ClosesFirst,
}

impl FromStr for OpenHours {
    type Err = OpenHoursFault;

    fn from_str(text: &str) -> Result<Self, OpenHoursFault> {
        let unreadable = OpenHoursFault::Unreadable;
        let (opens, closes) = text.split_once(['-', '〜', '～', '－']).ok_or(unreadable)?;
        let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").map_err(|_| unreadable);
        let closes = match closes.trim() {
            MIDNIGHT => None,
            closes => Some(time(closes)?),
        };
        let opens = time(opens.trim())?;
        if closes.is_some_and(|closes| closes <= opens) {
            return Err(OpenHoursFault::ClosesFirst);
        }
        Ok(Self { opens, closes })
    }
}

impl fmt::Display for OpenHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-", self.opens.format("%-H:%M"))?;
        match self.closes {
            Some(closes) => write!(f, "{}", closes.format("%-H:%M")),
            None => f.write_str(MIDNIGHT),
        }
    }
}

impl TryFrom<String> for OpenHours {
    type Error = OpenHoursFault;

    fn try_from(text: String) -> Result<Self, OpenHoursFault> {
        text.parse()
    }
}

impl From<OpenHours> for String {
    fn from(hours: OpenHours) -> Self {
        hours.to_string()
    }
}

/// What holds on one day of every week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum WeekdayHours {
    /// Closed: `closed`.
    Closed,
    /// Open at these hours.
    Open(OpenHours),
}

impl FromStr for WeekdayHours {
    type Err = OpenHoursFault;

    fn from_str(text: &str) -> Result<Self, OpenHoursFault> {
        match text {
            CLOSED => Ok(Self::Closed),
            text => text.parse().map(Self::Open),
        }
    }
}

impl fmt::Display for WeekdayHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str(CLOSED),
            Self::Open(hours) => hours.fmt(f),
        }
    }
}

impl TryFrom<String> for WeekdayHours {
    type Error = OpenHoursFault;

    fn try_from(text: String) -> Result<Self, OpenHoursFault> {
        text.parse()
    }
}

impl From<WeekdayHours> for String {
    fn from(hours: WeekdayHours) -> Self {
        hours.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_read_as_they_are_written_and_nonsense_is_not() {
        for text in ["8:15-20:00", "0:00-24:00", "7:00-23:00"] {
            assert_eq!(text.parse::<OpenHours>().unwrap().to_string(), text);
        }
        let wide = "08:15 〜 20:00".parse::<OpenHours>().unwrap();
        assert_eq!(wide.to_string(), "8:15-20:00");
        for (text, fault) in [
            ("", OpenHoursFault::Unreadable),
            ("8:00", OpenHoursFault::Unreadable),
            ("24:00-8:00", OpenHoursFault::Unreadable),
            ("9:00-9:00", OpenHoursFault::ClosesFirst),
        ] {
            assert_eq!(text.parse::<OpenHours>(), Err(fault), "{text}");
        }
        let closed: WeekdayHours = serde_json::from_str("\"closed\"").unwrap();
        assert_eq!(closed, WeekdayHours::Closed);
        assert_eq!(serde_json::to_string(&closed).unwrap(), "\"closed\"");
    }
}
