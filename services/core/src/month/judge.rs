//! Whether the items of 別紙6 were met: by their integers, never by a rounded percentage. What the desk
//! measures and what people enter comes here as [`Counted`] and is judged by the same code.

use chrono::Months;
use serde::{Deserialize, Serialize};

use super::facts::{LevelFact, Measure};
use super::goal::{Formula, Goal};
use super::levels::{Level, LevelItem};
use super::period::Month;
use crate::named;
use crate::time::{Instant, Millis, tokyo};

/// 障害検知後15分以内
pub const NOTICE_WITHIN: Millis = Millis::from_secs(15 * 60);
/// エスカレーション時間: 30分以内
pub const ESCALATION_WITHIN: Millis = Millis::from_secs(30 * 60);
/// 駆け付け: 30分以内
pub const DISPATCH_WITHIN: Millis = Millis::from_secs(30 * 60);
/// A patch that takes so many months is late: in the month in which they are over it is judged.
const PATCH_MONTHS: u32 = 3;

named! {
    /// What is said of an item.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    pub enum Verdict {
        /// 達成
        Met = "met", "達成";
        /// 未達成
        Missed = "missed", "未達成";
        /// 対象なし: nothing happened that could be judged. It is no miss.
        NotApplicable = "not_applicable", "対象なし";
    }
}

/// What was counted of an item in a month.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// A. Of システム可用性 in milliseconds; 0 where only B is counted.
    pub a: u64,
    /// B. Of システム可用性 in milliseconds.
    pub b: u64,
    /// B by a shorter limit of one's own (項番4).
    pub own_b: u64,
    /// C and D, of which B is the sum (パッチ).
    pub c_and_d: Option<(u64, u64)>,
    /// What makes up A (of a count, B), by id.
    pub of: Vec<String>,
    /// What missed.
    pub misses: Vec<Miss>,
    /// What was left out (免責), and why.
    pub left_out: Vec<LeftOut>,
}

/// Something that missed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Miss {
    /// The id of the call, ticket or fact.
    pub id: String,
    /// What it was: its number or a few words.
    pub what: String,
    /// When it happened.
    pub at: Instant,
    /// By how much, where it is a matter of time.
    pub over: Option<Millis>,
}

/// Something that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The id of the fact.
    pub id: String,
    /// What it was.
    pub what: String,
    /// When it happened.
    pub at: Instant,
    /// Why it is left out.
    pub reason: String,
    /// What proves it.
    pub proof: String,
}

/// An item that was judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// Which service level is judged.
    pub item: LevelItem,
    /// What was counted.
    pub counted: Counted,
    /// Its value as people read it, without %; `None`: nothing to count it over.
    pub value: Option<String>,
    /// The verdict by 別紙6.
    pub verdict: Verdict,
    /// A goal of one's own, and the verdict by it.
    pub own: Option<(Goal, Verdict)>,
}

/// Judges items by what was counted of them, and by goals of one's own.
pub fn judge(
    items: impl IntoIterator<Item = (LevelItem, Counted)>,
    own: impl Fn(LevelItem) -> Option<Goal>,
) -> Vec<Judged> {
    let items = items.into_iter();
    items
        .map(|(item, counted)| judge_one(item, counted, own(item)))
        .collect()
}

fn judge_one(item: LevelItem, counted: Counted, own: Option<Goal>) -> Judged {
    let (a, b) = (counted.a, counted.b);
    let verdict = |goal: Goal| match item.formula() {
        Formula::Count => met(goal.is_met(b, a)),
        _ if a == 0 => Verdict::NotApplicable,
        Formula::Share => met(goal.is_met(b, a)),
        Formula::Rest => met(goal.is_met(a.saturating_sub(b), a)),
    };
    let by_own = |goal: Goal| match goal {
        Goal::WithinMinutes(_) if a == 0 => Verdict::NotApplicable,
        Goal::WithinMinutes(_) => met(counted.own_b == 0),
        goal => verdict(goal),
    };
    let rate = own.filter(|goal| !matches!(goal, Goal::WithinMinutes(_)));
    let goals: Vec<Goal> = [item.goal()].into_iter().chain(rate).collect();
    Judged {
        value: item.shown(a, b, &goals),
        verdict: verdict(item.goal()),
        own: own.map(|goal| (goal, by_own(goal))),
        item,
        counted,
    }
}

fn met(is_met: bool) -> Verdict {
    if is_met {
        Verdict::Met
    } else {
        Verdict::Missed
    }
}

/// What facts say of an item in a month. `now` is the instant up to which they tell: what has not ended
/// by then lasts at least until then.
pub fn count_facts(item: LevelItem, month: Month, facts: &[LevelFact], now: Instant) -> Counted {
    let own: Vec<&LevelFact> = facts
        .iter()
        .filter(|fact| fact.belongs_to(item) && in_period(fact, item, month))
        .collect();
    let mut counted = match item.level {
        Level::Availability => availability(month, &own),
        _ => events(item, &own, AsOf::of(month, now)),
    };
    counted.left_out = own
        .iter()
        .filter_map(|fact| {
            let exempt = fact.exempt.as_ref()?;
            Some(LeftOut {
                id: fact.id.clone(),
                what: fact.what.clone(),
                at: fact.at,
                reason: exempt.reason.clone(),
                proof: exempt.proof.clone(),
            })
        })
        .collect();
    counted
}

/// Whether an item of a month counts a fact: spans where they touch the month, faults of the fiscal year
/// so far, patches in the month in which their time is over, everything else in its month.
fn in_period(fact: &LevelFact, item: LevelItem, month: Month) -> bool {
    match fact.measure {
        Measure::PlannedService { until } | Measure::Outage { until } => {
            fact.at < month.end() && until > month.start()
        }
        Measure::Patch { .. } => Month::at(patch_limit(fact)) == month,
        _ if item.level == Level::OperatorFaults => {
            let of = Month::at(fact.at);
            of.fiscal_year() == month.fiscal_year() && of <= month
        }
        _ => Month::at(fact.at) == month,
    }
}

/// A: the planned time within the month; B: how much of it the service stood. Time that several facts
/// tell of counts once.
fn availability(month: Month, facts: &[&LevelFact]) -> Counted {
    let clip = |from: Instant, until: Instant| {
        let (from, until) = (from.max(month.start()), until.min(month.end()));
        (from < until).then_some((from.0, until.0))
    };
    let planned = union(facts.iter().filter_map(|fact| match fact.measure {
        Measure::PlannedService { until } => clip(fact.at, until),
        _ => None,
    }));
    let counts = |fact: &&&LevelFact| fact.exempt.is_none();
    let outages: Vec<_> = facts
        .iter()
        .filter(counts)
        .filter_map(|fact| match fact.measure {
            Measure::Outage { until } => Some((*fact, clip(fact.at, until)?)),
            _ => None,
        })
        .collect();
    let stood = union(outages.iter().map(|(_, span)| *span));
    let within = |span: (i64, i64)| overlap(&[span], &planned);
    let misses = outages.iter().filter(|(_, span)| within(*span) > 0);
    let length = planned.iter().map(|(from, until)| from.abs_diff(*until));
    Counted {
        a: length.sum(),
        b: overlap(&stood, &planned),
        of: facts.iter().map(|fact| fact.id.clone()).collect(),
        misses: misses
            .map(|(fact, span)| miss(fact, i64::try_from(within(*span)).ok()))
            .collect(),
        ..Counted::default()
    }
}

/// As of when facts are told. What has not ended is late by now; by how much is told up to the end of the
/// month, so that a book says the same whenever it is made.
#[derive(Debug, Clone, Copy)]
struct AsOf {
    now: Instant,
    told: Instant,
}

impl AsOf {
    fn of(month: Month, now: Instant) -> Self {
        Self {
            now,
            told: now.min(month.end()),
        }
    }

    /// By how much something came later than its limit, if it did.
    fn over(self, from: Instant, ended: Option<Instant>, limit: Millis) -> Option<i64> {
        let over = |until: Instant| (until - from).0 - limit.0;
        let is_late = over(ended.unwrap_or(self.now)) > 0;
        is_late.then(|| over(ended.unwrap_or(self.told)).max(0))
    }
}

/// Everything else: each fact is one of A, and one of B if it missed.
fn events(item: LevelItem, facts: &[&LevelFact], as_of: AsOf) -> Counted {
    let counting: Vec<&LevelFact> = facts
        .iter()
        .copied()
        .filter(|fact| fact.exempt.is_none())
        .collect();
    let mut counted = Counted {
        of: counting.iter().map(|fact| fact.id.clone()).collect(),
        ..Counted::default()
    };
    let mut late_patches = (0, 0);
    for fact in &counting {
        counted.a += 1;
        let over = match fact.measure {
            Measure::Detection { noticed_at, .. } if item.level == Level::FaultNotice => {
                as_of.over(fact.at, noticed_at, NOTICE_WITHIN)
            }
            Measure::Detection {
                escalation_needed,
                escalated_at,
                ..
            } => match escalated_at {
                None if !escalation_needed => None,
                at => as_of.over(fact.at, at, ESCALATION_WITHIN),
            },
            Measure::Dispatch { arrived_at } => as_of.over(fact.at, arrived_at, DISPATCH_WITHIN),
            Measure::OperatorFault => {
                counted.b += 1;
                counted.misses.push(miss(fact, None));
                None
            }
            Measure::Patch { .. } => {
                add_patch(fact, as_of, &mut late_patches, &mut counted);
                None
            }
            Measure::PlannedService { .. } | Measure::Outage { .. } => None,
        };
        if let Some(over) = over {
            counted.b += 1;
            counted.misses.push(miss(fact, Some(over)));
        }
    }
    match item.level {
        Level::Patches => {
            counted.b = late_patches.0 + late_patches.1;
            counted.c_and_d = Some(late_patches);
        }
        Level::OperatorFaults => counted.a = 0,
        _ => {}
    }
    counted
}

/// C: late in 稼働維持環境; D: late in 本番環境. A patch can be both.
fn add_patch(fact: &LevelFact, as_of: AsOf, late: &mut (u64, u64), counted: &mut Counted) {
    let Measure::Patch {
        staging_applied_at,
        production_applied_at,
        caused_by_us,
    } = fact.measure
    else {
        return;
    };
    if !caused_by_us {
        return;
    }
    let limit = patch_limit(fact);
    let over = |applied: Option<Instant>| {
        let is_late = applied.unwrap_or(as_of.now) >= limit;
        is_late.then(|| applied.unwrap_or(as_of.told) - limit)
    };
    let (staging, production) = (over(staging_applied_at), over(production_applied_at));
    late.0 += u64::from(staging.is_some());
    late.1 += u64::from(production.is_some());
    if let Some(over) = staging.max(production) {
        counted.misses.push(miss(fact, Some(over.0)));
    }
}

/// When a patch that was not applied is late.
fn patch_limit(fact: &LevelFact) -> Instant {
    after_months(fact.at, PATCH_MONTHS)
}

/// The same day and time so many months later; the last day of a month that has no such day.
fn after_months(at: Instant, months: u32) -> Instant {
    let local = at.in_tokyo().with_timezone(&tokyo()).naive_local();
    let later = local.checked_add_months(Months::new(months));
    later.map_or(at, Instant::from_tokyo)
}

fn miss(fact: &LevelFact, over: Option<i64>) -> Miss {
    Miss {
        id: fact.id.clone(),
        what: fact.what.clone(),
        at: fact.at,
        over: over.map(Millis),
    }
}

/// Spans without overlaps, in order.
fn union(spans: impl Iterator<Item = (i64, i64)>) -> Vec<(i64, i64)> {
    let mut ordered: Vec<_> = spans.collect();
    ordered.sort_unstable();
    let mut joined: Vec<(i64, i64)> = Vec::new();
    for (from, until) in ordered {
        match joined.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(until),
            _ => joined.push((from, until)),
        }
    }
    joined
}

/// How much two sets of spans have in common.
fn overlap(one: &[(i64, i64)], other: &[(i64, i64)]) -> u64 {
    let mut common = 0;
    for (from, until) in one {
        for (start, end) in other {
            let length = until.min(end) - from.max(start);
            common += u64::try_from(length).unwrap_or(0);
        }
    }
    common
}

#[cfg(test)]
mod tests;
