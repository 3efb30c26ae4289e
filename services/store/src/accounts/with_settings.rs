//! Accounts that are made together with things of the desk's setup.

use madoguchi_core::account::User;
use madoguchi_core::audit::AuditEntry;

use super::insert_user;
use crate::audit::record;
use crate::error::StoreError;
use crate::settings::{NewVersion, save, stamp_now};
use crate::store::Store;

impl Store {
    /// Adds an account, and new versions of things that were checked against all others, all or
    /// none, each with its own record: only if nothing was set since the stamp.
    ///
    /// # Errors
    /// As [`Store::add_user`] and [`Store::save_checked_settings`].
    pub async fn add_user_with_settings(
        &self,
        (user, password): (&User, Option<&str>),
        entry: AuditEntry,
        changes: &[(NewVersion, AuditEntry)],
        stamp: &str,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin_audited().await?;
        if stamp_now(&mut tx).await? != stamp {
            return Err(StoreError::Changed { what: "setup" });
        }
        for (new, entry) in changes {
            save(&mut tx, new, entry).await?;
            record(&mut tx, std::slice::from_ref(entry)).await?;
        }
        insert_user(&mut tx, user, password).await?;
        record(&mut tx, &[entry]).await?;
        tx.commit().await?;
        Ok(())
    }
}
