//! Reports on voice (RTCP) at the port beside it.

use std::net::SocketAddr;

use madoguchi_endpoint::media::{MediaEvent, Report, ReportBlock, SenderInfo};
use madoguchi_sip::sdp::Codec;

use super::phone::{Phone, bridge, next, socket, start};

#[test]
fn a_phone_is_told_what_came_from_it_and_what_it_tells_is_known() {
    let (media, mut events) = start();
    let (a, b) = (
        Phone::new(&media, 1, Codec::Pcmu),
        Phone::new(&media, 2, Codec::Pcmu),
    );
    let reports = socket();
    let mut remote = a.remote();
    remote.reports = Some(reports.local_addr().unwrap());
    media.set_remote(a.session, remote);
    bridge(&media, &mut events, &a, &b);
    // The third one is lost.
    for number in [1, 2, 4, 5] {
        a.say(number, &[0x11; 160]);
    }
    b.say(1, &[0x22; 160]);
    let ours = a.hear().ssrc;

    let mut bytes = [0; 500];
    let (length, from) = reports.recv_from(&mut bytes).expect("a report");
    let port = a.desk.port() + 1;
    assert_eq!(from, SocketAddr::new(a.desk.ip(), port));
    let told = Report::parse_all(&bytes[..length]).unwrap();
    let block = told[0].blocks[0];
    assert_eq!(
        (told[0].ssrc, block.ssrc, block.lost),
        (ours, 0x5151_5151, 1)
    );
    let sender = told[0].sender.expect("something was sent");
    assert_eq!((sender.packets, sender.octets), (1, 160));

    let heard = ReportBlock {
        ssrc: ours,
        fraction_lost: 0,
        lost: 7,
        highest: 1,
        jitter: 0,
        last_report: (sender.ntp >> 16) as u32,
        since_last_report: 0,
    };
    let report = Report {
        ssrc: 0x5151_5151,
        sender: None::<SenderInfo>,
        blocks: vec![heard],
    };
    reports.send_to(&report.to_bytes("phone"), from).unwrap();
    let quality = (0..20).find_map(|_| match next(&mut events) {
        MediaEvent::Quality { session, quality } if session == a.session => {
            quality.far_packets_lost.map(|_| quality)
        }
        _ => None,
    });
    let quality = quality.expect("what the phone told");
    assert_eq!(
        (quality.packets_lost, quality.far_packets_lost),
        (1, Some(7))
    );
    assert!(
        quality.round_trip_ms.is_some_and(|ms| ms < 5_000),
        "{quality:?}"
    );
}
