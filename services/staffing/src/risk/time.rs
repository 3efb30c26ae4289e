//! An item that bears so much time (システム可用性): what is left of it. Nothing tells how likely the next
//! standstill is, so there is no probability.

use madoguchi_core::time::Millis;
use serde::Serialize;

use super::Standing;
use crate::agents::RateTarget;

/// An item that is a share of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeItem {
    /// What is to be reached.
    pub target: RateTarget,
    /// A: the planned time of the month.
    pub planned: Millis,
    /// B: how much of it was lost so far.
    pub lost: Millis,
}

/// How such an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TimeRisk {
    /// So much more can be lost; negative: so much too much was.
    pub bearable: Millis,
    /// What follows.
    pub standing: Standing,
}

impl TimeItem {
    /// How it stands: to be watched when half of what can be lost is.
    pub fn risk(&self) -> TimeRisk {
        let planned = u64::try_from(self.planned.0).unwrap_or_default();
        let most = self.target.most_missed(planned);
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let lost = self.lost.0.max(0);
        TimeRisk {
            bearable: Millis(most.saturating_sub(lost)),
            standing: if planned == 0 {
                Standing::NotApplicable
            } else if lost > most {
                Standing::Lost
            } else if lost > 0 && lost.saturating_mul(2) >= most {
                Standing::Watch
            } else {
                Standing::Safe
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_the_time_is_a_matter_of_integers() {
        // 99.95% of 30 days of 24 hours leave 1,296 seconds.
        let item = |lost| TimeItem {
            target: RateTarget::from_thousandths(99_950).unwrap(),
            planned: Millis::from_secs(30 * 86_400),
            lost: Millis::from_secs(lost),
        };
        for (lost, standing) in [
            (0, Standing::Safe),
            (600, Standing::Safe),
            (648, Standing::Watch),
            (1_296, Standing::Watch),
            (1_297, Standing::Lost),
        ] {
            let risk = item(lost).risk();
            assert_eq!(risk.standing, standing, "{lost}");
            assert_eq!(risk.bearable, Millis::from_secs(1_296 - lost));
        }
        let nothing = TimeItem {
            planned: Millis::ZERO,
            ..item(0)
        };
        assert_eq!(nothing.risk().standing, Standing::NotApplicable);
    }
}
