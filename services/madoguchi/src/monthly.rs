//! What is done for the month's report by itself: its draft is made from the n-th open day on, once, on whatever
//! node, also after a restart; and what has changed of a month since it was 確定 is noted.

mod changes;

use std::sync::Arc;

use anyhow::Context as _;
use futures::future::BoxFuture;
use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::month::{Month, creation_due};
use madoguchi_core::portal::Sites;
use madoguchi_core::time::Instant;
use madoguchi_monthly::{Maker, MonthSettings, Prepared, prepare};
use madoguchi_store::{Store, StoreError};
use madoguchi_web::Desk;

use crate::live::LiveDesk;
use crate::scheduler::{Progress, Work};

pub(crate) use self::changes::Changes;

/// Where months are read from.
#[derive(Clone)]
pub(crate) struct Months {
    pub(crate) store: Store,
    pub(crate) live: Arc<LiveDesk>,
    /// 拠点 by the numbers from which their staff call.
    pub(crate) sites: Sites,
}

impl Months {
    fn settings(&self) -> MonthSettings {
        let setup = Desk::setup(&*self.live);
        MonthSettings {
            calendars: (*self.live.calendars()).clone(),
            categories: setup.categories.clone(),
            figures: setup.targets.figures(),
            sites: self.sites.clone(),
        }
    }
}

/// Makes drafts when they are due.
pub(crate) struct Drafts(pub(crate) Months);

impl Work for Drafts {
    fn run(&mut self) -> BoxFuture<'_, anyhow::Result<Progress>> {
        Box::pin(async move {
            let months = &self.0;
            make_due(&months.store, &months.settings(), months.live.now())
                .await
                .context("the draft of the month's report cannot be made now")?;
            Ok(Progress::Again)
        })
    }
}

/// Makes the draft that is due, if there is none yet; tells of which month.
async fn make_due(
    store: &Store,
    settings: &MonthSettings,
    now: Instant,
) -> anyhow::Result<Option<Month>> {
    let set = store.report_settings().await?;
    let due = creation_due(settings.calendars.desk(), set.create_on_open_day, now);
    let Some(month) = due else {
        return Ok(None);
    };
    if !store.report_of(month).await?.editions.is_empty() {
        return Ok(None);
    }
    // A desk that was not there yet has nothing to report.
    if !store.has_month(month.start(), month.end()).await? {
        return Ok(None);
    }
    let maker = Maker {
        name: String::new(),
        login: String::new(),
        reason: String::new(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        at: now,
    };
    let draft = prepare(store, (month, true), settings, &maker).await?;
    let told = [("sha256".to_owned(), draft.edition.sha256.clone())];
    let entry = AuditEntry::of_system(
        now,
        Action::ReportDraft,
        &month.to_string(),
        Fields::from(told),
    );
    match keep(store, entry, &draft).await {
        Ok(()) => {
            tracing::info!(%month, "the draft of the month's report was made");
            Ok(Some(month))
        }
        // Another node was faster, or somebody has made an edition.
        Err(StoreError::Taken { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Keeps the draft, with 改善状況報告 of what it says is missed.
async fn keep(store: &Store, entry: AuditEntry, draft: &Prepared) -> Result<(), StoreError> {
    let mut tx = store.begin(entry).await?;
    tx.add_edition(&draft.edition, &draft.content).await?;
    tx.open_improvements(draft.edition.month, &draft.missed)
        .await?;
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use madoguchi_core::figures::FiguresSettings;
    use madoguchi_core::hours::{Calendar, HoursSettings};
    use madoguchi_core::month::SubmissionState;
    use madoguchi_core::setup::{Calendars, Categories};
    use madoguchi_store::testing::add_abandoned_call;

    use super::*;

    fn at(text: &str) -> Instant {
        Instant::from_tokyo(text.parse().unwrap())
    }

    #[tokio::test]
    async fn a_draft_is_made_once_from_its_day_on_for_a_month_that_the_desk_knows() {
        let store = Store::open("sqlite::memory:").await.unwrap();
        let settings = MonthSettings {
            calendars: Calendars::one(Calendar::new(HoursSettings::default())),
            categories: Categories::default(),
            figures: FiguresSettings::default(),
            sites: Sites::default(),
        };
        let make = async |text: &str| make_due(&store, &settings, at(text)).await.unwrap();
        assert_eq!(make("2025-01-06T09:00:00").await, None, "nothing is known");
        let arrived_at = at("2024-12-02T10:00:00");
        add_abandoned_call(&store, "c1", arrived_at).await.unwrap();
        assert_eq!(make("2025-01-05T23:00:00").await, None, "not an open day");
        let december = "2024-12".parse().unwrap();
        assert_eq!(make("2025-01-06T09:00:00").await, Some(december));
        assert_eq!(make("2025-01-06T10:00:00").await, None, "once");
        let report = store.report_of(december).await.unwrap();
        assert_eq!(report.state(), SubmissionState::Draft);
        assert_eq!(store.count_work().await.unwrap().reports, 1);
        let missed = store.improvements(december, december).await.unwrap();
        assert!(!missed.is_empty(), "no call was answered");
        let kept = madoguchi_monthly::kept(&store, december, 0).await.unwrap();
        assert!(kept.books[0].draft);
    }
}
