//! For whom the board is rendered.

use madoguchi_core::access::Permission;
use madoguchi_core::time::Millis;

use crate::auth::visitor::Visitor;
use crate::live::Sees;
use crate::text;

/// For whom the board is rendered.
pub(crate) struct BoardAudience {
    pub(super) csrf: String,
    /// The agent whose state the viewer may set; `any` for all, empty for none.
    pub(super) may_set: String,
    /// The agent who the viewer is; empty for none.
    pub(super) own: String,
    pub(crate) sees: Sees,
    /// Callers can be taken from here.
    pub(super) takes: bool,
    /// 期限の近いもの are told.
    pub(super) sees_due: bool,
    /// How long things last is counted by the page's script, so that only changes need be sent.
    counts: bool,
}

impl BoardAudience {
    /// For all who watch; the page's script fits it to each of them.
    pub(crate) fn all(sees: Sees) -> Self {
        Self {
            csrf: String::new(),
            may_set: ANY.to_owned(),
            own: String::new(),
            takes: true,
            sees,
            sees_due: true,
            counts: true,
        }
    }

    pub(crate) fn of(visitor: &Visitor) -> Self {
        let own = visitor.user.agent.as_ref();
        let own = own.filter(|_| visitor.permissions.contains(Permission::SetOwnState));
        let own = own.map_or_else(String::new, |agent| crate::query::escape(agent.as_str()));
        let may_set = if visitor.permissions.contains(Permission::SetAnyState) {
            ANY.to_owned()
        } else {
            own.clone()
        };
        Self {
            csrf: visitor.csrf().to_owned(),
            may_set,
            takes: !own.is_empty(),
            own,
            sees: Sees {
                numbers: visitor.permissions.contains(Permission::ViewCalls),
                month: visitor.permissions.contains(Permission::ReadFigures),
            },
            sees_due: visitor.permissions.contains(Permission::HandleTickets),
            counts: false,
        }
    }

    pub(super) fn lasted(&self, millis: Millis) -> String {
        if self.counts {
            String::new()
        } else {
            text::duration(Some(millis))
        }
    }

    pub(super) fn may_set(&self, agent: &str) -> bool {
        self.may_set == ANY || self.may_set == agent
    }
}

const ANY: &str = "any";
