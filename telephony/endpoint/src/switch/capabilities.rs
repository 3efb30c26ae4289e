//! What the endpoint says it can do.

/// What the endpoint understands; told in Allow.
pub(super) const ALLOW: &str =
    "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO, PRACK, REFER, REGISTER";

/// The extensions that the endpoint knows; told in Supported.
pub(super) const SUPPORTED: &str = "timer, 100rel, replaces";
