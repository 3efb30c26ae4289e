//! Settings that change while the endpoint runs: the switch in virtual time, with peers that speak
//! SIP to it, and once the whole endpoint over sockets.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that finds a contradiction must fail there"
)]

mod bench;
mod calls;
mod ends;
mod peer;
mod phones;
mod running;
mod trunks;
