//! A month that is 確定 is compared with what is known now, one after the other: to make a month's report takes a
//! while, and pages must not wait for it.

use anyhow::Context as _;
use futures::future::BoxFuture;
use madoguchi_core::month::Month;
use madoguchi_core::time::Instant;
use madoguchi_monthly::{MonthSettings, note_change};
use madoguchi_store::{Store, StoreError};
use madoguchi_web::Desk as _;

use super::Months;
use crate::scheduler::{Progress, Work};

/// So many months back are compared: as far as later months count on them.
const MONTHS: u32 = 15;

/// Notes what has changed since 確定.
pub(crate) struct Changes {
    months: Months,
    /// The month that was compared last.
    last: Option<Month>,
}

impl Changes {
    pub(crate) fn of(months: Months) -> Self {
        Self { months, last: None }
    }
}

impl Work for Changes {
    fn run(&mut self) -> BoxFuture<'_, anyhow::Result<Progress>> {
        Box::pin(async move {
            let Months { store, live, .. } = &self.months;
            let settings = self.months.settings();
            // A month that cannot be compared keeps no other from it.
            self.last = next(store, self.last, live.now()).await?;
            if let Some(month) = self.last {
                compare(store, month, &settings, live.now()).await?;
            }
            Ok(Progress::Again)
        })
    }
}

/// The month to be compared after `last`: the next earlier one that is 確定, and after the earliest the newest.
async fn next(
    store: &Store,
    last: Option<Month>,
    now: Instant,
) -> Result<Option<Month>, StoreError> {
    let this = Month::at(now);
    let register = store.report_register(this.before(MONTHS), this).await?;
    let frozen = register
        .iter()
        .rev()
        .filter(|(_, report)| report.newest().is_some());
    let frozen: Vec<Month> = frozen.map(|(month, _)| *month).collect();
    let earlier = frozen
        .iter()
        .find(|month| last.is_some_and(|last| **month < last));
    Ok(earlier.or(frozen.first()).copied())
}

async fn compare(
    store: &Store,
    month: Month,
    settings: &MonthSettings,
    now: Instant,
) -> anyhow::Result<()> {
    let noted = note_change(store, month, settings, now).await;
    if noted.context("a month cannot be compared with its edition now")? {
        tracing::info!(%month, "it was noted how a month differs from its edition");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use madoguchi_core::audit::{Action, AuditEntry, Fields};
    use madoguchi_core::month::Edition;

    use super::*;

    #[tokio::test]
    async fn months_that_are_確定_are_compared_in_turn_the_newest_first() {
        let store = Store::open("sqlite::memory:").await.unwrap();
        let now = Instant::from_tokyo("2024-12-02T09:00:00".parse().unwrap());
        assert_eq!(next(&store, None, now).await.unwrap(), None);
        for (text, number) in [
            ("2022-01", 1),
            ("2024-06", 1),
            ("2024-09", 0),
            ("2024-11", 1),
        ] {
            let edition = Edition {
                month: text.parse().unwrap(),
                number,
                made_at: now,
                made_by: String::new(),
                reason: String::new(),
                program: String::new(),
                sha256: String::new(),
                bytes: 0,
            };
            let entry = AuditEntry::of_system(now, Action::ReportFreeze, text, Fields::new());
            let mut tx = store.begin(entry).await.unwrap();
            tx.add_edition(&edition, b"x").await.unwrap();
            tx.commit().await.unwrap();
        }
        let mut last = None;
        let mut seen = Vec::new();
        for _ in 0..3 {
            last = next(&store, last, now).await.unwrap();
            seen.push(last.unwrap().to_string());
        }
        // A draft is no edition, and what is long past stays.
        assert_eq!(seen, ["2024-11", "2024-06", "2024-11"]);
    }
}
