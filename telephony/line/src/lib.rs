//! The queue engine: a pure state machine.
//!
//! The one invariant: after every [`engine::Engine::handle`] and [`engine::Engine::reconfigure`], all
//! [`api::Output`]s must be carried out in order, and an [`api::Output::Emit`] must be on disk before
//! any output after it is carried out.
//! There is no I/O, no clock and no randomness here: inputs and `now` in, outputs out.

#![warn(missing_docs)]

pub mod api;
pub mod engine;
pub mod settings;
