//! A store begins to use its database.

use crate::calls;
use crate::error::StoreError;
use crate::migrations;
use crate::portal;
use crate::store::Store;

impl Store {
    /// Reaches the database and brings its schema up to date. After that it is used.
    ///
    /// # Errors
    /// As [`Self::open`], and [`StoreError::Missing`].
    pub async fn join(&self) -> Result<(), StoreError> {
        self.probe().await?;
        migrations::apply(self).await?;
        calls::rebuild_if_outdated(self).await?;
        self.join_word_index().await?;
        self.join_ticket_briefs().await?;
        portal::move_inquiries(self).await?;
        self.note_usable();
        Ok(())
    }
}
