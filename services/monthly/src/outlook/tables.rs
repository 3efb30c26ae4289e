//! The tables of 第10, from what `staffing` tells.

use madoguchi_core::time::Millis;
use madoguchi_reports::month::{
    ByPatience, ExpectedDay, ForecastCheck, NeededAgents, NeededDay, NobodyGivesUp, PatienceSlot,
};
use madoguchi_staffing::forecast::{BackTestMonth, BackTestSum, DayForecast, MonthResult, Tested};
use madoguchi_staffing::outlook::{DayStaffing, HalfHourStaffing, PATIENCES};

/// What the months of 表10-3 together are called.
const SUM: &str = "計";

/// 表10-1
pub(super) fn expected_day(day: &DayForecast) -> ExpectedDay {
    let expected = &day.expected;
    let reasons = day.reasons.iter().map(|reason| reason.label());
    ExpectedDay {
        date: day.date,
        calls: expected.mean,
        within_80: (expected.low80, expected.high80),
        within_95: (expected.low95, expected.high95),
        why: reasons.collect::<Vec<_>>().join("、"),
    }
}

/// 表10-2
pub(super) fn slots(staffing: &DayStaffing) -> Vec<NeededAgents> {
    staffing.half_hours.iter().map(needed_agents).collect()
}

fn needed_agents(one: &HalfHourStaffing) -> NeededAgents {
    let wait = one.less_one.mean_wait_secs;
    NeededAgents {
        slot: slot(one.half_hour),
        calls: one.expected,
        agents: Some(u64::from(one.agents)),
        one_less_rate: wait.map(|_| one.less_one.answer_rate * 100.0),
        one_less_wait_ms: wait.map(millis),
    }
}

/// 表10-5; `None` of what is no day of the month.
pub(super) fn needed_day(staffing: &DayStaffing) -> Option<NeededDay> {
    Some(NeededDay {
        date: staffing.date?,
        slots: slots(staffing),
    })
}

/// 表10-4
pub(super) fn by_patience(staffing: &DayStaffing, service_level: Millis) -> ByPatience {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "patiences are whole seconds"
    )]
    let secs = PATIENCES.map(|patience| patience as u32);
    let half_hours = staffing.half_hours.iter();
    ByPatience {
        secs,
        service_level_ms: service_level.0,
        slots: half_hours
            .map(|one| PatienceSlot {
                slot: slot(one.half_hour),
                calls: one.expected,
                agents: one.by_patience.map(|agents| agents.map(u64::from)),
                nobody_gives_up: one.nobody_gives_up.map(|waiting| NobodyGivesUp {
                    wait_ms: millis(waiting.mean_wait_secs),
                    service_level: waiting.service_level * 100.0,
                }),
            })
            .collect(),
    }
}

/// 表10-3; `None` of a month that cannot be tested.
pub(super) fn check(month: &BackTestMonth) -> Option<ForecastCheck> {
    let MonthResult::Tested(tested) = &month.result else {
        return None;
    };
    Some(checked(month.month.name(), month.actual, tested))
}

/// The 計 of 表10-3.
pub(super) fn check_of_all(sum: &BackTestSum) -> ForecastCheck {
    checked(SUM.to_owned(), sum.actual, &sum.tested)
}

fn checked(period: String, counted: u64, tested: &Tested) -> ForecastCheck {
    let percent = |share: Option<f64>| share.map(|share| share * 100.0);
    ForecastCheck {
        period,
        expected: tested.forecast,
        counted,
        error: percent(tested.wape),
        covered: (tested.days > 0)
            .then(|| f64::from(tested.within80) * 100.0 / f64::from(tested.days)),
        weekday_error: percent(tested.same_weekdays),
        last_year_error: percent(tested.last_year),
        floor: percent(tested.floor),
    }
}

/// 9:00～9:30
fn slot(half_hour: usize) -> String {
    let clock = |slot: usize| format!("{}:{:02}", slot / 2, slot % 2 * 30);
    format!("{}～{}", clock(half_hour), clock(half_hour + 1))
}

fn millis(secs: f64) -> i64 {
    (secs * 1_000.0).round() as i64
}

#[cfg(test)]
mod tests {
    use madoguchi_staffing::forecast::NotTested;
    use madoguchi_staffing::outlook::{self, LessOne, Profile};

    use super::*;

    fn tested() -> Tested {
        Tested {
            forecast: 950.5,
            days: 20,
            within80: 17,
            within95: 19,
            wape: Some(0.24),
            same_weekdays: Some(0.58),
            last_year: Some(0.35),
            floor: Some(0.19),
        }
    }

    fn near(found: Option<f64>, percent: f64) -> bool {
        found.is_some_and(|found| (found - percent).abs() < 1e-9)
    }

    #[test]
    fn a_check_tells_the_errors_of_last_year_and_of_a_perfect_forecaster_beside_ours() {
        let month = BackTestMonth {
            month: "2024-04".parse().unwrap(),
            actual: 1_029,
            result: MonthResult::Tested(tested()),
        };
        let of_month = check(&month).unwrap();
        assert_eq!(of_month.period, "令和6年4月");
        let sum = BackTestSum {
            months: 12,
            actual: 9_000,
            tested: tested(),
        };
        let of_all = check_of_all(&sum);
        assert_eq!((of_all.period.as_str(), of_all.counted), ("計", 9_000));
        for check in [of_month, of_all] {
            assert!(near(check.error, 24.0) && near(check.covered, 85.0));
            assert!(near(check.weekday_error, 58.0));
            assert!(near(check.last_year_error, 35.0), "{check:?}");
            assert!(near(check.floor, 19.0), "{check:?}");
        }
        let reason = NotTested::OnlyTotal;
        let untested = BackTestMonth {
            result: MonthResult::NotTested { reason },
            ..month
        };
        assert_eq!(check(&untested), None);
    }

    fn staffing(date: Option<&str>) -> DayStaffing {
        let half_hour = |half_hour, nobody_gives_up| HalfHourStaffing {
            half_hour,
            expected: 4.0,
            agents: 2,
            answer_rate: 0.96,
            service_level: 0.9,
            mean_wait_secs: 8.0,
            less_one: LessOne {
                answer_rate: 0.7,
                mean_wait_secs: Some(40.0),
            },
            by_patience: [Some(3), Some(2), None],
            nobody_gives_up,
        };
        let waiting = outlook::NobodyGivesUp {
            mean_wait_secs: 61.2347,
            service_level: 0.75,
        };
        DayStaffing {
            profile: Profile::MeanDay,
            date: date.map(|date| date.parse().unwrap()),
            half_hours: vec![half_hour(17, Some(waiting)), half_hour(18, None)],
            agents: 2,
            heads: 3,
            answer_rate: 0.96,
            answer_rate_less_one: 0.7,
            error_bound: 0.0,
            lines: 5,
            shifts: None,
        }
    }

    #[test]
    fn patiences_stand_side_by_side_and_what_is_不足_has_no_number() {
        let told = by_patience(&staffing(None), Millis::from_secs(20));
        assert_eq!((told.secs, told.service_level_ms), ([60, 120, 300], 20_000));
        let [first, second] = told.slots.as_slice() else {
            panic!("{told:?}");
        };
        assert_eq!(first.slot, "8:30～9:00");
        assert_eq!(first.agents, [Some(3), Some(2), None]);
        let waiting = first.nobody_gives_up.unwrap();
        assert_eq!(waiting.wait_ms, 61_235);
        assert!(near(Some(waiting.service_level), 75.0));
        assert_eq!(second.nobody_gives_up, None);
    }

    #[test]
    fn only_a_day_of_the_month_is_the_busiest_day() {
        assert_eq!(needed_day(&staffing(None)), None);
        let day = needed_day(&staffing(Some("2024-05-07"))).unwrap();
        assert_eq!(day.date.to_string(), "2024-05-07");
        assert_eq!(day.slots, slots(&staffing(None)));
        assert_eq!(day.slots[0].one_less_wait_ms, Some(40_000));
    }
}
