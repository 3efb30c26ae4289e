//! How far the calls of a day may be from what is expected.

use serde::Serialize;

use crate::distribution::NegativeBinomial;

/// α of a desk of which nothing is known, beside what the fit says.
const BEFORE: f64 = 0.02;
/// So many days the fit's own α weighs against those of the back-test.
const FIT_WEIGHS: f64 = 20.0;
/// The variance of a whole month's level that is expected before anything is known,
const MONTH_BEFORE: f64 = 0.01;
/// and so many months it weighs.
const MONTH_WEIGHS: f64 = 4.0;

/// What is expected, with the intervals in which it lies in 80 and 95 of 100 cases.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Expected {
    /// The mean.
    pub mean: f64,
    /// 80%: from here
    pub low80: u64,
    /// to here.
    pub high80: u64,
    /// 95%: from here
    pub low95: u64,
    /// to here.
    pub high95: u64,
}

impl Expected {
    /// Whether a count lies within 80%.
    pub fn holds80(&self, count: u64) -> bool {
        (self.low80..=self.high80).contains(&count)
    }

    /// Whether a count lies within 95%.
    pub fn holds95(&self, count: u64) -> bool {
        (self.low95..=self.high95).contains(&count)
    }

    fn new(distribution: NegativeBinomial) -> Self {
        let [low95, low80, high80, high95] = distribution.quantiles([0.025, 0.1, 0.9, 0.975]);
        Self {
            mean: distribution.mean,
            low80,
            high80,
            low95,
            high95,
        }
    }
}

/// Calls that are still to come, for [`crate::risk`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rest {
    /// The mean.
    pub mean: f64,
    /// The variance is mean + alpha · mean².
    pub alpha: f64,
}

impl Rest {
    /// Nothing more is to come.
    pub const NONE: Self = Self {
        mean: 0.0,
        alpha: 0.0,
    };

    /// A share of it, such as those of the calls that are answered.
    #[must_use]
    pub fn of_share(self, share: f64) -> Self {
        Self {
            mean: self.mean * share.clamp(0.0, 1.0),
            ..self
        }
    }
}

/// How forecasts of days and months have erred.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Errors {
    days: f64,
    /// Σ ((y − μ)²/μ − 1)
    above: f64,
    /// Σ μ
    means: f64,
    months: f64,
    /// Σ ((T − M)² − M) over months with the total M,
    month_above: f64,
    /// Σ Σ μ² over their days,
    day_squares: f64,
    /// and Σ M².
    month_squares: f64,
}

impl Errors {
    /// A month was forecast with these means, and these calls came.
    pub(super) fn add(&mut self, days: impl Iterator<Item = (f64, f64)>) {
        let (mut total, mut came, mut squares) = (0.0, 0.0, 0.0);
        for (mean, calls) in days.filter(|(mean, _)| *mean > 0.0) {
            self.days += 1.0;
            self.above += (calls - mean).powi(2) / mean - 1.0;
            self.means += mean;
            total += mean;
            came += calls;
            squares += mean * mean;
        }
        self.months += 1.0;
        self.month_above += (came - total).powi(2) - total;
        self.day_squares += squares;
        self.month_squares += total * total;
    }
}

/// How days and months scatter: the variance of a day is μ + αμ², of which the part `month` of α is
/// common to all days of a month.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scatter {
    alpha: f64,
    month: f64,
}

impl Scatter {
    /// What the fit says of itself, and a little more, for it has seen the days.
    pub(super) fn in_sample(alpha: f64) -> Self {
        let alpha = alpha + BEFORE;
        Self {
            alpha,
            month: MONTH_BEFORE.min(alpha),
        }
    }

    /// What forecasts have shown, the more of them there are.
    pub(super) fn with_errors(self, errors: &Errors) -> Self {
        let found = if errors.means > 0.0 {
            (errors.above / errors.means).max(0.0)
        } else {
            0.0
        };
        let alpha = (found * errors.days + self.alpha * FIT_WEIGHS) / (errors.days + FIT_WEIGHS);
        let between = errors.month_squares - errors.day_squares;
        let month = if between > 0.0 {
            ((errors.month_above - alpha * errors.day_squares) / between).max(0.0)
        } else {
            0.0
        };
        let weighs = errors.months + MONTH_WEIGHS;
        let month = (month * errors.months + self.month * MONTH_WEIGHS) / weighs;
        Self {
            alpha,
            month: month.min(alpha),
        }
    }

    pub(super) fn of_day(self, mean: f64) -> Expected {
        Expected::new(NegativeBinomial {
            mean,
            alpha: self.alpha,
        })
    }

    pub(super) fn of_total(self, means: &[f64]) -> Expected {
        let Rest { mean, alpha } = self.rest(means);
        Expected::new(NegativeBinomial { mean, alpha })
    }

    /// Days together: what they have in common does not even out.
    pub(super) fn rest(self, means: &[f64]) -> Rest {
        let mean: f64 = means.iter().sum();
        if mean <= 0.0 {
            return Rest::NONE;
        }
        let squares: f64 = means.iter().map(|mean| mean * mean).sum();
        let alone = (self.alpha - self.month) * squares / (mean * mean);
        Rest {
            mean,
            alpha: alone + self.month,
        }
    }
}
