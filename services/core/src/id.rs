//! Names of things: calls, lines, agents, nodes. Cheap to clone, impossible to mix up.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

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
    /// A person with an account. Never used again.
    UserId
}

impl LineName {
    /// The pseudo line of calls between extensions (内線), which belong to no desk line.
    pub fn internal() -> Self {
        Self::new("internal")
    }
}
