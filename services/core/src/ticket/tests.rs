//! The life of a ticket, step by step.

mod histories;

use chrono::NaiveDateTime;

use super::*;
use crate::contact::{Contact, ContactOutcome};
use crate::hours::{Calendar, HoursSettings};
use crate::service::{AnswerState, Divisions, HELP_DESK, INQUIRIES};
use crate::setup::Calendars;
use crate::time::{Instant, Millis};

fn at(text: &str) -> Instant {
    Instant::from_tokyo(text.parse::<NaiveDateTime>().unwrap())
}

fn event(ticket: &str, seq: u32, at: Instant, change: TicketChange) -> TicketEvent {
    TicketEvent {
        ticket: ticket.into(),
        seq,
        at,
        happened_at: None,
        by: Some("u1".into()),
        change,
    }
}

fn created(sequence: u32, received_at: Instant, question: &str) -> TicketChange {
    TicketChange::Created {
        number: TicketNumber {
            fiscal_year: 2026,
            sequence,
        },
        received_at,
        fields: Box::new(TicketFields {
            division: Some(HELP_DESK.into()),
            question: question.to_owned(),
            ..TicketFields::default()
        }),
        split_from: None,
    }
}

fn contact(id: &str, call: &str, from: Instant, outcome: ContactOutcome) -> Contact {
    Contact {
        id: id.into(),
        call: Some(call.into()),
        channel: Channel::Phone,
        agent: Some("a1".into()),
        from,
        until: Some(from),
        outcome,
        outcome_at: from,
    }
}

fn file(id: &str) -> Attachment {
    Attachment {
        id: id.into(),
        name: format!("{id}.pdf"),
        kind: crate::article::FileKind::Pdf,
        bytes: 7,
        hash: format!("hash of {id}"),
        scan: ScanResult::Clean,
    }
}

fn removed(file: &Attachment) -> TicketChange {
    TicketChange::FileRemoved {
        file: file.id.clone(),
        name: file.name.clone(),
    }
}

/// A ticket while a test works on it.
struct Desk {
    events: Vec<TicketEvent>,
    now: Instant,
}

impl Desk {
    fn begun(when: &str) -> Self {
        let now = at(when);
        Self {
            events: vec![event("t1", 0, now, created(1, now, "差戻し"))],
            now,
        }
    }

    fn ticket(&self) -> Ticket {
        Ticket::fold(&self.events).unwrap()
    }

    fn take(&mut self, change: TicketChange) -> Result<Status, TicketError> {
        let ticket = self.ticket();
        let next = event("t1", ticket.version, self.now, change);
        ticket.check(&next)?;
        self.events.push(next);
        Ok(self.ticket().status())
    }

    fn status(&mut self, after: Status) -> Result<Status, TicketError> {
        let before = self.ticket().status();
        self.take(TicketChange::StatusChanged { before, after })
    }
}

fn held(until: Option<&str>) -> TicketChange {
    TicketChange::Held {
        until: until.map(|day| day.parse().unwrap()),
        reason: "資料を待つ".to_owned(),
    }
}

fn handover() -> TicketChange {
    TicketChange::Escalated {
        handover: Handover {
            vendor: "保守事業者".to_owned(),
            route: Route::Direct,
            sent: "調査をお願いします。".to_owned(),
            due: None,
            remind_at: None,
        },
    }
}

#[test]
fn a_ticket_goes_from_受付_to_完了_and_can_be_reopened() {
    let mut desk = Desk::begun("2026-11-24T10:00:00");
    assert_eq!(desk.ticket().status(), Status::Received);
    assert_eq!(desk.status(Status::InProgress), Ok(Status::InProgress));
    assert_eq!(desk.take(held(Some("2026-11-25"))), Ok(Status::Held));
    assert_eq!(desk.status(Status::Answered), Err(TicketError::Held));
    assert_eq!(desk.take(TicketChange::Resumed), Ok(Status::InProgress));
    let begun = TicketChange::AnalysisBegun { analyst: None };
    assert_eq!(desk.take(begun.clone()), Ok(Status::Analysing));
    assert_eq!(desk.take(begun), Err(TicketError::Same(Status::Analysing)));
    assert_eq!(desk.status(Status::Done), Err(TicketError::Analysing));
    let ended = TicketChange::AnalysisEnded {
        finding: "仕様どおり".to_owned(),
    };
    assert_eq!(desk.take(ended.clone()), Ok(Status::InProgress));
    assert_eq!(desk.take(ended), Err(TicketError::NotAnalysing));
    assert_eq!(desk.take(handover()), Ok(Status::Escalated));
    assert_eq!(desk.status(Status::Answered), Err(TicketError::Escalated));
    let number = desk.ticket().escalations[0].seq;
    let returned = TicketChange::EscalationReturned {
        escalation: number,
        answer: "直しました。".to_owned(),
    };
    assert_eq!(desk.take(returned.clone()), Ok(Status::InProgress));
    assert_eq!(desk.take(returned), Err(TicketError::NotEscalated));
    assert_eq!(desk.status(Status::Answered), Ok(Status::Answered));
    assert_eq!(desk.status(Status::Done), Ok(Status::Done));
    assert_eq!(desk.status(Status::InProgress), Err(TicketError::Done));
    assert_eq!(desk.take(handover()), Err(TicketError::Done));
    let reopened = TicketChange::Reopened {
        reason: "まだ出ない".to_owned(),
    };
    assert_eq!(desk.take(reopened.clone()), Ok(Status::Reopened));
    assert_eq!(desk.take(reopened), Err(TicketError::NotDone));
    let stays = desk.ticket();
    assert_eq!(stays.pauses.len(), 2, "保留 and 完了");
}

#[test]
fn what_is_missing_late_or_not_possible_is_said_plainly() {
    let mut desk = Desk::begun("2026-11-24T10:00:00");
    for (change, words) in [
        (
            held(Some("2026-11-23")),
            "保留の期限は、今日以降の日付にしてください",
        ),
        (
            TicketChange::Noted {
                text: " ".to_owned(),
            },
            "メモを入力してください",
        ),
        (
            TicketChange::AnalysisEnded {
                finding: String::new(),
            },
            "機能分析中ではありません",
        ),
        (
            TicketChange::StatusChanged {
                before: Status::Received,
                after: Status::Held,
            },
            "「保留」には、直接変更できません",
        ),
        (
            TicketChange::FieldChanged {
                field: TicketField::WorkMinutes,
                before: "0".to_owned(),
                after: "多い".to_owned(),
            },
            "工数(分): 0から120000までの整数で入力してください",
        ),
        (
            TicketChange::FieldChanged {
                field: TicketField::Question,
                before: "古い文".to_owned(),
                after: "新しい文".to_owned(),
            },
            "ほかの人が先に変更しました。内容を確認して、もう一度保存してください",
        ),
        (
            TicketChange::MergedInto { into: "t1".into() },
            "統合先がこの問合せ自身になります。ほかの問合せを選んでください",
        ),
    ] {
        let refused = desk.take(change).unwrap_err();
        assert_eq!(refused.to_string(), words);
    }
    assert_eq!(desk.events.len(), 1);
}

#[test]
fn what_a_vendor_or_an_analyst_still_works_at_is_not_merged_out_of_sight() {
    let mut desk = Desk::begun("2026-11-24T10:00:00");
    desk.take(TicketChange::AnalysisBegun { analyst: None })
        .unwrap();
    let merged = || TicketChange::MergedInto { into: "t2".into() };
    assert_eq!(desk.take(merged()), Err(TicketError::Analysing));
    let finding = "設定の誤り".to_owned();
    desk.take(TicketChange::AnalysisEnded { finding }).unwrap();
    desk.take(merged()).unwrap();
}

#[test]
fn nobody_sets_回答済_or_完了_without_an_answer() {
    let mut desk = Desk::begun("2026-11-24T10:00:00");
    let missing = Err(TicketError::Missing("回答"));
    for after in [Status::Answered, Status::Done] {
        assert_eq!(desk.ticket().check_answered(after), missing);
    }
    assert_eq!(desk.ticket().check_answered(Status::InProgress), Ok(()));
    desk.take(TicketChange::FieldChanged {
        field: TicketField::Answer,
        before: String::new(),
        after: "差戻しを選びます".to_owned(),
    })
    .unwrap();
    assert_eq!(desk.ticket().check_answered(Status::Done), Ok(()));
}

#[test]
fn 別紙6_項番4_who_sets_回答済_has_answered_the_contact_that_waits() {
    let mut desk = Desk::begun("2026-11-24T10:00:00");
    let unanswered = contact("k1", "c1", desk.now, ContactOutcome::Unanswered);
    desk.take(TicketChange::ContactAdded {
        contact: unanswered,
    })
    .unwrap();
    desk.now = at("2026-11-24T10:20:00");
    let ticket = desk.ticket();
    assert_eq!(ticket.answered_with(Status::InProgress, desk.now), None);
    let answered = ticket.answered_with(Status::Answered, desk.now).unwrap();
    desk.take(answered).unwrap();
    let first = desk.ticket().first_answer().map(|first| first.outcome_at);
    assert_eq!(first, Some(desk.now));
    assert_eq!(desk.ticket().answered_with(Status::Done, desk.now), None);
}

#[test]
fn 別紙6_項番4_answer_and_pause_in_one_save_stop_the_clock_at_the_answer_whichever_comes_first() {
    let outcomes = [true, false].map(|answer_first| {
        let mut desk = Desk::begun("2026-11-24T10:00:00");
        desk.now = at("2026-11-24T10:20:00");
        let contact = contact("k1", "c1", desk.now, ContactOutcome::AnsweredAtOnce);
        let mut changes = [TicketChange::ContactAdded { contact }, held(None)];
        if !answer_first {
            changes.reverse();
        }
        for change in changes {
            desk.take(change).unwrap();
        }
        let ticket = desk.ticket();
        let reception = Calendars::one(Calendar::new(HoursSettings::default()));
        let division = ticket.fields.division.as_ref();
        let clock = Divisions::default().clock(division, System::Indirect, &reception);
        clock.unwrap().state(&ticket, at("2026-11-25T12:00:00"))
    });
    let answered = AnswerState::Answered {
        took: Millis::from_secs(20 * 60),
        late: false,
    };
    assert_eq!(outcomes, [answered, answered]);
}

#[test]
fn 別紙6_項番4_a_change_of_業務区分_while_paused_counts_everything_anew_by_the_new_one() {
    let mut desk = Desk::begun("2026-11-24T17:20:00");
    desk.now = at("2026-11-24T17:25:00");
    desk.take(held(None)).unwrap();
    let state = |desk: &Desk, now: &str| {
        let ticket = desk.ticket();
        let reception = Calendars::one(Calendar::new(HoursSettings::default()));
        let division = ticket.fields.division.as_ref();
        let clock = Divisions::default().clock(division, ticket.fields.system, &reception);
        clock.unwrap().state(&ticket, at(now))
    };
    let left = Millis::from_secs(25 * 60);
    assert_eq!(
        state(&desk, "2026-11-25T12:00:00"),
        AnswerState::Paused { left }
    );
    desk.now = at("2026-11-24T17:40:00");
    let change = TicketChange::FieldChanged {
        field: TicketField::Division,
        before: HELP_DESK.to_owned(),
        after: INQUIRIES.to_owned(),
    };
    desk.take(change).unwrap();
    assert_eq!(
        state(&desk, "2026-11-24T18:00:00"),
        AnswerState::Paused { left }
    );
    desk.now = at("2026-11-24T18:00:00");
    desk.take(TicketChange::Resumed).unwrap();
    let due = AnswerState::Due {
        at: Some(at("2026-11-24T18:25:00")),
        left: Millis::from_secs(10 * 60),
        near: true,
    };
    assert_eq!(state(&desk, "2026-11-24T18:15:00"), due, "open until 23:00");
}

#[test]
fn an_edit_of_an_earlier_version_is_joined_with_what_was_saved_since() {
    let mut desk = Desk::begun("2026-11-24T10:00:00");
    let read = desk.ticket();
    let change = TicketChange::FieldChanged {
        field: TicketField::Question,
        before: "差戻し".to_owned(),
        after: "旅費の差戻し".to_owned(),
    };
    desk.take(change).unwrap();
    let theirs = desk.ticket();
    let before = Ticket::at_version(&desk.events, read.version).unwrap();
    assert_eq!(before, read);
    let mine = TicketFields {
        answer: "出し直してください".to_owned(),
        ..read.fields
    };
    let merged = edit::merge(&before.fields, &mine, &theirs.fields);
    assert!(merged.conflicts.is_empty());
    for change in edit::changes(&theirs.fields, &merged.fields) {
        desk.take(change).unwrap();
    }
    let fields = desk.ticket().fields;
    assert_eq!(fields.question, "旅費の差戻し");
    assert_eq!(fields.answer, "出し直してください");
}

#[test]
fn reopening_does_not_make_a_ticket_late_at_once() {
    let mut desk = Desk::begun("2026-11-24T10:00:00");
    desk.now = at("2026-11-24T10:10:00");
    desk.status(Status::Done).unwrap();
    desk.now = at("2026-11-26T10:00:00");
    let reason = "回答を受けていない".to_owned();
    desk.take(TicketChange::Reopened { reason }).unwrap();
    let ticket = desk.ticket();
    let clock = Divisions::default()
        .clock(
            None,
            System::Indirect,
            &Calendars::one(Calendar::new(HoursSettings::default())),
        )
        .unwrap();
    let due = clock.due(ticket.received_at, &ticket.pauses, desk.now);
    assert_eq!(due, Some(at("2026-11-26T10:20:00")));
}

#[test]
fn what_is_anonymised_holds_neither_name_nor_number_in_its_events_or_its_state() {
    let mut desk = Desk::begun("2026-11-24T10:00:00");
    for (field, after) in [
        (TicketField::Name, "年金 花子"),
        (TicketField::Number, "0312345678"),
        (TicketField::Answer, "佐藤様へ03-1234-5678で回答"),
    ] {
        let change = TicketChange::FieldChanged {
            field,
            before: String::new(),
            after: after.to_owned(),
        };
        desk.take(change).unwrap();
    }
    let text = "1234-567890の佐藤様".to_owned();
    desk.take(TicketChange::Noted { text }).unwrap();
    desk.take(handover()).unwrap();
    let before = desk.ticket();
    desk.take(TicketChange::Anonymised).unwrap();
    let state = desk.ticket();
    let cleared = anonymised(&desk.events);
    assert_eq!(
        Ticket::fold(&cleared).unwrap(),
        state,
        "both ways lead to the same"
    );
    let written = serde_json::to_string(&(cleared, &state)).unwrap();
    for personal in ["花子", "佐藤", "1234", "567890"] {
        assert!(!written.contains(personal), "{personal}: {written}");
    }
    assert_eq!(state.escalations, before.escalations, "figures stay");
    assert_eq!(state.fields.question, before.fields.question);
}

#[test]
fn a_file_is_added_once_and_taken_away_once() {
    let mut desk = Desk::begun("2026-11-24T09:00:00");
    let attach = |file: Attachment| TicketChange::FileAttached { file };
    desk.take(attach(file("f1"))).unwrap();
    let again = TicketError::FileKnown("f1.pdf".to_owned());
    assert_eq!(desk.take(attach(file("f1"))), Err(again.clone()));
    let same_content = Attachment {
        hash: file("f1").hash,
        ..file("f2")
    };
    assert_eq!(desk.take(attach(same_content)), Err(again));
    for bytes in [0, ATTACHMENT_BYTES as u64 + 1] {
        let file = Attachment {
            bytes,
            ..file("f3")
        };
        assert_eq!(desk.take(attach(file)), Err(TicketError::FileSize));
    }
    desk.take(removed(&file("f1"))).unwrap();
    assert_eq!(
        desk.take(removed(&file("f1"))),
        Err(TicketError::FileUnknown)
    );
    assert_eq!(desk.ticket().attachments().count(), 0);
    for n in 0..ATTACHMENTS {
        desk.take(attach(file(&format!("n{n}")))).unwrap();
    }
    let one_more = desk.take(attach(file("one more")));
    assert_eq!(one_more, Err(TicketError::FileCount));
    let told = TicketError::FileSize.to_string();
    assert!(told.contains("10MB"), "{told}");
}

#[test]
fn the_time_of_retention_takes_files_away_with_their_names() {
    let mut desk = Desk::begun("2026-11-24T09:00:00");
    let file = file("山田さんの届");
    desk.take(TicketChange::FileAttached { file: file.clone() })
        .unwrap();
    desk.take(TicketChange::Anonymised).unwrap();
    assert_eq!(desk.ticket().attachments().count(), 0);
    let log = anonymised(&desk.events);
    let text = serde_json::to_string(&log).unwrap();
    assert!(
        !text.contains(&file.name) && !text.contains(&file.hash),
        "{text}"
    );
    assert_eq!(Ticket::fold(&log), Some(desk.ticket()));
}

#[test]
fn a_ticket_that_was_written_down_later_is_there_from_its_reception_on() {
    let (received, typed) = (at("2026-04-30T16:00:00"), at("2026-05-01T09:00:00"));
    let contact = contact("k1", "c1", typed, ContactOutcome::Unanswered);
    let history = [
        event("t1", 0, typed, created(1, received, "届いた手紙")),
        event("t1", 1, typed, TicketChange::ContactAdded { contact }),
    ];
    let then = Ticket::as_of(&history, at("2026-05-01T00:00:00")).unwrap();
    assert_eq!((then.received_at, then.contacts().count()), (received, 0));
    assert!(Ticket::as_of(&history, received).is_none());
}
