//! HEP: a frame, and a stream of them however it is cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use madoguchi_observe::hep::{Frame, FrameReader};

fn frames(reads: impl Iterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
    let mut reader = FrameReader::default();
    let mut frames = Vec::new();
    for read in reads {
        reader.push(&read);
        loop {
            match reader.next_frame() {
                Ok(Some(frame)) => frames.push(frame.to_vec()),
                Ok(None) => break,
                Err(_) => return frames,
            }
        }
    }
    frames
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(frame) = Frame::read(bytes) {
        assert!(frame.payload.len() <= 65_535);
    }
    let at_once = frames(std::iter::once(bytes.to_vec()));
    let cut = frames(bytes.chunks(7).map(<[u8]>::to_vec));
    assert_eq!(at_once, cut);
});
