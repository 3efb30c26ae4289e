//! How well voice came through is told before the talk is over, with the trunk or the agent whose leg it was.

use madoguchi_core::event::{EventKind, Party};
use madoguchi_core::live::AgentCommand;
use madoguchi_endpoint::media::MediaEvent;
use madoguchi_sip::sdp::{self, Encryption, KeySecret, Local};

use super::bench::Bench;
use super::desk::Settings;
use super::peer::Peer;

fn end_of(peer: &Peer) -> Local {
    Local {
        session_id: 5,
        version: 1,
        rtp: peer.rtp.local_addr().unwrap(),
        encryption: Encryption::Off,
        secret: KeySecret::new([5; 32]),
    }
}

#[test]
fn the_voice_of_both_legs_is_measured_until_somebody_hangs_up() {
    let mut bench = Bench::with_real_voice(Settings::new());
    let (carrier, phone) = (Peer::new("127.0.0.1:6001"), Peer::new("127.0.0.1:7001"));
    assert_eq!(bench.register(&phone, ("201", "secret"), "one"), 200);
    bench.command("a", AgentCommand::Ready);
    let answer = bench.call(&carrier, "5000", "c");
    let invite = bench.request_to(&phone).expect("the phone rings");
    let (agreed, description) = sdp::answer(&invite.body, &end_of(&phone)).unwrap();
    let mut picked_up = phone.answer(&invite, 200);
    picked_up.body = description;
    bench.reply(&phone, &picked_up);
    bench.media();
    let desk = sdp::accept_answer(&answer.body, &end_of(&carrier)).unwrap();
    for (number, lost) in [(1, false), (2, true), (3, false)] {
        let mut packet = vec![0x80, 0, 0, number, 0, 0, number, 0, 9, 9, 9, 9];
        packet.resize(172, 0x11);
        if !lost {
            carrier.rtp.send_to(&packet, desk.remote).unwrap();
        }
        phone.rtp.send_to(&packet, agreed.remote).unwrap();
    }
    let mut told = Vec::new();
    while told.len() < 2 {
        if let MediaEvent::Quality { session, quality } = bench.media()
            && quality.packets_received > 1
        {
            told.retain(|other| *other != session);
            told.push(session);
        }
    }
    bench.send(&carrier, carrier.in_dialog("BYE", &answer, 2));
    let measured = |leg: Party| {
        let mut events = bench.events.iter();
        let found = events.rposition(
            |event| matches!(event, EventKind::VoiceMeasured { leg: other, .. } if *other == leg),
        );
        let at = found.unwrap_or_else(|| panic!("{leg:?} in {:?}", bench.events));
        let ended = |event: &EventKind| matches!(event, EventKind::Ended { .. });
        assert!(bench.events[at..].iter().any(ended), "before the end");
        bench.events[at].clone()
    };
    let EventKind::VoiceMeasured {
        trunk,
        agent,
        quality,
        ..
    } = measured(Party::Caller)
    else {
        unreachable!()
    };
    assert_eq!((trunk.as_deref(), agent), (Some("carrier"), None));
    assert_eq!((quality.packets_received, quality.packets_lost), (2, 1));
    let EventKind::VoiceMeasured {
        trunk,
        agent,
        quality,
        ..
    } = measured(Party::Agent)
    else {
        unreachable!()
    };
    assert_eq!((trunk, agent), (None, Some("a".into())));
    assert_eq!((quality.packets_received, quality.packets_lost), (3, 0));
}
