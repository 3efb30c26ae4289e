//! The switch in virtual time, with peers that speak SIP to it: settings that change while it runs,
//! session timers and requests that collide, the registrations of phones, what strangers get, who
//! may act in a call, carriers as they are, callers who do not prove to be there; and the whole
//! endpoint over sockets.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that finds a contradiction must fail there"
)]

mod asking;
mod attended;
mod bench;
mod bodies;
mod calls;
mod carriers;
mod collisions;
mod desk;
mod devices;
mod dialogs;
mod encrypted;
mod ends;
mod forks;
mod logging;
mod not_taken;
mod outbound;
mod outward;
mod peer;
mod phones;
mod proofs;
mod races;
mod refreshes;
mod reliable;
mod restart;
mod running;
mod stopping;
mod strangers;
mod transfers;
mod trunks;
mod unacknowledged;
mod virtual_media;
mod voice_keys;
mod voice_quality;
