//! What calls are made of, and what is told of them.

use crate::capture::Micros;
use crate::dialog::{Change, Dialog};

/// A dialog in the table. Later dialogs have larger keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DialogKey(pub(super) u64);

/// A call in the table. Later calls have larger keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallKey(pub(super) u64);

/// How sure it is that the dialogs of a call belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// 確定: the messages say so, or there is but one dialog.
    Certain,
    /// 推定: numbers, times and addresses agree, and with no other call.
    Estimated,
    /// 不明: it may be a leg of several calls, and was joined to none.
    Unknown,
}

impl Certainty {
    /// As rows tell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Estimated => "estimated",
            Self::Unknown => "unknown",
        }
    }
}

/// What a message changed, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// In this call.
    pub call: CallKey,
    /// In this dialog.
    pub dialog: DialogKey,
    /// When.
    pub at: Micros,
    /// What.
    pub change: Change,
    /// A call that has become part of this one.
    pub merged: Option<CallKey>,
}

/// A call of which nothing more is expected.
#[derive(Debug)]
pub struct Closed {
    /// Which.
    pub key: CallKey,
    /// Its dialogs in the order of their beginnings.
    pub dialogs: Vec<Dialog>,
    /// Their places in the table.
    pub keys: Vec<DialogKey>,
    /// How sure it is that they belong together.
    pub certainty: Certainty,
}
