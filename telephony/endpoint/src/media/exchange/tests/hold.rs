//! Hold and its music; silence and who is to blame for it.

use super::*;

#[test]
fn a_holder_who_sends_nothing_leaves_the_music_to_us() {
    let mut desk = Desk::bridged();
    desk.voice(B, 1);
    desk.pass(1);
    desk.out.sent.clear();
    desk.hold(B, false, false);
    desk.pass(999);
    assert_eq!(desk.heard_by(A).len(), 50);
    desk.voice(A, 1);
    assert_eq!(desk.heard_by(B).len(), 0, "the holder hears nothing");
    desk.hold(B, true, true);
    desk.pass(1000);
    assert_eq!(desk.heard_by(A).len(), 0);
    desk.voice(B, 2);
    assert_eq!(desk.heard_by(A).len(), 1);
}

#[test]
fn a_holder_with_music_of_its_own_is_heard_and_one_that_falls_silent_is_replaced() {
    let mut desk = Desk::bridged();
    desk.hold(B, false, true);
    for number in 1..=50 {
        desk.voice(B, number);
        desk.pass(20);
    }
    assert!(
        desk.heard_by(A)
            .iter()
            .all(|packet| packet[12..] == [0x11; 160])
    );
    desk.pass(1000);
    let ours = desk.heard_by(A).len();
    assert!((30..=45).contains(&ours), "music after 200 ms: {ours}");
    desk.voice(B, 51);
    desk.pass(100);
    assert_eq!(desk.heard_by(A).len(), 1, "the holder's music again");
}

#[test]
fn what_a_holder_did_not_hear_is_no_loss() {
    let mut desk = Desk::bridged();
    desk.voice(A, 1);
    desk.hold(B, false, false);
    for number in 2..500 {
        desk.voice(A, number);
        desk.pass(20);
    }
    desk.hold(B, true, true);
    desk.voice(A, 500);
    let heard: Vec<_> = desk.heard_by(B);
    let sequence = |packet: &[u8]| u16::from_be_bytes([packet[2], packet[3]]);
    assert_eq!(heard.len(), 2);
    assert_eq!(sequence(&heard[1]) - sequence(&heard[0]), 1);
    assert_eq!(heard[1][1] & 0x80, 0x80, "marked as a beginning");
}

#[test]
fn hold_music_is_that_of_the_line_and_begins_with_the_bridge_too() {
    let mut desk = Desk::new();
    let line_music = Arc::new(Sound::from_samples(&[-5000; 160]));
    desk.tell(MediaCommand::Play {
        session: A,
        sound: line_music.clone(),
        playback: 0,
        repeat: true,
    });
    desk.hold(B, false, false);
    desk.tell(MediaCommand::Bridge {
        a: A,
        b: B,
        token: 1,
    });
    desk.pass(50);
    let heard = desk.heard_by(A);
    assert_eq!(heard[0][12..], *line_music.encoded(Codec::Pcmu));
}

#[test]
fn new_hold_music_is_heard_at_the_next_hold() {
    let mut desk = Desk::bridged();
    let music = Arc::new(Sound::from_samples(&[-5000; 160]));
    desk.hold(B, false, false);
    desk.tell(MediaCommand::SetHoldMusic {
        music: music.clone(),
    });
    desk.pass(50);
    let is_new = |packet: &Vec<u8>| packet[12..] == *music.encoded(Codec::Pcmu);
    assert!(!desk.heard_by(A).iter().any(is_new));
    desk.hold(B, true, true);
    desk.out.sent.clear();
    desk.hold(B, false, false);
    desk.pass(50);
    assert!(is_new(&desk.heard_by(A)[0]));
}

#[test]
fn the_end_of_the_bridge_ends_the_hold_music() {
    let mut desk = Desk::bridged();
    desk.hold(B, false, false);
    desk.pass(50);
    desk.tell(MediaCommand::Close { session: B });
    desk.out.sent.clear();
    desk.pass(100);
    assert_eq!(desk.heard_by(A).len(), 0);
}

#[test]
fn silence_is_told_once_and_again_after_a_packet_or_a_new_description() {
    let mut desk = Desk::new();
    desk.hold(B, false, false);
    desk.pass(4_900);
    assert_eq!(desk.out.told, []);
    desk.voice(A, 1);
    desk.pass(4_900);
    assert_eq!(desk.out.told, []);
    desk.pass(200);
    assert_eq!(desk.out.told, [MediaEvent::Silent { session: A }]);
    desk.pass(20_000);
    assert_eq!(desk.out.told.len(), 1);
    desk.voice(A, 2);
    desk.pass(5_200);
    assert_eq!(desk.out.told.len(), 2);
    desk.hold(A, true, true);
    desk.pass(5_200);
    assert_eq!(desk.out.told.len(), 3);
}

#[test]
fn silence_is_no_fault_on_hold_nor_before_the_description() {
    let mut desk = Desk::new();
    desk.hold(A, false, true);
    desk.hold(B, true, false);
    let start = StreamStart {
        ssrc: 3,
        sequence: 0,
        timestamp: 0,
    };
    desk.exchange.open(SessionId(3), start);
    desk.pass(20_000);
    assert_eq!(desk.out.told, []);
}

#[test]
fn a_stranger_does_not_keep_a_dead_leg_alive() {
    let mut desk = Desk::new();
    desk.hold(B, false, false);
    desk.voice(A, 1);
    for number in 0..60 {
        let packet = rtp(0, number * 2, 0, &[0; 160]);
        let stranger = SocketAddr::from(([198, 51, 100, 1], 9));
        desk.exchange
            .receive(A, stranger, &packet, desk.now, &mut desk.out);
        desk.pass(100);
    }
    assert_eq!(desk.out.told, [MediaEvent::Silent { session: A }]);
}

#[test]
fn an_unspecified_address_is_the_old_way_to_hold() {
    let mut desk = Desk::bridged();
    let old_hold = RemoteMedia {
        addr: SocketAddr::from(([0, 0, 0, 0], 4000)),
        ..remote(B)
    };
    desk.tell(MediaCommand::SetRemote {
        session: B,
        remote: old_hold,
    });
    desk.pass(500);
    assert!(desk.heard_by(A).len() > 10, "hold music");
    desk.voice(A, 1);
    assert!(
        desk.out.sent.iter().all(|(from, ..)| *from != B),
        "nothing goes to nowhere"
    );
}

#[test]
fn unknown_payloads_and_empty_packets_only_show_that_the_peer_lives() {
    let mut desk = Desk::bridged();
    desk.hold(B, false, false);
    desk.pass(4_000);
    desk.out.sent.clear();
    desk.hear(A, &rtp(13, 0, 0, &[64]));
    desk.hear(A, &rtp(0, 1, 0, &[]));
    assert!(desk.out.sent.is_empty());
    desk.pass(4_000);
    assert_eq!(desk.out.told, []);
}
