//! The outlook as the month's report needs it.

use madoguchi_core::hours::{Calendar, HoursSettings};
use madoguchi_staffing::agents::RateTarget;
use madoguchi_staffing::days::{DayCounts, MonthTotal};
use madoguchi_staffing::erlang::{Load, Outcome, Queue, c};
use madoguchi_staffing::outlook::{DeskPlan, Outlook, OutlookInput, Profile, outlook, shift_plan};
use madoguchi_staffing::shifts::Shift;

use crate::desks::{calendar, day, desk};

fn april(calendar: &Calendar, days: &[DayCounts], desk: &DeskPlan) -> Option<Outlook> {
    outlook(&OutlookInput {
        month: "2025-04".parse().unwrap(),
        origin: day("2025-04-01"),
        calendar,
        history: days,
        totals: &[],
        desk,
    })
}

#[test]
fn an_outlook_has_all_that_chapter_10_needs() {
    let shift = |name: &str, from, until| Shift {
        name: name.to_owned(),
        from,
        until,
        pause: None,
    };
    let plan = DeskPlan {
        shifts: vec![shift("早番", 16, 32), shift("遅番", 19, 35)],
        ..DeskPlan::default()
    };
    let outlook = april(&calendar(), &desk(2), &plan).unwrap();
    // 21 weekdays and the second Saturday, without 昭和の日.
    assert_eq!(outlook.days.len(), 22);
    assert_eq!(outlook.back_test.months.len(), 12);
    let sum: f64 = outlook.days.iter().map(|day| day.expected.mean).sum();
    assert!((sum - outlook.total.mean).abs() < 1e-6);
    let target = plan.target.share();
    let busiest = outlook
        .days
        .iter()
        .map(|day| day.expected.mean)
        .fold(0.0, f64::max);
    for staffing in &outlook.staffing {
        assert_eq!(staffing.half_hours.len(), 19);
        for row in &staffing.half_hours {
            assert!(row.answer_rate >= target && row.agents > 0, "{row:?}");
            assert!(row.less_one.answer_rate < row.answer_rate);
            let [short, middle, long] = row.by_patience.map(Option::unwrap);
            assert!(short >= middle && middle >= long, "{row:?}");
            let load = Load::new(row.expected * 2.0, plan.aht_secs).unwrap();
            let queue = Queue::new(load, row.agents, plan.wait_target_secs).unwrap();
            let (Outcome::Steady(steady), Some(told)) = (c(&queue), row.nobody_gives_up) else {
                panic!("enough agents for who never gives up: {row:?}");
            };
            assert!((told.mean_wait_secs - steady.mean_wait_served_s).abs() < 1e-6);
            assert!((told.service_level - steady.sl_of_offered).abs() < 1e-9);
        }
        assert!(staffing.answer_rate >= target && staffing.error_bound < 1e-6);
        assert!(staffing.answer_rate_less_one < target);
        assert_eq!(staffing.heads, plan.shrinkage.heads(staffing.agents));
        assert!(staffing.lines >= staffing.agents);
        let shifts = staffing.shifts.as_ref().unwrap();
        assert!(shifts.is_least && shifts.uncovered().count() == 0);
    }
    let [mean, most] = outlook.staffing.as_slice() else {
        unreachable!("a mean day and the busiest one")
    };
    assert_eq!(
        (mean.profile, most.profile),
        (Profile::MeanDay, Profile::BusiestDay)
    );
    let calls: f64 = most.half_hours.iter().map(|row| row.expected).sum();
    assert!((calls - busiest).abs() < 1e-6 && most.agents >= mean.agents);
}

#[test]
fn every_open_day_has_a_shift_plan_that_covers_what_it_needs() {
    let early = Shift {
        name: "早番".to_owned(),
        from: 16,
        until: 33,
        pause: Some((24, 26)),
    };
    let late = Shift {
        name: "遅番".to_owned(),
        from: 18,
        until: 35,
        pause: Some((26, 28)),
    };
    let (calendar, days) = (calendar(), desk(2));
    let with = |shifts: Vec<Shift>| {
        let desk = DeskPlan {
            shifts,
            ..DeskPlan::default()
        };
        shift_plan(&OutlookInput {
            month: "2025-04".parse().unwrap(),
            origin: day("2025-04-01"),
            calendar: &calendar,
            history: &days,
            totals: &[],
            desk: &desk,
        })
    };
    let planned = with(vec![early, late]);
    assert_eq!(planned.len(), 22);
    for day in &planned {
        let plan = day.shifts.as_ref().unwrap();
        assert_eq!(plan.uncovered().count(), 0, "{day:?}");
        let needed = plan.half_hours.iter().map(|one| one.needed).max();
        assert_eq!(needed, day.agents);
        for one in &day.half_hours {
            assert!(day.working(one.half_hour) >= one.agents, "{one:?}");
        }
        let heads = DeskPlan::default().shrinkage.heads(plan.agents);
        assert_eq!(day.heads, Some(heads));
    }
    let first = &planned[0];
    let without = with(Vec::new());
    assert!(without.iter().all(|day| day.shifts.is_none()));
    assert_eq!(without[0].working(16), None);
    assert_eq!(without[0].agents, first.agents);
}

#[test]
fn a_shift_plan_tells_the_calls_and_the_people_of_every_half_hour_of_a_day() {
    let (calendar, days) = (calendar(), desk(2));
    let plan = |history: &[DayCounts], aht_secs: f64| {
        shift_plan(&OutlookInput {
            month: "2025-04".parse().unwrap(),
            origin: day("2025-04-01"),
            calendar: &calendar,
            history,
            totals: &[],
            desk: &DeskPlan {
                aht_secs,
                ..DeskPlan::default()
            },
        })
    };
    for day in plan(&days, 480.0) {
        let half_hours: Vec<usize> = day.half_hours.iter().map(|one| one.half_hour).collect();
        assert_eq!(half_hours, (16..35).collect::<Vec<_>>());
        let calls: f64 = day.half_hours.iter().map(|one| one.expected).sum();
        assert!((calls - day.expected).abs() < 1e-6, "{day:?}");
        let most = day.half_hours.iter().map(|one| one.agents).max();
        assert_eq!(most, Some(day.agents));
        assert!(day.half_hours.iter().all(|one| one.agents > Some(0)));
    }
    // Too many people to be planned: the calls are told all the same.
    let mut busy = days.clone();
    for count in busy.iter_mut().flat_map(|day| &mut day.half_hours) {
        *count *= 100;
    }
    let planned = plan(&busy, 86_400.0);
    let half_hours = planned.iter().flat_map(|day| &day.half_hours);
    assert!(
        half_hours
            .clone()
            .all(|one| one.agents.is_none() && one.expected > 0.0)
    );
    assert_eq!(half_hours.count(), 22 * 19);
}

#[test]
fn agents_who_never_work_off_what_comes_are_不足_if_nobody_gives_up() {
    // Half of the callers may give up, and rather soon.
    let plan = DeskPlan {
        patience_secs: 30.0,
        target: RateTarget::from_thousandths(50_000).unwrap(),
        ..DeskPlan::default()
    };
    let mut days = desk(2);
    for count in days.iter_mut().flat_map(|day| &mut day.half_hours) {
        *count *= 10;
    }
    let outlook = april(&calendar(), &days, &plan).unwrap();
    let rows = outlook.staffing.iter().flat_map(|day| &day.half_hours);
    let mut short = 0;
    for row in rows {
        // The offered load of a half hour.
        let load = row.expected * plan.aht_secs / 1_800.0;
        let is_short = f64::from(row.agents) <= load;
        assert_eq!(row.nobody_gives_up.is_none(), is_short, "{row:?}");
        short += u32::from(is_short);
    }
    assert!(short > 0, "the target is low enough for N ≤ A");
}

#[test]
fn the_same_input_gives_the_same_outlook() {
    let (calendar, days, plan) = (calendar(), desk(2), DeskPlan::default());
    assert_eq!(
        april(&calendar, &days, &plan),
        april(&calendar, &days, &plan)
    );
}

#[test]
fn extended_days_have_more_half_hours_and_more_calls() {
    let until = chrono::NaiveTime::from_hms_opt(20, 0, 0);
    let extended = day("2025-04-16");
    let calendar = Calendar::new(HoursSettings {
        overrides: [(extended, madoguchi_core::hours::Override::Until(until))].into(),
        ..HoursSettings::default()
    });
    let outlook = april(&calendar, &desk(2), &DeskPlan::default()).unwrap();
    let of = |date| {
        outlook
            .days
            .iter()
            .find(|known| known.date == date)
            .unwrap()
    };
    let (longer, usual) = (of(extended), of(day("2025-04-23")));
    assert_eq!((longer.half_hours.len(), usual.half_hours.len()), (24, 19));
    assert!(longer.expected.mean > usual.expected.mean);
    assert_eq!(outlook.staffing[0].half_hours.len(), 19);
}

#[test]
fn without_any_calls_there_is_no_outlook_and_with_totals_alone_there_is_one() {
    let (calendar, plan) = (calendar(), DeskPlan::default());
    assert_eq!(april(&calendar, &[], &plan), None);
    let totals = [MonthTotal {
        month: "2024-04".parse().unwrap(),
        offered: 1_029,
    }];
    let outlook = outlook(&OutlookInput {
        month: "2025-04".parse().unwrap(),
        origin: day("2025-04-01"),
        calendar: &calendar,
        history: &[],
        totals: &totals,
        desk: &plan,
    });
    let outlook = outlook.unwrap();
    assert_eq!((outlook.known_days, outlook.known_totals), (0, 1));
    assert_eq!(outlook.back_test.sum, None);
    assert!(
        (850.0..1_200.0).contains(&outlook.total.mean),
        "{:?}",
        outlook.total
    );
}

#[test]
fn a_desk_that_is_too_large_to_be_planned_has_a_forecast_alone() {
    let plan = DeskPlan {
        aht_secs: 86_400.0,
        target: RateTarget::from_thousandths(99_000).unwrap(),
        ..DeskPlan::default()
    };
    let mut days = desk(2);
    for count in days.iter_mut().flat_map(|day| &mut day.half_hours) {
        *count *= 100;
    }
    let outlook = april(&calendar(), &days, &plan).unwrap();
    assert!(outlook.staffing.is_empty() && outlook.days.len() == 22);
}
