//! How many people and lines it takes.

use serde::Serialize;

pub use crate::erlang::AGENTS_AT_MOST;
use crate::erlang::{Load, answer_rate, b};

/// A share in thousandths of a percent, from 0 to 100%: 95% is 95,000, 99.95% is 99,950.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
pub struct RateTarget(u32);

impl RateTarget {
    /// The whole, 100%.
    pub const WHOLE: u32 = 100_000;

    /// So many thousandths of a percent; `None` above 100%.
    pub fn from_thousandths(thousandths: u32) -> Option<Self> {
        (thousandths <= Self::WHOLE).then_some(Self(thousandths))
    }

    /// In thousandths of a percent.
    pub fn thousandths(self) -> u32 {
        self.0
    }

    /// From 0 to 1.
    pub fn share(self) -> f64 {
        f64::from(self.0) / f64::from(Self::WHOLE)
    }

    /// Whether `kept` of `all` reach it, by the integers alone.
    pub fn is_met_by(self, kept: u64, all: u64) -> bool {
        u128::from(kept) * u128::from(Self::WHOLE) >= u128::from(all) * u128::from(self.0)
    }

    /// The most that may be missed of `all` so that it is still met.
    pub fn most_missed(self, all: u64) -> u64 {
        let missed = u128::from(all) * u128::from(Self::WHOLE - self.0) / u128::from(Self::WHOLE);
        u64::try_from(missed).unwrap_or(all)
    }
}

/// Share of the paid time in which people are not at the phone (leave, training, breaks), in hundredths
/// of a percent, below 100%: 30% is 3,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
pub struct Shrinkage(u32);

impl Shrinkage {
    const WHOLE: u32 = 10_000;

    /// So many hundredths of a percent; `None` from 100% on.
    pub fn from_hundredths(hundredths: u32) -> Option<Self> {
        (hundredths < Self::WHOLE).then_some(Self(hundredths))
    }

    /// In hundredths of a percent.
    pub fn hundredths(self) -> u32 {
        self.0
    }

    /// People that are needed so that `agents` are at the phone: agents ÷ (1 − shrinkage), rounded up in
    /// integers. 21 at 30% are 30 (floating numbers give 31). Of several queues, sum up first.
    pub fn heads(self, agents: u32) -> u32 {
        let there = u64::from(Self::WHOLE - self.0);
        let heads = (u64::from(agents) * u64::from(Self::WHOLE)).div_ceil(there);
        u32::try_from(heads).unwrap_or(u32::MAX)
    }
}

/// The least number of agents with which 応答率 reaches the target in the steady state (Erlang A); `None`:
/// 不足, not even [`AGENTS_AT_MOST`] do, or the patience is out of bounds.
pub fn needed(load: Load, patience_secs: f64, target: RateTarget) -> Option<u32> {
    let reaches =
        |agents| answer_rate(load, agents, patience_secs).is_ok_and(|rate| rate >= target.share());
    if load.calls_per_hour() <= 0.0 || target.thousandths() == 0 {
        return Some(0);
    }
    let mut enough = 1;
    while !reaches(enough) {
        if enough == AGENTS_AT_MOST {
            return None;
        }
        enough = (enough * 2).min(AGENTS_AT_MOST);
    }
    let mut too_few = enough / 2;
    while enough - too_few > 1 {
        let middle = too_few + (enough - too_few) / 2;
        if reaches(middle) {
            enough = middle;
        } else {
            too_few = middle;
        }
    }
    Some(enough)
}

/// The least number of lines with which at most this share of calls finds all busy (Erlang B), at an
/// offered load in Erlang.
pub fn lines_needed(offered: f64, blocking: f64) -> u32 {
    // Blocking falls with every line; a thousand beyond the load there is none left.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates, and the bound holds it"
    )]
    let most = (offered.max(0.0) as u32).saturating_add(1_000).min(100_000);
    let (mut too_few, mut enough) = (0, most);
    if b(offered, 0) <= blocking {
        return 0;
    }
    while enough - too_few > 1 {
        let middle = too_few + (enough - too_few) / 2;
        if b(offered, middle) <= blocking {
            enough = middle;
        } else {
            too_few = middle;
        }
    }
    enough
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b15_shrinkage_is_rounded_once_and_in_integers() {
        let thirty = Shrinkage::from_hundredths(3_000).unwrap();
        assert_eq!(thirty.heads(21), 30);
        assert_eq!(thirty.heads(14), 20);
        assert_eq!(thirty.heads(0), 0);
        // Two queues of 7 and 7: summed up first, not 10 and 10 of rounded ones.
        assert_eq!(thirty.heads(7 + 7), 20);
        assert_eq!(thirty.heads(3 + 4), 10);
        assert_eq!(thirty.heads(3) + thirty.heads(4), 11);
        for agents in 0..1_000 {
            let heads = thirty.heads(agents);
            assert!(
                heads * 7 >= agents * 10 && heads * 7 < agents * 10 + 7,
                "{agents}"
            );
        }
        assert_eq!(Shrinkage::from_hundredths(10_000), None);
    }

    #[test]
    fn agents_reach_the_target_and_one_less_does_not() {
        let target = RateTarget::from_thousandths(90_000).unwrap();
        for (calls, aht) in [(5.0, 480.0), (15.0, 480.0), (60.0, 180.0), (2_880.0, 60.0)] {
            let load = Load::new(calls, aht).unwrap();
            for patience in [60.0, 120.0, 300.0] {
                let agents = needed(load, patience, target).unwrap();
                let rate = |agents| answer_rate(load, agents, patience).unwrap();
                assert!(
                    rate(agents) >= 0.9 && rate(agents - 1) < 0.9,
                    "{calls} {patience}"
                );
            }
        }
        let load = Load::new(15.0, 480.0).unwrap();
        // 応答率 of 4, 3: 93.5%, 83.8% (erlang.csv A12, A11).
        assert_eq!(needed(load, 120.0, target), Some(4));
        let whole = RateTarget::from_thousandths(100_000).unwrap();
        let too_much = Load::new(1_000_000.0, 86_400.0).unwrap();
        assert_eq!(needed(too_much, 120.0, whole), None);
    }

    #[test]
    fn a_target_is_met_by_integers() {
        let ninety = RateTarget::from_thousandths(90_000).unwrap();
        assert!(!ninety.is_met_by(188, 209) && ninety.is_met_by(189, 210));
        assert_eq!((ninety.most_missed(209), ninety.most_missed(210)), (20, 21));
        let uptime = RateTarget::from_thousandths(99_950).unwrap();
        assert_eq!(
            (uptime.most_missed(1_999), uptime.most_missed(2_000)),
            (0, 1)
        );
    }

    #[test]
    fn lines_are_those_of_erlang_b() {
        // Erlang B(3, 2) = 4/19.
        assert!((b(2.0, 3) - 4.0 / 19.0).abs() < 1e-15);
        assert_eq!(lines_needed(2.0, 0.25), 3);
        assert_eq!(lines_needed(2.0, 0.2), 4);
        assert_eq!(lines_needed(0.0, 0.01), 1);
        let lines = lines_needed(1_000.0, 0.01);
        assert!(b(1_000.0, lines) <= 0.01 && b(1_000.0, lines - 1) > 0.01);
    }
}
