//! Counts that scatter more than Poisson: the negative binomial and the beta-binomial distribution.

use libm::lgamma;

/// Below this a negative binomial is a Poisson distribution.
const POISSON: f64 = 1e-9;
/// Values beyond so many standard deviations are left out.
const DEVIATIONS: f64 = 12.0;
/// What is less probable than e^−100 does not matter.
const NOTHING: f64 = -100.0;

/// A count with mean μ and variance μ + αμ².
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct NegativeBinomial {
    pub(crate) mean: f64,
    pub(crate) alpha: f64,
}

impl NegativeBinomial {
    fn deviation(self) -> f64 {
        (self.mean + self.alpha * self.mean * self.mean).sqrt()
    }

    fn ln_probability(self, count: f64) -> f64 {
        if self.alpha < POISSON {
            return count * self.mean.ln() - self.mean - lgamma(count + 1.0);
        }
        let size = 1.0 / self.alpha;
        lgamma(count + size)
            - lgamma(size)
            - lgamma(count + 1.0)
            - size * (self.alpha * self.mean).ln_1p()
            + count * (self.mean / (size + self.mean)).ln()
    }

    /// From one count to the next the probability changes by this factor.
    fn step(self, count: f64) -> f64 {
        if self.alpha < POISSON {
            return self.mean / (count + 1.0);
        }
        let size = 1.0 / self.alpha;
        (count + size) / (count + 1.0) * self.mean / (size + self.mean)
    }

    /// The probability of more than so many.
    pub(crate) fn above(self, count: u64) -> f64 {
        if self.mean <= 0.0 {
            return 0.0;
        }
        let counts = (0..=count).map(|count| self.ln_probability(count as f64).exp());
        (1.0 - counts.sum::<f64>()).max(0.0)
    }

    /// The first count from `least` on whose probability is a number that matters at all.
    fn first(self, least: f64) -> f64 {
        let (mut low, mut high) = (least, self.mean.floor());
        while high - low > 1.0 && self.ln_probability(low) < NOTHING {
            let middle = (low + (high - low) / 2.0).floor();
            if self.ln_probability(middle) < NOTHING {
                low = middle;
            } else {
                high = middle;
            }
        }
        if self.ln_probability(low) < NOTHING {
            high
        } else {
            low
        }
    }

    /// The least counts that are reached or not exceeded with these probabilities, which rise.
    pub(crate) fn quantiles<const N: usize>(self, probabilities: [f64; N]) -> [u64; N] {
        if self.mean <= 0.0 {
            return [0; N];
        }
        let spread = DEVIATIONS * self.deviation() + DEVIATIONS;
        let mut count = self.first((self.mean - spread).floor().max(0.0));
        let most = self.mean + 4.0 * spread;
        let mut probability = self.ln_probability(count).exp();
        let mut sum = probability;
        probabilities.map(|wanted| {
            while sum < wanted && count < most {
                probability *= self.step(count);
                count += 1.0;
                sum += probability;
            }
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "whole and not negative; too large a count saturates"
            )]
            let count = count as u64;
            count
        })
    }
}

/// The mean distance of a Poisson count from its mean: the error of a perfect forecaster.
pub(crate) fn poisson_mean_error(mean: f64) -> f64 {
    if mean <= 0.0 {
        return 0.0;
    }
    let floor = mean.floor();
    2.0 * ((floor + 1.0) * mean.ln() - mean - lgamma(floor + 1.0)).exp()
}

/// The probability that at least `least` of `all` are missed, if the share that is missed has a beta
/// distribution with these parameters, both above zero.
pub(crate) fn beta_binomial_tail(all: u64, least: u64, missed: f64, kept: f64) -> f64 {
    if least == 0 {
        return 1.0;
    }
    if least > all {
        return 0.0;
    }
    // The shorter side is summed up.
    let from_above = all - least < least;
    let (first, last) = if from_above {
        (least, all)
    } else {
        (0, least - 1)
    };
    let ln_beta = |a: f64, b: f64| lgamma(a) + lgamma(b) - lgamma(a + b);
    let n = all as f64;
    let k = first as f64;
    let ln_choose = lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0);
    let ln_first = ln_choose + ln_beta(k + missed, n - k + kept) - ln_beta(missed, kept);
    // Relative to the first, so that a first one too small for a number hides nothing.
    let mut ln_term = ln_first;
    let mut sum = 0.0;
    let mut count = k;
    for _ in first..=last {
        sum += ln_term.exp();
        let step = (n - count) * (missed + count) / ((count + 1.0) * (kept + n - count - 1.0));
        ln_term += step.ln();
        count += 1.0;
    }
    let sum = sum.clamp(0.0, 1.0);
    if from_above { sum } else { 1.0 - sum }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, wanted: f64) {
        assert!((found - wanted).abs() < 1e-9, "{found} {wanted}");
    }

    #[test]
    fn quantiles_are_those_of_the_sums() {
        for (mean, alpha) in [
            (0.3, 0.0),
            (4.0, 0.0),
            (4.0, 0.3),
            (50.0, 0.021),
            (900.0, 0.01),
            (9e4, 0.004),
        ] {
            let count = NegativeBinomial { mean, alpha };
            let [low, middle, high] = count.quantiles([0.1, 0.5, 0.9]);
            let sum = |until: u64| -> f64 {
                (0..=until)
                    .map(|k| count.ln_probability(k as f64).exp())
                    .sum()
            };
            for (quantile, probability) in [(low, 0.1), (middle, 0.5), (high, 0.9)] {
                assert!(sum(quantile) >= probability - 1e-12, "{mean} {alpha}");
                assert!(
                    quantile == 0 || sum(quantile - 1) < probability,
                    "{mean} {alpha}"
                );
            }
            close(sum(high * 4 + 100), 1.0);
        }
        let nothing = NegativeBinomial {
            mean: 0.0,
            alpha: 0.1,
        };
        assert_eq!(nothing.quantiles([0.1, 0.9]), [0, 0]);
    }

    #[test]
    fn a_perfect_forecaster_errs_by_the_noise() {
        let direct = |mean: f64| -> f64 {
            let count = NegativeBinomial { mean, alpha: 0.0 };
            let errors = (0..2_000).map(|k| {
                let k = f64::from(k);
                count.ln_probability(k).exp() * (k - mean).abs()
            });
            errors.sum()
        };
        for mean in [0.4, 1.0, 7.3, 48.0] {
            close(poisson_mean_error(mean), direct(mean));
        }
    }

    #[test]
    fn tails_of_the_beta_binomial_are_right() {
        // Beta(1, 1): all counts are equally likely.
        for least in 0..=10 {
            close(
                beta_binomial_tail(10, least, 1.0, 1.0),
                (11 - least) as f64 / 11.0,
            );
        }
        assert_eq!(beta_binomial_tail(10, 11, 1.0, 1.0), 0.0);
        // A share that is all but known: binomial. P(X ≥ 2) of 3 at 1/2.
        assert!((beta_binomial_tail(3, 2, 1e5, 1e5) - 0.5).abs() < 1e-5);
        let large = beta_binomial_tail(100_000, 10_001, 6.0, 994.0);
        assert!((0.0..1e-6).contains(&large));
    }
}
