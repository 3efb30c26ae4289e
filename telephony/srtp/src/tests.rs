//! The tests of the whole crate.

mod attributes;
mod lifetime;
mod loss;
mod rfc_vectors;
mod sources;
mod tampering;
mod vectors;

use proptest::prelude::{Strategy, any};
use proptest::sample::select;

use crate::{MasterKey, Protector, RANDOM_BYTES, SrtpError, Suite, Unprotector};

const SSRC: u32 = 0xcafe_babe;

fn bytes<const N: usize>(text: &str) -> [u8; N] {
    vector(text).try_into().unwrap()
}

/// Bytes of hexadecimal digits, with spaces and line ends between them.
fn vector(text: &str) -> Vec<u8> {
    let digits: String = text.split_ascii_whitespace().collect();
    hex::decode(digits).unwrap()
}

fn suites() -> impl Strategy<Value = Suite> {
    select(Suite::ALL.to_vec())
}

fn keys() -> impl Strategy<Value = MasterKey> {
    (suites(), any::<[u8; RANDOM_BYTES]>())
        .prop_map(|(suite, random)| MasterKey::generate(suite, &random))
}

fn key(suite: Suite) -> MasterKey {
    MasterKey::generate(suite, &std::array::from_fn(|at| at as u8))
}

fn pair(key: &MasterKey) -> (Protector, Unprotector) {
    (Protector::new(key), Unprotector::new(key))
}

/// An RTP packet, with its payload made of its number.
fn rtp(ssrc: u32, number: u64) -> Vec<u8> {
    let mut packet = vec![0x80, 8];
    packet.extend((number as u16).to_be_bytes());
    packet.extend((number as u32).wrapping_mul(160).to_be_bytes());
    packet.extend(ssrc.to_be_bytes());
    packet.extend((0..20).map(|at| (number * 31 + at) as u8));
    packet
}

/// An RTCP packet: an empty receiver report with something after it.
fn rtcp(ssrc: u32) -> Vec<u8> {
    let mut packet = vec![0x80, 201, 0, 1];
    packet.extend(ssrc.to_be_bytes());
    packet.extend([0x81, 202, 0, 2, 0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 0]);
    packet
}

fn protect(protector: &mut Protector, packet: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    protector.protect_rtp(packet, &mut out).unwrap();
    out
}

fn protect_rtcp(protector: &mut Protector, packet: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    protector.protect_rtcp(packet, &mut out).unwrap();
    out
}

fn unprotect(unprotector: &mut Unprotector, packet: &[u8]) -> Result<Vec<u8>, SrtpError> {
    // What was in it before does not matter.
    let mut out = vec![1, 2, 3];
    let result = unprotector.unprotect_rtp(packet, &mut out);
    assert!(result.is_ok() || out.is_empty());
    result.map(|()| out)
}

fn unprotect_rtcp(unprotector: &mut Unprotector, packet: &[u8]) -> Result<Vec<u8>, SrtpError> {
    let mut out = vec![1, 2, 3];
    let result = unprotector.unprotect_rtcp(packet, &mut out);
    assert!(result.is_ok() || out.is_empty());
    result.map(|()| out)
}
