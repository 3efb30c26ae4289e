//! The harness for tests against real peers: a whole desk in the test's own process or as a
//! process of its own, and SIPp as the world around it.

pub mod browser;
pub mod certificate;
pub mod desk;
pub mod faq;
pub mod identity;
pub mod process;
pub mod raw;
pub mod siege;
pub mod sipp;
pub mod totp;
pub mod visitor;
pub mod walker;

use std::net::{TcpListener, UdpSocket};

/// A TCP port on 127.0.0.1 that nobody uses now.
pub fn free_tcp_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
    listener
        .local_addr()
        .expect("a bound socket has an address")
        .port()
}

/// A UDP port on 127.0.0.1 that nobody uses now.
pub fn free_port() -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("loopback has free ports");
    socket
        .local_addr()
        .expect("a bound socket has an address")
        .port()
}

/// What HTTP clients are built of. They know TLS, and need to be told whose.
pub fn http_client() -> reqwest::ClientBuilder {
    // Another part of the test may have chosen already.
    let _chosen = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
}
