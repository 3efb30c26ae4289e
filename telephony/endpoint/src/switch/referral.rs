//! A transfer that a phone has asked for.

/// A REFER of a phone that is not over.
#[derive(Debug)]
pub(super) struct Referral {
    /// Its number, which tells later ones apart (RFC 3515 2.4.6).
    pub(super) seq: u32,
    /// The phone wants to be told what becomes of it (RFC 4488).
    pub(super) told: bool,
}
