//! What readers of the FAQ look for and read, and what is made of it.

use madoguchi_core::audience::Viewer;
use madoguchi_core::audit::{Action, Actor, AuditEntry, Fields};
use madoguchi_core::portal::{Inquiry, ReceiptNumber, SiteRead};
use madoguchi_core::time::{Instant, Millis};
use madoguchi_store::{
    Attention, AuditFilter, Feedback, InquiryFilter, NewInquiry, Opened, Rating, Referrer, Search,
    Settled, Store, StoreError, View,
};

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
    inquiries_are_listed_and_handled_once,
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
        category: String::new(),
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
        article: article.to_owned(),
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
        article: article.to_owned(),
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
        article: "a".to_owned(),
        user: "u".into(),
        search: None,
        call: call.map(str::to_owned),
    }
}

async fn in_vain(store: &Store) -> Vec<(String, u64, i64)> {
    let found = store.missed_queries(Attention::InVain, Instant(0), 10);
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
    let late = store.missed_queries(Attention::InVain, Instant(25), 10);
    assert_eq!(late.await.unwrap().len(), 1);
}

async fn what_was_seen_to_comes_up_again_only_when_it_happens_again(place: Database) {
    let store = place.open().await;
    search(&store, "1", 10, Viewer::Portal, "VPN", 0).await;
    let done = entry(Action::AttentionDone, 15);
    change!(store, done, see_to(Attention::InVain, "vpn", &"u".into())).unwrap();
    assert!(in_vain(&store).await.is_empty());
    search(&store, "2", 20, Viewer::Portal, "vpn", 0).await;
    assert_eq!(in_vain(&store).await, [("vpn".to_owned(), 1, 20)]);
    let done = entry(Action::AttentionDone, 25);
    change!(store, done, see_to(Attention::InVain, "vpn", &"u".into())).unwrap();
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
        article: "a".to_owned(),
        position: 1,
        at: Instant(40),
    };
    assert!(store.log_opened(&opened("1")).await.unwrap());
    assert!(store.log_opened(&opened("1")).await.unwrap(), "twice");
    assert!(!store.log_opened(&opened("forged")).await.unwrap());
    let found = store.missed_queries(Attention::Unopened, Instant(0), 10);
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
    let found = store.missed_queries(Attention::Missed, Instant(0), 10);
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
    let word = store.lookup_feedback("a", 1, "one").await.unwrap().unwrap();
    assert_eq!((word.helped, word.comment.as_str()), (false, "古い"));
    assert_eq!(store.lookup_feedback("a", 2, "one").await.unwrap(), None);
    let unhelpful = store.unhelpful_articles(Instant(0), 10).await.unwrap();
    assert_eq!(unhelpful.len(), 1, "b helped");
    assert_eq!((unhelpful[0].helped, unhelpful[0].not_helped), (0, 2));
    assert_eq!(unhelpful[0].comments, ["分からない", "古い"]);
    let done = entry(Action::AttentionDone, 40);
    change!(store, done, see_to(Attention::Unhelpful, "a", &"u".into())).unwrap();
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
    assert_eq!(most, [("b".to_owned(), 2), ("a".to_owned(), 1)]);
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
        article: "a".to_owned(),
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

async fn inquiries_are_listed_and_handled_once(place: Database) {
    let store = place.open().await;
    for (id, at) in [("one", 10), ("two", 20)] {
        let new = NewInquiry {
            id: id.to_owned(),
            at: Instant(at),
            inquiry: Inquiry {
                site: "本部".to_owned(),
                name: "佐藤".to_owned(),
                extension: "1234".to_owned(),
                text: "困っています。".to_owned(),
                article: Some("a".to_owned()),
                query: "旅費".to_owned(),
            },
        };
        unrecorded!(store, add_inquiry(&new)).unwrap();
    }
    let open = InquiryFilter {
        open: true,
        limit: 10,
        ..InquiryFilter::default()
    };
    let list = store.list_inquiries(&open).await.unwrap();
    assert_eq!(list.len(), 2);
    assert_eq!((list[0].id.as_str(), list[0].version), ("two", 1));
    assert_eq!(list[1].inquiry.name, "佐藤");
    assert_eq!(list[1].article_number, None, "there is no such article");
    let next = InquiryFilter {
        older_than: Some((Instant(20), "two".to_owned())),
        ..open.clone()
    };
    assert_eq!(store.list_inquiries(&next).await.unwrap().len(), 1);
    let asked = store.asked_about(Instant(0), 10).await.unwrap();
    assert_eq!((asked[0].count, asked[0].last), (2, Instant(20)));
    let handle = async |version, handled, at| {
        let entry = entry(Action::InquiryHandle, at);
        change!(store, entry, handle_inquiry("one", version, handled))
    };
    handle(1, true, 30).await.unwrap();
    let error = handle(1, true, 31).await.unwrap_err();
    assert!(matches!(error, StoreError::Changed { .. }), "{error}");
    assert_eq!(store.open_inquiries().await.unwrap(), 1);
    let all = InquiryFilter {
        open: false,
        ..open
    };
    let list = store.list_inquiries(&all).await.unwrap();
    assert_eq!(list[1].handled, Some((Instant(30), "sato".to_owned())));
    handle(2, false, 40).await.unwrap();
    assert_eq!(store.open_inquiries().await.unwrap(), 2);
}

async fn an_inquiry_has_a_number_of_its_own_and_is_kept_once(place: Database) {
    let store = place.open().await;
    let inquiry = |id: String| NewInquiry {
        id,
        at: Instant(10),
        inquiry: Inquiry::default(),
    };
    // As two nodes and an impatient finger send them.
    let sent = (0..40).map(|n| {
        let (store, new) = (store.clone(), inquiry((n % 20).to_string()));
        tokio::spawn(async move { unrecorded!(store, add_inquiry(&new)).unwrap() })
    });
    let mut numbers = Vec::new();
    for receipt in sent.collect::<Vec<_>>() {
        numbers.push(receipt.await.unwrap().number.unwrap().0);
    }
    numbers.sort_unstable();
    let twice: Vec<i64> = (1..=20).flat_map(|n| [n, n]).collect();
    assert_eq!(numbers, twice);
    let third = store.lookup_receipt("3").await.unwrap().unwrap();
    let filter = InquiryFilter {
        number: third.number,
        limit: 10,
        ..InquiryFilter::default()
    };
    let found = store.list_inquiries(&filter).await.unwrap();
    assert_eq!((found.len(), found[0].id.as_str()), (1, "3"));
    // A number does not come again when its inquiry is deleted.
    for id in 0..20 {
        let handled = entry(Action::InquiryHandle, 20);
        change!(store, handled, handle_inquiry(&id.to_string(), 1, true)).unwrap();
    }
    let deleted = entry(Action::PortalLogDelete, 30);
    let deleted = change!(store, deleted, delete_portal_log_before(Instant(30)));
    assert_eq!(deleted.unwrap(), 20);
    let next = unrecorded!(store, add_inquiry(&inquiry("new".to_owned()))).unwrap();
    assert_eq!(next.number, Some(ReceiptNumber(21)));
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
    let found = store.missed_queries(Attention::InVain, Instant(0), 10);
    let found = found.await.unwrap();
    assert!(found[0].query.contains("😀'; DROP"));
}
