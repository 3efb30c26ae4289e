//! 支払い割合 (表 5.6-8): what months in a row in which an item was missed cost in the month that follows.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::levels::LevelItem;
use super::period::Month;
use super::settings::PaymentRun;

/// What was missed in a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthMisses {
    /// Which month.
    pub month: Month,
    /// The items that were missed.
    pub missed: BTreeSet<LevelItem>,
}

/// What a month costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// 評価月
    pub month: Month,
    /// 未達成項目
    pub missed: Vec<LevelItem>,
    /// 連続未達成回数, this month included; 0 if all was met.
    pub run: u32,
    /// 支払い対象月: the month that follows.
    pub paid_month: Month,
    /// 支払い割合 in percent.
    pub percent: u32,
}

/// 表 5.6-8: the percentage after so many months in a row.
pub fn percent_after(run: u32) -> u32 {
    match run {
        0 | 1 => 100,
        2 => 97,
        3 => 93,
        _ => 90,
    }
}

/// What the months cost, in their order. A row goes on over the border of a fiscal year; a month of which
/// nothing is known ends it.
pub fn payment(months: &[MonthMisses], rule: PaymentRun) -> Vec<Payment> {
    let mut ordered: Vec<&MonthMisses> = months.iter().collect();
    ordered.sort_by_key(|one| one.month);
    let mut runs: BTreeMap<Option<LevelItem>, u32> = BTreeMap::new();
    let mut before: Option<Month> = None;
    let mut paid = Vec::with_capacity(ordered.len());
    for one in ordered {
        if before.is_none_or(|before| before.next() != one.month) {
            runs.clear();
        }
        before = Some(one.month);
        let keys: BTreeSet<Option<LevelItem>> = match rule {
            PaymentRun::AnyItem if one.missed.is_empty() => BTreeSet::new(),
            PaymentRun::AnyItem => [None].into(),
            PaymentRun::SameItem => one.missed.iter().copied().map(Some).collect(),
        };
        runs.retain(|key, _| keys.contains(key));
        for key in keys {
            *runs.entry(key).or_default() += 1;
        }
        let run = runs.values().copied().max().unwrap_or(0);
        paid.push(Payment {
            month: one.month,
            missed: one.missed.iter().copied().collect(),
            run,
            paid_month: one.month.next(),
            percent: percent_after(run),
        });
    }
    paid
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::month::Level;
    use crate::ticket::System;

    fn item(level: Level) -> LevelItem {
        LevelItem {
            system: System::Indirect,
            level,
        }
    }

    fn months(first: &str, missed: &[&[Level]]) -> Vec<MonthMisses> {
        let first: Month = first.parse().unwrap();
        let each = std::iter::successors(Some(first), |month| Some(month.next()));
        let missed = missed.iter().map(|levels| levels.iter().copied().map(item));
        each.zip(missed)
            .map(|(month, missed)| MonthMisses {
                month,
                missed: missed.collect(),
            })
            .collect()
    }

    fn percents(months: &[MonthMisses], rule: PaymentRun) -> Vec<u32> {
        let paid = payment(months, rule).into_iter();
        paid.map(|one| one.percent).collect()
    }

    const RATE: &[Level] = &[Level::AnswerRate];
    const TIME: &[Level] = &[Level::AnswerTime];

    #[test]
    fn 表5_6_8_a_row_of_missed_months_costs_more_each_month_and_ends_with_one_that_meets_all() {
        let months = months("2024-04", &[&[], RATE, TIME, RATE, RATE, RATE, &[], RATE]);
        assert_eq!(
            percents(&months, PaymentRun::AnyItem),
            [100, 100, 97, 93, 90, 90, 100, 100]
        );
        let paid = payment(&months, PaymentRun::AnyItem);
        assert_eq!(paid[2].paid_month, "2024-07".parse().unwrap());
        assert_eq!(paid[2].run, 2);
    }

    #[test]
    fn a_row_goes_on_over_the_border_of_the_fiscal_year() {
        let months = months("2025-02", &[RATE, RATE, RATE, RATE]);
        assert_eq!(percents(&months, PaymentRun::AnyItem), [100, 97, 93, 90]);
        assert_eq!(
            payment(&months, PaymentRun::AnyItem)[1].month.fiscal_year(),
            2024
        );
    }

    #[test]
    fn by_a_setting_only_the_same_item_makes_a_row() {
        let both = &[Level::AnswerRate, Level::AnswerTime];
        let months = months("2024-04", &[RATE, both, TIME, RATE]);
        assert_eq!(percents(&months, PaymentRun::SameItem), [100, 97, 97, 100]);
        assert_eq!(percents(&months, PaymentRun::AnyItem), [100, 97, 93, 90]);
    }

    #[test]
    fn months_come_in_any_order_and_an_unknown_one_ends_the_row() {
        let mut all = months("2024-04", &[RATE, RATE, RATE]);
        all.reverse();
        assert_eq!(percents(&all, PaymentRun::AnyItem), [100, 97, 93]);
        all.remove(1);
        assert_eq!(percents(&all, PaymentRun::AnyItem), [100, 100]);
    }
}
