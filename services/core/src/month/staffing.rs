//! How the desk works, as far as nothing measures it: what 見通しと要員 is computed with, and the shifts that
//! people can work.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::settings::TenthsOfPercent;
use crate::setup::FieldError;

/// The kind of [`StaffingSettings`] in the store, of which there is one.
pub const STAFFING_SETTINGS: &str = "staffing_settings";
/// The id of the one [`StaffingSettings`] in the store.
pub const STAFFING_SETTINGS_ID: &str = "staffing";

/// Shifts at the most: a plan is searched among all that they allow.
const SHIFTS: usize = 8;
/// The longest name of a shift.
const NAME_LETTERS: usize = 20;
/// Half hours of a day.
const HALF_HOURS: u8 = 48;
/// What stands before the pause of a shift.
const PAUSE: &str = "休憩";
/// Seconds of patience and of handling that are reckoned with.
const PATIENCE_SECS: std::ops::RangeInclusive<u32> = 10..=3_600;
const AHT_SECS: std::ops::RangeInclusive<u32> = 10..=7_200;

/// What is set for 見通しと要員.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StaffingSettings {
    /// After so many seconds a caller gives up, on average.
    pub patience_secs: u32,
    /// 欠務率: the share of the paid time in which people are not at the phone.
    pub shrinkage: TenthsOfPercent,
    /// The largest share of callers who may find all lines busy.
    pub blocking: TenthsOfPercent,
    /// Mean handling time in seconds; `None`: as it was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aht_secs: Option<u32>,
    /// The shifts that people can work.
    pub shifts: Vec<WorkShift>,
}

impl Default for StaffingSettings {
    fn default() -> Self {
        Self {
            patience_secs: 120,
            shrinkage: TenthsOfPercent(300),
            blocking: TenthsOfPercent(10),
            aht_secs: None,
            shifts: Vec::new(),
        }
    }
}

impl StaffingSettings {
    /// What is wrong with it.
    pub fn faults(&self) -> Vec<FieldError> {
        let mut faults = Vec::new();
        let mut within = |field: &str, value: u32, range: std::ops::RangeInclusive<u32>| {
            if !range.contains(&value) {
                let (first, last) = (range.start(), range.end());
                let message = format!("{first}から{last}までの数字を入力してください");
                faults.push(FieldError::new(field, message));
            }
        };
        within("patience_secs", self.patience_secs, PATIENCE_SECS);
        if let Some(secs) = self.aht_secs {
            within("aht_secs", secs, AHT_SECS);
        }
        if self.shrinkage.0 > 900 {
            faults.push(FieldError::new(
                "shrinkage",
                "0から90までの数字を、小数第1位までで入力してください",
            ));
        }
        if !(1..=500).contains(&self.blocking.0) {
            let message = "0.1から50までの数字を、小数第1位までで入力してください";
            faults.push(FieldError::new("blocking", message));
        }
        faults.extend(self.shift_fault());
        faults
    }

    fn shift_fault(&self) -> Option<FieldError> {
        let fault = |message: String| Some(FieldError::new("shifts", message));
        if self.shifts.len() > SHIFTS {
            return fault(format!("{SHIFTS}種類以内で入力してください"));
        }
        for (at, shift) in self.shifts.iter().enumerate() {
            let name = &shift.name;
            if name.chars().count() > NAME_LETTERS {
                let message =
                    format!("勤務の名前は{NAME_LETTERS}文字以内で入力してください：{name}");
                return fault(message);
            }
            let mut before = self.shifts.iter().take(at);
            if before.any(|other| other.name == *name) {
                return fault(format!("同じ名前の勤務が2つあります：{name}"));
            }
            if shift.hours.is_empty() {
                let message = format!("終わりの時刻を、始まりより後にしてください：{name}");
                return fault(message);
            }
            if shift.pause.is_some_and(|pause| !shift.can_pause(pause)) {
                return fault(format!("休憩を、勤務の時間の中にしてください：{name}"));
            }
        }
        None
    }
}

/// Time between two half hours of a day, counted from midnight: 16 to 33 is 8:00-16:30.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HalfHourSpan {
    /// Its first half hour,
    pub from: u8,
    /// and the one after its last.
    pub until: u8,
}

impl HalfHourSpan {
    /// Nothing lies in it.
    pub fn is_empty(self) -> bool {
        self.from >= self.until || self.until > HALF_HOURS
    }
}

/// A shift that people can work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkShift {
    /// What it is called: 早番.
    pub name: String,
    /// When it is worked.
    pub hours: HalfHourSpan,
    /// The pause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<HalfHourSpan>,
}

impl WorkShift {
    fn can_pause(&self, pause: HalfHourSpan) -> bool {
        // Some work is left before it and after it.
        !pause.is_empty() && pause.from > self.hours.from && pause.until < self.hours.until
    }
}

/// As people type it: 8:00-16:30.
impl fmt::Display for HalfHourSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clock = |at: u8| format!("{}:{:02}", at / 2, at % 2 * 30);
        write!(f, "{}-{}", clock(self.from), clock(self.until))
    }
}

/// As people type it: 早番 8:00-16:30 休憩 12:00-13:00.
impl fmt::Display for WorkShift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.hours)?;
        match self.pause {
            Some(pause) => write!(f, " {PAUSE} {pause}"),
            None => Ok(()),
        }
    }
}

/// A line that names no shift.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("「早番 8:00-16:30 休憩 12:00-13:00」のように、30分単位の時刻で入力してください：{0}")]
pub struct NotAShift(String);

impl FromStr for WorkShift {
    type Err = NotAShift;

    fn from_str(line: &str) -> Result<Self, NotAShift> {
        let fault = || NotAShift(line.trim().to_owned());
        let typed: String = line.nfkc().collect();
        let mut words = typed.split_whitespace();
        let (Some(name), Some(hours)) = (words.next(), words.next()) else {
            return Err(fault());
        };
        let pause = match (words.next(), words.next(), words.next()) {
            (None, ..) => None,
            (Some(PAUSE), Some(pause), None) => Some(read_span(pause).ok_or_else(fault)?),
            _ => return Err(fault()),
        };
        Ok(Self {
            name: name.to_owned(),
            hours: read_span(hours).ok_or_else(fault)?,
            pause,
        })
    }
}

/// 8:00-16:30, with any of the signs that people type between the two.
fn read_span(text: &str) -> Option<HalfHourSpan> {
    let (from, until) = text.split_once(['-', '~', '〜', '–', '−', 'ー'])?;
    Some(HalfHourSpan {
        from: read_half_hour(from)?,
        until: read_half_hour(until)?,
    })
}

fn read_half_hour(text: &str) -> Option<u8> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|one| one.is_ascii_digit());
    if !digits(hour) || hour.len() > 2 {
        return None;
    }
    let half = match minute {
        "00" => 0,
        "30" => 1,
        _ => return None,
    };
    let at = hour.parse::<u8>().ok()? * 2 + half;
    (at <= HALF_HOURS).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shift(line: &str) -> WorkShift {
        line.parse().unwrap()
    }

    fn faults(lines: &[&str]) -> Vec<String> {
        let settings = StaffingSettings {
            shifts: lines.iter().map(|line| shift(line)).collect(),
            ..StaffingSettings::default()
        };
        let faults = settings.faults().into_iter();
        faults.map(|fault| fault.message).collect()
    }

    #[test]
    fn a_shift_is_read_as_people_type_it_and_written_in_one_way() {
        for (typed, written) in [
            ("早番 8:00-16:30", "早番 8:00-16:30"),
            (
                "遅番　９：００～１７：３０　休憩 13:00〜14:00",
                "遅番 9:00-17:30 休憩 13:00-14:00",
            ),
            ("夜 17:30-24:00", "夜 17:30-24:00"),
        ] {
            let read = shift(typed);
            assert_eq!(read.to_string(), written);
            assert_eq!(shift(written), read);
        }
        for wrong in [
            "",
            "早番",
            "早番 8:15-16:30",
            "早番 8-16",
            "早番 8:00-16:30 12:00-13:00",
            "早番 8:00-16:30 休憩",
            "早番 8:00-16:30 休憩 12:00-13:00 別",
            "早番 8:00-24:30",
            "早番 -1:00-8:00",
        ] {
            assert!(wrong.parse::<WorkShift>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn shifts_have_names_of_their_own_and_pauses_within() {
        assert!(faults(&["早番 8:00-16:30 休憩 12:00-13:00", "遅番 9:00-17:30"]).is_empty());
        for (lines, told) in [
            (
                &["早番 8:00-16:30", "早番 9:00-17:30"][..],
                "同じ名前の勤務が2つあります：早番",
            ),
            (
                &["早番 16:30-8:00"][..],
                "終わりの時刻を、始まりより後にしてください：早番",
            ),
            (
                &["早番 8:00-16:30 休憩 8:00-9:00"][..],
                "休憩を、勤務の時間の中にしてください：早番",
            ),
        ] {
            assert_eq!(faults(lines), [told]);
        }
        assert_eq!(faults(&["あ 8:00-9:00"; 9]).len(), 1);
    }

    #[test]
    fn what_is_out_of_bounds_is_told_at_its_field() {
        let wrong = StaffingSettings {
            patience_secs: 0,
            shrinkage: TenthsOfPercent(901),
            blocking: TenthsOfPercent(0),
            aht_secs: Some(0),
            shifts: Vec::new(),
        };
        let fields: Vec<_> = wrong.faults().into_iter().map(|one| one.field).collect();
        assert_eq!(
            fields,
            ["patience_secs", "aht_secs", "shrinkage", "blocking"]
        );
        assert!(StaffingSettings::default().faults().is_empty());
    }
}
