//! Whom something is meant for, and who looks at it.

use serde::{Deserialize, Serialize};

use crate::named;

named! {
    /// Whom an article, an entry of the search or a notice is meant for.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
    pub enum Audience {
        /// All staff, and the desk.
        Portal = "portal", "職員に公開";
        /// The desk alone.
        #[default]
        Desk = "desk", "窓口内";
    }
}

named! {
    /// Who looks for something or reads it: what they may see follows from that.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    pub enum Viewer {
        /// Staff, in the portal.
        Portal = "portal";
        /// The desk: everything.
        Desk = "desk";
    }
}

impl Audience {
    /// Whether the viewer belongs to it.
    pub fn includes(self, viewer: Viewer) -> bool {
        self == Self::Portal || viewer == Viewer::Desk
    }

    /// Whether staff may not see it.
    pub fn is_desk_only(self) -> bool {
        !self.includes(Viewer::Portal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_desk_sees_everything_and_staff_what_is_meant_for_them() {
        for (audience, viewer, sees) in [
            (Audience::Portal, Viewer::Portal, true),
            (Audience::Portal, Viewer::Desk, true),
            (Audience::Desk, Viewer::Portal, false),
            (Audience::Desk, Viewer::Desk, true),
        ] {
            assert_eq!(audience.includes(viewer), sees, "{audience:?} {viewer:?}");
        }
    }

    #[test]
    fn a_kind_is_kept_and_read_by_its_name() {
        for audience in Audience::ALL {
            let text = serde_json::to_string(&audience).unwrap();
            assert_eq!(text, format!("\"{}\"", audience.as_str()));
            assert_eq!(Audience::lookup(audience.as_str()), Some(audience));
        }
        assert_eq!(Audience::lookup("everybody"), None);
        assert_eq!(Audience::Desk.label(), "窓口内");
    }
}
