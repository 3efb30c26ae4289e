//! The media over real sockets: phones on the loopback interface call, listen and are compared.

#![expect(
    clippy::disallowed_methods,
    reason = "tests over sockets measure real time"
)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a phone of a test may fail like the test itself"
)]

mod phone;
mod playing;
mod ports;
mod relaying;
mod reports;
