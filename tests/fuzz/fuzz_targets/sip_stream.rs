//! A stream: however it is cut into reads, the same frames come out.
#![no_main]

use libfuzzer_sys::fuzz_target;
use madoguchi_sip::framing::{Frame, StreamReader};

fn frames(reads: impl Iterator<Item = Vec<u8>>) -> (Vec<String>, bool) {
    let mut reader = StreamReader::default();
    let mut frames = Vec::new();
    for read in reads {
        reader.push(&read);
        while let Some(frame) = reader.next_frame() {
            frames.push(match frame {
                Frame::Message(message) => format!("{:?}", message.is_ok()),
                Frame::KeepAlive => "keep-alive".to_owned(),
            });
        }
    }
    (frames, reader.is_broken())
}

fuzz_target!(|bytes: &[u8]| {
    let Some((&size, bytes)) = bytes.split_first() else {
        return;
    };
    let whole: Vec<u8> = bytes.to_vec();
    let at_once = frames(std::iter::once(whole.clone()));
    let cut = frames(whole.chunks(usize::from(size).max(1)).map(<[u8]>::to_vec));
    if !at_once.1 && !cut.1 {
        assert_eq!(at_once.0, cut.0);
    }
});
