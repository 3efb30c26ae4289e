//! 翌月の見通しと要員: what `staffing` needs to look ahead, and its answer in the words of the book.

mod tables;

use std::collections::BTreeMap;

use chrono::{NaiveDate, Timelike};
use madoguchi_core::id::LineName;
use madoguchi_core::month::{
    Goal, Level, LevelItem, Month, PublishedMonth, StaffingSettings, WorkShift,
};
use madoguchi_core::ticket::System;
use madoguchi_core::time::{Instant, Millis};
use madoguchi_reports::month::{MonthCall, MonthInput, MonthRules, Outlook, Scope};
use madoguchi_staffing::agents::{RateTarget, Shrinkage};
use madoguchi_staffing::days::{DayCounts, HALF_HOURS, MonthTotal};
use madoguchi_staffing::forecast::MonthResult;
use madoguchi_staffing::outlook::{self, DeskPlan, OutlookInput, Profile};
use madoguchi_staffing::shifts::{Shift, ShiftPlan};
use madoguchi_store::{Store, StoreError};

use self::tables::{by_patience, check, check_of_all, expected_day, needed_day, slots};

/// Months whose days are looked back at.
const MONTHS: u32 = 24;

/// 着信 of a half hour: on which line, when it begins, and how many.
pub(crate) type HalfHours = Vec<(LineName, Instant, u64)>;

/// The calls of the months up to the book's, by half hours.
pub(crate) async fn history(store: &Store, month: Month) -> Result<HalfHours, StoreError> {
    let from = month.before(MONTHS - 1).start();
    store.offered_by_half_hour(from, month.end()).await
}

/// Looks ahead from the end of the book's month; `None` if nothing is known, or the month has not ended.
pub(crate) fn look_ahead(
    input: &MonthInput,
    history: &HalfHours,
    staffing: &StaffingSettings,
) -> Option<Outlook> {
    let month = input.data.month;
    if input.made_at < month.end() {
        return None;
    }
    let calendar = input.rules.calendars.desk();
    let days = days(&input.scope, &input.rules, history);
    let totals = totals(&input.published);
    let item = LevelItem {
        system: System::Indirect,
        level: Level::AnswerRate,
    };
    let goal = input.own_goals.get(&item).copied().unwrap_or(item.goal());
    let desk = desk_plan(
        staffing,
        mean_handling_secs(&input.data.calls),
        goal,
        input.rules.figures.service_level,
    );
    let ahead = outlook::outlook(&OutlookInput {
        month: month.next(),
        origin: month.next().first(),
        calendar,
        history: &days,
        totals: &totals,
        desk: &desk,
    })?;
    let mut notes = vec![format!(
        "予測は、{}開所日の実績と{}か月分の公表値から、月、曜日、月初、祝日明け、第2土曜日及び特定日の違いを考慮して求めた。",
        ahead.known_days, ahead.known_totals
    )];
    let mut plans = ahead.staffing.iter();
    let mean_day = plans.find(|one| one.profile == Profile::MeanDay);
    if let Some(planned) = mean_day {
        notes.push(format!(
            "平均的な開所日に同時に必要な担当者は{}人、休暇などを見込んだ人数は{}人、必要な回線は{}回線である。",
            planned.agents, planned.heads, planned.lines
        ));
        notes.push(told_basis(&desk, goal, staffing));
        notes.extend(planned.shifts.as_ref().map(|plan| told_shifts(plan, &desk)));
    } else {
        notes.push("必要な人数が計算の上限を超えるため、時間帯別の人数は示さない。".to_owned());
    }
    let tested = ahead.back_test.months.iter();
    let only_totals = tested
        .filter(|one| matches!(one.result, MonthResult::NotTested { .. }))
        .count();
    if only_totals > 0 {
        notes.push(format!(
            "{only_totals}か月分は、日別の実績がないなどのため、予測を検証できない。"
        ));
    }
    let busiest = ahead.staffing.iter();
    let mut busiest = busiest.filter(|one| one.profile == Profile::BusiestDay);
    Some(Outlook {
        days: ahead.days.iter().map(expected_day).collect(),
        slots: mean_day.map(slots).unwrap_or_default(),
        checks: ahead.back_test.months.iter().filter_map(check).collect(),
        checks_sum: ahead.back_test.sum.as_ref().map(check_of_all),
        patiences: mean_day.map(|day| by_patience(day, input.rules.figures.service_level)),
        busiest: busiest.find_map(needed_day),
        notes,
        staffing: staffing.clone(),
    })
}

/// What the numbers of people were reckoned with.
fn told_basis(desk: &DeskPlan, goal: Goal, staffing: &StaffingSettings) -> String {
    format!(
        "人数は、応答率{}%以上、平均処理時間{:.0}秒、待ち許容時間{:.0}秒、欠務率{}%として求めた。",
        goal.number(),
        desk.aht_secs,
        desk.patience_secs,
        f64::from(staffing.shrinkage.0) / 10.0
    )
}

/// Who works which shift on the mean day.
fn told_shifts(plan: &ShiftPlan, desk: &DeskPlan) -> String {
    let people = plan.shifts.iter().filter(|one| one.agents > 0);
    let people: Vec<String> = people
        .map(|one| format!("{}{}人", one.shift.name, one.agents))
        .collect();
    let heads = desk.shrinkage.heads(plan.agents);
    let told = format!(
        "勤務の種類ごとの人数は、{}、計{}人であり、休暇などを見込むと{heads}人である。",
        people.join("、"),
        plan.agents
    );
    match plan.uncovered().count() {
        0 => told,
        _ => format!("{told}ただし、どの勤務でも人数の足りない時間帯がある。"),
    }
}

/// The calls of the lines that a book counts, by day.
pub(crate) fn days(scope: &Scope, rules: &MonthRules, history: &HalfHours) -> Vec<DayCounts> {
    let counts = |line: &LineName| {
        let of_line = rules.divisions.of_line(line);
        scope.takes_division(of_line.first().copied())
    };
    let mut days: BTreeMap<NaiveDate, [u32; HALF_HOURS]> = BTreeMap::new();
    for (_, at, count) in history.iter().filter(|(line, ..)| counts(line)) {
        let local = at.in_tokyo();
        let place = (local.hour() * 2 + local.minute() / 30) as usize;
        let day = days.entry(local.date_naive()).or_insert([0; HALF_HOURS]);
        if let Some(slot) = day.get_mut(place) {
            *slot = slot.saturating_add(u32::try_from(*count).unwrap_or(u32::MAX));
        }
    }
    let days = days.into_iter();
    days.map(|(date, half_hours)| DayCounts { date, half_hours })
        .collect()
}

/// 着信 of months that were published.
pub(crate) fn totals(published: &[PublishedMonth]) -> Vec<MonthTotal> {
    let totals = published.iter().map(|published| MonthTotal {
        month: published.month,
        offered: published.counts.offered,
    });
    totals.collect()
}

/// Mean handling time of calls that ended by themselves; `None`: there is none.
pub(crate) fn mean_handling_secs(calls: &[MonthCall]) -> Option<f64> {
    let handled = calls.iter().filter_map(|call| {
        let talk = call.talk.filter(|_| !call.recovered)?;
        Some((talk + call.wrap_up.unwrap_or(Millis::ZERO)).0)
    });
    let (sum, count) = handled.fold((0_i64, 0_i64), |(sum, count), one| (sum + one, count + 1));
    (sum > 0 && count > 0).then(|| sum as f64 / count as f64 / 1_000.0)
}

/// How the desk works: as it is set, with its own handling time (`measured`, in seconds) where that is not,
/// and its own target of 応答率.
pub(crate) fn desk_plan(
    settings: &StaffingSettings,
    measured: Option<f64>,
    target: Goal,
    wait_target: Millis,
) -> DeskPlan {
    let mut plan = DeskPlan {
        patience_secs: f64::from(settings.patience_secs),
        wait_target_secs: wait_target.0 as f64 / 1_000.0,
        shifts: settings.shifts.iter().map(shift).collect(),
        blocking: f64::from(settings.blocking.0) / 1_000.0,
        ..DeskPlan::default()
    };
    let aht = settings.aht_secs.map(f64::from).or(measured);
    plan.aht_secs = aht.unwrap_or(plan.aht_secs);
    let shrinkage = Shrinkage::from_hundredths(settings.shrinkage.0 * 10);
    plan.shrinkage = shrinkage.unwrap_or(plan.shrinkage);
    plan.target = rate_target(target).unwrap_or(plan.target);
    plan
}

/// A goal that is a rate.
pub(crate) fn rate_target(goal: Goal) -> Option<RateTarget> {
    let Goal::AtLeast(rate) = goal else {
        return None;
    };
    RateTarget::from_thousandths(u32::try_from(rate).ok()?)
}

fn shift(shift: &WorkShift) -> Shift {
    Shift {
        name: shift.name.clone(),
        from: usize::from(shift.hours.from),
        until: usize::from(shift.hours.until),
        pause: shift
            .pause
            .map(|pause| (usize::from(pause.from), usize::from(pause.until))),
    }
}
