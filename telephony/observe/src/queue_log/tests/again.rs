//! Logs that are read again, and calls without an end.

use madoguchi_core::call::Outcome;
use madoguchi_core::event::EventKind;

use super::*;

type Known = HashMap<CallId, Vec<CallEvent>>;

/// What the store has after an import on top of what it had.
fn stored(mut known: Known, import: &Import) -> Known {
    for event in continued(&import.events, &known) {
        known.entry(event.call.clone()).or_default().push(event);
    }
    known
}

fn only(known: &Known) -> CallRecord {
    assert_eq!(known.len(), 1);
    CallRecord::fold(known.values().next().unwrap()).unwrap()
}

fn at(secs: i64) -> Instant {
    Instant((NINE + secs) * 1_000)
}

#[test]
fn the_clock_on_the_wall_ends_a_call_without_an_end_whatever_the_last_line_is() {
    let open = [line(0, "1.1", "NONE", "ENTERQUEUE||03")];
    let read = |secs: i64| import_knowing(&open, (Some(at(secs)), false), &Known::new());
    let import = read(600);
    assert_eq!(import.due, Some(Instant(at(600).0 + 1)));
    assert_eq!(records(&import.events)[0].outcome(), Outcome::Waiting);
    let import = read(601);
    let record = &records(&import.events)[0];
    let reason = AbandonReason::SystemError;
    assert_eq!(record.outcome(), Outcome::Abandoned(reason));
    assert_eq!((record.ended_at, import.due), (Some(at(0)), None));
}

#[test]
fn an_end_that_comes_after_all_sets_right_what_silence_had_ended() {
    let lines = [
        line(0, "1.1", "NONE", "ENTERQUEUE||03"),
        line(700, "1.1", "SIP/301", "CONNECT|700|x"),
        line(760, "1.1", "SIP/301", "COMPLETECALLER|700|60|1"),
    ];
    let read = |count: usize, secs: i64| {
        import_knowing(&lines[..count], (Some(at(secs)), false), &Known::new())
    };
    let silent = stored(Known::new(), &read(1, 650));
    assert!(only(&silent).abandoned.is_some());
    let whole = stored(silent, &read(3, 800));
    assert_eq!(only(&whole).outcome(), Outcome::Completed);
    assert_eq!(only(&whole).talk(), Some(Millis(60_000)));
    assert_eq!(stored(whole.clone(), &read(3, 900)), whole);
}

#[test]
fn who_enters_the_next_queue_after_the_log_was_read_is_no_abandonment() {
    let lines = [
        line(0, "1.1", "NONE", "ENTERQUEUE||03"),
        line(60, "1.1", "NONE", "EXITWITHTIMEOUT|1"),
        line(61, "1.1", "NONE", "ENTERQUEUE||03"),
        line(90, "1.1", "SIP/301", "CONNECT|29|x"),
        line(100, "1.1", "SIP/301", "COMPLETECALLER|29|10|1"),
    ];
    for last in 2..=5 {
        let mut known = stored(Known::new(), &import(&lines[..2]));
        assert!(only(&known).abandoned.is_some());
        known = stored(known, &import(&lines[..last]));
        known = stored(known, &import(&lines));
        assert_eq!(only(&known).outcome(), Outcome::Completed);
        assert_eq!(only(&known).wait(), Some(Millis(90_000)));
        assert_eq!(stored(known.clone(), &import(&lines)), known);
    }
}

#[test]
fn agents_go_by_the_names_of_the_desk() {
    for member in [
        "SIP/301",
        "PJSIP/301",
        "Local/301@from-queue/n",
        "SIP/301-0000002a",
    ] {
        let import = import(&[
            line(0, "1.1", "NONE", "ENTERQUEUE||03"),
            line(5, "1.1", member, "CONNECT|5|x"),
            line(9, "1.1", member, "COMPLETEAGENT|5|4|1"),
        ]);
        let record = &records(&import.events)[0];
        assert_eq!(record.agent(), Some(&"sato".into()), "{member}");
    }
}

#[test]
fn what_was_stored_under_other_names_of_agents_is_known() {
    let lines = [
        line(0, "1.1", "NONE", "ENTERQUEUE||03"),
        line(4, "1.1", "SIP/301", "RINGNOANSWER|3000"),
        line(10, "1.1", "SIP/301", "CONNECT|10|x"),
        line(70, "1.1", "SIP/301", "COMPLETEAGENT|10|60|1"),
    ];
    for count in 1..=4 {
        let mut before = stored(Known::new(), &import(&lines[..count]));
        for event in before.values_mut().flatten() {
            match &mut event.kind {
                EventKind::Ringing { agent } | EventKind::RingEnded { agent, .. } => {
                    *agent = "301".into();
                }
                EventKind::Answered { agent } => *agent = Some("301".into()),
                _ => {}
            }
        }
        assert_eq!(stored(before.clone(), &import(&lines[..count])), before);
        let whole = stored(before, &import(&lines));
        assert_eq!(
            whole.values().next().unwrap().len(),
            import(&lines).events.len()
        );
        assert_eq!(only(&whole).parts.len(), 1);
    }
}

#[test]
fn a_call_over_midnight_goes_on_in_the_next_log() {
    let lines = [
        line(0, "1.1", "NONE", "ENTERQUEUE||03"),
        line(4, "1.1", "SIP/302", "RINGNOANSWER|3000"),
        line(8, "1.1", "SIP/302", "RINGNOANSWER|3000"),
        line(10, "1.1", "SIP/301", "CONNECT|10|x"),
        line(70, "1.1", "SIP/301", "COMPLETEAGENT|10|60|1"),
    ];
    let whole = stored(Known::new(), &import(&lines));
    for cut in 1..lines.len() {
        let late = (Some(at(90_000)), false);
        let first = import_knowing(&lines[..cut], late, &Known::new());
        let mut known = stored(Known::new(), &first);
        let alone = import_knowing(&lines[cut..], late, &Known::new());
        assert_eq!(alone.unbegun.len(), lines.len() - cut);
        // However often, and however far the next log has come.
        for last in [cut + 1, lines.len(), lines.len()] {
            let next = import_knowing(&lines[cut..last], late, &known);
            assert_eq!((next.skipped.len(), next.unbegun.len()), (0, 0));
            known = stored(known, &next);
        }
        assert_eq!(only(&known).outcome(), Outcome::Completed, "cut at {cut}");
        let told: Vec<_> = known
            .values()
            .flatten()
            .filter(|event| !event.is_cut_off())
            .collect();
        let expected: Vec<_> = whole.values().flatten().collect();
        assert_eq!(told, expected, "cut at {cut}");
    }
}

#[test]
fn a_clock_that_was_set_back_takes_no_answer_away() {
    let import = import(&[
        line(100, "1.1", "NONE", "ENTERQUEUE||03"),
        line(98, "1.1", "SIP/301", "CONNECT|1|x"),
        line(130, "1.1", "SIP/301", "COMPLETEAGENT|1|30|1"),
    ]);
    assert_eq!(import.skipped, []);
    let record = &records(&import.events)[0];
    assert_eq!(record.wait(), Some(Millis(0)));
    assert_eq!(record.talk(), Some(Millis(30_000)));
}

#[test]
fn what_an_earlier_log_left_open_ends_once_a_later_one_shows_that_nobody_can_be_there() {
    let first = [
        line(0, "1.1", "NONE", "ENTERQUEUE||03"),
        line(5, "1.1", "SIP/301", "CONNECT|5|x"),
        line(9, "2.1", "NONE", "ENTERQUEUE||04"),
    ];
    let evening = 18 * 3_600;
    let next = line(evening + 1, "3.1", "NONE", "FULL|");
    let start = line(evening, "NONE", "NONE", "QUEUESTART");
    let early = line(3, "NONE", "NONE", "QUEUESTART");
    let known = stored(
        Known::new(),
        &import_knowing(&first, (Some(at(10)), false), &Known::new()),
    );
    let outcomes = |lines: &[String], hours: i64| {
        let import = import_knowing(lines, (Some(at(hours * 3_600)), false), &known);
        assert_eq!(import.skipped, []);
        let after = stored(known.clone(), &import);
        let again = import_knowing(lines, (Some(at(hours * 3_600)), false), &after);
        assert_eq!(stored(after.clone(), &again), after, "a second time");
        ["1.1", "2.1"].map(|id| {
            let events = &after[&CallId::new(format!("queue_log/help/{id}"))];
            CallRecord::fold(events).unwrap().outcome()
        })
    };
    let (talks, over) = (Outcome::Talking, Outcome::Completed);
    let fault = Outcome::Abandoned(AbandonReason::SystemError);
    let lines = |more: &[&String]| more.iter().map(|line| (*line).clone()).collect::<Vec<_>>();
    assert_eq!(outcomes(&lines(&[&next]), 19), [talks, fault]);
    assert_eq!(outcomes(&lines(&[&early, &next]), 19), [talks, fault]);
    assert_eq!(outcomes(&lines(&[&start, &next]), 19), [over, fault]);
    assert_eq!(outcomes(&lines(&[&next]), 25), [over, fault]);
    assert_eq!(outcomes(&[], 0), [talks, Outcome::Waiting]);
    // The true end, should it come after all.
    let end = line(evening + 2, "1.1", "SIP/301", "COMPLETEAGENT|5|60|1");
    let import = import_knowing(&lines(&[&next]), (Some(at(25 * 3_600)), false), &known);
    let ended = stored(known.clone(), &import);
    let import = import_knowing(&[end], (Some(at(26 * 3_600)), false), &ended);
    let ended = stored(ended, &import);
    let record = CallRecord::fold(&ended[&CallId::new("queue_log/help/1.1")]).unwrap();
    assert_eq!(record.ended_at, Some(at(evening + 2)));
}
