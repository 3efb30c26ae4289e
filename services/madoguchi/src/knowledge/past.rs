//! Tickets that were answered, as answers to others: without personal data, for the desk alone.

use madoguchi_core::audience::Audience;
use madoguchi_core::ticket::Ticket;
use madoguchi_core::time::Instant;
use madoguchi_kb::{Change, Entry, Feed, Knowledge, Source};
use madoguchi_store::Store;
use tokio::runtime::Handle;

use super::{build, take_in};

/// Tickets that are taken in at once. One may have two texts of 100,000 letters.
const AT_ONCE: u32 = 200;

/// What searches know of a ticket; `None` if it answers nothing.
fn entry(ticket: &Ticket) -> Option<Entry> {
    let past = ticket.past_answer()?;
    Some(Entry {
        id: ticket.id.as_str().to_owned(),
        number: None,
        source: Source::Ticket,
        audience: Audience::Desk,
        question: past.question,
        answer: past.answer,
        category: ticket.fields.category.clone().unwrap_or_default(),
        keywords: Vec::new(),
        reading: None,
        settled: 0,
        updated_at: ticket.received_at,
    })
}

/// Takes in the tickets that changed since the last time; tells how many.
pub(super) async fn catch_up(
    store: &Store,
    knowledge: &Knowledge,
    now: Instant,
) -> anyhow::Result<usize> {
    let Some(mut position) = knowledge.position(Feed::Tickets)? else {
        return build(store, knowledge, now).await;
    };
    let mut done = 0;
    loop {
        let feed = store.ticket_changes(position, AT_ONCE).await?;
        let Some((last, _)) = feed.last() else {
            return Ok(done);
        };
        position = *last;
        let mut ids: Vec<_> = feed.into_iter().map(|(_, id)| id).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut changes = Vec::with_capacity(ids.len());
        for id in ids {
            let ticket = store.lookup_ticket(&id).await?;
            changes.push(match ticket.as_ref().and_then(entry) {
                Some(entry) => Change::Put(Box::new(entry)),
                None => Change::Remove(id.as_str().to_owned()),
            });
        }
        done += changes.len();
        if !take_in(knowledge, Feed::Tickets, changes, position).await? {
            return build(store, knowledge, now).await;
        }
    }
}

/// All tickets that answer, some at a time.
pub(super) fn entries(
    store: &Store,
    handle: &Handle,
) -> impl Iterator<Item = anyhow::Result<Entry>> {
    let mut some = Vec::<Ticket>::new().into_iter();
    let mut after = String::new();
    let mut next = move || -> anyhow::Result<Option<Entry>> {
        loop {
            let ticket = match some.next() {
                Some(ticket) => ticket,
                None => {
                    let read = handle.block_on(store.answered_tickets(&after, AT_ONCE))?;
                    some = read.into_iter();
                    let Some(ticket) = some.next() else {
                        return Ok(None);
                    };
                    ticket
                }
            };
            ticket.id.as_str().clone_into(&mut after);
            if let Some(entry) = entry(&ticket) {
                return Ok(Some(entry));
            }
        }
    };
    std::iter::from_fn(move || next().transpose())
}
