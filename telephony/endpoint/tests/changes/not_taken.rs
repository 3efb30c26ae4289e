//! Calls that cannot be taken because no port is left: refused, and counted.

use madoguchi_core::event::{AbandonReason, EndCause, EventKind};
use madoguchi_metrics::metrics;

use super::bench::Bench;
use super::desk::Settings;
use super::peer::Peer;

/// Ten even ports; a quarter of them may be kept for the one phone.
fn desk(first_port: u16) -> (Bench, Peer) {
    let ports = first_port..=first_port + 19;
    let bench = Bench::with_ports(Settings::new(), ports);
    (bench, Peer::new("127.0.0.1:6001"))
}

fn count(bench: &Bench, wanted: impl Fn(&EventKind) -> bool) -> usize {
    bench.events.iter().filter(|event| wanted(event)).count()
}

#[test]
fn every_caller_who_is_refused_for_want_of_ports_is_counted() {
    let (mut bench, carrier) = desk(30_120);
    let answers: Vec<u16> = (0..20)
        .map(|n| bench.call(&carrier, "5000", &format!("c{n}")).status)
        .collect();
    let taken = answers.iter().filter(|status| **status == 200).count();
    assert_eq!(
        taken, 9,
        "one port is kept for the phone that is rung: {answers:?}"
    );
    assert!(answers.iter().all(|status| matches!(status, 200 | 503)));
    let arrived = |event: &EventKind| matches!(event, EventKind::Arrived { open: true, .. });
    let system_error = |event: &EventKind| {
        let reason = AbandonReason::SystemError;
        *event == EventKind::Abandoned { reason }
    };
    assert_eq!(count(&bench, arrived), 20);
    assert_eq!(count(&bench, system_error), 11);
    assert_eq!(bench.switch.calls_in_progress(), 9);
}

#[test]
fn an_agent_can_be_rung_however_many_callers_wait() {
    let mut settings = Settings::new();
    settings.endpoint.phones[0].fixed_contacts = vec!["sip:201@127.0.0.1:6101".to_owned()];
    let mut bench = Bench::with_ports(settings, 30_020..=30_039);
    let (carrier, phone) = (Peer::new("127.0.0.1:6001"), Peer::new("127.0.0.1:6101"));
    for n in 0..20 {
        bench.call(&carrier, "5000", &format!("c{n}"));
    }
    bench.command("a", madoguchi_core::live::AgentCommand::Ready);
    bench.pick_up(&phone);
    let answered = |event: &EventKind| matches!(event, EventKind::Answered { .. });
    assert_eq!(count(&bench, answered), 1);
}

#[test]
fn a_caller_who_is_refused_after_hours_is_counted_as_such() {
    let (mut bench, carrier) = desk(30_140);
    bench.secs(12 * 3_600);
    for n in 0..10 {
        bench.call(&carrier, "5000", &format!("c{n}"));
    }
    let ended = |event: &EventKind| {
        let cause = EndCause::SystemError;
        *event == EventKind::Ended { cause }
    };
    assert_eq!(count(&bench, ended), 1);
    assert_eq!(
        count(&bench, |event| matches!(event, EventKind::Abandoned { .. })),
        0
    );
}

#[test]
fn an_agent_who_cannot_dial_for_want_of_ports_is_counted() {
    let (mut bench, carrier) = desk(30_160);
    let phone = Peer::new("127.0.0.1:6101");
    assert_eq!(bench.register(&phone, ("201", "secret"), "r"), 200);
    for n in 0..9 {
        bench.call(&carrier, "5000", &format!("c{n}"));
    }
    let answer = bench.prove(&phone, ("201", "secret"), "INVITE", "0312345679", "out");
    assert_eq!(answer.status, 503);
    let dialled = |event: &EventKind| matches!(event, EventKind::Dialled { outside: true, .. });
    assert_eq!(count(&bench, dialled), 1);
    let cause = EndCause::SystemError;
    assert_eq!(bench.events.last(), Some(&EventKind::Ended { cause }));
}

/// The metrics are those of the whole program: another test may count, too.
#[test]
fn a_call_to_a_number_that_nobody_has_is_counted_whoever_makes_it() {
    let mut bench = Bench::new(Settings::new());
    let (carrier, phone) = (Peer::new("127.0.0.1:6001"), Peer::new("127.0.0.1:7001"));
    let refused = || metrics().calls_refused.get("no_such_number");
    let before = refused();
    assert_eq!(bench.call(&carrier, "5999", "c").status, 404);
    let after_caller = refused();
    assert!(after_caller > before);
    let dialled = bench.prove(&phone, ("201", "secret"), "INVITE", "nobody", "d");
    assert_eq!(dialled.status, 404);
    assert!(refused() > after_caller);
}
