//! Entries of the menu, as the parts of the pages bring them.

use madoguchi_core::access::{Permission, Permissions};
use madoguchi_store::Work;

/// What waits behind an entry for somebody with these permissions: words with counts.
pub(crate) type Waiting = fn(Permissions, Work) -> Vec<(&'static str, u64)>;

/// An entry of the menu with what it needs.
#[derive(Clone, Copy)]
pub(crate) struct MenuEntry {
    pub(crate) label: &'static str,
    pub(crate) link: &'static str,
    pub(crate) needs: Permission,
    /// What the menu tells beside it, if there is ever anything to do there.
    pub(crate) waiting: Option<Waiting>,
}

impl MenuEntry {
    pub(crate) const fn new(label: &'static str, link: &'static str, needs: Permission) -> Self {
        Self {
            label,
            link,
            needs,
            waiting: None,
        }
    }

    /// The same, telling what waits there.
    pub(crate) const fn waiting(self, waiting: Waiting) -> Self {
        Self {
            waiting: Some(waiting),
            ..self
        }
    }
}
