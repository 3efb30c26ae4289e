//! An axis: from where to where its numbers go, at which of them it is marked, and how they are written.

use crate::document::{ChartKind, duration, with_commas};
use crate::forms::numbers::Kind;
use crate::forms::plot::{Plot, percent_low};
use crate::forms::width::width;

/// Steps at which lengths of time are marked, in seconds.
const SECONDS: [f64; 14] = [
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0,
];
/// Marks above the first.
const MARKS: f64 = 5.0;

/// An axis.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Axis {
    kind: Kind,
    low: f64,
    step: f64,
    steps: u32,
}

impl Axis {
    /// The axis on the left or on the right of a chart.
    pub(crate) fn of(plot: &Plot, is_right: bool) -> Self {
        let chosen = |at: usize| plot.is_right(at) == is_right;
        let mut series = plot.series.iter().enumerate();
        let first = series.find(|(at, _)| chosen(*at));
        let kind = first.map_or(Kind::Count, |(_, series)| series.kind);
        let least = plot.values(chosen).fold(f64::INFINITY, f64::min);
        let most = plot.values(chosen).fold(f64::NEG_INFINITY, f64::max);
        let is_bars = plot.chart == ChartKind::Bars && !is_right;
        Self::between(kind, least, most, is_bars)
    }

    /// Bars begin at zero. A line of percentages may begin below its least, as it would be flat otherwise.
    fn between(kind: Kind, least: f64, most: f64, is_bars: bool) -> Self {
        let (least, most) = if least.is_finite() && most.is_finite() {
            (least, most)
        } else {
            (0.0, 0.0)
        };
        let low = match kind {
            Kind::Percent if !is_bars => percent_low(least),
            _ => least.min(0.0),
        };
        let high = match kind {
            Kind::Percent => most.max(100.0),
            _ => most.max(low + 1.0),
        };
        let step = step(kind, (high - low) / MARKS);
        let low = (low / step).floor() * step;
        Self {
            kind,
            low,
            step,
            steps: ((high - low) / step).ceil().clamp(1.0, 20.0) as u32,
        }
    }

    /// Its numbers, from the lowest on.
    pub(crate) fn ticks(&self) -> impl Iterator<Item = f64> {
        (0..=self.steps).map(|step| self.low + self.step * f64::from(step))
    }

    /// How far up a number stands: 0 at the foot, 1 at the top.
    pub(crate) fn share(&self, value: f64) -> f64 {
        ((value - self.low) / (self.step * f64::from(self.steps))).clamp(0.0, 1.0)
    }

    /// A number as it is written.
    pub(crate) fn text(&self, tick: f64) -> String {
        match self.kind {
            Kind::Seconds => duration(tick as i64 * 1000),
            _ if self.step < 1.0 => format!("{tick:.1}"),
            _ => with_commas(tick.round() as i64),
        }
    }

    /// What stands above it.
    pub(crate) fn unit(&self) -> &'static str {
        match self.kind {
            Kind::Percent => "％",
            Kind::Seconds => "分:秒",
            Kind::Count | Kind::Decimal => "",
        }
    }

    /// How wide its numbers are, in halves of a kanji.
    pub(crate) fn halves(&self) -> usize {
        let widest = self.ticks().map(|tick| width(&self.text(tick))).max();
        widest.unwrap_or(0)
    }

    /// Its lowest number, its highest, and how far apart its marks are.
    pub(crate) fn range(&self) -> (f64, f64, f64) {
        let high = self.low + self.step * f64::from(self.steps);
        (self.low, high, self.step)
    }
}

/// A round step that is not below another.
fn step(kind: Kind, least: f64) -> f64 {
    if kind == Kind::Seconds
        && let Some(step) = SECONDS.into_iter().find(|step| *step >= least)
    {
        return step;
    }
    let least = match kind {
        Kind::Count | Kind::Seconds => least.max(1.0),
        Kind::Percent | Kind::Decimal => least.max(0.1),
    };
    let power = 10_f64.powf(least.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
    // What stands a rounding error above a step is that step.
    let step = steps.into_iter().find(|step| *step >= least * 0.999_999);
    step.unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(kind: Kind, least: f64, most: f64, is_bars: bool) -> Vec<String> {
        let axis = Axis::between(kind, least, most, is_bars);
        axis.ticks().map(|tick| axis.text(tick)).collect()
    }

    #[test]
    fn an_axis_is_marked_at_round_numbers_that_hold_all() {
        let counts = texts(Kind::Count, 12.0, 1029.0, true);
        assert_eq!(counts, ["0", "500", "1,000", "1,500"]);
        assert_eq!(texts(Kind::Count, 0.0, 0.0, true), ["0", "1"]);
        assert_eq!(texts(Kind::Count, -5.0, 10.0, true), ["-5", "0", "5", "10"]);
        let times = texts(Kind::Seconds, 20.0, 109.0, false);
        assert_eq!(times, ["0:00", "0:30", "1:00", "1:30", "2:00"]);
    }

    #[test]
    fn bars_begin_at_zero_and_a_line_of_percentages_where_it_is_seen() {
        assert_eq!(
            texts(Kind::Percent, 98.0, 99.8, false),
            ["90", "92", "94", "96", "98", "100"]
        );
        assert_eq!(
            texts(Kind::Percent, 98.0, 99.8, true),
            ["0", "20", "40", "60", "80", "100"]
        );
        assert_eq!(texts(Kind::Percent, 0.0, 0.0, false).len(), 6);
    }

    #[test]
    fn no_number_stands_outside() {
        for (least, most) in [(0.0, 7.0), (-3.0, 2.0), (1.0, 9_999_999.0), (0.0, 90_000.0)] {
            for kind in [Kind::Count, Kind::Seconds, Kind::Decimal] {
                let axis = Axis::between(kind, least, most, true);
                let ticks: Vec<_> = axis.ticks().collect();
                assert!(
                    ticks[0] <= least && *ticks.last().unwrap() >= most,
                    "{axis:?}"
                );
                assert!(ticks.len() <= 8, "{axis:?}");
            }
        }
    }
}
