//! What pages read last, for while the database is away or need not be asked.

use std::sync::{Arc, Mutex, PoisonError};

use madoguchi_core::id::ArticleId;
use madoguchi_core::portal::Notice;
use madoguchi_core::service::Divisions;
use madoguchi_core::ticket::Ticket;
use madoguchi_core::time::{Instant, Millis, Monotonic};

/// Who watches the board need not know of a notice sooner than after so long.
const NOTICES_EVERY: Millis = Millis::from_secs(5);
/// Nor of what is due.
const DUE_EVERY: Millis = Millis::from_secs(5);

/// All notices as they were last read: an incident may be the reason why the database is away.
#[derive(Debug, Default)]
pub(crate) struct LastNotices(Mutex<(Option<Monotonic>, Arc<[Notice]>)>);

impl LastNotices {
    /// Whether they are to be read anew for those who watch; tells it to one who asks.
    pub(crate) fn is_due(&self, now: Monotonic) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last.0.is_none_or(|at| now - at >= NOTICES_EVERY);
        if due {
            last.0 = Some(now);
        }
        due
    }

    pub(crate) fn save(&self, at: Monotonic, notices: Vec<Notice>) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *last = (Some(at), notices.into());
    }

    pub(crate) fn get(&self) -> Arc<[Notice]> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.1.clone()
    }
}

/// How many tickets are close to the limit of their 一次回答, and how many are over it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DueCount {
    pub(crate) near: usize,
    pub(crate) late: usize,
    /// Another one where other tickets are meant; empty if nobody has counted.
    pub(crate) mark: String,
}

impl DueCount {
    /// As the menu tells it; `None` if there is nothing to tell.
    pub(crate) fn in_words(&self) -> Option<String> {
        let told = [("超過", self.late), ("間近", self.near)].into_iter();
        let told = told.filter(|(_, count)| *count > 0);
        let told: Vec<_> = told
            .map(|(what, count)| format!("{what}{count}件"))
            .collect();
        (!told.is_empty()).then(|| told.join("、"))
    }
}

/// A ticket that is due, by both clocks.
#[derive(Debug)]
pub(crate) struct DueTicket {
    pub(crate) ticket: Arc<Ticket>,
    /// What is left by the contract clock, and by the operating clock; below zero if it is late.
    pub(crate) contract: Millis,
    pub(crate) operating: Millis,
    /// The operating clock stands.
    pub(crate) stands: bool,
}

/// As of what it was found which tickets are due.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DueBasis {
    /// The last position in the feed of tickets.
    pub(crate) position: i64,
    /// The limits.
    pub(crate) divisions: Divisions,
    /// When it was counted.
    pub(crate) at: Instant,
}

impl DueBasis {
    /// Whether what was found then still holds: nothing has changed, and hardly any time has passed.
    fn still_holds(&self, now: &Self) -> bool {
        let since = now.at - self.at;
        let within = Millis::ZERO <= since && since < DUE_EVERY;
        within && self.position == now.position && self.divisions == now.divisions
    }
}

/// What was due when it was last counted.
#[derive(Debug, Default)]
pub(crate) struct LastDue {
    count: Mutex<(Option<Monotonic>, DueCount)>,
    found: Mutex<Option<(DueBasis, Arc<[DueTicket]>)>>,
    /// The tickets that wait for their 一次回答, as of a position in their feed.
    waiting: Mutex<Option<(i64, WaitingTickets)>>,
    /// One finds it; who asks meanwhile waits for that.
    finding: tokio::sync::Mutex<()>,
}

/// Tickets, read once.
pub(crate) type WaitingTickets = Arc<[Arc<Ticket>]>;

impl LastDue {
    /// Whether it is to be counted anew for those who watch; tells it to one who asks.
    pub(crate) fn is_due(&self, now: Monotonic) -> bool {
        let mut last = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last.0.is_none_or(|at| now - at >= DUE_EVERY);
        if due {
            last.0 = Some(now);
        }
        due
    }

    /// Whether it differs from before.
    pub(crate) fn save(&self, at: Monotonic, count: DueCount) -> bool {
        let mut last = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        let differs = last.1 != count;
        *last = (Some(at), count);
        differs
    }

    pub(crate) fn get(&self) -> DueCount {
        let last = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        last.1.clone()
    }

    /// What was found last, if it still holds.
    pub(crate) fn found(&self, now: &DueBasis) -> Option<Arc<[DueTicket]>> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let (basis, due) = found.as_ref()?;
        basis.still_holds(now).then(|| due.clone())
    }

    /// Lets one at a time find it.
    pub(crate) async fn finding(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.finding.lock().await
    }

    /// The tickets that waited as of this position; `None` if they were not read.
    pub(crate) fn waiting(&self, position: i64) -> Option<WaitingTickets> {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let (read_at, tickets) = waiting.as_ref()?;
        (*read_at == position).then(|| tickets.clone())
    }

    pub(crate) fn save_waiting(&self, position: i64, tickets: WaitingTickets) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        *waiting = Some((position, tickets));
    }

    pub(crate) fn save_found(&self, basis: DueBasis, due: Arc<[DueTicket]>) {
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some((basis, due));
    }
}

/// よく見られている: the articles read most, as they were last counted.
#[derive(Debug, Default)]
pub(crate) struct Popular(Mutex<Option<(Monotonic, Vec<ArticleId>)>>);

impl Popular {
    /// What was counted last, if that was after `since`.
    pub(crate) fn get(&self, since: Monotonic) -> Option<Vec<ArticleId>> {
        let counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, ids) = counted.as_ref()?;
        (*at > since).then(|| ids.clone())
    }

    pub(crate) fn save(&self, at: Monotonic, ids: Vec<ArticleId>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((at, ids));
    }
}
