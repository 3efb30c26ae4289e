//! The harness for tests against real peers: a whole desk in the test's own process or as a
//! process of its own, and SIPp as the world around it.

pub mod browser;
pub mod desk;
pub mod process;
pub mod raw;
pub mod sipp;

use std::net::UdpSocket;

/// A UDP port on 127.0.0.1 that nobody uses now.
pub fn free_port() -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("loopback has free ports");
    socket
        .local_addr()
        .expect("a bound socket has an address")
        .port()
}
