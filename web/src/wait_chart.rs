//! 待ち of the day by hour as a drawing: how many waited at once, and how long.

use std::collections::{BTreeMap, BTreeSet};

use madoguchi_core::time::{Instant, Millis};
use madoguchi_core::today::Today;

use crate::chart::{Grid, LEFT, STEP, WIDTH, round_up};
use crate::text;

/// One hour of the drawing and of the table beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hour {
    pub(crate) hour: u32,
    /// The most who waited at once.
    pub(crate) queue: u64,
    /// 平均待ち時間
    pub(crate) mean: String,
    /// 最長待ち時間
    pub(crate) longest: String,
    pub(crate) x: u64,
    pub(crate) queue_y: u64,
    pub(crate) queue_height: u64,
    pub(crate) mean_y: u64,
    pub(crate) mean_height: u64,
    /// Where the longest wait is marked; nothing to mark without one.
    pub(crate) longest_y: Option<u64>,
}

impl Hour {
    /// The middle of the bars, where the hour stands.
    pub(crate) fn middle(&self) -> u64 {
        self.x + WIDTH / 2
    }

    /// The right end of the bars.
    pub(crate) fn end(&self) -> u64 {
        self.x + WIDTH
    }
}

/// A line across with the time that it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TimeGrid {
    pub(crate) y: u64,
    pub(crate) value: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WaitChart {
    pub(crate) hours: Vec<Hour>,
    pub(crate) queue_grid: Vec<Grid>,
    pub(crate) time_grid: Vec<TimeGrid>,
    pub(crate) width: u64,
}

/// How tall each of the two parts is.
const HEIGHT: u64 = 70;
/// Where the bars of the upper part stand.
const QUEUE_FLOOR: u64 = 96;
/// Where those of the lower part stand.
const TIME_FLOOR: u64 = 208;

impl WaitChart {
    /// The hours 8 to 17, and those outside in which calls came or waited.
    pub(crate) fn new(today: &Today, now: Instant) -> Self {
        let peaks = today.queue.peaks(now);
        let known: BTreeSet<u32> = peaks.keys().chain(today.by_hour.keys()).copied().collect();
        let first = known.first().copied().unwrap_or(8).min(8);
        let last = known.last().copied().unwrap_or(17).max(17);
        let peak = |hour: u32| peaks.get(&hour).copied().unwrap_or(0);
        let waits: BTreeMap<u32, (u64, u64)> = today
            .by_hour
            .iter()
            .filter_map(|(hour, figures)| {
                let (mean, longest) = (figures.waits.mean()?, figures.waits.max()?);
                Some((*hour, (whole_secs(mean), whole_secs(longest))))
            })
            .collect();
        let top_queue = round_up(peaks.values().copied().max().unwrap_or(0));
        let longest = waits.values().map(|(_, longest)| *longest).max();
        let top_secs = round_up_secs(longest.unwrap_or(0));
        let queue_tall = |count: u64| (count * HEIGHT).div_ceil(top_queue);
        let time_tall = |secs: u64| (secs * HEIGHT).div_ceil(top_secs);
        let hours = (0..).zip(first..=last).map(|(at, hour)| {
            let wait = waits.get(&hour);
            let shown = |secs: Option<u64>| text::duration(secs.map(of_secs));
            let queue_height = queue_tall(peak(hour));
            let mean_height = wait.map_or(0, |(mean, _)| time_tall(*mean));
            Hour {
                hour,
                queue: peak(hour),
                mean: shown(wait.map(|(mean, _)| *mean)),
                longest: shown(wait.map(|(_, longest)| *longest)),
                x: LEFT + at * STEP + (STEP - WIDTH) / 2,
                queue_y: QUEUE_FLOOR - queue_height,
                queue_height,
                mean_y: TIME_FLOOR - mean_height,
                mean_height,
                longest_y: wait.map(|(_, longest)| TIME_FLOOR - time_tall(*longest)),
            }
        });
        let hours: Vec<_> = hours.collect();
        let width = LEFT + STEP * u64::try_from(hours.len()).unwrap_or(1) + 4;
        let queue_grid = [0, top_queue / 2, top_queue].map(|value| Grid {
            y: QUEUE_FLOOR - queue_tall(value),
            value,
        });
        let time_grid = [0, top_secs / 2, top_secs].map(|secs| TimeGrid {
            y: TIME_FLOOR - time_tall(secs),
            value: text::duration(Some(of_secs(secs))),
        });
        Self {
            hours,
            queue_grid: queue_grid.into(),
            time_grid: time_grid.into(),
            width,
        }
    }
}

/// As [`text::duration`] rounds.
fn whole_secs(time: Millis) -> u64 {
    u64::try_from((time.0 + 500) / 1_000).unwrap_or(0)
}

fn of_secs(secs: u64) -> Millis {
    Millis::from_secs(i64::try_from(secs).unwrap_or(i64::MAX / 1_000))
}

/// A time that the longest does not exceed and that reads well, as does its half.
fn round_up_secs(longest: u64) -> u64 {
    let steps = [20, 60, 120, 240, 600, 1_200, 2_400, 3_600];
    let fits = steps.into_iter().find(|step| *step >= longest);
    fits.unwrap_or_else(|| longest.div_ceil(7_200) * 7_200)
}

#[cfg(test)]
mod tests {
    use madoguchi_core::event::{CallEvent, EventKind};
    use madoguchi_core::figures::FiguresSettings;
    use madoguchi_core::today::LiveFigures;

    use super::*;

    /// 9:00:00 (the epoch in Tokyo), and so many seconds.
    fn event(call: &str, seq: u32, secs: i64, kind: EventKind) -> CallEvent {
        CallEvent {
            call: call.into(),
            seq,
            at: Instant(secs * 1_000),
            node: "n".into(),
            line: "help".into(),
            kind,
        }
    }

    #[test]
    fn the_queue_and_the_waits_of_an_hour_stand_on_their_floors_and_below_their_tops() {
        let arrived = || EventKind::Arrived {
            from: "03".into(),
            to: "5000".into(),
            open: true,
        };
        let answered = || EventKind::Answered { agent: None };
        let events = [
            event("a", 0, 0, arrived()),
            event("b", 0, 10, arrived()),
            event("a", 1, 30, answered()),
            event("b", 1, 100, answered()),
        ];
        let mut figures = LiveFigures::new(FiguresSettings::default(), Instant(0));
        events.iter().for_each(|event| figures.apply(event));
        let now = Instant(200_000);
        let chart = WaitChart::new(&figures.view(now), now);
        assert_eq!(chart.hours.len(), 10);
        let nine = &chart.hours[1];
        assert_eq!((nine.hour, nine.queue), (9, 2));
        assert_eq!(
            (nine.mean.as_str(), nine.longest.as_str()),
            ("1:00", "1:30")
        );
        assert_eq!(nine.queue_y + nine.queue_height, QUEUE_FLOOR);
        assert_eq!(nine.queue_height, (2 * HEIGHT).div_ceil(4));
        assert_eq!(nine.mean_y + nine.mean_height, TIME_FLOOR);
        assert!(nine.longest_y.unwrap() < nine.mean_y);
        assert!(nine.longest_y.unwrap() >= TIME_FLOOR - HEIGHT);
        let eight = &chart.hours[0];
        assert_eq!((eight.queue, eight.longest_y), (0, None));
        assert_eq!(eight.mean, text::NOTHING);
        let marks: Vec<_> = chart.time_grid.iter().map(|line| &*line.value).collect();
        assert_eq!(marks, ["0:00", "1:00", "2:00"]);
    }
}
