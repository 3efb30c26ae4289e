//! The desk: command line, configuration, wiring. The only crate that sees all others.

pub mod cli;
pub mod config;
mod demo;
mod journaling;
pub mod live;
mod presence;
mod recovery;
pub mod serve;
