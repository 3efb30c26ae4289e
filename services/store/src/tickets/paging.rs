//! Large lists of tickets and of their contacts, page by page from a row on.

use madoguchi_core::contact::{Contact, ContactOutcome};
use madoguchi_core::id::{AgentId, CallId, ContactId, TicketId};
use madoguchi_core::ticket::{Channel, Ticket, TicketNumber};
use madoguchi_core::time::Instant;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::list::{TicketFilter, Years, restrict, within_years};
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

    /// From which end on fiscal years narrow a page that begins there.
    fn years(self, start: &Start) -> Years {
        let goes_up = match (self, start) {
            // The order is another one, and an index of its own has it.
            (Self::Changed, _) => {
                let (first, last) = (false, false);
                return Years { first, last };
            }
            (_, Start::First | Start::Offset(_)) => return Years::default(),
            (Self::Oldest, Start::After(_)) | (Self::Newest, Start::Before(_)) => true,
            (Self::Oldest, Start::Before(_)) | (Self::Newest, Start::After(_)) => false,
        };
        Years {
            first: !goes_up,
            last: goes_up,
        }
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
        let years = order.years(part.0);
        let restrict = |sql: &mut Sql| {
            restrict(sql, filter, &words);
            within_years(sql, filter, years);
        };
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

#[cfg(test)]
mod tests {
    use madoguchi_core::ticket::{Status, System};

    use super::*;

    /// How SQLite goes about a page.
    async fn plan(store: &Store, filter: &TicketFilter, order: TicketOrder) -> String {
        let words = store.word_query(&filter.words).await.unwrap();
        let start = Start::First;
        let mut sql = Sql::new("EXPLAIN QUERY PLAN SELECT state");
        order.order().select(&mut sql);
        sql.push(" FROM tickets");
        restrict(&mut sql, filter, &words);
        within_years(&mut sql, filter, order.years(&start));
        order.order().sort(&mut sql, &start);
        page::limit(&mut sql, &start, 50);
        let mut connection = store.read().unwrap().acquire().await.unwrap();
        let steps = sql.fetch_all(&mut connection).await.unwrap();
        let steps = steps.iter().map(|step| step.try_get::<String, _>("detail"));
        steps.collect::<Result<Vec<_>, _>>().unwrap().join("; ")
    }

    /// SQLite knows nothing of how many rows there are, so that it chooses here as it does at a desk of years.
    #[tokio::test]
    async fn a_page_is_read_in_its_order_by_an_index_whatever_it_is_narrowed_by() {
        let store = Store::open("sqlite::memory:").await.unwrap();
        let empty = TicketFilter::default;
        let month = (
            Some(Instant(1_700_000_000_000)),
            Some(Instant(1_702_000_000_000)),
        );
        let (from, until) = month;
        for (filter, index) in [
            (empty(), "tickets_in_order"),
            (
                TicketFilter {
                    from,
                    until,
                    ..empty()
                },
                "tickets_in_order",
            ),
            (
                TicketFilter {
                    open: true,
                    ..empty()
                },
                "tickets_open_by_number",
            ),
            (
                TicketFilter {
                    statuses: vec![Status::Held],
                    ..empty()
                },
                "tickets_open",
            ),
            (
                TicketFilter {
                    owner: Some(Some("u1".into())),
                    ..empty()
                },
                "tickets_by_owner",
            ),
            (
                TicketFilter {
                    categories: vec!["f09".into()],
                    ..empty()
                },
                "tickets_by_category",
            ),
            (
                TicketFilter {
                    divisions: vec!["d".into()],
                    ..empty()
                },
                "tickets_by_division",
            ),
            (
                TicketFilter {
                    channel: Some(Channel::Visit),
                    ..empty()
                },
                "tickets_by_channel",
            ),
            (
                TicketFilter {
                    system: Some(System::Macs),
                    ..empty()
                },
                "tickets_by_system",
            ),
            (
                TicketFilter {
                    site: Some("中央".to_owned()),
                    ..empty()
                },
                "tickets_by_site",
            ),
            (
                TicketFilter {
                    department: Some("総務課".to_owned()),
                    ..empty()
                },
                "tickets_by_department",
            ),
            (
                TicketFilter {
                    person: Some("1".into()),
                    ..empty()
                },
                "tickets_by_person",
            ),
            (
                TicketFilter {
                    incident: true,
                    ..empty()
                },
                "tickets_with_incident",
            ),
        ] {
            let plan = plan(&store, &filter, TicketOrder::Newest).await;
            assert!(
                plan.contains(&format!("INDEX {index} ")),
                "{filter:?}: {plan}"
            );
            assert!(!plan.contains("TEMP B-TREE"), "{filter:?}: {plan}");
        }
        let changed = plan(&store, &empty(), TicketOrder::Changed).await;
        assert!(changed.contains("INDEX tickets_by_change "), "{changed}");
        assert!(!changed.contains("TEMP B-TREE"), "{changed}");
    }
}
