//! The store on real databases: SQLite in a file and in memory, PostgreSQL.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail where it stands"
)]

/// One change as a unit of work of its own: `change!(store, entry, save_user(&user))`.
macro_rules! change {
    ($store:expr, $entry:expr, $method:ident($($argument:expr),*)) => {
        async {
            let mut tx = $store.begin($entry).await?;
            let outcome = tx.$method($($argument),*).await?;
            tx.commit().await?;
            Ok::<_, madoguchi_store::StoreError>(outcome)
        }
        .await
    };
}

/// The same for a change that leaves no record.
macro_rules! unrecorded {
    ($store:expr, $method:ident($($argument:expr),*)) => {
        async {
            let mut tx = $store.begin_unrecorded().await?;
            let outcome = tx.$method($($argument),*).await?;
            tx.commit().await?;
            Ok::<_, madoguchi_store::StoreError>(outcome)
        }
        .await
    };
}

mod access;
mod accounts;
mod articles;
mod audit;
mod backup;
mod calls;
mod contract;
mod delivery;
mod full;
mod joining;
mod ledger;
mod migration;
mod months;
mod nodes;
mod pages;
mod people;
mod place;
mod portal;
mod sample;
mod settings;
mod signals;
mod ticket_pages;
mod tickets;
mod tls;
mod units;
