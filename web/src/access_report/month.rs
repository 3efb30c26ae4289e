//! A month of the portal.

use std::collections::BTreeMap;

use chrono::{Months, NaiveDate};
use madoguchi_core::portal::{Deflection, SiteCall, Weeks, deflection_by_week};
use madoguchi_core::time::{Instant, Millis};
use madoguchi_kb::Viewer;
use madoguchi_store::{AccessFigures, ArticleAccess, PlaceAccess};

use crate::error::WebError;
use crate::state::Web;

/// A month of the portal.
pub(super) struct Report {
    pub(super) first: NaiveDate,
    pub(super) figures: AccessFigures,
    /// The questions of the articles that are still there.
    pub(super) questions: BTreeMap<String, String>,
    pub(super) weeks: Weeks,
}

impl Report {
    pub(super) async fn of(web: &Web, first: NaiveDate) -> Result<Self, WebError> {
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
        Ok(Self {
            first,
            questions: questions.collect(),
            weeks: deflection_by_week(&reads, &calls),
            figures,
        })
    }

    /// The articles, the most read first.
    pub(super) fn articles(&self) -> Vec<(&str, &str, &ArticleAccess)> {
        let mut articles: Vec<_> = self
            .figures
            .articles
            .iter()
            .map(|(id, access)| {
                let question = self.questions.get(id).map_or("", String::as_str);
                (id.as_str(), question, access)
            })
            .collect();
        articles.sort_by_key(|(id, _, access)| (std::cmp::Reverse(access.portal), *id));
        articles
    }

    pub(super) fn places(&self) -> [(&'static str, &PlaceAccess); 2] {
        [
            ("職員向けのFAQ", &self.figures.portal),
            ("窓口のナレッジ検索", &self.figures.desk),
        ]
    }

    pub(super) fn visits(&self) -> Deflection {
        let mut all = Deflection::default();
        for week in self.weeks.values() {
            all.deflected += week.deflected;
            all.called += week.called;
            all.unknown += week.unknown;
        }
        all
    }
}

/// A site, or that it is unknown.
pub(super) fn site_name(site: Option<&String>) -> &str {
    site.map_or("不明", String::as_str)
}
