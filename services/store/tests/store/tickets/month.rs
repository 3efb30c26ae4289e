//! The tickets of a month: those that count in it, as they were at its cut-off.

use madoguchi_core::ticket::Turn;
use madoguchi_store::TicketSpan;

use super::*;

on_databases!([sqlite_file, sqlite_memory, postgres] [
    a_month_reads_what_counts_in_it_as_it_was_then,
]);

fn day(text: &str) -> Instant {
    Instant::start_of(text.parse().unwrap())
}

fn received(id: &str, text: &str) -> NewTicket {
    NewTicket {
        received_at: day(text),
        at: day(text),
        ..new(id, id)
    }
}

async fn later(store: &Store, id: &str, text: &str, change: TicketChange) {
    let mut tx = store.begin(entry()).await.unwrap();
    let edit = TicketEdit {
        at: day(text),
        ..edit(id, None, &[change])
    };
    tx.change_ticket(&edit).await.unwrap();
    tx.commit().await.unwrap();
}

async fn status(store: &Store, id: &str, text: &str, after: Status) {
    let kept = store.lookup_ticket(&id.into()).await.unwrap().unwrap();
    let before = kept.status();
    later(
        store,
        id,
        text,
        TicketChange::StatusChanged { before, after },
    )
    .await;
}

async fn a_month_reads_what_counts_in_it_as_it_was_then(place: Place) {
    let store = place.open().await;
    for (id, text) in [
        ("done-before", "2026-02-03"),
        ("open-since", "2026-02-04"),
        ("done-since", "2026-02-05"),
        ("april", "2026-04-10"),
        ("merged", "2026-04-11"),
        ("may", "2026-05-10"),
    ] {
        add(&store, &received(id, text)).await;
    }
    status(&store, "done-before", "2026-03-01", Status::Done).await;
    status(&store, "done-since", "2026-04-20", Status::Done).await;
    status(&store, "april", "2026-04-12", Status::Done).await;
    let reason = "まだ解決していない".to_owned();
    later(
        &store,
        "april",
        "2026-05-02",
        TicketChange::Reopened { reason },
    )
    .await;
    let mut tx = store.begin(entry()).await.unwrap();
    let june = TicketEdit {
        at: day("2026-06-11"),
        ..edit("merged", None, &[])
    };
    tx.merge_tickets(&june, &"may".into()).await.unwrap();
    tx.commit().await.unwrap();

    let span = TicketSpan {
        from: day("2026-04-01"),
        until: day("2026-05-01"),
        cut_off: day("2026-05-01"),
    };
    let april = store.month_tickets(span).await.unwrap();
    let ids: BTreeSet<&str> = april.tickets.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(
        ids,
        ["april", "done-since", "merged", "open-since"].into(),
        "those that were done before do not count"
    );
    let find = |id: &str| {
        april
            .tickets
            .iter()
            .find(|one| one.id == id.into())
            .unwrap()
    };
    assert_eq!(
        find("april").status(),
        Status::Done,
        "it was reopened later"
    );
    assert_eq!(find("merged").merged_into, None, "it was merged later");
    assert!(april.turns.is_empty());

    let span = TicketSpan {
        from: day("2026-05-01"),
        until: day("2026-06-01"),
        cut_off: day("2026-06-01"),
    };
    let may = store.month_tickets(span).await.unwrap();
    let turns = &may.turns[&TicketId::new("april")];
    let open: Vec<(Instant, bool)> = turns.iter().map(|Turn { at, open }| (*at, *open)).collect();
    assert_eq!(
        open,
        [
            (day("2026-04-10"), true),
            (day("2026-04-12"), false),
            (day("2026-05-02"), true)
        ]
    );
    assert!(may.open_at_end.contains(&TicketId::new("april")));
    let received = async |cut_off: &str| {
        let april = TicketSpan {
            from: day("2026-04-01"),
            until: day("2026-05-01"),
            cut_off: day(cut_off),
        };
        store.count_received(april).await.unwrap()
    };
    assert_eq!(received("2026-05-01").await, 2, "it was merged later");
    assert_eq!(received("2026-07-01").await, 1);
    assert!(
        store
            .has_month(day("2026-02-01"), day("2026-03-01"))
            .await
            .unwrap()
    );
    assert!(
        !store
            .has_month(day("2026-01-01"), day("2026-02-01"))
            .await
            .unwrap()
    );
}
