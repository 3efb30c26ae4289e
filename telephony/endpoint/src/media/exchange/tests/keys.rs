//! Keys that came by INFO and are told to the other leg (RFC 4733).

use super::*;

fn press(desk: &mut Desk, digit: char, ms: u64) {
    desk.tell(MediaCommand::Press {
        session: B,
        digit,
        lasts: Duration::from_millis(ms),
    });
}

/// Payload type, marker, clock and payload of what B heard.
fn events(desk: &mut Desk) -> Vec<(u8, bool, u32, Vec<u8>)> {
    let heard = desk.heard_by(B).into_iter().map(|packet| {
        let clock = u32::from_be_bytes(packet[4..8].try_into().unwrap());
        (
            packet[1] & 0x7f,
            packet[1] & 0x80 != 0,
            clock,
            packet[12..].to_vec(),
        )
    });
    heard.collect()
}

#[test]
fn a_key_is_told_with_one_clock_growing_length_and_three_ends() {
    let mut desk = Desk::bridged();
    press(&mut desk, '#', 100);
    desk.pass(400);
    let events = events(&mut desk);
    let payloads: Vec<_> = events.iter().map(|(.., payload)| payload.clone()).collect();
    let event = |end: u8, samples: u16| {
        let [high, low] = samples.to_be_bytes();
        vec![11, end | 10, high, low]
    };
    let told = [160, 320, 480, 640].map(|samples| event(0, samples));
    assert_eq!(payloads[..4], told);
    assert_eq!(
        payloads[4..],
        [event(0x80, 800), event(0x80, 800), event(0x80, 800)]
    );
    assert!(
        events
            .iter()
            .all(|(kind, _, clock, _)| (*kind, *clock) == (101, events[0].2))
    );
    let marked = events.iter().filter(|(_, marker, ..)| *marker).count();
    assert_eq!((events[0].1, marked), (true, 1));
}

#[test]
fn keys_follow_one_another_and_voice_waits_for_them() {
    let mut desk = Desk::bridged();
    press(&mut desk, '1', 100);
    press(&mut desk, '1', 100);
    desk.pass(10);
    desk.voice(A, 1);
    desk.pass(500);
    let told = events(&mut desk);
    assert_eq!(told.len(), 14, "twice, and no voice among them");
    let clocks: std::collections::BTreeSet<_> = told.iter().map(|event| event.2).collect();
    assert_eq!(clocks.len(), 2, "two keys, not a long one");
    desk.voice(A, 2);
    let voice = events(&mut desk);
    assert_eq!((voice[0].0, voice[0].1), (0, true));
    assert!(voice[0].2 > *clocks.last().unwrap() + 799);
}

#[test]
fn a_leg_without_telephone_event_is_told_nothing_and_a_flood_is_bounded() {
    let mut desk = Desk::bridged();
    let remote = RemoteMedia {
        dtmf_payload_type: None,
        ..remote(B)
    };
    desk.tell(MediaCommand::SetRemote { session: B, remote });
    press(&mut desk, '1', 100);
    desk.pass(300);
    assert_eq!(desk.out.sent, []);
    let mut desk = Desk::bridged();
    for _ in 0..10_000 {
        press(&mut desk, '2', 40);
    }
    desk.pass(20_000);
    assert_eq!(events(&mut desk).len(), 33 * 4);
}
