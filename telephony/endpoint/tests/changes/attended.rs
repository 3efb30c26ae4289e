//! An agent asks a colleague and hands the caller over (attended transfer, RFC 5589 7); a caller is put to a line;
//! a phone takes a call that rings elsewhere.

use madoguchi_core::event::{EventKind, TransferTarget};
use madoguchi_core::live::{AgentCommand, AgentState};
use madoguchi_sip::message::{HeaderName, Method, Response};

use super::bench::Bench;
use super::desk::{Settings, agent, phone};
use super::peer::{Peer, authorization};
use super::transfers::{Talk, talk};

const FIRST: (&str, &str) = ("201", "secret");

/// The phone of a has asked b meanwhile; the answer to its INVITE.
fn ask(talk: &mut Talk) -> Response {
    talk.bench.prove(&talk.first, FIRST, "INVITE", "202", "ask");
    talk.bench.pick_up(&talk.second);
    let answer = talk
        .bench
        .response_to(&talk.first)
        .expect("b has picked up");
    assert_eq!(answer.status, 200);
    let ack = talk.first.in_dialog("ACK", &answer, 2);
    talk.bench.send(&talk.first, ack);
    answer
}

/// Names the dialog of a response in a URI, as whoever asked for it does.
pub(super) fn replaces(response: &Response) -> String {
    named(response, HeaderName::To, HeaderName::From)
}

/// The same, as whoever answered does.
fn replaces_turned(response: &Response) -> String {
    named(response, HeaderName::From, HeaderName::To)
}

fn named(response: &Response, to: HeaderName, from: HeaderName) -> String {
    let tag = |name| {
        let value: &str = response.headers.get(&name).unwrap();
        value.split("tag=").nth(1).unwrap().to_owned()
    };
    let call_id = response.call_id().unwrap().replace('@', "%40");
    format!(
        "{call_id}%3Bto-tag%3D{}%3Bfrom-tag%3D{}",
        tag(to),
        tag(from)
    )
}

fn refer_to(dialog: &str) -> String {
    format!("Refer-To: <sip:202@127.0.0.1?Replaces={dialog}>\r\n")
}

fn talks_with_b(talk: &mut Talk) {
    assert_eq!(talk.bench.state("b"), AgentState::Talking);
    assert!(talk.caller_is_there());
    let transferred = EventKind::Transferred {
        from: Some("a".into()),
        to: TransferTarget::Agent { agent: "b".into() },
    };
    assert!(talk.bench.events.contains(&transferred));
    let bye = talk.carrier.in_dialog("BYE", &talk.caller, 2);
    talk.bench.send(&talk.carrier, bye);
    let end = talk.bench.request_to(&talk.second).unwrap();
    assert_eq!(end.method, Method::Bye);
}

#[test]
fn the_colleague_who_was_asked_gets_the_caller() {
    let mut talk = talk();
    let asked = ask(&mut talk);
    let accepted = talk.refer(1, &refer_to(&replaces(&asked)));
    assert_eq!(accepted.status, 202);
    talk.bench.media();
    let mut told = talk.told();
    told.sort();
    let ends = [
        "BYE",
        "BYE",
        "active SIP/2.0 100 Trying",
        "terminated SIP/2.0 200 OK",
    ];
    assert_eq!(told, ends, "both dialogs of the first phone end");
    assert!(
        talk.bench.requests_to(&talk.second).is_empty(),
        "b is not rung again"
    );
    talks_with_b(&mut talk);
    assert_eq!(talk.bench.switch.calls_in_progress(), 0);
}

#[test]
fn the_dialogs_may_be_named_the_other_way_round() {
    let mut talk = talk();
    let asked = ask(&mut talk);
    // In the dialog with the caller the phone was called.
    let named = replaces_turned(&talk.agent);
    let refer = talk
        .first
        .in_dialog_with("REFER", &asked, 3, &refer_to(&named), "");
    talk.bench.send(&talk.first, refer);
    assert_eq!(talk.bench.response_to(&talk.first).unwrap().status, 202);
    talk.bench.media();
    let told = talk.told();
    assert_eq!(
        told.iter().filter(|one| *one == "BYE").count(),
        2,
        "{told:?}"
    );
    assert!(
        told.contains(&"terminated SIP/2.0 200 OK".to_owned()),
        "{told:?}"
    );
    talks_with_b(&mut talk);
}

#[test]
fn a_phone_that_hangs_up_both_at_once_has_handed_over_all_the_same() {
    let mut talk = talk();
    let asked = ask(&mut talk);
    assert_eq!(talk.refer(1, &refer_to(&replaces(&asked))).status, 202);
    talk.bench
        .send(&talk.first, talk.first.in_dialog("BYE", &asked, 3));
    talk.bench
        .send(&talk.first, talk.first.back("BYE", &talk.agent, 2));
    talk.bench.media();
    assert_eq!(talk.bench.state("b"), AgentState::Talking);
    assert!(talk.caller_is_there());
    let bye = talk.carrier.in_dialog("BYE", &talk.caller, 2);
    talk.bench.send(&talk.carrier, bye);
    assert_eq!(talk.bench.switch.calls_in_progress(), 0);
}

#[test]
fn a_phone_that_hangs_up_before_the_disk_has_it_has_handed_over_too() {
    let mut talk = talk();
    let asked = ask(&mut talk);
    talk.bench.hold_journal();
    talk.refer(1, &refer_to(&replaces(&asked)));
    talk.bench
        .send(&talk.first, talk.first.in_dialog("BYE", &asked, 3));
    assert!(talk.bench.requests_to(&talk.second).is_empty(), "b stays");
}

#[test]
fn a_colleague_who_only_rings_is_rung_for_the_caller() {
    let mut talk = talk();
    talk.bench.prove(&talk.first, FIRST, "INVITE", "202", "ask");
    let ringing = talk.bench.request_to(&talk.second).unwrap();
    let progress = talk.second.answer(&ringing, 180);
    talk.bench.reply(&talk.second, &progress);
    let early = talk.bench.progress_to(&talk.first).unwrap();
    let more = refer_to(&replaces(&early));
    let refer = talk.first.back_with("REFER", &talk.agent, 1, &more, "");
    talk.bench.send(&talk.first, refer);
    let answers = talk.bench.responses_to(&talk.first);
    let mut answers: Vec<_> = answers.iter().map(|one| one.status).collect();
    answers.sort_unstable();
    assert_eq!(answers, [202, 480], "the asking is over");
    let to_second = talk.bench.requests_to(&talk.second);
    let methods: Vec<_> = to_second.iter().map(|one| one.method.clone()).collect();
    assert_eq!(methods, [Method::Cancel, Method::Invite]);
    let answer = talk.second.answer(&to_second[1], 200);
    talk.bench.reply(&talk.second, &answer);
    talk.bench.media();
    assert_eq!(talk.bench.state("b"), AgentState::Talking);
    assert!(talk.caller_is_there());
}

#[test]
fn dialogs_of_others_are_given_to_nobody() {
    let mut talk = talk();
    // The dialog of the caller is no dialog of this phone.
    let caller = replaces(&talk.caller);
    assert_eq!(talk.refer(1, &refer_to(&caller)).status, 603);
    // A dialog with the right Call-ID and another tag is none.
    let asked = ask(&mut talk);
    let wrong = replaces(&asked).replace("from-tag%3D", "from-tag%3Dx");
    assert_eq!(talk.refer(2, &refer_to(&wrong)).status, 481);
    assert_eq!(talk.bench.state("a"), AgentState::Talking);
    assert_eq!(talk.bench.state("b"), AgentState::Talking);
    assert!(talk.caller_is_there() && talk.told().is_empty());
}

#[test]
fn a_caller_put_to_a_line_hears_music_and_is_rung_for_there() {
    let mut talk = talk();
    assert_eq!(
        talk.refer(1, "Refer-To: <sip:5000@127.0.0.1>\r\n").status,
        202
    );
    let told = talk.told();
    assert_eq!(
        told,
        [
            "active SIP/2.0 100 Trying",
            "terminated SIP/2.0 200 OK",
            "BYE"
        ]
    );
    talk.bench.pick_up(&talk.second);
    assert_eq!(talk.bench.state("b"), AgentState::Talking);
    assert!(talk.caller_is_there());
    assert_eq!(talk.bench.calls.len(), 1, "one arrival");
}

/// A caller for whom the phone of a rings; b is away.
fn ringing() -> (Bench, Peer, Peer, Peer) {
    let mut settings = Settings::new();
    settings.endpoint.phones.push(phone("b", "202", "other"));
    settings.engine.agents.push(agent("b", "202"));
    let mut bench = Bench::new(settings);
    let carrier = Peer::new("127.0.0.1:6001");
    let (first, second) = (Peer::new("127.0.0.1:7001"), Peer::new("127.0.0.1:7002"));
    assert_eq!(bench.register(&first, FIRST, "one"), 200);
    assert_eq!(bench.register(&second, ("202", "other"), "two"), 200);
    bench.command("a", AgentCommand::Ready);
    bench.call(&carrier, "5000", "c");
    (bench, carrier, first, second)
}

/// The phone of b sends an INVITE with these lines more; the last answer.
fn invite(bench: &mut Bench, second: &Peer, to: &str, more: &str) -> Response {
    let call = format!("pick-{to}");
    let bytes = second.request("INVITE", "202", to, &call, 1, more);
    bench.send(second, bytes);
    let asked = bench.response_to(second).unwrap();
    let proof = authorization(&asked, "INVITE", ("202", "other"), to);
    let bytes = second.request("INVITE", "202", to, &call, 2, &format!("{more}{proof}"));
    bench.send(second, bytes);
    bench.response_to(second).unwrap()
}

#[test]
fn a_call_that_rings_elsewhere_is_taken_by_a_code() {
    let (mut bench, carrier, first, second) = ringing();
    let rung = bench.request_to(&first).expect("a is rung");
    bench.reply(&first, &first.answer(&rung, 180));
    let taken = invite(&mut bench, &second, "*8", "");
    assert_eq!(taken.status, 200);
    bench.send(&second, second.in_dialog("ACK", &taken, 2));
    bench.media();
    assert_eq!(bench.state("b"), AgentState::Talking);
    assert_eq!(bench.state("a"), AgentState::Ready);
    let withdrawn = bench.request_to(&first).expect("a rings no more");
    assert_eq!(withdrawn.method, Method::Cancel);
    assert_eq!(rung.call_id(), withdrawn.call_id());
    assert!(bench.requests_to(&carrier).is_empty());
    bench.send(&second, second.in_dialog("BYE", &taken, 3));
    assert_eq!(bench.request_to(&carrier).unwrap().method, Method::Bye);
    assert_eq!(bench.switch.calls_in_progress(), 0);
}

#[test]
fn a_call_that_rings_elsewhere_is_taken_by_its_dialog() {
    let (mut bench, _, first, second) = ringing();
    let rung = bench.request_to(&first).expect("a is rung");
    let progress = first.answer(&rung, 180);
    bench.reply(&first, &progress);
    let from = rung.from().unwrap();
    let named = format!(
        "Replaces: {};to-tag={};from-tag=peer;early-only\r\n",
        rung.call_id().unwrap(),
        from.tag().unwrap()
    );
    let taken = invite(&mut bench, &second, "201", &named);
    assert_eq!(taken.status, 200);
    bench.media();
    assert_eq!(bench.state("b"), AgentState::Talking);
}

#[test]
fn where_nothing_rings_a_code_takes_nothing_and_a_talk_is_taken_from_nobody() {
    let (mut bench, carrier, first, second) = ringing();
    let answer = bench.pick_up(&first);
    assert_eq!(invite(&mut bench, &second, "*8", "").status, 404);
    let from: &str = answer.headers.get(&HeaderName::From).unwrap();
    let named = format!(
        "Replaces: {};to-tag={};from-tag=peer\r\n",
        answer.call_id().unwrap(),
        from.split("tag=").nth(1).unwrap()
    );
    let refused = invite(&mut bench, &second, "201", &named);
    assert_eq!(refused.status, 603);
    assert_eq!(bench.state("a"), AgentState::Talking);
    assert!(bench.requests_to(&carrier).is_empty());
}

#[test]
fn a_parked_caller_is_fetched_by_a_code() {
    let mut talk = talk();
    talk.bench.command("b", AgentCommand::LogOut);
    assert_eq!(
        talk.refer(1, "Refer-To: <sip:*7@127.0.0.1>\r\n").status,
        202
    );
    let told = talk.told();
    assert_eq!(
        told,
        [
            "active SIP/2.0 100 Trying",
            "terminated SIP/2.0 200 OK",
            "BYE"
        ]
    );
    assert!(talk.caller_is_there());
    let fetched = invite(&mut talk.bench, &talk.second, "*7", "");
    assert_eq!(fetched.status, 200);
    talk.bench.media();
    assert_eq!(talk.bench.state("b"), AgentState::Talking);
    assert!(talk.caller_is_there());
}
