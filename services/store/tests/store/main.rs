//! The store on real databases: SQLite in a file and in memory, PostgreSQL.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail where it stands"
)]

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
mod migration;
mod nodes;
mod pages;
mod place;
mod portal;
mod sample;
mod settings;
mod tls;
