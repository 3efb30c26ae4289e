//! Three who talk.

use super::*;

const C: SessionId = SessionId(3);

/// A, B and C, of whom none hears anything yet.
fn three() -> Desk {
    let mut desk = Desk::new();
    let start = StreamStart {
        ssrc: 3,
        sequence: 100,
        timestamp: 1000,
    };
    desk.exchange.open(C, start);
    let alaw = RemoteMedia {
        codec: Codec::Pcma,
        payload_type: 8,
        ..remote(C)
    };
    desk.tell(MediaCommand::SetRemote {
        session: C,
        remote: alaw,
    });
    desk
}

fn join(desk: &mut Desk, seats: [u8; 3]) {
    let legs = [A, B, C].into_iter().zip(seats).collect();
    desk.tell(MediaCommand::Join { legs });
}

/// 20 ms of this sample, as the leg says it.
fn say(desk: &mut Desk, session: SessionId, number: u16, sample: i16) {
    let (codec, payload_type) = if session == C {
        (Codec::Pcma, 8)
    } else {
        (Codec::Pcmu, 0)
    };
    let mut packet = vec![0x80, payload_type];
    packet.extend_from_slice(&number.to_be_bytes());
    packet.extend_from_slice(&(u32::from(number) * 160).to_be_bytes());
    packet.extend_from_slice(&(session.0 as u32).to_be_bytes());
    packet.extend_from_slice(&[g711::encode(codec, sample); 160]);
    desk.hear(session, &packet);
}

/// What A, B and C heard since they were asked for last, a sample for each packet; all of a packet are alike.
fn heard(desk: &mut Desk) -> [Vec<i16>; 3] {
    let sent = std::mem::take(&mut desk.out.sent);
    [A, B, C].map(|session| {
        let codec = if session == C {
            Codec::Pcma
        } else {
            Codec::Pcmu
        };
        let theirs = sent.iter().filter(|(from, ..)| *from == session);
        let samples = theirs.map(|(_, to, packet)| {
            assert_eq!((*to, packet.len()), (addr(session), 172));
            assert!(packet[12..].iter().all(|byte| *byte == packet[12]));
            g711::decode(codec, packet[12])
        });
        samples.collect()
    })
}

/// For a second each says something of their own; what each heard.
fn all_talk(desk: &mut Desk) -> [Vec<i16>; 3] {
    for number in 0..50 {
        for (session, sample) in [(A, 1000), (B, 2000), (C, 4000)] {
            say(desk, session, number, sample);
        }
        desk.pass(20);
    }
    heard(desk)
}

fn is_near(heard: i16, expected: i16) -> bool {
    // Steps of G.711 at this loudness.
    (heard - expected).abs() <= 260
}

#[test]
fn each_hears_the_sum_of_the_others_without_gaps() {
    let mut desk = three();
    join(&mut desk, [0, 1, 2]);
    let heard = all_talk(&mut desk);
    for (heard, expected) in heard.iter().zip([6000, 5000, 3000]) {
        assert!((49..=51).contains(&heard.len()), "{}", heard.len());
        // The first moments are collected.
        assert!(
            heard[4..].iter().all(|one| is_near(*one, expected)),
            "{heard:?}"
        );
    }
}

#[test]
fn legs_of_one_person_do_not_hear_each_other() {
    let mut desk = three();
    join(&mut desk, [0, 1, 1]);
    let heard = all_talk(&mut desk);
    for (heard, expected) in heard.iter().zip([6000, 1000, 1000]) {
        assert!(
            heard[4..].iter().all(|one| is_near(*one, expected)),
            "{heard:?}"
        );
    }
}

#[test]
fn who_says_nothing_or_too_late_is_silence_and_nobody_is_heard_late() {
    let mut desk = three();
    join(&mut desk, [0, 1, 2]);
    for number in 0..20 {
        say(&mut desk, A, number, 1000);
        desk.pass(20);
    }
    let [_, _, voice] = heard(&mut desk);
    assert!(
        voice[4..].iter().all(|one| is_near(*one, 1000)),
        "{voice:?}"
    );
    desk.pass(200);
    let [_, _, silence] = heard(&mut desk);
    assert!(
        silence.iter().skip(4).all(|one| one.abs() <= 8),
        "{silence:?}"
    );
    // A second comes at once: no more than a moment of it is heard.
    for number in 20..70 {
        say(&mut desk, A, number, 1000);
    }
    desk.pass(1000);
    let [_, _, late] = heard(&mut desk);
    let loud = late.iter().filter(|one| is_near(**one, 1000)).count();
    assert!((1..=8).contains(&loud), "{loud}");
}

#[test]
fn who_is_connected_with_one_leaves_the_others_who_go_on() {
    let mut desk = three();
    join(&mut desk, [0, 1, 2]);
    desk.pass(100);
    desk.tell(MediaCommand::Close { session: C });
    desk.out.sent.clear();
    let [at_a, at_b, _] = all_talk(&mut desk);
    assert!(at_a[4..].iter().all(|one| is_near(*one, 2000)), "{at_a:?}");
    assert!(at_b[4..].iter().all(|one| is_near(*one, 1000)), "{at_b:?}");
    desk.tell(MediaCommand::Bridge {
        a: A,
        b: B,
        token: 9,
    });
    assert!(desk.exchange.mixes.is_empty());
    desk.out.sent.clear();
    say(&mut desk, A, 60, 1000);
    let [_, at_b, _] = heard(&mut desk);
    assert!(is_near(at_b[0], 1000), "at once");
}

#[test]
fn who_holds_hears_nothing_and_a_closed_desk_mixes_nothing() {
    let mut desk = three();
    join(&mut desk, [0, 1, 2]);
    desk.hold(B, false, false);
    let [_, at_b, at_c] = all_talk(&mut desk);
    assert!(at_b.is_empty());
    assert!(at_c[4..].iter().all(|one| is_near(*one, 1000)), "{at_c:?}");
    for session in [A, B, C] {
        desk.tell(MediaCommand::Close { session });
    }
    assert!(desk.exchange.mixes.is_empty());
    assert_eq!(desk.exchange.next_mix(), None);
}
