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

use super::{ItemRisk, OpenClock, RunningBasis, RunningItem, RunningMonth};
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
        counts,
    }
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
        due: waiting.due,
        alarm_from: waiting.near_from,
    });
    let mut clocks: Vec<OpenClock> = of_facts.chain(of_tickets).collect();
    clocks.sort_by(|one, other| (one.due, &one.id).cmp(&(other.due, &other.id)));
    clocks
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

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
        let month = judged_at(&made_up(100, 100, 0), vec![fact], now);
        let notice = item(&month, Level::FaultNotice);
        assert_eq!(month.standing(notice, now), Standing::Alarm);
        assert_eq!(month.running_clocks(now).count(), 1);
        let late = at("2024-06-10T10:15:00");
        assert_eq!(month.standing(notice, late), Standing::Lost);
        let vendor = item(&month, Level::FaultEscalation);
        assert_eq!(month.standing(vendor, late), Standing::Safe);
        let dispatch = item(&month, Level::Dispatch);
        assert_eq!(month.standing(dispatch, now), Standing::NotApplicable);
    }
}
