//! Sessions as the database has them; while it is away, as they were last seen, so that the board
//! and the agents' states stay in reach.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use madoguchi_store::{SignedIn, StoreError};

use crate::Web;

/// More are not remembered at once.
const ENTRIES_AT_MOST: usize = 5_000;

/// The sessions that were seen lately.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    seen: Mutex<HashMap<String, SignedIn>>,
}

impl Sessions {
    /// The session of this cookie and its user.
    pub(crate) async fn lookup(
        &self,
        web: &Web,
        token_hash: &str,
    ) -> Result<Option<SignedIn>, StoreError> {
        if !web.desk.status().database_up
            && let Some(seen) = self.remembered(token_hash)
        {
            return Ok(Some(seen));
        }
        match web.store.lookup_session(token_hash).await {
            Ok(found) => {
                self.remember(token_hash, found.as_ref());
                Ok(found)
            }
            // The database may have gone this moment.
            Err(error) => self.remembered(token_hash).map(Some).ok_or(error),
        }
    }

    fn remembered(&self, token_hash: &str) -> Option<SignedIn> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(token_hash).cloned()
    }

    fn remember(&self, token_hash: &str, found: Option<&SignedIn>) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match found {
            Some(found) => {
                if seen.len() >= ENTRIES_AT_MOST && !seen.contains_key(token_hash) {
                    seen.clear();
                }
                seen.insert(token_hash.to_owned(), found.clone());
            }
            None => {
                seen.remove(token_hash);
            }
        }
    }
}
