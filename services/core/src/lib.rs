//! The words and rules of the trade: call events and their fold to figures, reception hours,
//! tickets and their fold, phone numbers, ids, the clock.
//!
//! Nothing here does I/O, waits, reads a clock or draws a random number: time and ids come in as
//! arguments. Every number follows the definitions in `docs/metrics.md`.

#![warn(missing_docs)]

pub mod access;
pub mod account;
pub mod announcement;
pub mod article;
pub mod audience;
pub mod audit;
pub mod call;
pub mod call_table;
pub mod caller;
pub mod clock;
pub mod contact;
pub mod department;
pub mod elsewhere;
pub mod era;
pub mod event;
pub mod figures;
pub mod holiday;
pub mod hours;
pub mod id;
pub mod lease;
pub mod ledger;
pub mod live;
pub mod month;
pub mod named;
pub mod names;
pub mod normal;
pub mod outbound;
pub mod person;
pub mod phone;
pub mod phrase;
pub mod portal;
pub mod quality;
pub mod queue;
pub mod roster;
pub mod schedule;
pub mod service;
pub mod service_level;
pub mod setup;
pub mod signal;
pub mod stats;
pub mod ticket;
pub mod time;
pub mod today;
pub mod vendor;
