//! A day of a shift plan, half hour by half hour.

use askama::Template;
use chrono::NaiveDate;
use madoguchi_core::month::Month;
use madoguchi_monthly::{PlannedDay, PlannedHalfHour, ShiftPlanMonth};

use super::words::{basis, clock, people};
use crate::error::WebError;
use crate::monthly::paths::month_path;
use crate::shell::Shell;
use crate::text::{self, DateStyle};

#[derive(Template)]
#[template(path = "monthly_shift_day.html")]
pub(super) struct DayPage {
    shell: Shell,
    month: String,
    /// The plan of the month.
    plan: String,
    day: String,
    /// The open days before and after it.
    others: Vec<(String, String)>,
    expected: String,
    agents: String,
    with_shifts: bool,
    rows: Vec<Row>,
    basis: String,
}

struct Row {
    slot: String,
    expected: String,
    needed: String,
    working: String,
    missing: String,
}

/// Where a day of a plan is shown.
pub(super) fn day_place(day: &PlannedDay) -> String {
    let month = month_path(Month::of(day.date));
    format!("{month}/shifts?day={}", day.date)
}

/// `NotFound` for a day that is not open, or none of the month.
pub(super) fn page(
    shell: Shell,
    dates: DateStyle,
    plan: &ShiftPlanMonth,
    day: &str,
) -> Result<DayPage, WebError> {
    let date = day.parse::<NaiveDate>().ok();
    let at = plan.days.iter().position(|day| Some(day.date) == date);
    let found = at.and_then(|at| Some((at, plan.days.get(at)?)));
    let (at, day) = found.ok_or(WebError::NotFound("この日の勤務計画"))?;
    let other = |at: Option<usize>, label: &str| {
        let day = plan.days.get(at?)?;
        Some((day_place(day), label.to_owned()))
    };
    let before = other(at.checked_sub(1), "前の開所日");
    let after = other(Some(at + 1), "次の開所日");
    Ok(DayPage {
        shell,
        month: plan.month.name(),
        plan: format!("{}/shifts", month_path(plan.month)),
        day: format!("{}({})", dates.date(day.date), text::weekday(day.date)),
        others: before.into_iter().chain(after).collect(),
        expected: format!("{:.1}件", day.expected),
        agents: people(day.agents),
        with_shifts: day.shifts.is_some(),
        rows: day.half_hours.iter().map(|one| row(day, one)).collect(),
        basis: basis(plan),
    })
}

fn row(day: &PlannedDay, one: &PlannedHalfHour) -> Row {
    let working = day.working(one.half_hour);
    let needed = one.agents.unwrap_or_default();
    let missing = needed.saturating_sub(working.unwrap_or(needed));
    Row {
        slot: format!("{}～{}", clock(one.half_hour), clock(one.half_hour + 1)),
        expected: format!("{:.1}件", one.expected),
        needed: people(one.agents),
        working: people(working),
        missing: match missing {
            0 => String::new(),
            missing => people(Some(missing)),
        },
    }
}
