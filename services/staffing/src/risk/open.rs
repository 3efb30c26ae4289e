//! Matters that are open: they count as missed if they are still open when the month is judged, and not
//! before. How many will be is told by how long others of the month lasted.

use madoguchi_core::time::Millis;

/// Weighs as much as one matter that is known: of a desk that is not known yet, so many of the open ones stay
/// open.
const BEFORE: f64 = 0.2;

/// How long matters of the month lasted, and how long those have lasted that are open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lasted {
    ended: Vec<Millis>,
    open: Vec<Millis>,
}

impl Lasted {
    /// Each with whether it has ended.
    pub fn new(matters: impl IntoIterator<Item = (Millis, bool)>) -> Self {
        let (ended, open): (Vec<_>, Vec<_>) = matters.into_iter().partition(|(_, ended)| *ended);
        let sorted = |some: Vec<(Millis, bool)>| {
            let mut times: Vec<Millis> = some.into_iter().map(|(time, _)| time).collect();
            times.sort_unstable();
            times
        };
        Self {
            ended: sorted(ended),
            open: sorted(open),
        }
    }

    /// How many are open.
    pub fn open(&self) -> u64 {
        self.open.len() as u64
    }

    /// How many of the open ones are expected to be open still after another `left`: all of them if nothing
    /// is left.
    pub fn stay_open(&self, left: Millis) -> f64 {
        if left.0 <= 0 {
            return self.open.len() as f64;
        }
        let longer_than = |times: &[Millis], than: Millis| {
            (times.len() - times.partition_point(|time| *time <= than)) as f64
        };
        let stays = self.open.iter().map(|age| {
            let later = Millis(age.0.saturating_add(left.0));
            // Those of which it is known how they were at that age and so much later.
            let still = longer_than(&self.ended, later) + longer_than(&self.open, later);
            let ended = longer_than(&self.ended, *age) - longer_than(&self.ended, later);
            (still + BEFORE) / (still + ended + 1.0)
        });
        stays.sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    fn days(days: f64) -> Millis {
        Millis((days * DAY as f64) as i64)
    }

    #[test]
    fn what_is_open_at_the_end_is_missed() {
        let lasted = Lasted::new([(days(1.0), true), (days(2.0), false), (days(0.1), false)]);
        assert_eq!(lasted.stay_open(Millis::ZERO), 2.0);
        assert_eq!(lasted.open(), 2);
        assert_eq!(Lasted::default().stay_open(Millis::ZERO), 0.0);
    }

    #[test]
    fn what_came_an_hour_ago_is_no_miss_at_a_desk_that_ends_everything_within_a_day() {
        let usual = (1..=200).map(|n| (days(f64::from(n) / 250.0), true));
        let open = [(days(0.04), false), (days(0.1), false)];
        let lasted = Lasted::new(usual.chain(open));
        assert!(lasted.stay_open(days(10.0)) < 0.1);
        // Half an hour before the end it is.
        assert!(lasted.stay_open(days(0.02)) > 1.5);
    }

    #[test]
    fn the_less_time_is_left_the_more_stay_open() {
        let usual = (1..=50).map(|n| (days(f64::from(n) / 10.0), true));
        let lasted = Lasted::new(usual.chain([(days(1.0), false), (days(3.0), false)]));
        let stay: Vec<f64> = [4.0, 2.0, 1.0, 0.5, 0.0]
            .iter()
            .map(|left| lasted.stay_open(days(*left)))
            .collect();
        assert!(stay.is_sorted() && stay[0] < 0.5, "{stay:?}");
    }

    #[test]
    fn three_open_on_the_first_day_of_a_desk_that_is_not_known_are_not_three_misses() {
        let lasted = Lasted::new([(days(0.1), false); 3]);
        assert!(lasted.stay_open(days(29.0)) < 1.0);
    }
}
