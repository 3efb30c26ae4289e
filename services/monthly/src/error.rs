//! What keeps a book from being made.

use madoguchi_core::time::Instant;
use madoguchi_reports::frozen::FrozenError;
use madoguchi_reports::month::Check;
use madoguchi_store::StoreError;
use thiserror::Error;

/// What keeps a book from being made.
#[derive(Debug, Error)]
pub enum MonthlyError {
    /// The store could not tell.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was kept of an edition cannot be read.
    #[error(transparent)]
    Frozen(#[from] FrozenError),
    /// Sums do not agree, and nobody wrote why.
    #[error("sums of the month do not agree: {}", .0.iter().map(|one| one.id.as_str()).collect::<Vec<_>>().join(", "))]
    NotReconciled(Vec<Check>),
    /// The month is judged later than now: 確定 waits until then.
    #[error("the month is not judged before {}", .0.to_rfc3339())]
    BeforeCutOff(Instant),
    /// Nothing came in the month, and nobody wrote why it is 確定 nevertheless.
    #[error("neither a call nor a ticket came in the month")]
    Silent,
    /// The making was cut off: the program ends.
    #[error("the book was not made to its end")]
    Interrupted,
    /// There is no such edition.
    #[error("there is no such edition")]
    NoEdition,
}
