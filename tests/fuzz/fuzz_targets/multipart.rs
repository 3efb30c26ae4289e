//! The body of a message, plain or multipart: a session description is found within it or it is refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use madoguchi_sip::body::session_description;
use madoguchi_sip::message::{HeaderName, Headers};

fuzz_target!(|bytes: &[u8]| {
    let mut headers = Headers::default();
    headers.push(HeaderName::ContentType, "multipart/mixed;boundary=b");
    if let Ok(Some(found)) = session_description(&headers, bytes) {
        assert!(found.len() <= bytes.len());
    }
});
