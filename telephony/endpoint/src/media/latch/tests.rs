use super::*;

const PEER: &str = "192.0.2.1:4000";
/// The same host, another port.
const OTHER_PORT: &str = "192.0.2.1:50000";
const STRANGER: &str = "198.51.100.9:4000";
/// A phone behind NAT: what it names, and where its packets really come from.
const PRIVATE: &str = "192.168.0.5:4000";
const MAPPED: &str = "203.0.113.7:61000";

fn addr(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn at(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn strict() -> Latch {
    Latch::new(addr(PEER), None, at(0))
}

fn symmetric(described: &str) -> Latch {
    Latch::new(addr(described), Some(addr(MAPPED).ip()), at(0))
}

fn packet(source: &str, sequence: u16) -> Seen {
    Seen {
        source: addr(source),
        ssrc: 1,
        sequence,
        agreed: true,
    }
}

/// Sends packets 20 ms apart and tells which were heard.
fn send(latch: &mut Latch, from: &str, start_ms: u64, count: u16) -> Vec<bool> {
    (0..count)
        .map(|n| latch.accept(packet(from, n), at(start_ms + u64::from(n) * 20)))
        .collect()
}

#[test]
fn before_anything_is_heard_packets_go_to_the_described_address() {
    assert_eq!(strict().target(), addr(PEER));
    assert_eq!(symmetric(PRIVATE).target(), addr(PRIVATE));
}

#[test]
fn only_the_described_address_is_heard_unless_symmetric_rtp_is_asked_for() {
    let mut latch = strict();
    for from in [OTHER_PORT, STRANGER, MAPPED] {
        assert_eq!(send(&mut latch, from, 0, 500), vec![false; 500], "{from}");
    }
    assert_eq!(latch.target(), addr(PEER));
    assert_eq!(send(&mut latch, PEER, 10_000, 2), [true; 2]);
}

#[test]
fn a_stranger_is_heard_neither_beside_the_peer_nor_in_its_silence() {
    for mut latch in [strict(), symmetric(PEER)] {
        assert_eq!(send(&mut latch, PEER, 0, 3), [true; 3]);
        for from in [STRANGER, OTHER_PORT, MAPPED] {
            // The numbers and the source identifier of the running stream are known to it.
            let guessed: Vec<bool> = (0..500)
                .map(|n| latch.accept(packet(from, 3 + n), at(60 + u64::from(n) * 20)))
                .collect();
            assert_eq!(guessed, vec![false; 500], "{from}");
        }
        assert_eq!(latch.target(), addr(PEER));
        assert!(
            latch.accept(packet(PEER, 3), at(600_000)),
            "after ten minutes of silence"
        );
    }
}

#[test]
fn a_peer_behind_nat_is_believed_after_four_packets_in_a_row() {
    let mut latch = symmetric(PRIVATE);
    let heard = send(&mut latch, MAPPED, 0, 6);
    assert_eq!(heard, [false, false, false, true, true, true]);
    assert_eq!(latch.target(), addr(MAPPED));
    let mut latch = symmetric(PEER);
    assert_eq!(
        send(&mut latch, OTHER_PORT, 0, 4)[3..],
        [true],
        "only its port was changed"
    );
}

#[test]
fn whoever_stands_elsewhere_is_not_believed() {
    let mut latch = symmetric(PRIVATE);
    assert_eq!(send(&mut latch, STRANGER, 0, 100), vec![false; 100]);
    assert_eq!(send(&mut latch, MAPPED, 2_100, 4)[3..], [true]);
}

#[test]
fn scattered_packets_and_those_of_other_kinds_prove_nothing() {
    let mut latch = symmetric(PRIVATE);
    for n in 0..50 {
        assert!(!latch.accept(packet(MAPPED, n * 2), at(u64::from(n))));
        let other = Seen {
            ssrc: u32::from(n) + 2,
            ..packet(MAPPED, 5)
        };
        assert!(!latch.accept(other, at(u64::from(n))));
        let unknown = Seen {
            agreed: false,
            ..packet(MAPPED, 1_000 + n)
        };
        assert!(!latch.accept(unknown, at(u64::from(n))));
    }
    assert_eq!(latch.target(), addr(PRIVATE));
}

#[test]
fn another_source_is_learnt_only_shortly_after_the_description() {
    let mut latch = symmetric(PRIVATE);
    assert_eq!(send(&mut latch, MAPPED, 5_000, 10), vec![false; 10]);
    // The same description again, at the answer after a long ringing.
    latch.describe(addr(PRIVATE), Some(addr(MAPPED).ip()), at(20_000));
    assert_eq!(send(&mut latch, MAPPED, 24_000, 4)[3..], [true]);
}

#[test]
fn what_was_learnt_is_not_learnt_anew() {
    let mut latch = symmetric(PRIVATE);
    send(&mut latch, MAPPED, 0, 4);
    let other = "203.0.113.7:61002";
    assert_eq!(send(&mut latch, other, 100, 100), vec![false; 100]);
    latch.describe(addr(PRIVATE), Some(addr(MAPPED).ip()), at(60_000));
    assert_eq!(
        send(&mut latch, other, 60_000, 100),
        vec![false; 100],
        "a refresh"
    );
    assert_eq!(latch.target(), addr(MAPPED));
    assert!(latch.accept(packet(MAPPED, 9), at(120_000)));
}

#[test]
fn the_described_address_takes_its_place_back_at_once_and_keeps_it() {
    let mut latch = symmetric(PEER);
    send(&mut latch, OTHER_PORT, 0, 10);
    assert_eq!(latch.target(), addr(OTHER_PORT));
    assert!(latch.accept(packet(PEER, 1), at(201)));
    assert_eq!(latch.target(), addr(PEER));
    assert_eq!(send(&mut latch, OTHER_PORT, 300, 100), vec![false; 100]);
}

#[test]
fn a_new_address_forgets_what_was_learnt_and_a_hold_does_not() {
    let mut latch = symmetric(PRIVATE);
    send(&mut latch, MAPPED, 0, 4);
    latch.describe(addr("0.0.0.0:4000"), Some(addr(MAPPED).ip()), at(1_000));
    latch.describe(addr("192.168.0.5:0"), Some(addr(MAPPED).ip()), at(1_000));
    assert_eq!(latch.target(), addr(MAPPED));
    latch.describe(addr("192.168.0.5:4010"), Some(addr(MAPPED).ip()), at(2_000));
    assert_eq!(latch.target(), addr("192.168.0.5:4010"));
    assert!(!latch.accept(packet(MAPPED, 4), at(2_020)));
}

#[test]
fn addresses_are_compared_without_clothes() {
    assert!(strict().accept(packet("[::ffff:192.0.2.1]:4000", 1), at(0)));
}
