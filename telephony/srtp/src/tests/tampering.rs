//! Damaged, forged and foreign packets.

use proptest::collection::vec;
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

use super::{SSRC, key, keys, pair, protect, protect_rtcp, rtcp, rtp, unprotect, unprotect_rtcp};
use crate::{MasterKey, PACKET_BYTES_AT_MOST, Protector, RANDOM_BYTES, SrtpError, Suite};

#[test]
fn no_bit_may_be_flipped() {
    for suite in Suite::ALL {
        let (mut protector, mut unprotector) = pair(&key(suite));
        let first = protect(&mut protector, &rtp(SSRC, 65_500));
        unprotect(&mut unprotector, &first).unwrap();
        let before = unprotector.sources().clone();
        let packet = rtp(SSRC, 65_537);
        let sent = protect(&mut protector, &packet);
        let report = protect_rtcp(&mut protector, &rtcp(SSRC));
        for at in 0..8 * sent.len() {
            let mut damaged = sent.clone();
            damaged[at / 8] ^= 1 << (at % 8);
            assert!(
                unprotect(&mut unprotector, &damaged).is_err(),
                "{suite} {at}"
            );
            assert_eq!(*unprotector.sources(), before);
        }
        for at in 0..8 * report.len() {
            let mut damaged = report.clone();
            damaged[at / 8] ^= 1 << (at % 8);
            let received = unprotect_rtcp(&mut unprotector, &damaged);
            assert!(received.is_err(), "{suite} {at}");
            assert_eq!(*unprotector.sources(), before);
        }
        assert_eq!(unprotect(&mut unprotector, &sent), Ok(packet));
        assert_eq!(unprotect_rtcp(&mut unprotector, &report), Ok(rtcp(SSRC)));
    }
}

#[test]
fn no_part_suffices() {
    for suite in Suite::ALL {
        let (mut protector, mut unprotector) = pair(&key(suite));
        let sent = protect(&mut protector, &rtp(SSRC, 1));
        let report = protect_rtcp(&mut protector, &rtcp(SSRC));
        for bytes in 0..sent.len() {
            let why = unprotect(&mut unprotector, &sent[..bytes]).unwrap_err();
            let is_rtp = bytes >= 12;
            assert_eq!(why == SrtpError::Authentication, is_rtp, "{suite} {bytes}");
        }
        for bytes in 0..report.len() {
            let why = unprotect_rtcp(&mut unprotector, &report[..bytes]).unwrap_err();
            let is_rtcp = bytes >= 8;
            assert_eq!(why == SrtpError::Authentication, is_rtcp, "{suite} {bytes}");
        }
    }
}

#[test]
fn plain_packets_are_not_authentic() {
    for suite in Suite::ALL {
        let (_, mut unprotector) = pair(&key(suite));
        for payload_bytes in [0, 3, 20] {
            let packet = &rtp(SSRC, 1)[..12 + payload_bytes];
            let received = unprotect(&mut unprotector, packet);
            assert_eq!(received, Err(SrtpError::Authentication));
        }
        // Its extension lies where the tag would.
        let mut extended = rtp(SSRC, 1);
        extended[0] |= 0x10;
        extended[14..16].copy_from_slice(&[0, 4]);
        let received = unprotect(&mut unprotector, &extended);
        assert_eq!(received, Err(SrtpError::Authentication));
        let received = unprotect_rtcp(&mut unprotector, &rtcp(SSRC));
        assert_eq!(received, Err(SrtpError::Authentication));
        assert!(unprotector.sources().ssrcs().is_empty());
    }
}

#[test]
fn another_key_is_not_authentic() {
    for suite in Suite::ALL {
        let other = MasterKey::generate(suite, &[7; RANDOM_BYTES]);
        let (mut protector, _) = pair(&other);
        let (_, mut unprotector) = pair(&key(suite));
        let sent = protect(&mut protector, &rtp(SSRC, 1));
        let received = unprotect(&mut unprotector, &sent);
        assert_eq!(received, Err(SrtpError::Authentication));
    }
}

#[test]
fn rtp_and_rtcp_have_keys_of_their_own() {
    let (mut protector, mut unprotector) = pair(&key(Suite::AesCm128HmacSha1_80));
    let sent = protect(&mut protector, &rtp(SSRC, 1));
    let received = unprotect_rtcp(&mut unprotector, &sent);
    assert_eq!(received, Err(SrtpError::Authentication));
}

#[test]
fn what_is_no_rtp_is_not_protected() {
    let mut protector = Protector::new(&key(Suite::AeadAes128Gcm));
    let mut long = rtp(SSRC, 1);
    long.resize(PACKET_BYTES_AT_MOST + 1, 0);
    let mut with_csrcs = rtp(SSRC, 1);
    with_csrcs[0] |= 0x0f;
    let mut extended = rtp(SSRC, 1);
    extended[0] |= 0x10;
    extended[14..16].copy_from_slice(&[0, 5]);
    let stun = [0; 20];
    let packets = [&[], &long[..12 - 1], &long, &with_csrcs, &extended, &stun];
    let mut out = vec![1];
    for packet in packets {
        let protected = protector.protect_rtp(packet, &mut out);
        assert_eq!(protected, Err(SrtpError::Malformed));
        assert!(out.is_empty());
    }
    for packet in [&[][..], &long, &stun, &rtcp(SSRC)[..7]] {
        let protected = protector.protect_rtcp(packet, &mut out);
        assert_eq!(protected, Err(SrtpError::Malformed));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_refused(
        key in keys(),
        mut packet in vec(any::<u8>(), 0..200),
        version in any::<bool>(),
    ) {
        if let Some(first) = packet.first_mut().filter(|_| version) {
            *first = 0x80 | *first & 0x3f;
        }
        let (mut protector, mut unprotector) = pair(&key);
        prop_assert!(unprotect(&mut unprotector, &packet).is_err());
        prop_assert!(unprotect_rtcp(&mut unprotector, &packet).is_err());
        prop_assert!(unprotector.sources().ssrcs().is_empty());
        let mut out = Vec::new();
        if protector.protect_rtp(&packet, &mut out).is_ok() {
            prop_assert_eq!(unprotect(&mut unprotector, &out), Ok(packet.clone()));
        }
        if protector.protect_rtcp(&packet, &mut out).is_ok() {
            prop_assert_eq!(unprotect_rtcp(&mut unprotector, &out), Ok(packet));
        }
    }
}
