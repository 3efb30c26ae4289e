//! The harness for tests against real peers: a whole desk in the test's own process or as a
//! process of its own, and SIPp as the world around it.

pub mod browser;
pub mod certificate;
pub mod clamd;
pub mod desk;
pub mod faq;
pub mod identity;
pub mod observed;
pub mod process;
pub mod raw;
pub mod siege;
pub mod sipp;
pub mod totp;
pub mod visitor;
pub mod walker;

use std::net::{TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU16, Ordering};

/// Where ports for tests are: below those that the system gives to outgoing connections, of which
/// one could take the port before the test does, and below those for voice.
const PORTS: std::ops::Range<u16> = 16_000..20_000;
/// SIPp takes ports for media next to the one that it is given.
const PORTS_APART: u16 = 4;

/// A port on 127.0.0.1 that nobody uses now, neither over UDP nor over TCP.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let places = (PORTS.end - PORTS.start) / PORTS_APART;
    // Programs of tests that run beside each other begin at different ports.
    let first = (std::process::id() % u32::from(places)) as u16;
    (0..places)
        .map(|_| {
            let n = NEXT.fetch_add(1, Ordering::Relaxed) % places;
            PORTS.start + (first + n) % places * PORTS_APART
        })
        .find(|&port| {
            UdpSocket::bind(("127.0.0.1", port)).is_ok()
                && TcpListener::bind(("127.0.0.1", port)).is_ok()
        })
        .expect("loopback has free ports")
}

/// What HTTP clients are built of. They know TLS, and need to be told whose.
pub fn http_client() -> reqwest::ClientBuilder {
    // Another part of the test may have chosen already.
    let _chosen = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
}
