//! Several SSRCs under one key.

use super::{SSRC, key, pair, protect, protect_rtcp, rtcp, rtp, unprotect, unprotect_rtcp};
use crate::{PROTECTED_SOURCES_AT_MOST, SrtpError, Suite, UNPROTECTED_SOURCES_AT_MOST};

#[test]
fn each_source_counts_for_itself() {
    let (mut protector, mut unprotector) = pair(&key(Suite::AeadAes128Gcm));
    for number in (65_000..66_000).step_by(100) {
        for (ssrc, number) in [(1, number), (2, number / 2), (3, 10 * number)] {
            let packet = rtp(ssrc, number);
            let sent = protect(&mut protector, &packet);
            assert_eq!(unprotect(&mut unprotector, &sent), Ok(packet));
            let sent = protect_rtcp(&mut protector, &rtcp(ssrc));
            assert_eq!(unprotect_rtcp(&mut unprotector, &sent), Ok(rtcp(ssrc)));
        }
    }
    assert_eq!(unprotector.sources().ssrcs(), [1, 2, 3]);
}

#[test]
fn the_least_recent_source_is_forgotten() {
    let (mut protector, mut unprotector) = pair(&key(Suite::AesCm128HmacSha1_80));
    let mut arrive = |ssrc, number| {
        let sent = protect(&mut protector, &rtp(ssrc, number));
        unprotect(&mut unprotector, &sent).unwrap();
        unprotector.sources().ssrcs()
    };
    for ssrc in 0..100 {
        arrive(SSRC, u64::from(ssrc));
        let known = arrive(ssrc, 0);
        assert!(known.len() <= UNPROTECTED_SOURCES_AT_MOST);
        assert!(known.ends_with(&[SSRC, ssrc]));
    }
}

#[test]
fn unauthentic_packets_displace_no_source() {
    let (mut protector, mut unprotector) = pair(&key(Suite::AesCm128HmacSha1_32));
    let sent = protect(&mut protector, &rtp(SSRC, 1));
    unprotect(&mut unprotector, &sent).unwrap();
    for ssrc in 0..100 {
        let plain = unprotect(&mut unprotector, &rtp(ssrc, 1));
        assert_eq!(plain, Err(SrtpError::Authentication));
    }
    assert_eq!(unprotector.sources().ssrcs(), [SSRC]);
    let again = unprotect(&mut unprotector, &sent);
    assert_eq!(again, Err(SrtpError::Replayed));
}

#[test]
fn a_sender_forgets_no_source() {
    let (mut protector, _) = pair(&key(Suite::AesCm128HmacSha1_80));
    let sources = 0..u32::try_from(PROTECTED_SOURCES_AT_MOST).unwrap();
    for ssrc in sources.clone() {
        protect(&mut protector, &rtp(ssrc, 1));
    }
    let mut out = Vec::new();
    let one_more = protector.protect_rtp(&rtp(SSRC, 1), &mut out);
    assert_eq!(one_more, Err(SrtpError::TooManySources));
    for ssrc in sources {
        let again = protector.protect_rtp(&rtp(ssrc, 1), &mut out);
        assert_eq!(again, Err(SrtpError::Replayed));
    }
}
