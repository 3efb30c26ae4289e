//! Lists of tickets: pages, filters, words.

use super::*;

on_databases!([sqlite_file, sqlite_memory, postgres] [
    lists_show_each_ticket_once_while_others_come_in,
    filters_let_through_what_they_name,
    words_are_found_in_everything,
    a_word_of_common_pairs_is_found_alone,
]);

async fn lists_show_each_ticket_once_while_others_come_in(place: Place) {
    let store = place.open().await;
    for n in 1..=7 {
        add(&store, &new(&format!("t{n}"), "")).await;
    }
    let filter = TicketFilter::default();
    let mut seen = Vec::new();
    let mut start = Start::First;
    loop {
        let page = store.page_tickets(&filter, TicketOrder::Newest, (&start, 3));
        let page = page.await.unwrap();
        seen.extend(page.rows.iter().map(|ticket| ticket.number.sequence));
        add(&store, &new(&format!("more{}", seen.len()), "")).await;
        let Some(after) = page.after else { break };
        start = Start::After(after);
    }
    assert_eq!(seen, [7, 6, 5, 4, 3, 2, 1]);
}

async fn filters_let_through_what_they_name(place: Place) {
    let store = place.open().await;
    let asked = NewTicket {
        fields: TicketFields {
            division: Some("help_desk".into()),
            category: Some("f09".into()),
            owner: Some("u2".into()),
            incident: true,
            requester: Requester {
                person: Some("1234567".into()),
                number: "03-1234-5678".to_owned(),
                name: "髙﨑 花子".to_owned(),
                site: "中央年金事務所".to_owned(),
                department: "総務課".to_owned(),
            },
            ..TicketFields::default()
        },
        ..new("a", "")
    };
    add(&store, &asked).await;
    let by_mail = NewTicket {
        received_at: Instant(NOW.0 + 1_000),
        fields: TicketFields {
            channel: Channel::Mail,
            ..TicketFields::default()
        },
        changes: vec![done(Status::Received)],
        ..new("b", "")
    };
    add(&store, &by_mail).await;
    let handover = Handover {
        vendor: "保守事業者".to_owned(),
        route: Route::Direct,
        sent: "調査をお願いします。".to_owned(),
        due: Some(Instant(NOW.0 + 5_000)),
        remind_at: Some(Instant(NOW.0 + 3_000)),
    };
    let escalated = NewTicket {
        changes: vec![TicketChange::Escalated { handover }],
        ..new("c", "")
    };
    add(&store, &escalated).await;
    let held = TicketChange::Held {
        until: Some("2026-12-01".parse().unwrap()),
        reason: String::new(),
    };
    let held = NewTicket {
        changes: vec![held],
        ..new("d", "")
    };
    add(&store, &held).await;
    let empty = TicketFilter::default;
    for (filter, found) in [
        (
            TicketFilter {
                open: true,
                ..empty()
            },
            vec![4, 3, 1],
        ),
        (
            TicketFilter {
                awaiting_answer: true,
                ..empty()
            },
            vec![4, 3],
        ),
        (
            TicketFilter {
                statuses: vec![Status::Done, Status::Held],
                ..empty()
            },
            vec![4, 2],
        ),
        (
            TicketFilter {
                divisions: vec!["help_desk".into()],
                ..empty()
            },
            vec![1],
        ),
        (
            TicketFilter {
                categories: vec!["f09".into()],
                ..empty()
            },
            vec![1],
        ),
        (
            TicketFilter {
                channel: Some(Channel::Mail),
                ..empty()
            },
            vec![2],
        ),
        (
            TicketFilter {
                owner: Some(Some("u2".into())),
                ..empty()
            },
            vec![1],
        ),
        (
            TicketFilter {
                owner: Some(None),
                ..empty()
            },
            vec![4, 3, 2],
        ),
        (
            TicketFilter {
                person: Some("1234567".into()),
                ..empty()
            },
            vec![1],
        ),
        (
            TicketFilter {
                caller: Some("+81 3 1234 5678".to_owned()),
                ..empty()
            },
            vec![1],
        ),
        (
            TicketFilter {
                caller: Some(String::new()),
                ..empty()
            },
            vec![],
        ),
        (
            TicketFilter {
                incident: true,
                ..empty()
            },
            vec![1],
        ),
        (
            TicketFilter {
                from: Some(Instant(NOW.0 + 1)),
                ..empty()
            },
            vec![2],
        ),
        (
            TicketFilter {
                until: Some(Instant(NOW.0 + 1)),
                ..empty()
            },
            vec![4, 3, 1],
        ),
        (
            TicketFilter {
                escalation_due_before: Some(Instant(NOW.0 + 5_001)),
                ..empty()
            },
            vec![3],
        ),
        (
            TicketFilter {
                escalation_due_before: Some(Instant(NOW.0 + 3_001)),
                ..empty()
            },
            vec![3],
        ),
        (
            TicketFilter {
                escalation_due_before: Some(Instant(NOW.0 + 3_000)),
                ..empty()
            },
            vec![],
        ),
        (
            TicketFilter {
                held_before: "2026-12-02".parse().ok(),
                ..empty()
            },
            vec![4],
        ),
        (
            TicketFilter {
                held_before: "2026-12-01".parse().ok(),
                ..empty()
            },
            vec![],
        ),
    ] {
        assert_eq!(numbers(&store, filter.clone()).await, found, "{filter:?}");
    }
    assert_eq!(store.open_tickets().await.unwrap(), 3);
    let site = store
        .tickets_of_site("中央年金事務所", NOW, 10)
        .await
        .unwrap();
    assert_eq!(site.len(), 1);
    assert_eq!(
        (site[0].name.as_str(), site[0].caller.as_str()),
        ("髙﨑 花子", "0312345678")
    );
    let waiting = store.tickets_awaiting_answer(10).await.unwrap();
    assert_eq!(waiting.len(), 2);
}

/// Letter pairs that stand in every ticket do not make a word of them that one ticket holds alone.
async fn a_word_of_common_pairs_is_found_alone(place: Place) {
    let store = place.open().await;
    let mut tx = store.begin_unrecorded().await.unwrap();
    for n in 0..2_010 {
        let id = format!("t{n}");
        let question = if n == 7 { "abcd" } else { "ab bc cd" };
        tx.add_ticket(&new(&id, question)).await.unwrap();
    }
    tx.commit().await.unwrap();
    let filter = |words: &str| TicketFilter {
        words: words.to_owned(),
        limit: 10,
        ..TicketFilter::default()
    };
    assert_eq!(numbers(&store, filter("abcd")).await, [8]);
    assert_eq!(numbers(&store, filter("abcde")).await, Vec::<u32>::new());
    let newest: Vec<u32> = (2_001..=2_010).rev().collect();
    assert_eq!(numbers(&store, filter("bc")).await, newest);
    assert_eq!(store.count_tickets(&filter("ab"), 200).await.unwrap(), 200);
}

async fn words_are_found_in_everything(place: Place) {
    let store = place.open().await;
    let first = NewTicket {
        changes: vec![TicketChange::Noted {
            text: "ＶＰＮの　設定を確認".to_owned(),
        }],
        ..new("a", "旅費の精算が差戻しされた 100%")
    };
    add(&store, &first).await;
    add(&store, &new("b", "VPNにつながらない")).await;
    let found = async |words: &str| {
        let filter = TicketFilter {
            words: words.to_owned(),
            ..TicketFilter::default()
        };
        numbers(&store, filter).await
    };
    assert_eq!(found("vpn").await, [2, 1]);
    assert_eq!(found("vpn 差戻し").await, [1]);
    assert_eq!(found("R8-00002").await, [2]);
    assert_eq!(found("100%").await, [1]);
    assert_eq!(found("%").await, [1]);
    assert_eq!(found("_").await, Vec::<u32>::new());
    assert_eq!(found("　").await, [2, 1]);
    assert_eq!(found("旅").await, [1]);
    assert_eq!(found("い").await, [2], "the last letter of all");
    assert_eq!(found("費旅").await, Vec::<u32>::new());
    assert_eq!(found("確認v").await, Vec::<u32>::new(), "over two texts");
    // What is changed is found by its new words alone, also after the table was computed anew.
    let other = changed(TicketField::Question, "VPNにつながらない", "印刷できない");
    change(&store, &edit("b", None, &[other])).await.unwrap();
    for _ in 0..2 {
        assert_eq!(found("vpn").await, [1]);
        assert_eq!(found("印刷").await, [2]);
        store.rebuild_tickets().await.unwrap();
    }
}
