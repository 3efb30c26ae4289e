//! Histories of tickets: merges, splits, retention, random steps, and what is derived from them.

use madoguchi_core::hours::{Calendar, HoursSettings};
use madoguchi_core::service::Divisions;
use madoguchi_core::service_level::{
    AnsweredCall, Period, ServiceRules, service_figures, tickets_by_call,
};
use madoguchi_core::setup::Calendars;
use madoguchi_core::ticket::merging::TicketSet;

use super::*;

on_databases!([sqlite_file, sqlite_memory, postgres] [
    merged_tickets_lead_to_one_and_can_be_taken_apart,
    a_part_becomes_a_ticket_of_its_own_with_its_calls,
    a_month_is_counted_from_whole_histories,
    random_histories_leave_rows_that_are_their_folds,
    after_the_time_of_retention_names_and_numbers_are_gone_everywhere,
    the_figures_of_a_month_are_what_they_were_after_names_are_gone,
]);

async fn merged_tickets_lead_to_one_and_can_be_taken_apart(place: Place) {
    let store = place.open().await;
    for id in ["a", "b", "c"] {
        let first = contact(
            &format!("k-{id}"),
            &format!("call-{id}"),
            ContactOutcome::Unanswered,
        );
        let ticket = NewTicket {
            changes: vec![first],
            ..new(id, id)
        };
        add(&store, &ticket).await;
    }
    let merge = async |from: &str, into: &str| {
        let mut tx = store.begin(entry()).await?;
        let merged = tx
            .merge_tickets(&edit(from, None, &[]), &into.into())
            .await?;
        tx.commit().await?;
        Ok::<_, TicketWriteError>(merged)
    };
    merge("a", "b").await.unwrap();
    // a is merged already, so that it leads on to c with b.
    merge("b", "c").await.unwrap();
    assert_eq!(store.resolve_ticket(&"a".into()).await.unwrap(), "c".into());
    for (from, into) in [("c", "a"), ("c", "c")] {
        let refused = merge(from, into).await.unwrap_err();
        assert!(
            matches!(refused, TicketWriteError::Refused(TicketError::Circle)),
            "{from} into {into}: {refused}"
        );
    }
    let family = async |id: &str| -> Vec<String> {
        let family = store.ticket_family(&id.into()).await.unwrap();
        family.iter().map(|one| one.id.to_string()).collect()
    };
    assert_eq!(family("a").await, ["c", "b", "a"]);
    assert_eq!(numbers(&store, TicketFilter::default()).await, [3]);
    let whole = TicketFilter {
        merged: true,
        ..TicketFilter::default()
    };
    assert_eq!(numbers(&store, whole).await, [3, 2, 1]);
    let refused = change(&store, &edit("a", None, &[done(Status::Received)])).await;
    assert!(matches!(
        refused.unwrap_err(),
        TicketWriteError::Refused(TicketError::Merged)
    ));
    let mut tx = store.begin(entry()).await.unwrap();
    let (undone, other) = tx.undo_merge(&edit("b", None, &[])).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!((undone.merged_into, other.merged_from.len()), (None, 0));
    assert_eq!(family("a").await, ["b", "a"]);
    assert_eq!(family("c").await, ["c"]);
}

async fn a_part_becomes_a_ticket_of_its_own_with_its_calls(place: Place) {
    let store = place.open().await;
    let both = NewTicket {
        changes: vec![
            contact("k1", "c1", ContactOutcome::Unanswered),
            contact("k2", "c2", ContactOutcome::AnsweredAtOnce),
        ],
        ..new("a", "二つの質問")
    };
    add(&store, &both).await;
    let mut tx = store.begin(entry()).await.unwrap();
    let part = new("b", "二つ目の質問");
    let who = edit("a", None, &[]);
    let (old, made) = tx
        .split_ticket(&who, &part, (&["k2".into()], &[]))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(made.split_from, Some("a".into()));
    let calls = |ticket: &Ticket| -> Vec<CallId> {
        ticket
            .contacts()
            .filter_map(|one| one.call.clone())
            .collect()
    };
    assert_eq!(calls(&old), ["c1".into()]);
    assert_eq!(calls(&made), ["c2".into()]);
    let led_to = async |call: &str| store.tickets_of_call(&call.into()).await.unwrap();
    assert_eq!(led_to("c1").await, ["a".into()]);
    assert_eq!(led_to("c2").await, ["b".into()]);
    // Taken back: the part goes on as what it came from, and the call is still there once.
    let mut tx = store.begin(entry()).await.unwrap();
    tx.merge_tickets(&edit("b", None, &[]), &"a".into())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(led_to("c2").await, ["b".into()]);
    assert_eq!(store.resolve_ticket(&"b".into()).await.unwrap(), "a".into());
    rebuilt_alike(&store).await;
}

async fn a_month_is_counted_from_whole_histories(place: Place) {
    let store = place.open().await;
    let month = |text: &str| Instant::start_of(text.parse().unwrap());
    let received = |id: &str, text: &str| NewTicket {
        received_at: month(text),
        at: month(text),
        ..new(id, id)
    };
    add(&store, &received("april", "2026-04-10")).await;
    add(&store, &received("may", "2026-05-10")).await;
    add(&store, &received("june", "2026-06-10")).await;
    let mut tx = store.begin(entry()).await.unwrap();
    let june = TicketEdit {
        at: month("2026-06-11"),
        ..edit("may", None, &[])
    };
    tx.merge_tickets(&june, &"june".into()).await.unwrap();
    tx.commit().await.unwrap();
    let ids = async |from: &str, until: &str| -> BTreeSet<String> {
        let histories = store.ticket_histories(month(from), month(until)).await;
        let histories = histories.unwrap();
        let first = |history: &Vec<_>| -> String {
            let first: &madoguchi_core::ticket::TicketEvent = &history[0];
            first.ticket.to_string()
        };
        histories.iter().map(first).collect()
    };
    let named = |names: &[&str]| -> BTreeSet<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    };
    assert_eq!(ids("2026-04-01", "2026-05-01").await, named(&["april"]));
    assert_eq!(
        ids("2026-05-01", "2026-06-01").await,
        named(&["may", "june"])
    );
    assert_eq!(ids("2026-07-01", "2026-08-01").await, named(&[]));
}

async fn random_histories_leave_rows_that_are_their_folds(place: Place) {
    let store = place.open().await;
    let mut chance = Chance(17);
    for n in 0..6 {
        add(&store, &new(&format!("t{n}"), &format!("問{n}"))).await;
    }
    for step in 0..120 {
        let id = format!("t{}", chance.below(6));
        let other = format!("t{}", chance.below(6));
        let ticket = get(&store, &id).await;
        let status = ticket.status();
        let mut tx = store.begin_unrecorded().await.unwrap();
        let one = |change: TicketChange| edit(&id, None, &[change]);
        let field = TicketField::Answer;
        let text = format!("答{step}");
        let taken = match chance.below(11) {
            0 => tx
                .change_ticket(&one(changed(field, &ticket.fields.answer, &text)))
                .await
                .is_ok(),
            1 => {
                let outcome = ContactOutcome::AnsweredAtOnce;
                let added = contact(
                    &format!("k{step}"),
                    &format!("c{}", chance.below(5)),
                    outcome,
                );
                tx.change_ticket(&one(added)).await.is_ok()
            }
            2 => tx.change_ticket(&one(done(status))).await.is_ok(),
            3 => {
                let reason = "再開".to_owned();
                tx.change_ticket(&one(TicketChange::Reopened { reason }))
                    .await
                    .is_ok()
            }
            4 => {
                let into = TicketId::new(&other);
                tx.merge_tickets(&edit(&id, None, &[]), &into).await.is_ok()
            }
            5 => tx.undo_merge(&edit(&id, None, &[])).await.is_ok(),
            6 => {
                let last = ticket.contacts().last().map(|one| one.id.clone());
                let part = new(&format!("p{step}"), "部分");
                let contacts: Vec<_> = last.into_iter().collect();
                let file = ticket.attachments().last().map(|one| one.file.id.clone());
                let files: Vec<_> = file.into_iter().collect();
                tx.split_ticket(&edit(&id, None, &[]), &part, (&contacts, &files))
                    .await
                    .is_ok()
            }
            7 => {
                let (until, reason) = (None, String::new());
                tx.change_ticket(&one(TicketChange::Held { until, reason }))
                    .await
                    .is_ok()
            }
            8 => {
                let file = files::file(&format!("f{step}"), text.as_bytes());
                let content = tx.add_ticket_file(&file.id, text.as_bytes()).await;
                let attached = one(TicketChange::FileAttached { file });
                content.is_ok() && tx.change_ticket(&attached).await.is_ok()
            }
            9 => match ticket.attachments().next() {
                Some(first) => tx
                    .change_ticket(&one(files::removed(&first.file)))
                    .await
                    .is_ok(),
                None => true,
            },
            _ => tx
                .change_ticket(&one(TicketChange::Noted { text }))
                .await
                .is_ok(),
        };
        assert_eq!(
            tx.commit().await.is_ok(),
            taken,
            "a refused step leaves nothing"
        );
    }
    rebuilt_alike(&store).await;
}

async fn after_the_time_of_retention_names_and_numbers_are_gone_everywhere(place: Place) {
    let store = place.open().await;
    let asked = NewTicket {
        fields: TicketFields {
            question: "佐藤様から。折り返しは03-1234-5678、佐藤花子の件".to_owned(),
            requester: Requester {
                name: "佐藤 花子".to_owned(),
                number: "0312345678".to_owned(),
                ..Requester::default()
            },
            ..TicketFields::default()
        },
        changes: vec![
            contact("k1", "c1", ContactOutcome::AnsweredAtOnce),
            done(Status::Received),
        ],
        ..new("a", "")
    };
    add(&store, &asked).await;
    add(&store, &new("open", "田中様")).await;
    let past = async || -> Vec<TicketId> {
        let mut tx = store.begin_unrecorded().await.unwrap();
        let before = Instant(NOW.0 + 1);
        let past = tx.tickets_past_retention(before, None, 10).await.unwrap();
        past.into_iter().map(|one| one.id).collect()
    };
    assert_eq!(past().await, ["a".into()]);
    let mut tx = store.begin(entry()).await.unwrap();
    tx.anonymise_ticket(&"a".into(), NOW, None).await.unwrap();
    tx.commit().await.unwrap();
    assert!(past().await.is_empty());
    let ticket = get(&store, "a").await;
    let events = store.ticket_events(&"a".into()).await.unwrap();
    let kept = serde_json::to_string(&(&events, &ticket)).unwrap();
    for personal in ["佐藤", "1234"] {
        assert!(!kept.contains(personal), "{personal}: {kept}");
        let filter = TicketFilter {
            words: personal.to_owned(),
            ..TicketFilter::default()
        };
        assert!(list(&store, filter).await.is_empty(), "{personal}");
    }
    assert_eq!(
        ticket.first_answer().map(|one| one.id.clone()),
        Some("k1".into())
    );
    assert_eq!(store.ticket_changes(0, 10).await.unwrap().len(), 3);
    rebuilt_alike(&store).await;
    // Whoever writes into it again is seen to by the next run.
    let noted = TicketChange::Noted {
        text: "鈴木さんからも同じ件".to_owned(),
    };
    change(&store, &edit("a", None, &[noted])).await.unwrap();
    assert_eq!(past().await, ["a".into()]);
}

async fn the_figures_of_a_month_are_what_they_were_after_names_are_gone(place: Place) {
    let store = place.open().await;
    let escalated = TicketChange::Escalated {
        handover: Handover {
            vendor: "保守事業者".to_owned(),
            route: Route::ViaClient,
            sent: "山田さんの画面が開かない。".to_owned(),
            due: None,
            remind_at: None,
        },
    };
    let outcomes = [
        ContactOutcome::AnsweredAtOnce,
        ContactOutcome::Escalated,
        ContactOutcome::ToAnalysis,
        ContactOutcome::Unanswered,
    ];
    for (n, outcome) in outcomes.into_iter().enumerate() {
        let (id, call_id) = (format!("t{n}"), format!("c{n}"));
        let answered = call(&call_id, NOW.0).arrived("0312345678");
        store
            .append(&answered.answered_by("suzuki").ended())
            .await
            .unwrap();
        let mut asked = new(&id, "年金 花子より");
        asked.fields.requester.name = "年金 花子".to_owned();
        asked.changes = vec![contact(&format!("k{n}"), &call_id, outcome)];
        if outcome == ContactOutcome::Escalated {
            asked.changes.push(escalated.clone());
        }
        let status = if outcome == ContactOutcome::Escalated {
            Status::Escalated
        } else {
            Status::Received
        };
        if outcome == ContactOutcome::AnsweredAtOnce {
            asked.changes.push(done(status));
        }
        add(&store, &asked).await;
    }
    // One that was merged with a ticket that is done.
    add(&store, &new("m", "年金 花子より")).await;
    let mut tx = store.begin(entry()).await.unwrap();
    tx.merge_tickets(&edit("m", None, &[]), &"t0".into())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let figures = async || {
        let span = (Instant(NOW.0 - 1), Instant(NOW.0 + 1));
        let histories = store.ticket_histories(span.0, span.1).await.unwrap();
        let tickets = histories.iter().filter_map(Ticket::fold);
        let tickets = tickets.collect::<TicketSet>();
        let calls = (0..4).map(|n| AnsweredCall {
            call: format!("c{n}").as_str().into(),
            line: "help".into(),
            arrived_at: NOW,
            no_ticket: None,
        });
        let period = Period {
            from: span.0,
            until: span.1,
            cut_off: Instant(NOW.0 + 2),
        };
        let rules = ServiceRules {
            divisions: &Divisions::default(),
            calendars: &Calendars::one(Calendar::new(HoursSettings::default())),
            late_is_unanswered: false,
        };
        service_figures(
            &calls.collect::<Vec<_>>(),
            (&tickets, &tickets_by_call(&tickets)),
            period,
            &rules,
        )
    };
    let before = figures().await;
    assert_eq!(before.values().map(|one| one.answered).sum::<u64>(), 4);
    let mut tx = store.begin(entry()).await.unwrap();
    let past = tx
        .tickets_past_retention(Instant(NOW.0 + 1), None, 10)
        .await
        .unwrap();
    let ids: Vec<_> = past.iter().map(|one| one.id.as_str().to_owned()).collect();
    assert_eq!(ids, ["m", "t0"], "merged and done");
    for one in &past {
        tx.anonymise_ticket(&one.id, NOW, None).await.unwrap();
    }
    tx.commit().await.unwrap();
    assert_eq!(figures().await, before);
    let verified = store.verify_audit().await.unwrap();
    assert_eq!(verified.fault, None);
    rebuilt_alike(&store).await;
}

/// The same small chance in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % limit
    }
}

/// What is kept of each ticket is the fold of its log, and stays so if it is computed anew.
pub(super) async fn rebuilt_alike(store: &Store) {
    let all = TicketFilter {
        merged: true,
        limit: 1_000,
        ..TicketFilter::default()
    };
    let before = store.list_tickets(&all).await.unwrap();
    let mut calls = Vec::new();
    for n in 0..5 {
        let call = CallId::new(format!("c{n}"));
        calls.push((store.tickets_of_call(&call).await.unwrap(), call));
    }
    for row in &before {
        let events = store.ticket_events(&row.id).await.unwrap();
        let kept = store.lookup_ticket(&row.id).await.unwrap().unwrap();
        assert_eq!(Ticket::fold(&events), Some(kept.clone()));
        assert_eq!((row.version, row.status), (kept.version, kept.status()));
        assert_eq!(row.merged_into, kept.merged_into);
    }
    let rebuilt = store.rebuild_tickets().await.unwrap();
    assert_eq!(rebuilt, before.len() as u64);
    assert_eq!(store.list_tickets(&all).await.unwrap(), before);
    for (led_to, call) in calls {
        let mut again = store.tickets_of_call(&call).await.unwrap();
        again.sort();
        assert_eq!(again, led_to, "{call}");
    }
    for row in &before {
        let events = store.ticket_events(&row.id).await.unwrap();
        let kept = store.lookup_ticket(&row.id).await.unwrap();
        assert_eq!(Ticket::fold(&events), kept);
    }
}
