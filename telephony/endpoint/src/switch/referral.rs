//! A transfer that a phone has asked for.

use super::side::SideId;

/// A REFER of a phone that is not over.
#[derive(Debug)]
pub(super) struct Referral {
    /// The dialog in which the phone asked, and is told what becomes of it.
    pub(super) asked_in: SideId,
    /// Its number, which tells later ones apart (RFC 3515 2.4.6).
    pub(super) seq: u32,
    /// The phone wants to be told (RFC 4488).
    pub(super) told: bool,
}
