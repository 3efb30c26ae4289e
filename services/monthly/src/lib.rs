//! 月次: a month's books from the store. A thin shell: what counts is decided by `core` and
//! `reports::month`; here the store is asked, and what it tells is handed on.

mod books;
mod edition;
mod gathering;
mod past;
mod settings;

#[cfg(test)]
mod tests;

use madoguchi_core::month::Month;
use madoguchi_core::time::Instant;
use madoguchi_reports::document::Drill;
use madoguchi_reports::frozen::FrozenError;
use madoguchi_reports::month::{MonthInput, MonthReport, Scope, report, report_and_drill};
use madoguchi_store::{Store, StoreError};
use thiserror::Error;

pub use self::books::{inquiry_report, ledger};
pub use self::edition::{Live, Maker, Prepared, kept, live, prepare};
pub use self::gathering::gather;
pub use self::settings::{MonthSettings, rules};

/// What keeps a book from being made.
#[derive(Debug, Error)]
pub enum MonthlyError {
    /// The store could not tell.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The making was cut off: the program ends.
    #[error("the book was not made to its end")]
    Interrupted,
    /// There is no such edition.
    #[error("there is no such edition")]
    NoEdition,
    /// An edition cannot be packed or unpacked.
    #[error(transparent)]
    Frozen(#[from] FrozenError),
}

/// ヘルプデスク受付状況報告 of a month as it stands now.
///
/// # Errors
/// [`MonthlyError`].
pub async fn help_desk_report(
    store: &Store,
    month: Month,
    settings: &MonthSettings,
    now: Instant,
) -> Result<MonthReport, MonthlyError> {
    let input = gather(store, month, Scope::help_desk(), settings, now).await?;
    beside(input, report).await
}

/// The same, with the calls and tickets of each figure.
///
/// # Errors
/// [`MonthlyError`].
pub async fn help_desk_report_and_drill(
    store: &Store,
    month: Month,
    settings: &MonthSettings,
    now: Instant,
) -> Result<(MonthReport, Drill), MonthlyError> {
    let input = gather(store, month, Scope::help_desk(), settings, now).await?;
    beside(input, report_and_drill).await
}

/// Makes a book away from the threads that answer requests.
async fn beside<T: Send + 'static>(
    input: MonthInput,
    make: impl FnOnce(&MonthInput) -> T + Send + 'static,
) -> Result<T, MonthlyError> {
    let made = tokio::task::spawn_blocking(move || make(&input)).await;
    made.map_err(|_| MonthlyError::Interrupted)
}
