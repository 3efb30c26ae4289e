//! Packets of strangers, and peers that have not proven to be there.

use super::*;

const STRANGER: &str = "198.51.100.9:4000";

fn stranger_voice(desk: &mut Desk, session: SessionId, from: SocketAddr, number: u16) {
    let packet = rtp(0, number, u32::from(number) * 160, &[0x22; 160]);
    desk.exchange
        .receive(session, from, &packet, desk.now, &mut desk.out);
}

/// Everything that was sent since the last look, whomever to.
fn sent(desk: &mut Desk) -> Vec<(SessionId, SocketAddr, Vec<u8>)> {
    std::mem::take(&mut desk.out.sent)
}

/// Spoofed numbers and source identifier (the tests' packets have all the same), the same host
/// from another port, RTCP, comfort noise: nothing takes the stream over, and nothing is heard.
#[test]
fn a_stranger_never_takes_over_a_running_stream() {
    let mut desk = Desk::bridged();
    desk.voice(A, 1);
    desk.voice(B, 1);
    sent(&mut desk);
    let other_port = SocketAddr::new(addr(A).ip(), 4002);
    for (from, start) in [(STRANGER.parse().unwrap(), 2), (other_port, 102)] {
        for number in start..start + 100 {
            stranger_voice(&mut desk, A, from, number);
            for kind in [13, 101, 200, 203] {
                let packet = rtp(kind, number, 0, &[5, 0x8a, 0, 160]);
                desk.exchange
                    .receive(A, from, &packet, desk.now, &mut desk.out);
            }
            desk.pass(20);
            desk.voice(B, number);
        }
    }
    assert_eq!(desk.out.told, [], "no key is told");
    let targets: Vec<_> = sent(&mut desk)
        .into_iter()
        .map(|(of, to, _)| (of, to))
        .collect();
    assert!(
        targets.iter().all(|target| *target == (A, addr(A))),
        "{targets:?}"
    );
    assert_eq!(targets.len(), 200, "all that B said, and nothing else");
}

#[test]
fn a_stranger_is_not_heard_after_silence_hold_or_a_refresh_and_the_peer_is() {
    let mut desk = Desk::bridged();
    desk.voice(A, 1);
    let from = STRANGER.parse().unwrap();
    // After silence.
    desk.pass(4_000);
    // After hold and its end.
    desk.hold(A, false, true);
    desk.pass(500);
    desk.hold(A, true, true);
    sent(&mut desk);
    for number in 2..50 {
        stranger_voice(&mut desk, A, from, number);
        // A refresh in between.
        desk.tell(MediaCommand::SetRemote {
            session: A,
            remote: remote(A),
        });
    }
    assert_eq!(sent(&mut desk), []);
    desk.voice(A, 2);
    assert_eq!(desk.heard_by(B).len(), 1);
}

#[test]
fn a_call_whose_voice_comes_from_a_stranger_alone_is_silent() {
    let mut desk = Desk::bridged();
    let from = STRANGER.parse().unwrap();
    for number in 0..500 {
        stranger_voice(&mut desk, A, from, number);
        desk.voice(B, number);
        desk.pass(20);
    }
    assert_eq!(desk.out.told, [MediaEvent::Silent { session: A }]);
}

/// RFC 4961, asked for by setting.
#[test]
fn a_phone_behind_nat_is_learnt_if_symmetric_rtp_is_asked_for() {
    let mut desk = Desk::bridged();
    let mapped: SocketAddr = "203.0.113.7:61000".parse().unwrap();
    desk.tell(MediaCommand::SetRemote {
        session: A,
        remote: RemoteMedia {
            addr: "10.0.0.5:4000".parse().unwrap(),
            symmetric_with: Some(mapped.ip()),
            ..remote(A)
        },
    });
    for number in 0..8 {
        stranger_voice(&mut desk, A, mapped, number);
    }
    assert_eq!(desk.heard_by(B).len(), 5, "from the fourth in a row");
    desk.voice(B, 1);
    assert_eq!(sent(&mut desk)[0].1, mapped);
}

#[test]
fn nothing_is_sent_to_a_peer_that_has_not_proven_to_be_there() {
    let mut desk = Desk::bridged();
    desk.tell(MediaCommand::Withhold {
        session: A,
        withheld: true,
    });
    desk.voice(B, 1);
    desk.tell(MediaCommand::Press {
        session: A,
        digit: '1',
        lasts: Duration::from_millis(100),
    });
    desk.play(A, sound(1600), 1);
    desk.pass(2_000);
    assert_eq!(sent(&mut desk), []);
    assert_eq!(desk.out.told, [], "the announcement waits");
    desk.tell(MediaCommand::Withhold {
        session: A,
        withheld: false,
    });
    desk.pass(300);
    assert_eq!(desk.heard_by(A).len(), 10, "it is heard from its beginning");
}
