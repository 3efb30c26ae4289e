//! Units of work: what is changed together, the record of it, and what searches and other nodes are
//! told of it, are kept by one commit or not at all.

use std::ops::{Deref, DerefMut};

use madoguchi_core::audit::AuditEntry;
use sqlx::{Any, AnyConnection, Transaction};

use crate::audit;
use crate::error::StoreError;
use crate::store::{Store, lock};

/// A unit of work that leaves a record in the audit log.
///
/// [`Store::begin`] opens it. The module of each aggregate adds the changes that it knows as methods
/// (`save_article`, `add_user` …); [`Self::commit`] keeps them together with the records. Dropped
/// without a commit it leaves nothing, and one in which a change was refused cannot be committed.
///
/// One at a time runs over all nodes, for the records are a chain with one end. So nothing that takes
/// time belongs between the two; what has to be read is read before, for [`Store`] reads past the
/// unit, and a database in memory would wait for its end.
#[derive(Debug)]
#[must_use = "what is not committed is rolled back"]
pub struct Tx {
    changes: UnrecordedTx,
    earlier: Vec<AuditEntry>,
    entry: AuditEntry,
}

/// A unit of work that leaves no record: what readers do, what is remembered of browsers, what is
/// typed and not saved. All that it can do may be part of a [`Tx`], too.
#[derive(Debug)]
#[must_use = "what is not committed is rolled back"]
pub struct UnrecordedTx {
    transaction: Transaction<'static, Any>,
    is_refused: bool,
}

impl Store {
    /// Begins a unit of work with the record that it leaves.
    ///
    /// # Errors
    /// [`StoreError::Database`]; [`StoreError::Away`] at once while the database is known to be away.
    pub async fn begin(&self, entry: AuditEntry) -> Result<Tx, StoreError> {
        Ok(Tx {
            changes: UnrecordedTx::new(self.begin_audited().await?),
            earlier: Vec::new(),
            entry,
        })
    }

    /// Begins a unit of work that leaves no record.
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub async fn begin_unrecorded(&self) -> Result<UnrecordedTx, StoreError> {
        Ok(UnrecordedTx::new(self.begin_write().await?))
    }
}

impl Tx {
    /// The record of the part that is under way.
    pub fn entry(&self) -> &AuditEntry {
        &self.entry
    }

    /// Goes on with another part of the work, which has a record of its own.
    pub fn record(&mut self, entry: AuditEntry) {
        self.earlier.push(std::mem::replace(&mut self.entry, entry));
    }

    /// Completes the record of the part that is under way with what is known only after the change.
    pub fn describe(&mut self, field: &str, value: String) {
        self.entry.after.insert(field.to_owned(), value);
    }

    /// Keeps all changes and their records.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if a change was refused, [`StoreError::Database`]; then nothing is kept.
    pub async fn commit(self) -> Result<(), StoreError> {
        let Self {
            mut changes,
            earlier: mut entries,
            entry,
        } = self;
        if !changes.is_refused {
            entries.push(entry);
            audit::record(changes.connection(), &entries).await?;
        }
        changes.commit().await
    }
}

impl Deref for Tx {
    type Target = UnrecordedTx;

    fn deref(&self) -> &UnrecordedTx {
        &self.changes
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut UnrecordedTx {
        &mut self.changes
    }
}

impl UnrecordedTx {
    fn new(transaction: Transaction<'static, Any>) -> Self {
        Self {
            transaction,
            is_refused: false,
        }
    }

    /// Keeps all changes.
    ///
    /// # Errors
    /// As [`Tx::commit`].
    pub async fn commit(self) -> Result<(), StoreError> {
        if self.is_refused {
            return Err(StoreError::Refused);
        }
        self.transaction.commit().await?;
        Ok(())
    }

    /// Takes the lock of the records, which gives the feeds their order, as well.
    pub(crate) async fn lock_records(&mut self) -> Result<(), StoreError> {
        lock(&mut self.transaction, audit::LOCK).await?;
        Ok(())
    }

    /// Where the statements of the unit run.
    pub(crate) fn connection(&mut self) -> &mut AnyConnection {
        &mut self.transaction
    }

    /// The outcome of a change. After one that failed the unit cannot be committed.
    pub(crate) fn checked<T>(&mut self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        self.is_refused |= outcome.is_err();
        outcome
    }

    /// Whether a change found what it was to change. Without that the unit cannot be committed.
    pub(crate) fn found(&mut self, rows: u64) -> bool {
        self.is_refused |= rows == 0;
        rows > 0
    }
}
