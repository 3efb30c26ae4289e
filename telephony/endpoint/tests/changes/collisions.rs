//! Requests that collide: two offers at once, two INVITEs at once (RFC 3261 14, RFC 3311 5).

use madoguchi_core::live::AgentCommand;
use madoguchi_sip::message::{HeaderName, Method, Response};

use super::bench::Bench;
use super::desk::Settings;
use super::peer::Peer;

const SECRET: (&str, &str) = ("201", "secret");

/// A caller in the queue whose session is refreshed by the desk every 45 seconds.
fn waiting(more: &str) -> (Bench, Peer, Response) {
    let mut settings = Settings::new();
    settings.endpoint.session_expires_secs = 90;
    let mut bench = Bench::new(settings);
    let carrier = Peer::new("127.0.0.1:6001");
    let more = format!("Supported: timer\r\n{more}");
    let invite = carrier.request("INVITE", "0312345678", "5000", "c", 1, &more);
    bench.send(&carrier, invite);
    let accepted = bench.response_to(&carrier).unwrap();
    bench.send(&carrier, carrier.in_dialog("ACK", &accepted, 1));
    (bench, carrier, accepted)
}

fn status(bench: &mut Bench, peer: &Peer, request: Vec<u8>) -> u16 {
    bench.send(peer, request);
    bench.response_to(peer).unwrap().status
}

#[test]
fn an_offer_that_meets_our_open_offer_gets_491_and_a_later_one_is_taken() {
    let (mut bench, carrier, call) = waiting("");
    bench.secs(45);
    let ours = bench.request_to(&carrier).expect("the desk refreshes");
    assert_eq!(ours.method, Method::Invite);
    for (method, cseq, offers, expected) in [
        ("INVITE", 2, true, 491),
        ("INVITE", 3, false, 491),
        ("UPDATE", 4, true, 491),
        ("UPDATE", 5, false, 200),
    ] {
        let request = carrier.inside(method, &call, cseq, "", offers);
        assert_eq!(
            status(&mut bench, &carrier, request),
            expected,
            "{method} {cseq}"
        );
    }
    bench.reply(&carrier, &carrier.answer(&ours, 200));
    let request = carrier.inside("INVITE", &call, 6, "", true);
    assert_eq!(status(&mut bench, &carrier, request), 200);
}

#[test]
fn a_collision_leaves_the_media_as_they_were() {
    let (mut bench, carrier, call) = waiting("");
    bench.secs(45);
    let ours = bench.request_to(&carrier).unwrap();
    let hold = String::from_utf8(carrier.inside("INVITE", &call, 2, "", true)).unwrap();
    let line = "a=rtpmap:0 PCMU/8000\r\n";
    let hold = hold.replace(line, "a=sendonly  \r\na=rtpmap:0 PCMU\r\n");
    assert_eq!(status(&mut bench, &carrier, hold.into_bytes()), 491);
    bench.reply(&carrier, &carrier.answer(&ours, 200));
    bench.secs(45);
    let next = bench.request_to(&carrier).unwrap();
    assert_eq!(
        next.body, ours.body,
        "the same description, not that of a hold"
    );
}

#[test]
fn an_offer_before_the_answer_to_the_desks_late_offer_gets_491() {
    let (mut bench, carrier, call) = waiting("");
    let late = carrier.inside("INVITE", &call, 2, "", false);
    bench.send(&carrier, late);
    let accepted = bench.response_to(&carrier).unwrap();
    assert!(accepted.status == 200 && !accepted.body.is_empty());
    let update = carrier.inside("UPDATE", &call, 3, "", true);
    assert_eq!(status(&mut bench, &carrier, update), 491);
    let second = carrier.inside("INVITE", &call, 4, "", true);
    assert_eq!(status(&mut bench, &carrier, second), 491);
}

/// RFC 3261 14.2, RFC 3311 5.2.
#[test]
fn a_second_invite_before_the_first_is_answered_gets_500_and_when_to_come_again() {
    let mut bench = Bench::new(Settings::new());
    let (carrier, phone) = (Peer::new("127.0.0.1:6001"), Peer::new("127.0.0.1:7001"));
    assert_eq!(bench.register(&phone, SECRET, "reg"), 200);
    assert!(bench.command("a", AgentCommand::Ready));
    bench.prove(&phone, SECRET, "INVITE", "0451112222", "out");
    let outside = bench.request_to(&carrier).expect("the carrier is called");
    bench.reply(&carrier, &carrier.answer(&outside, 180));
    let early = bench.progress_to(&phone).expect("the phone hears it ring");
    for (method, cseq, offers) in [
        ("INVITE", 3, true),
        ("INVITE", 4, false),
        ("UPDATE", 5, true),
    ] {
        let request = phone.inside(method, &early, cseq, "", offers);
        bench.send(&phone, request);
        let refusal = bench.response_to(&phone).unwrap();
        assert_eq!(refusal.status, 500, "{method}");
        let wait = refusal.headers.get(&HeaderName::RetryAfter).unwrap();
        assert!(wait.parse::<u32>().unwrap() <= 10);
    }
    bench.reply(&carrier, &carrier.answer(&outside, 200));
    assert_eq!(bench.response_to(&phone).unwrap().status, 200);
}
