//! The tables of the access report as データ用 workbooks: one table a file, one datum a cell.

use madoguchi_core::time::Instant;
use madoguchi_reports::table::{Cell, Column, Table};

use super::month::{Report, site_name};

/// A table of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sheet {
    Articles,
    Searches,
    Queries,
    Sites,
    Hours,
    Weeks,
}

impl Sheet {
    pub(super) const ALL: [Self; 6] = [
        Self::Articles,
        Self::Searches,
        Self::Queries,
        Self::Sites,
        Self::Hours,
        Self::Weeks,
    ];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Articles => "articles",
            Self::Searches => "searches",
            Self::Queries => "queries",
            Self::Sites => "sites",
            Self::Hours => "hours",
            Self::Weeks => "weeks",
        }
    }

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Articles => "FAQ別",
            Self::Searches => "検索",
            Self::Queries => "検索語別",
            Self::Sites => "拠点別",
            Self::Hours => "時間帯別",
            Self::Weeks => "週別の自己解決",
        }
    }

    pub(super) fn lookup(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sheet| sheet.as_str() == name)
    }

    pub(super) fn table(self, report: &Report, now: Instant) -> Table {
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

    fn rows(self, report: &Report) -> Vec<Vec<Cell>> {
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
