//! Files beside tickets: their contents, which ticket has them, and what becomes of both.

use madoguchi_core::article::FileKind;
use madoguchi_core::id::AttachmentId;
use madoguchi_core::ticket::{Attachment, ScanResult};

use super::histories::rebuilt_alike;
use super::*;

on_databases!([sqlite_file, sqlite_memory, postgres] [
    a_large_file_comes_back_in_parts_as_it_was_brought,
    a_file_goes_with_its_ticket_through_merge_split_and_undo,
    what_is_taken_away_leaves_no_content,
    files_for_a_ticket_of_tomorrow_are_handed_over_once_and_to_their_owner,
]);

const PART: usize = 1024 * 1024;

pub(super) fn file(id: &str, content: &[u8]) -> Attachment {
    Attachment {
        id: id.into(),
        name: format!("{id}.txt"),
        kind: FileKind::Text,
        bytes: content.len() as u64,
        hash: format!("hash of {id}"),
        scan: ScanResult::Clean,
    }
}

pub(super) fn removed(file: &Attachment) -> TicketChange {
    TicketChange::FileRemoved {
        file: file.id.clone(),
        name: file.name.clone(),
    }
}

async fn attach(store: &Store, ticket: &str, id: &str, content: &[u8]) -> Attachment {
    let file = file(id, content);
    let mut tx = store.begin(entry()).await.unwrap();
    assert!(tx.add_ticket_file(&file.id, content).await.unwrap());
    let attached = TicketChange::FileAttached { file: file.clone() };
    tx.change_ticket(&edit(ticket, None, &[attached]))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    file
}

async fn content(store: &Store, id: &AttachmentId) -> Vec<u8> {
    let mut content = Vec::new();
    for part in 0.. {
        match store.ticket_file_part(id, part).await.unwrap() {
            Some(part) => content.extend(part),
            None => break,
        }
    }
    content
}

fn names(ticket: &Ticket) -> Vec<String> {
    let all = ticket.attachments();
    all.map(|one| one.file.id.to_string()).collect()
}

async fn a_large_file_comes_back_in_parts_as_it_was_brought(place: Place) {
    let store = place.open().await;
    add(&store, &new("a", "差戻し")).await;
    let large: Vec<u8> = (0..2 * PART + 5).map(|n| (n % 251) as u8).collect();
    let file = attach(&store, "a", "f1", &large).await;
    assert_eq!(content(&store, &file.id).await, large);
    let first = store.ticket_file_part(&file.id, 0).await.unwrap();
    assert_eq!(first.map(|part| part.len()), Some(PART));
    // Nobody's file takes the place of another.
    let mut tx = store.begin_unrecorded().await.unwrap();
    assert!(!tx.add_ticket_file(&file.id, b"other").await.unwrap());
    assert!(tx.commit().await.is_err());
    assert_eq!(content(&store, &file.id).await, large);
}

async fn a_file_goes_with_its_ticket_through_merge_split_and_undo(place: Place) {
    let store = place.open().await;
    for id in ["a", "b"] {
        add(&store, &new(id, id)).await;
    }
    attach(&store, "a", "f1", b"one").await;
    attach(&store, "a", "f2", b"two").await;
    let mut tx = store.begin(entry()).await.unwrap();
    tx.merge_tickets(&edit("a", None, &[]), &"b".into())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let family = store.ticket_family(&"b".into()).await.unwrap();
    let all: Vec<_> = family.iter().flat_map(names).collect();
    assert_eq!(all, ["f1", "f2"]);
    let mut tx = store.begin(entry()).await.unwrap();
    tx.undo_merge(&edit("a", None, &[])).await.unwrap();
    tx.commit().await.unwrap();
    assert!(names(&get(&store, "b").await).is_empty());
    let mut tx = store.begin(entry()).await.unwrap();
    let part = new("c", "部分");
    let who = edit("a", None, &[]);
    let (old, made) = tx
        .split_ticket(&who, &part, (&[], &["f2".into()]))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        (names(&old), names(&made)),
        (vec!["f1".into()], vec!["f2".into()])
    );
    assert_eq!(content(&store, &"f2".into()).await, b"two");
    rebuilt_alike(&store).await;
}

async fn what_is_taken_away_leaves_no_content(place: Place) {
    let store = place.open().await;
    add(&store, &new("a", "差戻し")).await;
    let first = attach(&store, "a", "f1", b"one").await;
    let second = attach(&store, "a", "f2", b"two").await;
    change(&store, &edit("a", None, &[removed(&first)]))
        .await
        .unwrap();
    assert!(content(&store, &first.id).await.is_empty());
    assert_eq!(names(&get(&store, "a").await), ["f2"]);
    let again = change(&store, &edit("a", None, &[removed(&first)])).await;
    assert!(matches!(
        again.unwrap_err(),
        TicketWriteError::Refused(TicketError::FileUnknown)
    ));
    // The time of retention ends.
    let mut tx = store.begin(entry()).await.unwrap();
    tx.anonymise_ticket(&"a".into(), NOW, None).await.unwrap();
    tx.commit().await.unwrap();
    assert!(content(&store, &second.id).await.is_empty());
    rebuilt_alike(&store).await;
}

async fn files_for_a_ticket_of_tomorrow_are_handed_over_once_and_to_their_owner(place: Place) {
    let store = place.open().await;
    let (mine, theirs) = (UserId::new("u1"), UserId::new("u2"));
    let ticket = TicketId::new("later");
    for (n, id) in (0..).zip(["f1", "f2", "f3"]) {
        let content = id.as_bytes();
        let file = file(id, content);
        let mut tx = store.begin_unrecorded().await.unwrap();
        assert!(tx.add_ticket_file(&file.id, content).await.unwrap());
        tx.add_draft_file(
            (&mine, &ticket),
            &file,
            NOW + madoguchi_core::time::Millis(n),
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }
    assert!(
        store
            .draft_files(&theirs, &ticket)
            .await
            .unwrap()
            .is_empty()
    );
    for user in [&theirs, &mine] {
        let mut tx = store.begin_unrecorded().await.unwrap();
        tx.forget_draft_file((user, &ticket), &"f2".into())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let left = content(&store, &"f2".into()).await;
        assert_eq!(left.is_empty(), user == &mine);
    }
    let mut tx = store.begin_unrecorded().await.unwrap();
    let files = tx.take_draft_files(&mine, &ticket).await.unwrap();
    let again = tx.take_draft_files(&mine, &ticket).await.unwrap();
    tx.commit().await.unwrap();
    let ids: Vec<_> = files.iter().map(|file| file.id.to_string()).collect();
    assert_eq!(
        (ids, again.len()),
        (vec!["f1".to_owned(), "f3".to_owned()], 0)
    );
    assert_eq!(content(&store, &"f3".into()).await, b"f3");
    // What nobody came back to is forgotten, with its content.
    let mut tx = store.begin_unrecorded().await.unwrap();
    let old = file("f4", b"old");
    assert!(tx.add_ticket_file(&old.id, b"old").await.unwrap());
    tx.add_draft_file((&mine, &ticket), &old, NOW)
        .await
        .unwrap();
    let later = NOW + madoguchi_core::time::Millis::from_secs(91 * 86_400);
    tx.forget_old_ticket_drafts(later).await.unwrap();
    tx.commit().await.unwrap();
    assert!(store.draft_files(&mine, &ticket).await.unwrap().is_empty());
    assert!(content(&store, &old.id).await.is_empty());
    assert_eq!(content(&store, &"f1".into()).await, b"f1");
}
