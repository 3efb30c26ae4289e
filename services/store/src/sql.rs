//! A statement that is put together from fixed text and bound values.
//!
//! Its text is the same for all databases but for the placeholders, which sqlx's own builder gets
//! wrong for the `Any` driver: PostgreSQL knows only `$1`, `$2` …; SQLite takes these for names and
//! needs a time that grows with the square of their number, unlike `?`. Text is `&'static str`, so
//! no value slips into it.

use sqlx::any::{AnyArguments, AnyQueryResult, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, Arguments, AssertSqlSafe, Encode, Type};

/// How many rows go into one statement: far below the limits on values in a statement
/// (SQLite 32,766, PostgreSQL 65,535), with up to 60 columns.
pub(crate) const ROWS_IN_A_STATEMENT: usize = 500;

/// A statement in the making.
#[derive(Default)]
pub(crate) struct Sql {
    /// With `?` for each value, and nowhere else.
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
        self.text.push('?');
        self
    }

    /// Goes on with placeholders for `texts`, with commas between.
    pub(crate) fn bind_all<'v>(&mut self, texts: impl IntoIterator<Item = &'v str>) -> &mut Self {
        for (n, text) in texts.into_iter().enumerate() {
            self.push(if n == 0 { "" } else { ", " }).bind(text);
        }
        self
    }

    /// Executes the statement; tells how many rows it changed.
    pub(crate) async fn execute(self, connection: &mut AnyConnection) -> sqlx::Result<u64> {
        let query = self.query(connection);
        query
            .execute(connection)
            .await
            .map(|result: AnyQueryResult| result.rows_affected())
    }

    /// Executes the statement; gives the rows it finds.
    pub(crate) async fn fetch_all(
        self,
        connection: &mut AnyConnection,
    ) -> sqlx::Result<Vec<AnyRow>> {
        self.query(connection).fetch_all(connection).await
    }

    /// The statement as the database of this connection takes it. Not kept prepared: texts vary
    /// with the number of values, and a plan made for a small table would stay when it has grown.
    fn query(self, connection: &AnyConnection) -> Query<'static, Any, AnyArguments> {
        let text = if is_postgresql(connection) {
            numbered(&self.text)
        } else {
            self.text
        };
        sqlx::query_with(AssertSqlSafe(text), self.values).persistent(false)
    }
}

/// Whether the database of a connection is PostgreSQL; else it is SQLite.
pub(crate) fn is_postgresql(connection: &AnyConnection) -> bool {
    connection.backend_name() == "PostgreSQL"
}

/// How the texts of many rows become one, a line each; what is NULL is left out. For a row costs more than
/// what stands in it.
pub(crate) struct Joined {
    /// Stands before the expression,
    pub(crate) begin: &'static str,
    /// and behind it.
    pub(crate) end: &'static str,
    /// The function that makes its values a JSON array.
    pub(crate) array: &'static str,
}

impl Joined {
    /// As the database of a connection takes it.
    pub(crate) fn of(connection: &AnyConnection) -> Self {
        if is_postgresql(connection) {
            Self {
                begin: "string_agg(",
                end: ", chr(10))",
                array: "json_build_array(",
            }
        } else {
            Self {
                begin: "group_concat(",
                end: ", char(10))",
                array: "json_array(",
            }
        }
    }
}

/// `text` with `$1`, `$2` … in the place of the `?`.
fn numbered(text: &str) -> String {
    let mut pieces = text.split('?');
    let mut numbered = pieces.next().unwrap_or_default().to_owned();
    for (n, piece) in pieces.enumerate() {
        numbered.push('$');
        numbered.push_str(&(n + 1).to_string());
        numbered.push_str(piece);
    }
    numbered
}

/// `text` as both databases take it: PostgreSQL has no character U+0000, so the symbol for it
/// stands in its place.
pub(crate) fn storable(text: &str) -> String {
    text.replace('\0', "\u{2400}")
}

/// `text` so that LIKE takes its signs for themselves.
pub(crate) fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut text, letter| {
        if matches!(letter, '%' | '_' | '!') {
            text.push('!');
        }
        text.push(letter);
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_numbered_for_postgresql() {
        let mut sql = Sql::new("SELECT a FROM t WHERE a = ");
        sql.bind("x?")
            .push(" AND b IN (")
            .bind_all(["y", "z"])
            .push(")");
        assert_eq!(
            numbered(&sql.text),
            "SELECT a FROM t WHERE a = $1 AND b IN ($2, $3)"
        );
        assert_eq!(sql.values.len(), 3);
    }
}
