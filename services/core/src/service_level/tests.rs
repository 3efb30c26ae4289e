//! The definitions of docs/metrics.md, one by one.

use chrono::NaiveDateTime;

use super::*;
use crate::contact::{Contact, ContactOutcome};
use crate::hours::{Calendar, HoursSettings};
use crate::id::ContactId;
use crate::service::{HELP_DESK, INQUIRIES};
use crate::ticket::{
    Handover, Route, Status, System, TicketChange, TicketEvent, TicketField, TicketFields,
    TicketNumber,
};

fn at(text: &str) -> Instant {
    Instant::from_tokyo(text.parse::<NaiveDateTime>().unwrap())
}

/// The history of a ticket while a test writes it.
struct History(Vec<TicketEvent>);

impl History {
    /// A ticket that came by telephone.
    fn begun(id: &str, when: &str) -> Self {
        let fields = TicketFields {
            division: Some(HELP_DESK.into()),
            ..TicketFields::default()
        };
        Self::with(id, when, fields)
    }

    fn with(id: &str, when: &str, fields: TicketFields) -> Self {
        let created = TicketChange::Created {
            number: TicketNumber {
                fiscal_year: 2026,
                sequence: id.trim_start_matches('t').parse().unwrap(),
            },
            received_at: at(when),
            fields: Box::new(fields),
            split_from: None,
        };
        Self(Vec::new()).and(id, when, created)
    }

    fn and(mut self, id: &str, when: &str, change: TicketChange) -> Self {
        let event = TicketEvent {
            ticket: id.into(),
            seq: u32::try_from(self.0.len()).unwrap(),
            at: at(when),
            happened_at: None,
            by: Some("u1".into()),
            change,
        };
        if let Some(ticket) = Ticket::fold(&self.0) {
            ticket.check(&event).unwrap();
        }
        self.0.push(event);
        self
    }

    fn then(self, when: &str, change: TicketChange) -> Self {
        let id = self.0[0].ticket.clone();
        self.and(id.as_str(), when, change)
    }

    fn call(self, call: &str, when: &str, outcome: ContactOutcome) -> Self {
        let contact = Contact {
            id: ContactId::new(format!("{}-{call}", self.0[0].ticket)),
            call: Some(call.into()),
            channel: Channel::Phone,
            agent: Some("a1".into()),
            from: at(when),
            until: Some(at(when)),
            outcome,
            outcome_at: at(when),
        };
        self.then(when, TicketChange::ContactAdded { contact })
    }

    fn status(self, when: &str, after: Status) -> Self {
        let before = Ticket::fold(&self.0).unwrap().status();
        self.then(when, TicketChange::StatusChanged { before, after })
    }

    fn done(self, when: &str) -> Self {
        self.status(when, Status::Done)
    }

    fn reopened(self, when: &str) -> Self {
        let reason = "まだ解決していない".to_owned();
        self.then(when, TicketChange::Reopened { reason })
    }

    fn analysis(self, when: &str) -> Self {
        self.then(when, TicketChange::AnalysisBegun { analyst: None })
    }

    fn analysed(self, when: &str) -> Self {
        let finding = "仕様どおり".to_owned();
        self.then(when, TicketChange::AnalysisEnded { finding })
    }

    fn escalated(self, when: &str) -> Self {
        let handover = Handover {
            vendor: "保守事業者".to_owned(),
            route: Route::ViaClient,
            sent: "調査をお願いします。".to_owned(),
            due: None,
            remind_at: None,
        };
        self.then(when, TicketChange::Escalated { handover })
    }
}

fn call(id: &str, when: &str) -> AnsweredCall {
    AnsweredCall {
        call: id.into(),
        line: "help".into(),
        arrived_at: at(when),
        no_ticket: None,
    }
}

fn month(from: &str, until: &str) -> Period {
    Period {
        from: at(&format!("{from}T00:00:00")),
        until: at(&format!("{until}T00:00:00")),
        cut_off: at(&format!("{until}T00:00:00")),
    }
}

fn april() -> Period {
    month("2026-04-01", "2026-05-01")
}

fn figures_by(
    calls: &[AnsweredCall],
    histories: &[&History],
    period: Period,
    late_is_unanswered: bool,
) -> BTreeMap<Option<DivisionId>, ServiceFigures> {
    let as_of = |history: &&History| Ticket::as_of(&history.0, period.cut_off);
    let tickets: TicketSet = histories.iter().filter_map(as_of).collect();
    let rules = ServiceRules {
        divisions: &Divisions::default(),
        calendars: &Calendars::one(Calendar::new(HoursSettings::default())),
        late_is_unanswered,
    };
    service_figures(
        calls,
        (&tickets, &tickets_by_call(&tickets)),
        period,
        &rules,
    )
}

fn figures(calls: &[AnsweredCall], histories: &[&History], period: Period) -> ServiceFigures {
    let mut all = figures_by(calls, histories, period, false);
    all.remove(&Some(HELP_DESK.into())).unwrap_or_default()
}

use ContactOutcome::{AnsweredAtOnce, AnsweredLater, Escalated, ToAnalysis, Unanswered};

#[test]
fn 別紙6_項番8_a_call_is_unanswered_by_outcome_not_by_a_clock() {
    let calls = [
        call("c1", "2026-04-10T09:00:00"),
        call("c2", "2026-04-10T09:00:00"),
        call("c3", "2026-04-10T09:00:00"),
        call("c4", "2026-04-10T09:00:00"),
        call("c5", "2026-04-10T09:00:00"),
    ];
    let at_once = History::begun("t1", "2026-04-10T09:00:00")
        .call("c1", "2026-04-10T09:05:00", AnsweredAtOnce)
        .done("2026-04-10T09:06:00");
    // Two days later, and still a 一次回答.
    let called_back = History::begun("t2", "2026-04-10T09:00:00")
        .call("c2", "2026-04-10T09:05:00", Unanswered)
        .then(
            "2026-04-14T10:00:00",
            TicketChange::OutcomeSet {
                contact: "t2-c2".into(),
                before: Unanswered,
                after: AnsweredLater,
                outcome_at: at("2026-04-14T10:00:00"),
            },
        )
        .done("2026-04-14T10:01:00");
    let analysed = History::begun("t3", "2026-04-10T09:00:00")
        .call("c3", "2026-04-10T09:05:00", ToAnalysis)
        .analysis("2026-04-10T09:06:00")
        .analysed("2026-04-10T09:20:00")
        .done("2026-04-10T09:30:00");
    let none =
        History::begun("t4", "2026-04-10T09:00:00").call("c4", "2026-04-10T09:05:00", Unanswered);
    // Handed on after the caller had the answer.
    let answered_before = History::begun("t5", "2026-04-10T09:00:00")
        .call("c5", "2026-04-10T09:05:00", AnsweredAtOnce)
        .escalated("2026-04-10T09:05:00");
    let histories = [&at_once, &called_back, &analysed, &none, &answered_before];
    let figures = figures(&calls, &histories, april());
    assert_eq!(figures.first_unanswered, ["c3".into(), "c4".into()]);
    assert_eq!(figures.first_answer_rate().as_deref(), Some("60.0"));
    assert_eq!(figures.unsolved, ["c4".into(), "c5".into()]);
    let late = ["t2", "t3", "t4"].map(TicketId::from);
    assert_eq!(figures.late, late, "項番4 is another figure");

    let with_late = figures_by(&calls, &histories, april(), true);
    let with_late = &with_late[&Some(HELP_DESK.into())];
    let unanswered = ["c2", "c3", "c4"].map(CallId::from);
    assert_eq!(with_late.first_unanswered, unanswered, "a setting");
}

#[test]
fn 別紙6_項番8_a_call_counts_once_over_all_of_its_tickets() {
    let calls = [call("c1", "2026-04-10T09:00:00")];
    let answered = History::begun("t1", "2026-04-10T09:00:00")
        .call("c1", "2026-04-10T09:05:00", AnsweredAtOnce)
        .done("2026-04-10T09:06:00");
    let escalated = History::begun("t2", "2026-04-10T09:00:00")
        .call("c1", "2026-04-10T09:05:00", Escalated)
        .escalated("2026-04-10T09:06:00");
    let analysed = History::begun("t3", "2026-04-10T09:00:00")
        .call("c1", "2026-04-10T09:05:00", ToAnalysis)
        .analysis("2026-04-10T09:06:00");
    let figures = figures(&calls, &[&answered, &escalated, &analysed], april());
    assert_eq!((figures.answered, figures.registered), (1, 1));
    assert_eq!(figures.first_unanswered, ["c1".into()]);
    assert_eq!(figures.unsolved, ["c1".into()]);
    assert_eq!(figures.tickets[&Channel::Phone], 3);
}

#[test]
fn 別紙6_項番9_完了_on_the_last_day_and_再開_after_the_cut_off_stays_solved() {
    let calls = [call("c1", "2026-04-30T17:29:00")];
    let history = History::begun("t1", "2026-04-30T17:29:00")
        .call("c1", "2026-04-30T17:35:00", AnsweredAtOnce)
        .done("2026-04-30T17:36:00")
        .reopened("2026-05-01T08:30:00");
    let in_april = figures(&calls, &[&history], april());
    assert_eq!(in_april.resolution_rate().as_deref(), Some("100.0"));
    assert_eq!(Ticket::fold(&history.0).unwrap().status(), Status::Reopened);
    let later = Period {
        cut_off: at("2026-05-02T00:00:00"),
        ..april()
    };
    let later = figures(&calls, &[&history], later);
    assert_eq!(later.unsolved, ["c1".into()]);
    assert_eq!(
        later.first_answer_rate().as_deref(),
        Some("100.0"),
        "one 一次回答"
    );
}

#[test]
fn 別紙6_項番9_a_call_registered_after_the_cut_off_counts_by_what_happened_before_it() {
    let calls = [call("c1", "2026-04-30T17:29:00")];
    let mut history = History::begun("t1", "2026-05-01T08:30:00")
        .call("c1", "2026-05-01T08:30:00", AnsweredAtOnce)
        .done("2026-05-01T08:30:00");
    let before = figures(&calls, &[&history], april());
    assert_eq!(before.unregistered, ["c1".into()]);
    for event in &mut history.0 {
        event.happened_at = Some(at("2026-04-30T17:40:00"));
    }
    let after = figures(&calls, &[&history], april());
    assert!(after.unregistered.is_empty() && after.unsolved.is_empty());
}

#[test]
fn エスカレーション_counts_once_for_each_ticket_in_the_month_of_its_first_hand_over() {
    let history = History::begun("t1", "2026-04-10T09:00:00")
        .escalated("2026-04-30T10:00:00")
        .then(
            "2026-05-07T10:00:00",
            TicketChange::EscalationReturned {
                escalation: 1,
                answer: "設定を直してください。".to_owned(),
            },
        )
        .escalated("2026-05-08T10:00:00");
    let may = month("2026-05-01", "2026-06-01");
    assert_eq!(figures(&[], &[&history], april()).escalated, ["t1".into()]);
    assert_eq!(figures(&[], &[&history], may).escalated, []);
}

#[test]
fn 別紙8_1_項番24_機能分析_counts_the_steps_begun_in_the_month() {
    let history = History::begun("t1", "2026-04-10T09:00:00")
        .analysis("2026-04-10T09:10:00")
        .analysed("2026-05-07T10:00:00")
        .analysis("2026-05-08T10:00:00")
        .analysed("2026-05-08T11:00:00")
        .analysis("2026-05-09T10:00:00");
    let may = month("2026-05-01", "2026-06-01");
    assert_eq!(figures(&[], &[&history], april()).analyses.len(), 1);
    assert_eq!(figures(&[], &[&history], may).analyses.len(), 2);
}

#[test]
fn 応答_is_登録済_and_対象外_and_未登録() {
    let mut calls = ["c1", "c2", "c3"].map(|id| call(id, "2026-04-10T09:00:00"));
    calls[1].no_ticket = Some(NoTicketReason::Silence);
    let history = History::begun("t1", "2026-04-10T09:00:00")
        .call("c1", "2026-04-10T09:05:00", AnsweredAtOnce)
        .done("2026-04-10T09:05:00");
    let outside = call("c9", "2026-03-31T23:59:59.999");
    let all = [calls.as_slice(), &[outside]].concat();
    let figures = figures(&all, &[&history], april());
    assert_eq!(figures.answered, 3);
    assert_eq!((figures.registered, figures.no_ticket_count()), (1, 1));
    assert_eq!(figures.unregistered, ["c3".into()]);
    assert_eq!(figures.first_answer_rate().as_deref(), Some("100.0"));
    assert_eq!(ServiceFigures::default().resolution_rate(), None);
}

#[test]
fn merged_across_months_the_figures_of_the_first_stay_what_they_were() {
    let calls = [
        call("c1", "2026-04-10T09:00:00"),
        call("c2", "2026-05-07T09:00:00"),
    ];
    let first = History::begun("t1", "2026-04-10T09:00:00")
        .call("c1", "2026-04-10T09:05:00", AnsweredAtOnce)
        .done("2026-04-10T09:06:00")
        .then(
            "2026-05-08T09:00:00",
            TicketChange::MergedInto { into: "t2".into() },
        );
    let second = History::begun("t2", "2026-05-07T09:00:00")
        .call("c2", "2026-05-07T09:05:00", ToAnalysis)
        .analysis("2026-05-07T09:06:00")
        .escalated("2026-05-07T09:07:00")
        .then(
            "2026-05-08T09:00:00",
            TicketChange::MergedFrom { from: "t1".into() },
        );
    let both = [&first, &second];
    let in_april = figures(&calls, &both, april());
    assert!(in_april.unsolved.is_empty() && in_april.first_unanswered.is_empty());
    let may = month("2026-05-01", "2026-06-01");
    let in_may = figures(&calls, &both, may);
    assert_eq!(in_may.first_unanswered, ["c2".into()]);
    assert_eq!(in_may.escalated, ["t2".into()]);
    assert_eq!(in_may.tickets[&Channel::Phone], 1);
    // As of May the matter of April's call is open, but what its caller was told is not taken back.
    let april_later = Period {
        cut_off: may.cut_off,
        ..april()
    };
    let later = figures(&calls, &both, april_later);
    assert_eq!(later.unsolved, ["c1".into()]);
    assert!(later.first_unanswered.is_empty());
}

#[test]
fn 業務区分_are_counted_apart_and_a_line_decides_where_a_call_counts() {
    let macs = TicketFields {
        division: Some(INQUIRIES.into()),
        system: System::Macs,
        ..TicketFields::default()
    };
    let calls = [
        call("c1", "2026-04-10T09:00:00"),
        AnsweredCall {
            line: "macs".into(),
            ..call("c2", "2026-04-10T09:00:00")
        },
    ];
    let help = History::begun("t1", "2026-04-10T09:00:00").call(
        "c1",
        "2026-04-10T09:05:00",
        AnsweredAtOnce,
    );
    // An hour late for ヘルプデスク, in time for MACS.
    let other = History::with("t2", "2026-04-10T09:00:00", macs).call(
        "c2",
        "2026-04-10T10:30:00",
        AnsweredAtOnce,
    );
    let mut divisions = Divisions::default();
    for (id, line) in [(HELP_DESK, "help"), (INQUIRIES, "macs")] {
        let mut division = divisions.get(&id.into()).unwrap().clone();
        division.lines = vec![line.into()];
        divisions.set(id.into(), division);
    }
    let rules = ServiceRules {
        divisions: &divisions,
        calendars: &Calendars::one(Calendar::new(HoursSettings::default())),
        late_is_unanswered: false,
    };
    let fold = |history: &History| Ticket::fold(&history.0).unwrap();
    let tickets = [fold(&help), fold(&other)].into_iter().collect();
    let all = service_figures(
        &calls,
        (&tickets, &tickets_by_call(&tickets)),
        april(),
        &rules,
    );
    for id in [HELP_DESK, INQUIRIES] {
        let figures = &all[&Some(id.into())];
        assert_eq!((figures.answered, figures.registered), (1, 1), "{id}");
        assert!(figures.late.is_empty(), "{id}");
    }
}

#[test]
fn 別紙6_項番4_障害_and_緊急_are_exempt_and_other_channels_too() {
    let late = |field: TicketField, text: &str| {
        let before = TicketFields::default().text(field);
        let history = History::begun("t1", "2026-04-10T09:00:00").then(
            "2026-04-10T09:01:00",
            TicketChange::FieldChanged {
                field,
                before,
                after: text.to_owned(),
            },
        );
        figures(&[], &[&history], april()).late.len()
    };
    assert_eq!(late(TicketField::Tags, "旅費"), 1);
    assert_eq!(late(TicketField::Incident, "yes"), 0);
    assert_eq!(late(TicketField::Urgent, "yes"), 0);
    assert_eq!(late(TicketField::Channel, "mail"), 0);
}

#[test]
fn 別紙8_2_the_published_counts_give_the_rate_by_the_formula() {
    let figures = ServiceFigures {
        answered: 1_023,
        first_unanswered: vec!["c".into(); 45],
        ..ServiceFigures::default()
    };
    assert_eq!(figures.first_answer_rate().as_deref(), Some("95.6"));
}
