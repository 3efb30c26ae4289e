//! The list of people, page by page from a row on.

use madoguchi_core::id::PersonId;
use madoguchi_core::normal::normal_text;
use madoguchi_core::person::Person;

use super::{COLUMNS, PersonFilter, WORD_LETTERS, read};
use crate::error::StoreError;
use crate::page::{self, Key, Order, Page, Start};
use crate::sql::{Sql, escaped, storable};
use crate::store::Store;

const ID: [Key; 1] = [Key::Text("id")];

impl Store {
    /// A page of the people that a filter lets through, in the order of their ids; its own place and
    /// limit do not matter.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`], [`StoreError::Cursor`].
    pub async fn page_people(
        &self,
        filter: &PersonFilter,
        part: (&Start, u32),
    ) -> Result<Page<Person>, StoreError> {
        let order = Order {
            keys: &ID,
            descending: false,
        };
        let from = (COLUMNS, "people");
        page::page(
            self.read()?,
            from,
            &order,
            part,
            |sql| restrict(sql, filter),
            read,
        )
        .await
    }

    /// What is known of these people, in no order.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn people_of_ids(&self, ids: &[&PersonId]) -> Result<Vec<Person>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = Sql::new("SELECT ");
        sql.push(COLUMNS).push(" FROM people WHERE id IN (");
        sql.bind_all(ids.iter().map(|id| id.as_str())).push(")");
        let rows = sql.fetch_all(&mut *self.read()?.acquire().await?).await?;
        rows.iter().map(read).collect()
    }

    /// How many people a filter lets through, counted up to `at_most`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn count_people_found(
        &self,
        filter: &PersonFilter,
        at_most: u32,
    ) -> Result<u64, StoreError> {
        page::count(self.read()?, "people", at_most, |sql| restrict(sql, filter)).await
    }
}

fn restrict(sql: &mut Sql, filter: &PersonFilter) {
    sql.push(" WHERE 1 = 1");
    if !filter.left {
        sql.push(" AND left_on IS NULL");
    }
    let normal = normal_text(&filter.word, WORD_LETTERS);
    for word in normal.split(' ').filter(|word| !word.is_empty()) {
        sql.push(" AND search LIKE ")
            .bind(format!("%{}%", escaped(&storable(word))))
            .push(" ESCAPE '!'");
    }
}
