//! How the items of a running month are judged: what was counted, what is to come, and what follows. Pure.

use chrono::{Days, NaiveDate};
use madoguchi_core::hours::Calendar;
use madoguchi_core::month::{Goal, Judged, Level, LevelFact, LevelItem, Month, fact_clocks};
use madoguchi_core::ticket::System;
use madoguchi_core::time::{Instant, Millis};
use madoguchi_reports::month::{MonthInput, MonthSummary, RunningCounts, running};
use madoguchi_staffing::days::{DayKind, open_days};
use madoguchi_staffing::forecast::Rest;
use madoguchi_staffing::risk::{
    CountItem, Lasted, Prior, RateItem, RateRisk, TimeItem, count_risk, rate_risk,
};

use super::{AnswerLimit, ItemRisk, OpenClock, RunningBasis, RunningItem, RunningMonth};
use crate::outlook::rate_target;

/// How days of a desk scatter of which nothing is known.
const SCATTER: f64 = 0.3;
/// Mean days of a month, for parts of months that are left of a year.
const DAYS_OF_A_MONTH: f64 = 30.4;

/// The rules of it: what was counted, what is to come, and what follows.
pub(super) fn judge_running(
    input: &MonthInput,
    basis: &RunningBasis,
    cut_off: Instant,
) -> RunningMonth {
    let counts = running(input);
    let month = input.data.month;
    let now = input.made_at;
    let calendar = input.rules.calendars.desk();
    let ended = of_item(&counts, Level::AnswerRate).map_or(0, |one| one.counted.a);
    let rest = match &basis.model {
        Some(model) => model.rest(calendar, now, month.next().first()),
        None => rest_like_so_far(calendar, month, first_day(input, basis), now, ended),
    };
    let judging = Judging {
        month,
        now,
        rest,
        past: &basis.past,
        facts: &input.facts,
        answers: Lasted::new(counts.answers.iter().copied()),
        solutions: Lasted::new(counts.solutions.iter().copied()),
        left: cut_off - now,
        answered_share: answered_share(&counts, &basis.past),
    };
    RunningMonth {
        month,
        at: now,
        cut_off,
        items: counts
            .judged
            .iter()
            .map(|judged| judging.item(judged))
            .collect(),
        clocks: clocks(input, &counts),
        to_come: rest.mean,
        limits: limits(input),
        counts,
    }
}

/// The limits of the 業務区分 that are in use.
fn limits(input: &MonthInput) -> Vec<AnswerLimit> {
    let divisions = input.rules.divisions.list().into_iter();
    let divisions = divisions.filter(|(_, division)| !division.retired);
    let limits = divisions.flat_map(|(_, division)| {
        System::ALL.map(|system| AnswerLimit {
            system,
            division: division.name.clone(),
            limit: Millis::from_secs(i64::from(division.target(system).limit_min) * 60),
        })
    });
    limits.collect()
}

fn of_item(counts: &RunningCounts, level: Level) -> Option<&Judged> {
    let item = LevelItem {
        system: System::Indirect,
        level,
    };
    counts.judged.iter().find(|one| one.item == item)
}

/// The day from which on the month's calls tell what its days are like: a desk that begins in the middle of a
/// month had none before.
fn first_day(input: &MonthInput, basis: &RunningBasis) -> NaiveDate {
    let month = input.data.month.first();
    if basis.past.iter().any(|past| past.ended() > 0) {
        return month;
    }
    let calls = input.data.calls.iter();
    let first = calls.map(|call| call.arrived_at).min();
    first.map_or(month, Instant::date)
}

/// What is to come if the days that are left are like those since `first`: of a desk of which nothing else is
/// known.
fn rest_like_so_far(
    calendar: &Calendar,
    month: Month,
    first: NaiveDate,
    now: Instant,
    so_far: u64,
) -> Rest {
    let today = now.date();
    let tomorrow = today.checked_add_days(Days::new(1)).unwrap_or(today);
    let past = open_days(calendar, first, tomorrow).len().max(1);
    let left = open_days(calendar, tomorrow, month.next().first());
    // Other hours than usual, and Saturdays, count half.
    let left: f64 = left
        .iter()
        .map(|day| if day.kind == DayKind::Usual { 1.0 } else { 0.5 })
        .sum();
    Rest {
        mean: so_far as f64 / past as f64 * left,
        alpha: SCATTER,
    }
}

/// The share of 着信 that are answered.
fn answered_share(counts: &RunningCounts, past: &[MonthSummary]) -> f64 {
    let now = of_item(counts, Level::AnswerRate);
    let mut sums = now.map_or((0, 0), |one| (one.counted.a, one.counted.b));
    if let Some(last) = past.first() {
        sums = (sums.0 + last.ended(), sums.1 + last.answered);
    }
    match sums {
        (0, _) => 1.0,
        (ended, answered) => answered as f64 / ended as f64,
    }
}

/// All that an item is judged with.
struct Judging<'a> {
    month: Month,
    now: Instant,
    /// 着信 that are to come.
    rest: Rest,
    past: &'a [MonthSummary],
    facts: &'a [LevelFact],
    /// First answers to calls.
    answers: Lasted,
    /// Matters of calls.
    solutions: Lasted,
    /// Until the month is judged.
    left: Millis,
    answered_share: f64,
}

impl Judging<'_> {
    fn item(&self, judged: &Judged) -> RunningItem {
        let (a, b) = (judged.counted.a, judged.counted.b);
        match judged.item.level {
            Level::AnswerRate => self.rate(
                judged,
                RateState::decided(a.saturating_sub(b)),
                self.rest,
                |month| Some((month.ended(), month.ended().saturating_sub(month.answered))),
            ),
            Level::FirstAnswerRate => self.rate(
                judged,
                RateState::open(b, &self.answers, self.left),
                self.rest.of_share(self.answered_share),
                |month| Some((month.answered, month.first_unanswered)),
            ),
            Level::ResolutionRate => self.rate(
                judged,
                RateState::open(b, &self.solutions, self.left),
                self.rest.of_share(self.answered_share),
                |month| Some((month.answered, month.unsolved?)),
            ),
            Level::OperatorFaults => Self::plain(judged, ItemRisk::Odds(self.faults(judged))),
            Level::Availability => Self::plain(judged, time(judged)),
            Level::FaultNotice
            | Level::FaultEscalation
            | Level::AnswerTime
            | Level::Dispatch
            | Level::Patches => Self::plain(
                judged,
                ItemRisk::Zero {
                    missed: b,
                    counted: a,
                },
            ),
        }
    }

    fn plain(judged: &Judged, risk: ItemRisk) -> RunningItem {
        RunningItem {
            judged: judged.clone(),
            risk,
            own: None,
            open: 0,
            stay_open: 0,
        }
    }

    fn rate(
        &self,
        judged: &Judged,
        state: RateState,
        rest: Rest,
        of_month: impl Fn(&MonthSummary) -> Option<(u64, u64)>,
    ) -> RunningItem {
        let months: Vec<(u64, u64)> = self.past.iter().filter_map(of_month).collect();
        let risk = |goal: Goal| {
            let target = rate_target(goal)?;
            let item = RateItem {
                target,
                counted: judged.counted.a,
                missed: state.missed,
            };
            Some(rate_risk(&item, Prior::from_months(target, &months), rest))
        };
        let contract = risk(judged.item.goal());
        RunningItem {
            risk: contract.map_or(
                ItemRisk::Zero {
                    missed: 0,
                    counted: 0,
                },
                ItemRisk::Odds,
            ),
            own: judged.own.and_then(|(goal, _)| risk(goal)),
            open: state.open,
            stay_open: state.stay_open,
            judged: judged.clone(),
        }
    }

    /// 運用管理業務起因障害件数, over the fiscal year.
    fn faults(&self, judged: &Judged) -> RateRisk {
        let limit = match judged.item.goal() {
            Goal::CountAtMost(most) => most,
            _ => 0,
        };
        let year = self.month.fiscal_year();
        let before = self.facts.iter().filter(|fact| {
            fact.belongs_to(judged.item)
                && fact.exempt.is_none()
                && Month::at(fact.at).fiscal_year() < year
        });
        let end = Month::of_fiscal_year(year).last().map(|last| last.end());
        let left = end.map_or(0.0, |end| (end - self.now).0 as f64 / 86_400_000.0);
        count_risk(&CountItem {
            limit,
            happened: judged.counted.b,
            before: before.count() as u64,
            months_before: 12.0,
            months_left: left / DAYS_OF_A_MONTH,
        })
    }
}

/// What is missed of a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct RateState {
    /// What is reckoned as missed.
    missed: u64,
    open: u64,
    stay_open: u64,
}

impl RateState {
    fn decided(missed: u64) -> Self {
        Self {
            missed,
            open: 0,
            stay_open: 0,
        }
    }

    /// Of `missed`, those that are open are missed only if they stay so.
    fn open(missed: u64, lasted: &Lasted, left: Millis) -> Self {
        let open = lasted.open().min(missed);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the cast saturates; an expectation is not negative"
        )]
        let stay_open = (lasted.stay_open(left).round() as u64).min(open);
        Self {
            missed: missed - open + stay_open,
            open,
            stay_open,
        }
    }
}

fn time(judged: &Judged) -> ItemRisk {
    let millis = |value: u64| Millis(i64::try_from(value).unwrap_or(i64::MAX));
    let target = rate_target(judged.item.goal()).unwrap_or_default();
    let item = TimeItem {
        target,
        planned: millis(judged.counted.a),
        lost: millis(judged.counted.b),
    };
    ItemRisk::Time(item.risk())
}

/// The clocks of the month's facts and of tickets that wait for their answer.
fn clocks(input: &MonthInput, counts: &RunningCounts) -> Vec<OpenClock> {
    let month = input.data.month;
    let of_month = |fact: &&LevelFact| Month::at(fact.at) == month;
    let facts: Vec<LevelFact> = input.facts.iter().filter(of_month).cloned().collect();
    let of_facts = fact_clocks(&facts).into_iter().map(|clock| OpenClock {
        item: clock.item,
        ticket: None,
        id: clock.fact,
        what: clock.what,
        limit: None,
        due: clock.due,
        alarm_from: clock.began,
    });
    let of_tickets = counts.waiting.iter().map(|waiting| OpenClock {
        item: LevelItem {
            system: waiting.system,
            level: Level::AnswerTime,
        },
        ticket: Some(waiting.number.clone()),
        id: waiting.ticket.to_string(),
        what: String::new(),
        limit: Some(waiting.limit),
        due: waiting.due,
        alarm_from: waiting.near_from,
    });
    let mut clocks: Vec<OpenClock> = of_facts.chain(of_tickets).collect();
    clocks.sort_by(|one, other| (one.due, &one.id).cmp(&(other.due, &other.id)));
    clocks
}

#[cfg(test)]
mod tests;
