//! Pages of long lists. A page begins at a row, known by the values that put it in its place and not
//! by a number, so that each row is met once while others come and go.

use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::sql::{Sql, storable};
use crate::store::Store;

/// The place of a row in the order of its list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(Vec<CursorValue>);

/// One of the values that give a row its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CursorValue {
    /// A number or an instant.
    Number(i64),
    /// A text.
    Text(String),
}

impl Cursor {
    /// The place of the row with these values, in the order in which the list compares them.
    pub fn new(values: Vec<CursorValue>) -> Self {
        Self(values)
    }

    /// The cursor that [`Self::to_text`] wrote.
    pub fn from_text(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The cursor as a part of an address.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Where a page begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Start {
    /// With the first row.
    #[default]
    First,
    /// After so many rows.
    Offset(u32),
    /// Behind a row.
    After(Cursor),
    /// So that it ends before a row.
    Before(Cursor),
}

/// Some rows of a list, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<R> {
    /// The rows.
    pub rows: Vec<R>,
    /// There are rows before the one at this place, the first of the page.
    pub before: Option<Cursor>,
    /// There are rows behind the one at this place, the last of the page.
    pub after: Option<Cursor>,
}

/// An order of a list: expressions that are never NULL, compared one after the other, all upwards or
/// all downwards. Together they are one row's alone.
pub(crate) struct Order {
    pub(crate) keys: &'static [Key],
    pub(crate) descending: bool,
}

/// An expression by which a list is put in order.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Key {
    Number(&'static str),
    Text(&'static str),
}

impl Key {
    fn expression(self) -> &'static str {
        match self {
            Self::Number(expression) | Self::Text(expression) => expression,
        }
    }
}

/// What the values of cursors are called in rows.
const COLUMNS: [&str; 3] = ["cursor_0", "cursor_1", "cursor_2"];

impl Order {
    /// Adds the values of the rows' cursors to what is selected.
    pub(crate) fn select(&self, sql: &mut Sql) {
        for (key, column) in self.keys.iter().zip(COLUMNS) {
            match key {
                Key::Number(number) => sql.push(", CAST(").push(number).push(" AS BIGINT)"),
                Key::Text(text) => sql.push(", ").push(text),
            };
            sql.push(" AS ").push(column);
        }
    }

    /// Adds the condition that rows lie beyond the place where the page begins.
    ///
    /// # Errors
    /// [`StoreError::Cursor`] if the place is none of this order.
    pub(crate) fn restrict(&self, sql: &mut Sql, start: &Start) -> Result<(), StoreError> {
        let (cursor, back) = match start {
            Start::First | Start::Offset(_) => return Ok(()),
            Start::After(cursor) => (cursor, false),
            Start::Before(cursor) => (cursor, true),
        };
        let same_kind = |(key, value): (&Key, &CursorValue)| {
            matches!(
                (key, value),
                (Key::Number(_), CursorValue::Number(_)) | (Key::Text(_), CursorValue::Text(_))
            )
        };
        let fits = cursor.0.len() == self.keys.len();
        if !fits || !self.keys.iter().zip(&cursor.0).all(same_kind) {
            return Err(StoreError::Cursor);
        }
        sql.push(" AND (");
        for (n, key) in self.keys.iter().enumerate() {
            sql.push(if n == 0 { "" } else { ", " })
                .push(key.expression());
        }
        let down = self.descending != back;
        sql.push(if down { ") < (" } else { ") > (" });
        for (n, value) in cursor.0.iter().enumerate() {
            sql.push(if n == 0 { "" } else { ", " });
            match value {
                CursorValue::Number(number) => sql.bind(*number),
                CursorValue::Text(text) => sql.bind(storable(text)),
            };
        }
        sql.push(")");
        Ok(())
    }

    /// Adds the order in which the rows of the page are found.
    pub(crate) fn sort(&self, sql: &mut Sql, start: &Start) {
        let back = matches!(start, Start::Before(_));
        let direction = if self.descending != back { " DESC" } else { "" };
        for (n, key) in self.keys.iter().enumerate() {
            sql.push(if n == 0 { " ORDER BY " } else { ", " })
                .push(key.expression())
                .push(direction);
        }
    }

    /// Turns the rows that were found into the page.
    pub(crate) fn page<R>(
        &self,
        mut rows: Vec<AnyRow>,
        start: &Start,
        limit: u32,
        read: impl Fn(&AnyRow) -> Result<R, StoreError>,
    ) -> Result<Page<R>, StoreError> {
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        if matches!(start, Start::Before(_)) {
            rows.reverse();
        }
        let cursor = |row: Option<&AnyRow>| row.map(|row| self.cursor(row)).transpose();
        let (first, last) = (cursor(rows.first())?, cursor(rows.last())?);
        let (before, after) = match start {
            Start::First => (None, last.filter(|_| more)),
            Start::Offset(rows) => (first.filter(|_| *rows > 0), last.filter(|_| more)),
            Start::After(_) => (first, last.filter(|_| more)),
            Start::Before(_) => (first.filter(|_| more), last),
        };
        Ok(Page {
            rows: rows.iter().map(read).collect::<Result<_, _>>()?,
            before,
            after,
        })
    }

    fn cursor(&self, row: &AnyRow) -> Result<Cursor, StoreError> {
        let values = self.keys.iter().zip(COLUMNS).map(|(key, column)| {
            Ok(match key {
                Key::Number(_) => CursorValue::Number(row.try_get(column)?),
                Key::Text(_) => CursorValue::Text(row.try_get(column)?),
            })
        });
        Ok(Cursor(values.collect::<Result<_, StoreError>>()?))
    }
}

/// Adds how many rows are read: one more than the page holds tells whether there are others.
pub(crate) fn limit(sql: &mut Sql, start: &Start, limit: u32) {
    sql.push(" LIMIT ").bind(i64::from(limit) + 1);
    if let Start::Offset(rows) = start {
        sql.push(" OFFSET ").bind(i64::from(*rows));
    }
}

/// A page of what `restrict` (which begins with WHERE) leaves of a table.
pub(crate) async fn page<R>(
    store: &Store,
    (columns, table): (&'static str, &'static str),
    order: &Order,
    (start, rows): (&Start, u32),
    restrict: impl FnOnce(&mut Sql),
    read: impl Fn(&AnyRow) -> Result<R, StoreError>,
) -> Result<Page<R>, StoreError> {
    let mut sql = Sql::new("SELECT ");
    sql.push(columns);
    order.select(&mut sql);
    sql.push(" FROM ").push(table);
    restrict(&mut sql);
    order.restrict(&mut sql, start)?;
    order.sort(&mut sql, start);
    limit(&mut sql, start, rows);
    let found = sql.fetch_all(&mut *store.read()?.acquire().await?).await?;
    order.page(found, start, rows, read)
}

/// How many rows `restrict` leaves of a table, counted up to `at_most`.
pub(crate) async fn count(
    store: &Store,
    table: &'static str,
    at_most: u32,
    restrict: impl FnOnce(&mut Sql),
) -> Result<u64, StoreError> {
    let mut sql = Sql::new("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM (SELECT 1 AS one FROM ");
    sql.push(table);
    restrict(&mut sql);
    sql.push(" LIMIT ")
        .bind(i64::from(at_most))
        .push(") AS counted");
    let rows = sql.fetch_all(&mut *store.read()?.acquire().await?).await?;
    let counted: i64 = rows.first().map_or(Ok(0), |row| row.try_get("n"))?;
    Ok(counted.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_in_an_address_is_read_as_the_same_and_nonsense_is_none() {
        let cursor = Cursor::new(vec![
            CursorValue::Number(-5),
            CursorValue::Text("佐藤\"]".to_owned()),
        ]);
        assert_eq!(Cursor::from_text(&cursor.to_text()), Some(cursor));
        for nonsense in [
            "",
            "1",
            "{}",
            "[null]",
            "[1.5]",
            "[[1]]",
            "[99999999999999999999]",
        ] {
            assert_eq!(Cursor::from_text(nonsense), None, "{nonsense}");
        }
    }
}
