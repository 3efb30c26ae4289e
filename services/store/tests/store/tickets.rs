//! Tickets: numbers, saves at the same time, and what must not be lost.

mod files;
mod histories;
mod lists;
mod month;
mod numbers;
mod registration;

use std::collections::BTreeSet;

use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::contact::{Contact, ContactOutcome, NoTicket, NoTicketReason};
use madoguchi_core::id::{AgentId, CallId, TicketId, UserId};
use madoguchi_core::ticket::{
    Channel, Handover, Requester, Route, Status, Ticket, TicketChange, TicketError, TicketField,
    TicketFields, TicketNumber,
};
use madoguchi_core::time::Instant;
use madoguchi_store::{
    KeptNoTicket, NewTicket, Start, Store, StoreError, TicketDraft, TicketEdit, TicketFilter,
    TicketOrder, TicketRow, TicketWriteError,
};

use crate::place::{Place, on_databases};
use crate::sample::call;

on_databases!([sqlite_file, sqlite_memory, postgres] [
    a_number_is_of_its_fiscal_year_and_is_given_back_if_nothing_is_kept,
    what_is_sent_twice_is_kept_once,
    who_comes_second_gets_theirs_and_overwrites_nothing,
    what_is_refused_leaves_nothing_of_the_unit,
    strange_letters_survive,
    what_answers_others_is_read_in_order_and_every_change_is_fed,
]);

const NOW: Instant = Instant(1_795_478_400_000);

fn entry() -> AuditEntry {
    AuditEntry::of_system(NOW, Action::SignIn, "", Fields::new())
}

fn new(id: &str, question: &str) -> NewTicket {
    NewTicket {
        id: id.into(),
        by: Some("u1".into()),
        at: NOW,
        happened_at: None,
        received_at: NOW,
        fields: TicketFields {
            question: question.to_owned(),
            ..TicketFields::default()
        },
        changes: Vec::new(),
    }
}

fn edit(id: &str, version: Option<u32>, changes: &[TicketChange]) -> TicketEdit {
    TicketEdit {
        id: id.into(),
        version,
        by: Some("u1".into()),
        at: NOW,
        happened_at: None,
        changes: changes.to_vec(),
    }
}

fn contact(id: &str, call: &str, outcome: ContactOutcome) -> TicketChange {
    TicketChange::ContactAdded {
        contact: Contact {
            id: id.into(),
            call: Some(call.into()),
            channel: Channel::Phone,
            agent: Some("suzuki".into()),
            from: NOW,
            until: Some(NOW),
            outcome,
            outcome_at: NOW,
        },
    }
}

fn done(before: Status) -> TicketChange {
    let after = Status::Done;
    TicketChange::StatusChanged { before, after }
}

fn changed(field: TicketField, before: &str, after: &str) -> TicketChange {
    TicketChange::FieldChanged {
        field,
        before: before.to_owned(),
        after: after.to_owned(),
    }
}

async fn add(store: &Store, new: &NewTicket) -> Ticket {
    let mut tx = store.begin(entry()).await.unwrap();
    let ticket = tx.add_ticket(new).await.unwrap();
    tx.commit().await.unwrap();
    ticket
}

async fn change(store: &Store, edit: &TicketEdit) -> Result<Ticket, TicketWriteError> {
    let mut tx = store.begin(entry()).await?;
    let ticket = tx.change_ticket(edit).await?;
    tx.commit().await?;
    Ok(ticket)
}

async fn get(store: &Store, id: &str) -> Ticket {
    store.lookup_ticket(&id.into()).await.unwrap().unwrap()
}

async fn numbers(store: &Store, filter: TicketFilter) -> Vec<u32> {
    let rows = list(store, filter).await;
    rows.iter().map(|row| row.number.sequence).collect()
}

async fn list(store: &Store, filter: TicketFilter) -> Vec<TicketRow> {
    let limit = if filter.limit == 0 { 50 } else { filter.limit };
    let filter = TicketFilter { limit, ..filter };
    store.list_tickets(&filter).await.unwrap()
}

async fn a_number_is_of_its_fiscal_year_and_is_given_back_if_nothing_is_kept(place: Place) {
    let store = place.open().await;
    let number = async |id: &str, received_at: &str| {
        let received_at = Instant::start_of(received_at.parse().unwrap());
        let ticket = NewTicket {
            received_at,
            ..new(id, "")
        };
        add(&store, &ticket).await.number.to_string()
    };
    assert_eq!(number("a", "2026-03-31").await, "R7-00001");
    assert_eq!(number("b", "2026-04-01").await, "R8-00001");
    assert_eq!(number("c", "2026-11-24").await, "R8-00002");
    assert_eq!(number("d", "2026-01-04").await, "R7-00002");
    let mut tx = store.begin_unrecorded().await.unwrap();
    let dropped = tx.add_ticket(&new("x", "")).await.unwrap();
    assert_eq!(dropped.number.sequence, 3);
    drop(tx);
    assert_eq!(store.lookup_ticket(&"x".into()).await.unwrap(), None);
    assert_eq!(number("e", "2026-11-24").await, "R8-00003");
    let fifth = TicketNumber {
        fiscal_year: 2026,
        sequence: 3,
    };
    let found = store.lookup_ticket_id(fifth).await.unwrap();
    assert_eq!(found, Some("e".into()));
}

async fn what_is_sent_twice_is_kept_once(place: Place) {
    let store = place.open().await;
    let once = add(&store, &new("a", "差戻し")).await;
    let twice = add(&store, &new("a", "差戻し")).await;
    assert_eq!(once, twice);
    assert_eq!(store.ticket_events(&"a".into()).await.unwrap().len(), 1);
    assert_eq!(add(&store, &new("b", "")).await.number.sequence, 2);
}

async fn who_comes_second_gets_theirs_and_overwrites_nothing(place: Place) {
    let store = place.open().await;
    let read = add(&store, &new("a", "差戻し")).await;
    let first = changed(TicketField::Answer, "", "一");
    let first = change(&store, &edit("a", Some(read.version), &[first])).await;
    let first = first.unwrap();
    let second = changed(TicketField::Answer, "", "二");
    let second = edit("a", Some(read.version), &[second]);
    let refused = change(&store, &second).await.unwrap_err();
    let theirs = match refused {
        TicketWriteError::Changed { theirs } => Some(*theirs),
        _ => None,
    };
    assert_eq!(theirs.as_ref(), Some(&first));
    assert_eq!(get(&store, "a").await, first);
    // Without a version the field itself tells.
    let blind = TicketEdit {
        version: None,
        ..second
    };
    let refused = change(&store, &blind).await.unwrap_err();
    assert!(matches!(
        refused,
        TicketWriteError::Refused(TicketError::Outdated)
    ));
    let missing = change(&store, &edit("none", None, &[])).await.unwrap_err();
    assert!(matches!(missing, TicketWriteError::Missing));
}

async fn what_is_refused_leaves_nothing_of_the_unit(place: Place) {
    let store = place.open().await;
    let before = add(&store, &new("a", "差戻し")).await;
    let mut tx = store.begin(entry()).await.unwrap();
    let first = contact("k1", "c1", ContactOutcome::AnsweredAtOnce);
    let resumed = edit("a", None, &[first, TicketChange::Resumed]);
    let refused = tx.change_ticket(&resumed).await.unwrap_err();
    assert_eq!(refused.to_string(), "保留中ではありません");
    let refused = tx.commit().await.unwrap_err();
    assert!(matches!(refused, StoreError::Refused), "{refused}");
    assert_eq!(get(&store, "a").await, before);
    assert_eq!(store.ticket_changes(0, 10).await.unwrap().len(), 1);
    let led_to = store.tickets_of_call(&"c1".into()).await.unwrap();
    assert!(led_to.is_empty());
}

async fn strange_letters_survive(place: Place) {
    let store = place.open().await;
    let strange = "﨑髙①〜😀 ' \" \\ % \u{1} 𠮷\r\n=1+1";
    let ticket = add(&store, &new("a", strange)).await;
    assert_eq!(get(&store, "a").await, ticket);
    assert_eq!(ticket.fields.question, strange);
    let zero = add(&store, &new("b", "a\u{0}b")).await;
    assert_eq!(get(&store, "b").await, zero);
    assert!(list(&store, TicketFilter::default()).await.len() == 2);
    let unknown = TicketId::new("nö\u{0}");
    assert_eq!(store.lookup_ticket(&unknown).await.unwrap(), None);
}

async fn what_answers_others_is_read_in_order_and_every_change_is_fed(place: Place) {
    let store = place.open().await;
    assert_eq!(store.ticket_position().await.unwrap(), 0);
    for id in ["a", "b", "c", "d"] {
        let mut one = new(id, "差戻し");
        "再申請".clone_into(&mut one.fields.answer);
        one.changes.push(TicketChange::StatusChanged {
            before: Status::Received,
            after: Status::Answered,
        });
        add(&store, &one).await;
    }
    add(&store, &new("e", "まだ")).await;
    let ids = async |after: &str| -> Vec<String> {
        let read = store.answered_tickets(after, 10).await.unwrap();
        read.into_iter().map(|one| one.id.to_string()).collect()
    };
    assert_eq!(ids("").await, ["a", "b", "c", "d"]);
    assert_eq!(ids("b").await, ["c", "d"]);
    change(&store, &edit("c", None, &[done(Status::Answered)]))
        .await
        .unwrap();
    let mut tx = store.begin(entry()).await.unwrap();
    tx.merge_tickets(&edit("a", None, &[]), &"b".into())
        .await
        .unwrap();
    tx.anonymise_ticket(&"c".into(), NOW, None).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(ids("").await, ["b", "c", "d"], "a goes on as b");
    let fed = store.ticket_changes(5, 10).await.unwrap();
    let fed: Vec<String> = fed.into_iter().map(|(_, id)| id.to_string()).collect();
    assert_eq!(fed.first().map(String::as_str), Some("c"));
    assert_eq!(fed.last().map(String::as_str), Some("c"), "anonymised");
    assert!(
        fed.contains(&"a".to_owned()) && fed.contains(&"b".to_owned()),
        "{fed:?}"
    );
    assert_eq!(store.ticket_position().await.unwrap(), 5 + fed.len() as i64);
}
