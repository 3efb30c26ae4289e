//! Editions as pages and the schedule ask for them: the month as it is now, one that was kept, and the next
//! one with what is known of it.

use std::sync::Arc;

use madoguchi_core::month::{Edition, LevelItem, Month, Verdict};
use madoguchi_core::time::Instant;
use madoguchi_reports::differences::{Difference, of_books};
use madoguchi_reports::frozen::{Basis, Frozen, Packed};
use madoguchi_reports::month::{Check, UnusedNote};
use madoguchi_store::Store;

use crate::freezing::figures;
use crate::newest::missed;
use crate::settings::MonthSettings;
use crate::{Freezing, MonthlyError, NewEdition, help_desk_report_and_drill, next_edition};

/// A month as it is now.
#[derive(Debug, Clone)]
pub struct Live {
    /// ヘルプデスク受付状況報告 with the proof of its figures.
    pub frozen: Arc<Frozen>,
    /// 突合せ
    pub checks: Vec<Check>,
    /// The items that are missed.
    pub missed: Vec<LevelItem>,
    /// Neither a call nor a ticket came.
    pub silent: bool,
    /// What people wrote of rows that the report does not have.
    pub unused_notes: Vec<UnusedNote>,
}

/// Who makes an edition, when and why.
#[derive(Debug, Clone)]
pub struct Maker {
    /// Their name; empty: the program itself.
    pub name: String,
    /// Their login.
    pub login: String,
    /// Why there is another edition.
    pub reason: String,
    /// The version of the program.
    pub program: String,
    /// When.
    pub at: Instant,
}

/// An edition that is ready to be kept.
#[derive(Debug)]
pub struct Prepared {
    /// What is known of it.
    pub edition: Edition,
    /// What is kept.
    pub content: Vec<u8>,
    /// The items that are missed.
    pub missed: Vec<LevelItem>,
    /// What differs from the edition before, in all books; nothing of the first one.
    pub differences: Vec<Difference>,
}

/// The month as it is now, as a draft of its next edition.
///
/// # Errors
/// [`MonthlyError`].
pub async fn live(
    store: &Store,
    month: Month,
    settings: &MonthSettings,
    now: Instant,
) -> Result<Live, MonthlyError> {
    let (made, drill) = help_desk_report_and_drill(store, month, settings, now).await?;
    let missed = made.judged.iter();
    let missed = missed.filter(|one| one.verdict == Verdict::Missed);
    Ok(Live {
        checks: made.reconciliation.clone(),
        missed: missed.map(|one| one.item).collect(),
        silent: made.summary.is_silent(),
        unused_notes: made.unused_notes.clone(),
        frozen: Arc::new(Frozen {
            figures: figures(&made)?,
            books: vec![made.document],
            drill,
            basis: Basis::default(),
        }),
    })
}

/// The next edition; `draft`: the one that the schedule makes.
///
/// # Errors
/// As [`next_edition`].
pub async fn prepare(
    store: &Store,
    (month, draft): (Month, bool),
    settings: &MonthSettings,
    maker: &Maker,
) -> Result<Prepared, MonthlyError> {
    let freezing = Freezing {
        by: &maker.name,
        reason: &maker.reason,
        program: &maker.program,
        draft,
    };
    let made = next_edition(store, month, settings, freezing, maker.at).await?;
    let NewEdition { number, frozen } = made;
    let found = match number {
        0 | 1 => Vec::new(),
        number => {
            let before = kept(store, month, number - 1).await?;
            of_books(&before.books, &frozen.books)
        }
    };
    let missed = missed(&frozen.figures)?.unwrap_or_default();
    let packed = tokio::task::spawn_blocking(move || frozen.pack()).await;
    let Packed { bytes, sha256 } = packed.map_err(|_| MonthlyError::Interrupted)??;
    Ok(Prepared {
        edition: Edition {
            month,
            number,
            made_at: maker.at,
            made_by: maker.login.clone(),
            reason: maker.reason.clone(),
            program: maker.program.clone(),
            sha256,
            bytes: bytes.len() as u64,
        },
        content: bytes,
        missed: missed.into_iter().collect(),
        differences: found,
    })
}

/// What was kept of an edition.
///
/// # Errors
/// [`MonthlyError`].
pub async fn kept(store: &Store, month: Month, number: u32) -> Result<Frozen, MonthlyError> {
    let report = store.report_of(month).await?;
    let edition = report.editions.into_iter().find(|one| one.number == number);
    let edition = edition.ok_or(MonthlyError::NoEdition)?;
    let content = store.edition_content(month, number).await?;
    let content = content.ok_or(MonthlyError::NoEdition)?;
    let unpacked =
        tokio::task::spawn_blocking(move || Frozen::unpack(&content, &edition.sha256)).await;
    Ok(unpacked.map_err(|_| MonthlyError::Interrupted)??)
}
