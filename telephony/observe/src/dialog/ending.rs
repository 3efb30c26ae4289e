//! What ended a dialog.

use crate::capture::Micros;

/// One of the two ends of a dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Who sent the first INVITE.
    Caller,
    /// Who was called.
    Callee,
    /// The first INVITE was not seen.
    Unknown,
}

/// What ended a dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// BYE.
    Bye(Side),
    /// A final refusal.
    Refused(u16),
    /// Its BYE was lost: no voice came any more.
    MediaStopped,
    /// Its BYE was lost: nothing was heard of it for too long.
    Silent,
}

impl Ending {
    /// Whether a message said so.
    pub fn is_seen(self) -> bool {
        matches!(self, Self::Bye(_) | Self::Refused(_))
    }

    /// As rows tell it.
    pub fn text(self) -> String {
        match self {
            Self::Bye(Side::Caller) => "BYE by caller".to_owned(),
            Self::Bye(Side::Callee) => "BYE by callee".to_owned(),
            Self::Bye(Side::Unknown) => "BYE".to_owned(),
            Self::Refused(status) => format!("final {status}"),
            Self::MediaStopped => "media stopped".to_owned(),
            Self::Silent => "silent".to_owned(),
        }
    }
}

/// The end of a dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// When.
    pub at: Micros,
    /// By what.
    pub by: Ending,
}
