//! The access report as drawings; the tables of the page have the same numbers.

use chrono::Datelike;

use crate::graph::{Graph, Group, Layout, Series};
use crate::text::DateStyle;
use madoguchi_reports::access::{AccessReport, site_name};

const VISITS: [Series; 3] = [
    Series {
        class: "first",
        label: "電話なし",
    },
    Series {
        class: "second",
        label: "電話あり",
    },
    Series {
        class: "third",
        label: "拠点不明",
    },
];

const VIEWS_BY_PLACE: [Series; 2] = [
    Series {
        class: "first",
        label: "職員の閲覧",
    },
    Series {
        class: "second",
        label: "窓口の閲覧",
    },
];

const USE: [Series; 2] = [
    Series {
        class: "first",
        label: "検索",
    },
    Series {
        class: "second",
        label: "閲覧",
    },
];

const VIEWS: [Series; 1] = [Series {
    class: "first",
    label: "閲覧",
}];

/// Visits by week, and what became of them.
pub(super) fn weeks(report: &AccessReport, dates: DateStyle) -> Graph {
    let groups = report.weeks.iter().map(|(monday, week)| Group {
        short: format!("{}/{}", monday.month(), monday.day()),
        name: format!("{}からの週", dates.date(*monday)),
        counts: vec![week.deflected, week.called, week.unknown],
    });
    let groups: Vec<_> = groups.collect();
    Graph::columns("週別の自己解決", &VISITS, &groups, Layout::Stacked)
}

/// The articles that were read most, by where.
pub(super) fn articles(report: &AccessReport) -> Graph {
    let mut articles = report.articles();
    articles.sort_by_key(|(_, _, access)| std::cmp::Reverse(access.portal + access.desk));
    let groups = articles.into_iter().map(|(id, question, access)| {
        let name = if question.is_empty() { id } else { question };
        Group {
            short: name.to_owned(),
            name: name.to_owned(),
            counts: vec![access.portal, access.desk],
        }
    });
    let groups: Vec<_> = groups.collect();
    Graph::bars("FAQ別の閲覧", &VIEWS_BY_PLACE, &groups)
}

/// Views of the portal by site.
pub(super) fn sites(report: &AccessReport) -> Graph {
    let sites = report.figures.sites.iter();
    let groups = sites.map(|(site, used)| {
        let name = site_name(site.as_ref());
        Group {
            short: name.to_owned(),
            name: name.to_owned(),
            counts: vec![used.views],
        }
    });
    let mut groups: Vec<_> = groups.collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.counts.iter().sum::<u64>()));
    Graph::bars("拠点別の閲覧", &VIEWS, &groups)
}

/// The portal's hours of the day.
pub(super) fn hours(report: &AccessReport) -> Graph {
    let hours = report.figures.hours.iter();
    let groups = hours.map(|(hour, used)| Group {
        short: format!("{hour}時"),
        name: format!("{hour}時台"),
        counts: vec![used.searches, used.views],
    });
    let groups: Vec<_> = groups.collect();
    Graph::columns("時間帯別の利用", &USE, &groups, Layout::Beside)
}
