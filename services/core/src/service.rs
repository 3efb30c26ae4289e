//! 業務区分: kinds of service that are counted apart, with hours and limits of their own (別紙6 項番4,
//! 表 4.6-1).

mod clock;

use std::collections::BTreeMap;

use chrono::NaiveTime;
use serde::{Deserialize, Serialize};

pub use self::clock::{AnswerClock, AnswerState};
use crate::hours::{Calendar, HoursSettings};
use crate::id::{DivisionId, LineName};
use crate::setup::{Calendars, FieldError};
use crate::ticket::System;
use crate::time::Millis;

/// The kind of [`Division`] in the store; its id never changes and is never used again.
pub const DIVISION: &str = "division";

/// The longest name.
pub const DIVISION_NAME_LETTERS: usize = 40;
/// The longest limit of 一次回答: a day.
pub const LIMIT_MINUTES_AT_MOST: u32 = 1_440;

/// The 業務区分 of ヘルプデスク, one of those that a desk begins with.
pub const HELP_DESK: &str = "help_desk";
/// The 業務区分 of 問合せ対応, one of those that a desk begins with.
pub const INQUIRIES: &str = "inquiries";

/// A 業務区分.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Division {
    /// The name.
    pub name: String,
    /// The smaller, the higher up.
    #[serde(default)]
    pub order: i32,
    /// The lines whose calls belong to it.
    #[serde(default)]
    pub lines: Vec<LineName>,
    /// Until when a 一次回答 is due.
    pub answer: AnswerTarget,
    /// The same for questions about MACS, if it differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub macs: Option<AnswerTarget>,
    /// It is not offered any more; tickets keep it.
    #[serde(default)]
    pub retired: bool,
}

/// Until when a 一次回答 is due, and which hours count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerTarget {
    /// Within so many minutes.
    pub limit_min: u32,
    /// So many minutes before, the ticket is one of 期限の近いもの.
    pub near_min: u32,
    /// The name of the reception calendar whose days and hours count; `None`: the desk's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
    /// Hours of its own on the days of that calendar; `None`: those of the calendar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<ServiceHours>,
}

/// Hours of a 業務区分, on the days on which its calendar is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceHours {
    /// The first minute of service.
    pub opens: NaiveTime,
    /// Until; `None` for midnight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes: Option<NaiveTime>,
    /// On every day.
    #[serde(default)]
    pub every_day: bool,
}

impl ServiceHours {
    /// From one time of the day until another.
    fn between(opens: (u32, u32), closes: (u32, u32)) -> Self {
        let time = |(hour, minute)| NaiveTime::from_hms_opt(hour, minute, 0);
        Self {
            opens: time(opens).unwrap_or_default(),
            closes: time(closes),
            every_day: false,
        }
    }

    /// The days of a calendar with these hours: [`HoursSettings::days_for_other_hours`].
    fn settings(self, days: &HoursSettings) -> HoursSettings {
        HoursSettings {
            opens: self.opens,
            closes: self.closes,
            week: [None; 7],
            every_day: self.every_day,
            ..days.days_for_other_hours()
        }
    }
}

impl AnswerTarget {
    /// The clock of this limit.
    pub fn clock(&self, calendars: &Calendars) -> AnswerClock {
        let calendar = calendars.named(self.calendar.as_deref());
        let calendar = match self.hours {
            Some(hours) => Calendar::new(hours.settings(calendar.settings())),
            None => calendar.clone(),
        };
        let minutes = |minutes: u32| Millis::from_secs(i64::from(minutes) * 60);
        AnswerClock::new(calendar, minutes(self.limit_min), minutes(self.near_min))
    }

    fn faults(&self, prefix: &str) -> Vec<FieldError> {
        let mut faults = Vec::new();
        let mut fault = |field: &str, message: String| {
            faults.push(FieldError::new(format!("{prefix}{field}"), message));
        };
        if !(1..=LIMIT_MINUTES_AT_MOST).contains(&self.limit_min) {
            fault(
                "limit_min",
                format!("1以上{LIMIT_MINUTES_AT_MOST}以下の値にしてください"),
            );
        }
        if self.near_min > self.limit_min {
            fault("near_min", "期限までの時間より短くしてください".to_owned());
        }
        let hours = self.hours;
        if hours.is_some_and(|hours| hours.closes.is_some_and(|closes| closes <= hours.opens)) {
            fault("closes", "始まりより後の時刻にしてください".to_owned());
        }
        faults
    }
}

impl Division {
    /// What holds for questions about a system.
    pub fn target(&self, system: System) -> &AnswerTarget {
        match (system, &self.macs) {
            (System::Macs, Some(macs)) => macs,
            _ => &self.answer,
        }
    }

    /// What is wrong with it by itself.
    pub fn faults(&self) -> Vec<FieldError> {
        let mut faults = Vec::new();
        let letters = self.name.chars().count();
        if self.name.trim().is_empty() {
            faults.push(FieldError::new("name", "名前を入力してください"));
        } else if letters > DIVISION_NAME_LETTERS || self.name.chars().any(char::is_control) {
            let message = format!("{DIVISION_NAME_LETTERS}文字以内で入力してください");
            faults.push(FieldError::new("name", message));
        }
        faults.extend(self.answer.faults(""));
        if let Some(macs) = &self.macs {
            faults.extend(macs.faults("macs_"));
        }
        faults
    }
}

/// All 業務区分 by id: those that a desk begins with, and what was changed of them and added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Divisions(BTreeMap<DivisionId, Division>);

impl Default for Divisions {
    /// 別紙6 項番4 (間接業務システム) and 項番3 (MACS), 表 4.6-1.
    fn default() -> Self {
        let within = |limit_min, hours| AnswerTarget {
            limit_min,
            near_min: 10,
            calendar: None,
            hours,
        };
        let division = |name: &str, order, answer, macs| Division {
            name: name.to_owned(),
            order,
            lines: Vec::new(),
            answer,
            macs,
            retired: false,
        };
        let help = division("ヘルプデスク", 10, within(30, None), None);
        let operation = ServiceHours::between((7, 0), (23, 0));
        let online = ServiceHours::between((8, 15), (20, 0));
        let inquiries = division(
            "問合せ対応",
            20,
            within(30, Some(operation)),
            Some(within(120, Some(online))),
        );
        Self(
            [
                (DivisionId::new(HELP_DESK), help),
                (DivisionId::new(INQUIRIES), inquiries),
            ]
            .into(),
        )
    }
}

impl Divisions {
    /// The 業務区分 of this id.
    pub fn get(&self, id: &DivisionId) -> Option<&Division> {
        self.0.get(id)
    }

    /// Sets one in place of the one before.
    pub fn set(&mut self, id: DivisionId, division: Division) {
        self.0.insert(id, division);
    }

    /// All, in their order.
    pub fn list(&self) -> Vec<(&DivisionId, &Division)> {
        let mut all: Vec<_> = self.0.iter().collect();
        all.sort_by_key(|(id, division)| (division.order, *id));
        all
    }

    /// Those that the calls of a line may belong to, in their order. A line that none names belongs to
    /// the first.
    pub fn of_line(&self, line: &LineName) -> Vec<&DivisionId> {
        let all = self.list();
        let named = all
            .iter()
            .filter(|(_, division)| division.lines.contains(line));
        let mut named: Vec<_> = named.map(|(id, _)| *id).collect();
        if named.is_empty() {
            named.extend(all.first().map(|(id, _)| *id));
        }
        named
    }

    /// The clock of a ticket of this 業務区分 about this system; of one without 業務区分, that of the
    /// first.
    pub fn clock(
        &self,
        division: Option<&DivisionId>,
        system: System,
        calendars: &Calendars,
    ) -> Option<AnswerClock> {
        let named = division.and_then(|id| self.get(id));
        let first = || self.list().first().map(|(_, division)| *division);
        let division = named.or_else(first)?;
        Some(division.target(system).clock(calendars))
    }
}

/// The clocks of all 業務区分 and systems, made once: a clock has a calendar of its own.
#[derive(Debug, Clone)]
pub struct AnswerClocks(BTreeMap<(Option<DivisionId>, System), AnswerClock>);

impl AnswerClocks {
    /// All clocks.
    pub fn new(divisions: &Divisions, calendars: &Calendars) -> Self {
        let ids = divisions.0.keys().map(Some).chain([None]);
        let each = ids.flat_map(|id| System::ALL.map(|system| (id, system)));
        let clocks = each.filter_map(|(id, system)| {
            let clock = divisions.clock(id, system, calendars)?;
            Some(((id.cloned(), system), clock))
        });
        Self(clocks.collect())
    }

    /// As [`Divisions::clock`].
    pub fn of(&self, division: Option<&DivisionId>, system: System) -> Option<&AnswerClock> {
        let own = self.0.get(&(division.cloned(), system));
        // One that is not known any more goes by the clock of those that have none.
        own.or_else(|| self.0.get(&(None, system)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn 表4_6_1_a_desk_begins_with_two_kinds_of_service() {
        let divisions = Divisions::default();
        let names: Vec<_> = divisions
            .list()
            .into_iter()
            .map(|(_, division)| division.name.as_str())
            .collect();
        assert_eq!(names, ["ヘルプデスク", "問合せ対応"]);
        let inquiries = divisions.get(&INQUIRIES.into()).unwrap();
        assert_eq!(inquiries.target(System::Indirect).limit_min, 30);
        assert_eq!(inquiries.target(System::Macs).limit_min, 120);
        assert!(
            divisions
                .list()
                .iter()
                .all(|(_, one)| one.faults().is_empty())
        );
    }

    #[test]
    fn faults_are_told_at_their_fields() {
        let mut division = Divisions::default().get(&INQUIRIES.into()).unwrap().clone();
        division.name = " ".to_owned();
        division.answer.limit_min = 0;
        division.answer.near_min = 5;
        division.macs.as_mut().unwrap().hours = Some(ServiceHours::between((9, 0), (9, 0)));
        let fields: Vec<_> = division
            .faults()
            .into_iter()
            .map(|fault| fault.field)
            .collect();
        assert_eq!(fields, ["name", "limit_min", "near_min", "macs_closes"]);
    }

    #[test]
    fn a_line_belongs_to_those_that_name_it_or_to_the_first() {
        let mut divisions = Divisions::default();
        let id = DivisionId::new(INQUIRIES);
        let mut inquiries = divisions.get(&id).unwrap().clone();
        inquiries.lines = vec!["macs".into()];
        divisions.set(id.clone(), inquiries);
        assert_eq!(divisions.of_line(&"macs".into()), [&id]);
        assert_eq!(divisions.of_line(&"help".into()), [&HELP_DESK.into()]);
    }
}
