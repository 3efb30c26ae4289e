//! The regression: ln of the mean calls of a day is the sum of the effects of its columns. Ridge-penalised
//! iteratively reweighted least squares with negative binomial weights.

use super::features::{COLUMNS, LEVEL, Origin, deviation};
use super::known::Known;
use super::shape::Shape;
use crate::days::OpenDay;

/// Rounds of the fit, at the most.
const ROUNDS: usize = 100;
/// The fit is done when no effect changes by more.
const DONE: f64 = 1e-8;
/// No step changes an effect by more, so that early steps do not lead astray.
const STEP: f64 = 1.0;
/// What is taken for α before anything is known of it.
const FIRST_ALPHA: f64 = 0.05;
/// Logarithms of means are kept within these, whatever the numbers: nothing becomes infinite.
const EXTREME: f64 = 30.0;

/// A fitted regression.
#[derive(Debug, Clone)]
pub(super) struct Regression {
    origin: Origin,
    effects: Vec<f64>,
    alpha: f64,
}

/// A day with its calls as the fit sees it.
struct Row {
    columns: Vec<usize>,
    /// ln of the share of a usual day's hours that it is open.
    offset: f64,
    calls: f64,
}

/// A fit at work.
struct Fit {
    rows: Vec<Row>,
    /// Rows of which only the sum is known, by their first and the one after their last, with the sum.
    sums: Vec<(std::ops::Range<usize>, f64)>,
    effects: Vec<f64>,
    alpha: f64,
}

impl Regression {
    /// Fits. `None` without any calls.
    pub(super) fn fit(known: &Known, shape: &Shape) -> Option<Self> {
        let origin = Origin::new(known.origin);
        let row = |day: &OpenDay, calls| Row {
            columns: origin.columns(day),
            offset: shape.whole(day).ln(),
            calls,
        };
        let mut rows: Vec<Row> = known
            .days()
            .iter()
            .map(|known| row(&known.day, known.total))
            .collect();
        let mut sums = Vec::new();
        for month in known.totals() {
            let start = rows.len();
            let each = month.total / month.days.len() as f64;
            rows.extend(month.days.iter().map(|day| row(day, each)));
            sums.push((start..rows.len(), month.total));
        }
        let calls: f64 = rows.iter().map(|row| row.calls).sum();
        if calls <= 0.0 {
            return None;
        }
        let mut effects = vec![0.0; COLUMNS];
        if let Some(intercept) = effects.first_mut() {
            *intercept = (calls / rows.len() as f64).ln();
        }
        let mut fit = Fit {
            rows,
            sums,
            effects,
            alpha: FIRST_ALPHA,
        };
        fit.run(known.days().len());
        Some(Self {
            origin,
            effects: fit.effects,
            alpha: fit.alpha,
        })
    }

    /// The mean calls of a day.
    pub(super) fn mean(&self, day: &OpenDay, shape: &Shape) -> f64 {
        let columns = self.origin.columns(day);
        linear(&self.effects, &columns, shape.whole(day).ln()).exp()
    }

    /// How much the days that were fitted scatter beyond Poisson.
    pub(super) fn alpha(&self) -> f64 {
        self.alpha
    }

    /// The factor of the last months.
    pub(super) fn level(&self) -> f64 {
        self.effects.get(LEVEL).copied().unwrap_or_default().exp()
    }
}

fn linear(effects: &[f64], columns: &[usize], offset: f64) -> f64 {
    let effects = columns.iter().filter_map(|column| effects.get(*column));
    (offset + effects.sum::<f64>()).clamp(-EXTREME, EXTREME)
}

impl Fit {
    /// `known` rows come first and are known one by one.
    fn run(&mut self, known: usize) {
        for round in 0..ROUNDS {
            self.spread_sums();
            let Some(change) = self.step() else { return };
            // α follows the fit; later it stays, so that the fit comes to rest.
            if round < ROUNDS / 4 {
                self.measure_alpha(known);
            }
            if change < DONE && round > 3 {
                return;
            }
        }
    }

    fn mean(&self, row: &Row) -> f64 {
        linear(&self.effects, &row.columns, row.offset).exp()
    }

    /// What is known as a sum is spread as the model has it (the E step of EM).
    fn spread_sums(&mut self) {
        for (range, total) in self.sums.clone() {
            let Some(rows) = self.rows.get(range.clone()) else {
                continue;
            };
            let means: Vec<f64> = rows.iter().map(|row| self.mean(row)).collect();
            let whole: f64 = means.iter().sum();
            let rows = self.rows.get_mut(range).unwrap_or_default();
            for (row, mean) in rows.iter_mut().zip(means) {
                row.calls = total * mean / whole;
            }
        }
    }

    /// One step of Newton (Fisher scoring); the largest change of an effect.
    fn step(&mut self) -> Option<f64> {
        let mut matrix = vec![vec![0.0; COLUMNS]; COLUMNS];
        let mut score = vec![0.0; COLUMNS];
        for row in &self.rows {
            let mean = self.mean(row);
            let weight = 1.0 / (1.0 + self.alpha * mean);
            for column in &row.columns {
                if let Some(score) = score.get_mut(*column) {
                    *score += (row.calls - mean) * weight;
                }
                let Some(line) = matrix.get_mut(*column) else {
                    continue;
                };
                for other in &row.columns {
                    if let Some(cell) = line.get_mut(*other) {
                        *cell += mean * weight;
                    }
                }
            }
        }
        let own = matrix.iter_mut().zip(&mut score).zip(&self.effects);
        for (column, ((line, score), effect)) in own.enumerate() {
            let ridge = deviation(column).powi(-2);
            *score -= ridge * effect;
            if let Some(diagonal) = line.get_mut(column) {
                *diagonal += ridge;
            }
        }
        let change = solve(matrix, score)?;
        let largest = change.iter().fold(0.0_f64, |most, by| most.max(by.abs()));
        let shorter = (STEP / largest).min(1.0);
        for (effect, by) in self.effects.iter_mut().zip(&change) {
            *effect += by * shorter;
        }
        Some(largest)
    }

    /// α from the errors of the days that are known: E((y − μ)²/μ − 1) = αμ.
    fn measure_alpha(&mut self, known: usize) {
        let rows = self.rows.iter().take(known);
        let (mut above, mut means) = (0.0, 0.0);
        for row in rows {
            let mean = self.mean(row);
            above += (row.calls - mean).powi(2) / mean - 1.0;
            means += mean;
        }
        let known = known as f64;
        // What the fit has taken for itself.
        let free = (known - COLUMNS as f64 / 2.0).max(known / 2.0);
        if means > 0.0 {
            self.alpha = (above / means * known / free).clamp(0.0, 1.0);
        }
    }
}

/// Solves a symmetric positive definite system by Cholesky's decomposition; `None` if it is none.
fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Option<Vec<f64>> {
    let size = right.len();
    for at in 0..size {
        let (done, rest) = matrix.split_at_mut(at);
        let line = rest.first_mut()?;
        for (column, above) in done.iter().enumerate() {
            let known: f64 = dot(line, above, column);
            let cell = line.get_mut(column)?;
            *cell = (*cell - known) / above.get(column)?;
        }
        let known = dot(line, line, at);
        let diagonal = line.get_mut(at)?;
        *diagonal = (*diagonal - known).sqrt();
        if !diagonal.is_normal() {
            return None;
        }
    }
    for at in 0..size {
        let line = matrix.get(at)?;
        let known = dot(line, &right, at);
        let value = right.get_mut(at)?;
        *value = (*value - known) / line.get(at)?;
    }
    for at in (0..size).rev() {
        let below = matrix.iter().zip(&right).skip(at + 1);
        let known: f64 = below
            .filter_map(|(line, value)| line.get(at).map(|cell| cell * value))
            .sum();
        let diagonal = matrix.get(at)?.get(at)?;
        let value = right.get_mut(at)?;
        *value = (*value - known) / diagonal;
    }
    Some(right)
}

/// The product of the first so many places.
fn dot(one: &[f64], other: &[f64], places: usize) -> f64 {
    let places = one.iter().zip(other).take(places);
    places.map(|(one, other)| one * other).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_of_equations_is_solved() {
        let matrix = vec![
            vec![4.0, 2.0, 0.6],
            vec![2.0, 5.0, 1.0],
            vec![0.6, 1.0, 3.0],
        ];
        let wanted = [1.0, -2.0, 0.5];
        let right = matrix.iter().map(|line| dot(line, &wanted, 3)).collect();
        let found = solve(matrix, right).unwrap();
        for (found, wanted) in found.iter().zip(wanted) {
            assert!((found - wanted).abs() < 1e-12);
        }
        assert_eq!(solve(vec![vec![0.0]], vec![1.0]), None);
    }
}
