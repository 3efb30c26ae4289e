use super::*;
use crate::contact::ContactOutcome;
use crate::ticket::{Handover, Link, Relation, Route, TicketChange, TicketEvent};

fn ticket(question: &str) -> Ticket {
    let fields = TicketFields {
        division: Some("help_desk".into()),
        category: Some("vpn".into()),
        owner: Some("u1".into()),
        question: question.to_owned(),
        answer: "再起動してください。".to_owned(),
        answer_source: Some(AnswerSource::Phrase("p1".to_owned())),
        tags: ["VPN".to_owned()].into(),
        articles: ["a1".into(), "a\"2".into()].into(),
        work_minutes: 12,
        requester: Requester {
            person: Some("p1".into()),
            number: "0312345678".to_owned(),
            name: "年金 \"太郎\"\\\n\u{0}\u{1F600}".to_owned(),
            site: "中央年金事務所".to_owned(),
            department: "総務\t課".to_owned(),
        },
        ..TicketFields::default()
    };
    let created = TicketChange::Created {
        number: TicketNumber {
            fiscal_year: 2026,
            sequence: 7,
        },
        received_at: Instant(1_000),
        fields: Box::new(fields),
        split_from: None,
    };
    let event = TicketEvent {
        ticket: "t-1".into(),
        seq: 0,
        at: Instant(2_000),
        happened_at: None,
        by: Some("u2".into()),
        change: created,
    };
    let mut ticket = Ticket::begin(&event).unwrap();
    for (n, call) in (1..).zip([Some("c\"1"), None]) {
        let contact = Contact {
            id: ContactId::new(format!("k{n}")),
            call: call.map(Into::into),
            channel: Channel::Phone,
            agent: call.map(|_| "agent".into()),
            from: Instant(1_000),
            until: call.map(|_| Instant(1_500)),
            outcome: ContactOutcome::AnsweredAtOnce,
            outcome_at: Instant(1_400),
        };
        ticket.contact_added(&contact, n);
    }
    ticket.pauses.push(Pause {
        from: Instant(3_000),
        until: None,
    });
    ticket.analyses.push(Analysis {
        seq: 3,
        analyst: Some("u3".into()),
        from: Instant(4_000),
        until: Some(Instant(5_000)),
        finding: "仕様どおり".to_owned(),
    });
    ticket.escalations.push(Escalation {
        seq: 4,
        by: None,
        sent_at: Instant(6_000),
        handover: Handover {
            vendor: "保守事業者".to_owned(),
            route: Route::Direct,
            sent: "ログ一式".to_owned(),
            due: Some(Instant(9_000)),
            remind_at: None,
        },
        returned_at: Some(Instant(7_000)),
        answer: "直しました。".repeat(40),
    });
    ticket.done_at = Some(Instant(8_000));
    ticket.anonymised_at = Some(Instant(9_000));
    ticket
}

fn read(ticket: &Ticket) -> Ticket {
    let line = ticket.brief().unwrap();
    assert_eq!(line.lines().count(), 1, "{line}");
    Briefs::default().read(&line).unwrap()
}

#[test]
fn a_ticket_in_brief_is_the_ticket_without_its_texts() {
    let long = format!("𠮷{}", "問".repeat(200));
    for question in ["", "VPN\r\nにつながらない\u{2028}", &long] {
        let ticket = ticket(question);
        assert!(ticket.is_plain());
        let brief = read(&ticket);
        assert_eq!(brief, ticket.clone().without_texts());
        assert_eq!(
            brief.fields.question.chars().count(),
            question.chars().count().min(120)
        );
        assert!(ticket.brief().unwrap().starts_with('['));
    }
}

#[test]
fn what_few_tickets_have_stays_in_their_briefs() {
    let plain = ticket("VPNにつながらない");
    let changes: [fn(&mut Ticket); 8] = [
        |ticket| ticket.merged_into = Some("t-2".into()),
        |ticket| ticket.merged_from = ["t-2".into()].into(),
        |ticket| ticket.split_into = vec!["t-2".into()],
        |ticket| ticket.split_from = Some("t-2".into()),
        |ticket| ticket.unknown_events = 1,
        |ticket| {
            ticket.links.insert(Link {
                relation: Relation::Duplicate,
                other: "t-2".into(),
            });
        },
        |ticket| {
            ticket.hold = Some(crate::ticket::Hold {
                since: Instant(1),
                until: None,
                reason: "資料を待つ".to_owned(),
            });
        },
        |ticket| ticket.contacts_moved(&["k1".into()], &"t-2".into()),
    ];
    for (n, change) in changes.into_iter().enumerate() {
        let mut other = plain.clone();
        change(&mut other);
        assert_ne!(other, plain, "{n}");
        assert_eq!(read(&other), other.clone().without_texts(), "{n}");
    }
}

#[test]
fn names_that_stand_in_many_tickets_are_kept_once() {
    let mut briefs = Briefs::default();
    let line = ticket("VPN").brief().unwrap();
    let [one, other] = [briefs.read(&line).unwrap(), briefs.read(&line).unwrap()];
    let division = |ticket: &Ticket| ticket.fields.division.as_ref().unwrap().as_str().as_ptr();
    assert_eq!(division(&one), division(&other));
}
