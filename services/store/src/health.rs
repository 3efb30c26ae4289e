//! How the database does.

use madoguchi_core::time::Instant;

use crate::fault::Fault;

/// How the database does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreHealth {
    /// Whether it was joined in this run: its schema is what this program knows.
    pub joined: bool,
    /// Why it cannot be used; `None` if all is well.
    pub fault: Option<Fault>,
    /// Since when that is so.
    pub since: Instant,
}

impl StoreHealth {
    /// Whether it takes writes.
    pub fn is_up(&self) -> bool {
        self.joined && self.fault.is_none()
    }

    /// The fault for which a read need not even be tried.
    pub(crate) fn refuses_reads(&self) -> Option<Fault> {
        if !self.joined {
            return Some(self.fault.unwrap_or(Fault::Unreachable));
        }
        self.fault.filter(|fault| !fault.can_read())
    }
}
