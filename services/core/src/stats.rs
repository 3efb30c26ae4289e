//! The figures of a period: in all, and grouped by day, month, hour, line or agent.

use std::collections::BTreeMap;

use chrono::{Datelike, Months, NaiveDate};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::call::CallRecord;
use crate::figures::{Figures, FiguresSettings, add_by_agent};
use crate::id::{AgentId, LineName};
use crate::time::Instant;

/// By what figures are grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum By {
    Total,
    Day,
    Month,
    Hour,
    Line,
    Agent,
}

/// Which figures are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatsQuery {
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// How the rows are grouped.
    pub by: By,
    /// Of this line alone.
    pub line: Option<LineName>,
    /// Of calls that this agent answered alone.
    pub agent: Option<AgentId>,
}

impl StatsQuery {
    /// The instant from which on calls arrived.
    pub fn start(&self) -> Instant {
        Instant::start_of(self.from)
    }

    /// The instant before which they arrived.
    pub fn end(&self) -> Instant {
        Instant::start_of(self.to.succ_opt().unwrap_or(self.to))
    }

    fn asks_for(&self, call: &CallRecord) -> bool {
        self.line.as_ref().is_none_or(|line| *line == call.line)
            && self
                .agent
                .as_ref()
                .is_none_or(|agent| call.agent() == Some(agent))
    }
}

/// The figures of a period, in all and in groups.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StatsReport {
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// How the rows are grouped.
    pub by: By,
    /// Of which days and hours.
    pub time_zone: &'static str,
    /// All calls together.
    #[serde(flatten)]
    pub total: Figures,
    /// The groups; none for [`By::Total`].
    pub rows: Vec<StatsRow>,
}

/// One group.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StatsRow {
    /// What the group has in common.
    #[serde(flatten)]
    pub key: RowKey,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Figures,
}

/// What the calls of a group have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowKey {
    /// The day of arrival.
    Day(NaiveDate),
    /// The first day of the month of arrival; in JSON 2026-11.
    #[serde(serialize_with = "year_and_month")]
    Month(NaiveDate),
    /// The hour of arrival, 0 to 23.
    Hour(u32),
    /// The line.
    Line(LineName),
    /// The agent who answered; none for calls that nobody answered.
    Agent(Option<AgentId>),
}

/// Sums of a period while its calls are added one by one.
#[derive(Debug, Clone)]
pub struct StatsSums {
    query: StatsQuery,
    settings: FiguresSettings,
    total: Figures,
    rows: BTreeMap<RowKey, Figures>,
    agents: BTreeMap<Option<AgentId>, Figures>,
}

impl StatsSums {
    /// Nothing yet. Days, months and the hours 8 to 17 have a row even if nobody calls.
    pub fn new(query: StatsQuery, settings: FiguresSettings) -> Self {
        let (from, to) = (query.from, query.to);
        let keys: Vec<RowKey> = match query.by {
            By::Day => from
                .iter_days()
                .take_while(|day| *day <= to)
                .map(RowKey::Day)
                .collect(),
            By::Month => months(from, to).map(RowKey::Month).collect(),
            By::Hour => (8..=17).map(RowKey::Hour).collect(),
            By::Total | By::Line | By::Agent => Vec::new(),
        };
        let rows = keys.into_iter().map(|key| (key, Figures::default()));
        Self {
            settings,
            total: Figures::default(),
            rows: rows.collect(),
            agents: BTreeMap::new(),
            query,
        }
    }

    /// Adds a call of the period, if it is one that is asked for.
    pub fn add(&mut self, call: &CallRecord) {
        if !self.query.asks_for(call) {
            return;
        }
        self.total.add(call, self.settings);
        let at = call.arrived_at;
        let key = match self.query.by {
            By::Total => return,
            By::Agent => return add_by_agent(&mut self.agents, call, self.settings),
            By::Day => RowKey::Day(at.date()),
            By::Month => RowKey::Month(at.month()),
            By::Hour => RowKey::Hour(at.hour()),
            By::Line => RowKey::Line(call.line.clone()),
        };
        self.rows.entry(key).or_default().add(call, self.settings);
    }

    /// The sums of all that was added.
    pub fn report(self) -> StatsReport {
        let agents = self.agents.into_iter();
        let agents = agents.map(|(agent, figures)| (RowKey::Agent(agent), figures));
        let rows = self.rows.into_iter().chain(agents);
        StatsReport {
            from: self.query.from,
            to: self.query.to,
            by: self.query.by,
            time_zone: "Asia/Tokyo",
            total: self.total,
            rows: rows
                .map(|(key, figures)| StatsRow { key, figures })
                .collect(),
        }
    }
}

/// The first days of all months that have a day in the period.
fn months(from: NaiveDate, to: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    let first = from.with_day(1).unwrap_or(from);
    let next = |month: &NaiveDate| month.checked_add_months(Months::new(1));
    std::iter::successors(Some(first), next).take_while(move |month| *month <= to)
}

fn year_and_month<S: Serializer>(month: &NaiveDate, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&month.format("%Y-%m"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{CallEvent, EndCause, EventKind};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// A call at nine o'clock that `agent` answers after four seconds.
    fn call(id: &str, date: &str, line: &str, agent: Option<&str>) -> CallRecord {
        let start = Instant::start_of(day(date)).0 + 9 * 3_600_000;
        let event = |seq, secs: i64, kind| CallEvent {
            call: id.into(),
            seq,
            at: Instant(start + secs * 1_000),
            node: "n".into(),
            line: line.into(),
            kind,
        };
        let arrived = EventKind::Arrived {
            from: "0312345678".into(),
            to: "5000".into(),
            open: true,
        };
        let mut events = vec![event(0, 0, arrived)];
        if let Some(agent) = agent {
            let agent = Some(agent.into());
            events.push(event(1, 4, EventKind::Answered { agent }));
        }
        let cause = EndCause::Caller;
        events.push(event(2, 64, EventKind::Ended { cause }));
        CallRecord::fold(&events).unwrap()
    }

    fn report(by: By, line: Option<&str>, agent: Option<&str>) -> StatsReport {
        let query = StatsQuery {
            from: day("2026-10-30"),
            to: day("2026-11-02"),
            by,
            line: line.map(LineName::new),
            agent: agent.map(AgentId::new),
        };
        let mut sums = StatsSums::new(query, FiguresSettings::default());
        for call in [
            call("a", "2026-10-30", "help", Some("tanaka")),
            call("b", "2026-11-01", "help", None),
            call("c", "2026-11-01", "night", Some("suzuki")),
        ] {
            sums.add(&call);
        }
        sums.report()
    }

    #[test]
    fn rows_add_up_to_the_total_however_calls_are_grouped() {
        for (by, rows) in [
            (By::Day, vec![1, 0, 2, 0]),
            (By::Month, vec![1, 2]),
            (By::Hour, vec![0, 3, 0, 0, 0, 0, 0, 0, 0, 0]),
            (By::Line, vec![2, 1]),
            (By::Agent, vec![1, 1, 1]),
        ] {
            let report = report(by, None, None);
            let offered: Vec<_> = report.rows.iter().map(|row| row.figures.offered).collect();
            assert_eq!((report.total.offered, offered), (3, rows), "{by:?}");
        }
        assert!(report(By::Total, None, None).rows.is_empty());
    }

    #[test]
    fn a_line_or_an_agent_alone_is_counted_alone() {
        assert_eq!(report(By::Day, Some("help"), None).total.offered, 2);
        assert_eq!(report(By::Day, None, Some("suzuki")).total.offered, 1);
        assert_eq!(
            report(By::Day, Some("help"), Some("suzuki")).total.offered,
            0
        );
    }

    #[test]
    fn a_month_is_told_by_year_and_month() {
        let report = serde_json::to_value(report(By::Month, None, None)).unwrap();
        assert_eq!(report["by"], "month");
        assert_eq!(report["rows"][1]["month"], "2026-11");
        assert_eq!(report["rows"][1]["offered"], 2);
    }
}
