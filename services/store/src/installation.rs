//! What tells this database from any other.

use sqlx::Row;

use crate::error::StoreError;
use crate::store::Store;

impl Store {
    /// What is kept under `name`; `candidate`, which is kept from now on, if nothing was.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn installation(&self, name: &str, candidate: &str) -> Result<String, StoreError> {
        let mut tx = self.begin_write().await?;
        sqlx::query(
            "INSERT INTO installation (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
        )
        .bind(name)
        .bind(candidate)
        .execute(&mut *tx)
        .await?;
        let row = sqlx::query("SELECT value FROM installation WHERE name = $1")
            .bind(name)
            .fetch_one(&mut *tx)
            .await?;
        let value = row.try_get("value")?;
        tx.commit().await?;
        Ok(value)
    }

    /// What is kept under `name`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn lookup_installation(&self, name: &str) -> Result<Option<String>, StoreError> {
        let row = sqlx::query("SELECT value FROM installation WHERE name = $1")
            .bind(name)
            .fetch_optional(self.read()?)
            .await?;
        Ok(row.map(|row| row.try_get("value")).transpose()?)
    }

    /// Keeps nothing under `name` any more.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn forget_installation(&self, name: &str) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        sqlx::query("DELETE FROM installation WHERE name = $1")
            .bind(name)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }
}
