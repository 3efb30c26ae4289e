//! Items that bear no miss at all: clocks that run out or do not.

use madoguchi_core::time::Millis;
use serde::Serialize;

/// An item that bears no miss: 障害通知 15 分, エスカレーション 30 分, 駆け付け, 回答所要時間.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZeroItem {
    /// So many were missed in the month.
    pub missed: u64,
    /// So many were counted in the month and are decided.
    pub decided: u64,
    /// The clocks that run, each with what is left of it; not above zero: it has run out.
    pub running: Vec<Millis>,
}

/// How an item stands that bears no miss. What comes first is most urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ZeroStanding {
    /// A clock runs and can still be held. This is looked at before all else.
    Running {
        /// What is left of the one that ends first.
        left: Millis,
        /// How many run.
        clocks: u64,
        /// How many were missed already.
        missed: u64,
    },
    /// So many were missed: the item is.
    Missed {
        /// How many.
        missed: u64,
    },
    /// All were held.
    Kept,
    /// There was nothing to hold.
    NotApplicable,
}

impl ZeroItem {
    /// How it stands.
    pub fn standing(&self) -> ZeroStanding {
        let run_out = self.running.iter().filter(|left| left.0 <= 0).count() as u64;
        let missed = self.missed + run_out;
        let still = self.running.iter().filter(|left| left.0 > 0);
        let clocks = still.clone().count() as u64;
        match still.min() {
            Some(left) => ZeroStanding::Running {
                left: *left,
                clocks,
                missed,
            },
            None if missed > 0 => ZeroStanding::Missed { missed },
            None if self.decided > 0 => ZeroStanding::Kept,
            None => ZeroStanding::NotApplicable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_that_bear_no_miss_are_judged_apart() {
        let item = |missed, decided, running: &[i64]| ZeroItem {
            missed,
            decided,
            running: running.iter().copied().map(Millis).collect(),
        };
        assert_eq!(item(0, 0, &[]).standing(), ZeroStanding::NotApplicable);
        assert_eq!(item(0, 3, &[]).standing(), ZeroStanding::Kept);
        assert_eq!(
            item(0, 3, &[0]).standing(),
            ZeroStanding::Missed { missed: 1 }
        );
        let running = item(0, 3, &[600_000, 90_000]).standing();
        assert_eq!(
            running,
            ZeroStanding::Running {
                left: Millis(90_000),
                clocks: 2,
                missed: 0
            }
        );
        // The urgent one comes first.
        assert!(running < item(2, 3, &[]).standing());
    }
}
