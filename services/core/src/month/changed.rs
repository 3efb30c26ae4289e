//! What has changed of a month since its newest edition was made: noted, so that nobody has to look for it.

use serde::{Deserialize, Serialize};

use super::entry::MonthEntry;
use super::period::Month;
use super::register::Edition;

/// How many figures of a month differ from its newest edition, as it was last noticed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditionChange {
    /// Of which month.
    pub month: Month,
    /// The edition that it was compared with.
    pub edition: u32,
    /// So many are others; 0: they are the same again.
    pub figures: u64,
}

impl EditionChange {
    /// Whether it tells that this edition does not say any more what the month says.
    pub fn tells_of(&self, edition: &Edition) -> bool {
        (self.month, self.edition) == (edition.month, edition.number) && self.figures > 0
    }
}

impl MonthEntry for EditionChange {
    const KIND: &'static str = "edition_change";

    fn id(&self) -> String {
        self.month.to_string()
    }

    fn month(&self) -> Month {
        self.month
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Instant;

    #[test]
    fn a_change_is_told_of_the_edition_that_it_was_compared_with() {
        let month: Month = "2024-04".parse().unwrap();
        let edition = |number| Edition {
            month,
            number,
            made_at: Instant(0),
            made_by: String::new(),
            reason: String::new(),
            program: String::new(),
            sha256: String::new(),
            bytes: 0,
        };
        let change = |figures| EditionChange {
            month,
            edition: 1,
            figures,
        };
        assert!(change(3).tells_of(&edition(1)));
        assert!(!change(3).tells_of(&edition(2)), "the second one has it");
        assert!(!change(0).tells_of(&edition(1)), "it was taken back");
    }
}
