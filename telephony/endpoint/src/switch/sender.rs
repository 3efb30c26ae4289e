//! Who sends a request.

use super::trunks::TrunkKey;

/// The sender of a request, as far as it is proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sender {
    Trunk(TrunkKey),
    /// A phone, by its extension.
    Phone(String),
}
