//! Samples, and what is learned of them.

use madoguchi_kb::Verdict;

/// Numbers of the model: the constant and one for each signal.
pub(crate) const NUMBERS: usize = 11;
/// What a number of the model costs, squared, so that none runs away.
const PENALTY: f64 = 0.5;
/// Steps of Newton's method, which is done long before.
const STEPS: usize = 40;
/// What a second or third result counts.
const LATER: f64 = 0.25;

/// Queries of one kind, asked of one index.
pub(crate) struct Set {
    pub(crate) name: String,
    pub(crate) answered: bool,
    pub(crate) samples: Vec<Sample>,
    pub(crate) verdicts: Vec<(Verdict, bool)>,
}

pub(crate) struct Sample {
    pub(crate) signals: [f64; NUMBERS],
    pub(crate) confidence: f64,
    pub(crate) answers: bool,
    pub(crate) first: bool,
}

pub(crate) fn is_asked_by_people(set: &Set) -> bool {
    (set.answered && !set.name.contains(" typed ")) || set.name == "written so"
}

/// What is learned.
pub(crate) struct Model {
    pub(crate) numbers: [f64; NUMBERS],
    pub(crate) scale: f64,
    pub(crate) shift: f64,
}

impl Model {
    pub(crate) fn confidence(&self, sample: &Sample) -> f64 {
        let sum = sum(&self.numbers, &sample.signals);
        1.0 / (1.0 + (-(self.shift + self.scale * sum)).exp())
    }
}

pub(crate) fn learned(sets: &[&Set]) -> Model {
    let numbers = fitted(sets);
    let asked = sets.iter().filter(|set| is_asked_by_people(set));
    let first: Vec<(f64, f64)> = asked
        .flat_map(|set| &set.samples)
        .filter(|sample| sample.first)
        .map(|one| {
            (
                sum(&numbers, &one.signals),
                f64::from(u8::from(one.answers)),
            )
        })
        .collect();
    let (mut scale, mut shift) = (1.0, 0.0);
    for _ in 0..STEPS {
        let (mut slope, mut bend) = ([0.0; 2], [1e-6, 0.0, 1e-6]);
        for (one, answers) in &first {
            let likely = 1.0 / (1.0 + (-(shift + scale * one)).exp());
            let wide = likely * (1.0 - likely);
            slope = [
                slope[0] + (answers - likely) * one,
                slope[1] + answers - likely,
            ];
            bend = [
                bend[0] + wide * one * one,
                bend[1] + wide * one,
                bend[2] + wide,
            ];
        }
        let whole = bend[0] * bend[2] - bend[1] * bend[1];
        scale += (slope[0] * bend[2] - slope[1] * bend[1]) / whole;
        shift += (slope[1] * bend[0] - slope[0] * bend[1]) / whole;
    }
    Model {
        numbers,
        scale,
        shift,
    }
}

/// The numbers under which the samples are likeliest.
fn fitted(sets: &[&Set]) -> [f64; NUMBERS] {
    let weight = |sample: &Sample| if sample.first { 1.0 } else { LATER };
    let total = |answered: bool| -> f64 {
        let some = sets.iter().filter(|set| set.answered == answered);
        some.flat_map(|set| &set.samples).map(weight).sum()
    };
    let (with, without) = (total(true), total(false));
    let mut numbers = [0.0; NUMBERS];
    for _ in 0..STEPS {
        let mut slope = [0.0; NUMBERS];
        let mut bend = [[0.0; NUMBERS]; NUMBERS];
        for (at, (slope, bend)) in slope.iter_mut().zip(&mut bend).enumerate() {
            let penalty = if at == 0 { 1e-6 } else { PENALTY };
            *slope -= penalty * numbers.get(at).copied().unwrap_or(0.0);
            if let Some(own) = bend.get_mut(at) {
                *own += penalty;
            }
        }
        for set in sets {
            // Queries with and without an answer count alike.
            let alike = if set.answered { 1.0 } else { with / without };
            for sample in &set.samples {
                let weight = alike * weight(sample);
                let likely = likely(&numbers, &sample.signals);
                let missed = f64::from(u8::from(sample.answers)) - likely;
                let rows = slope.iter_mut().zip(&mut bend).zip(&sample.signals);
                for ((slope, bend), one) in rows {
                    *slope += weight * missed * one;
                    for (bend, other) in bend.iter_mut().zip(&sample.signals) {
                        *bend += weight * likely * (1.0 - likely) * one * other;
                    }
                }
            }
        }
        for (number, step) in numbers.iter_mut().zip(solved(bend, slope)) {
            *number += step;
        }
    }
    numbers
}

fn sum(numbers: &[f64; NUMBERS], signals: &[f64; NUMBERS]) -> f64 {
    let products = numbers.iter().zip(signals);
    products.map(|(one, other)| one * other).sum()
}

fn likely(numbers: &[f64; NUMBERS], signals: &[f64; NUMBERS]) -> f64 {
    1.0 / (1.0 + (-sum(numbers, signals)).exp())
}

/// The solution of linear equations, by elimination; the matrix is symmetric and positive.
#[expect(clippy::indexing_slicing, reason = "all are as long as NUMBERS")]
fn solved(mut matrix: [[f64; NUMBERS]; NUMBERS], mut right: [f64; NUMBERS]) -> [f64; NUMBERS] {
    for at in 0..NUMBERS {
        let pivot = matrix[at];
        let value = right[at];
        for row in 0..NUMBERS {
            if row == at || pivot[at] == 0.0 {
                continue;
            }
            let factor = matrix[row][at] / pivot[at];
            for column in 0..NUMBERS {
                matrix[row][column] -= factor * pivot[column];
            }
            right[row] -= factor * value;
        }
    }
    let mut solution = [0.0; NUMBERS];
    for at in 0..NUMBERS {
        if matrix[at][at] != 0.0 {
            solution[at] = right[at] / matrix[at][at];
        }
    }
    solution
}
