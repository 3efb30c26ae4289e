//! What somebody owes who has signed in.

/// What a visitor must do before anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Duty {
    /// Prove the second factor.
    ProveSecondFactor,
    /// Change the password.
    ChangePassword,
    /// Set up a second factor.
    SetUpSecondFactor,
}
