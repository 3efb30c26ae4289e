//! 勤務計画: who begins when on each open day of a month.

use madoguchi_core::month::{Goal, Level, LevelItem, Month, WorkShift};
use madoguchi_core::ticket::System;
use madoguchi_core::time::Instant;
use madoguchi_reports::month::{MonthCall, Scope};
use madoguchi_staffing::outlook::{self, OutlookInput, PlannedDay};
use madoguchi_store::Store;

use crate::error::MonthlyError;
use crate::outlook::{days, desk_plan, history, mean_handling_secs, totals};
use crate::settings::{MonthSettings, rules};

/// The shift plan of a month.
#[derive(Debug, Clone, PartialEq)]
pub struct ShiftPlanMonth {
    /// Which month.
    pub month: Month,
    /// Its open days; none: nothing is known to forecast them by.
    pub days: Vec<PlannedDay>,
    /// The shifts that are set.
    pub shifts: Vec<WorkShift>,
    /// Mean handling time that was reckoned with, in seconds.
    pub aht_secs: f64,
    /// Mean patience, in seconds.
    pub patience_secs: f64,
    /// 応答率 that is aimed at: 95.
    pub target: String,
}

/// Plans a month by what is known before it begins, or before today if it has begun.
///
/// # Errors
/// [`MonthlyError`].
pub async fn shift_plan(
    store: &Store,
    month: Month,
    settings: &MonthSettings,
    now: Instant,
) -> Result<ShiftPlanMonth, MonthlyError> {
    let origin = month.first().min(now.date());
    let known_until = Month::of(origin);
    let rules = rules(store, settings, &store.report_settings().await?).await?;
    let staffing = store.staffing_settings().await?;
    let item = LevelItem {
        system: System::Indirect,
        level: Level::AnswerRate,
    };
    let own = store.own_targets().await?.of(item);
    let target = own.map_or(item.goal(), Goal::from);
    let measured = handling_secs(store, known_until.previous(), now).await?;
    let history = history(store, known_until).await?;
    let published = store.published_months().await?;
    let planning = move || {
        let desk = desk_plan(&staffing, measured, target, rules.figures.service_level);
        let days = outlook::shift_plan(&OutlookInput {
            month,
            origin,
            calendar: rules.calendars.desk(),
            history: &days(&Scope::help_desk(), &rules, &history),
            totals: &totals(&published),
            desk: &desk,
        });
        ShiftPlanMonth {
            month,
            days,
            shifts: staffing.shifts,
            aht_secs: desk.aht_secs,
            patience_secs: desk.patience_secs,
            target: target.number(),
        }
    };
    let planned = tokio::task::spawn_blocking(planning).await;
    planned.map_err(|_| MonthlyError::Interrupted)
}

/// Mean handling time from the beginning of a month until now.
async fn handling_secs(
    store: &Store,
    month: Month,
    now: Instant,
) -> Result<Option<f64>, MonthlyError> {
    let mut calls: Vec<MonthCall> = Vec::new();
    let until = month.next().end().min(now);
    store
        .visit_calls(month.start(), until, |call| {
            calls.push(MonthCall::of(&call))
        })
        .await?;
    Ok(mean_handling_secs(&calls))
}
