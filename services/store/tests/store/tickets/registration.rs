//! What becomes of answered calls, and what is typed before anything is saved.

use super::*;

on_databases!([sqlite_file, sqlite_memory, postgres] [
    an_answered_call_is_registered_without_ticket_or_neither,
    drafts_are_kept_for_each_person_and_thing,
    who_has_a_ticket_open_is_told_as_long_as_it_is_so,
]);

async fn an_answered_call_is_registered_without_ticket_or_neither(place: Place) {
    let store = place.open().await;
    let at = NOW.0;
    for (id, agent) in [("c1", "suzuki"), ("c2", "suzuki"), ("c3", "tanaka")] {
        let answered = call(id, at).arrived("0312345678").answered_by(agent);
        store.append(&answered.ended()).await.unwrap();
    }
    let abandoned = call("c4", at).arrived("0312345678").abandoned();
    store.append(&abandoned).await.unwrap();
    let left = async |agent: Option<&str>| -> Vec<String> {
        let agent = agent.map(AgentId::new);
        let span = (NOW, Instant(at + 1));
        let found = store
            .unregistered_calls(agent.as_ref(), span, 10)
            .await
            .unwrap();
        let count = store
            .count_unregistered(agent.as_ref(), span)
            .await
            .unwrap();
        assert_eq!(found.len() as u64, count);
        found.iter().map(|call| call.call.to_string()).collect()
    };
    assert_eq!(left(None).await, ["c1", "c2", "c3"]);
    assert_eq!(left(Some("tanaka")).await, ["c3"]);
    let before = store.unregistered_calls(None, (Instant(0), NOW), 10).await;
    assert!(before.unwrap().is_empty(), "what arrived later");
    let registered = NewTicket {
        changes: vec![contact("k1", "c1", ContactOutcome::AnsweredAtOnce)],
        ..new("a", "")
    };
    add(&store, &registered).await;
    let kept = KeptNoTicket {
        no_ticket: NoTicket {
            call: "c2".into(),
            reason: NoTicketReason::Other,
            note: "訓練".to_owned(),
        },
        at: NOW,
        by: "u1".into(),
    };
    let mut tx = store.begin(entry()).await.unwrap();
    tx.set_no_ticket(&kept).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(left(None).await, ["c3"]);
    assert_eq!(
        store.lookup_no_ticket(&"c2".into()).await.unwrap(),
        Some(kept)
    );
    let reasons = store.no_ticket_reasons(NOW, Instant(at + 1)).await.unwrap();
    assert_eq!(reasons, [("c2".into(), NoTicketReason::Other)].into());
    let mut tx = store.begin(entry()).await.unwrap();
    assert!(tx.clear_no_ticket(&"c2".into()).await.unwrap());
    assert!(!tx.clear_no_ticket(&"c9".into()).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(left(Some("suzuki")).await, ["c2"]);
}

async fn drafts_are_kept_for_each_person_and_thing(place: Place) {
    let store = place.open().await;
    let draft = |subject: &str, at: i64, form: &str| TicketDraft {
        subject: subject.to_owned(),
        at: Instant(at),
        version: Some(3),
        form: form.to_owned(),
    };
    let keep = async |user: &str, draft: &TicketDraft| {
        let mut tx = store.begin_unrecorded().await.unwrap();
        tx.keep_ticket_draft(&user.into(), draft).await.unwrap();
        tx.commit().await.unwrap();
    };
    let long = "問".repeat(100_000);
    keep("u1", &draft("call:c1", 10, "一")).await;
    keep("u1", &draft("call:c1", 20, &long)).await;
    // A slow one that was typed before.
    keep("u1", &draft("call:c1", 15, "遅い")).await;
    keep("u1", &draft("ticket:a", 30, "二")).await;
    keep("u2", &draft("ticket:a", 40, "三")).await;
    let u1 = UserId::new("u1");
    let found = store.lookup_ticket_draft(&u1, "call:c1").await.unwrap();
    assert_eq!(found, Some(draft("call:c1", 20, &long)));
    let mine = store.ticket_drafts(&u1).await.unwrap();
    assert_eq!(mine[0], draft("ticket:a", 30, "二"));
    assert_eq!(mine.len(), 2);
    keep("u3", &draft("form:a:note", 50, "四")).await;
    keep("u3", &draft("form:b:note", 50, "四")).await;
    let typing = async |ticket: &str| {
        store
            .users_typing(&ticket.into(), Instant(35))
            .await
            .unwrap()
    };
    assert_eq!(typing("a").await, ["u2".into(), "u3".into()]);
    assert_eq!(typing("b").await, ["u3".into()]);
    assert!(typing("%").await.is_empty());
    // A save takes its draft along, or neither happens.
    let mut tx = store.begin(entry()).await.unwrap();
    tx.add_ticket(&new("a", "")).await.unwrap();
    tx.forget_ticket_draft(&u1, "call:c1").await.unwrap();
    drop(tx);
    let kept = store.lookup_ticket_draft(&u1, "call:c1").await.unwrap();
    assert!(kept.is_some() && store.lookup_ticket(&"a".into()).await.unwrap().is_none());
    let mut tx = store.begin_unrecorded().await.unwrap();
    tx.forget_ticket_draft(&u1, "call:c1").await.unwrap();
    let old = tx
        .forget_old_ticket_drafts(Instant(90 * 86_400_000 + 35))
        .await;
    assert_eq!(old.unwrap(), 1);
    tx.commit().await.unwrap();
    assert!(store.ticket_drafts(&u1).await.unwrap().is_empty());
    assert_eq!(store.ticket_drafts(&"u2".into()).await.unwrap().len(), 1);
}

async fn who_has_a_ticket_open_is_told_as_long_as_it_is_so(place: Place) {
    let store = place.open().await;
    let note = async |user: &str, now: i64, until: i64| {
        let mut tx = store.begin_unrecorded().await.unwrap();
        let times = (Instant(now), Instant(until));
        tx.note_ticket_viewer(&"a".into(), &user.into(), times)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    };
    let there = async |now| {
        let there = store.ticket_viewers(&"a".into(), Instant(now)).await;
        let there = there.unwrap();
        there.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    note("u2", 10, 20).await;
    note("u1", 10, 20).await;
    assert_eq!(there(20).await, ["u1", "u2"]);
    note("u1", 20, 30).await;
    assert_eq!(there(21).await, ["u1"]);
    note("u1", 21, 21).await;
    assert!(there(22).await.is_empty());
    assert!(
        store
            .ticket_viewers(&"b".into(), Instant(10))
            .await
            .unwrap()
            .is_empty()
    );
}
