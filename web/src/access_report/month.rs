//! What a month's report is made of.

use chrono::{Months, NaiveDate};
use madoguchi_core::portal::{SiteCall, deflection_by_week};
use madoguchi_core::time::{Instant, Millis};
use madoguchi_kb::Viewer;
use madoguchi_reports::access::AccessReport;

use crate::error::WebError;
use crate::state::Web;

/// The report of the month that begins on this day.
pub(super) async fn report(web: &Web, first: NaiveDate) -> Result<AccessReport, WebError> {
    let next = first.checked_add_months(Months::new(1)).unwrap_or(first);
    let (from, until) = (Instant::start_of(first), Instant::start_of(next));
    let figures = web.store.access_figures(from, until).await?;
    let reads = web.store.portal_reads(from, until).await?;
    // A call after the last visit of the month may belong to it.
    let an_hour_more = until + Millis::from_secs(2 * 3_600);
    let calls = web.store.callers(from, an_hour_more).await?;
    let sites = &web.settings.portal.sites;
    let calls: Vec<_> = calls
        .into_iter()
        .map(|(at, number)| SiteCall {
            at,
            site: sites.of_number(&number).map(str::to_owned),
        })
        .collect();
    let ids = figures.articles.keys().cloned().collect();
    let heads = web.articles_by_id(Viewer::Desk, ids).await?;
    let questions = heads.into_iter().map(|head| (head.id, head.question));
    Ok(AccessReport {
        first,
        questions: questions.collect(),
        weeks: deflection_by_week(&reads, &calls),
        figures,
    })
}
