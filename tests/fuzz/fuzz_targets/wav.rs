//! A recording that somebody brings; the first byte says how long it may be.
#![no_main]

use libfuzzer_sys::fuzz_target;
use madoguchi_endpoint::media::Recording;

fuzz_target!(|bytes: &[u8]| {
    let Some((&longest_secs, file)) = bytes.split_first() else {
        return;
    };
    if let Ok(recording) = Recording::read(file, u32::from(longest_secs % 16)) {
        let levelled = recording.levelled();
        let wav = levelled.as_ref().unwrap_or(&recording).to_wav();
        assert!(
            Recording::read(&wav, 16).is_ok(),
            "what we write can be read"
        );
    }
});
