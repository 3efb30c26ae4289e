//! 勤務計画: the people of each open day, half hour by half hour, and who begins when.

use chrono::NaiveDate;
use serde::Serialize;

use super::input::DeskPlan;
use super::staffing::with_enough;
use crate::forecast::DayForecast;
use crate::shifts::{ShiftPlan, plan};

/// 勤務計画 of a day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlannedDay {
    /// Which day.
    pub date: NaiveDate,
    /// Expected 着信.
    pub expected: f64,
    /// Its half hours, in order.
    pub half_hours: Vec<PlannedHalfHour>,
    /// The most agents that it needs at a time; `None`: more than can be planned.
    pub agents: Option<u32>,
    /// Who begins when; `None` without shifts, or if it needs too many.
    pub shifts: Option<ShiftPlan>,
    /// People for the shifts, absences (shrinkage) included; rounded up once.
    pub heads: Option<u32>,
}

impl PlannedDay {
    /// People who work in a half hour; `None` without a plan of shifts.
    pub fn working(&self, half_hour: usize) -> Option<u32> {
        let plan = self.shifts.as_ref()?;
        let mut half_hours = plan.half_hours.iter();
        let found = half_hours.find(|one| one.half_hour == half_hour);
        found.map(|one| one.planned)
    }
}

/// A half hour of a day.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PlannedHalfHour {
    /// Which, from midnight: 16 for 8:00.
    pub half_hour: usize,
    /// Expected 着信.
    pub expected: f64,
    /// The least number of agents that meets the target; `None`: the day needs more than can be planned.
    pub agents: Option<u32>,
}

/// Plans each of these days.
pub(super) fn of_days(days: &[DayForecast], desk: &DeskPlan) -> Vec<PlannedDay> {
    let days = days.iter();
    days.map(|day| planned_day(day, desk)).collect()
}

fn planned_day(day: &DayForecast, desk: &DeskPlan) -> PlannedDay {
    let needs = with_enough(&day.half_hours, desk).map(|with| {
        let half_hours = day.half_hours.iter().zip(&with.intervals);
        half_hours
            .map(|((half_hour, _), part)| (*half_hour, part.agents))
            .collect::<Vec<(usize, u32)>>()
    });
    let shifts = needs.as_ref().filter(|_| !desk.shifts.is_empty());
    let shifts = shifts.map(|needs| plan(&desk.shifts, needs));
    let agents_at = |at: usize| {
        let need = needs.as_ref().and_then(|needs| needs.get(at));
        need.map(|(_, agents)| *agents)
    };
    let half_hours = day.half_hours.iter().enumerate();
    PlannedDay {
        date: day.date,
        expected: day.expected.mean,
        half_hours: half_hours
            .map(|(at, (half_hour, calls))| PlannedHalfHour {
                half_hour: *half_hour,
                expected: *calls,
                agents: agents_at(at),
            })
            .collect(),
        agents: needs.as_ref().map(|needs| {
            let agents = needs.iter().map(|(_, agents)| *agents);
            agents.max().unwrap_or_default()
        }),
        heads: shifts
            .as_ref()
            .map(|plan| desk.shrinkage.heads(plan.agents)),
        shifts,
    }
}
