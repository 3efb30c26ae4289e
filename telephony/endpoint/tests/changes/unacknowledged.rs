//! Callers who are known by their address alone, and never acknowledge their 200.

use madoguchi_core::event::EventKind;

use super::bench::Bench;
use super::desk::Settings;
use super::peer::Peer;

fn invite(bench: &mut Bench, carrier: &Peer, call: &str) -> madoguchi_sip::message::Response {
    let bytes = carrier.request("INVITE", "0312345678", "5000", call, 1, "");
    bench.send(carrier, bytes);
    bench.response_to(carrier).unwrap()
}

/// RFC 3261 13.3.1.4.
#[test]
fn an_answered_call_without_ack_ends_with_bye_and_gives_its_port_back() {
    let mut bench = Bench::new(Settings::new());
    let carrier = Peer::new("127.0.0.1:6001");
    assert_eq!(invite(&mut bench, &carrier, "c").status, 200);
    bench.secs(31);
    assert_eq!(bench.switch.calls_in_progress(), 1);
    bench.secs(2);
    let bye = bench.requests_to(&carrier).remove(0);
    assert_eq!(bye.method.as_str(), "BYE");
    assert_eq!(bench.switch.calls_in_progress(), 0);
    assert_eq!(bench.ports().in_use, 0);
    let abandoned = |event: &&EventKind| matches!(event, EventKind::Abandoned { .. });
    assert_eq!(bench.events.iter().filter(abandoned).count(), 1);
}

/// The address of the INVITE may be forged, and its description name a third party.
#[test]
fn nothing_is_sent_before_the_ack_to_whoever_the_description_names() {
    let mut bench = Bench::with_real_voice(Settings::new());
    let (carrier, victim) = (Peer::new("127.0.0.1:6001"), Peer::new("127.0.0.1:6002"));
    let sdp = "Content-Type: application/sdp\r\n";
    let offer = victim.offer();
    let bytes = carrier.request_with("INVITE", "0312345678", "5000", "c", 1, sdp, &offer);
    bench.send(&carrier, bytes);
    let response = bench.response_to(&carrier).unwrap();
    // Music plays meanwhile, to nobody.
    let second = std::time::Duration::from_secs(1);
    victim.rtp.set_read_timeout(Some(second)).unwrap();
    let mut packet = [0; 2_000];
    assert!(
        victim.rtp.recv(&mut packet).is_err(),
        "voice before the ACK"
    );
    bench.send(&carrier, carrier.in_dialog("ACK", &response, 1));
    assert_eq!(victim.rtp.recv(&mut packet).unwrap(), 172);
}

#[test]
fn a_flood_of_unacknowledged_calls_does_not_use_up_the_ports() {
    let mut bench = Bench::with_ports(Settings::new(), 30_040..=30_119);
    let carrier = Peer::new("127.0.0.1:6001");
    let honest = bench.call(&carrier, "5000", "honest");
    assert_eq!(honest.status, 200);
    for n in 0..200 {
        // Ten a second, for twenty seconds: five times the ports.
        assert_eq!(
            invite(&mut bench, &carrier, &format!("f{n}")).status,
            200,
            "call {n}"
        );
        bench.pass(100);
        assert!(bench.ports().in_use <= 31);
    }
    let byes = bench.requests_to(&carrier);
    assert!(byes.len() > 100 && byes.iter().all(|bye| bye.method.as_str() == "BYE"));
    let told = byes.iter().filter(|bye| bye.call_id() == honest.call_id());
    assert_eq!(told.count(), 0, "whoever acknowledged stays");
    let arrived = |event: &&EventKind| matches!(event, EventKind::Arrived { .. });
    assert_eq!(bench.events.iter().filter(arrived).count(), 201);
}
