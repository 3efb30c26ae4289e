//! Running months of made-up desks, judged in the middle and at the end.

use std::collections::{BTreeMap, BTreeSet};

use madoguchi_core::figures::FiguresSettings;
use madoguchi_core::hours::HoursSettings;
use madoguchi_core::month::{Measure, PaymentRun};
use madoguchi_core::service::Divisions;
use madoguchi_core::setup::{Calendars, Categories};
use madoguchi_core::ticket::NumberForm;
use madoguchi_reports::month::sample::{SampleCounts, SampleMonth, sample};
use madoguchi_reports::month::{Cover, MonthRules, Scope, Written};
use madoguchi_staffing::risk::Standing;

use super::*;

const MONTH: &str = "2024-06";

fn at(text: &str) -> Instant {
    Instant::from_tokyo(text.parse().unwrap())
}

fn calendar() -> Calendar {
    Calendar::new(HoursSettings::default())
}

fn made_up(offered: u32, answered: u32, unsolved: u32) -> SampleMonth {
    let counts = SampleCounts {
        month: MONTH.parse().unwrap(),
        offered,
        answered,
        first_unanswered: 0,
        escalations: 0,
        unsolved,
        after_hours: 0,
        portal: 0,
    };
    sample(counts, &calendar(), &"help".into(), 0)
}

/// The month as it is at an instant: calls that come later are not there yet.
fn judged_at(made: &SampleMonth, facts: Vec<LevelFact>, now: Instant) -> RunningMonth {
    let month: Month = MONTH.parse().unwrap();
    let mut data = made.data(month, now);
    data.calls.retain(|call| call.arrived_at < now);
    let input = MonthInput {
        data,
        scope: Scope::help_desk(),
        rules: MonthRules {
            calendars: Calendars::one(calendar()),
            divisions: Divisions::default(),
            categories: Categories::default(),
            figures: FiguresSettings::default(),
            late_is_unanswered: false,
            run: PaymentRun::AnyItem,
            numbers: NumberForm::default(),
        },
        past: Vec::new(),
        frozen: BTreeSet::new(),
        frozen_misses: BTreeMap::new(),
        published: Vec::new(),
        facts,
        own_goals: BTreeMap::new(),
        written: Written::default(),
        knowledge: None,
        outlook: None,
        cover: Cover::default(),
        names: BTreeMap::new(),
        articles: BTreeMap::new(),
        made_at: now,
    };
    let basis = RunningBasis {
        day: now.date(),
        past: Vec::new(),
        model: None,
    };
    judge_running(&input, &basis, month.end())
}

fn item(month: &RunningMonth, level: Level) -> &RunningItem {
    let of = |item: &&RunningItem| {
        item.judged.item.level == level && item.judged.item.system == System::Indirect
    };
    month.items.iter().find(of).unwrap()
}

#[test]
fn one_miss_on_the_first_day_of_a_new_desk_is_no_alarm() {
    // One call a day on 20 open days, of which the first is missed.
    let now = at("2024-06-03T17:30:00");
    let made = (0..200).find_map(|answered| {
        let made = made_up(100, 100 - answered % 20, 0);
        let month = judged_at(&made, Vec::new(), now);
        let rate = &item(&month, Level::AnswerRate).judged.counted;
        (rate.a == 5 && rate.b == 4).then_some(month)
    });
    let month = made.expect("five calls on the first day, one of them missed");
    let rate = item(&month, Level::AnswerRate);
    assert!(month.standing(rate, now) <= Standing::Watch, "{rate:?}");
    assert!(month.to_come > 50.0, "the days to come are like this one");
}

#[test]
fn one_miss_on_the_first_day_in_the_middle_of_a_month_is_no_alarm() {
    let days = (10..20).flat_map(|day| (60..100).map(move |answered| (day, answered)));
    let mut seen = 0;
    for (day, answered) in days {
        let begun = at(&format!("2024-06-{day}T00:00:00"));
        let now = at(&format!("2024-06-{day}T17:30:00"));
        let mut made = made_up(100, answered, 0);
        made.calls
            .retain(|call| call.iter().all(|event| event.at >= begun));
        let month = judged_at(&made, Vec::new(), now);
        let rate = item(&month, Level::AnswerRate);
        let counted = &rate.judged.counted;
        if counted.a == counted.b + 1 && counted.a > 3 {
            assert!(month.standing(rate, now) <= Standing::Watch, "{rate:?}");
            seen += 1;
        }
    }
    assert!(seen > 0, "one call of a day is missed");
}

#[test]
fn what_is_open_in_the_middle_is_no_miss_and_at_the_end_it_is() {
    let made = made_up(200, 200, 20);
    let middle = at("2024-06-14T12:00:00");
    let month = judged_at(&made, Vec::new(), middle);
    let solved = item(&month, Level::ResolutionRate);
    assert!(solved.open > 0 && solved.stay_open <= solved.open);
    let end = at("2024-07-01T00:00:00");
    let month = judged_at(&made, Vec::new(), end);
    let solved = item(&month, Level::ResolutionRate);
    assert_eq!((solved.open, solved.stay_open), (20, 20));
    // 180 of 200 miss 95%.
    assert_eq!(month.standing(solved, end), Standing::Lost);
    assert_eq!(month.to_come, 0.0);
}

#[test]
fn a_clock_alarms_and_a_missed_one_loses_the_month() {
    let fact = LevelFact {
        id: "f".to_owned(),
        system: System::Indirect,
        at: at("2024-06-10T10:00:00"),
        what: "停止".to_owned(),
        measure: Measure::Detection {
            noticed_at: None,
            escalation_needed: false,
            escalated_at: None,
        },
        exempt: None,
        proof: String::new(),
        entered_by: None,
    };
    let now = at("2024-06-10T10:05:00");
    let month = judged_at(&made_up(100, 100, 0), vec![fact.clone()], now);
    let notice = item(&month, Level::FaultNotice);
    assert_eq!(month.standing(notice, now), Standing::Alarm);
    assert_eq!(month.running_clocks(now).count(), 1);
    let late = at("2024-06-10T10:15:00");
    assert_eq!(month.standing(notice, late), Standing::Lost);
    // It is told once, whether it ran out after the count or was counted as missed.
    assert_eq!((month.past_limit(now), month.past_limit(late)), (0, 1));
    let counted = judged_at(&made_up(100, 100, 0), vec![fact], at("2024-06-10T10:16:00"));
    assert_eq!(counted.past_limit(counted.at), 1);
    let vendor = item(&month, Level::FaultEscalation);
    assert_eq!(month.standing(vendor, late), Standing::Safe);
    let dispatch = item(&month, Level::Dispatch);
    assert_eq!(month.standing(dispatch, now), Standing::NotApplicable);
}
