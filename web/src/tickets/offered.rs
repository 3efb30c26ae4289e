//! What forms and filters of tickets offer, as it was last read.

use std::sync::{Arc, Mutex, PoisonError};

use madoguchi_core::id::{DivisionId, UserId};
use madoguchi_core::service::Divisions;

/// What can be chosen, with what is still named by tickets.
#[derive(Debug, Clone, Default)]
pub(crate) struct Offered {
    pub(crate) divisions: Divisions,
    pub(crate) users: Vec<OfferedUser>,
    /// The names of those whom matters are escalated to.
    pub(crate) vendors: Vec<String>,
    /// Those of エスカレーション先 and 部署の案内先 who can be called.
    pub(crate) reached: Vec<Reached>,
}

/// Somebody outside who can be called.
#[derive(Debug, Clone)]
pub(crate) struct Reached {
    /// Which setting it is.
    pub(crate) id: String,
    pub(crate) name: String,
    /// What they are to the desk.
    pub(crate) kind: &'static str,
    pub(crate) number: String,
}

/// Somebody with an account.
#[derive(Debug, Clone)]
pub(crate) struct OfferedUser {
    pub(crate) id: UserId,
    pub(crate) login: String,
    pub(crate) name: String,
    /// They may see to tickets.
    pub(crate) handles: bool,
}

impl Offered {
    /// The name of a user; of one that is not known any more, the id.
    pub(crate) fn user_name<'a>(&'a self, id: &'a UserId) -> &'a str {
        let known = self.users.iter().find(|user| user.id == *id);
        known.map_or(id.as_str(), |user| user.name.as_str())
    }

    /// The name of a 業務区分.
    pub(crate) fn division_name<'a>(&'a self, id: &'a DivisionId) -> &'a str {
        let known = self.divisions.get(id);
        known.map_or(id.as_str(), |division| division.name.as_str())
    }
}

/// What was offered when it was last read: the filters of a list ask nobody.
#[derive(Debug, Default)]
pub(crate) struct LastOffered(Mutex<Arc<Offered>>);

impl LastOffered {
    pub(crate) fn get(&self) -> Arc<Offered> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.clone()
    }

    pub(crate) fn save(&self, offered: Arc<Offered>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = offered;
    }
}
