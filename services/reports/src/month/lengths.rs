//! Durations of calls and tickets, exactly: a month has a hundred thousand.

use madoguchi_core::time::Millis;

/// How many durations there are, and how long all are together; below zero counts as zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct LengthSum {
    count: u64,
    sum_ms: i128,
}

impl LengthSum {
    /// One more.
    pub(super) fn add(&mut self, length: Millis) {
        self.count += 1;
        self.sum_ms += i128::from(length.0.max(0));
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// All together.
    pub(super) fn sum(&self) -> Millis {
        Millis(i64::try_from(self.sum_ms).unwrap_or(i64::MAX))
    }

    /// The arithmetic mean, rounded half up; `None` over nothing.
    pub(super) fn mean(&self) -> Option<Millis> {
        let count = i128::from(self.count);
        let mean = (self.sum_ms * 2 + count).checked_div(count * 2)?;
        i64::try_from(mean).ok().map(Millis)
    }
}

impl FromIterator<Millis> for LengthSum {
    fn from_iter<T: IntoIterator<Item = Millis>>(lengths: T) -> Self {
        let mut sum = Self::default();
        lengths.into_iter().for_each(|length| sum.add(length));
        sum
    }
}

/// The same with the order of the durations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Lengths {
    sum: LengthSum,
    sorted: Vec<i64>,
}

impl FromIterator<Millis> for Lengths {
    fn from_iter<T: IntoIterator<Item = Millis>>(lengths: T) -> Self {
        let mut sorted: Vec<i64> = lengths.into_iter().map(|one| one.0.max(0)).collect();
        sorted.sort_unstable();
        Self {
            sum: sorted.iter().copied().map(Millis).collect(),
            sorted,
        }
    }
}

impl Lengths {
    /// Their sum.
    pub(super) fn sum(&self) -> LengthSum {
        self.sum
    }

    /// The median: of an even number the mean of the two in the middle, rounded half up.
    pub(super) fn median(&self) -> Option<Millis> {
        let count = self.sorted.len();
        let (low, high) = (self.nth(count.div_ceil(2))?, self.nth(count / 2 + 1)?);
        Some(Millis((low.0 + high.0 + 1).div_euclid(2)))
    }

    /// The smallest that at least `percent` of all do not exceed (nearest rank).
    pub(super) fn percentile(&self, percent: usize) -> Option<Millis> {
        self.nth((self.sorted.len() * percent).div_ceil(100).max(1))
    }

    /// The longest.
    pub(super) fn max(&self) -> Option<Millis> {
        self.sorted.last().copied().map(Millis)
    }

    /// That of a rank, from 1.
    fn nth(&self, rank: usize) -> Option<Millis> {
        self.sorted.get(rank.checked_sub(1)?).copied().map(Millis)
    }
}

#[cfg(test)]
mod tests {
    use madoguchi_core::figures::Distribution;

    use super::*;

    #[test]
    fn durations_of_a_month_agree_with_the_exact_distribution_of_the_board() {
        for count in 0..40_i64 {
            let lengths = (0..count).map(|n| Millis((n * 7_919) % 101 - 3));
            let mut exact = Distribution::default();
            lengths.clone().for_each(|length| exact.add(length));
            let all: Lengths = lengths.collect();
            let sum = all.sum();
            assert_eq!(sum.count(), exact.count());
            assert_eq!((sum.sum(), sum.mean()), (exact.sum(), exact.mean()));
            assert_eq!(all.median(), exact.median(), "{count}");
            assert_eq!(all.max(), exact.max());
            for percent in [1, 50, 90, 99, 100] {
                let found = all.percentile(usize::try_from(percent).unwrap());
                assert_eq!(found, exact.percentile(percent), "{count} {percent}");
            }
        }
    }
}
