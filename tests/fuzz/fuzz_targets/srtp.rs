//! Encrypted voice: the key that a peer tells, and its packets. What we seal can be opened, once.
#![no_main]

use libfuzzer_sys::fuzz_target;
use madoguchi_srtp::{CryptoAttribute, MasterKey, Protector, RANDOM_BYTES, Suite, Unprotector};

const LONGEST: usize = 60_000;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(told) = text.parse::<CryptoAttribute>()
    {
        let again = told.sdp_value().parse::<CryptoAttribute>();
        assert_eq!(again.as_ref(), Ok(&told));
    }
    // What is sealed is longer, and so long that it is no datagram any more.
    if bytes.len() > LONGEST {
        return;
    }
    for suite in [Suite::AesCm128HmacSha1_80, Suite::AeadAes128Gcm] {
        let key = MasterKey::generate(suite, &[7; RANDOM_BYTES]);
        let mut receiver = Unprotector::new(&key);
        let (mut sealed, mut opened) = (Vec::new(), Vec::new());
        let _foreign = receiver.unprotect_rtp(bytes, &mut opened);
        let _foreign = receiver.unprotect_rtcp(bytes, &mut opened);
        let mut sender = Protector::new(&key);
        if sender.protect_rtp(bytes, &mut sealed).is_ok() {
            assert_eq!(receiver.unprotect_rtp(&sealed, &mut opened), Ok(()));
            assert_eq!(opened, bytes);
            assert!(receiver.unprotect_rtp(&sealed, &mut opened).is_err());
        }
        if sender.protect_rtcp(bytes, &mut sealed).is_ok() {
            assert_eq!(receiver.unprotect_rtcp(&sealed, &mut opened), Ok(()));
            assert_eq!(opened, bytes);
        }
    }
});
