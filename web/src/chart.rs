//! The day by hour as a drawing: answered, abandoned and waiting calls, stacked.

use std::collections::BTreeMap;

use madoguchi_core::figures::Figures;

/// One hour of the drawing and of the table beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bar {
    pub(crate) hour: u32,
    pub(crate) offered: u64,
    pub(crate) answered: u64,
    pub(crate) abandoned: u64,
    pub(crate) waiting: u64,
    pub(crate) x: u64,
    pub(crate) answered_y: u64,
    pub(crate) answered_height: u64,
    pub(crate) abandoned_y: u64,
    pub(crate) abandoned_height: u64,
    pub(crate) waiting_y: u64,
    pub(crate) waiting_height: u64,
}

impl Bar {
    /// The middle of the bar, where its hour stands.
    pub(crate) fn middle(&self) -> u64 {
        self.x + WIDTH / 2
    }
}

/// A line across with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grid {
    pub(crate) y: u64,
    pub(crate) value: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chart {
    pub(crate) bars: Vec<Bar>,
    pub(crate) grid: Vec<Grid>,
    pub(crate) width: u64,
}

const HEIGHT: u64 = 160;
const TOP: u64 = 10;
/// Where the first hour begins.
pub(crate) const LEFT: u64 = 36;
/// How wide a bar is.
pub(crate) const WIDTH: u64 = 26;
/// From one hour to the next.
pub(crate) const STEP: u64 = 40;

impl Chart {
    /// The hours 8 to 17, and those outside in which calls came.
    pub(crate) fn new(by_hour: &BTreeMap<u32, Figures>) -> Self {
        let nothing = Figures::default();
        let first = by_hour.keys().next().copied().unwrap_or(8).min(8);
        let last = by_hour.keys().last().copied().unwrap_or(17).max(17);
        let hours: Vec<_> = (first..=last)
            .map(|hour| (hour, by_hour.get(&hour).unwrap_or(&nothing)))
            .collect();
        let most = hours
            .iter()
            .map(|(_, figures)| figures.offered)
            .max()
            .unwrap_or(0);
        let top = round_up(most);
        let tall = |count: u64| (count * HEIGHT).div_ceil(top);
        let mut bars = Vec::new();
        for (at, (hour, figures)) in (0..).zip(hours) {
            let (answered, abandoned) = (figures.answered, figures.abandoned());
            let answered_height = tall(answered);
            let abandoned_height = tall(answered + abandoned) - answered_height;
            let waiting_height = tall(figures.offered) - answered_height - abandoned_height;
            let answered_y = TOP + HEIGHT - answered_height;
            let abandoned_y = answered_y - abandoned_height;
            bars.push(Bar {
                hour,
                offered: figures.offered,
                answered,
                abandoned,
                waiting: figures.waiting,
                x: LEFT + at * STEP + (STEP - WIDTH) / 2,
                answered_y,
                answered_height,
                abandoned_y,
                abandoned_height,
                waiting_y: abandoned_y - waiting_height,
                waiting_height,
            });
        }
        let grid = [0, top / 2, top]
            .into_iter()
            .map(|value| Grid {
                y: TOP + HEIGHT - tall(value),
                value,
            })
            .collect();
        let width = LEFT + STEP * u64::try_from(bars.len()).unwrap_or(1) + 4;
        Self { bars, grid, width }
    }
}

/// An even number that the tallest bar does not exceed and that reads well.
pub(crate) fn round_up(most: u64) -> u64 {
    let steps = [4, 10, 20, 40, 60, 100, 200, 400, 600, 1_000];
    let fits = steps.into_iter().find(|step| *step >= most);
    fits.unwrap_or_else(|| most.div_ceil(1_000) * 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_tall_as_its_parts_and_stays_inside() {
        let busy = Figures {
            offered: 7,
            answered: 4,
            waiting: 3,
            ..Figures::default()
        };
        let chart = Chart::new(&BTreeMap::from([(9, busy)]));
        assert_eq!(chart.bars.len(), 10);
        let bar = &chart.bars[1];
        let sum = bar.answered_height + bar.abandoned_height + bar.waiting_height;
        assert_eq!((bar.hour, sum), (9, (7 * HEIGHT).div_ceil(10)));
        assert!(bar.waiting_y >= TOP);
    }
}
