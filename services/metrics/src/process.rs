//! What the system says of this process.

use std::fs;

/// Descriptors of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Descriptors {
    pub(crate) used: u64,
    most: u64,
}

impl Descriptors {
    pub(crate) fn left(self) -> u64 {
        self.most.saturating_sub(self.used)
    }
}

/// Descriptors in use and how many there may be; `None` where the system does not tell.
pub(crate) fn descriptors() -> Option<Descriptors> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let most = most_descriptors(&limits)?;
    let used = fs::read_dir("/proc/self/fd").ok()?.count();
    // The one that counts is open itself.
    let used = u64::try_from(used).ok()?.saturating_sub(1);
    Some(Descriptors { used, most })
}

/// The soft limit in the text of `/proc/self/limits`.
fn most_descriptors(limits: &str) -> Option<u64> {
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_counts() {
        let text = "Limit                     Soft Limit           Hard Limit           Units     \n\
                    Max processes             127                  500                  processes \n\
                    Max open files            1024                 524288               files     \n";
        assert_eq!(most_descriptors(text), Some(1_024));
        assert_eq!(
            most_descriptors("Max open files unlimited x"),
            Some(u64::MAX)
        );
        assert_eq!(most_descriptors("Max cpu time 1"), None);
    }

    #[test]
    fn left_is_never_below_nothing() {
        let descriptors = Descriptors { used: 5, most: 3 };
        assert_eq!(descriptors.left(), 0);
    }
}
