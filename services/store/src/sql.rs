//! A statement that is put together from fixed text and bound values.
//!
//! sqlx's own builder writes `?` for the `Any` driver, which PostgreSQL does not understand; this
//! one writes `$1`, `$2` …, which both do. Text is `&'static str`, so no value slips into it.

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, Arguments, AssertSqlSafe, Encode, Type};

/// How many rows go into one statement: far below the limits on values in a statement
/// (SQLite 32,766, PostgreSQL 65,535), with up to 60 columns.
pub(crate) const ROWS_IN_A_STATEMENT: usize = 500;

/// A statement in the making.
#[derive(Default)]
pub(crate) struct Sql {
    text: String,
    values: AnyArguments,
}

impl Sql {
    /// A statement that begins with `text`.
    pub(crate) fn new(text: &'static str) -> Self {
        Self {
            text: text.to_owned(),
            values: AnyArguments::default(),
        }
    }

    /// Goes on with `text`.
    pub(crate) fn push(&mut self, text: &'static str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Goes on with a placeholder for `value`.
    pub(crate) fn bind<'v, T: Encode<'v, Any> + Type<Any>>(&mut self, value: T) -> &mut Self {
        self.values
            .add(value)
            .expect("texts, integers and their absence can be encoded");
        self.text.push('$');
        self.text.push_str(&self.values.len().to_string());
        self
    }

    /// Goes on with `items`, each written by `write`, with commas between.
    pub(crate) fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        for (n, item) in items.into_iter().enumerate() {
            if n > 0 {
                self.push(", ");
            }
            write(self, item);
        }
        self
    }

    /// The statement, to be executed. Not kept prepared: texts vary with the number of values.
    pub(crate) fn query(self) -> Query<'static, Any, AnyArguments> {
        sqlx::query_with(AssertSqlSafe(self.text), self.values).persistent(false)
    }
}

/// `text` as both databases take it: PostgreSQL has no character U+0000, so the symbol for it
/// stands in its place.
pub(crate) fn storable(text: &str) -> String {
    text.replace('\0', "\u{2400}")
}
