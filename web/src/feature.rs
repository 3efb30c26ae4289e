//! What a part of the pages adds to the whole.

use crate::auth::routes::Routes;
use crate::menu::MenuEntry;
use crate::state::AuditFields;

/// What a part of the pages adds to the whole.
pub(crate) struct Feature {
    /// Its routes with what they need.
    pub(crate) routes: fn() -> Routes,
    /// Its entries of the menu.
    pub(crate) menu: &'static [MenuEntry],
    /// How the fields of its records are called in the audit log.
    pub(crate) audit: &'static [AuditFields],
    /// Those of its lists that have saved views.
    pub(crate) views: &'static [&'static str],
    /// What its pages say about what was done, by the name in the address that a form leads to.
    pub(crate) messages: &'static [(&'static str, &'static str)],
    /// The same of what could not be done, which does not look like a success.
    pub(crate) failures: &'static [(&'static str, &'static str)],
}

impl Feature {
    pub(crate) const fn new(routes: fn() -> Routes) -> Self {
        Self {
            routes,
            menu: &[],
            audit: &[],
            views: &[],
            messages: &[],
            failures: &[],
        }
    }

    pub(crate) const fn menu(self, menu: &'static [MenuEntry]) -> Self {
        Self { menu, ..self }
    }

    pub(crate) const fn audit(self, audit: &'static [AuditFields]) -> Self {
        Self { audit, ..self }
    }

    pub(crate) const fn views(self, views: &'static [&'static str]) -> Self {
        Self { views, ..self }
    }

    pub(crate) const fn messages(self, messages: &'static [(&'static str, &'static str)]) -> Self {
        Self { messages, ..self }
    }

    pub(crate) const fn failures(self, failures: &'static [(&'static str, &'static str)]) -> Self {
        Self { failures, ..self }
    }
}
