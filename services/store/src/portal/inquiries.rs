//! What staff write to the desk by the form of the portal: a ticket, and what the portal knows of it
//! besides.

use madoguchi_core::article::ArticleNumber;
use madoguchi_core::contact::{Contact, ContactOutcome};
use madoguchi_core::id::{ArticleId, ContactId, TicketId};
use madoguchi_core::portal::{Inquiry, ReceiptNumber};
use madoguchi_core::ticket::{Channel, Ticket, TicketChange, TicketNumber};
use madoguchi_core::time::Instant;
use sqlx::{AnyConnection, Row};

use crate::error::StoreError;
use crate::sql::storable;
use crate::store::Store;
use crate::tickets::changing;
use crate::tickets::{NewTicket, TicketWriteError};
use crate::tx::UnrecordedTx;

/// One that comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInquiry {
    /// The name of its ticket, made by us: what is sent twice under one name is kept once.
    pub id: String,
    pub at: Instant,
    /// What was written.
    pub inquiry: Inquiry,
}

/// What staff are told of an inquiry that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Its 受付番号: the one that it was given when it came in.
    pub number: String,
    /// When it came in.
    pub at: Instant,
}

impl Store {
    /// What staff are told of the inquiry that became this ticket.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn lookup_receipt(&self, id: &str) -> Result<Option<Receipt>, StoreError> {
        receipt(&mut *self.read()?.acquire().await?, id).await
    }

    /// The ticket that an inquiry of before there were tickets became, by its receipt number.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn ticket_of_receipt(
        &self,
        number: ReceiptNumber,
    ) -> Result<Option<TicketNumber>, StoreError> {
        let row = sqlx::query(
            "SELECT t.fiscal_year, t.sequence FROM portal_tickets p \
             JOIN tickets t ON t.id = p.ticket_id WHERE p.number = $1",
        )
        .bind(number.0)
        .fetch_optional(self.read()?)
        .await?;
        row.as_ref().map(crate::tickets::number_of).transpose()
    }
}

impl UnrecordedTx {
    /// Makes a ticket of what was written; what is kept already stays as it is.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn add_inquiry(&mut self, new: &NewInquiry) -> Result<Receipt, StoreError> {
        self.lock_records().await?;
        if let Some(kept) = receipt(self.connection(), &new.id).await? {
            return Ok(kept);
        }
        let ticket = keep(self.connection(), new, None).await?;
        Ok(Receipt {
            number: ticket.number.to_string(),
            at: new.at,
        })
    }
}

/// Makes a ticket of an inquiry. The lock of the records must be held.
pub(super) async fn keep(
    connection: &mut AnyConnection,
    new: &NewInquiry,
    number: Option<ReceiptNumber>,
) -> Result<Ticket, StoreError> {
    let article = new.inquiry.article.as_ref();
    let name = match article {
        Some(article) => Some(article_name(connection, article).await?),
        None => None,
    };
    let contact = Contact {
        id: contact(&new.id),
        call: None,
        channel: Channel::Portal,
        agent: None,
        from: new.at,
        until: Some(new.at),
        outcome: ContactOutcome::Unanswered,
        outcome_at: new.at,
    };
    let note = new.inquiry.note(number, name.as_deref());
    let note = note.map(|text| TicketChange::Noted { text });
    let ticket = NewTicket {
        id: TicketId::new(&new.id),
        by: None,
        at: new.at,
        happened_at: None,
        received_at: new.at,
        fields: new.inquiry.fields(),
        changes: [TicketChange::ContactAdded { contact }]
            .into_iter()
            .chain(note)
            .collect(),
    };
    let ticket = changing::add(&mut *connection, &ticket, None).await;
    let ticket = ticket.map_err(unfit)?;
    sqlx::query(
        "INSERT INTO portal_tickets (ticket_id, at, number, article) VALUES ($1, $2, $3, $4)",
    )
    .bind(storable(&new.id))
    .bind(new.at.0)
    .bind(number.map(|number| number.0))
    .bind(article.map(|id| storable(id.as_str())))
    .execute(connection)
    .await?;
    Ok(ticket)
}

/// The contact by which an inquiry came.
pub(super) fn contact(id: &str) -> ContactId {
    ContactId::new(format!("{id}.form"))
}

/// What the form makes is never refused.
pub(super) fn unfit(error: TicketWriteError) -> StoreError {
    match error {
        TicketWriteError::Store(error) => error,
        other => {
            tracing::error!(error = %other, "an inquiry does not become a ticket");
            StoreError::Refused
        }
    }
}

/// What readers call an article.
async fn article_name(
    connection: &mut AnyConnection,
    id: &ArticleId,
) -> Result<String, StoreError> {
    let row = sqlx::query("SELECT COALESCE(number, 0) AS number FROM articles WHERE id = $1")
        .bind(storable(id.as_str()))
        .fetch_optional(connection)
        .await?;
    let number = row.map(|row| row.try_get::<i64, _>("number")).transpose()?;
    let number = number.and_then(|number| u32::try_from(number).ok());
    let number = number.filter(|number| *number > 0).map(ArticleNumber);
    Ok(number.map_or_else(|| id.to_string(), |number| number.to_string()))
}

async fn receipt(connection: &mut AnyConnection, id: &str) -> Result<Option<Receipt>, StoreError> {
    let row = sqlx::query(
        "SELECT p.number, p.at, t.fiscal_year, t.sequence FROM portal_tickets p \
         JOIN tickets t ON t.id = p.ticket_id WHERE p.ticket_id = $1",
    )
    .bind(storable(id))
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        let number: Option<i64> = row.try_get("number")?;
        let number = match number {
            Some(number) => ReceiptNumber(number).to_string(),
            None => crate::tickets::number_of(&row)?.to_string(),
        };
        Ok(Receipt {
            number,
            at: Instant(row.try_get("at")?),
        })
    })
    .transpose()
}
