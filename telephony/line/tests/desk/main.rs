//! The queue engine as those see it who stand outside: inputs in, outputs out, and the books that
//! must balance in between.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that finds a contradiction must fail there"
)]

mod agents;
mod asking;
mod changes;
mod clock;
mod closing;
mod consulting;
mod dialled;
mod distribution;
mod fetching;
mod handing_on;
mod histories;
mod joining;
mod ledger;
mod lessons;
mod load;
mod nodes;
mod outbound;
mod outward;
mod queue;
mod queueing;
mod scene;
mod stopping;
