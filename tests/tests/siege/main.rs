//! Attacks on every door while honest calls go on. A binary of its own: cargo runs one after the
//! other, so that nothing but the attack delays a call.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that meets what it does not expect fails"
)]

mod datagrams;
mod guesses;
mod pages;
mod sip;
mod voice;
