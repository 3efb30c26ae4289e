//! Requests inside a dialog are obeyed only where the dialog lives, or with a proof: what a call is
//! called can be overheard.

use madoguchi_core::live::{AgentCommand, AgentState};
use madoguchi_endpoint::settings::TrunkSource;
use madoguchi_sip::message::{Method, Response};

use super::bench::Bench;
use super::desk::Settings;
use super::peer::{Peer, authorization};

const SECRET: (&str, &str) = ("201", "secret");

/// A caller and an agent who talk: the caller's 200, and the phone's.
struct Talk {
    bench: Bench,
    carrier: Peer,
    phone: Peer,
    caller: Response,
    agent: Response,
}

fn talk_with(settings: Settings) -> Talk {
    let mut bench = Bench::new(settings);
    let (carrier, phone) = (Peer::new("127.0.0.1:6001"), Peer::new("127.0.0.1:7001"));
    assert_eq!(bench.register(&phone, SECRET, "reg"), 200);
    bench.command("a", AgentCommand::Ready);
    let caller = bench.call(&carrier, "5000", "c");
    let agent = bench.pick_up(&phone);
    assert_eq!(bench.state("a"), AgentState::Talking);
    Talk {
        bench,
        carrier,
        phone,
        caller,
        agent,
    }
}

fn talk() -> Talk {
    talk_with(Settings::new())
}

/// A request with one more header line.
fn with(bytes: Vec<u8>, more: &str) -> Vec<u8> {
    let text = String::from_utf8(bytes).unwrap();
    text.replace(
        "Max-Forwards: 70\r\n",
        &format!("Max-Forwards: 70\r\n{more}"),
    )
    .into_bytes()
}

#[test]
fn a_stranger_who_overheard_a_caller_changes_nothing() {
    let Talk {
        mut bench,
        carrier,
        phone,
        caller,
        ..
    } = talk();
    let remembered = bench.switch.remembered();
    let stranger = Peer::new("198.51.100.1:5060");
    for (method, cseq) in ["BYE", "INVITE", "UPDATE", "INFO", "OPTIONS", "NOTIFY"]
        .into_iter()
        .zip(100..)
    {
        let contact = "Contact: <sip:evil@198.51.100.1>\r\n";
        bench.send(
            &stranger,
            with(stranger.in_dialog(method, &caller, cseq), contact),
        );
        assert_eq!(
            bench.response_to(&stranger).unwrap().status,
            481,
            "{method}"
        );
    }
    assert_eq!(bench.state("a"), AgentState::Talking);
    assert_eq!(bench.switch.remembered(), remembered);
    // Neither the numbers of its requests nor its address were taken up.
    bench.send(&carrier, carrier.in_dialog("BYE", &caller, 2));
    assert_eq!(bench.response_to(&carrier).unwrap().status, 200);
    assert_eq!(bench.request_to(&phone).unwrap().method, Method::Bye);
    assert!(bench.request_to(&stranger).is_none());
}

#[test]
fn a_stranger_who_overheard_a_phone_is_asked_for_a_proof_and_changes_nothing() {
    let Talk {
        mut bench,
        carrier,
        phone,
        agent,
        ..
    } = talk();
    // Even behind the address of the phone, or of the carrier.
    for (address, cseq) in ["198.51.100.1:5060", "127.0.0.1:7666"]
        .into_iter()
        .zip(100..)
    {
        let stranger = Peer::new(address);
        bench.send(&stranger, stranger.back("BYE", &agent, cseq));
        let asked = bench.response_to(&stranger).unwrap();
        assert_eq!(asked.status, 401);
        let proof = authorization(&asked, "BYE", ("201", "guess"), "desk");
        bench.send(
            &stranger,
            with(stranger.back("BYE", &agent, cseq + 50), &proof),
        );
        assert_eq!(bench.response_to(&stranger).unwrap().status, 401);
    }
    assert_eq!(bench.state("a"), AgentState::Talking);
    bench.send(&phone, phone.back("BYE", &agent, 1));
    assert_eq!(bench.response_to(&phone).unwrap().status, 200);
    assert_eq!(bench.request_to(&carrier).unwrap().method, Method::Bye);
}

#[test]
fn a_phone_that_moved_proves_itself_and_hangs_up() {
    let Talk {
        mut bench,
        carrier,
        agent,
        ..
    } = talk();
    let moved = Peer::new("203.0.113.5:40000");
    bench.send(&moved, moved.back("BYE", &agent, 1));
    let asked = bench.response_to(&moved).unwrap();
    assert_eq!(asked.status, 401);
    let proof = authorization(&asked, "BYE", SECRET, "desk");
    bench.send(&moved, with(moved.back("BYE", &agent, 2), &proof));
    assert_eq!(bench.response_to(&moved).unwrap().status, 200);
    assert_eq!(bench.request_to(&carrier).unwrap().method, Method::Bye);
    assert_eq!(bench.switch.calls_in_progress(), 0);
}

#[test]
fn another_phone_may_not_act_in_a_call_that_is_not_its_own() {
    let mut settings = Settings::new();
    let other = super::desk::phone("b", "202", "other");
    settings.endpoint.phones.push(other);
    settings.engine.agents.push(super::desk::agent("b", "202"));
    let Talk {
        mut bench, agent, ..
    } = talk_with(settings);
    let colleague = Peer::new("127.0.0.1:7002");
    assert_eq!(bench.register(&colleague, ("202", "other"), "reg2"), 200);
    bench.send(&colleague, colleague.back("BYE", &agent, 1));
    let asked = bench.response_to(&colleague).unwrap();
    assert_eq!(asked.status, 401);
    let proof = authorization(&asked, "BYE", ("202", "other"), "desk");
    bench.send(&colleague, with(colleague.back("BYE", &agent, 2), &proof));
    assert_eq!(bench.response_to(&colleague).unwrap().status, 403);
    assert_eq!(bench.state("a"), AgentState::Talking);
}

#[test]
fn a_carrier_may_hang_up_from_any_of_its_addresses() {
    let mut settings = Settings::new();
    settings.endpoint.trunks[0].sources.push(TrunkSource {
        net: "192.0.2.0/28".parse().unwrap(),
        port: None,
    });
    let Talk {
        mut bench,
        phone,
        caller,
        ..
    } = talk_with(settings);
    let twin = Peer::new("192.0.2.7:6060");
    bench.send(&twin, twin.in_dialog("BYE", &caller, 2));
    assert_eq!(bench.response_to(&twin).unwrap().status, 200);
    assert_eq!(bench.request_to(&phone).unwrap().method, Method::Bye);
}

#[test]
fn a_strangers_ack_and_cancel_move_nothing() {
    let mut bench = Bench::new(Settings::new());
    let (carrier, stranger) = (Peer::new("127.0.0.1:6001"), Peer::new("198.51.100.1:5060"));
    let bytes = carrier.request("INVITE", "0312345678", "5000", "c", 1, "");
    bench.send(&carrier, bytes.clone());
    let accepted = bench.response_to(&carrier).unwrap();
    assert_eq!(accepted.status, 200);
    let cancel = String::from_utf8(bytes)
        .unwrap()
        .replace("INVITE", "CANCEL");
    bench.send(&stranger, cancel.into_bytes());
    bench.send(&stranger, stranger.in_dialog("ACK", &accepted, 1));
    bench.sent.clear();
    bench.pass(500);
    let again = bench.response_to(&carrier);
    assert_eq!(
        again.map(|again| again.status),
        Some(200),
        "it still waits for its ACK"
    );
    bench.send(&carrier, carrier.in_dialog("ACK", &accepted, 1));
    bench.pass(5_000);
    assert!(bench.response_to(&carrier).is_none());
    assert_eq!(bench.switch.calls_in_progress(), 1);
}
