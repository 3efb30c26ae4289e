//! Many users at once, for benchmarks.

use madoguchi_core::account::User;

use crate::accounts::insert;
use crate::error::StoreError;
use crate::store::Store;

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
