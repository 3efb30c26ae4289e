//! The ledger of a predecessor becomes tickets, and what programs asked for is known by their keys.

use std::collections::BTreeSet;

use madoguchi_core::id::UserId;
use madoguchi_core::ledger::{LedgerWords, Mapping, ticket_id};
use madoguchi_core::service::Divisions;
use madoguchi_core::setup::Categories;
use madoguchi_core::ticket::{Status, TicketChange};
use madoguchi_core::time::Instant;
use madoguchi_store::{
    LedgerFile, LedgerOutcome, LedgerReading, NewRequest, NumberedRow, Store, StoreError,
    TicketEdit, TicketFilter,
};

use crate::place::{Place, on_databases};

on_databases!([sqlite_file, sqlite_memory, postgres] [
    a_ledger_becomes_tickets_once_and_their_log_makes_them_anew,
    what_somebody_changed_in_between_is_not_overwritten,
    what_columns_are_and_what_was_brought_is_kept,
    a_key_stands_for_one_request_for_a_day,
]);

const NOW: Instant = Instant(1_795_478_400_000);

fn reading() -> LedgerReading {
    let heads = ["番号", "受付日", "質問", "回答", "職員番号"].map(str::to_owned);
    let words = LedgerWords::new(&Categories::default(), &Divisions::default(), []);
    LedgerReading {
        ledger: "旧台帳".to_owned(),
        columns: Mapping::default().columns(&heads),
        words,
        at: NOW,
    }
}

fn row(number: usize, cells: [&str; 5]) -> NumberedRow {
    (number, cells.map(str::to_owned).into())
}

async fn take(store: &Store, rows: &[NumberedRow]) -> Result<LedgerOutcome, StoreError> {
    let mut seen = BTreeSet::new();
    let (outcome, plan) = store.prepare_ledger(&reading(), rows, &mut seen).await?;
    let mut tx = store.begin_unrecorded().await?;
    store.take_ledger(&mut tx, plan, None).await?;
    tx.commit().await?;
    Ok(outcome)
}

async fn a_ledger_becomes_tickets_once_and_their_log_makes_them_anew(place: Place) {
    let store = place.open().await;
    let rows: Vec<_> = (0..1_200)
        .map(|n| {
            row(
                n + 2,
                [&n.to_string(), "令和6年4月1日", "﨑髙①〜😀\0", "答え", ""],
            )
        })
        .chain([row(1_202, ["7", "2024-04-01", "同じ番号", "", ""])])
        .chain([row(1_203, ["x", "2024-04-01", "知らない人", "", "9999"])])
        .collect();
    let first = take(&store, &rows).await.unwrap();
    assert_eq!((first.new, first.changed, first.same), (1_201, 0, 0));
    let faults: Vec<_> = first.faults.iter().map(|fault| fault.sentence()).collect();
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(
        faults
            .iter()
            .any(|it| it.contains("1203行目の「職員番号」")),
        "{faults:?}"
    );
    assert!(
        faults
            .iter()
            .any(|it| it.contains("「7」は、前の行にもあります")),
        "{faults:?}"
    );
    let again = take(&store, &rows).await.unwrap();
    assert_eq!((again.new, again.changed, again.same), (0, 0, 1_201));
    let id = ticket_id("旧台帳", "7");
    let kept = store.lookup_ticket(&id).await.unwrap().unwrap();
    assert_eq!(
        (kept.number.fiscal_year, kept.status()),
        (2024, Status::Answered)
    );
    assert_eq!(kept.fields.question, "﨑髙①〜😀\0");
    let words = TicketFilter {
        words: "1199".to_owned(),
        limit: 10,
        ..TicketFilter::default()
    };
    // By its former number, whatever else holds these digits.
    let found = store.list_tickets(&words).await.unwrap();
    let former = ticket_id("旧台帳", "1199");
    assert!(found.iter().any(|row| row.id == former), "{found:?}");
    assert_eq!(store.rebuild_tickets().await.unwrap(), 1_201);
    assert_eq!(store.lookup_ticket(&id).await.unwrap(), Some(kept));
}

async fn what_somebody_changed_in_between_is_not_overwritten(place: Place) {
    let store = place.open().await;
    let rows = [row(2, ["1", "2024-04-01", "一つ目", "", ""])];
    take(&store, &rows).await.unwrap();
    let other = [row(2, ["1", "2024-04-01", "一つ目", "答え", ""])];
    let mut seen = BTreeSet::new();
    let (outcome, plan) = store
        .prepare_ledger(&reading(), &other, &mut seen)
        .await
        .unwrap();
    assert_eq!(outcome.changed, 1);
    let id = ticket_id("旧台帳", "1");
    let edit = TicketEdit {
        id: id.clone(),
        version: None,
        by: None,
        at: NOW,
        happened_at: None,
        changes: vec![TicketChange::Noted {
            text: "画面で書いた".to_owned(),
        }],
    };
    let mut tx = store.begin_unrecorded().await.unwrap();
    tx.change_ticket(&edit).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = store.begin_unrecorded().await.unwrap();
    let late = store.take_ledger(&mut tx, plan, None).await;
    assert!(matches!(late, Err(StoreError::Changed { .. })), "{late:?}");
    assert!(matches!(tx.commit().await, Err(StoreError::Refused)));
    let outcome = take(&store, &other).await.unwrap();
    assert_eq!((outcome.changed, outcome.faults.len()), (0, 1));
    let kept = store.lookup_ticket(&id).await.unwrap().unwrap();
    assert_eq!((kept.fields.answer.as_str(), kept.notes.len()), ("", 1));
}

async fn what_columns_are_and_what_was_brought_is_kept(place: Place) {
    let store = place.open().await;
    let mapping = Mapping::of(&reading().columns);
    let user = UserId::new("u1");
    let file = |id: &str| LedgerFile {
        id: id.to_owned(),
        name: "台帳.csv".to_owned(),
        content: "eA==".to_owned(),
    };
    for id in ["f1", "f2"] {
        let mut tx = store.begin_unrecorded().await.unwrap();
        tx.keep_ledger_mapping("旧台帳", &mapping, NOW)
            .await
            .unwrap();
        tx.keep_ledger_file(&user, &file(id), NOW).await.unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(store.ledger_mapping("旧台帳").await.unwrap(), mapping);
    assert_eq!(
        store.ledger_mapping("別").await.unwrap(),
        Mapping::default()
    );
    assert_eq!(store.ledgers().await.unwrap(), ["旧台帳"]);
    let found = async |user: &str, id: &str, at: i64| {
        let (user, at) = (UserId::new(user), Instant(NOW.0 + at));
        store.lookup_ledger_file(&user, id, at).await.unwrap()
    };
    assert_eq!(
        found("u1", "f1", 0).await,
        None,
        "the later one is in its place"
    );
    assert_eq!(found("u1", "f2", 1_000).await, Some(file("f2")));
    assert_eq!(found("u2", "f2", 1_000).await, None, "somebody else's");
    assert_eq!(found("u1", "f2", 86_400_000).await, None, "a day later");
}

async fn a_key_stands_for_one_request_for_a_day(place: Place) {
    let store = place.open().await;
    let (user, ticket) = (UserId::new("u1"), "t1".into());
    let keep = async |key: &str, at: Instant| {
        let request = NewRequest {
            key,
            user: &user,
            body: "b",
            at,
            ticket: (&ticket, 2),
        };
        let mut tx = store.begin_unrecorded().await.unwrap();
        assert_eq!(tx.lookup_request(key, at).await.unwrap(), None);
        assert!(tx.keep_request(request).await.unwrap());
        tx.commit().await.unwrap();
    };
    let after = |secs: i64| Instant(NOW.0 + secs * 1_000);
    keep("k1", NOW).await;
    let kept = store
        .lookup_request("k1", after(86_399))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((kept.body.as_str(), kept.at, kept.version), ("b", NOW, 2));
    assert_eq!(store.lookup_request("k2", NOW).await.unwrap(), None);
    assert_eq!(
        store.lookup_request("k1", after(86_400)).await.unwrap(),
        None
    );
    keep("k2", after(86_400)).await;
    keep("k1", after(86_400)).await;
}
