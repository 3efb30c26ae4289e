//! The formulas against reference rows computed in another way, and forecasts of desks that were made up.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that finds a contradiction must fail there"
)]

mod chance;
mod desks;
mod erlang;
mod forecast;
mod outlook;
