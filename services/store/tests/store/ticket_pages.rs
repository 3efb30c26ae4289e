//! Large lists of tickets, contacts and people: each row once, forth and back.

use std::fmt::Debug;

use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::contact::{Contact, ContactOutcome};
use madoguchi_core::id::PersonId;
use madoguchi_core::person::Person;
use madoguchi_core::ticket::{Channel, TicketChange, TicketFields};
use madoguchi_core::time::Instant;
use madoguchi_store::{
    ContactFilter, NewTicket, Page, PersonFilter, Start, Store, StoreError, TicketFilter,
    TicketOrder,
};

use crate::calls::tamper;
use crate::place::{Place, on_databases};

on_databases!([sqlite_file, sqlite_memory, postgres] [
    tickets_are_listed_once_in_every_order,
    contacts_are_listed_by_their_ticket_and_period,
    people_are_listed_by_words_without_those_who_left,
]);

mod kept {
    use super::*;

    on_databases!([sqlite_file, postgres] [
        words_are_found_before_and_after_their_index_is_made_anew,
    ]);
}

const NOW: Instant = Instant(1_795_478_400_000);

fn entry(action: Action) -> AuditEntry {
    AuditEntry::of_system(NOW, action, "", Fields::new())
}

/// A ticket of a mail that arrived so many milliseconds after the first.
async fn add(store: &Store, n: i64) {
    let from = Instant(NOW.0 - 1_000 + n);
    let contact = Contact {
        id: format!("c{n}").as_str().into(),
        call: Some("call".into()),
        channel: Channel::Mail,
        agent: Some("sato".into()),
        from,
        until: None,
        outcome: ContactOutcome::ToAnalysis,
        outcome_at: from,
    };
    let new = NewTicket {
        id: format!("t{n}").as_str().into(),
        by: None,
        at: NOW,
        happened_at: None,
        received_at: from,
        fields: TicketFields {
            question: format!("旅費の精算{n}"),
            ..TicketFields::default()
        },
        changes: vec![TicketChange::ContactAdded { contact }],
    };
    let mut tx = store.begin(entry(Action::TicketChange)).await.unwrap();
    tx.add_ticket(&new).await.unwrap();
    tx.commit().await.unwrap();
}

/// All rows by their pages of two, and that the pages are the same on the way back.
async fn walk<R: Clone + Debug + PartialEq>(
    page: impl AsyncFn(Start) -> Result<Page<R>, StoreError>,
) -> Vec<R> {
    let mut there = vec![page(Start::First).await.unwrap()];
    while let Some(after) = there.last().unwrap().after.clone() {
        there.push(page(Start::After(after)).await.unwrap());
    }
    let mut back = vec![there.last().unwrap().clone()];
    while let Some(before) = back.last().unwrap().before.clone() {
        back.push(page(Start::Before(before)).await.unwrap());
    }
    let rows = |pages: Vec<Page<R>>| -> Vec<R> {
        let rows = pages.into_iter().map(|page| page.rows);
        rows.flatten().collect()
    };
    back.reverse();
    let there = rows(there);
    assert_eq!(rows(back), there);
    there
}

async fn tickets_are_listed_once_in_every_order(place: Place) {
    let store = place.open().await;
    for n in 1..=5 {
        add(&store, n).await;
    }
    for (order, numbers) in [
        (TicketOrder::Newest, [5, 4, 3, 2, 1]),
        (TicketOrder::Oldest, [1, 2, 3, 4, 5]),
        (TicketOrder::Changed, [5, 4, 3, 2, 1]),
    ] {
        let filter = TicketFilter::default();
        let page = async |start| store.page_tickets(&filter, order, (&start, 2)).await;
        let found = walk(page).await;
        let found: Vec<_> = found.iter().map(|one| one.number.sequence).collect();
        assert_eq!(found, numbers, "{order:?}");
    }
    let words = TicketFilter {
        words: "精算３".to_owned(),
        ..TicketFilter::default()
    };
    assert_eq!(store.count_tickets(&words, 10).await.unwrap(), 1);
    let found = store.page_tickets(&words, TicketOrder::Newest, (&Start::First, 2));
    assert_eq!(found.await.unwrap().rows[0].fields.question, "旅費の精算3");
}

async fn words_are_found_before_and_after_their_index_is_made_anew(place: Place) {
    let store = place.open().await;
    for n in 1..=3 {
        add(&store, n).await;
    }
    store.close().await;
    tamper(
        &place,
        "DELETE FROM ticket_words; UPDATE derived SET version = 1 WHERE name = 'ticket_words'",
    )
    .await;
    let store = place.open().await;
    let words = TicketFilter {
        words: "精算３".to_owned(),
        ..TicketFilter::default()
    };
    let found = async || {
        let found = store.page_tickets(&words, TicketOrder::Newest, (&Start::First, 9));
        let found = found.await.unwrap().rows;
        let found = found.into_iter().map(|one| one.number.sequence);
        found.collect::<Vec<_>>()
    };
    assert_eq!(found().await, [3], "the texts themselves are read");
    store.rebuild_word_index_if_outdated().await.unwrap();
    assert_eq!(found().await, [3]);
    tamper(&place, "DELETE FROM ticket_words").await;
    assert_eq!(found().await, Vec::<u32>::new(), "the index is asked");
}

async fn contacts_are_listed_by_their_ticket_and_period(place: Place) {
    let store = place.open().await;
    for n in 1..=3 {
        add(&store, n).await;
    }
    let all = ContactFilter::default();
    let found = walk(async |start| store.page_contacts(&all, (&start, 2)).await).await;
    let told: Vec<_> = found
        .iter()
        .map(|one| (one.contact.id.as_str(), one.number.sequence))
        .collect();
    assert_eq!(told, [("c1", 1), ("c2", 2), ("c3", 3)]);
    assert_eq!(found[0].contact.outcome, ContactOutcome::ToAnalysis);
    assert_eq!(found[0].contact.channel, Channel::Mail);
    for filter in [
        ContactFilter {
            ticket: Some("t2".into()),
            call: Some("call".into()),
            ..ContactFilter::default()
        },
        ContactFilter {
            from: Some(Instant(NOW.0 - 998)),
            until: Some(Instant(NOW.0 - 997)),
            ..ContactFilter::default()
        },
    ] {
        let found = store.page_contacts(&filter, (&Start::First, 9)).await;
        let found = found.unwrap().rows;
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].ticket, "t2".into());
    }
}

async fn people_are_listed_by_words_without_those_who_left(place: Place) {
    let store = place.open().await;
    let person = |id: &str, name: &str, left: bool| Person {
        id: id.into(),
        name: name.to_owned(),
        kana: String::new(),
        site: "中央年金事務所".to_owned(),
        department: String::new(),
        mail: String::new(),
        numbers: Vec::new(),
        left_on: left.then(|| NOW.date()),
    };
    let people = [
        person("1", "髙﨑 花子", false),
        person("2", "退職 次郎", true),
        person("3", "年金 太郎", false),
        person("4", "年金 三郎", false),
    ];
    let mut tx = store.begin(entry(Action::PeopleImport)).await.unwrap();
    tx.save_people(&people, NOW).await.unwrap();
    tx.commit().await.unwrap();
    let here = PersonFilter {
        word: "中央".to_owned(),
        ..PersonFilter::default()
    };
    let found = walk(async |start| store.page_people(&here, (&start, 2)).await).await;
    let ids: Vec<_> = found.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["1", "3", "4"]);
    assert_eq!(store.count_people_found(&here, 10).await.unwrap(), 3);
    let (one, none) = (PersonId::new("2"), PersonId::new("9"));
    let found = store.people_of_ids(&[&one, &none]).await.unwrap();
    assert_eq!(found.len(), 1, "those who left as well");
}
