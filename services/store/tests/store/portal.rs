//! What readers of the FAQ look for and read, and what is made of it.

use std::collections::BTreeSet;

use madoguchi_core::access::Role;
use madoguchi_core::audience::Viewer;
use madoguchi_core::audit::{Action, Actor, AuditEntry, Fields};
use madoguchi_core::id::CategoryId;
use madoguchi_core::portal::{Inquiry, ReceiptNumber, SiteRead};
use madoguchi_core::ticket::{Channel, Status, Ticket, TicketChange};
use madoguchi_core::time::{Instant, Millis};
use madoguchi_store::{
    AuditFilter, ContentGap, Feedback, NewInquiry, Opened, Rating, Referrer, Search, Settled,
    Store, StoreError, TicketEdit, View,
};

use sqlx::{AnyConnection, Connection};

use crate::place::{Place as Database, on_databases};
use crate::sample::call;

on_databases!([sqlite_file, postgres] [
    searches_in_vain_are_grouped_however_they_were_typed,
    what_was_seen_to_comes_up_again_only_when_it_happens_again,
    searches_with_results_that_nobody_opened_are_told,
    a_browser_says_one_word_about_a_version,
    an_article_settles_a_call_once,
    what_is_read_most_is_counted_since_an_instant_and_by_place,
    the_access_of_a_period_adds_up,
    an_inquiry_is_a_ticket_and_counts_as_work_until_it_is_taken_in_hand,
    what_was_written_before_there_were_tickets_becomes_tickets_and_nothing_is_lost,
    an_inquiry_has_a_number_of_its_own_and_is_kept_once,
    what_was_kept_long_enough_is_deleted_and_that_is_recorded,
    strange_letters_are_kept,
]);

fn entry(action: Action, at: i64) -> AuditEntry {
    AuditEntry {
        at: Instant(at),
        actor: Actor::Nobody {
            login: "sato".to_owned(),
        },
        address: String::new(),
        action,
        object: String::new(),
        before: Fields::new(),
        after: Fields::new(),
    }
}

async fn search(store: &Store, id: &str, at: i64, viewer: Viewer, query: &str, results: u64) {
    let search = Search {
        id: id.to_owned(),
        at: Instant(at),
        viewer,
        query: query.to_owned(),
        category: CategoryId::default(),
        results,
        site: Some("本部".to_owned()),
        user: None,
    };
    store.log_search(&search).await.unwrap();
}

async fn view(store: &Store, id: &str, at: i64, viewer: Viewer, article: &str, site: Option<&str>) {
    let view = View {
        id: id.to_owned(),
        at: Instant(at),
        article: article.into(),
        viewer,
        site: site.map(str::to_owned),
        visit: "v".to_owned(),
        way: if id.starts_with('s') {
            Referrer::Search
        } else {
            Referrer::List
        },
    };
    store.log_view(&view).await.unwrap();
}

fn feedback(article: &str, voter: &str, at: i64, helped: bool, comment: &str) -> Feedback {
    Feedback {
        article: article.into(),
        version: 1,
        voter: voter.to_owned(),
        at: Instant(at),
        site: None,
        word: Rating {
            helped,
            comment: comment.to_owned(),
        },
    }
}

fn settled(id: &str, call: Option<&str>) -> Settled {
    Settled {
        id: id.to_owned(),
        at: Instant(5),
        article: "a".into(),
        user: "u".into(),
        search: None,
        call: call.map(str::to_owned),
    }
}

async fn in_vain(store: &Store) -> Vec<(String, u64, i64)> {
    let found = store.missed_queries(ContentGap::InVain, Instant(0), 10);
    let found = found.await.unwrap().into_iter();
    found
        .map(|one| (one.normal, one.count, one.last.0))
        .collect()
}

async fn searches_in_vain_are_grouped_however_they_were_typed(place: Database) {
    let store = place.open().await;
    search(&store, "1", 10, Viewer::Portal, "VPN", 0).await;
    search(&store, "2", 20, Viewer::Desk, " ｖｐｎ ", 0).await;
    search(&store, "3", 30, Viewer::Portal, "旅費", 0).await;
    search(&store, "4", 40, Viewer::Portal, "旅費", 3).await;
    search(&store, "5", 50, Viewer::Portal, "  ", 0).await;
    assert_eq!(
        in_vain(&store).await,
        [("vpn".to_owned(), 2, 20), ("旅費".to_owned(), 1, 30)]
    );
    let late = store.missed_queries(ContentGap::InVain, Instant(25), 10);
    assert_eq!(late.await.unwrap().len(), 1);
}

async fn what_was_seen_to_comes_up_again_only_when_it_happens_again(place: Database) {
    let store = place.open().await;
    search(&store, "1", 10, Viewer::Portal, "VPN", 0).await;
    let done = entry(Action::AttentionDone, 15);
    change!(store, done, see_to(ContentGap::InVain, "vpn", &"u".into())).unwrap();
    assert!(in_vain(&store).await.is_empty());
    search(&store, "2", 20, Viewer::Portal, "vpn", 0).await;
    assert_eq!(in_vain(&store).await, [("vpn".to_owned(), 1, 20)]);
    let done = entry(Action::AttentionDone, 25);
    change!(store, done, see_to(ContentGap::InVain, "vpn", &"u".into())).unwrap();
    assert!(in_vain(&store).await.is_empty());
}

async fn searches_with_results_that_nobody_opened_are_told(place: Database) {
    let store = place.open().await;
    search(&store, "1", 10, Viewer::Portal, "opened", 2).await;
    search(&store, "2", 20, Viewer::Portal, "left", 2).await;
    search(
        &store,
        "3",
        30,
        Viewer::Desk,
        "answered by what the list shows",
        2,
    )
    .await;
    let opened = |search: &str| Opened {
        search: search.to_owned(),
        article: "a".into(),
        position: 1,
        at: Instant(40),
    };
    assert!(store.log_opened(&opened("1")).await.unwrap());
    assert!(store.log_opened(&opened("1")).await.unwrap(), "twice");
    assert!(!store.log_opened(&opened("forged")).await.unwrap());
    let found = store.missed_queries(ContentGap::Unopened, Instant(0), 10);
    let found: Vec<_> = found
        .await
        .unwrap()
        .into_iter()
        .map(|one| one.normal)
        .collect();
    assert_eq!(found, ["left"]);
    assert!(
        store
            .log_missed("3", &"u".into(), Instant(50))
            .await
            .unwrap()
    );
    assert!(
        !store
            .log_missed("forged", &"u".into(), Instant(50))
            .await
            .unwrap()
    );
    let found = store.missed_queries(ContentGap::Missed, Instant(0), 10);
    assert_eq!(found.await.unwrap().len(), 1);
}

async fn a_browser_says_one_word_about_a_version(place: Database) {
    let store = place.open().await;
    for said in [
        feedback("a", "one", 10, true, ""),
        feedback("a", "one", 20, false, "古い"),
        feedback("a", "two", 30, false, "分からない"),
        feedback("b", "one", 30, true, ""),
    ] {
        store.give_feedback(&said).await.unwrap();
    }
    let word = store
        .lookup_feedback(&"a".into(), 1, "one")
        .await
        .unwrap()
        .unwrap();
    assert_eq!((word.helped, word.comment.as_str()), (false, "古い"));
    assert_eq!(
        store.lookup_feedback(&"a".into(), 2, "one").await.unwrap(),
        None
    );
    let unhelpful = store.unhelpful_articles(Instant(0), 10).await.unwrap();
    assert_eq!(unhelpful.len(), 1, "b helped");
    assert_eq!((unhelpful[0].helped, unhelpful[0].not_helped), (0, 2));
    assert_eq!(unhelpful[0].comments, ["分からない", "古い"]);
    let done = entry(Action::AttentionDone, 40);
    change!(store, done, see_to(ContentGap::Unhelpful, "a", &"u".into())).unwrap();
    assert!(
        store
            .unhelpful_articles(Instant(0), 10)
            .await
            .unwrap()
            .is_empty()
    );
}

async fn an_article_settles_a_call_once(place: Database) {
    let store = place.open().await;
    let settle = async |id: &str, call: Option<&str>| {
        unrecorded!(store, log_settled(&settled(id, call))).unwrap()
    };
    assert!(settle("1", Some("c")).await);
    assert!(!settle("2", Some("c")).await);
    assert!(settle("3", None).await);
    assert!(settle("4", None).await);
    let figures = store
        .access_figures(Instant(0), Instant(100))
        .await
        .unwrap();
    assert_eq!(figures.articles["a"].settled, 3);
}

async fn what_is_read_most_is_counted_since_an_instant_and_by_place(place: Database) {
    let store = place.open().await;
    for (n, (article, at)) in [("old", 1), ("old", 2), ("a", 10), ("b", 11), ("b", 12)]
        .into_iter()
        .enumerate()
    {
        view(&store, &format!("v{n}"), at, Viewer::Portal, article, None).await;
    }
    view(&store, "d", 20, Viewer::Desk, "c", None).await;
    let most = store
        .most_read(Viewer::Portal, Instant(10), 5)
        .await
        .unwrap();
    assert_eq!(most, [("b".into(), 2), ("a".into(), 1)]);
}

async fn the_access_of_a_period_adds_up(place: Database) {
    let store = place.open().await;
    let nine = Instant::from_tokyo("2026-11-24T09:30:00".parse().unwrap()).0;
    let hour = 3_600_000;
    search(&store, "1", nine, Viewer::Portal, "旅費", 2).await;
    search(&store, "2", nine + hour, Viewer::Portal, "VPN", 0).await;
    search(&store, "3", nine, Viewer::Desk, "VPN", 1).await;
    search(&store, "4", nine - 10 * hour, Viewer::Portal, "前日", 1).await;
    let opened = Opened {
        search: "1".to_owned(),
        article: "a".into(),
        position: 1,
        at: Instant(nine),
    };
    store.log_opened(&opened).await.unwrap();
    view(&store, "s1", nine, Viewer::Portal, "a", Some("本部")).await;
    view(&store, "l1", nine, Viewer::Portal, "a", None).await;
    view(&store, "l2", nine, Viewer::Desk, "a", None).await;
    store
        .give_feedback(&feedback("b", "one", nine, true, ""))
        .await
        .unwrap();
    let midnight = Instant::start_of(Instant(nine).date());
    let until = midnight + Millis::from_secs(86_400);
    let figures = store.access_figures(midnight, until).await.unwrap();
    let a = figures.articles["a"];
    assert_eq!((a.portal, a.desk, a.by_search), (2, 1, 1));
    assert_eq!(figures.articles["b"].helped, 1);
    let portal = figures.portal;
    assert_eq!((portal.searches, portal.in_vain, portal.opened), (2, 1, 1));
    assert_eq!((figures.desk.searches, figures.desk.in_vain), (1, 0));
    assert_eq!((portal.views, figures.desk.views), (2, 1));
    assert_eq!(figures.sites[&Some("本部".to_owned())].searches, 2);
    assert_eq!(figures.sites[&None].views, 1);
    assert_eq!(figures.hours[&9].views, 2);
    assert_eq!(figures.hours[&10].searches, 1);
    assert_eq!(
        figures.queries,
        [("vpn".to_owned(), 2), ("旅費".to_owned(), 1)]
    );
    let reads = store.portal_reads(midnight, until).await.unwrap();
    assert_eq!(reads.len(), 2);
    assert!(reads.contains(&SiteRead {
        at: Instant(nine),
        visit: "v".to_owned(),
        site: Some("本部".to_owned()),
    }));
    store
        .append(&call("c", nine).arrived("0312345678").abandoned())
        .await
        .unwrap();
    let callers = store.callers(Instant(0), Instant(i64::MAX)).await.unwrap();
    assert_eq!(callers.len(), 1);
    assert_eq!(callers[0].1, "0312345678");
}

fn written(id: &str, at: i64) -> NewInquiry {
    NewInquiry {
        id: id.to_owned(),
        at: Instant(at),
        inquiry: Inquiry {
            site: "本部".to_owned(),
            name: "佐藤".to_owned(),
            extension: "1234".to_owned(),
            text: "困っています。".to_owned(),
            article: Some("a".into()),
            query: "旅費".to_owned(),
            person: None,
        },
    }
}

async fn an_inquiry_is_a_ticket_and_counts_as_work_until_it_is_taken_in_hand(place: Database) {
    let store = place.open().await;
    for (id, at) in [("one", 10), ("two", 20)] {
        unrecorded!(store, add_inquiry(&written(id, at))).unwrap();
    }
    let ticket = store.lookup_ticket(&"one".into()).await.unwrap().unwrap();
    assert_eq!(ticket.status(), Status::Received);
    assert_eq!(ticket.received_at, Instant(10));
    assert_eq!(ticket.fields.channel, Channel::Portal);
    assert_eq!(ticket.fields.question, "困っています。");
    assert_eq!(ticket.fields.requester.name, "佐藤");
    assert_eq!(ticket.notes[0].text, "見たFAQ a\n検索した言葉『旅費』");
    let contacts: Vec<_> = ticket.contacts().collect();
    assert_eq!((contacts.len(), &contacts[0].call), (1, &None));
    let asked = store.asked_about(Instant(0), 10).await.unwrap();
    assert_eq!((asked[0].count, asked[0].last), (2, Instant(20)));
    assert_eq!(store.count_work().await.unwrap().portal, 2);
    let taken = TicketEdit {
        id: "one".into(),
        version: None,
        by: None,
        at: Instant(30),
        happened_at: None,
        changes: vec![TicketChange::StatusChanged {
            before: Status::Received,
            after: Status::InProgress,
        }],
    };
    let mut tx = store.begin_unrecorded().await.unwrap();
    tx.change_ticket(&taken).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.count_work().await.unwrap().portal, 1);
}

async fn an_inquiry_has_a_number_of_its_own_and_is_kept_once(place: Database) {
    let store = place.open().await;
    // As two nodes and an impatient finger send them.
    let sent = (0..40).map(|n| {
        let (store, new) = (store.clone(), written(&(n % 20).to_string(), 10));
        tokio::spawn(async move { unrecorded!(store, add_inquiry(&new)).unwrap() })
    });
    let mut numbers = Vec::new();
    for receipt in sent.collect::<Vec<_>>() {
        numbers.push(receipt.await.unwrap().number);
    }
    numbers.sort_unstable();
    let distinct: BTreeSet<&String> = numbers.iter().collect();
    assert_eq!((numbers.len(), distinct.len()), (40, 20), "{numbers:?}");
    let third = store.lookup_receipt("3").await.unwrap().unwrap();
    let ticket = store.lookup_ticket(&"3".into()).await.unwrap().unwrap();
    assert_eq!(third.number, ticket.number.to_string());
    // A ticket that came otherwise has no receipt.
    assert_eq!(store.lookup_receipt("none").await.unwrap(), None);
}

async fn what_was_written_before_there_were_tickets_becomes_tickets_and_nothing_is_lost(
    place: Database,
) {
    let store = place.open().await;
    let user = crate::accounts::user("sato", "佐藤", &[Role::Agent]);
    crate::accounts::add(&store, &user).await;
    store.close().await;
    let mut connection = AnyConnection::connect(&place.address).await.unwrap();
    let many = 450;
    for n in 1..=many {
        let (handled_at, handled_by) = match n {
            1 => (Some(5_000_i64), Some("sato")),
            2 => (Some(6_000), Some("gone")),
            _ => (None, None),
        };
        sqlx::query(
            "INSERT INTO inquiries (id, at, site, name, extension, body, article, query, number, \
             handled_at, handled_by, version) \
             VALUES ($1, $2, '本部', '佐藤', '1234', $3, $4, $5, $6, $7, $8, 2)",
        )
        .bind(format!("i{n}"))
        .bind(i64::from(n) * 10)
        .bind(format!("困っています {n}"))
        .bind((n == 1).then_some("a"))
        .bind(if n == 1 { "旅費" } else { "" })
        .bind(i64::from(n))
        .bind(handled_at)
        .bind(handled_by)
        .execute(&mut connection)
        .await
        .unwrap();
    }
    connection.close().await.unwrap();
    // Two nodes start at once; the next start finds nothing to do.
    let (one, other) = tokio::join!(place.open(), place.open());
    one.close().await;
    other.close().await;
    let store = place.open().await;
    for n in 1..=many {
        let id = format!("i{n}");
        let ticket = store
            .lookup_ticket(&id.as_str().into())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(ticket.fields.question, format!("困っています {n}"));
        assert_eq!(ticket.received_at, Instant(i64::from(n) * 10));
        let number = ReceiptNumber(i64::from(n));
        let receipt = store.lookup_receipt(&id).await.unwrap().unwrap();
        assert_eq!(
            receipt.number,
            number.to_string(),
            "the sender's number stays good"
        );
        let found = store.ticket_of_receipt(number).await.unwrap();
        assert_eq!(found, Some(ticket.number));
        assert!(ticket.notes[0].text.contains(&number.to_string()));
        let events = store.ticket_events(&ticket.id).await.unwrap();
        assert_eq!(Ticket::fold(&events), Some(ticket));
    }
    let handled = store.lookup_ticket(&"i1".into()).await.unwrap().unwrap();
    assert_eq!(
        (handled.status(), handled.done_at),
        (Status::Done, Some(Instant(5_000)))
    );
    assert_eq!(handled.first_answer().unwrap().outcome_at, Instant(5_000));
    assert!(handled.fields.articles.contains("a"));
    let events = store.ticket_events(&"i1".into()).await.unwrap();
    assert_eq!(events.last().unwrap().by, Some(user.id), "who handled it");
    assert!(handled.notes[0].text.contains("検索した言葉『旅費』"));
    let gone = store.lookup_ticket(&"i2".into()).await.unwrap().unwrap();
    assert!(gone.notes[1].text.contains("gone"), "{:?}", gone.notes);
    assert_eq!(
        store.count_work().await.unwrap().portal,
        u64::from(many as u32) - 2
    );
    let filter = AuditFilter {
        action: Some(Action::InquiriesMove),
        limit: 10,
        ..AuditFilter::default()
    };
    let records = store.list_audit(&filter).await.unwrap();
    let moved: u32 = records
        .iter()
        .map(|record| record.entry.after["records"].parse::<u32>().unwrap())
        .sum();
    assert_eq!(moved, many as u32, "each once");
}

async fn what_was_kept_long_enough_is_deleted_and_that_is_recorded(place: Database) {
    let store = place.open().await;
    search(&store, "old", 10, Viewer::Portal, "VPN", 0).await;
    search(&store, "new", 100, Viewer::Portal, "VPN", 0).await;
    view(&store, "v", 10, Viewer::Portal, "a", None).await;
    let delete = || entry(Action::PortalLogDelete, 200);
    let deleted = change!(store, delete(), delete_portal_log_before(Instant(50)));
    assert_eq!(deleted.unwrap(), 2);
    assert_eq!(in_vain(&store).await, [("vpn".to_owned(), 1, 100)]);
    let mut tx = store.begin(delete()).await.unwrap();
    let deleted = tx.delete_portal_log_before(Instant(50)).await;
    assert_eq!(deleted.unwrap(), 0);
    assert!(matches!(tx.commit().await, Err(StoreError::Refused)));
    let filter = AuditFilter {
        limit: 10,
        ..AuditFilter::default()
    };
    let records = store.list_audit(&filter).await.unwrap();
    assert_eq!(records.len(), 1, "nothing deleted, nothing recorded");
    assert_eq!(records[0].entry.after["records"], "2");
}

async fn strange_letters_are_kept(place: Database) {
    let store = place.open().await;
    let query = "\0😀'; DROP TABLE portal_searches; --";
    search(&store, "1", 10, Viewer::Portal, query, 0).await;
    let found = store.missed_queries(ContentGap::InVain, Instant(0), 10);
    let found = found.await.unwrap();
    assert!(found[0].query.contains("😀'; DROP"));
}
