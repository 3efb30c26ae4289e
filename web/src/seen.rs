//! Who has been shown whose data already, so that a page leaves one record however often it is
//! refreshed.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use madoguchi_core::id::UserId;

/// So many are kept in mind: some hours of a busy desk.
const REMEMBERED: usize = 2_000;

/// Whom has been shown what, the latest last.
#[derive(Debug, Default)]
pub(crate) struct SeenData(Mutex<VecDeque<(UserId, String)>>);

impl SeenData {
    fn seen(&self) -> MutexGuard<'_, VecDeque<(UserId, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether somebody has not been shown this yet, as far as is kept in mind. From now on they have.
    pub(crate) fn is_new(&self, user: &UserId, what: &str) -> bool {
        let mut seen = self.seen();
        let is_new = !seen.iter().any(|(who, known)| who == user && known == what);
        if is_new {
            seen.push_back((user.clone(), what.to_owned()));
            if seen.len() > REMEMBERED {
                seen.pop_front();
            }
        }
        is_new
    }

    /// It could not be recorded: the next time is the first.
    pub(crate) fn forget(&self, user: &UserId, what: &str) {
        self.seen()
            .retain(|(who, known)| who != user || known != what);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_shown_a_thing_for_the_first_time_once() {
        let seen = SeenData::default();
        let (sato, suzuki) = (UserId::new("sato"), UserId::new("suzuki"));
        assert!(seen.is_new(&sato, "c1"));
        assert!(!seen.is_new(&sato, "c1"));
        assert!(seen.is_new(&suzuki, "c1"));
        seen.forget(&sato, "c1");
        assert!(seen.is_new(&sato, "c1"));
        for n in 0..REMEMBERED {
            seen.is_new(&suzuki, &n.to_string());
        }
        assert!(seen.is_new(&sato, "c1"), "no more is kept than bounded");
    }
}
