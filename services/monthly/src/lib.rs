//! 月次: a month's books from the store. A thin shell: what counts is decided by `core` and
//! `reports::month`; here the store is asked, and what it tells is handed on.

mod books;
mod changed;
mod edition;
mod error;
mod files;
mod freezing;
mod gathering;
mod knowledge;
mod newest;
mod outlook;
mod past;
mod running;
mod settings;
mod shift_plan;

use madoguchi_core::month::Month;
use madoguchi_core::time::Instant;
use madoguchi_reports::document::Drill;
use madoguchi_reports::month::{MonthInput, MonthReport, Scope, report, report_and_drill};
use madoguchi_store::Store;

pub use self::books::{BOOKS, ledger_with_names, live_books};
pub use self::changed::{changed_since, note_change};
pub use self::edition::{Live, Maker, Prepared, kept, live, prepare};
pub use self::error::MonthlyError;
pub use self::files::{FileError, archive, docx, pdf};
pub use self::freezing::{Freezing, NewEdition, freezes_from, next_edition};
pub use self::gathering::gather;
pub use self::running::{
    AnswerLimit, ItemRisk, OpenClock, RunningBasis, RunningItem, RunningMonth, running_basis,
    running_month,
};
pub use self::settings::{MonthSettings, rules};
pub use self::shift_plan::{ShiftPlanMonth, shift_plan};
pub use madoguchi_staffing::outlook::{PlannedDay, PlannedHalfHour};
pub use madoguchi_staffing::risk::{RateRisk, Standing, ZeroStanding};
pub use madoguchi_typeset::Typeset;

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
    let input = with_outlook(store, month, settings, now).await?;
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
    let input = with_outlook(store, month, settings, now).await?;
    beside(input, report_and_drill).await
}

/// What the report is made of, with what is expected of the next month.
async fn with_outlook(
    store: &Store,
    month: Month,
    settings: &MonthSettings,
    now: Instant,
) -> Result<MonthInput, MonthlyError> {
    let input = gather(store, month, Scope::help_desk(), settings, now).await?;
    let history = outlook::history(store, month).await?;
    let staffing = match newest::staffing(store, month).await? {
        Some(kept) => kept,
        None => store.staffing_settings().await?,
    };
    let looked = move || {
        let outlook = outlook::look_ahead(&input, &history, &staffing);
        MonthInput { outlook, ..input }
    };
    let looked = tokio::task::spawn_blocking(looked).await;
    looked.map_err(|_| MonthlyError::Interrupted)
}

/// Makes a book away from the threads that answer requests.
async fn beside<T: Send + 'static>(
    input: MonthInput,
    make: impl FnOnce(&MonthInput) -> T + Send + 'static,
) -> Result<T, MonthlyError> {
    let made = tokio::task::spawn_blocking(move || make(&input)).await;
    made.map_err(|_| MonthlyError::Interrupted)
}
