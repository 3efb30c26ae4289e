//! The desk: command line, configuration, wiring. The only crate that sees all others.

mod announcements;
mod backup;
pub mod cli;
mod clock_watch;
pub mod config;
mod demo;
pub mod descriptors;
mod doctor;
mod housekeeping;
mod installation;
mod journaling;
mod key;
mod knowledge;
mod listening;
pub mod live;
mod monthly;
mod nodes;
mod pages;
mod periodic;
mod presence;
mod priority;
mod private_file;
mod recovery;
mod scheduler;
mod sealing;
pub mod serve;
mod setup;
mod signal_log;
mod signals;
mod sounds;
mod store_fault;

/// A search makes many small strings: with the system's allocator it takes a third longer.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
