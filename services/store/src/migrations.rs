//! The numbered migrations of `/migrations`, embedded in the program and applied at start.
//!
//! One is never changed once released; the next number brings the change.

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, SqlSafeStr};

use crate::error::StoreError;
use crate::store::Store;

/// Number, description and text of each.
const ALL: [(i64, &str, &str); 30] = [
    (
        1,
        "calls",
        include_str!("../../../migrations/0001_calls.sql"),
    ),
    (
        2,
        "accounts",
        include_str!("../../../migrations/0002_accounts.sql"),
    ),
    (
        3,
        "audit",
        include_str!("../../../migrations/0003_audit.sql"),
    ),
    (
        4,
        "settings",
        include_str!("../../../migrations/0004_settings.sql"),
    ),
    (
        5,
        "views",
        include_str!("../../../migrations/0005_views.sql"),
    ),
    (
        6,
        "articles",
        include_str!("../../../migrations/0006_articles.sql"),
    ),
    (
        7,
        "portal",
        include_str!("../../../migrations/0007_portal.sql"),
    ),
    (
        8,
        "user search",
        include_str!("../../../migrations/0008_user_search.sql"),
    ),
    (
        9,
        "article files",
        include_str!("../../../migrations/0009_article_files.sql"),
    ),
    (
        10,
        "installation",
        include_str!("../../../migrations/0010_installation.sql"),
    ),
    (
        11,
        "no number",
        include_str!("../../../migrations/0011_no_number.sql"),
    ),
    (
        12,
        "sign in",
        include_str!("../../../migrations/0012_sign_in.sql"),
    ),
    (
        13,
        "nodes",
        include_str!("../../../migrations/0013_nodes.sql"),
    ),
    (
        14,
        "invites",
        include_str!("../../../migrations/0014_invites.sql"),
    ),
    (
        15,
        "article work",
        include_str!("../../../migrations/0015_article_work.sql"),
    ),
    (
        16,
        "inquiry numbers",
        include_str!("../../../migrations/0016_inquiry_numbers.sql"),
    ),
    (
        17,
        "tickets",
        include_str!("../../../migrations/0017_tickets.sql"),
    ),
    (
        18,
        "ticket files",
        include_str!("../../../migrations/0018_ticket_files.sql"),
    ),
    (
        19,
        "portal tickets",
        include_str!("../../../migrations/0019_portal_tickets.sql"),
    ),
    (
        20,
        "exchange",
        include_str!("../../../migrations/0020_exchange.sql"),
    ),
    (
        21,
        "retention",
        include_str!("../../../migrations/0021_retention.sql"),
    ),
    (
        23,
        "months",
        include_str!("../../../migrations/0023_months.sql"),
    ),
    (
        24,
        "reading months",
        include_str!("../../../migrations/0024_reading_months.sql"),
    ),
    (
        25,
        "signals",
        include_str!("../../../migrations/0025_signals.sql"),
    ),
    (
        26,
        "signal order",
        include_str!("../../../migrations/0026_signal_order.sql"),
    ),
    (
        27,
        "open tickets",
        include_str!("../../../migrations/0027_open_tickets.sql"),
    ),
    (
        28,
        "awaiting in order",
        include_str!("../../../migrations/0028_awaiting_in_order.sql"),
    ),
    (
        29,
        "voice measured",
        include_str!("../../../migrations/0029_voice_measured.sql"),
    ),
    (
        31,
        "ticket lists",
        include_str!("../../../migrations/0031_ticket_lists.sql"),
    ),
    (
        32,
        "calls by kind",
        include_str!("../../../migrations/0032_calls_by_kind.sql"),
    ),
];

/// Each of which every database has a text of its own: for SQLite, and for PostgreSQL.
const EACH: [(i64, &str, [&str; 2]); 2] = [
    (
        22,
        "ticket words",
        [
            include_str!("../../../migrations/0022_ticket_words_sqlite.sql"),
            include_str!("../../../migrations/0022_ticket_words_postgresql.sql"),
        ],
    ),
    (
        30,
        "ticket briefs",
        [
            include_str!("../../../migrations/0030_ticket_briefs_sqlite.sql"),
            include_str!("../../../migrations/0030_ticket_briefs_postgresql.sql"),
        ],
    ),
];

/// Applies what the database has not seen yet, all or nothing.
pub(crate) async fn apply(store: &Store) -> Result<(), StoreError> {
    apply_these(&all(store), store).await
}

/// All that the database of a store has, in their order.
fn all(store: &Store) -> Vec<(i64, &'static str, &'static str)> {
    let own = EACH.map(|(number, description, [sqlite, postgresql])| {
        let text = if store.is_postgresql() {
            postgresql
        } else {
            sqlite
        };
        (number, description, text)
    });
    let mut all: Vec<_> = ALL.into_iter().chain(own).collect();
    all.sort_unstable_by_key(|(number, ..)| *number);
    all
}

async fn apply_these(
    these: &[(i64, &'static str, &'static str)],
    store: &Store,
) -> Result<(), StoreError> {
    let migrations = these.iter().map(|(number, description, text)| {
        let (kind, text) = (MigrationType::Simple, AssertSqlSafe(*text).into_sql_str());
        Migration::new(*number, (*description).into(), kind, text, false)
    });
    let mut migrator = Migrator::with_migrations(migrations.collect());
    // Its own lock ends before the transaction does; ours, the appenders', ends with it.
    migrator.set_locking(false);
    let known = these.iter().map(|(number, ..)| *number).max().unwrap_or(0);
    let mut tx = store.begin_append().await?;
    // `run` does the same, but its future is not `Send` for every lifetime (rust#100013).
    migrator
        .run_direct(None, &mut *tx, false)
        .await
        .map_err(|error| match error {
            MigrateError::VersionMissing(found) if found > known => {
                StoreError::Newer { found, known }
            }
            error => StoreError::Migration(error),
        })?;
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::store::Expected;

    /// A database as the program of before `number` left it.
    async fn before(number: i64, address: &str) -> Store {
        let store = Store::prepare(address, Expected::Anything).unwrap();
        let before: Vec<_> = all(&store)
            .into_iter()
            .filter(|(one, ..)| *one < number)
            .collect();
        apply_these(&before, &store).await.unwrap();
        store
    }

    #[tokio::test]
    async fn inquiries_of_before_are_numbered_as_they_came_in() {
        let store = before(16, "sqlite::memory:").await;
        let mut tx = store.begin_anyway().await.unwrap();
        for (id, at) in [("second", 20), ("first", 10), ("third", 20)] {
            sqlx::query(
                "INSERT INTO inquiries (id, at, site, name, extension, body, query, version) \
                 VALUES ($1, $2, '', '', '', '', '', 1)",
            )
            .bind(id)
            .bind(at)
            .execute(&mut *tx)
            .await
            .unwrap();
        }
        tx.commit().await.unwrap();
        store.join().await.unwrap();
        let mut numbers = Vec::new();
        for id in ["first", "second", "third"] {
            numbers.push(store.lookup_receipt(id).await.unwrap().unwrap().number);
        }
        assert_eq!(numbers, ["0001", "0002", "0003"]);
    }

    #[test]
    fn every_file_in_the_directory_is_embedded() {
        let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations");
        let files: BTreeSet<String> = std::fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".sql"))
            .collect();
        let embedded: BTreeSet<String> = ALL
            .iter()
            .map(|(number, description, _)| (*number, (*description).to_owned()))
            .chain(EACH.iter().flat_map(|(number, description, _)| {
                ["sqlite", "postgresql"]
                    .map(|database| (*number, format!("{description} {database}")))
            }))
            .map(|(number, name)| format!("{number:04}_{}.sql", name.replace(' ', "_")))
            .collect();
        assert_eq!(files, embedded);
    }

    #[tokio::test]
    async fn a_failing_migration_leaves_the_schema_as_it_was() {
        let store = Store::open("sqlite::memory:").await.unwrap();
        let mut these = all(&store);
        these.push((90, "works", "CREATE TABLE works (n BIGINT)"));
        these.push((91, "fails", "CREATE TABLE works (n BIGINT)"));
        let error = apply_these(&these, &store).await.unwrap_err();
        assert!(matches!(error, StoreError::Migration(_)), "{error}");
        assert!(
            sqlx::query("SELECT n FROM works")
                .execute(&store.read)
                .await
                .is_err()
        );
        these.pop();
        apply_these(&these, &store).await.unwrap();
        let error = apply(&store).await.unwrap_err();
        let newest = all(&store)
            .iter()
            .map(|(number, ..)| *number)
            .max()
            .unwrap();
        assert!(
            matches!(error, StoreError::Newer { found: 90, known } if known == newest),
            "{error}"
        );
    }
}
