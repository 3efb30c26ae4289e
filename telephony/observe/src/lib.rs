//! Calls told from outside, turned into the same call events as our own.
//!
//! Bytes in, events out: no files, no database. What a source does not tell is left open, never
//! guessed.

pub mod queue_log;
