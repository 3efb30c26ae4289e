//! What waits for somebody, as the menu tells it: counted now and then, not with every page.

use std::sync::{Mutex, PoisonError};

use madoguchi_core::access::Permission;
use madoguchi_core::time::{Millis, Monotonic};
use madoguchi_store::Work;

use crate::auth::visitor::Visitor;

/// So long a count is good: others may have done something meanwhile.
const GOOD_FOR: Millis = Millis::from_secs(5);

/// What was counted last.
#[derive(Debug, Default)]
pub(crate) struct CountedWork(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    /// When; not set since something was changed.
    at: Option<Monotonic>,
    work: Work,
}

impl CountedWork {
    /// What was counted last.
    pub(crate) fn get(&self) -> Work {
        self.lock().work
    }

    /// Whether it is to be counted again.
    pub(crate) fn is_due(&self, now: Monotonic) -> bool {
        self.lock().at.is_none_or(|at| now - at >= GOOD_FOR)
    }

    pub(crate) fn save(&self, at: Monotonic, work: Work) {
        *self.lock() = Counted { at: Some(at), work };
    }

    /// Something was changed: it is counted again with the next page.
    pub(crate) fn note_change(&self) {
        self.lock().at = None;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the menu tells the visitor of any work.
pub(crate) fn concerns(visitor: &Visitor) -> bool {
    let permissions = [Permission::EditArticles, Permission::HandleInquiries];
    let mut permissions = permissions.into_iter();
    permissions.any(|permission| visitor.permissions.contains(permission))
}

/// What the menu tells beside an entry: what the visitor has to do there.
pub(crate) fn beside(link: &str, visitor: &Visitor, work: Work) -> Option<String> {
    let approves = visitor.permissions.contains(Permission::ApproveArticles);
    let told = match link {
        "/inquiries" => vec![("未処理", work.inquiries)],
        "/articles" if approves => {
            vec![("確認待ち", work.waiting), ("差戻し", work.sent_back)]
        }
        "/articles" => vec![("差戻し", work.sent_back)],
        _ => Vec::new(),
    };
    let told = told.into_iter().filter(|(_, count)| *count > 0);
    let told: Vec<_> = told
        .map(|(what, count)| format!("{what}{}件", crate::text::number(count)))
        .collect();
    (!told.is_empty()).then(|| told.join("、"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_good_for_a_while_and_until_something_is_changed() {
        let counted = CountedWork::default();
        let at = |secs: i64| Monotonic(secs * 1_000);
        assert!(counted.is_due(at(0)));
        let work = Work {
            waiting: 3,
            ..Work::default()
        };
        counted.save(at(0), work);
        assert!(!counted.is_due(at(4)) && counted.is_due(at(5)));
        counted.note_change();
        assert!(counted.is_due(at(1)) && counted.get() == work);
    }
}
