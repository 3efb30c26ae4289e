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

use madoguchi_core::month::{Month, StaffingSettings};
use madoguchi_core::time::Instant;
use madoguchi_reports::document::Drill;
use madoguchi_reports::month::{
    MonthInput, MonthReport, Outlook, Scope, report_and_drill, report_awaiting,
};
use madoguchi_store::Store;

pub use self::books::{BOOKS, ledger_with_names, live_books};
pub use self::changed::{changed_since, note_change};
pub use self::edition::{Live, Maker, Prepared, kept, live, prepare};
pub use self::error::MonthlyError;
pub use self::files::{FileError, archive, docx, pdf};
pub use self::freezing::{Freezing, NewEdition, freezes_from, next_edition};
pub use self::gathering::gather;
use self::gathering::gather_beside;
use self::outlook::HalfHours;
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
    let ahead = Ahead::read(store, month, settings, now).await?;
    // The next month is looked at while this one is counted.
    beside(ahead, |ahead| {
        std::thread::scope(|both| {
            let outlook = both.spawn(|| ahead.look());
            report_awaiting(&ahead.input, || outlook.join().ok().flatten())
        })
    })
    .await
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
    let ahead = Ahead::read(store, month, settings, now).await?;
    let looked = move || {
        let outlook = ahead.look();
        MonthInput {
            outlook,
            ..ahead.input
        }
    };
    let looked = tokio::task::spawn_blocking(looked).await;
    looked.map_err(|_| MonthlyError::Interrupted)
}

/// What the report is made of, and what is looked ahead with.
struct Ahead {
    input: MonthInput,
    history: HalfHours,
    staffing: StaffingSettings,
}

impl Ahead {
    async fn read(
        store: &Store,
        month: Month,
        settings: &MonthSettings,
        now: Instant,
    ) -> Result<Self, MonthlyError> {
        let scope = Scope::help_desk();
        let history = outlook::history(store, month);
        let (input, history) = gather_beside(store, month, scope, settings, now, history).await?;
        Ok(Self {
            input,
            history,
            staffing: match newest::staffing(store, month).await? {
                Some(kept) => kept,
                None => store.staffing_settings().await?,
            },
        })
    }

    fn look(&self) -> Option<Outlook> {
        outlook::look_ahead(&self.input, &self.history, &self.staffing)
    }
}

/// Makes a book away from the threads that answer requests, and gives back beside them what it was made of.
async fn beside<I: Send + 'static, T: Send + 'static>(
    input: I,
    make: impl FnOnce(&I) -> T + Send + 'static,
) -> Result<T, MonthlyError> {
    let made = tokio::task::spawn_blocking(move || {
        let made = make(&input);
        // Freeing a hundred thousand tickets takes as long as counting them once.
        tokio::task::spawn_blocking(move || drop(input));
        made
    });
    made.await.map_err(|_| MonthlyError::Interrupted)
}
