//! How well voice comes through, in virtual time: what is told of legs, and what they are told.

use super::*;
use crate::media::reception::{middle, short};
use crate::media::rtcp::{Report, ReportBlock, SenderInfo};

impl Desk {
    /// Both speak evenly for so many packets, but what `lost` says of A's does not arrive.
    fn talk(&mut self, from: u16, packets: u16, lost: impl Fn(u16) -> bool) {
        for number in from..from + packets {
            if !lost(number) {
                self.voice(A, number);
            }
            self.voice(B, number);
            self.pass(20);
        }
    }

    fn quality(&self, session: SessionId) -> VoiceQuality {
        self.out.quality[&session]
    }

    /// The reports that went to a leg since the last look.
    fn reports_to(&mut self, session: SessionId) -> Vec<Report> {
        let (to, others): (Vec<_>, Vec<_>) = std::mem::take(&mut self.out.reports)
            .into_iter()
            .partition(|(from, _, _)| *from == session);
        self.out.reports = others;
        let read = to
            .iter()
            .map(|(_, _, bytes)| Report::parse_all(bytes).unwrap());
        read.flatten().collect()
    }

    fn told_by(&mut self, session: SessionId, report: &Report) {
        let mut source = addr(session);
        source.set_port(source.port() + 1);
        let bytes = report.to_bytes("x");
        self.exchange
            .receive_report(session, source, &bytes, self.now);
    }
}

#[test]
fn losses_of_a_leg_are_told_of_that_leg_alone() {
    let mut desk = Desk::bridged();
    desk.talk(1, 500, |number| number % 25 == 7);
    desk.pass(1_000);
    let (a, b) = (desk.quality(A), desk.quality(B));
    assert_eq!((a.packets_lost, a.lost_permille()), (20, Some(40)));
    assert_eq!((b.packets_lost, b.lost_permille()), (0, Some(0)));
    assert_eq!(a.packets_sent, b.packets_received);
    assert_eq!((a.jitter_ms, a.silent_ms), (0, 0));
}

#[test]
fn a_leg_without_voice_is_not_told_of() {
    let mut desk = Desk::bridged();
    desk.pass(4_000);
    assert!(desk.out.quality.is_empty());
    assert!(desk.out.reports.is_empty());
}

#[test]
fn a_leg_is_told_what_came_from_it_every_few_seconds() {
    let mut desk = Desk::bridged();
    desk.talk(1, 1_500, |number| number == 100);
    let reports = desk.reports_to(A);
    assert!((4..=12).contains(&reports.len()), "{}", reports.len());
    let last = reports.last().unwrap();
    assert_eq!(last.ssrc, A.0 as u32);
    let [block] = last.blocks.as_slice() else {
        panic!("{last:?}");
    };
    assert_eq!(
        (block.ssrc, block.lost, block.fraction_lost),
        (0x0909_0909, 1, 0)
    );
    let sender = last.sender.unwrap();
    assert_eq!(sender.octets, sender.packets * 160);
    let to: Vec<_> = desk
        .out
        .reports
        .iter()
        .map(|(_, to, _)| to.port())
        .collect();
    assert!(to.iter().all(|port| *port == 4_001), "{to:?}");
}

#[test]
fn who_only_listens_reports_as_a_receiver() {
    let mut desk = Desk::new();
    for number in 1..500 {
        desk.voice(A, number);
        desk.pass(20);
    }
    let reports = desk.reports_to(A);
    assert!(!reports.is_empty() && reports.iter().all(|report| report.sender.is_none()));
}

#[test]
fn reports_go_where_the_description_says() {
    let mut desk = Desk::bridged();
    let reports = SocketAddr::from(([192, 0, 2, 9], 999));
    desk.tell(MediaCommand::SetRemote {
        session: A,
        remote: RemoteMedia {
            reports: Some(reports),
            ..remote(A)
        },
    });
    desk.talk(1, 500, |_| false);
    let to: Vec<_> = desk.out.reports.iter().filter(|one| one.0 == A).collect();
    assert!(!to.is_empty() && to.iter().all(|(_, to, _)| *to == reports));
}

#[test]
fn what_a_leg_tells_of_ours_is_kept_and_its_round_trip_measured() {
    let mut desk = Desk::bridged();
    desk.talk(1, 500, |_| false);
    let last = desk.reports_to(A).pop().unwrap();
    let sent_at = last.sender.unwrap().ntp;
    let heard = |ssrc: u32, desk: &Desk| Report {
        ssrc: 0x0909_0909,
        sender: Some(SenderInfo {
            ntp: 0,
            timestamp: 0,
            packets: 1,
            octets: 160,
        }),
        blocks: vec![ReportBlock {
            ssrc,
            fraction_lost: 0,
            lost: 5,
            highest: 100,
            jitter: 80,
            last_report: middle(sent_at),
            // All but 60 ms of the time since then.
            since_last_report: middle(crate::media::reception::ntp(desk.now))
                .wrapping_sub(middle(sent_at))
                .wrapping_sub(short(Duration::from_millis(60))),
        }],
    };
    let of_another = heard(4_711, &desk);
    desk.told_by(A, &of_another);
    desk.pass(1_000);
    assert_eq!(desk.quality(A).far_packets_lost, None, "another stream");
    let of_ours = heard(A.0 as u32, &desk);
    desk.told_by(A, &of_ours);
    desk.pass(1_000);
    let quality = desk.quality(A);
    assert_eq!(quality.far_packets_lost, Some(5));
    assert_eq!(quality.far_jitter_ms, Some(10));
    assert!(
        (59..=61).contains(&quality.round_trip_ms.unwrap()),
        "{quality:?}"
    );
    assert_eq!(desk.quality(B).far_packets_lost, None);
}

#[test]
fn a_stranger_reports_on_nobody() {
    let mut desk = Desk::bridged();
    desk.talk(1, 200, |_| false);
    let block = ReportBlock {
        ssrc: A.0 as u32,
        fraction_lost: 0,
        lost: 5,
        highest: 100,
        jitter: 80,
        last_report: 0,
        since_last_report: 0,
    };
    let report = Report {
        ssrc: 1,
        sender: None,
        blocks: vec![block],
    };
    let stranger = SocketAddr::from(([203, 0, 113, 9], 4_001));
    let bytes = report.to_bytes("x");
    desk.exchange.receive_report(A, stranger, &bytes, desk.now);
    desk.pass(1_000);
    assert_eq!(desk.quality(A).far_packets_lost, None);
}

#[test]
fn who_falls_silent_while_the_other_speaks_is_measured_and_pauses_are_not() {
    let mut desk = Desk::bridged();
    desk.talk(1, 100, |_| false);
    // A pause of one and a half seconds.
    desk.talk(101, 75, |_| true);
    desk.talk(176, 100, |_| false);
    assert_eq!(desk.quality(A).silent_ms, 0);
    desk.talk(276, 250, |_| true);
    let silent = desk.quality(A).silent_ms;
    assert!((4_000..=5_000).contains(&silent), "{silent}");
    assert_eq!(desk.quality(B).silent_ms, 0);
    // Both silent: nobody misses anything.
    desk.pass(10_000);
    assert!(desk.quality(A).silent_ms - silent <= 2_000);
}

#[test]
fn what_is_said_into_a_hold_is_no_loss() {
    let mut desk = Desk::bridged();
    desk.talk(1, 100, |_| false);
    desk.hold(A, true, false);
    desk.talk(101, 100, |_| false);
    desk.hold(A, true, true);
    desk.talk(201, 100, |_| false);
    assert_eq!(desk.quality(A).packets_lost, 0);
}

#[test]
fn comfort_noise_is_part_of_the_stream() {
    let mut desk = Desk::bridged();
    for number in 1..200_u16 {
        let payload_type = if number % 10 == 0 { 13 } else { 0 };
        let packet = rtp(payload_type, number, u32::from(number) * 160, &[0x11; 160]);
        desk.hear(A, &packet);
        desk.voice(B, number);
        desk.pass(20);
    }
    desk.pass(1_000);
    assert_eq!(desk.quality(A).packets_lost, 0);
    assert_eq!(desk.quality(A).packets_received, 199);
}
