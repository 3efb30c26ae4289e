//! 問合せ管理台帳 without pages: what is taken out at the command line, by the columns of the list, and the
//! ledger of a predecessor that is taken in, on a screen or at the command line.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Bytes;
use madoguchi_core::audit::AuditEntry;
use madoguchi_core::id::{TicketId, UserId};
use madoguchi_core::ledger::{LedgerWords, Mapping};
use madoguchi_core::roster::RowFault;
use madoguchi_core::setup::{Calendars, Categories, DeskSetup};
use madoguchi_core::time::Instant;
use madoguchi_reports::rows::{FileRow, each_row};
use madoguchi_reports::sheet::SheetError;
use madoguchi_reports::table::{Cell, Column};
use madoguchi_store::{
    LedgerOutcome, LedgerReading, NumberedRow, Start, Store, StoreError, TicketFilter, TicketOrder,
};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::text::DateStyle;
use crate::tickets::choices::offered_of;
use crate::tickets::columns::COLUMNS;
use crate::tickets::names::Names;

/// Rows that are taken at once.
const AT_ONCE: usize = 500;
/// Tickets that are read at once.
const TICKETS_AT_ONCE: u32 = 1_000;
/// How often rows are taken anew because somebody changed a ticket in between.
const TRIES: usize = 3;

/// 問合せ管理台帳, to be read piece by piece.
pub struct Ledger<'s> {
    store: &'s Store,
    filter: TicketFilter,
    names: Names,
    next: Option<Start>,
}

impl std::fmt::Debug for Ledger<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ledger")
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

impl<'s> Ledger<'s> {
    /// The tickets that were received from `from` on and before `until`, the oldest number first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open(
        store: &'s Store,
        (from, until): (Instant, Instant),
        (setup, calendars): (DeskSetup, &Calendars),
        now: Instant,
    ) -> Result<Self, StoreError> {
        let known = (Arc::new(offered_of(store).await?), Arc::new(setup));
        Ok(Self {
            filter: TicketFilter {
                from: Some(from),
                until: Some(until),
                ..TicketFilter::default()
            },
            names: Names::of(known, calendars, now, DateStyle::default()),
            next: Some(Start::First),
            store,
        })
    }

    /// The columns as people read them, and the names that programs know them by.
    pub fn columns() -> Vec<(Column, &'static str)> {
        let columns = COLUMNS.iter().map(|column| {
            let head = Column {
                name: column.with_unit.into(),
                width: column.width,
            };
            (head, column.key)
        });
        columns.collect()
    }

    /// How many tickets there are.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count(&self) -> Result<u64, StoreError> {
        self.store.count_tickets(&self.filter, u32::MAX).await
    }

    /// The next rows; `None` behind the last.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn next_rows(&mut self) -> Result<Option<Vec<Vec<Cell>>>, StoreError> {
        let Some(start) = self.next.take() else {
            return Ok(None);
        };
        let part = (&start, TICKETS_AT_ONCE);
        let page = self
            .store
            .page_tickets(&self.filter, TicketOrder::Oldest, part);
        let page = page.await?;
        let row = |ticket| {
            let cells = COLUMNS.iter();
            cells
                .map(|column| (column.value)(ticket, &self.names).cell())
                .collect()
        };
        let rows = page.rows.iter().map(row).collect();
        self.next = page.after.map(Start::After);
        Ok(Some(rows))
    }
}

/// Why a ledger cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum LedgerFault {
    /// The file.
    #[error("{0}")]
    File(#[from] SheetError),
    /// The store.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// Whoever read the file has ended.
    #[error("the file could not be read to its end")]
    Reader,
}

/// How much of a file is taken.
#[derive(Debug, Clone, Copy)]
pub struct LedgerLimits {
    /// The most rows.
    pub rows: usize,
    /// The most bytes that a workbook may unfold to.
    pub unfolded: u64,
}

/// The heads of a file and the first row under them.
///
/// # Errors
/// [`SheetError`].
pub fn beginning(
    file: &[u8],
    limits: LedgerLimits,
) -> Result<(Vec<String>, Vec<String>), SheetError> {
    let mut rows = Vec::new();
    each_row(file, (limits.rows + 1, limits.unfolded), |row| {
        if !is_blank(&row.cells) {
            rows.push(row.cells);
        }
        rows.len() < 2
    })?;
    let mut rows = rows.into_iter();
    let (head, first) = (rows.next(), rows.next());
    Ok((head.unwrap_or_default(), first.unwrap_or_default()))
}

/// What the words of a ledger stand for at a desk.
///
/// # Errors
/// [`StoreError`].
pub async fn words(store: &Store, categories: &Categories) -> Result<LedgerWords, StoreError> {
    let offered = offered_of(store).await?;
    let users = offered.users.iter();
    let users = users.map(|user| (&user.id, user.login.as_str(), user.name.as_str()));
    Ok(LedgerWords::new(categories, &offered.divisions, users))
}

fn is_blank(cells: &[String]) -> bool {
    cells.iter().all(|cell| cell.trim().is_empty())
}

/// A predecessor's ledger that is taken in.
#[derive(Debug)]
pub struct LedgerImport<'s> {
    /// Where to.
    pub store: &'s Store,
    /// How its rows are understood.
    pub reading: LedgerReading,
    /// The file.
    pub file: Bytes,
    /// How much of it is taken.
    pub limits: LedgerLimits,
}

impl LedgerImport<'_> {
    /// What the file would do. Nothing is kept.
    ///
    /// # Errors
    /// [`LedgerFault`].
    pub async fn plan(&self) -> Result<LedgerOutcome, LedgerFault> {
        let mut rows = Rows::read(&self.file, self.limits);
        let mut seen = BTreeSet::new();
        let mut sum = LedgerOutcome::default();
        while let Some(some) = rows.next(&mut sum).await {
            let outcome = self.store.plan_ledger(&self.reading, &some, &mut seen);
            sum.add(outcome.await?);
        }
        rows.end().await?;
        Ok(sum)
    }

    /// Takes the file in, some rows at a time, with one record, which tells what the whole of it does and
    /// is kept with the first of them. Broken off, it goes on where it ended when it is taken again.
    ///
    /// # Errors
    /// [`LedgerFault`].
    pub async fn take(
        &self,
        mut entry: AuditEntry,
        by: Option<&UserId>,
    ) -> Result<LedgerOutcome, LedgerFault> {
        let planned = self.plan().await?;
        for (name, count) in [
            ("new", planned.new),
            ("changed", planned.changed),
            ("same", planned.same),
            ("faults", planned.fault_count()),
        ] {
            entry.after.insert(name.to_owned(), count.to_string());
        }
        let at = self.reading.at;
        let mut tx = self.store.begin(entry).await?;
        let mapping = Mapping::of(&self.reading.columns);
        tx.keep_ledger_mapping(&self.reading.ledger, &mapping, at)
            .await?;
        if let Some(by) = by {
            tx.forget_ledger_file(by).await?;
        }
        tx.commit().await?;
        let mut rows = Rows::read(&self.file, self.limits);
        let mut seen = BTreeSet::new();
        let mut sum = LedgerOutcome::default();
        while let Some(some) = rows.next(&mut sum).await {
            sum.add(self.take_rows(&some, &mut seen, by).await?);
        }
        rows.end().await?;
        Ok(sum)
    }

    async fn take_rows(
        &self,
        rows: &[NumberedRow],
        seen: &mut BTreeSet<TicketId>,
        by: Option<&UserId>,
    ) -> Result<LedgerOutcome, LedgerFault> {
        let mut tries = 1;
        loop {
            let mut now_seen = seen.clone();
            let prepared = self
                .store
                .prepare_ledger(&self.reading, rows, &mut now_seen);
            let (outcome, plan) = prepared.await?;
            if plan.is_empty() {
                *seen = now_seen;
                return Ok(outcome);
            }
            let mut tx = self.store.begin_unrecorded().await?;
            match self.store.take_ledger(&mut tx, plan, by).await {
                Ok(()) => {
                    tx.commit().await?;
                    *seen = now_seen;
                    return Ok(outcome);
                }
                Err(StoreError::Changed { .. }) if tries < TRIES => tries += 1,
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// The rows of a file below its head, read beside whoever takes them.
struct Rows {
    received: mpsc::Receiver<Vec<FileRow>>,
    reader: JoinHandle<Result<(), SheetError>>,
}

impl Rows {
    fn read(file: &Bytes, limits: LedgerLimits) -> Self {
        let (sender, received) = mpsc::channel(2);
        let file = file.clone();
        let reader = tokio::task::spawn_blocking(move || {
            let mut some = Vec::with_capacity(AT_ONCE);
            let mut under_head = false;
            each_row(&file, (limits.rows + 1, limits.unfolded), |row| {
                if is_blank(&row.cells) || !std::mem::replace(&mut under_head, true) {
                    return true;
                }
                some.push(row);
                // Whoever takes them may have failed, and says so.
                some.len() < AT_ONCE || sender.blocking_send(std::mem::take(&mut some)).is_ok()
            })?;
            if !some.is_empty() {
                let _gone = sender.blocking_send(some);
            }
            Ok(())
        });
        Self { received, reader }
    }

    /// The next rows; letters that cannot be read are faults.
    async fn next(&mut self, sum: &mut LedgerOutcome) -> Option<Vec<NumberedRow>> {
        let some = self.received.recv().await?;
        let unreadable = some.iter().filter(|row| row.is_unreadable);
        let faults = unreadable.map(|row| RowFault {
            row: row.number,
            column: "文字".to_owned(),
            message: "読み取れない文字があります".to_owned(),
            whole_row: false,
        });
        sum.add(LedgerOutcome {
            faults: faults.collect(),
            ..LedgerOutcome::default()
        });
        Some(
            some.into_iter()
                .map(|row| (row.number, row.cells))
                .collect(),
        )
    }

    /// What came of the reading.
    async fn end(self) -> Result<(), LedgerFault> {
        drop(self.received);
        let read = self.reader.await.map_err(|_| LedgerFault::Reader)?;
        Ok(read?)
    }
}
