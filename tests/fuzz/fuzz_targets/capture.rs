//! A capture: however it is cut into reads, the same packets come out, and no packet does harm.
#![no_main]

use libfuzzer_sys::fuzz_target;
use madoguchi_observe::calls::JoinSettings;
use madoguchi_observe::capture::CaptureReader;
use madoguchi_observe::observer::Observer;
use madoguchi_observe::rows;

fuzz_target!(|bytes: &[u8]| {
    let mut reader = CaptureReader::default();
    let mut observer = Observer::new(JoinSettings::default());
    let mut closed = Vec::new();
    for piece in bytes.chunks(1_024) {
        reader.push(piece);
        while let Ok(Some(packet)) = reader.next_packet() {
            assert!(packet.data.len() <= bytes.len());
            closed.extend(observer.packet(&packet).closed);
        }
    }
    reader.end();
    while let Ok(Some(packet)) = reader.next_packet() {
        closed.extend(observer.packet(&packet).closed);
    }
    closed.extend(observer.finish().closed);
    for closed in &closed {
        assert!(!closed.dialogs.is_empty());
        let _lines = rows::lines(closed);
    }
});
