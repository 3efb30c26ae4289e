//! Which version of the program has made what is derived from other tables.

use sqlx::{Any, AnyConnection, Executor};

use crate::error::StoreError;

/// Whether `name` was made by this version of what makes it.
pub(crate) async fn is_current<'e>(
    database: impl Executor<'e, Database = Any>,
    name: &str,
    version: i64,
) -> Result<bool, StoreError> {
    let found = sqlx::query("SELECT 1 AS one FROM derived WHERE name = $1 AND version = $2")
        .bind(name)
        .bind(version)
        .fetch_optional(database)
        .await?;
    Ok(found.is_some())
}

/// Notes that `name` is now as this version makes it.
pub(crate) async fn note(
    connection: &mut AnyConnection,
    name: &str,
    version: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO derived (name, version) VALUES ($1, $2) \
         ON CONFLICT (name) DO UPDATE SET version = excluded.version",
    )
    .bind(name)
    .bind(version)
    .execute(connection)
    .await?;
    Ok(())
}
