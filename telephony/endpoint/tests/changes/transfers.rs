//! An agent's phone hands its caller on to a colleague (REFER): what the phones are told, whom the caller
//! hears, and what is refused.

use madoguchi_core::event::{EventKind, TransferTarget};
use madoguchi_core::live::{AgentCommand, AgentState};
use madoguchi_sip::message::{HeaderName, Method, Request, Response};

use super::bench::Bench;
use super::desk::{Settings, agent, phone};
use super::peer::{Peer, authorization};

/// A caller who talks with a; b is ready, too.
pub(super) struct Talk {
    pub(super) bench: Bench,
    pub(super) carrier: Peer,
    pub(super) first: Peer,
    pub(super) second: Peer,
    pub(super) caller: Response,
    pub(super) agent: Response,
}

pub(super) fn talk() -> Talk {
    let mut settings = Settings::new();
    settings.endpoint.phones.push(phone("b", "202", "other"));
    settings.engine.agents.push(agent("b", "202"));
    let mut bench = Bench::new(settings);
    let carrier = Peer::new("127.0.0.1:6001");
    let (first, second) = (Peer::new("127.0.0.1:7001"), Peer::new("127.0.0.1:7002"));
    assert_eq!(bench.register(&first, ("201", "secret"), "one"), 200);
    assert_eq!(bench.register(&second, ("202", "other"), "two"), 200);
    bench.command("a", AgentCommand::Ready);
    let caller = bench.call(&carrier, "5000", "c");
    let agent = bench.pick_up(&first);
    bench.command("b", AgentCommand::Ready);
    Talk {
        bench,
        carrier,
        first,
        second,
        caller,
        agent,
    }
}

impl Talk {
    /// The phone of a asks for a transfer; the answer.
    pub(super) fn refer(&mut self, cseq: u32, more: &str) -> Response {
        let bytes = self.first.back_with("REFER", &self.agent, cseq, more, "");
        self.bench.send(&self.first, bytes);
        self.bench.response_to(&self.first).unwrap()
    }

    /// What the phone of a was told since; each is answered.
    pub(super) fn told(&mut self) -> Vec<String> {
        let requests = self.bench.requests_to(&self.first);
        let mut told = Vec::new();
        for request in requests {
            self.bench.reply(&self.first, &request.respond(200, None));
            told.push(line_of(&request));
        }
        told
    }

    pub(super) fn caller_is_there(&mut self) -> bool {
        self.bench.requests_to(&self.carrier).is_empty()
    }
}

/// What a request says: the status line that a NOTIFY tells, and whether more follow.
fn line_of(request: &Request) -> String {
    if request.method != Method::Notify {
        return request.method.as_str().to_owned();
    }
    assert!(
        request
            .headers
            .get(&HeaderName::Event)
            .unwrap()
            .starts_with("refer")
    );
    let kind = request.headers.get(&HeaderName::ContentType);
    assert_eq!(kind, Some("message/sipfrag;version=2.0"));
    let state = HeaderName::SubscriptionState;
    let state = request.headers.get(&state).unwrap().split(';').next();
    let body = String::from_utf8(request.body.clone()).unwrap();
    format!("{} {}", state.unwrap(), body.trim())
}

const TO_B: &str = "Refer-To: <sip:202@127.0.0.1>\r\n";

#[test]
fn the_colleague_gets_the_caller_and_the_first_phone_is_told_and_dismissed() {
    let mut talk = talk();
    let accepted = talk.refer(1, TO_B);
    assert_eq!(accepted.status, 202);
    assert!(accepted.contact().is_some());
    assert_eq!(talk.told(), ["active SIP/2.0 100 Trying"]);
    let invite = talk.bench.request_to(&talk.second).expect("b is rung");
    let answer = talk.second.answer(&invite, 200);
    talk.bench.reply(&talk.second, &answer);
    talk.bench.media();
    assert_eq!(talk.told(), ["terminated SIP/2.0 200 OK", "BYE"]);
    assert_eq!(talk.bench.state("b"), AgentState::Talking);
    assert!(talk.caller_is_there());
    let transferred = EventKind::Transferred {
        from: Some("a".into()),
        to: TransferTarget::Agent { agent: "b".into() },
    };
    assert!(talk.bench.events.contains(&transferred));
    let bye = talk.carrier.in_dialog("BYE", &talk.caller, 2);
    talk.bench.send(&talk.carrier, bye);
    assert_eq!(
        talk.bench.request_to(&talk.second).unwrap().method,
        Method::Bye
    );
    assert_eq!(talk.bench.calls.len(), 1, "one arrival");
}

#[test]
fn a_phone_that_hangs_up_at_once_leaves_the_caller_to_the_colleague() {
    let mut talk = talk();
    assert_eq!(talk.refer(1, TO_B).status, 202);
    talk.told();
    let bye = talk.first.back("BYE", &talk.agent, 2);
    talk.bench.send(&talk.first, bye);
    assert_eq!(talk.bench.response_to(&talk.first).unwrap().status, 200);
    assert!(talk.caller_is_there());
    talk.bench.pick_up(&talk.second);
    assert_eq!(talk.bench.state("b"), AgentState::Talking);
    assert!(talk.caller_is_there() && talk.told().is_empty());
    let ends = |kind: &EventKind| matches!(kind, EventKind::Ended { .. });
    assert!(!talk.bench.events.iter().any(ends));
}

#[test]
fn a_colleague_who_is_busy_silent_or_gone_gives_the_caller_back() {
    for (n, told) in [
        (0, "terminated SIP/2.0 486 Busy Here"),
        (1, "terminated SIP/2.0 480 Temporarily Unavailable"),
        (2, "terminated SIP/2.0 408 Request Timeout"),
    ] {
        let mut talk = talk();
        assert_eq!(talk.refer(1, TO_B).status, 202);
        talk.told();
        let invite = talk.bench.request_to(&talk.second).expect("b is rung");
        match n {
            0 => talk
                .bench
                .reply(&talk.second, &talk.second.answer(&invite, 486)),
            1 => talk
                .bench
                .reply(&talk.second, &talk.second.answer(&invite, 503)),
            _ => {
                let ringing = talk.second.answer(&invite, 180);
                talk.bench.reply(&talk.second, &ringing);
                talk.bench.secs(20);
            }
        }
        assert_eq!(talk.told(), [told]);
        assert_eq!(talk.bench.state("a"), AgentState::Talking);
        assert!(talk.caller_is_there());
        // It may be tried again, and tells the tries apart.
        talk.bench.secs(6);
        assert_eq!(talk.refer(2, TO_B).status, 202);
    }
}

#[test]
fn what_cannot_be_handed_on_so_is_refused_and_the_talk_goes_on() {
    let two = format!("{TO_B}{TO_B}");
    for (more, status) in [
        ("", 400),
        (two.as_str(), 400),
        ("Refer-To: <>\r\n", 400),
        ("Refer-To: <mailto:a@b>\r\n", 416),
        // To itself; to nobody; in the place of a dialog. (To the outside: `outward`.)
        ("Refer-To: <sip:201@127.0.0.1>\r\n", 603),
        ("Refer-To: <sip:somebody@127.0.0.1>\r\n", 404),
        (
            "Refer-To: <sip:202@127.0.0.1?Replaces=x%3Bto-tag%3D1%3Bfrom-tag%3D2>\r\n",
            481,
        ),
        (
            "Refer-To: <sip:202@127.0.0.1?Replaces=x%3Bto-tag%3D1>\r\n",
            400,
        ),
        ("Refer-To: <sip:202@127.0.0.1?Replaces=%zz>\r\n", 400),
    ] {
        let mut talk = talk();
        assert_eq!(talk.refer(1, more).status, status, "{more}");
        assert!(talk.told().is_empty(), "{more}");
        assert!(talk.bench.requests_to(&talk.second).is_empty(), "{more}");
        assert_eq!(talk.bench.state("a"), AgentState::Talking);
    }
}

#[test]
fn a_second_refer_waits_until_the_first_is_over() {
    let mut talk = talk();
    assert_eq!(talk.refer(1, TO_B).status, 202);
    assert_eq!(talk.refer(2, TO_B).status, 491);
    assert_eq!(talk.bench.requests_to(&talk.second).len(), 1);
}

#[test]
fn who_wants_no_news_gets_none() {
    let mut talk = talk();
    let silent = format!("{TO_B}refer-sub: false\r\n");
    let accepted = talk.refer(1, &silent);
    assert_eq!(accepted.status, 202);
    let sub = HeaderName::ReferSub;
    assert_eq!(accepted.headers.get(&sub), Some("false"));
    assert!(talk.told().is_empty());
}

#[test]
fn a_caller_hands_nobody_on() {
    let mut talk = talk();
    let refer = talk.carrier.inside("REFER", &talk.caller, 2, TO_B, false);
    talk.bench.send(&talk.carrier, refer);
    assert_eq!(talk.bench.response_to(&talk.carrier).unwrap().status, 405);
    assert!(talk.bench.requests_to(&talk.second).is_empty());
}

#[test]
fn a_caller_who_goes_meanwhile_ends_all_phones() {
    let mut talk = talk();
    assert_eq!(talk.refer(1, TO_B).status, 202);
    talk.told();
    let bye = talk.carrier.in_dialog("BYE", &talk.caller, 2);
    talk.bench.send(&talk.carrier, bye);
    let to_second = talk.bench.requests_to(&talk.second);
    assert!(
        to_second
            .iter()
            .any(|request| request.method == Method::Invite),
        "{to_second:?}"
    );
    assert_eq!(talk.told(), ["BYE"]);
    assert_eq!(talk.bench.state("b"), AgentState::Ready);
}

#[test]
fn a_carrier_that_wants_the_place_of_a_dialog_begins_no_call() {
    for (replaces, status) in [
        ("Replaces: nobody@x;to-tag=1;from-tag=2\r\n", 481),
        ("Replaces: nobody@x\r\n", 400),
    ] {
        let mut talk = talk();
        let more = format!("Require: replaces\r\n{replaces}");
        let caller = "0311112222";
        let invite = talk
            .carrier
            .request("INVITE", caller, "5000", "takes", 1, &more);
        talk.bench.send(&talk.carrier, invite);
        let refusal = talk.bench.response_to(&talk.carrier).unwrap();
        assert_eq!(refusal.status, status, "{replaces}");
        assert_eq!(talk.bench.switch.calls_in_progress(), 1);
        assert!(talk.bench.requests_to(&talk.second).is_empty());
    }
}

#[test]
fn who_wants_the_place_of_a_dialog_rings_nobody() {
    for (more, status) in [
        ("Replaces: nobody@x;to-tag=1;from-tag=2;early-only\r\n", 481),
        ("replaces: nobody@x;to-tag=1;from-tag=2\r\n", 481),
        ("Replaces: nobody@x\r\n", 400),
        (
            "Replaces: a;to-tag=1;from-tag=2\r\nReplaces: b;to-tag=1;from-tag=2\r\n",
            400,
        ),
    ] {
        let mut talk = talk();
        let phone = Peer::new("127.0.0.1:7002");
        let invite = phone.request("INVITE", "202", "201", "pick", 1, more);
        talk.bench.send(&phone, invite);
        let asked = talk.bench.response_to(&phone).unwrap();
        assert_eq!(asked.status, 401);
        let proof = authorization(&asked, "INVITE", ("202", "other"), "201");
        let more = format!("{more}{proof}");
        let invite = phone.request("INVITE", "202", "201", "pick", 2, &more);
        talk.bench.send(&phone, invite);
        assert_eq!(
            talk.bench.response_to(&phone).unwrap().status,
            status,
            "{more}"
        );
        assert!(talk.told().is_empty(), "nobody is rung");
        assert_eq!(talk.bench.state("b"), AgentState::Ready);
    }
}
