//! 翌月の見通しと要員 (chapter 10 of the month's report): all that its tables need, as plain data.

mod input;
mod planned;
mod staffing;

use madoguchi_core::month::Month;
use serde::Serialize;

pub use self::input::{DeskPlan, OutlookInput};
pub use self::planned::{PlannedDay, PlannedHalfHour};
pub use self::staffing::{
    DayStaffing, HalfHourStaffing, LessOne, NobodyGivesUp, PATIENCES, Profile,
};
use crate::forecast::{BackTest, DayForecast, Expected, Known, Model, back_test};

/// The outlook.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outlook {
    /// The month that is looked ahead to.
    pub month: Month,
    /// 表10-1: the open days of the month, in order.
    pub days: Vec<DayForecast>,
    /// 着信 of the whole month.
    pub total: Expected,
    /// By how much the last three months were above what the pattern of the year says: 1.1 for 10%.
    pub level: f64,
    /// Open days of which the calls are known day by day.
    pub known_days: usize,
    /// Months of which only a total is known.
    pub known_totals: usize,
    /// 表10-2, 表10-4, 表10-5: how many people a mean day and the busiest day of the month need. Empty if these are more
    /// than can be planned (600 at a time).
    pub staffing: Vec<DayStaffing>,
    /// 表10-3: how forecasts that were made in the same way have done.
    pub back_test: BackTest,
}

/// Looks ahead. `None` if nothing at all is known, or the month has no open day.
pub fn outlook(input: &OutlookInput<'_>) -> Option<Outlook> {
    let known = Known::new(input.calendar, input.history, input.totals, input.origin);
    let back_test = back_test(&known);
    let model = Model::fit(&known)?.with_errors_of(&back_test);
    let month = input.month;
    let days = model.days(input.calendar, month.first(), month.next().first());
    if days.is_empty() {
        return None;
    }
    Some(Outlook {
        month,
        total: model.total(&days),
        level: model.level(),
        known_days: known.day_count(),
        known_totals: known.total_count(),
        staffing: staffing::of_month(&days, input.desk),
        days,
        back_test,
    })
}

/// 勤務計画: the open days of the month, each with the people that it needs. Empty if nothing at all is known.
pub fn shift_plan(input: &OutlookInput<'_>) -> Vec<PlannedDay> {
    let known = Known::new(input.calendar, input.history, input.totals, input.origin);
    let Some(model) = Model::fit(&known) else {
        return Vec::new();
    };
    let month = input.month;
    let days = model.days(input.calendar, month.first(), month.next().first());
    planned::of_days(&days, input.desk)
}
