//! 発信規制 behind the telephone: what a phone may make the trunk dial.

use madoguchi_core::live::{AgentCommand, AgentState};
use madoguchi_core::outbound::OutboundRules;
use madoguchi_sip::message::{HeaderName, Method};

use super::bench::Bench;
use super::desk::Settings;
use super::peer::{Peer, authorization};

const SECRET: (&str, &str) = ("201", "secret");

fn desk() -> (Bench, Peer, Peer) {
    let mut settings = Settings::new();
    settings.engine.outbound = OutboundRules::default();
    let mut bench = Bench::new(settings);
    let (carrier, phone) = (Peer::new("127.0.0.1:6001"), Peer::new("127.0.0.1:7001"));
    assert_eq!(bench.register(&phone, SECRET, "reg"), 200);
    assert!(bench.command("a", AgentCommand::Ready));
    (bench, carrier, phone)
}

#[test]
fn no_spelling_of_a_costly_number_makes_the_trunk_dial() {
    let (mut bench, carrier, phone) = desk();
    for (n, dialled) in [
        "0990500123",
        "%30%39%39%30500123",
        "0990-500-123",
        "1840990500123",
        "+81990500123",
        "01081990500123",
        "0570000123",
        "01012025550100",
        "+12025550100",
        "0012025550100",
        "12025550100",
        "+881612345678",
        "010870776000000;isub=1",
    ]
    .into_iter()
    .enumerate()
    {
        let refused = bench.prove(&phone, SECRET, "INVITE", dialled, &format!("c{n}"));
        assert_eq!(refused.status, 403, "{dialled}");
        assert!(bench.requests_to(&carrier).is_empty(), "{dialled}");
        assert_eq!(bench.state("a"), AgentState::Ready, "{dialled}");
    }
    assert_eq!(bench.switch.calls_in_progress(), 0);
}

#[test]
fn what_is_allowed_is_dialled_in_its_one_spelling() {
    let (mut bench, carrier, phone) = desk();
    bench.prove(&phone, SECRET, "INVITE", "186+81-3-1234-5678", "c");
    let invite = bench.request_to(&carrier).expect("the carrier is called");
    assert_eq!(invite.uri.user.as_deref(), Some("1860312345678"));
}

/// ITU-T E.164 11.
#[test]
fn a_subaddress_that_is_dialled_reaches_the_carrier_and_nothing_else_does() {
    for (dialled, expected) in [
        ("0312345678;isub=12AB", "0312345678;isub=12AB"),
        ("03-1234-5678%3Bisub%3D7;cpc=payphone", "0312345678;isub=7"),
        ("0312345678;rn=0990500123;isub=7", "0312345678;isub=7"),
        // What would be read as another parameter on the way is left out.
        ("0312345678;isub=7%253Brn=0990500123", "0312345678"),
        ("0312345678;isub=%22", "0312345678"),
    ] {
        let (mut bench, carrier, phone) = desk();
        bench.prove(&phone, SECRET, "INVITE", dialled, "c");
        let invite = bench.request_to(&carrier).expect("the carrier is called");
        assert_eq!(invite.uri.user.as_deref(), Some(expected), "{dialled}");
        assert_eq!(invite.to().unwrap().uri.user.as_deref(), Some(expected));
    }
}

#[test]
fn a_phone_whose_agent_is_logged_out_reaches_help_alone() {
    let (mut bench, carrier, phone) = desk();
    assert!(bench.command("a", AgentCommand::LogOut));
    let refused = bench.prove(&phone, SECRET, "INVITE", "0451112222", "c");
    assert_eq!(refused.status, 403);
    assert!(bench.requests_to(&carrier).is_empty());
    bench.prove(&phone, SECRET, "INVITE", "119", "help");
    let invite = bench.request_to(&carrier).expect("119 is called");
    assert_eq!(invite.uri.user.as_deref(), Some("119"));
}

/// Who is called may not send the call on at our expense.
#[test]
fn a_far_end_that_redirects_makes_nobody_dial() {
    let (mut bench, carrier, phone) = desk();
    bench.prove(&phone, SECRET, "INVITE", "0451112222", "c");
    let invite = bench.request_to(&carrier).unwrap();
    let mut redirect = invite.respond(302, None);
    redirect.set_to_tag("moved");
    let contact = format!("<sip:0990500123@{}>", carrier.addr);
    redirect.headers.push(HeaderName::Contact, contact);
    bench.reply(&carrier, &redirect);
    assert!(bench.requests_to(&carrier).is_empty());
    assert_eq!(bench.response_to(&phone).unwrap().status, 480);
}

/// Nor may a phone, by REFER or by a contact of its own at the carrier.
#[test]
fn a_phone_makes_the_trunk_dial_by_nothing_but_an_invite_that_is_judged() {
    let (mut bench, carrier, phone) = desk();
    let request = |cseq, proof: &str| {
        let bytes = phone.request("REGISTER", "201", "201", "elsewhere", cseq, proof);
        let here = format!("Contact: <sip:201@{}>", phone.addr);
        let there = format!("Contact: <sip:0990500123@{}>", carrier.addr);
        let text = String::from_utf8(bytes).unwrap();
        text.replace(&here, &there).into_bytes()
    };
    bench.send(&phone, request(1, ""));
    let asked = bench.response_to(&phone).unwrap();
    bench.send(
        &phone,
        request(2, &authorization(&asked, "REGISTER", SECRET, "201")),
    );
    assert_eq!(bench.response_to(&phone).unwrap().status, 200);
    let caller = Peer::new("127.0.0.1:6001");
    let waiting = bench.call(&caller, "5000", "c");
    let to_carrier = bench.requests_to(&carrier);
    assert!(to_carrier.is_empty(), "{to_carrier:?}");
    let rung = bench.requests_to(&phone);
    assert!(rung.iter().all(|request| request.method == Method::Invite));
    let refer = caller.inside(
        "REFER",
        &waiting,
        2,
        "Refer-To: <sip:0990500123@x>\r\n",
        false,
    );
    bench.send(&caller, refer);
    assert_eq!(bench.response_to(&caller).unwrap().status, 405);
}
