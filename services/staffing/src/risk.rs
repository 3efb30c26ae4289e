//! As the month runs: how much more an item can bear, and how likely it is to be missed.
//!
//! A rate is judged with what is known of the desk: the share that is missed has a beta distribution,
//! which begins with earlier months (or with a third of what the target allows), so that one miss among five
//! calls on the first day is no alarm. What is still to come is the forecast. An item that bears no miss
//! at all ([`ZeroItem`]) has clocks, not odds.

mod clocks;
mod open;
mod time;

use serde::Serialize;

pub use self::clocks::{ZeroItem, ZeroStanding};
pub use self::open::Lasted;
pub use self::time::{TimeItem, TimeRisk};
pub use crate::agents::RateTarget;
use crate::distribution::{NegativeBinomial, beta_binomial_tail};
pub use crate::forecast::Rest;

/// From this probability on an item is watched,
pub const WATCH: f64 = 0.2;
/// and from this one on there is an alarm.
pub const ALARM: f64 = 0.5;
/// So many calls of earlier months are believed, at the most.
const BELIEVED: f64 = 200.0;
/// So many calls weighs what is believed of a desk without earlier months.
const UNKNOWN: f64 = 100.0;
/// Numbers of calls to come that are reckoned with, each equally likely.
const POINTS: usize = 41;

/// An item that is a rate: 電話応答率, 一次回答率, 問題解決率.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateItem {
    /// What is to be reached.
    pub target: RateTarget,
    /// A: what has been counted so far.
    pub counted: u64,
    /// Of these, how many were missed. Never more.
    pub missed: u64,
}

/// What is known of the share that is missed before the month begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prior {
    missed: f64,
    kept: f64,
}

impl Prior {
    /// From earlier months, each with its A and what was missed of it, those that are closest first. Each
    /// month weighs half of the one before.
    pub fn from_months(target: RateTarget, months: &[(u64, u64)]) -> Self {
        let allowed = 1.0 - target.share();
        // A third of what may be missed, until more is known.
        let (mut missed, mut all) = (UNKNOWN * allowed / 3.0, UNKNOWN);
        let mut weight = 1.0;
        for (counted, of_them_missed) in months {
            missed += weight * (*of_them_missed).min(*counted) as f64;
            all += weight * *counted as f64;
            weight /= 2.0;
        }
        let believed = (BELIEVED / all).min(1.0);
        // Neither is ever impossible.
        Self {
            missed: (missed * believed).max(0.05),
            kept: ((all - missed) * believed).max(0.05),
        }
    }
}

/// How an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nothing to count, now or to come.
    NotApplicable,
    /// All is well.
    Safe,
    /// [`WATCH`]
    Watch,
    /// [`ALARM`]
    Alarm,
    /// It is missed, or nothing but an unlikely number of calls without any miss can save it.
    Lost,
}

impl Standing {
    /// What screens and documents say.
    pub const fn label(self) -> &'static str {
        match self {
            Self::NotApplicable => "対象なし",
            Self::Safe => "達成の見込み",
            Self::Watch => "注意",
            Self::Alarm => "警戒",
            Self::Lost => "未達成の見込み",
        }
    }
}

/// How a rate stands.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RateRisk {
    /// So many more misses the month can bear if as many calls come as expected; negative: it has so many
    /// too many.
    pub bearable: i64,
    /// The probability that the month ends below the target, from 0 to 1.
    pub probability: f64,
    /// What follows.
    pub standing: Standing,
}

/// How a rate stands, given what was counted so far, what is known from before, and what is to come.
pub fn rate_risk(item: &RateItem, prior: Prior, rest: Rest) -> RateRisk {
    let missed = item.missed.min(item.counted);
    let to_come = NegativeBinomial {
        mean: rest.mean,
        alpha: rest.alpha,
    };
    let points: [u64; POINTS] =
        to_come.quantiles(std::array::from_fn(|at| (at as f64 + 0.5) / POINTS as f64));
    let counted = item.counted;
    // So many misses to come of so many calls to come are one too many.
    let too_many = |more: u64| {
        let most = item.target.most_missed(counted.saturating_add(more));
        (most + 1).saturating_sub(missed)
    };
    let (seen_missed, seen_kept) = (missed as f64, (counted - missed) as f64);
    let lost = points.iter().map(|more| {
        beta_binomial_tail(
            *more,
            too_many(*more),
            prior.missed + seen_missed,
            prior.kept + seen_kept,
        )
    });
    let probability = (lost.sum::<f64>() / POINTS as f64).clamp(0.0, 1.0);
    let bearable = bearable(item, missed, rest.mean);
    let most = points.last().copied().unwrap_or_default();
    let standing = if counted == 0 && most == 0 {
        Standing::NotApplicable
    } else if too_many(most) == 0 {
        Standing::Lost
    } else {
        standing(probability)
    };
    RateRisk {
        bearable,
        probability,
        standing,
    }
}

fn standing(probability: f64) -> Standing {
    if probability >= ALARM {
        Standing::Alarm
    } else if probability >= WATCH {
        Standing::Watch
    } else {
        Standing::Safe
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates; means are not negative"
)]
fn bearable(item: &RateItem, missed: u64, mean: f64) -> i64 {
    let all = item.counted.saturating_add(mean.round() as u64);
    let most = i64::try_from(item.target.most_missed(all)).unwrap_or(i64::MAX);
    most.saturating_sub(i64::try_from(missed).unwrap_or(i64::MAX))
}

/// An item that counts what happens and bears a few (運用管理業務起因障害件数: two a fiscal year).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CountItem {
    /// So many are borne.
    pub limit: u64,
    /// So many have happened in the period.
    pub happened: u64,
    /// So many have happened in the months before,
    pub before: u64,
    /// of which there were so many.
    pub months_before: f64,
    /// Months of the period that are still to come; parts count.
    pub months_left: f64,
}

/// How a count stands: how many more can happen, how likely more than that are.
pub fn count_risk(item: &CountItem) -> RateRisk {
    let bearable = i64::try_from(item.limit).unwrap_or(i64::MAX);
    let bearable = bearable.saturating_sub(i64::try_from(item.happened).unwrap_or(i64::MAX));
    // A gamma distribution of the rate: one a year is believed of a desk that is not known.
    let shape = 0.5 + item.before as f64;
    let rate = shape / (6.0 + item.months_before.max(0.0));
    let to_come = NegativeBinomial {
        mean: rate * item.months_left.max(0.0),
        alpha: 1.0 / shape,
    };
    let probability = match u64::try_from(bearable) {
        Ok(more) => to_come.above(more),
        Err(_) => 1.0,
    };
    RateRisk {
        bearable,
        probability,
        standing: if bearable < 0 {
            Standing::Lost
        } else {
            standing(probability)
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(thousandths: u32) -> RateTarget {
        RateTarget::from_thousandths(thousandths).unwrap()
    }

    fn item(target: RateTarget, counted: u64, missed: u64) -> RateItem {
        RateItem {
            target,
            counted,
            missed,
        }
    }

    fn rest(mean: f64) -> Rest {
        Rest { mean, alpha: 0.01 }
    }

    #[test]
    fn one_miss_among_five_calls_on_the_first_day_is_no_alarm() {
        for (thousandths, usual) in [(90_000, 6), (75_000, 45), (95_000, 2)] {
            let target = target(thousandths);
            for months in [&[][..], &[(1_000, usual)], &[(400, 2), (300, 1)]] {
                let prior = Prior::from_months(target, months);
                for to_come in [150.0, 300.0, 1_000.0] {
                    let risk = rate_risk(&item(target, 5, 1), prior, rest(to_come));
                    assert!(
                        risk.standing <= Standing::Watch,
                        "{thousandths} {months:?} {to_come}: {risk:?}"
                    );
                    assert!(risk.bearable > 0);
                }
            }
        }
        // Of a desk whose earlier months are known, it is not even watched.
        let prior = Prior::from_months(target(90_000), &[(1_023, 6), (457, 1)]);
        let risk = rate_risk(&item(target(90_000), 5, 1), prior, rest(300.0));
        assert_eq!(risk.standing, Standing::Safe);
    }

    #[test]
    fn many_misses_are_an_alarm_while_there_is_time() {
        let target = target(90_000);
        let prior = Prior::from_months(target, &[(1_023, 6)]);
        let risk = rate_risk(&item(target, 100, 25), prior, rest(200.0));
        assert!(risk.standing >= Standing::Alarm, "{risk:?}");
        assert_eq!(risk.bearable, 5);
        let worse = rate_risk(&item(target, 100, 40), prior, rest(200.0));
        assert!(worse.probability >= risk.probability);
        assert_eq!(worse.standing, Standing::Lost);
        assert_eq!(worse.bearable, -10);
    }

    #[test]
    fn the_last_evening_is_judged_by_the_integers() {
        let target = target(90_000);
        let prior = Prior::from_months(target, &[]);
        // 188 of 209 shows 90.0% and misses 90%.
        let missed = rate_risk(&item(target, 209, 21), prior, Rest::NONE);
        assert_eq!((missed.probability, missed.standing), (1.0, Standing::Lost));
        assert_eq!(missed.bearable, -1);
        let met = rate_risk(&item(target, 210, 21), prior, Rest::NONE);
        assert_eq!((met.probability, met.standing), (0.0, Standing::Safe));
        let nothing = rate_risk(&item(target, 0, 0), prior, Rest::NONE);
        assert_eq!(nothing.standing, Standing::NotApplicable);
    }

    #[test]
    fn the_probability_is_that_of_what_happens() {
        // Calls are missed with a chance that itself is drawn from the prior; the probability must be
        // the share of months that end below the target, whatever it was after the first calls.
        let target = target(90_000);
        let prior = Prior::from_months(target, &[(100, 10)]);
        let mut chance = Chance(7);
        let (mut told, mut came, months) = (0.0, 0.0, 4_000);
        for _ in 0..months {
            let share = chance.beta(prior.missed, prior.kept);
            let missed = (0..60).filter(|_| chance.unit() < share).count() as u64;
            let to_come = Rest {
                mean: 140.0,
                alpha: 0.0,
            };
            told += rate_risk(&item(target, 60, missed), prior, to_come).probability;
            let later = chance.poisson(140.0);
            let more = (0..later).filter(|_| chance.unit() < share).count() as u64;
            came += f64::from(u8::from(
                !target.is_met_by(60 + later - missed - more, 60 + later),
            ));
        }
        let (told, came) = (told / f64::from(months), came / f64::from(months));
        // Three standard deviations of the share that came, and the 41 points.
        assert!((told - came).abs() < 0.02, "{told} {came}");
        assert!((0.02..0.5).contains(&came), "a test of nothing: {came}");
    }

    #[test]
    fn two_faults_a_year_are_borne() {
        let year = |happened, months_left| CountItem {
            limit: 2,
            happened,
            before: 0,
            months_before: 12.0,
            months_left,
        };
        assert_eq!(count_risk(&year(0, 12.0)).standing, Standing::Safe);
        assert_eq!(count_risk(&year(2, 1.0)).bearable, 0);
        assert!(count_risk(&year(2, 9.0)).probability > count_risk(&year(2, 1.0)).probability);
        assert_eq!(count_risk(&year(3, 0.0)).standing, Standing::Lost);
        assert_eq!(count_risk(&year(2, 0.0)).probability, 0.0);
    }

    /// A fixed sequence of numbers (SplitMix64).
    struct Chance(u64);

    impl Chance {
        fn unit(&mut self) -> f64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = self.0;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
        }

        fn poisson(&mut self, mean: f64) -> u64 {
            let (mut count, mut time) = (0, -(1.0 - self.unit()).ln());
            while time < mean {
                count += 1;
                time -= (1.0 - self.unit()).ln();
            }
            count
        }

        /// By rejection from the unit square under the density, which has one peak.
        fn beta(&mut self, one: f64, other: f64) -> f64 {
            let ln_density = |x: f64| (one - 1.0) * x.ln() + (other - 1.0) * (1.0 - x).ln();
            let peak = ln_density((one - 1.0) / (one + other - 2.0));
            loop {
                let x = self.unit() * 0.5;
                if x > 0.0 && self.unit().ln() < ln_density(x) - peak {
                    return x;
                }
            }
        }
    }
}
