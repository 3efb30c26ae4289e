//! Calls seen on the wire or told from outside, turned into the same call events as our own.
//!
//! Bytes in, events out: no sockets, no database. What a source does not tell is left open, never
//! guessed.

pub mod asterisk;
pub mod call_table;
pub mod calls;
pub mod capture;
pub mod counting;
pub mod dialog;
pub mod duplicates;
pub mod hep;
mod instants;
pub mod ladder;
pub mod media;
pub mod message;
pub mod network;
pub mod observer;
pub mod queue_log;
pub mod recount;
pub mod rows;
mod text;
mod transfers;
pub mod typed;
