//! Names of things: calls, lines, agents, nodes. Cheap to clone, impossible to mix up.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::time::Instant;

/// What is found by its id. Ids have up to 60 letters, and a month's figures look up a million of them: the hash is
/// quicker than that of the standard library, and seeded as that is.
pub type IdMap<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name made of `text`, taken as it is.
            pub fn new(text: impl AsRef<str>) -> Self {
                Self(Arc::from(text.as_ref()))
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                String::schema()
            }
        }

        impl utoipa::ToSchema for $name {}

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl From<Arc<str>> for $name {
            fn from(text: Arc<str>) -> Self {
                Self(text)
            }
        }

        impl From<&$name> for Arc<str> {
            /// The same text, not copied.
            fn from(name: &$name) -> Self {
                Arc::clone(&name.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

name_type! {
    /// One call: unique over all nodes and for ever. Made by whoever first sees the call.
    CallId
}
name_type! {
    /// A desk line (回線): a number that callers dial, with its own queue.
    LineName
}
name_type! {
    /// An agent (担当者). Not the extension of the phone, which may change.
    AgentId
}
name_type! {
    /// A machine that runs the desk.
    NodeName
}

name_type! {
    /// A file beside a ticket (添付). Never used again.
    AttachmentId
}
name_type! {
    /// A person with an account. Never used again.
    UserId
}

name_type! {
    /// One run of the program: from its start to its end, never used again.
    RunId
}

name_type! {
    /// 問合せ: one matter that somebody asked about. Never used again.
    TicketId
}

name_type! {
    /// 応対: one call, form, mail or visit on one ticket. Never used again.
    ContactId
}

name_type! {
    /// A person of the directory (職員).
    PersonId
}

name_type! {
    /// An article of the FAQ (記事): part of its address. Never used again.
    ArticleId
}

name_type! {
    /// 分類: a category of questions. Never used again. The empty one stands for none.
    #[derive(Default)]
    CategoryId
}

name_type! {
    /// 業務区分: a kind of service with hours, limits and figures of its own.
    DivisionId
}

impl CategoryId {
    /// Whether there is none.
    pub fn is_none(&self) -> bool {
        self.as_str().is_empty()
    }
}

/// How the names of calls begin that were seen beside another exchange.
const OBSERVED: &str = "observed/";

impl CallId {
    /// A name for a call of this run that sorts by its arrival. `chance` tells calls of one
    /// millisecond apart.
    pub fn of_run(arrived_at: Instant, run: &RunId, chance: &str) -> Self {
        Self::new(format!("{:012x}-{run}-{chance}", arrived_at.0))
    }

    /// The same for a call that an INVITE began. `invite` stands for the INVITE: it is the same
    /// whenever and wherever the same INVITE comes again, and has no `-`.
    pub fn of_invite(arrived_at: Instant, run: &RunId, chance: &str, invite: &str) -> Self {
        Self::new(format!("{:012x}-{run}-{chance}-{invite}", arrived_at.0))
    }

    /// What stands for the INVITE that began the call, if its name tells.
    pub fn invite(&self) -> Option<&str> {
        self.as_str().splitn(4, '-').nth(3)
    }

    /// The run that took the call, if its name tells. Of calls that were seen or told from outside it does not,
    /// whatever letters are in their names.
    pub fn run(&self) -> Option<&str> {
        if self.is_from_outside() {
            return None;
        }
        let mut pieces = self.as_str().splitn(3, '-').skip(1);
        let run = pieces.next()?;
        pieces.next().map(|_chance| run)
    }

    /// The name of a call that was seen on the wire beside another exchange, by tag and Call-ID of its first
    /// dialog: they stay the same wherever and whenever the dialog is seen.
    pub fn of_observed(tag: &str, call_id: &str) -> Self {
        Self::new(format!("{OBSERVED}{tag}/{call_id}"))
    }

    /// Whether the call was seen beside another exchange ([`Self::of_observed`]).
    pub fn is_observed(&self) -> bool {
        self.as_str().starts_with(OBSERVED)
    }

    /// Whether another source than a desk told of the call: it was seen on the wire, or imported. Such names begin
    /// with that of the source and a `/`.
    pub fn is_from_outside(&self) -> bool {
        self.as_str().contains('/')
    }

    /// Whether this run took the call.
    pub fn is_of(&self, run: &RunId) -> bool {
        self.run() == Some(run.as_str())
    }
}

impl LineName {
    /// The pseudo line of calls between extensions (内線), which belong to no desk line.
    pub fn internal() -> Self {
        Self::new("internal")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_tells_its_run_and_sorts_by_its_arrival() {
        let run = RunId::new("9f3c");
        let call = CallId::of_run(Instant(1_800_000_000_000), &run, "77aa");
        assert!(call.is_of(&run) && !call.is_of(&RunId::new("9f3")));
        assert!(call < CallId::of_run(Instant(1_800_000_000_001), &run, "0"));
        let again = CallId::of_invite(Instant(1_800_000_000_000), &run, "77aa", "e0f1");
        assert!(again.is_of(&run) && again > call);
        assert_eq!((again.invite(), call.invite()), (Some("e0f1"), None));
        for other in ["", "c1", "0190-77aa", "1764-12.5", "queue_log/a-9f3c-1"] {
            assert_eq!(CallId::new(other).run(), None, "{other}");
        }
        assert_eq!(CallId::of_observed("tag", "a-9f3c-b@pbx").run(), None);
    }
}
