//! アクセスレポート: a month of the portal, and its tables (データ用: one table a file, one datum a cell).

use std::collections::BTreeMap;

use chrono::NaiveDate;
use madoguchi_core::id::ArticleId;
use madoguchi_core::named;
use madoguchi_core::portal::{AccessFigures, ArticleAccess, Deflection, PlaceAccess, Weeks};
use madoguchi_core::time::Instant;

use crate::table::{Cell, Column, Table};

/// A month of the portal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessReport {
    /// Its first day.
    pub first: NaiveDate,
    /// What was read and looked for.
    pub figures: AccessFigures,
    /// The questions of the articles that are still there, by id.
    pub questions: BTreeMap<ArticleId, String>,
    /// 自己解決
    pub weeks: Weeks,
}

impl AccessReport {
    /// The articles, the most read first.
    pub fn articles(&self) -> Vec<(&str, &str, &ArticleAccess)> {
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

    /// Where was searched and read.
    pub fn places(&self) -> [(&'static str, &PlaceAccess); 2] {
        [
            ("職員向けのFAQ", &self.figures.portal),
            ("窓口のナレッジ検索", &self.figures.desk),
        ]
    }

    /// The visits of all weeks.
    pub fn visits(&self) -> Deflection {
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
pub fn site_name(site: Option<&String>) -> &str {
    site.map_or("不明", String::as_str)
}

named! {
    /// A table of the report.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
    pub enum AccessSheet {
        /// By article.
        Articles = "articles", "FAQ別";
        /// Searches by where they were made.
        Searches = "searches", "検索";
        /// By what was looked for.
        Queries = "queries", "検索語別";
        /// By site.
        Sites = "sites", "拠点別";
        /// By hour of the day.
        Hours = "hours", "時間帯別";
        /// 自己解決 by week.
        Weeks = "weeks", "週別の自己解決";
    }
}

impl AccessSheet {
    /// The table as of a report made at an instant.
    pub fn table(self, report: &AccessReport, now: Instant) -> Table {
        let month = report.first.format("%Y-%m").to_string();
        let columns = self.columns().iter().map(|(name, width)| Column {
            name: (*name).into(),
            width: *width,
        });
        let rows = self.rows(report).into_iter().map(|mut row| {
            row.insert(0, month.as_str().into());
            row
        });
        Table {
            title: format!("アクセスレポート({})", self.label()),
            sheet: self.label().to_owned(),
            made_at: now,
            columns: columns.collect(),
            rows: rows.collect(),
        }
    }

    fn columns(self) -> &'static [(&'static str, u16)] {
        match self {
            Self::Articles => &[
                ("年月", 10),
                ("FAQ番号", 18),
                ("題", 60),
                ("職員の閲覧(件)", 14),
                ("窓口の閲覧(件)", 14),
                ("うち検索から(件)", 14),
                ("役に立った(件)", 14),
                ("役に立たなかった(件)", 18),
                ("これで解決(件)", 14),
            ],
            Self::Searches => &[
                ("年月", 10),
                ("場所", 20),
                ("検索(件)", 12),
                ("結果なし(件)", 14),
                ("結果を開いた(件)", 16),
                ("閲覧(件)", 12),
            ],
            Self::Queries => &[("年月", 10), ("検索語", 40), ("検索(件)", 12)],
            Self::Sites => &[
                ("年月", 10),
                ("拠点", 24),
                ("検索(件)", 12),
                ("閲覧(件)", 12),
            ],
            Self::Hours => &[
                ("年月", 10),
                ("時間帯(時)", 12),
                ("検索(件)", 12),
                ("閲覧(件)", 12),
            ],
            Self::Weeks => &[
                ("年月", 10),
                ("週の初日(月曜日)", 16),
                ("電話なし(訪問)", 16),
                ("電話あり(訪問)", 16),
                ("拠点不明(訪問)", 16),
            ],
        }
    }

    fn rows(self, report: &AccessReport) -> Vec<Vec<Cell>> {
        // Numbers of rows are far below what a float holds exactly.
        let number = |value: u64| Cell::Number(value as f64);
        let figures = &report.figures;
        match self {
            Self::Articles => report
                .articles()
                .into_iter()
                .map(|(id, question, access)| {
                    vec![
                        id.into(),
                        question.into(),
                        number(access.portal),
                        number(access.desk),
                        number(access.by_search),
                        number(access.helped),
                        number(access.not_helped),
                        number(access.settled),
                    ]
                })
                .collect(),
            Self::Searches => report
                .places()
                .into_iter()
                .map(|(name, access)| {
                    vec![
                        name.into(),
                        number(access.searches),
                        number(access.in_vain),
                        number(access.opened),
                        number(access.views),
                    ]
                })
                .collect(),
            Self::Queries => figures
                .queries
                .iter()
                .map(|(query, count)| vec![query.as_str().into(), number(*count)])
                .collect(),
            Self::Sites => figures
                .sites
                .iter()
                .map(|(site, used)| {
                    let name = site_name(site.as_ref());
                    vec![name.into(), number(used.searches), number(used.views)]
                })
                .collect(),
            Self::Hours => figures
                .hours
                .iter()
                .map(|(hour, used)| {
                    vec![
                        number(u64::from(*hour)),
                        number(used.searches),
                        number(used.views),
                    ]
                })
                .collect(),
            Self::Weeks => report
                .weeks
                .iter()
                .map(|(monday, week)| {
                    vec![
                        monday.to_string().as_str().into(),
                        number(week.deflected),
                        number(week.called),
                        number(week.unknown),
                    ]
                })
                .collect(),
        }
    }
}
