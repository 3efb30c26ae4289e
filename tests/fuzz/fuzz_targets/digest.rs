//! Credentials and challenges of strangers.
#![no_main]

use libfuzzer_sys::fuzz_target;
use madoguchi_sip::digest::{self, ClientState, Credentials, Proof};

fuzz_target!(|text: &str| {
    let _credentials = Credentials::parse(text);
    let proof = Proof {
        method: "INVITE",
        uri: "sip:desk@192.0.2.1",
        user: "desk",
        password: "secret",
        cnonce: "c0ffee",
    };
    let mut state = ClientState::default();
    if let Some(answer) = digest::answer(&[text], &mut state, proof) {
        assert!(!answer.contains("secret"));
        assert!(
            !answer.contains(['\r', '\n']),
            "no line of a stranger's in our header"
        );
    }
});
