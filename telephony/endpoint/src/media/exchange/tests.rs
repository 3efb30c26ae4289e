//! The exchange in virtual time: packets in, packets and events out.

mod hold;
mod keys;
mod measuring;
mod mixing;
mod strangers;

use madoguchi_core::quality::VoiceQuality;
use madoguchi_sip::sdp::Codec;

use super::*;
use crate::media::RemoteMedia;

const A: SessionId = SessionId(1);
const B: SessionId = SessionId(2);
const TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
struct Record {
    sent: Vec<(SessionId, SocketAddr, Vec<u8>)>,
    reports: Vec<(SessionId, SocketAddr, Vec<u8>)>,
    told: Vec<MediaEvent>,
    /// What was told of each leg last.
    quality: HashMap<SessionId, VoiceQuality>,
}

impl Outside for Record {
    fn send(&mut self, from: SessionId, to: SocketAddr, packet: &[u8]) {
        self.sent.push((from, to, packet.to_vec()));
    }

    fn send_report(&mut self, from: SessionId, to: SocketAddr, report: &[u8]) {
        self.reports.push((from, to, report.to_vec()));
    }

    fn tell(&mut self, event: MediaEvent) {
        match event {
            MediaEvent::Quality { session, quality } => {
                self.quality.insert(session, quality);
            }
            other => self.told.push(other),
        }
    }
}

/// An exchange, its clock, and what came out of it.
struct Desk {
    exchange: Exchange,
    now: Duration,
    out: Record,
}

fn addr(session: SessionId) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, session.0 as u8], 4000))
}

fn remote(session: SessionId) -> RemoteMedia {
    RemoteMedia {
        addr: addr(session),
        reports: None,
        codec: Codec::Pcmu,
        payload_type: 0,
        dtmf_payload_type: Some(101),
        send: true,
        receive: true,
        symmetric_with: None,
    }
}

fn sound(samples: usize) -> Arc<Sound> {
    Arc::new(Sound::from_samples(&vec![1000; samples]))
}

impl Desk {
    /// Two sessions with their descriptions, A and B.
    fn new() -> Self {
        let mut desk = Self {
            exchange: Exchange::new(TIMEOUT, sound(1600)),
            now: Duration::ZERO,
            out: Record::default(),
        };
        for session in [A, B] {
            let start = StreamStart {
                ssrc: session.0 as u32,
                sequence: 100,
                timestamp: 1000,
            };
            desk.exchange.open(session, start);
            desk.tell(MediaCommand::SetRemote {
                session,
                remote: remote(session),
            });
        }
        desk
    }

    fn bridged() -> Self {
        let mut desk = Self::new();
        desk.tell(MediaCommand::Bridge {
            a: A,
            b: B,
            token: 7,
        });
        desk.out.told.clear();
        desk
    }

    fn tell(&mut self, command: MediaCommand) {
        self.exchange.handle(command, self.now, &mut self.out);
    }

    fn play(&mut self, session: SessionId, sound: Arc<Sound>, playback: u32) {
        self.tell(MediaCommand::Play {
            session,
            sound,
            playback,
            repeat: false,
        });
    }

    fn hold(&mut self, session: SessionId, send: bool, receive: bool) {
        let remote = RemoteMedia {
            send,
            receive,
            ..remote(session)
        };
        self.tell(MediaCommand::SetRemote { session, remote });
    }

    fn hear(&mut self, session: SessionId, packet: &[u8]) {
        self.exchange
            .receive(session, addr(session), packet, self.now, &mut self.out);
    }

    /// One packet of voice.
    fn voice(&mut self, session: SessionId, number: u16) {
        let packet = rtp(0, number, u32::from(number) * 160, &[0x11; 160]);
        self.hear(session, &packet);
    }

    /// Lets the time go on, a millisecond a tick.
    fn pass(&mut self, ms: u64) {
        for _ in 0..ms {
            self.now += Duration::from_millis(1);
            self.exchange.tick(self.now, &mut self.out);
        }
    }

    /// The packets sent to a leg since the last look.
    fn heard_by(&mut self, session: SessionId) -> Vec<Vec<u8>> {
        let sent = std::mem::take(&mut self.out.sent);
        sent.into_iter()
            .filter(|(from, to, _)| *from == session && *to == addr(session))
            .map(|(_, _, packet)| packet)
            .collect()
    }
}

fn rtp(payload_type: u8, sequence: u16, timestamp: u32, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, payload_type];
    packet.extend_from_slice(&sequence.to_be_bytes());
    packet.extend_from_slice(&timestamp.to_be_bytes());
    packet.extend_from_slice(&[9, 9, 9, 9]);
    packet.extend_from_slice(payload);
    packet
}

#[test]
fn an_announcement_takes_its_time_and_its_end_is_told_once() {
    let mut desk = Desk::new();
    desk.play(A, sound(1600), 3);
    desk.pass(199);
    assert_eq!(desk.heard_by(A).len(), 10);
    assert_eq!(desk.out.told, []);
    desk.pass(300);
    assert_eq!(desk.heard_by(A).len(), 0);
    let ended = MediaEvent::PlaybackEnded {
        session: A,
        playback: 3,
    };
    assert_eq!(desk.out.told, [ended]);
}

#[test]
fn what_is_replaced_or_stopped_tells_no_end() {
    let mut desk = Desk::new();
    desk.play(A, sound(1600), 1);
    desk.pass(50);
    desk.play(A, sound(160), 2);
    desk.play(B, sound(1600), 3);
    desk.pass(50);
    desk.tell(MediaCommand::Stop { session: B });
    desk.pass(1000);
    let ended = MediaEvent::PlaybackEnded {
        session: A,
        playback: 2,
    };
    assert_eq!(desk.out.told, [ended]);
}

#[test]
fn an_announcement_waits_for_the_description() {
    let mut desk = Desk::new();
    let session = SessionId(3);
    let start = StreamStart {
        ssrc: 3,
        sequence: 0,
        timestamp: 0,
    };
    desk.exchange.open(session, start);
    desk.play(session, sound(320), 1);
    desk.pass(500);
    assert_eq!(desk.heard_by(session).len(), 0);
    desk.tell(MediaCommand::SetRemote {
        session,
        remote: remote(session),
    });
    desk.pass(100);
    assert_eq!(desk.heard_by(session).len(), 2);
    assert_eq!(desk.out.told.len(), 1);
}

#[test]
fn a_sleeping_thread_neither_hurries_nor_loses_frames() {
    let mut desk = Desk::new();
    desk.play(A, sound(1600), 1);
    desk.pass(30);
    desk.now += Duration::from_secs(2);
    desk.pass(1);
    assert_eq!(desk.heard_by(A).len(), 3, "two before, one after");
    desk.pass(300);
    assert_eq!(desk.heard_by(A).len(), 7);
}

#[test]
fn a_bridge_tells_that_it_stands_and_carries_both_ways() {
    let mut desk = Desk::new();
    desk.play(A, sound(8000), 1);
    desk.tell(MediaCommand::Bridge {
        a: A,
        b: B,
        token: 7,
    });
    assert_eq!(desk.out.told, [MediaEvent::Bridged { token: 7 }]);
    desk.pass(100);
    assert_eq!(desk.heard_by(A).len(), 0, "the announcement has stopped");
    desk.voice(A, 1);
    assert_eq!(desk.heard_by(B)[0][12..], [0x11; 160]);
    desk.voice(B, 1);
    assert_eq!(desk.heard_by(A)[0][12..], [0x11; 160]);
    desk.tell(MediaCommand::Unbridge { session: B });
    desk.voice(A, 2);
    desk.voice(B, 2);
    assert!(desk.out.sent.is_empty());
}

#[test]
fn a_bridge_with_a_leg_that_is_gone_never_stands() {
    let mut desk = Desk::new();
    desk.tell(MediaCommand::Close { session: B });
    desk.tell(MediaCommand::Bridge {
        a: A,
        b: B,
        token: 7,
    });
    assert_eq!(desk.out.told, []);
}

#[test]
fn a_leg_is_bridged_to_one_other_at_a_time() {
    let mut desk = Desk::bridged();
    let third = SessionId(3);
    let start = StreamStart {
        ssrc: 3,
        sequence: 0,
        timestamp: 0,
    };
    desk.exchange.open(third, start);
    desk.tell(MediaCommand::SetRemote {
        session: third,
        remote: remote(third),
    });
    desk.tell(MediaCommand::Bridge {
        a: third,
        b: A,
        token: 8,
    });
    desk.voice(B, 1);
    assert!(desk.out.sent.is_empty(), "the old leg is heard by nobody");
    desk.voice(A, 1);
    assert_eq!(desk.heard_by(third).len(), 1);
}

#[test]
fn what_is_played_is_heard_instead_of_the_other_leg() {
    let mut desk = Desk::bridged();
    desk.play(A, sound(320), 1);
    desk.pass(5);
    desk.voice(B, 1);
    assert_eq!(desk.heard_by(A).len(), 1, "the announcement");
    desk.pass(100);
    desk.out.sent.clear();
    desk.voice(B, 2);
    assert_eq!(desk.heard_by(A).len(), 1, "the other leg again");
}

#[test]
fn each_key_is_told_once_and_passed_with_every_packet() {
    let mut desk = Desk::bridged();
    let mapped = RemoteMedia {
        dtmf_payload_type: Some(96),
        ..remote(B)
    };
    desk.tell(MediaCommand::SetRemote {
        session: B,
        remote: mapped,
    });
    for number in 0..6_u8 {
        let end = if number > 3 { 0x8a } else { 0x0a };
        let event = [5, end, 0, number * 40];
        desk.hear(A, &rtp(101, u16::from(number), 800, &event));
    }
    desk.hear(A, &rtp(101, 6, 4000, &[11, 0x8a, 0, 160]));
    let keys: Vec<_> = desk.out.told.clone();
    let key = |digit| MediaEvent::Dtmf { session: A, digit };
    assert_eq!(keys, [key('5'), key('#')]);
    let passed = desk.heard_by(B);
    assert_eq!(passed.len(), 7);
    assert!(passed.iter().all(|packet| packet[1] & 0x7f == 96));
    assert_eq!(passed[4][12..], [5, 0x8a, 0, 160]);
}

#[test]
fn keys_are_not_sent_to_a_leg_that_did_not_ask_for_them() {
    let mut desk = Desk::bridged();
    let without = RemoteMedia {
        dtmf_payload_type: None,
        ..remote(B)
    };
    desk.tell(MediaCommand::SetRemote {
        session: B,
        remote: without,
    });
    desk.hear(A, &rtp(101, 0, 800, &[5, 0x8a, 0, 160]));
    assert!(desk.out.sent.is_empty());
    assert_eq!(desk.out.told.len(), 1);
}

#[test]
fn a_closed_session_leaves_nothing_behind() {
    let mut desk = Desk::bridged();
    desk.play(A, sound(8000), 1);
    desk.tell(MediaCommand::Close { session: A });
    desk.tell(MediaCommand::Close { session: B });
    desk.pass(30);
    assert_eq!(desk.exchange.sessions.len(), 0);
    assert_eq!(desk.exchange.due.len(), 0);
    assert_eq!(desk.exchange.next_tick(), None);
}
