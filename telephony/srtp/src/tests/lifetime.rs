//! No keystream is used twice, and keys come to an end (RFC 3711 9.1, 9.2).

use super::{SSRC, key, pair, protect, protect_rtcp, rtcp, rtp, unprotect, unprotect_rtcp};
use crate::{Lifetime, MasterKey, Protector, RANDOM_BYTES, SrtpError, Suite, Unprotector};

#[test]
fn no_index_is_protected_twice() {
    let mut protector = Protector::new(&key(Suite::AesCm128HmacSha1_80));
    let mut out = Vec::new();
    for number in [1, 2, 300] {
        protect(&mut protector, &rtp(SSRC, number));
    }
    for number in [300, 2, 1, 100] {
        let again = protector.protect_rtp(&rtp(SSRC, number), &mut out);
        assert_eq!(again, Err(SrtpError::Replayed));
        assert!(out.is_empty());
    }
    // One within the window was not protected yet.
    protect(&mut protector, &rtp(SSRC, 200));
}

#[test]
fn nothing_comes_after_the_last_index() {
    let last = (1 << 48) - 1;
    let (mut protector, mut unprotector) = pair(&key(Suite::AeadAes128Gcm));
    protector.begin_at(SSRC, Some(last - 1), 0);
    unprotector.begin_at(SSRC, last - 1);
    let packet = rtp(SSRC, last);
    let sent = protect(&mut protector, &packet);
    assert_eq!(unprotect(&mut unprotector, &sent), Ok(packet));
    let mut out = Vec::new();
    let next = protector.protect_rtp(&rtp(SSRC, last + 1), &mut out);
    assert_eq!(next, Err(SrtpError::KeyExhausted));
    assert!(out.is_empty());
    let forged = unprotect(&mut unprotector, &rtp(SSRC, last + 1));
    assert_eq!(forged, Err(SrtpError::KeyExhausted));
}

#[test]
fn a_lifetime_ends_with_its_packets() {
    let lifetime = Lifetime::new(3).unwrap();
    let mut out = Vec::new();

    let mut protector = Protector::new(&key(Suite::AesCm128HmacSha1_80)).with_lifetime(lifetime);
    for number in 0..3 {
        protect(&mut protector, &rtp(number, 0));
    }
    let fourth = protector.protect_rtp(&rtp(9, 0), &mut out);
    assert_eq!(fourth, Err(SrtpError::KeyExhausted));

    let mut protector = Protector::new(&key(Suite::AesCm128HmacSha1_80)).with_lifetime(lifetime);
    for number in 0..3 {
        protect_rtcp(&mut protector, &rtcp(number));
    }
    for protected in [
        protector.protect_rtcp(&rtcp(SSRC), &mut out),
        protector.protect_rtp(&rtp(SSRC, 0), &mut out),
    ] {
        assert_eq!(protected, Err(SrtpError::KeyExhausted));
    }
}

#[test]
fn the_index_of_srtcp_counts_from_zero_and_wraps() {
    let mut protector = Protector::new(&key(Suite::AeadAes128Gcm));
    for index in 0..3u32 {
        let sent = protect_rtcp(&mut protector, &rtcp(SSRC));
        let word = (1 << 31 | index).to_be_bytes();
        assert!(sent.ends_with(&word));
    }
    protector.begin_at(1, None, (1 << 31) - 1);
    assert!(protect_rtcp(&mut protector, &rtcp(1)).ends_with(&[0xff; 4]));
    assert!(protect_rtcp(&mut protector, &rtcp(1)).ends_with(&[0x80, 0, 0, 0]));
}

/// RFC 3711 3.3.1, 3.4: neither ROC nor SRTCP index goes back to zero.
#[test]
fn counters_go_on_with_a_new_key() {
    let (mut protector, mut unprotector) = pair(&key(Suite::AesCm128HmacSha1_80));
    for number in [60_000, 70_000] {
        let sent = protect(&mut protector, &rtp(SSRC, number));
        unprotect(&mut unprotector, &sent).unwrap();
    }
    let sent = protect_rtcp(&mut protector, &rtcp(SSRC));
    unprotect_rtcp(&mut unprotector, &sent).unwrap();

    let next = MasterKey::generate(Suite::AeadAes128Gcm, &[7; RANDOM_BYTES]);
    let mut protector = protector.with_lifetime(Lifetime::new(1).unwrap());
    protector.rekey(&next);
    unprotector.rekey(&next);
    assert_eq!(protector.suite(), Suite::AeadAes128Gcm);
    assert_eq!(unprotector.suite(), Suite::AeadAes128Gcm);
    for number in [70_001, 70_002] {
        let packet = rtp(SSRC, number);
        let sent = protect(&mut protector, &packet);
        assert_eq!(unprotect(&mut unprotector, &sent), Ok(packet));
        let anew = unprotect(&mut Unprotector::new(&next), &sent);
        assert_eq!(anew, Err(SrtpError::Authentication));
    }
    let sent = protect_rtcp(&mut protector, &rtcp(SSRC));
    assert!(sent.ends_with(&[0x80, 0, 0, 1]));
    assert_eq!(unprotect_rtcp(&mut unprotector, &sent), Ok(rtcp(SSRC)));
}

#[test]
fn sessions_move_between_threads() {
    fn assert_send_and_sync<T: Send + Sync>() {}
    assert_send_and_sync::<MasterKey>();
    assert_send_and_sync::<Protector>();
    assert_send_and_sync::<Unprotector>();
}

#[test]
fn keys_are_compared_and_not_printed() {
    let random = std::array::from_fn(|at| 200 + at as u8);
    for suite in Suite::ALL {
        let key = MasterKey::generate(suite, &random);
        assert_eq!(key, key.clone());
        let other = MasterKey::generate(suite, &[7; RANDOM_BYTES]);
        assert_ne!(key, other);
        let (protector, unprotector) = pair(&key);
        for printed in [
            format!("{key:?}"),
            format!("{protector:?}"),
            format!("{unprotector:?}"),
        ] {
            assert!(!printed.contains("20"), "{printed}");
        }
    }
}
