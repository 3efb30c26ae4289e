//! Round trips through a network that loses, repeats and reorders.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, proptest};

use super::{SSRC, key, keys, pair, protect, protect_rtcp, rtcp, rtp, unprotect, unprotect_rtcp};
use crate::{REPLAY_WINDOW_PACKETS, SrtpError, Suite};

/// Where an SSRC begins: anywhere in the first half of a round, or shortly before it wraps.
fn starts() -> impl Strategy<Value = u64> {
    proptest::prop_oneof![0u64..1 << 15, (1u64 << 16) - 100..1 << 16]
}

#[test]
fn the_rollover_counter_steps_on_whatever_is_lost_around() {
    for suite in Suite::ALL {
        for numbers in [
            [65_534, 65_535, 65_536, 65_537],
            [32_768, 65_535, 65_537, 98_303],
            [40_000, 65_536, 98_304, 131_071],
            [65_535, 90_000, 120_000, 150_000],
        ] {
            let (mut protector, mut unprotector) = pair(&key(suite));
            for number in numbers {
                let packet = rtp(SSRC, number);
                let sent = protect(&mut protector, &packet);
                assert_eq!(unprotect(&mut unprotector, &sent), Ok(packet));
            }
        }
    }
}

#[test]
fn many_rounds() {
    let (mut protector, mut unprotector) = pair(&key(Suite::AesCm128HmacSha1_80));
    for number in (0..1_000_000).step_by(15_000) {
        let packet = rtp(SSRC, number);
        let sent = protect(&mut protector, &packet);
        assert_eq!(unprotect(&mut unprotector, &sent), Ok(packet));
    }
}

#[test]
fn a_packet_from_before_the_wrap_may_come_after_it() {
    let (mut protector, mut unprotector) = pair(&key(Suite::AeadAes128Gcm));
    let [a, b, c] = [65_534, 65_535, 65_536].map(|number| {
        let packet = rtp(SSRC, number);
        (protect(&mut protector, &packet), packet)
    });
    for (sent, packet) in [a, c, b] {
        assert_eq!(unprotect(&mut unprotector, &sent), Ok(packet));
    }
}

#[test]
fn the_window_has_an_edge() {
    for late in [REPLAY_WINDOW_PACKETS - 1, REPLAY_WINDOW_PACKETS] {
        let (mut protector, mut unprotector) = pair(&key(Suite::AesCm128HmacSha1_32));
        let sent: Vec<_> = (0..=late)
            .map(|number| protect(&mut protector, &rtp(SSRC, number)))
            .collect();
        let last = sent.last().unwrap();
        assert!(unprotect(&mut unprotector, last).is_ok());
        let oldest = unprotect(&mut unprotector, &sent[0]);
        if late < REPLAY_WINDOW_PACKETS {
            assert_eq!(oldest, Ok(rtp(SSRC, 0)));
        } else {
            assert_eq!(oldest, Err(SrtpError::Replayed));
        }
    }
}

proptest! {
    #[test]
    fn all_that_arrives_is_read_once(
        key in keys(),
        start in starts(),
        // Each packet: lost or not, and how many places later it comes, and comes again.
        fates in vec((any::<bool>(), 0usize..100, proptest::option::of(0usize..100)), 1..300),
    ) {
        let (mut protector, mut unprotector) = pair(&key);
        let mut arrivals = Vec::new();
        // The first one arrives, so that both know where the stream begins.
        let first = rtp(SSRC, start);
        let sent = protect(&mut protector, &first);
        prop_assert_eq!(unprotect(&mut unprotector, &sent), Ok(first));
        for (at, (lost, delay, again)) in fates.into_iter().enumerate() {
            let number = start + 1 + at as u64;
            let sent = protect(&mut protector, &rtp(SSRC, number));
            if !lost {
                arrivals.push((at + delay, number, sent.clone()));
                arrivals.extend(again.map(|delay| (at + delay, number, sent)));
            }
        }
        arrivals.sort_by_key(|(at, ..)| *at);
        let mut seen = BTreeSet::new();
        for (_, number, sent) in arrivals {
            let received = unprotect(&mut unprotector, &sent);
            if seen.insert(number) {
                prop_assert_eq!(received, Ok(rtp(SSRC, number)));
            } else {
                prop_assert_eq!(received, Err(SrtpError::Replayed));
            }
        }
    }

    #[test]
    fn a_wrap_is_noticed_across_gaps(
        key in keys(),
        start in 0u64..1 << 15,
        // Each gap is less than half a round.
        gaps in vec(1u64..1 << 15, 1..30),
    ) {
        let (mut protector, mut unprotector) = pair(&key);
        let mut number = start;
        let arrive = |number: u64, protector: &mut _, unprotector: &mut _| {
            let sent = protect(protector, &rtp(SSRC, number));
            unprotect(unprotector, &sent)
        };
        prop_assert!(arrive(number, &mut protector, &mut unprotector).is_ok());
        for gap in gaps {
            // The sender's own numbers go on without leaps.
            if gap > 1 {
                protect(&mut protector, &rtp(SSRC, number + gap / 2));
            }
            number += gap;
            let received = arrive(number, &mut protector, &mut unprotector);
            prop_assert_eq!(received, Ok(rtp(SSRC, number)));
        }
    }

    #[test]
    fn rtcp_is_read_once_in_any_order(
        key in keys(),
        order in Just((0usize..60).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let (mut protector, mut unprotector) = pair(&key);
        let sent: Vec<_> = order.iter().map(|_| protect_rtcp(&mut protector, &rtcp(SSRC))).collect();
        for at in &order {
            prop_assert_eq!(unprotect_rtcp(&mut unprotector, &sent[*at]), Ok(rtcp(SSRC)));
        }
        for at in order {
            let again = unprotect_rtcp(&mut unprotector, &sent[at]);
            prop_assert_eq!(again, Err(SrtpError::Replayed));
        }
    }

    #[test]
    fn headers_of_any_kind_stay_in_the_clear(
        key in keys(),
        csrcs in vec(any::<u32>(), 0..=15),
        extension in proptest::option::of(vec(any::<u32>(), 0..20)),
        payload in vec(any::<u8>(), 0..200),
    ) {
        let mut packet = rtp(SSRC, 1);
        packet.truncate(12);
        packet[0] |= csrcs.len() as u8 | if extension.is_some() { 0x10 } else { 0 };
        packet.extend(csrcs.iter().flat_map(|csrc| csrc.to_be_bytes()));
        if let Some(words) = extension {
            packet.extend([0xbe, 0xde, 0, words.len() as u8]);
            packet.extend(words.iter().flat_map(|word| word.to_be_bytes()));
        }
        let header_bytes = packet.len();
        packet.extend(&payload);
        let (mut protector, mut unprotector) = pair(&key);
        let sent = protect(&mut protector, &packet);
        prop_assert_eq!(&sent[..header_bytes], &packet[..header_bytes]);
        prop_assert_eq!(sent.len(), packet.len() + key.suite().rtp_tag_bytes());
        if payload.len() >= 16 {
            prop_assert!(sent[header_bytes..packet.len()] != payload);
        }
        prop_assert_eq!(unprotect(&mut unprotector, &sent), Ok(packet));
    }
}
