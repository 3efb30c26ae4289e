//! The books beside ヘルプデスク受付状況報告 that list tickets.

use madoguchi_core::id::TicketId;
use madoguchi_core::month::Month;
use madoguchi_core::ticket::Ticket;
use madoguchi_core::time::Instant;
use madoguchi_reports::document::{Document, Drill};
use madoguchi_reports::month::books::{self, TicketTexts};
use madoguchi_reports::month::{MonthInput, Scope};
use madoguchi_store::{Store, StoreError};

use crate::beside;
use crate::error::MonthlyError;
use crate::gathering::gather;
use crate::settings::MonthSettings;

/// 問合せ対応報告書 (別紙7 項番24) of a month, with the proof of its figures.
///
/// # Errors
/// [`MonthlyError`].
pub async fn inquiry_report(
    store: &Store,
    month: Month,
    settings: &MonthSettings,
    now: Instant,
) -> Result<(Document, Drill), MonthlyError> {
    let input = gather(store, month, Scope::everything(), settings, now).await?;
    let texts = texts(store, &input).await?;
    beside(input, move |input| books::inquiry_report(input, &texts)).await
}

/// 問合せ管理台帳 of a month. `personal`: with names and telephone numbers, for those who may see them.
///
/// # Errors
/// [`MonthlyError`].
pub async fn ledger(
    store: &Store,
    month: Month,
    settings: &MonthSettings,
    personal: bool,
    now: Instant,
) -> Result<Document, MonthlyError> {
    let input = gather(store, month, Scope::everything(), settings, now).await?;
    let texts = texts(store, &input).await?;
    beside(input, move |input| books::ledger(input, &texts, personal)).await
}

/// What was asked and answered, of the tickets that the book lists.
async fn texts(store: &Store, input: &MonthInput) -> Result<TicketTexts, StoreError> {
    let ids: Vec<TicketId> = books::listed(input);
    let tickets = store.tickets_as_of(ids, input.data.cut_off).await?;
    let each = tickets.into_iter().map(|ticket| {
        let Ticket { id, fields, .. } = ticket;
        (id, (fields.question, fields.answer))
    });
    Ok(TicketTexts(each.collect()))
}
