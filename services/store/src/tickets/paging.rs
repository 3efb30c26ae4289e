//! Large lists of tickets and of their contacts, page by page from a row on.

use madoguchi_core::contact::{Contact, ContactOutcome};
use madoguchi_core::id::{AgentId, CallId, ContactId, TicketId};
use madoguchi_core::ticket::{Channel, Ticket, TicketNumber};
use madoguchi_core::time::Instant;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::list::{TicketFilter, restrict};
use super::row;
use crate::error::StoreError;
use crate::page::{self, Key, Order, Page, Start};
use crate::sql::{Sql, storable};
use crate::store::Store;

/// Which tickets of a list come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TicketOrder {
    /// The highest numbers.
    #[default]
    Newest,
    /// The lowest numbers.
    Oldest,
    /// Those that were changed last.
    Changed,
}

const NUMBER: [Key; 2] = [Key::Number("fiscal_year"), Key::Number("sequence")];
const CHANGED: [Key; 3] = [
    Key::Number("updated_at"),
    Key::Number("fiscal_year"),
    Key::Number("sequence"),
];
const CONTACT: [Key; 2] = [Key::Number("from_at"), Key::Text("contact_id")];

impl TicketOrder {
    fn order(self) -> Order {
        let (keys, descending): (&[Key], bool) = match self {
            Self::Newest => (&NUMBER, true),
            Self::Oldest => (&NUMBER, false),
            Self::Changed => (&CHANGED, true),
        };
        Order { keys, descending }
    }
}

/// Which contacts are wanted. What is `None` does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContactFilter {
    /// Begun from here on.
    pub from: Option<Instant>,
    /// Begun before this.
    pub until: Option<Instant>,
    /// Of this ticket.
    pub ticket: Option<TicketId>,
    /// Of this call.
    pub call: Option<CallId>,
}

/// A contact with its ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketContact {
    /// The contact.
    pub contact: Contact,
    /// Its ticket.
    pub ticket: TicketId,
    /// The number of its ticket.
    pub number: TicketNumber,
}

impl Store {
    /// A page of the whole tickets that a filter lets through; its own limit does not matter.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`], [`StoreError::Cursor`].
    pub async fn page_tickets(
        &self,
        filter: &TicketFilter,
        order: TicketOrder,
        part: (&Start, u32),
    ) -> Result<Page<Ticket>, StoreError> {
        let from = ("state", "tickets");
        let words = self.word_query(&filter.words).await?;
        let restrict = |sql: &mut Sql| restrict(sql, filter, &words);
        page::page(
            self.read()?,
            from,
            &order.order(),
            part,
            restrict,
            row::state,
        )
        .await
    }

    /// A page of contacts, in the order in which they began.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::UnknownName`], [`StoreError::Cursor`].
    pub async fn page_contacts(
        &self,
        filter: &ContactFilter,
        part: (&Start, u32),
    ) -> Result<Page<TicketContact>, StoreError> {
        let order = Order {
            keys: &CONTACT,
            descending: false,
        };
        let columns = "contact_id, ticket_id, call_id, contacts.channel AS way, agent, from_at, \
                       until_at, outcome, outcome_at, fiscal_year, sequence";
        let table = "contacts JOIN tickets ON tickets.id = contacts.ticket_id";
        let restrict = |sql: &mut Sql| {
            sql.push(" WHERE 1 = 1");
            if let Some(from) = filter.from {
                sql.push(" AND from_at >= ").bind(from.0);
            }
            if let Some(until) = filter.until {
                sql.push(" AND from_at < ").bind(until.0);
            }
            if let Some(ticket) = &filter.ticket {
                sql.push(" AND ticket_id = ")
                    .bind(storable(ticket.as_str()));
            }
            if let Some(call) = &filter.call {
                sql.push(" AND call_id = ").bind(storable(call.as_str()));
            }
        };
        page::page(
            self.read()?,
            (columns, table),
            &order,
            part,
            restrict,
            contact,
        )
        .await
    }
}

fn contact(row: &AnyRow) -> Result<TicketContact, StoreError> {
    let instant = |column| Ok::<_, StoreError>(row.try_get::<Option<i64>, _>(column)?.map(Instant));
    let text = |column| Ok::<_, StoreError>(row.try_get::<Option<String>, _>(column)?);
    let (way, outcome): (String, String) = (row.try_get("way")?, row.try_get("outcome")?);
    let unknown = |what, name: &str| StoreError::UnknownName {
        what,
        name: name.to_owned(),
    };
    let contact = Contact {
        id: ContactId::new(row.try_get::<&str, _>("contact_id")?),
        call: text("call_id")?.map(CallId::new),
        channel: Channel::lookup(&way).ok_or_else(|| unknown("channel", &way))?,
        agent: text("agent")?.map(AgentId::new),
        from: Instant(row.try_get("from_at")?),
        until: instant("until_at")?,
        outcome: ContactOutcome::lookup(&outcome).ok_or_else(|| unknown("outcome", &outcome))?,
        outcome_at: Instant(row.try_get("outcome_at")?),
    };
    Ok(TicketContact {
        contact,
        ticket: TicketId::new(row.try_get::<&str, _>("ticket_id")?),
        number: row::number(row)?,
    })
}
