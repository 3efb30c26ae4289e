//! The figures of a period: in all, and grouped by day, hour, line or agent.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use crate::call::CallRecord;
use crate::figures::{Figures, FiguresSettings, add_by_agent};
use crate::id::{AgentId, LineName};

/// By what figures are grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum By {
    Total,
    Day,
    Hour,
    Line,
    Agent,
}

/// The figures of a period, in all and in groups.
#[derive(Debug, Clone, Serialize)]
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
#[derive(Debug, Clone, Serialize)]
pub struct StatsRow {
    /// What the group has in common.
    #[serde(flatten)]
    pub key: RowKey,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Figures,
}

/// What the calls of a group have in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RowKey {
    /// The day of arrival.
    Day(NaiveDate),
    /// The hour of arrival, 0 to 23.
    Hour(u32),
    /// The line.
    Line(LineName),
    /// The agent who answered; none for calls that nobody answered.
    Agent(Option<AgentId>),
}

impl StatsReport {
    /// The figures of calls that arrived from the first day to the last, both included. Days
    /// and the hours 8 to 17 have a row even if nobody called.
    pub fn new<'a>(
        calls: impl IntoIterator<Item = &'a CallRecord>,
        by: By,
        (from, to): (NaiveDate, NaiveDate),
        settings: FiguresSettings,
    ) -> Self {
        let mut total = Figures::default();
        let mut days: BTreeMap<NaiveDate, Figures> = BTreeMap::new();
        let mut hours: BTreeMap<u32, Figures> = BTreeMap::new();
        let mut lines: BTreeMap<LineName, Figures> = BTreeMap::new();
        let mut agents = BTreeMap::new();
        match by {
            By::Day => {
                let all = from.iter_days().take_while(|day| *day <= to);
                days.extend(all.map(|day| (day, Figures::default())));
            }
            By::Hour => hours.extend((8..=17).map(|hour| (hour, Figures::default()))),
            By::Total | By::Line | By::Agent => {}
        }
        for call in calls {
            total.add(call, settings);
            match by {
                By::Total => {}
                By::Day => {
                    days.entry(call.arrived_at.date())
                        .or_default()
                        .add(call, settings);
                }
                By::Hour => {
                    hours
                        .entry(call.arrived_at.hour())
                        .or_default()
                        .add(call, settings);
                }
                By::Line => lines
                    .entry(call.line.clone())
                    .or_default()
                    .add(call, settings),
                By::Agent => add_by_agent(&mut agents, call, settings),
            }
        }
        let row = |key, figures| StatsRow { key, figures };
        let rows = match by {
            By::Total => Vec::new(),
            By::Day => days
                .into_iter()
                .map(|(day, sum)| row(RowKey::Day(day), sum))
                .collect(),
            By::Hour => hours
                .into_iter()
                .map(|(hour, sum)| row(RowKey::Hour(hour), sum))
                .collect(),
            By::Line => lines
                .into_iter()
                .map(|(line, sum)| row(RowKey::Line(line), sum))
                .collect(),
            By::Agent => agents
                .into_iter()
                .map(|(agent, sum)| row(RowKey::Agent(agent), sum))
                .collect(),
        };
        Self {
            from,
            to,
            by,
            time_zone: "Asia/Tokyo",
            total,
            rows,
        }
    }
}
