//! How the calls of a day spread over its half hours: pooled over all days.

use std::collections::BTreeMap;

use super::known::Known;
use crate::days::{DayKind, HALF_HOURS, OpenDay};

/// Calls of a half hour that are taken for known before any is, in a usual one.
const BEFORE: f64 = 1.0;

/// The window of half hours that is usual.
type Window = std::ops::Range<usize>;

/// Counts by half hour as numbers.
type HalfHourSums = [f64; HALF_HOURS];

/// The share of each half hour in the calls of a usual day. Half hours outside of a usual day have shares
/// beyond 1.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    shares: HalfHourSums,
}

impl Shape {
    pub(super) fn of(known: &Known) -> Self {
        let window = usual_window(known);
        let length = (window.len().max(1)) as f64;
        let (mut calls, mut usual) = ([0.0; HALF_HOURS], [0.0; HALF_HOURS]);
        for known in known.days() {
            let of_day: f64 = sum_in(&known.half_hours, &window);
            for half_hour in known.day.half_hours() {
                if let (Some(calls), Some(usual), Some(count)) = (
                    calls.get_mut(half_hour),
                    usual.get_mut(half_hour),
                    known.half_hours.get(half_hour),
                ) {
                    *calls += f64::from(*count);
                    *usual += of_day;
                }
            }
        }
        let mut shares: HalfHourSums = std::array::from_fn(|half_hour| {
            let calls = calls.get(half_hour).copied().unwrap_or_default();
            let usual = usual.get(half_hour).copied().unwrap_or_default();
            // Outside of the usual hours fewer call.
            let before = if window.contains(&half_hour) {
                BEFORE
            } else {
                BEFORE / 2.0
            };
            (calls + before) / (usual + BEFORE * length)
        });
        let whole: f64 = shares.iter().skip(window.start).take(window.len()).sum();
        for share in &mut shares {
            *share /= whole;
        }
        Self { shares }
    }

    /// The half hours of a day with their shares.
    pub(super) fn shares(&self, day: &OpenDay) -> impl Iterator<Item = (usize, f64)> {
        let shares = self.shares.iter().copied().enumerate();
        shares.skip(day.opens).take(day.half_hours().len())
    }

    /// How much of a usual day a day is: 1 for a usual one. Never zero.
    pub(super) fn whole(&self, day: &OpenDay) -> f64 {
        self.shares(day).map(|(_, share)| share).sum()
    }
}

fn sum_in(half_hours: &[u32; HALF_HOURS], window: &Window) -> f64 {
    let within = half_hours.iter().skip(window.start).take(window.len());
    within.copied().map(f64::from).sum()
}

/// The hours that most days have.
fn usual_window(known: &Known) -> Window {
    let days = known.days().iter().map(|known| &known.day);
    let all = days.chain(known.totals().iter().flat_map(|total| &total.days));
    let mut windows: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for day in all.filter(|day| day.kind == DayKind::Usual) {
        *windows.entry((day.opens, day.closes)).or_default() += 1;
    }
    let usual = windows.into_iter().max_by_key(|(_, days)| *days);
    usual.map_or(0..HALF_HOURS, |((opens, closes), _)| opens..closes)
}
