//! The books of a month, one beside the other: ヘルプデスク受付状況報告 first, and those that list tickets and
//! answers.

use madoguchi_core::month::Month;
use madoguchi_core::ticket::Ticket;
use madoguchi_core::time::Instant;
use madoguchi_reports::document::{Document, Drill};
use madoguchi_reports::frozen::{Basis, Frozen};
use madoguchi_reports::month::books::{self, KnowledgeLine, TicketTexts};
use madoguchi_reports::month::{
    HELP_DESK_REPORT, MonthInput, MonthReport, Scope, report_and_drill,
};
use madoguchi_store::{Store, StoreError};

use crate::error::MonthlyError;
use crate::freezing::figures;
use crate::gathering::gather;
use crate::settings::MonthSettings;
use crate::{beside, knowledge, with_outlook};

/// The books of a month in their order, each with its name on the command line and in full.
pub const BOOKS: [(&str, &str); 5] = [
    ("report", HELP_DESK_REPORT),
    ("inquiries", books::INQUIRY_REPORT),
    ("ledger", books::LEDGER),
    ("operation", books::OPERATION_PARTS),
    ("knowledge", books::KNOWLEDGE_BASE),
];

/// What books need beside what the report is made of.
#[derive(Debug)]
pub(crate) struct Material {
    texts: TicketTexts,
    articles: Vec<KnowledgeLine>,
}

impl Material {
    /// Reads it.
    pub(crate) async fn read(store: &Store, input: &MonthInput) -> Result<Self, StoreError> {
        let end = input.data.month.end().min(input.made_at);
        Ok(Self {
            texts: texts(store, input).await?,
            articles: knowledge::lines(store, end).await?,
        })
    }

    /// The books in the order of [`BOOKS`], which never changes, with the proof of all their figures. All have
    /// the cover of the first; texts stand there without personal data.
    pub(crate) fn books(
        &self,
        input: &MonthInput,
        report: &MonthReport,
        mut drill: Drill,
    ) -> (Vec<Document>, Drill) {
        let (inquiries, of_inquiries) = books::inquiry_report(input, &self.texts);
        let ledger = books::ledger(input, &self.texts, false);
        let (operation, of_operation) = books::operation_parts(report, input);
        let knowledge = books::knowledge_base(input, &self.articles, &self.texts);
        drill.extend(of_inquiries);
        drill.extend(of_operation);
        let cover = |book: Document| Document {
            edition: report.document.edition,
            draft: report.document.draft,
            ..book
        };
        let books = vec![
            report.document.clone(),
            cover(inquiries),
            cover(ledger),
            cover(operation),
            cover(knowledge),
        ];
        (books, drill)
    }
}

/// All books of a month as it is now.
///
/// # Errors
/// [`MonthlyError`].
pub async fn live_books(
    store: &Store,
    month: Month,
    settings: &MonthSettings,
    now: Instant,
) -> Result<Frozen, MonthlyError> {
    let input = with_outlook(store, month, settings, now).await?;
    let material = Material::read(store, &input).await?;
    let made = beside(input, move |input| {
        let (report, drill) = report_and_drill(input);
        let (books, drill) = material.books(input, &report, drill);
        Ok::<_, MonthlyError>(Frozen {
            figures: figures(&report)?,
            books,
            drill,
            basis: Basis::default(),
        })
    });
    made.await?
}

/// 問合せ管理台帳 of a month as it is now, with names and telephone numbers: for those alone who may see them.
///
/// # Errors
/// [`MonthlyError`].
pub async fn ledger_with_names(
    store: &Store,
    month: Month,
    settings: &MonthSettings,
    now: Instant,
) -> Result<Document, MonthlyError> {
    let input = gather(store, month, Scope::everything(), settings, now).await?;
    let texts = texts(store, &input).await?;
    beside(input, move |input| books::ledger(input, &texts, true)).await
}

/// What was asked and answered, of the tickets that books list.
async fn texts(store: &Store, input: &MonthInput) -> Result<TicketTexts, StoreError> {
    let ids = books::listed(input);
    let tickets = store.tickets_as_of(ids, input.data.cut_off).await?;
    let each = tickets.into_iter().map(|ticket| {
        let Ticket { id, fields, .. } = ticket;
        (id, (fields.question, fields.answer))
    });
    Ok(TicketTexts(each.collect()))
}
