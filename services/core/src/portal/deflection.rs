//! 自己解決: visits to the portal after which nobody of the same site called (docs/metrics.md).

use std::collections::{BTreeMap, HashMap};

use chrono::{Datelike, Days, NaiveDate};

use crate::time::{Instant, Millis};

/// A visit is over when nothing was read for so long.
const VISIT_GAP: Millis = Millis::from_secs(30 * 60);
/// A call within this time after the last article belongs to the visit.
const CALL_WITHIN: Millis = Millis::from_secs(60 * 60);

/// An article that somebody read in the portal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteRead {
    /// When it happened.
    pub at: Instant,
    /// By which browser, as far as it can be told for a day.
    pub visit: String,
    /// At which site; `None`: unknown.
    pub site: Option<String>,
}

/// A call that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteCall {
    /// When it happened.
    pub at: Instant,
    /// From which site; `None`: unknown.
    pub site: Option<String>,
}

/// The visits of a week in which an article was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Deflection {
    /// No call came from the site within the hour.
    pub deflected: u64,
    /// A call came.
    pub called: u64,
    /// The site is unknown: nothing can be said.
    pub unknown: u64,
}

/// Weeks by their Monday.
pub type Weeks = BTreeMap<NaiveDate, Deflection>;

impl Deflection {
    /// The share of visits without a call among those of which something can be said.
    pub fn rate(self) -> Option<f64> {
        let known = self.deflected + self.called;
        (known > 0).then(|| self.deflected as f64 / known as f64)
    }
}

/// What a visit is known by while it lasts.
struct Visit<'a> {
    first: Instant,
    last: Instant,
    site: Option<&'a str>,
}

/// The visits by the week of their first article. Both lists may be in any order.
pub fn deflection_by_week(reads: &[SiteRead], calls: &[SiteCall]) -> Weeks {
    let mut calls_of: HashMap<&str, Vec<Instant>> = HashMap::new();
    for call in calls {
        if let Some(site) = &call.site {
            calls_of.entry(site).or_default().push(call.at);
        }
    }
    for times in calls_of.values_mut() {
        times.sort_unstable();
    }
    let mut weeks = Weeks::new();
    for visit in visits(reads) {
        let week = weeks.entry(monday(visit.first)).or_default();
        let Some(site) = visit.site else {
            week.unknown += 1;
            continue;
        };
        let times = calls_of.get(site).map(Vec::as_slice).unwrap_or_default();
        let next = times.partition_point(|at| *at < visit.first);
        let until = visit.last + CALL_WITHIN;
        if times.get(next).is_some_and(|at| *at < until) {
            week.called += 1;
        } else {
            week.deflected += 1;
        }
    }
    weeks
}

fn visits(reads: &[SiteRead]) -> Vec<Visit<'_>> {
    let mut sorted: Vec<&SiteRead> = reads.iter().collect();
    sorted.sort_by_key(|read| read.at);
    let mut open: HashMap<&str, Visit<'_>> = HashMap::new();
    let mut over = Vec::new();
    for read in sorted {
        if let Some(visit) = open.get_mut(read.visit.as_str())
            && read.at - visit.last < VISIT_GAP
        {
            visit.last = read.at;
            continue;
        }
        let visit = Visit {
            first: read.at,
            last: read.at,
            site: read.site.as_deref(),
        };
        over.extend(open.insert(&read.visit, visit));
    }
    over.extend(open.into_values());
    over
}

fn monday(at: Instant) -> NaiveDate {
    let date = at.date();
    let since = u64::from(date.weekday().num_days_from_monday());
    date.checked_sub_days(Days::new(since)).unwrap_or(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        Instant::from_tokyo(format!("2026-11-{text}:00").parse().unwrap())
    }

    fn read(time: &str, visit: &str, site: Option<&str>) -> SiteRead {
        SiteRead {
            at: at(time),
            visit: visit.to_owned(),
            site: site.map(str::to_owned),
        }
    }

    fn call(time: &str, site: Option<&str>) -> SiteCall {
        SiteCall {
            at: at(time),
            site: site.map(str::to_owned),
        }
    }

    fn week(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, day).unwrap()
    }

    #[test]
    fn a_call_of_the_same_site_within_the_hour_belongs_to_the_visit() {
        let reads = [
            read("24T10:00", "a", Some("本部")),
            read("24T10:20", "a", Some("本部")),
            read("24T10:00", "b", Some("支部")),
            read("24T10:00", "c", None),
        ];
        let calls = [
            call("24T11:19", Some("本部")),
            call("24T10:30", None),
            call("24T11:00", Some("支部")),
        ];
        let weeks = deflection_by_week(&reads, &calls);
        let expected = Deflection {
            deflected: 1,
            called: 1,
            unknown: 1,
        };
        assert_eq!(weeks, Weeks::from([(week(23), expected)]));
        assert_eq!(expected.rate(), Some(0.5));
        assert_eq!(Deflection::default().rate(), None);
    }

    #[test]
    fn a_visit_is_over_after_half_an_hour_and_a_call_before_it_is_no_answer_to_it() {
        let reads = [
            read("23T09:00", "a", Some("本部")),
            read("23T13:00", "a", Some("本部")),
        ];
        let calls = [
            call("23T08:59", Some("本部")),
            call("23T09:30", Some("本部")),
        ];
        let weeks = deflection_by_week(&reads, &calls);
        assert_eq!(weeks[&week(23)].called, 1);
        assert_eq!(weeks[&week(23)].deflected, 1);
    }

    #[test]
    fn visits_belong_to_the_week_that_begins_on_monday() {
        let reads = [
            read("22T23:50", "a", Some("本部")),
            read("23T00:00", "b", Some("本部")),
        ];
        let weeks = deflection_by_week(&reads, &[]);
        assert_eq!(
            weeks.keys().copied().collect::<Vec<_>>(),
            [week(16), week(23)]
        );
    }
}
