//! A session description: what can be answered is answered with as many media, in their order.
#![no_main]

use libfuzzer_sys::fuzz_target;
use madoguchi_sip::sdp::{self, Encryption, KeySecret, Local};

fuzz_target!(|bytes: &[u8]| {
    let local = Local {
        session_id: 1,
        version: 1,
        rtp: ([192, 0, 2, 1], 10_000).into(),
        encryption: Encryption::Optional,
        secret: KeySecret::new([7; 32]),
    };
    let _as_answer = sdp::accept_answer(bytes, &local);
    if let Ok((_, answer)) = sdp::answer(bytes, &local) {
        let offered = bytes
            .split(|byte| *byte == b'\n')
            .filter(|line| line.starts_with(b"m="));
        let answered = answer
            .split(|byte| *byte == b'\n')
            .filter(|line| line.starts_with(b"m="));
        assert_eq!(
            offered.count(),
            answered.count(),
            "RFC 3264 6: as many m-lines"
        );
    }
});
