//! 回答所要時間: the two clocks of a 一次回答 (docs/metrics.md, 別紙6 項番4).
//!
//! The contract clock counts the open hours between 入電 and 一次回答 and never stops otherwise. The
//! operating clock also stands while the ticket is 保留 or 完了, and its due time moves by the open hours
//! of that pause. Both count by the 業務区分 that the ticket has now, from the beginning.

mod open_time;

use crate::hours::Calendar;
use crate::ticket::{Pause, Ticket};
use crate::time::{Instant, Millis};

use self::open_time::OpenTime;

/// The hours and the limit by which a 一次回答 is judged.
#[derive(Debug, Clone)]
pub struct AnswerClock {
    open: OpenTime,
    limit: Millis,
    near: Millis,
}

/// How a ticket stands towards its 一次回答.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerState {
    /// It was answered, after this time of the contract clock.
    Answered {
        /// 回答所要時間
        took: Millis,
        /// Later than the limit.
        late: bool,
    },
    /// 障害 or 緊急: no limit holds.
    Exempt,
    /// It is 保留 or 完了: so much is left when it goes on; below zero if it is late already.
    Paused {
        /// What is left.
        left: Millis,
    },
    /// It waits for its answer.
    Due {
        /// When it is due; `None` if the desk does not open again.
        at: Option<Instant>,
        /// What is left, in open hours; below zero if it is late.
        left: Millis,
        /// It is one of 期限の近いもの.
        near: bool,
    },
}

impl AnswerClock {
    /// The clock of these hours, with a limit, and near to it by so much.
    pub fn new(calendar: Calendar, limit: Millis, near: Millis) -> Self {
        Self {
            open: OpenTime::new(calendar),
            limit,
            near,
        }
    }

    /// The limit.
    pub fn limit(&self) -> Millis {
        self.limit
    }

    /// From when on a ticket is one of 期限の近いもの: when no more than this is left.
    pub fn near(&self) -> Millis {
        self.near
    }

    /// What is left by the contract clock of a ticket that was not answered; below zero if it is late.
    pub fn contract_left(&self, received_at: Instant, now: Instant) -> Millis {
        Millis(self.limit.0 - self.open_between(received_at, now).0)
    }

    /// Whether so little is left that it is one of 期限の近いもの, or late.
    pub fn is_near(&self, left: Millis) -> bool {
        left <= self.near
    }

    /// The contract clock: how long the desk was open from one instant until another.
    pub fn open_between(&self, from: Instant, until: Instant) -> Millis {
        self.open.between(from, until)
    }

    /// The instant at which the desk has been open for so long since another; `None` if it never is.
    pub fn after_open(&self, from: Instant, open: Millis) -> Option<Instant> {
        self.open.after(from, open)
    }

    /// The operating clock: the same without the pauses.
    pub fn worked_between(&self, from: Instant, until: Instant, pauses: &[Pause]) -> Millis {
        let mut at = from;
        let mut worked = Millis::ZERO;
        for pause in in_order(pauses) {
            if pause.from >= until {
                break;
            }
            worked = worked + self.open_between(at, pause.from);
            at = at.max(pause.until.unwrap_or(until));
        }
        worked + self.open_between(at, until)
    }

    /// When the operating clock reaches the limit. A pause that lasts counts as if it ended now.
    pub fn due(&self, from: Instant, pauses: &[Pause], now: Instant) -> Option<Instant> {
        let mut at = from;
        let mut left = self.limit;
        for pause in in_order(pauses) {
            let worked = self.open_between(at, pause.from);
            if worked >= left {
                break;
            }
            left = Millis(left.0 - worked.0);
            at = at.max(pause.until.unwrap_or_else(|| now.max(pause.from)));
        }
        self.after_open(at, left)
    }

    /// Whether an answer came later than the contract allows.
    pub fn is_late(&self, received_at: Instant, answered_at: Instant) -> bool {
        self.open_between(received_at, answered_at) > self.limit
    }

    /// How a ticket stands now.
    pub fn state(&self, ticket: &Ticket, now: Instant) -> AnswerState {
        if let Some(answer) = ticket.first_answer() {
            let took = self.open_between(ticket.received_at, answer.outcome_at);
            let late = took > self.limit && !ticket.fields.is_exempt();
            return AnswerState::Answered { took, late };
        }
        if ticket.fields.is_exempt() {
            return AnswerState::Exempt;
        }
        let worked = self.worked_between(ticket.received_at, now, &ticket.pauses);
        let left = Millis(self.limit.0 - worked.0);
        if ticket
            .pauses
            .last()
            .is_some_and(|last| last.until.is_none())
        {
            return AnswerState::Paused { left };
        }
        AnswerState::Due {
            at: self.due(ticket.received_at, &ticket.pauses, now),
            left,
            near: (0..=self.near.0).contains(&left.0),
        }
    }
}

fn in_order(pauses: &[Pause]) -> Vec<Pause> {
    let mut ordered = pauses.to_vec();
    ordered.sort_by_key(|pause| pause.from);
    ordered
}

#[cfg(test)]
mod tests {
    use chrono::{NaiveDateTime, NaiveTime};
    use proptest::prelude::*;

    use super::*;
    use crate::hours::HoursSettings;
    use crate::service::{AnswerTarget, Divisions, HELP_DESK, INQUIRIES};
    use crate::setup::{CalendarConfig, Calendars};
    use crate::ticket::System;

    fn at(text: &str) -> Instant {
        Instant::from_tokyo(text.parse::<NaiveDateTime>().unwrap())
    }

    fn minutes(minutes: i64) -> Millis {
        Millis::from_secs(minutes * 60)
    }

    fn clock(division: &str, system: System) -> AnswerClock {
        let reception = Calendars::one(Calendar::new(HoursSettings::default()));
        let divisions = Divisions::default();
        let clock = divisions.clock(Some(&division.into()), system, &reception);
        clock.unwrap()
    }

    fn help() -> AnswerClock {
        clock(HELP_DESK, System::Indirect)
    }

    fn pause(from: &str, until: Option<&str>) -> Pause {
        Pause {
            from: at(from),
            until: until.map(at),
        }
    }

    #[test]
    fn 別紙6_項番4_a_call_at_17時29分_is_due_at_8時29分_of_the_next_open_day() {
        let due = help().due(at("2026-11-24T17:29:00"), &[], Instant(0));
        assert_eq!(due, Some(at("2026-11-25T08:29:00")));
        let whole = help().due(at("2026-11-24T17:00:00"), &[], Instant(0));
        assert_eq!(
            whole,
            Some(at("2026-11-24T17:30:00")),
            "the last moment counts"
        );
    }

    #[test]
    fn 別紙6_項番4_nothing_counts_over_a_weekend_and_the_year_end() {
        let friday = at("2026-11-20T17:29:00");
        assert_eq!(
            help().due(friday, &[], Instant(0)),
            Some(at("2026-11-24T08:29:00")),
            "Monday is 勤労感謝の日"
        );
        assert_eq!(
            help().open_between(friday, at("2026-11-24T08:29:00")),
            minutes(30)
        );
        assert!(!help().is_late(friday, at("2026-11-24T08:29:00")));
        assert!(help().is_late(friday, at("2026-11-24T08:29:00.001")));
        assert_eq!(
            help().due(at("2026-12-28T17:29:00"), &[], Instant(0)),
            Some(at("2027-01-04T08:29:00"))
        );
    }

    #[test]
    fn 別紙6_項番4_第2土曜_counts() {
        assert_eq!(
            help().due(at("2026-11-13T17:29:00"), &[], Instant(0)),
            Some(at("2026-11-14T08:29:00"))
        );
        let whole = help().open_between(at("2026-11-14T00:00:00"), at("2026-11-15T00:00:00"));
        assert_eq!(whole, minutes(570), "zammad#3180");
    }

    #[test]
    fn 別紙6_項番4_another_業務区分_has_hours_and_a_limit_of_its_own() {
        let evening = at("2026-11-24T17:29:00");
        let inquiries = clock(INQUIRIES, System::Indirect);
        let due = inquiries.due(evening, &[], Instant(0));
        assert_eq!(due, Some(at("2026-11-24T17:59:00")));
        let macs = clock(INQUIRIES, System::Macs);
        assert_eq!(
            macs.due(at("2026-11-24T19:00:00"), &[], Instant(0)),
            Some(at("2026-11-25T09:15:00"))
        );
        assert_eq!(
            macs.due(at("2026-11-24T07:30:00"), &[], Instant(0)),
            Some(at("2026-11-24T10:15:00"))
        );
    }

    /// 問合せ対応 by calendars of its own: 運用管理 and, for MACS, its online hours.
    fn by_calendars(system: System) -> AnswerClock {
        let operation = CalendarConfig {
            hours: Some("7:00-23:00".parse().unwrap()),
            ..CalendarConfig::new("運用管理")
        };
        let online: CalendarConfig = serde_json::from_str(
            r#"{"name":"MACSオンライン","hours":"8:15-20:00","second_saturday":false,
                "open_at_year_end":true,"week":{"fri":"8:15-17:00"},
                "day":[{"date":"2026-11-25","rule":"closed"}]}"#,
        )
        .unwrap();
        let desk = Calendar::new(HoursSettings::default());
        let calendars = Calendars::new(desk, [&operation, &online], []);
        let mut divisions = Divisions::default();
        let mut division = divisions.get(&INQUIRIES.into()).unwrap().clone();
        division.answer.calendar = Some("運用管理".to_owned());
        division.answer.hours = None;
        let macs = division.macs.as_mut().unwrap();
        macs.calendar = Some("MACSオンライン".to_owned());
        macs.hours = None;
        divisions.set(INQUIRIES.into(), division);
        let clock = divisions.clock(Some(&INQUIRIES.into()), system, &calendars);
        clock.unwrap()
    }

    #[test]
    fn 別紙6_項番4_a_業務区分_counts_by_its_own_calendar() {
        let inquiries = by_calendars(System::Indirect);
        let due = |clock: &AnswerClock, from: &str| clock.due(at(from), &[], Instant(0));
        assert_eq!(
            due(&inquiries, "2026-11-24T22:45:00"),
            Some(at("2026-11-25T07:15:00"))
        );
        let macs = by_calendars(System::Macs);
        assert_eq!(
            due(&macs, "2026-11-24T19:00:00"),
            Some(at("2026-11-26T09:15:00")),
            "a single day of that calendar is closed"
        );
        assert_eq!(
            due(&macs, "2026-11-13T16:00:00"),
            Some(at("2026-11-16T09:15:00")),
            "Friday is shorter and 第2土曜 is no day of it"
        );
        assert_eq!(
            due(&macs, "2026-12-30T19:00:00"),
            Some(at("2026-12-31T09:15:00")),
            "the year end is"
        );
        assert_eq!(
            due(&help(), "2026-11-24T19:00:00"),
            Some(at("2026-11-25T08:30:00")),
            "nothing of this is ヘルプデスク's"
        );
    }

    #[test]
    fn 別紙6_項番4_保留_over_the_year_end_takes_the_open_hours_of_that_calendar() {
        let macs = by_calendars(System::Macs);
        let received = at("2026-12-29T19:00:00");
        let pauses = [pause("2026-12-29T19:30:00", Some("2027-01-05T08:15:00"))];
        let now = at("2027-01-05T08:20:00");
        assert_eq!(macs.worked_between(received, now, &pauses), minutes(35));
        assert_eq!(
            macs.due(received, &pauses, now),
            Some(at("2027-01-05T09:45:00"))
        );
    }

    #[test]
    fn a_calendar_that_is_not_there_any_more_leaves_the_desks() {
        let target = AnswerTarget {
            limit_min: 30,
            near_min: 10,
            calendar: Some("なし".to_owned()),
            hours: None,
        };
        let desk = Calendars::one(Calendar::new(HoursSettings::default()));
        let due = target
            .clock(&desk)
            .due(at("2026-11-24T17:29:00"), &[], Instant(0));
        assert_eq!(due, Some(at("2026-11-25T08:29:00")));
    }

    #[test]
    fn 保留_moves_the_due_time_by_its_open_hours_alone() {
        // glpi#10594: nothing of the weekend.
        let weekend = [pause("2026-11-20T17:00:00", Some("2026-11-24T08:10:00"))];
        let received = at("2026-11-20T16:50:00");
        let now = at("2026-11-24T08:12:00");
        let due = help().due(received, &weekend, now);
        assert_eq!(due, Some(at("2026-11-24T08:30:00")));
        assert_eq!(help().worked_between(received, now, &weekend), minutes(12));
        assert_eq!(help().open_between(received, now), minutes(52), "contract");
        let lasting = [pause("2026-11-20T17:00:00", None)];
        assert_eq!(help().worked_between(received, now, &lasting), minutes(10));
        assert_eq!(
            help().due(received, &lasting, now),
            Some(at("2026-11-24T08:32:00"))
        );
    }

    #[test]
    fn a_pause_after_the_due_time_moves_nothing() {
        let later = [pause("2026-11-24T10:00:00", Some("2026-11-24T11:00:00"))];
        let due = help().due(at("2026-11-24T09:00:00"), &later, Instant(0));
        assert_eq!(due, Some(at("2026-11-24T09:30:00")));
    }

    #[test]
    fn a_desk_that_never_opens_has_no_due_time() {
        let hours = HoursSettings {
            opens: NaiveTime::MIN,
            closes: Some(NaiveTime::MIN),
            ..HoursSettings::default()
        };
        let never = AnswerClock::new(Calendar::new(hours), minutes(30), minutes(10));
        assert_eq!(never.due(Instant(0), &[], Instant(0)), None);
        assert_eq!(
            never.open_between(Instant(0), Instant(i64::MAX)),
            Millis::ZERO
        );
    }

    proptest! {
        /// The clocks agree with each other, whatever the pauses.
        #[test]
        fn what_was_worked_until_the_due_time_is_the_limit(
            start in 0_i64..40_000,
            pauses in prop::collection::vec((0_i64..20_000, 0_i64..6_000), 0..5),
        ) {
            let clock = help();
            let from = at("2026-11-01T00:00:00") + minutes(start);
            let pauses: Vec<Pause> = pauses
                .into_iter()
                .map(|(begin, length)| {
                    let begin = from + minutes(begin);
                    Pause { from: begin, until: Some(begin + minutes(length)) }
                })
                .collect();
            let due = clock.due(from, &pauses, Instant(0)).unwrap();
            prop_assert_eq!(clock.worked_between(from, due, &pauses), clock.limit());
            prop_assert!(clock.worked_between(from, due - Millis(1), &pauses) < clock.limit());
            prop_assert!(clock.open_between(from, due) >= clock.limit());
        }
    }
}
