//! The desk: command line, configuration, wiring. The only crate that sees all others.

mod announcements;
pub mod cli;
pub mod config;
mod demo;
mod housekeeping;
mod installation;
mod journaling;
mod key;
mod knowledge;
pub mod live;
mod pages;
mod presence;
mod private_file;
mod recovery;
pub mod serve;
mod setup;
mod signals;
mod store_fault;

/// A search makes many small strings: with the system's allocator it takes a third longer.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
