//! All SQL and nothing but SQL, and the journal in front of it.

pub mod journal;
