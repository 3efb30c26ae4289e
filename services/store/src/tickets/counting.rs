//! How many tickets a filter lets through. That is asked with every page of a list, and changes only with the
//! tickets: what was counted is kept until one of them changes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::list::{TicketFilter, Years, restrict, within_years};
use crate::error::StoreError;
use crate::page;
use crate::store::Store;

/// More counts than this are not kept.
const KEPT_AT_MOST: usize = 500;

/// What was counted as of one position in the feed of tickets, by filter and limit.
#[derive(Debug, Clone, Default)]
pub(crate) struct TicketCounts(Arc<Mutex<Counted>>);

#[derive(Debug, Default)]
struct Counted {
    position: i64,
    counts: HashMap<String, u64>,
}

impl TicketCounts {
    fn get(&self, position: i64, key: &str) -> Option<u64> {
        let counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counted.counts.get(key).copied();
        count.filter(|_| counted.position == position)
    }

    fn keep(&self, position: i64, key: String, count: u64) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.position != position || counted.counts.len() >= KEPT_AT_MOST {
            counted.counts.clear();
        }
        counted.position = position;
        counted.counts.insert(key, count);
    }
}

impl Store {
    /// How many tickets a filter lets through, counted up to `at_most`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn count_tickets(
        &self,
        filter: &TicketFilter,
        at_most: u32,
    ) -> Result<u64, StoreError> {
        // What changes while it is counted makes the position another.
        let position = self.ticket_position().await?;
        let key = format!("{at_most} {filter:?}");
        if let Some(count) = self.ticket_counts.get(position, &key) {
            return Ok(count);
        }
        let words = self.word_query(&filter.words).await?;
        let count = page::count(self.read()?, "tickets", at_most, |sql| {
            restrict(sql, filter, &words);
            within_years(sql, filter, Years::default());
        });
        let count = count.await?;
        self.ticket_counts.keep(position, key, count);
        Ok(count)
    }
}
