//! 要員: how many people the half hours of a day need.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use super::input::DeskPlan;
use crate::agents::{lines_needed, needed};
use crate::erlang::{Load, Outcome, Queue, c};
use crate::forecast::DayForecast;
use crate::shifts::{ShiftPlan, plan};
use crate::transient::{Interval, IntervalResult, Transient, solve, staff};

/// Patiences that stand side by side, in seconds: too few callers give up for the true one to be known.
pub const PATIENCES: [f64; 3] = [60.0, 120.0, 300.0];

/// Agents at a time that a day is planned with, at the most: more would take too long to compute.
const PLANNED_AT_MOST: u32 = 600;
/// Seconds of a half hour.
const HALF_HOUR: f64 = 1800.0;

/// Which day of the month is planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// The mean of the open days.
    MeanDay,
    /// The day with the most calls.
    BusiestDay,
}

impl Profile {
    /// What documents call it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::MeanDay => "平均的な開所日",
            Self::BusiestDay => "最も多い日",
        }
    }
}

/// How many people a day needs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DayStaffing {
    /// Which day.
    pub profile: Profile,
    /// The date, of a day that is one.
    pub date: Option<NaiveDate>,
    /// Its half hours, in order.
    pub half_hours: Vec<HalfHourStaffing>,
    /// The most agents at a time.
    pub agents: u32,
    /// People for them, absences (shrinkage) included; rounded up once.
    pub heads: u32,
    /// 応答率 of the day, from 0 to 1.
    pub answer_rate: f64,
    /// 応答率 of the day with one agent less from morning to evening.
    pub answer_rate_less_one: f64,
    /// At most by so much the shares of this table are off for the sake of computing.
    pub error_bound: f64,
    /// Lines that its busiest half hour needs (Erlang B).
    pub lines: u32,
    /// Who begins when; `None` without shifts.
    pub shifts: Option<ShiftPlan>,
}

/// How many people a half hour needs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HalfHourStaffing {
    /// Which, from midnight: 16 for 8:00.
    pub half_hour: usize,
    /// Expected 着信.
    pub expected: f64,
    /// The least number of agents that meets the target.
    pub agents: u32,
    /// 応答率 with them, from 0 to 1.
    pub answer_rate: f64,
    /// Answered within T, of all.
    pub service_level: f64,
    /// 平均待ち時間 of answered calls with them, in seconds.
    pub mean_wait_secs: f64,
    /// With one agent less all day.
    pub less_one: LessOne,
    /// Agents by the steady state alone, for each of [`PATIENCES`].
    pub by_patience: [Option<u32>; PATIENCES.len()],
    /// What Erlang C says of `agents`, for reference; `None`: 不足, they never work off what comes (N ≤ A).
    pub nobody_gives_up: Option<NobodyGivesUp>,
}

/// A half hour of which nobody gives up, in the steady state (Erlang C).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct NobodyGivesUp {
    /// 平均待ち時間, in seconds.
    pub mean_wait_secs: f64,
    /// Answered within T, of all.
    pub service_level: f64,
}

/// What one agent less does to a half hour.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LessOne {
    /// 応答率, from 0 to 1.
    pub answer_rate: f64,
    /// 平均待ち時間 of answered calls, in seconds; `None` if nobody is left to answer.
    pub mean_wait_secs: Option<f64>,
}

/// The mean day and the busiest one.
pub(super) fn of_month(days: &[DayForecast], desk: &DeskPlan) -> Vec<DayStaffing> {
    let busiest = days
        .iter()
        .max_by(|one, other| one.expected.mean.total_cmp(&other.expected.mean));
    let Some(busiest) = busiest else {
        return Vec::new();
    };
    let mean = mean_day(days);
    [
        (Profile::MeanDay, None, mean.as_slice()),
        (
            Profile::BusiestDay,
            Some(busiest.date),
            busiest.half_hours.as_slice(),
        ),
    ]
    .into_iter()
    .filter_map(|(profile, date, half_hours)| of_day(profile, date, half_hours, desk))
    .collect()
}

/// The mean calls of every half hour, over the days that are open then.
fn mean_day(days: &[DayForecast]) -> Vec<(usize, f64)> {
    let mut sums: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    for (half_hour, calls) in days.iter().flat_map(|day| &day.half_hours) {
        let sum = sums.entry(*half_hour).or_default();
        sum.0 += calls;
        sum.1 += 1.0;
    }
    // What is open on few days only, such as an extension, is no part of the mean day.
    let often = days.len() as f64 / 2.0;
    let means = sums.into_iter().filter(|(_, (_, days))| *days >= often);
    means
        .map(|(half_hour, (calls, days))| (half_hour, calls / days))
        .collect()
}

/// `None` if it takes more agents than can be planned.
fn of_day(
    profile: Profile,
    date: Option<NaiveDate>,
    half_hours: &[(usize, f64)],
    desk: &DeskPlan,
) -> Option<DayStaffing> {
    let with = with_enough(half_hours, desk)?;
    let less_one = with_one_less(&with, desk)?;
    let parts = with.intervals.iter().zip(&less_one.intervals);
    let rows: Vec<HalfHourStaffing> = half_hours
        .iter()
        .zip(parts)
        .map(|((half_hour, calls), (with, less_one))| row(*half_hour, *calls, with, less_one, desk))
        .collect();
    let needs: Vec<(usize, u32)> = rows.iter().map(|row| (row.half_hour, row.agents)).collect();
    let agents = rows.iter().map(|row| row.agents).max().unwrap_or_default();
    let shifts = (!desk.shifts.is_empty()).then(|| plan(&desk.shifts, &needs));
    Some(DayStaffing {
        profile,
        date,
        agents,
        heads: desk.shrinkage.heads(agents),
        answer_rate: with.answer_rate,
        answer_rate_less_one: less_one.answer_rate,
        error_bound: with.error_bound.max(less_one.error_bound),
        lines: lines(&with, desk),
        shifts,
        half_hours: rows,
    })
}

fn row(
    half_hour: usize,
    calls: f64,
    with: &IntervalResult,
    less_one: &IntervalResult,
    desk: &DeskPlan,
) -> HalfHourStaffing {
    HalfHourStaffing {
        half_hour,
        expected: calls,
        agents: with.agents,
        answer_rate: with.answer_rate,
        service_level: with.service_level,
        mean_wait_secs: with.mean_wait_served_secs.unwrap_or_default(),
        less_one: LessOne {
            answer_rate: less_one.answer_rate,
            mean_wait_secs: less_one.mean_wait_served_secs,
        },
        by_patience: PATIENCES.map(|patience| steady(calls, patience, desk)),
        nobody_gives_up: nobody_gives_up(calls, with.agents, desk),
    }
}

fn load(calls: f64, desk: &DeskPlan) -> Option<Load> {
    Load::new(calls * 3600.0 / HALF_HOUR, desk.aht_secs).ok()
}

/// The least number of agents by the steady state of a half hour alone.
fn steady(calls: f64, patience_secs: f64, desk: &DeskPlan) -> Option<u32> {
    needed(load(calls, desk)?, patience_secs, desk.target)
}

fn nobody_gives_up(calls: f64, agents: u32, desk: &DeskPlan) -> Option<NobodyGivesUp> {
    // Where nobody calls, nobody waits, whoever is there.
    let agents = if calls > 0.0 { agents } else { agents.max(1) };
    let queue = Queue::new(load(calls, desk)?, agents, desk.wait_target_secs).ok()?;
    match c(&queue) {
        Outcome::Steady(steady) => Some(NobodyGivesUp {
            mean_wait_secs: steady.mean_wait_served_s,
            service_level: steady.sl_of_offered,
        }),
        Outcome::Insufficient => None,
    }
}

/// The day with the least number of agents that meets the target in every half hour. A desk that
/// begins empty needs fewer than the steady state, so the search begins below that.
pub(super) fn with_enough(half_hours: &[(usize, f64)], desk: &DeskPlan) -> Option<Transient> {
    let intervals = half_hours.iter().map(|(_, calls)| {
        let agents = steady(*calls, desk.patience_secs, desk)?;
        (agents <= PLANNED_AT_MOST).then_some(Interval {
            secs: HALF_HOUR,
            calls: *calls,
            agents: agents.saturating_sub(3),
        })
    });
    let intervals: Vec<Interval> = intervals.collect::<Option<_>>()?;
    let (aht, patience) = (desk.aht_secs, desk.patience_secs);
    let target = desk.target.share();
    staff(&intervals, aht, patience, desk.wait_target_secs, target).ok()
}

fn with_one_less(with: &Transient, desk: &DeskPlan) -> Option<Transient> {
    let intervals: Vec<Interval> = with
        .intervals
        .iter()
        .map(|part| Interval {
            secs: HALF_HOUR,
            calls: part.calls,
            agents: part.agents.saturating_sub(1),
        })
        .collect();
    let (aht, patience) = (desk.aht_secs, desk.patience_secs);
    solve(&intervals, aht, patience, desk.wait_target_secs).ok()
}

/// Lines for the busiest half hour: whoever waits or talks holds one. Wrap-up, which holds none, is
/// counted with the talk, so that there are rather too many.
fn lines(with: &Transient, desk: &DeskPlan) -> u32 {
    let held = with
        .intervals
        .iter()
        .map(|part| part.calls / HALF_HOUR * part.answer_rate * desk.aht_secs + part.mean_queue);
    lines_needed(held.fold(0.0, f64::max), desk.blocking)
}
