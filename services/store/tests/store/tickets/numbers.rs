//! Numbers that several nodes give at the same time.

use super::*;
use crate::calls::tamper;

on_databases!([sqlite_file, postgres] [
    fifty_at_once_over_two_nodes_get_fifty_numbers,
    a_counter_that_stands_behind_the_tickets_gives_no_number_twice,
]);

async fn a_counter_that_stands_behind_the_tickets_gives_no_number_twice(place: Place) {
    let store = place.open().await;
    for (id, number) in [("a", 1), ("b", 2), ("c", 3)] {
        assert_eq!(add(&store, &new(id, "")).await.number.sequence, number);
    }
    for (statement, id, number) in [
        ("UPDATE ticket_numbers SET last = 1", "d", 4),
        ("DELETE FROM ticket_numbers", "e", 5),
        ("UPDATE ticket_numbers SET last = 9", "f", 10),
    ] {
        tamper(&place, statement).await;
        assert_eq!(
            add(&store, &new(id, "")).await.number.sequence,
            number,
            "{statement}"
        );
    }
}

async fn fifty_at_once_over_two_nodes_get_fifty_numbers(place: Place) {
    let nodes = [place.open().await, place.open().await];
    let tasks: Vec<_> = (0..50)
        .map(|n| {
            let store = nodes[n % 2].clone();
            tokio::spawn(async move {
                if n % 10 == 0 {
                    // A node that dies in the middle of a save.
                    let mut tx = store.begin_unrecorded().await.unwrap();
                    tx.add_ticket(&new(&format!("gone{n}"), "")).await.unwrap();
                    drop(tx);
                }
                add(&store, &new(&format!("t{n}"), ""))
                    .await
                    .number
                    .sequence
            })
        })
        .collect();
    let mut given = BTreeSet::new();
    for task in tasks {
        assert!(given.insert(task.await.unwrap()), "given twice");
    }
    assert_eq!(given, (1..=50).collect());
    let feed = nodes[0].ticket_changes(0, 100).await.unwrap();
    let positions: Vec<i64> = feed.iter().map(|(position, _)| *position).collect();
    assert_eq!(positions, (1..=50).collect::<Vec<i64>>());
}
