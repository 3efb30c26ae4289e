//! Tickets are taken over from the ledger of a predecessor, some rows at a time.

use std::collections::{BTreeMap, BTreeSet};

use madoguchi_core::id::{PersonId, TicketId, UserId};
use madoguchi_core::ledger::{
    Columns, LedgerTicket, LedgerWords, Mapping, Step, TakenRow, first_steps, next_steps, ticket_id,
};
use madoguchi_core::roster::RowFault;
use madoguchi_core::ticket::{Ticket, TicketChange, TicketEvent};
use madoguchi_core::time::{Instant, Millis};
use sqlx::Row;

use super::changing::{TicketWriteError, keep};
use super::{number, row};
use crate::error::{Resource, StoreError};
use crate::sql::{ROWS_IN_A_STATEMENT, Sql, storable};
use crate::store::Store;
use crate::tx::UnrecordedTx;

/// A file that was brought and not taken in is forgotten after so long.
const FILE_KEPT_FOR: Millis = Millis::from_secs(86_400);

/// How rows of a ledger are understood.
#[derive(Debug, Clone)]
pub struct LedgerReading {
    /// What the ledger is called: with the number of a row it tells the ticket.
    pub ledger: String,
    /// What its columns are.
    pub columns: Columns,
    /// What its words stand for.
    pub words: LedgerWords,
    /// When it is read.
    pub at: Instant,
}

/// What some rows of a ledger do, or have done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LedgerOutcome {
    /// Tickets that are new.
    pub new: usize,
    /// Tickets that change.
    pub changed: usize,
    /// Rows that say what is known.
    pub same: usize,
    /// What is wrong, in the order of the rows; no more than can be read.
    pub faults: Vec<RowFault>,
    /// What is wrong besides.
    pub more_faults: usize,
}

/// Faults that are told one by one.
const FAULTS: usize = 1_000;

impl LedgerOutcome {
    /// Adds what further rows do.
    pub fn add(&mut self, other: Self) {
        self.new += other.new;
        self.changed += other.changed;
        self.same += other.same;
        self.faults.extend(other.faults);
        self.more_faults += other.more_faults + self.faults.len().saturating_sub(FAULTS);
        self.faults.truncate(FAULTS);
    }

    /// How many faults there are.
    pub fn fault_count(&self) -> usize {
        self.faults.len() + self.more_faults
    }
}

/// A row with its number, from 1.
pub type NumberedRow = (usize, Vec<String>);

/// What one row does.
struct Planned {
    id: TicketId,
    row: LedgerTicket,
    /// The ticket that is there, if it is.
    known: Option<Box<Ticket>>,
    steps: Vec<Step>,
}

/// A file of a ledger that somebody has brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerFile {
    /// Its name here.
    pub id: String,
    /// The name of the file, as it was given.
    pub name: String,
    /// Base64.
    pub content: String,
}

impl Store {
    /// What some rows would do. Nothing is kept. A number that an earlier row had is in `seen`.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn plan_ledger(
        &self,
        reading: &LedgerReading,
        rows: &[NumberedRow],
        seen: &mut BTreeSet<TicketId>,
    ) -> Result<LedgerOutcome, StoreError> {
        Ok(self.plan(reading, rows, seen).await?.0)
    }

    /// Takes some rows in, in one unit of work: what is new is made, what says something else than
    /// before and was not touched here is changed, and what is the same stays.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`]; [`StoreError::Changed`] if somebody changed
    /// one of the tickets in between, then none of these rows is taken.
    pub async fn take_ledger(
        &self,
        tx: &mut UnrecordedTx,
        planned: LedgerPlan,
        by: Option<&UserId>,
    ) -> Result<(), StoreError> {
        tx.lock_records().await?;
        for one in planned.rows {
            let kept = take(tx, &one, (by, planned.at)).await;
            if let Err(error) = tx.checked_ticket(kept) {
                return Err(match error {
                    TicketWriteError::Store(error) => error,
                    _ => StoreError::Changed {
                        what: Resource::Ticket,
                    },
                });
            }
        }
        Ok(())
    }

    /// What some rows would do, to be handed to [`Self::take_ledger`]. It is read before the unit of work
    /// begins, for nothing that takes time belongs into it.
    ///
    /// # Errors
    /// As [`Self::plan_ledger`].
    pub async fn prepare_ledger(
        &self,
        reading: &LedgerReading,
        rows: &[NumberedRow],
        seen: &mut BTreeSet<TicketId>,
    ) -> Result<(LedgerOutcome, LedgerPlan), StoreError> {
        let (outcome, rows) = self.plan(reading, rows, seen).await?;
        let plan = LedgerPlan {
            ledger: reading.ledger.clone(),
            at: reading.at,
            rows,
        };
        Ok((outcome, plan))
    }

    async fn plan(
        &self,
        reading: &LedgerReading,
        rows: &[NumberedRow],
        seen: &mut BTreeSet<TicketId>,
    ) -> Result<(LedgerOutcome, Vec<Planned>), StoreError> {
        let mut taken = Vec::with_capacity(rows.len());
        for (number, cells) in rows {
            let row = (*number, cells.as_slice());
            taken.push((
                *number,
                TakenRow::read(row, &reading.columns, &reading.words, reading.at),
            ));
        }
        let people = self.known_people(&taken).await?;
        let mut outcome = LedgerOutcome::default();
        let mut matters = Vec::new();
        for (number, mut row) in taken {
            if row.person().is_some_and(|person| !people.contains(person)) {
                row.without_person(number, &reading.columns);
            }
            outcome.faults.append(&mut row.faults);
            let Some(ticket) = row.ticket else { continue };
            let id = ticket_id(&reading.ledger, &ticket.number);
            if seen.insert(id.clone()) {
                matters.push((number, id, ticket));
            } else {
                outcome.faults.push(RowFault {
                    row: number,
                    column: "移行元の番号".to_owned(),
                    message: format!(
                        "「{}」は、前の行にもあります。前の行を取り込みます",
                        ticket.number
                    ),
                    whole_row: true,
                });
            }
        }
        let ids: Vec<_> = matters.iter().map(|(_, id, _)| id).collect();
        let mut known = self.tickets_of_ids(&ids).await?;
        let mut planned = Vec::new();
        for (number, id, row) in matters {
            let Some(ticket) = known.remove(&id) else {
                outcome.new += 1;
                outcome
                    .faults
                    .extend(row.sensitive(number, &reading.columns));
                planned.push(Planned {
                    steps: first_steps(&id, &reading.ledger, &row),
                    known: None,
                    id,
                    row,
                });
                continue;
            };
            match next_steps(&ticket, &reading.ledger, &row, reading.at) {
                Ok(steps) if steps.is_empty() => outcome.same += 1,
                Ok(steps) => {
                    outcome.changed += 1;
                    outcome
                        .faults
                        .extend(row.sensitive(number, &reading.columns));
                    let known = Some(Box::new(ticket));
                    planned.push(Planned {
                        id,
                        row,
                        known,
                        steps,
                    });
                }
                Err(_) => outcome.faults.push(RowFault {
                    row: number,
                    column: "移行元の番号".to_owned(),
                    message: format!(
                        "「{}」は、取り込んだ後に{}として変更されています。内容の違いは反映しません",
                        row.number, ticket.number
                    ),
                    whole_row: true,
                }),
            }
        }
        Ok((outcome, planned))
    }

    async fn known_people(
        &self,
        rows: &[(usize, TakenRow)],
    ) -> Result<BTreeSet<PersonId>, StoreError> {
        let named = rows.iter().filter_map(|(_, row)| row.person());
        let named: Vec<&PersonId> = named.collect::<BTreeSet<_>>().into_iter().collect();
        let mut known = BTreeSet::new();
        for some in named.chunks(ROWS_IN_A_STATEMENT) {
            let found = self.people_of_ids(some).await?;
            known.extend(found.into_iter().map(|person| person.id));
        }
        Ok(known)
    }

    /// The tickets of these ids.
    async fn tickets_of_ids(
        &self,
        ids: &[&TicketId],
    ) -> Result<BTreeMap<TicketId, Ticket>, StoreError> {
        let mut found = BTreeMap::new();
        for some in ids.chunks(ROWS_IN_A_STATEMENT) {
            let mut sql = Sql::new("SELECT state FROM tickets WHERE id IN (");
            sql.bind_all(some.iter().map(|id| id.as_str())).push(")");
            let rows = sql.fetch_all(&mut *self.read()?.acquire().await?).await?;
            for row in &rows {
                let ticket = row::state(row)?;
                found.insert(ticket.id.clone(), ticket);
            }
        }
        Ok(found)
    }

    /// What the columns of a ledger were said to be.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn ledger_mapping(&self, ledger: &str) -> Result<Mapping, StoreError> {
        let row = sqlx::query("SELECT mapping FROM ledger_mappings WHERE ledger = $1")
            .bind(storable(ledger))
            .fetch_optional(self.read()?)
            .await?;
        let Some(row) = row else {
            return Ok(Mapping::default());
        };
        let text: &str = row.try_get("mapping")?;
        // What a later version wrote is asked for again.
        Ok(serde_json::from_str(text).unwrap_or_default())
    }

    /// The ledgers that were taken over, the last one first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn ledgers(&self) -> Result<Vec<String>, StoreError> {
        let rows =
            sqlx::query("SELECT ledger FROM ledger_mappings ORDER BY at DESC, ledger LIMIT 20")
                .fetch_all(self.read()?)
                .await?;
        rows.iter().map(|row| Ok(row.try_get("ledger")?)).collect()
    }

    /// The file that somebody has brought under this name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn lookup_ledger_file(
        &self,
        user: &UserId,
        id: &str,
        now: Instant,
    ) -> Result<Option<LedgerFile>, StoreError> {
        let row = sqlx::query(
            "SELECT id, name, content FROM ledger_files WHERE user_id = $1 AND id = $2 AND at > $3",
        )
        .bind(storable(user.as_str()))
        .bind(storable(id))
        .bind((now - FILE_KEPT_FOR).0)
        .fetch_optional(self.read()?)
        .await?;
        let read = |row: sqlx::any::AnyRow| {
            Ok(LedgerFile {
                id: row.try_get("id")?,
                name: row.try_get("name")?,
                content: row.try_get("content")?,
            })
        };
        row.map(read).transpose()
    }
}

/// What rows of a ledger will do.
pub struct LedgerPlan {
    ledger: String,
    at: Instant,
    rows: Vec<Planned>,
}

impl LedgerPlan {
    /// Whether they change anything.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl std::fmt::Debug for LedgerPlan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LedgerPlan")
            .field("ledger", &self.ledger)
            .field("rows", &self.rows.len())
            .finish_non_exhaustive()
    }
}

impl UnrecordedTx {
    /// Keeps what the columns of a ledger are, for the next time.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn keep_ledger_mapping(
        &mut self,
        ledger: &str,
        mapping: &Mapping,
        at: Instant,
    ) -> Result<(), StoreError> {
        let text = serde_json::to_string(mapping).map_err(|source| StoreError::Unreadable {
            what: format!("the columns of the ledger {ledger}"),
            source,
        })?;
        sqlx::query(
            "INSERT INTO ledger_mappings (ledger, at, mapping) VALUES ($1, $2, $3) \
             ON CONFLICT (ledger) DO UPDATE SET at = excluded.at, mapping = excluded.mapping",
        )
        .bind(storable(ledger))
        .bind(at.0)
        .bind(storable(&text))
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Keeps a file that somebody has brought, in the place of the one before, and forgets all that
    /// nobody came back to.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn keep_ledger_file(
        &mut self,
        user: &UserId,
        file: &LedgerFile,
        at: Instant,
    ) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM ledger_files WHERE at <= $1 OR user_id = $2")
            .bind((at - FILE_KEPT_FOR).0)
            .bind(storable(user.as_str()))
            .execute(self.connection())
            .await?;
        sqlx::query(
            "INSERT INTO ledger_files (user_id, id, at, name, content) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(storable(user.as_str()))
        .bind(storable(&file.id))
        .bind(at.0)
        .bind(storable(&file.name))
        .bind(&file.content)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Forgets the file that somebody has brought.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn forget_ledger_file(&mut self, user: &UserId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM ledger_files WHERE user_id = $1")
            .bind(storable(user.as_str()))
            .execute(self.connection())
            .await?;
        Ok(())
    }
}

/// Takes one row in, as it was planned.
async fn take(
    tx: &mut UnrecordedTx,
    planned: &Planned,
    (by, at): (Option<&UserId>, Instant),
) -> Result<(), TicketWriteError> {
    let connection = tx.connection();
    let now = row::lookup(connection, &planned.id).await?;
    let version = |ticket: &Ticket| ticket.version;
    if now.as_ref().map(version) != planned.known.as_deref().map(version) {
        return Err(TicketWriteError::Missing);
    }
    let event = |seq, happened_at, change| TicketEvent {
        ticket: planned.id.clone(),
        seq,
        at,
        happened_at: Some(happened_at),
        by: by.cloned(),
        change,
    };
    let mut events = Vec::with_capacity(planned.steps.len() + 1);
    let mut ticket = match now {
        Some(ticket) => ticket,
        None => {
            let received_at = planned.row.received_at;
            let created = TicketChange::Created {
                number: number::next(connection, received_at).await?,
                received_at,
                fields: Box::new(planned.row.fields.clone()),
                split_from: None,
            };
            let first = event(0, received_at, created);
            let ticket = Ticket::begin(&first).ok_or(TicketWriteError::Missing)?;
            events.push(first);
            ticket
        }
    };
    for step in &planned.steps {
        let next = event(ticket.version, step.happened_at, step.change.clone());
        ticket.check(&next)?;
        ticket.apply(&next);
        events.push(next);
    }
    keep(connection, &ticket, &events).await?;
    Ok(())
}
