//! Session timers (RFC 4028): who refreshes, how, and what follows when a refresh is refused.

use madoguchi_core::live::AgentCommand;
use madoguchi_sip::message::{HeaderName, Method, Request, Response};

use super::bench::Bench;
use super::desk::Settings;
use super::peer::Peer;

const SECRET: (&str, &str) = ("201", "secret");
const HALF_SECS: u64 = 45;

fn bench() -> Bench {
    let mut settings = Settings::new();
    settings.endpoint.session_expires_secs = 90;
    Bench::new(settings)
}

/// A caller in the queue, whose INVITE had these lines, too.
fn waiting(more: &str) -> (Bench, Peer, Response) {
    let mut bench = bench();
    let carrier = Peer::new("127.0.0.1:6001");
    let invite = carrier.request("INVITE", "0312345678", "5000", "c", 1, more);
    bench.send(&carrier, invite);
    let accepted = bench.response_to(&carrier).unwrap();
    bench.send(&carrier, carrier.in_dialog("ACK", &accepted, 1));
    (bench, carrier, accepted)
}

/// A refusal of a refresh.
fn refusal(peer: &Peer, refresh: &Request, status: u16) -> Response {
    let mut response = refresh.respond(status, None);
    if status == 500 {
        response
            .headers
            .push(HeaderName::RetryAfter, "1 (soon);duration=5");
    }
    let _same_peer = peer;
    response
}

fn session_expires(headers: &madoguchi_sip::message::Headers) -> Option<&str> {
    headers.get(&HeaderName::SessionExpires)
}

#[test]
fn a_refresh_below_the_minimum_gets_422_and_the_old_timer_stays() {
    for method in ["UPDATE", "INVITE"] {
        let (mut bench, carrier, call) =
            waiting("Supported: timer\r\nSession-Expires: 90;refresher=uac\r\n");
        assert_eq!(session_expires(&call.headers), Some("90;refresher=uac"));
        bench.secs(30);
        let more = "Supported: timer\r\nSession-Expires: 30;refresher=uac\r\n";
        let request = carrier.inside(method, &call, 2, more, method == "INVITE");
        bench.send(&carrier, request);
        let refused = bench.response_to(&carrier).unwrap();
        assert_eq!(refused.status, 422, "{method}");
        assert_eq!(refused.headers.get(&HeaderName::MinSe), Some("90"));
        // The caller promised to refresh within 90 s: given up 30 s before.
        bench.secs(29);
        assert!(bench.requests_to(&carrier).is_empty(), "{method}");
        bench.secs(2);
        let end = bench
            .repeated_request_to(&carrier)
            .map(|request| request.method);
        assert_eq!(end, Some(Method::Bye), "{method}");
    }
}

#[test]
fn a_refused_refresh_changes_no_address_of_the_peer() {
    let (mut bench, carrier, call) = waiting("Supported: timer\r\n");
    let more = "Supported: timer\r\nSession-Expires: 30\r\n";
    bench.send(&carrier, carrier.inside("UPDATE", &call, 2, more, false));
    assert_eq!(bench.response_to(&carrier).unwrap().status, 422);
    bench.secs(HALF_SECS);
    let refresh = bench.repeated_request_to(&carrier).unwrap();
    assert_eq!(refresh.uri.user.as_deref(), Some("0312345678"));
}

#[test]
fn a_hold_that_says_nothing_of_the_timer_leaves_the_refreshing_to_whom_it_was() {
    let (mut bench, carrier, call) =
        waiting("Supported: timer\r\nSession-Expires: 90;refresher=uac\r\n");
    let request = carrier.inside("INVITE", &call, 2, "Supported: timer\r\n", true);
    bench.send(&carrier, request);
    let accepted = bench.response_to(&carrier).unwrap();
    assert_eq!(session_expires(&accepted.headers), Some("90;refresher=uac"));
    bench.send(&carrier, carrier.in_dialog("ACK", &accepted, 2));
    bench.secs(HALF_SECS + 5);
    assert!(bench.requests_to(&carrier).is_empty(), "it is not our turn");
}

/// RFC 3261 14.1: whoever chose the Call-ID waits longer.
#[test]
fn a_refused_refresh_of_a_callers_session_comes_again_within_two_seconds() {
    for status in [491, 503, 408, 500] {
        let (mut bench, carrier, _) = waiting("Supported: timer\r\n");
        bench.secs(HALF_SECS);
        for _ in 0..3 {
            let refresh = bench.repeated_request_to(&carrier).expect("a refresh");
            assert_eq!(refresh.method, Method::Invite, "{status}");
            assert_eq!(session_expires(&refresh.headers), Some("90;refresher=uac"));
            bench.reply(&carrier, &refusal(&carrier, &refresh, status));
            bench.pass(2_000);
        }
        let refresh = bench.repeated_request_to(&carrier).expect("a refresh");
        bench.reply(&carrier, &carrier.answer(&refresh, 200));
        bench.secs(HALF_SECS - 1);
        assert!(
            bench.requests_to(&carrier).is_empty(),
            "{status}: refreshed"
        );
        assert_eq!(bench.switch.calls_in_progress(), 1);
    }
}

#[test]
fn a_refused_refresh_of_a_session_that_we_began_comes_again_after_two_to_four_seconds() {
    for status in [491, 503, 408, 500] {
        let mut bench = bench();
        let (carrier, phone) = (Peer::new("127.0.0.1:6001"), Peer::new("127.0.0.1:7001"));
        assert_eq!(bench.register(&phone, SECRET, "reg"), 200);
        assert!(bench.command("a", AgentCommand::Ready));
        bench.call(&carrier, "5000", "c");
        bench.pick_up(&phone);
        bench.secs(HALF_SECS);
        let refresh = bench
            .repeated_request_to(&phone)
            .expect("the phone's session");
        bench.reply(&phone, &refusal(&phone, &refresh, status));
        bench.pass(2_090);
        assert!(bench.requests_to(&phone).is_empty(), "{status}: too early");
        bench.pass(1_910);
        let again = bench.repeated_request_to(&phone).expect("a second try");
        assert_eq!(again.method, Method::Invite, "{status}");
        bench.reply(&phone, &phone.answer(&again, 200));
        assert_eq!(bench.switch.calls_in_progress(), 1);
    }
}

#[test]
fn who_asks_for_more_time_than_the_session_has_is_asked_once_more_before_its_end() {
    let (mut bench, carrier, _) = waiting("Supported: timer\r\n");
    bench.secs(HALF_SECS);
    let refresh = bench.repeated_request_to(&carrier).unwrap();
    let mut busy = refresh.respond(503, None);
    busy.headers.push(HeaderName::RetryAfter, "3600");
    bench.reply(&carrier, &busy);
    bench.secs(34);
    assert!(bench.requests_to(&carrier).is_empty(), "it is left alone");
    bench.secs(2);
    let again = bench.repeated_request_to(&carrier).expect("a last try");
    bench.reply(&carrier, &carrier.answer(&again, 200));
    bench.secs(HALF_SECS - 1);
    assert_eq!(bench.switch.calls_in_progress(), 1);
}

#[test]
fn a_session_that_is_never_refreshed_ends_with_its_interval_and_not_before() {
    let (mut bench, carrier, _) = waiting("Supported: timer\r\nSession-Expires: 90\r\n");
    for second in 0..90 {
        for request in bench.requests_to(&carrier) {
            assert_eq!(request.method, Method::Invite, "second {second}");
            bench.reply(&carrier, &request.respond(503, None));
        }
        bench.secs(1);
    }
    let last = bench.requests_to(&carrier);
    assert!(last.iter().any(|request| request.method == Method::Bye));
    assert_eq!(bench.switch.calls_in_progress(), 0);
}

#[test]
fn a_refresh_that_nobody_answers_is_tried_again_while_the_session_lasts() {
    let (mut bench, carrier, _) = waiting("Supported: timer\r\nSession-Expires: 180\r\n");
    bench.change(|settings| settings.endpoint.session_expires_secs = 90);
    bench.secs(HALF_SECS);
    let first = bench.requests_to(&carrier).remove(0);
    bench.secs(36);
    let tries = bench.requests_to(&carrier);
    let second = tries
        .iter()
        .find(|request| request.cseq().unwrap().seq > first.cseq().unwrap().seq)
        .expect("a second try");
    bench.reply(&carrier, &carrier.answer(second, 200));
    bench.secs(20);
    assert_eq!(bench.switch.calls_in_progress(), 1);
}

#[test]
fn a_peer_without_session_timers_lives_as_long_as_it_answers_whatever_it_answers() {
    let (mut bench, carrier, _) = waiting("");
    for _ in 0..1_000 {
        for request in bench.requests_to(&carrier) {
            assert_ne!(request.method, Method::Bye);
            bench.reply(&carrier, &request.respond(488, None));
        }
        bench.secs(1);
    }
    assert_eq!(bench.switch.calls_in_progress(), 1);
}

#[test]
fn a_dialog_that_the_peer_does_not_know_any_more_is_over() {
    let (mut bench, carrier, _) = waiting("Supported: timer\r\n");
    bench.secs(HALF_SECS);
    let refresh = bench.repeated_request_to(&carrier).unwrap();
    bench.reply(&carrier, &refresh.respond(481, None));
    assert_eq!(bench.switch.calls_in_progress(), 0);
}

#[test]
fn a_peer_that_knows_update_is_refreshed_without_an_offer_and_others_by_invite() {
    let (mut bench, carrier, _) =
        waiting("Supported: timer\r\nAllow: INVITE, ACK, CANCEL, BYE, UPDATE\r\n");
    bench.secs(HALF_SECS);
    let update = bench.repeated_request_to(&carrier).unwrap();
    assert_eq!((update.method.as_str(), update.body.len()), ("UPDATE", 0));
    assert_eq!(session_expires(&update.headers), Some("90;refresher=uac"));
    let mut accepted = update.respond(200, None);
    let agreed = "120;refresher=uas";
    accepted.headers.push(HeaderName::SessionExpires, agreed);
    bench.sent.clear();
    bench.reply(&carrier, &accepted);
    assert!(bench.sent.is_empty(), "an UPDATE has no ACK");
    bench.secs(87);
    assert_eq!(
        bench.switch.calls_in_progress(),
        1,
        "the peer has taken the refreshing over"
    );
    bench.secs(2);
    assert_eq!(bench.switch.calls_in_progress(), 0);
}

#[test]
fn a_peer_that_refuses_update_gets_an_invite_at_once() {
    for status in [405, 501] {
        let (mut bench, carrier, _) = waiting("Supported: timer\r\nAllow: INVITE, UPDATE\r\n");
        bench.secs(HALF_SECS);
        let update = bench.repeated_request_to(&carrier).unwrap();
        bench.reply(&carrier, &update.respond(status, None));
        let invite = bench.repeated_request_to(&carrier).expect("another way");
        assert_eq!(invite.method, Method::Invite);
        bench.reply(&carrier, &carrier.answer(&invite, 200));
        assert_eq!(bench.switch.calls_in_progress(), 1);
    }
}

/// RFC 4028 section 7.3.
#[test]
fn a_peer_that_wants_fewer_refreshes_gets_them() {
    let (mut bench, carrier, _) = waiting("Supported: timer\r\n");
    bench.secs(HALF_SECS);
    let refresh = bench.repeated_request_to(&carrier).unwrap();
    let mut refused = refresh.respond(422, None);
    refused.headers.push(HeaderName::MinSe, "300");
    bench.reply(&carrier, &refused);
    let again = bench
        .repeated_request_to(&carrier)
        .expect("with a longer interval");
    assert_eq!(session_expires(&again.headers), Some("300;refresher=uac"));
    assert_eq!(again.headers.get(&HeaderName::MinSe), Some("300"));
    // The same demand again is no progress: the desk does not go on at once.
    bench.reply(&carrier, &{
        let mut refused = again.respond(422, None);
        refused.headers.push(HeaderName::MinSe, "300");
        refused
    });
    assert!(bench.requests_to(&carrier).is_empty());
    assert_eq!(bench.switch.calls_in_progress(), 1);
}

/// RFC 3261 12.2.2: the call may have ended while a refresh was on its way.
#[test]
fn an_answer_to_a_refresh_of_a_call_that_is_over_is_acknowledged() {
    let (mut bench, carrier, call) = waiting("Supported: timer\r\n");
    bench.secs(HALF_SECS);
    let refresh = bench.repeated_request_to(&carrier).unwrap();
    bench.send(&carrier, carrier.in_dialog("BYE", &call, 2));
    assert_eq!(bench.response_to(&carrier).unwrap().status, 200);
    bench.reply(&carrier, &carrier.answer(&refresh, 200));
    let sent: Vec<_> = bench.sent.iter().map(|(_, message)| message).collect();
    let acknowledged = sent.iter().any(|message| {
        matches!(message, madoguchi_sip::message::Message::Request(request)
            if request.method == Method::Ack)
    });
    assert!(acknowledged, "{sent:?}");
}
