//! A packet of voice, or a report on it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use madoguchi_endpoint::media::{Packet, Report, TelephoneEvent};

fuzz_target!(|bytes: &[u8]| {
    if let Some(packet) = Packet::parse(bytes) {
        assert!(packet.payload.len() <= bytes.len());
        let _event = TelephoneEvent::parse(packet.payload);
    }
    for report in Report::parse_all(bytes).unwrap_or_default() {
        assert!(report.blocks.len() * 24 <= bytes.len());
    }
});
