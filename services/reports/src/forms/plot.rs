//! The numbers of a chart, taken from its table.

use chrono::Datelike;

use crate::document::{Chart, ChartKind, DocCell, Document};
use crate::forms::numbers::{Kind, of_cell};

/// Of bars: dark and light by turns.
const BARS: [u32; 6] = [
    0x00_31D8, 0x9D_B7F9, 0x8B_1B1B, 0xFF_BBBB, 0x11_5A36, 0x9B_D4B5,
];
/// Of lines.
const LINES: [u32; 6] = [
    0x00_31D8, 0xC7_4700, 0x11_5A36, 0x6F_23D0, 0x8B_008B, 0x00_6F83,
];
/// Fills of 濃淡図 from none to most, with whether letters on them are white.
const SHADES: [(u32, bool); 7] = [
    (0xFF_FFFF, false),
    (0xE8_F1FE, false),
    (0xC5_D7FB, false),
    (0x9D_B7F9, false),
    (0x70_96F8, false),
    (0x26_4AF4, true),
    (0x00_17C1, true),
];

/// What a chart shows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plot {
    /// How it is drawn.
    pub(crate) chart: ChartKind,
    /// Along the axis.
    pub(crate) labels: Vec<String>,
    /// The series, in order.
    pub(crate) series: Vec<Series>,
}

/// A series of a chart.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Series {
    /// Its name with the unit.
    pub(crate) name: String,
    /// What its numbers mean.
    pub(crate) kind: Kind,
    /// A number for each label; none is a gap.
    pub(crate) values: Vec<Option<f64>>,
    /// How the numbers are written.
    pub(crate) texts: Vec<String>,
}

impl Plot {
    /// The numbers of a chart, without rows that sum up. None if the book does not hold them.
    pub(crate) fn of(document: &Document, chart: &Chart) -> Option<Self> {
        let table = document.table(&chart.table)?;
        let position = |id: &String| table.columns.iter().position(|column| column.id == *id);
        let rows: Vec<_> = table.rows.iter().filter(|row| !row.total).collect();
        let labels_at = position(&chart.labels)?;
        let labels = rows.iter().map(|row| row.cells.get(labels_at).map(label));
        let mut series = Vec::new();
        for id in &chart.series {
            let at = position(id)?;
            let column = table.columns.get(at)?;
            let cells: Vec<_> = rows.iter().map(|row| row.cells.get(at)).collect();
            let numbers: Vec<_> = cells.iter().map(|cell| of_cell((*cell)?)).collect();
            let kind = numbers.iter().flatten().map(|number| number.kind).next();
            series.push(Series {
                name: column.heading(),
                kind: kind.unwrap_or(Kind::Count),
                values: numbers
                    .iter()
                    .map(|number| Some((*number)?.value))
                    .collect(),
                texts: cells
                    .iter()
                    .map(|cell| cell.map_or_else(String::new, label))
                    .collect(),
            });
        }
        let plot = Self {
            chart: chart.kind,
            labels: labels.map(Option::unwrap_or_default).collect(),
            series,
        };
        (!plot.labels.is_empty() && !plot.series.is_empty()).then_some(plot)
    }

    /// Whether a series is drawn as a line.
    pub(crate) fn is_line(&self, series: usize) -> bool {
        match self.chart {
            ChartKind::Lines => true,
            ChartKind::Bars => series + 1 == self.series.len() && self.is_right(series),
            ChartKind::HeatMap => false,
        }
    }

    /// Whether a series has the axis on the right: its numbers mean something else than those of the
    /// first. Of bars it is a last series in percent alone.
    pub(crate) fn is_right(&self, series: usize) -> bool {
        let kind = |at: usize| self.series.get(at).map(|series| series.kind);
        match self.chart {
            ChartKind::Lines => kind(series) != kind(0),
            ChartKind::Bars => {
                series + 1 == self.series.len()
                    && kind(series) == Some(Kind::Percent)
                    && kind(0) != Some(Kind::Percent)
            }
            ChartKind::HeatMap => false,
        }
    }

    /// All numbers of the series that a rule chooses.
    pub(crate) fn values(&self, chosen: impl Fn(usize) -> bool) -> impl Iterator<Item = f64> {
        let series = self.series.iter().enumerate();
        let series = series.filter(move |(at, _)| chosen(*at));
        series.flat_map(|(_, series)| series.values.iter().flatten().copied())
    }

    /// The largest number of all.
    pub(crate) fn largest(&self) -> f64 {
        self.values(|_| true).fold(0.0, f64::max)
    }
}

/// Where an axis begins for a line of percentages, which would be flat if it began at zero.
pub(crate) fn percent_low(least: f64) -> f64 {
    ((least.min(100.0) - 2.0) / 10.0).floor().max(0.0) * 10.0
}

/// The colour of the bars of a series.
pub(crate) fn bar_color(series: usize) -> u32 {
    BARS.get(series % BARS.len()).copied().unwrap_or(0)
}

/// The colour of the line of a series.
pub(crate) fn line_color(series: usize) -> u32 {
    LINES.get(series % LINES.len()).copied().unwrap_or(0)
}

/// The fill of a number in a 濃淡図, and whether letters on it are white.
pub(crate) fn shade(value: f64, largest: f64) -> (u32, bool) {
    let steps = SHADES.len() - 1;
    let share = if largest > 0.0 {
        (value / largest).clamp(0.0, 1.0)
    } else {
        0.0
    };
    // Only zero has no fill.
    let step = (share * steps as f64).ceil() as usize;
    SHADES.get(step).copied().unwrap_or((0xFF_FFFF, false))
}

/// A cell at an axis: days short, as 4/1.
fn label(cell: &DocCell) -> String {
    match cell {
        DocCell::Date { date } => format!("{}/{}", date.month(), date.day()),
        cell => cell.text(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Block, sample};

    fn plot(id: &str) -> Plot {
        let report = sample::report();
        let blocks = report.chapters.iter().flat_map(|chapter| &chapter.blocks);
        let mut charts = blocks.filter_map(|block| match block {
            Block::Chart(chart) if chart.id == id => Some(chart),
            _ => None,
        });
        Plot::of(&report, charts.next().unwrap()).unwrap()
    }

    #[test]
    fn published_months_and_measured_ones_are_one_series() {
        let plot = plot("months_chart");
        assert_eq!(plot.labels[0], "令和6年4月");
        let values = |at: usize| plot.series[at].values.iter().flatten().copied();
        assert_eq!(
            values(0).collect::<Vec<_>>(),
            [1029.0, 458.0, 316.0, 265.0, 236.0, 244.0]
        );
        assert_eq!(
            values(2).collect::<Vec<_>>(),
            [99.4, 99.8, 99.1, 99.6, 99.6, 98.0]
        );
        assert_eq!([0, 1, 2].map(|at| plot.is_line(at)), [false, false, true]);
    }

    #[test]
    fn a_figure_without_a_value_is_a_gap() {
        let plot = plot("days_chart");
        assert_eq!(plot.labels[0], "4/1");
        assert_eq!(plot.series[1].values[6], None);
        assert_eq!(plot.series[1].texts[6], "－");
        assert_eq!([0, 1].map(|at| plot.is_right(at)), [false, true]);
    }

    #[test]
    fn only_zero_has_no_shade_and_the_most_has_the_darkest() {
        assert_eq!(shade(0.0, 30.0), (0xFF_FFFF, false));
        assert_eq!(shade(0.1, 30.0), (0xE8_F1FE, false));
        assert_eq!(shade(30.0, 30.0), (0x00_17C1, true));
        assert_eq!(shade(0.0, 0.0), (0xFF_FFFF, false));
    }
}
