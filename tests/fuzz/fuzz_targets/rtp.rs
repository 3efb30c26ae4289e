//! A packet of voice.
#![no_main]

use libfuzzer_sys::fuzz_target;
use madoguchi_endpoint::media::{Packet, TelephoneEvent};

fuzz_target!(|bytes: &[u8]| {
    if let Some(packet) = Packet::parse(bytes) {
        assert!(packet.payload.len() <= bytes.len());
        let _event = TelephoneEvent::parse(packet.payload);
    }
});
