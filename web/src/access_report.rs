//! アクセスレポート(表 5.6-1 項番7): what was read and looked for in a month, as a page and as
//! workbooks.

mod graphs;
mod month;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{Html, Response};
use chrono::{Datelike, Months, NaiveDate};
use madoguchi_core::access::{Permission, ReadAccessReport};
use madoguchi_core::audit::Action;
use madoguchi_core::portal::ArticleAccess;
use madoguchi_core::time::Instant;
use madoguchi_reports::access::{AccessSheet, site_name};
use madoguchi_reports::table::{Form, workbook};
use serde::Deserialize;

use self::month::report;
use crate::auth::access::Allowed;
use crate::auth::routes::Routes;
use crate::download::workbook_file;
use crate::error::WebError;
use crate::feature::Feature;
use crate::graph::Graph;
use crate::menu::MenuEntry;
use crate::query::{Choice, escape};
use crate::shell::Shell;
use crate::state::Web;
use crate::text;

/// The entry of the menu.
const HERE: &str = "/articles/access-report";
/// Rows of each list on the page; the workbooks hold all.
const ROWS: usize = 50;
/// Months to choose from.
const MONTHS: u32 = 24;

pub(crate) const FEATURE: Feature = Feature::new(routes).menu(&[MenuEntry::new(
    "アクセスレポート",
    HERE,
    Permission::ReadAccessReport,
)]);

fn routes() -> Routes {
    Routes::new()
        .get("/articles/access-report", page)
        .get("/articles/access-report.xlsx", export)
}

#[derive(Template)]
#[template(path = "access_report.html")]
struct ReportPage {
    shell: Shell,
    month: String,
    months: Vec<Choice>,
    facts: Vec<(&'static str, String)>,
    places: Vec<PlaceRow>,
    articles: Vec<ArticleRow>,
    more_articles: bool,
    queries: Vec<(String, String)>,
    sites: Vec<(String, String, String)>,
    hours: Vec<(u32, String, String)>,
    weeks: Vec<WeekRow>,
    weeks_graph: Graph,
    articles_graph: Graph,
    sites_graph: Graph,
    hours_graph: Graph,
    sheets: Vec<(String, &'static str)>,
}

struct PlaceRow {
    name: &'static str,
    searches: String,
    in_vain: String,
    rate: String,
    opened: String,
    views: String,
}

struct ArticleRow {
    question: String,
    link: String,
    portal: String,
    desk: String,
    by_search: String,
    helped: String,
    not_helped: String,
    settled: String,
}

struct WeekRow {
    from: String,
    deflected: String,
    called: String,
    rate: String,
    unknown: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct ReportQuery {
    /// 2026-11
    month: String,
    sheet: String,
}

impl ReportQuery {
    fn first(&self, now: Instant) -> Result<NaiveDate, WebError> {
        if self.month.is_empty() {
            return Ok(now.month());
        }
        let first: Option<NaiveDate> = format!("{}-01", self.month).parse().ok();
        let first = first.filter(|first| (2000..=9000).contains(&first.year()));
        first.ok_or_else(|| {
            WebError::BadRequest("月を、2026-11 のように指定してください。".to_owned())
        })
    }
}

/// 12.3%
fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return text::NOTHING.to_owned();
    }
    let tenths = (part * 2_000 + whole) / (whole * 2);
    format!("{}.{}%", tenths / 10, tenths % 10)
}

async fn page(
    visitor: Allowed<ReadAccessReport>,
    State(web): State<Web>,
    Query(query): Query<ReportQuery>,
) -> Result<Html<String>, WebError> {
    let first = query.first(web.desk.now())?;
    let report = report(&web, first).await?;
    let number = text::number;
    let visits = report.visits();
    let known = visits.deflected + visits.called;
    let portal = &report.figures.portal;
    let facts = vec![
        ("FAQの閲覧", format!("{}件", number(portal.views))),
        ("FAQの検索", format!("{}件", number(portal.searches))),
        (
            "結果がなかった検索",
            percent(portal.in_vain, portal.searches),
        ),
        (
            "閲覧の後に電話がなかった訪問",
            percent(visits.deflected, known),
        ),
    ];
    let places = report.places().map(|(name, access)| PlaceRow {
        name,
        searches: number(access.searches),
        in_vain: number(access.in_vain),
        rate: percent(access.in_vain, access.searches),
        opened: number(access.opened),
        views: number(access.views),
    });
    let articles = report.articles();
    let article_row = |(id, question, access): (&str, &str, &ArticleAccess)| ArticleRow {
        question: if question.is_empty() {
            format!("{id}(掲載を終えたFAQ)")
        } else {
            question.to_owned()
        },
        link: format!("/knowledge/{}", escape(id)),
        portal: number(access.portal),
        desk: number(access.desk),
        by_search: number(access.by_search),
        helped: number(access.helped),
        not_helped: number(access.not_helped),
        settled: number(access.settled),
    };
    let queries = report.figures.queries.iter();
    let sites = report.figures.sites.iter();
    let hours = report.figures.hours.iter();
    let weeks = report.weeks.iter().map(|(monday, week)| WeekRow {
        from: web.settings.dates.date(*monday),
        deflected: number(week.deflected),
        called: number(week.called),
        rate: percent(week.deflected, week.deflected + week.called),
        unknown: number(week.unknown),
    });
    let month = first.format("%Y-%m").to_string();
    let sheets = AccessSheet::ALL.map(|sheet| {
        let link = format!("{HERE}.xlsx?month={month}&sheet={}", sheet.as_str());
        (link, sheet.label())
    });
    let page = ReportPage {
        shell: Shell::new(&web, Some(&visitor), HERE),
        month: web.settings.dates.month(first),
        months: months(&web, &month),
        facts,
        places: places.into(),
        more_articles: articles.len() > ROWS,
        articles: articles.into_iter().take(ROWS).map(article_row).collect(),
        queries: queries
            .map(|(query, count)| (query.clone(), number(*count)))
            .collect(),
        sites: sites
            .map(|(site, used)| {
                let name = site_name(site.as_ref()).to_owned();
                (name, number(used.searches), number(used.views))
            })
            .collect(),
        hours: hours
            .map(|(hour, used)| (*hour, number(used.searches), number(used.views)))
            .collect(),
        weeks: weeks.collect(),
        weeks_graph: graphs::weeks(&report, web.settings.dates),
        articles_graph: graphs::articles(&report),
        sites_graph: graphs::sites(&report),
        hours_graph: graphs::hours(&report),
        sheets: sheets.into(),
    };
    Ok(Html(page.render()?))
}

/// The last months, of which one is chosen.
fn months(web: &Web, chosen: &str) -> Vec<Choice> {
    let this = web.desk.now().month();
    let back = (0..MONTHS).filter_map(|n| this.checked_sub_months(Months::new(n)));
    let mut months: Vec<_> = back
        .map(|month| {
            let value = month.format("%Y-%m").to_string();
            (value, web.settings.dates.month(month))
        })
        .collect();
    if !months.iter().any(|(value, _)| value == chosen) {
        months.push((chosen.to_owned(), chosen.to_owned()));
    }
    let months = months
        .iter()
        .map(|(value, label)| (value.as_str(), label.as_str()));
    Choice::list(months, chosen)
}

async fn export(
    visitor: Allowed<ReadAccessReport>,
    State(web): State<Web>,
    Query(query): Query<ReportQuery>,
) -> Result<Response, WebError> {
    let now = web.desk.now();
    let first = query.first(now)?;
    let sheet = AccessSheet::lookup(&query.sheet);
    let sheet =
        sheet.ok_or_else(|| WebError::BadRequest("出力する表を選び直してください。".to_owned()))?;
    let report = report(&web, first).await?;
    let mut entry = visitor.entry(now, Action::AccessReportExport, sheet.label());
    let month = first.format("%Y-%m").to_string();
    entry.after.insert("period".into(), month.clone());
    web.store.append_audit(&[entry]).await?;
    let table = sheet.table(&report, now);
    let file = tokio::task::spawn_blocking(move || workbook(&table, Form::Data)).await;
    let file = file
        .ok()
        .and_then(Result::ok)
        .ok_or(WebError::Internal("a workbook could not be made"))?;
    let name = format!("access-{}-{month}.xlsx", sheet.as_str());
    Ok(workbook_file(&name, file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_half_up_and_over_nothing_there_is_none() {
        assert_eq!(percent(1, 3), "33.3%");
        assert_eq!(percent(1, 16), "6.3%");
        assert_eq!(percent(2, 2), "100.0%");
        assert_eq!(percent(0, 0), "－");
    }
}
