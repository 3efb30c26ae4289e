//! Names and numbers are taken out of what is past the time of retention, a few tickets at a time, so
//! that nobody waits long and a kill loses nothing but the few that were under way.

use std::time::Duration;

use anyhow::Context as _;
use madoguchi_core::audit::Action;
use madoguchi_core::ticket::TicketNumber;
use madoguchi_core::time::Instant;
use madoguchi_store::{PastTicket, Store, StoreError, TicketWriteError};

use super::deletion;

/// Tickets of one unit of work.
const BATCH: u32 = 20;
/// People and notes of one unit of work.
const ROWS: u32 = 500;
/// Tickets of one run; the rest has time until the next.
const TICKETS_AT_MOST: usize = 5_000;
/// Between two units others have their turn.
const PAUSE: Duration = Duration::from_millis(20);

/// What was done.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Cleared {
    pub(crate) tickets: usize,
    pub(crate) people: u64,
    pub(crate) call_notes: u64,
    /// Tickets that cannot be read or written.
    pub(crate) failed: Vec<TicketNumber>,
    /// More is left for the next run.
    pub(crate) more: bool,
}

/// Takes names and numbers out of everything that is older than `before`.
pub(crate) async fn clear(store: &Store, before: Instant, now: Instant) -> anyhow::Result<Cleared> {
    let mut cleared = Cleared::default();
    let mut behind: Option<PastTicket> = None;
    let mut limit = BATCH;
    loop {
        if cleared.tickets >= TICKETS_AT_MOST {
            cleared.more = true;
            break;
        }
        match clear_some(store, (before, now), behind.as_ref(), limit).await {
            Ok(0) => break,
            Ok(some) => cleared.tickets += some,
            Err(error) if is_of_the_ticket(&error) => {
                // One by one, until the one is found that keeps the others from it.
                if limit == 1
                    && let Some(failed) = next(store, before, behind.as_ref()).await?
                {
                    tracing::error!(%error, ticket = %failed.number, "a ticket cannot be anonymised");
                    cleared.failed.push(failed.number);
                    behind = Some(failed);
                }
                limit = 1;
            }
            Err(error) => return Err(error).context("tickets cannot be anonymised now"),
        }
        tokio::time::sleep(PAUSE).await;
    }
    cleared.people = forget_people(store, before, now).await?;
    cleared.call_notes = clear_notes(store, before, now).await?;
    if cleared != Cleared::default() {
        let Cleared {
            tickets,
            people,
            call_notes,
            ..
        } = cleared;
        tracing::info!(
            tickets,
            people,
            call_notes,
            "names and numbers were taken out"
        );
    }
    Ok(cleared)
}

/// Whether it would be so again for this ticket, and for no other.
fn is_of_the_ticket(error: &TicketWriteError) -> bool {
    match error {
        TicketWriteError::Store(error) => matches!(
            error,
            StoreError::Unreadable { .. }
                | StoreError::OutOfRange { .. }
                | StoreError::UnknownName { .. }
        ),
        _ => true,
    }
}

/// The next tickets in one unit; tells how many.
async fn clear_some(
    store: &Store,
    (before, now): (Instant, Instant),
    behind: Option<&PastTicket>,
    limit: u32,
) -> Result<usize, TicketWriteError> {
    let entry = deletion(now, before, Action::TicketAnonymise);
    let mut tx = store.begin(entry).await?;
    let past = tx.tickets_past_retention(before, behind, limit).await?;
    if past.is_empty() {
        return Ok(0);
    }
    for one in &past {
        tx.anonymise_ticket(&one.id, now, None).await?;
    }
    let numbers: Vec<_> = past.iter().map(|one| one.number.to_string()).collect();
    tx.describe("records", past.len().to_string());
    tx.describe("numbers", numbers.join("、"));
    tx.commit().await?;
    Ok(past.len())
}

/// The ticket that is next.
async fn next(
    store: &Store,
    before: Instant,
    behind: Option<&PastTicket>,
) -> Result<Option<PastTicket>, StoreError> {
    let mut tx = store.begin_unrecorded().await?;
    let past = tx.tickets_past_retention(before, behind, 1).await?;
    Ok(past.into_iter().next())
}

async fn forget_people(store: &Store, before: Instant, now: Instant) -> Result<u64, StoreError> {
    let mut forgotten = 0;
    loop {
        let mut tx = store
            .begin(deletion(now, before, Action::PeopleForget))
            .await?;
        let some = tx.forget_people_left_before(before.date(), ROWS).await?;
        if some == 0 {
            return Ok(forgotten);
        }
        tx.describe("records", some.to_string());
        tx.commit().await?;
        forgotten += some;
        tokio::time::sleep(PAUSE).await;
    }
}

async fn clear_notes(store: &Store, before: Instant, now: Instant) -> Result<u64, StoreError> {
    let mut cleared = 0;
    loop {
        let mut tx = store
            .begin(deletion(now, before, Action::TicketAnonymise))
            .await?;
        let some = tx.clear_call_notes_before(before, ROWS).await?;
        if some == 0 {
            return Ok(cleared);
        }
        tx.describe("call_notes", some.to_string());
        tx.commit().await?;
        cleared += some;
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use madoguchi_core::id::TicketId;
    use madoguchi_core::person::Person;
    use madoguchi_core::ticket::{Requester, Status, TICKET_RETENTION, TicketChange, TicketFields};
    use madoguchi_core::time::Millis;
    use madoguchi_store::{AuditFilter, NewTicket, NewVersion};

    use super::super::{keep_tickets, tests::entry};
    use super::*;

    const NOW: Instant = Instant(1_800_000_000_000);

    fn years_ago(years: i64) -> Instant {
        NOW - Millis::from_secs(years * 366 * 86_400)
    }

    async fn add(store: &Store, id: &str, at: Instant, changes: Vec<TicketChange>) {
        let new = NewTicket {
            id: id.into(),
            by: None,
            at,
            happened_at: None,
            received_at: at,
            fields: TicketFields {
                question: "年金 花子より、差戻しの件".to_owned(),
                requester: Requester {
                    name: "年金 花子".to_owned(),
                    ..Requester::default()
                },
                ..TicketFields::default()
            },
            changes,
        };
        let mut tx = store.begin_unrecorded().await.unwrap();
        tx.add_ticket(&new).await.unwrap();
        tx.commit().await.unwrap();
    }

    fn done() -> TicketChange {
        TicketChange::StatusChanged {
            before: Status::Received,
            after: Status::Done,
        }
    }

    async fn set_years(store: &Store, years: u32) {
        let version = NewVersion {
            kind: TICKET_RETENTION,
            id: "years".to_owned(),
            replaces: 0,
            data: Some(format!("{{\"years\":{years}}}")),
        };
        let mut tx = store.begin(entry(NOW)).await.unwrap();
        tx.save_setting(&version).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn named(store: &Store) -> Vec<String> {
        let mut named = Vec::new();
        for n in 0..50 {
            let found = store
                .lookup_ticket(&TicketId::new(format!("t{n:02}")))
                .await;
            let ticket = found.unwrap();
            if ticket.is_some_and(|one| one.fields.question.contains("花子")) {
                named.push(format!("t{n:02}"));
            }
        }
        named
    }

    #[tokio::test]
    async fn what_is_done_for_longer_than_is_set_loses_its_names_once_and_nothing_else_does() {
        let store = Store::open("sqlite::memory:").await.unwrap();
        // More than one unit takes.
        for n in 0..45 {
            add(&store, &format!("t{n:02}"), years_ago(6), vec![done()]).await;
        }
        add(&store, "t45", years_ago(6), Vec::new()).await;
        add(&store, "t46", years_ago(4), vec![done()]).await;
        let person = |id: &str, left_on: Option<&str>| Person {
            id: id.into(),
            name: "年金 花子".to_owned(),
            kana: String::new(),
            site: String::new(),
            department: String::new(),
            mail: String::new(),
            numbers: vec!["0312345678".to_owned()],
            left_on: left_on.map(|day| day.parse().unwrap()),
        };
        let people = [
            person("1", Some("2020-03-31")),
            person("2", Some("2026-03-31")),
            person("3", None),
        ];
        let mut tx = store.begin_unrecorded().await.unwrap();
        tx.save_people(&people, NOW).await.unwrap();
        tx.commit().await.unwrap();
        keep_tickets(&store, NOW).await.unwrap();
        assert_eq!(
            named(&store).await.len(),
            47,
            "kept for ever unless set otherwise"
        );

        set_years(&store, 5).await;
        let before = years_ago(5);
        let preview = store.retention_preview(before, NOW).await.unwrap();
        assert_eq!((preview.tickets, preview.people), (45, 1));
        assert_eq!((preview.still_open, preview.oldest.len()), (1, 10));
        assert_eq!(named(&store).await.len(), 47, "looking changes nothing");
        keep_tickets(&store, NOW).await.unwrap();
        assert_eq!(named(&store).await, ["t45", "t46"]);
        assert!(store.lookup_person(&"1".into()).await.unwrap().is_none());
        let found = store.people_of_number("0312345678", 9).await.unwrap();
        assert_eq!(
            found.len(),
            1,
            "who left is not offered, who left long ago is gone"
        );
        let versions = async || {
            store
                .lookup_ticket(&"t00".into())
                .await
                .unwrap()
                .unwrap()
                .version
        };
        let version = versions().await;
        keep_tickets(&store, NOW).await.unwrap();
        assert_eq!(versions().await, version, "nothing twice");
        let filter = AuditFilter {
            action: Some(Action::TicketAnonymise),
            limit: 10,
            ..AuditFilter::default()
        };
        let told = store.list_audit(&filter).await.unwrap();
        let records: Vec<_> = told
            .iter()
            .map(|one| &*one.entry.after["records"])
            .collect();
        assert_eq!(records, ["5", "20", "20"]);
        assert_eq!(store.verify_audit().await.unwrap().fault, None);
        let preview = store.retention_preview(before, NOW).await.unwrap();
        assert_eq!((preview.tickets, preview.people), (0, 0));
    }

    #[tokio::test]
    async fn a_run_that_was_killed_is_gone_on_with() {
        let store = Store::open("sqlite::memory:").await.unwrap();
        for n in 0..45 {
            add(&store, &format!("t{n:02}"), years_ago(6), vec![done()]).await;
        }
        set_years(&store, 5).await;
        // Killed in the second unit: the first is kept, the second is not.
        let span = (years_ago(5), NOW);
        assert_eq!(clear_some(&store, span, None, BATCH).await.unwrap(), 20);
        let mut tx = store.begin(entry(NOW)).await.unwrap();
        let past = tx
            .tickets_past_retention(span.0, None, BATCH)
            .await
            .unwrap();
        tx.anonymise_ticket(&past[0].id, NOW, None).await.unwrap();
        drop(tx);
        assert_eq!(named(&store).await.len(), 25);
        keep_tickets(&store, NOW).await.unwrap();
        assert!(named(&store).await.is_empty());
    }
}
