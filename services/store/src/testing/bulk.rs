//! Many users and tickets at once, for tests and benchmarks.

use madoguchi_core::account::User;
use madoguchi_core::ticket::TicketEvent;

use crate::accounts::insert;
use crate::error::StoreError;
use crate::store::Store;
use crate::tickets::insert_history;

/// Users in one transaction.
const AT_ONCE: usize = 5_000;

/// Adds users without passwords and without audit records.
///
/// # Errors
/// [`StoreError`].
pub async fn add_users(store: &Store, users: &[User]) -> Result<(), StoreError> {
    for users in users.chunks(AT_ONCE) {
        let mut tx = store.begin_write().await?;
        for user in users {
            insert(&mut tx, user, None).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

/// Adds tickets by their histories, without audit records and without giving numbers.
///
/// # Errors
/// [`StoreError`].
pub async fn add_histories(
    store: &Store,
    histories: &[Vec<TicketEvent>],
) -> Result<(), StoreError> {
    for histories in histories.chunks(AT_ONCE) {
        let mut tx = store.begin_write().await?;
        for history in histories {
            insert_history(&mut tx, history).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}
