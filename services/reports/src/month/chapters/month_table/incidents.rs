//! インシデント件数 of 表2-2: what people entered, or what was published. The desk measures none of them, and what
//! nobody told is unknown, in a month as in the year.

use madoguchi_core::month::{IncidentCounts, Month, PublishedIncidents, PublishedMonth};

use crate::document::{DocCell, DocColumn, DocRow, Figure, Population, Value};
use crate::month::cells::{self, lacking, measured, stated, unstated};
use crate::month::input::MonthInput;

/// How many columns they have.
const COLUMNS: usize = 8;

pub(super) fn columns() -> Vec<DocColumn> {
    let mut columns = Vec::new();
    for (id, system) in [("indirect", "間接"), ("macs", "MACS")] {
        for (kind, name) in [
            ("major", "重大障害"),
            ("normal", "通常障害"),
            ("anomalies", "異常検知"),
            ("signs", "障害予兆"),
        ] {
            let name = format!("{system} {name}");
            columns.push(measured(&format!("{id}_{kind}"), &name, "件"));
        }
    }
    columns
}

/// What people entered of a month.
pub(super) fn entered(input: &MonthInput, month: Month) -> Option<&IncidentCounts> {
    let mut all = input.written.incidents.iter();
    all.find(|one| one.month == month && month <= input.data.month)
}

/// Of a month that was measured here: what was entered goes before what was published.
pub(super) fn measured_cells(
    entered: Option<&IncidentCounts>,
    published: Option<&PublishedMonth>,
) -> Vec<DocCell> {
    let sources = [entered.map(of_entered), published.map(of_published)];
    told(sources, "記入されていない")
}

/// Of a month as it was published: what was entered fills in what was not.
pub(super) fn published_cells(
    published: &PublishedMonth,
    entered: Option<&IncidentCounts>,
) -> Vec<DocCell> {
    let sources = [Some(of_published(published)), entered.map(of_entered)];
    told(sources, "公表されていない")
}

/// Eight counts, and where they come from.
type Told<'t> = ([Option<u64>; COLUMNS], &'t str);

fn of_entered(entered: &IncidentCounts) -> Told<'_> {
    let (indirect, macs) = (entered.indirect.into(), entered.macs.into());
    (both(indirect, macs), &entered.source)
}

fn of_published(published: &PublishedMonth) -> Told<'_> {
    let counts = both(published.indirect, published.macs);
    (counts, &published.source)
}

fn both(indirect: PublishedIncidents, macs: PublishedIncidents) -> [Option<u64>; COLUMNS] {
    let [a, b, c, d] = indirect.counts();
    let [e, f, g, h] = macs.counts();
    [a, b, c, d, e, f, g, h]
}

/// Each count from the first that tells it; what none of them tells is unknown for this reason.
fn told(sources: [Option<Told<'_>>; 2], reason: &str) -> Vec<DocCell> {
    let cell = |at: usize| {
        let mut known = sources.iter().flatten();
        let known = known.find_map(|(counts, source)| Some(((*counts.get(at)?)?, *source)));
        match known {
            Some((count, source)) => stated(count, source),
            None => unstated(reason),
        }
    };
    (0..COLUMNS).map(cell).collect()
}

/// 年度計: sums of the rows of months; of a column with a month that nobody knows there is none. What was
/// published beside what was measured is left out.
pub(super) fn year(rows: &[DocRow]) -> Vec<DocCell> {
    let columns = columns();
    let months = rows.iter().filter(|row| row.id.parse::<Month>().is_ok());
    let months: Vec<_> = months.collect();
    let columns = (1..).zip(&columns);
    columns
        .map(|(at, column): (usize, _)| {
            let known = months.iter().filter_map(|row| match row.cells.get(at) {
                Some(DocCell::Figure(Figure { value, .. })) => Some((&row.id, value)),
                _ => None,
            });
            let known: Vec<_> = known.collect();
            let counts = known.iter().map(|(_, value)| match value {
                Value::Count(count) => Some(*count),
                _ => None,
            });
            let sum = counts.sum::<Option<i64>>();
            let names = known.iter().map(|(id, _)| id);
            let rows = cells::cells(names.map(|id| format!("months/{id}/{}", column.id)));
            match sum {
                Some(sum) => cells::count(sum, Population::Stated, rows),
                None => lacking("件数の分からない月がある", Population::Stated, rows),
            }
        })
        .collect()
}
