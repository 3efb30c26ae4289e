//! How what a figure counts is found again: its calls, tickets, articles and facts, other figures, or where it
//! comes from.

use std::collections::BTreeMap;
use std::sync::Arc;

use madoguchi_core::month::Month;
use madoguchi_core::named;
use serde::{Deserialize, Serialize};

use super::population::Population;

/// How what a figure counts is found again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "rows", rename_all = "snake_case")]
pub enum Rows {
    /// Exactly these calls: the sum of its rows is the figure (or B, of a rate).
    Calls {
        /// The selection's name in the month's index ([`Drill`]).
        selection: String,
    },
    /// Exactly these tickets.
    Tickets {
        /// The selection's name in the month's index.
        selection: String,
    },
    /// These facts, entered by a person.
    Facts {
        /// The selection's name in the month's index.
        selection: String,
    },
    /// Exactly these articles of the FAQ.
    Articles {
        /// The selection's name in the month's index.
        selection: String,
    },
    /// What one ticket tells of itself.
    Ticket {
        /// Which.
        id: String,
        /// 受付番号
        number: String,
    },
    /// Other cells of the book, of which it was computed: "table/row/column".
    Cells {
        /// Where they stand.
        cells: Vec<String>,
    },
    /// Cells of ヘルプデスク受付状況報告 of these months: one that it repeats, or several of which it is the sum.
    Months {
        /// Where they stand.
        cells: Vec<MonthCell>,
    },
    /// What the access log of the FAQ holds of a month (アクセスレポート).
    AccessLog {
        /// Which month.
        month: Month,
    },
    /// It was entered, published or computed from a forecast, with its source.
    Source {
        /// Where it comes from.
        source: String,
    },
}

/// A cell of ヘルプデスク受付状況報告 of a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonthCell {
    /// Which month.
    pub month: Month,
    /// "table/row/column"
    pub cell: String,
}

named! {
    /// What proves a figure.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    pub enum ProofKind {
        /// Calls.
        Calls = "calls", "通話";
        /// Tickets.
        Tickets = "tickets", "問合せ";
        /// Facts.
        Facts = "facts", "記入した事実";
        /// Articles.
        Articles = "articles", "FAQ";
        /// Other cells.
        Cells = "cells", "表の数値から計算";
        /// Figures of reports of months.
        Months = "months", "月の報告の数値";
        /// The access log of the FAQ.
        AccessLog = "access_log", "FAQの利用記録";
        /// 予測
        Forecast = "forecast", "予測";
        /// What was entered or published.
        Source = "source", "記入又は公表";
        /// What was measured, told in words alone. Editions of old have it.
        Record = "record", "記録";
    }
}

impl Rows {
    /// The selection that they name.
    pub fn selection(&self) -> Option<&str> {
        match self {
            Self::Calls { selection }
            | Self::Tickets { selection }
            | Self::Facts { selection }
            | Self::Articles { selection } => Some(selection),
            Self::Ticket { .. }
            | Self::Cells { .. }
            | Self::Months { .. }
            | Self::AccessLog { .. }
            | Self::Source { .. } => None,
        }
    }

    /// What proves a figure of this population that has these rows.
    pub fn kind(&self, population: Population) -> ProofKind {
        match self {
            Self::Calls { .. } => ProofKind::Calls,
            Self::Tickets { .. } | Self::Ticket { .. } => ProofKind::Tickets,
            Self::Facts { .. } => ProofKind::Facts,
            Self::Articles { .. } => ProofKind::Articles,
            Self::Cells { .. } => ProofKind::Cells,
            Self::Months { .. } => ProofKind::Months,
            Self::AccessLog { .. } => ProofKind::AccessLog,
            Self::Source { .. } => match population {
                Population::Stated => ProofKind::Source,
                Population::Expected => ProofKind::Forecast,
                Population::Arrived
                | Population::Received
                | Population::Happened
                | Population::Standing => ProofKind::Record,
            },
        }
    }
}

/// Which calls, tickets, articles or facts a selection names: the proof of the figures of a month. Kept beside
/// the book, not in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drill {
    /// Ids by the name of the selection, in the order of their numbers or arrival. A call stands in some twenty
    /// selections, and its id in memory once.
    pub selections: BTreeMap<String, Vec<Arc<str>>>,
    /// What people call that of an id: 受付番号 of a ticket, number of an article, day and words of a fact. A
    /// call is called by its id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<Arc<str>, String>,
}

/// Names of selections of calls begin so.
pub(crate) const CALLS: &str = "calls/";

impl Drill {
    /// What people call that of an id in a selection.
    pub fn name<'d>(&'d self, selection: &str, id: &'d str) -> &'d str {
        // A call may have the id of a ticket.
        if selection.starts_with(CALLS) {
            return id;
        }
        self.names.get(id).map_or(id, String::as_str)
    }

    /// Takes in the selections of another book of the same month.
    pub fn extend(&mut self, other: Self) {
        self.selections.extend(other.selections);
        self.names.extend(other.names);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_person_entered_or_published_is_told_as_such() {
        let source = || Rows::Source {
            source: "令和6年4月分の実測".to_owned(),
        };
        for (population, label) in [
            (Population::Stated, "記入又は公表"),
            (Population::Expected, "予測"),
            (Population::Arrived, "記録"),
            (Population::Happened, "記録"),
        ] {
            assert_eq!(source().kind(population).label(), label);
        }
        let cells = Vec::new();
        let months = Rows::Months { cells };
        assert_eq!(months.kind(Population::Arrived).label(), "月の報告の数値");
    }

    #[test]
    fn rows_of_editions_of_old_are_still_read() {
        for (json, rows) in [
            (
                r#"{"rows":"source","source":"別紙8-2"}"#,
                Rows::Source {
                    source: "別紙8-2".to_owned(),
                },
            ),
            (
                r#"{"rows":"calls","selection":"calls/offered"}"#,
                Rows::Calls {
                    selection: "calls/offered".to_owned(),
                },
            ),
        ] {
            assert_eq!(serde_json::from_str::<Rows>(json).unwrap(), rows);
        }
    }
}
