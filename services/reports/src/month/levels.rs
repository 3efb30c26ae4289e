//! The items of 別紙6 in a month and in those before it: what was counted, and what is said of it.

use std::collections::{BTreeMap, BTreeSet};

use madoguchi_core::month::{
    Counted, Goal, Judged, Level, LevelItem, Miss, Month, MonthMisses, Payment, PublishedMonth,
    Verdict, count_facts, judge, payment,
};
use madoguchi_core::ticket::{System, Ticket};
use madoguchi_core::time::Millis;

use super::counted::CountedMonth;
use super::input::MonthInput;
use super::months::{KnownMonth, Months};
use super::result::bare;
use super::summary::MonthSummary;

/// All items of both systems, in order.
pub(super) fn items() -> impl Iterator<Item = LevelItem> {
    System::ALL.into_iter().flat_map(LevelItem::all_of)
}

/// The judgement of the book's month.
pub(super) fn judged(input: &MonthInput, month: &CountedMonth<'_>) -> Vec<Judged> {
    let counted = items().map(|item| (item, counted(item, input, month)));
    judge(counted, |item| input.own_goals.get(&item).copied())
}

fn counted(item: LevelItem, input: &MonthInput, month: &CountedMonth<'_>) -> Counted {
    let calls = |a: usize, b: usize| Counted {
        a: a as u64,
        b: b as u64,
        ..Counted::default()
    };
    match item.level {
        // 応対前 is in neither (docs/metrics.md).
        Level::AnswerRate => calls(
            month.offered.len() - month.waiting.len(),
            month.answered.len(),
        ),
        Level::FirstAnswerRate => calls(month.answered.len(), month.first_unanswered.len()),
        Level::ResolutionRate => calls(month.answered.len(), month.unsolved.len()),
        Level::AnswerTime => answer_times(item.system, input, month),
        _ => count_facts(item, month.data.month, &input.facts, input.made_at),
    }
}

fn answer_times(system: System, input: &MonthInput, month: &CountedMonth<'_>) -> Counted {
    let of = |lists: &std::collections::BTreeMap<System, Vec<_>>| {
        lists.get(&system).cloned().unwrap_or_default()
    };
    let (timed, late): (Vec<&Ticket>, Vec<&Ticket>) = (of(&month.timed), of(&month.late));
    Counted {
        a: timed.len() as u64,
        b: late.len() as u64,
        own_b: late_by_own(system, &timed, input, month),
        misses: late
            .iter()
            .map(|ticket| Miss {
                id: ticket.id.to_string(),
                what: input.rules.numbers.write(ticket.number),
                at: ticket.received_at,
                over: over(ticket, month),
            })
            .collect(),
        ..Counted::default()
    }
}

/// How many took longer than a limit of one's own, if there is one.
fn late_by_own(
    system: System,
    timed: &[&Ticket],
    input: &MonthInput,
    month: &CountedMonth<'_>,
) -> u64 {
    let item = LevelItem {
        system,
        level: Level::AnswerTime,
    };
    let Some(Goal::WithinMinutes(minutes)) = input.own_goals.get(&item) else {
        return 0;
    };
    let limit = Millis::from_secs(i64::from(*minutes) * 60);
    let late = timed
        .iter()
        .filter(|ticket| took(ticket, month).is_some_and(|took| took > limit));
    late.count() as u64
}

fn over(ticket: &Ticket, month: &CountedMonth<'_>) -> Option<Millis> {
    let limit = month.clock(ticket)?.limit();
    Some(Millis(took(ticket, month)?.0 - limit.0))
}

/// 回答所要時間; of what was not answered, up to the cut-off.
fn took(ticket: &Ticket, month: &CountedMonth<'_>) -> Option<Millis> {
    month.took(ticket).or_else(|| {
        let clock = month.clock(ticket)?;
        Some(clock.open_between(ticket.received_at, month.data.cut_off))
    })
}

/// What the months up to the book's cost, as far as they are known.
pub(super) fn payments(input: &MonthInput, months: &Months<'_>, now: &[Judged]) -> Vec<Payment> {
    let own = input.data.month;
    let frozen = input.frozen_misses.range(..own);
    let mut known: BTreeMap<Month, BTreeSet<LevelItem>> = frozen
        .map(|(month, missed)| (*month, missed.clone()))
        .collect();
    for (month, summary, published) in months.before(own) {
        known
            .entry(month)
            .or_insert_with(|| missed(&earlier(input, month, summary, published)));
    }
    known.insert(own, missed_now(input, months, now));
    let known = known.into_iter();
    let known = known.map(|(month, missed)| MonthMisses { month, missed });
    payment(&known.collect::<Vec<_>>(), input.rules.run)
}

/// What is missed in the book's month. Of a month that was published and not measured here it is what later books
/// say of it.
fn missed_now(input: &MonthInput, months: &Months<'_>, now: &[Judged]) -> BTreeSet<LevelItem> {
    match months.get(input.data.month) {
        Some(KnownMonth {
            summary,
            is_measured: false,
            published,
        }) => missed(&earlier(input, summary.month, summary, *published)),
        _ => missed(now),
    }
}

fn missed(judged: &[Judged]) -> BTreeSet<LevelItem> {
    let missed = judged.iter().filter(|one| one.verdict == Verdict::Missed);
    missed.map(|one| one.item).collect()
}

/// The judgement of an earlier month that is not 確定, by its integers and its facts.
fn earlier(
    input: &MonthInput,
    month: Month,
    summary: &MonthSummary,
    published: Option<&PublishedMonth>,
) -> Vec<Judged> {
    let counted = |item: LevelItem| {
        let calls = |a, b| Counted {
            a,
            b,
            ..Counted::default()
        };
        match item.level {
            Level::AnswerRate => calls(summary.ended(), summary.answered),
            Level::FirstAnswerRate => calls(summary.answered, summary.first_unanswered),
            Level::ResolutionRate => match (summary.unsolved, published) {
                (Some(unsolved), _) => calls(summary.answered, unsolved),
                (None, Some(published)) => of_published_rate(&published.resolution_rate),
                (None, None) => Counted::default(),
            },
            Level::AnswerTime => {
                let (a, b) = summary.timed.get(&item.system).copied().unwrap_or_default();
                calls(a, b)
            }
            _ => count_facts(item, month, &input.facts, input.made_at),
        }
    };
    judge(items().map(|item| (item, counted(item))), |_| None)
}

/// A rate that was published without its integers, "99.9%", as what was missed of 100,000.
fn of_published_rate(text: &str) -> Counted {
    let number = bare(text).unwrap_or_default();
    let (whole, decimals) = number.split_once('.').unwrap_or((&number, ""));
    let thousandths = format!("{decimals:0<3}");
    let rate = match (whole.parse::<u64>(), thousandths.get(..3)) {
        (Ok(whole), Some(rest)) => rest.parse::<u64>().map(|rest| whole * 1_000 + rest).ok(),
        _ => None,
    };
    rate.map_or_else(Counted::default, |rate| Counted {
        a: madoguchi_core::month::WHOLE,
        b: madoguchi_core::month::WHOLE.saturating_sub(rate),
        ..Counted::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_published_rate_is_judged_by_its_text() {
        let missed = |text| of_published_rate(text).b;
        assert_eq!(missed("99.9%"), 100);
        assert_eq!(missed("100.0%"), 0);
        assert_eq!(missed("95％"), 5_000);
        assert_eq!(missed("９９．５％"), 500);
        assert_eq!(of_published_rate("－"), Counted::default());
    }
}
