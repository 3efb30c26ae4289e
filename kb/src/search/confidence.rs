//! How likely a result answers: a logistic model of what words and meaning show, in numbers that were
//! learned (`kb/examples/calibrate`).

use std::sync::LazyLock;

/// The numbers: a line for each signal, with the encoder and by words alone.
const NUMBERS: &str = include_str!("confidence.csv");

/// What the model looks at, by name.
pub const SIGNALS: [&str; 10] = [
    "cover",
    "question",
    "rarest",
    "alike",
    "lead",
    "lead by words",
    "lead alike",
    "words",
    "unknown",
    "length",
];

/// What the model looks at.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Signals {
    /// How much of what was asked the result holds, 0–1.
    pub(super) cover: f32,
    /// The same in its question and keywords alone.
    pub(super) question: f32,
    /// How much of the word that tells most.
    pub(super) rarest: f32,
    /// The cosine; 0 without an encoder.
    pub(super) alike: f32,
    /// By how much its score is better than that of the best other, as a part of the best.
    pub(super) lead: f32,
    /// The same by words alone, as a part of all that was asked.
    pub(super) lead_by_words: f32,
    /// The same of the cosines.
    pub(super) lead_alike: f32,
    /// Its score by words, as a part of all that was asked.
    pub(super) words: f32,
    /// The part of what was asked that no entry holds.
    pub(super) unknown: f32,
    /// The logarithm of how many words were asked.
    pub(super) length: f32,
}

impl Signals {
    /// In the order of [`SIGNALS`].
    pub(super) fn all(&self) -> [f32; 10] {
        [
            self.cover,
            self.question,
            self.rarest,
            self.alike,
            self.lead,
            self.lead_by_words,
            self.lead_alike,
            self.words,
            self.unknown,
            self.length,
        ]
    }
}

/// The numbers of a model.
#[derive(Debug, Clone, PartialEq)]
struct Model {
    alone: f32,
    of: [f32; 10],
    /// What makes a probability of what comes of these: it was learned of samples as hard to tell apart as they
    /// come, half of which have no answer.
    scale: f32,
    shift: f32,
}

impl Model {
    /// From the column `at` of the file.
    fn read(at: usize) -> Option<Self> {
        let number = |name: &str| -> Option<f32> {
            let line = NUMBERS
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(','))?;
            line.split(',').nth(at)?.trim().parse().ok()
        };
        let mut of = [0.0; 10];
        for (number_of, name) in of.iter_mut().zip(SIGNALS) {
            *number_of = number(name)?;
        }
        Some(Self {
            alone: number("constant")?,
            of,
            scale: number("scale")?,
            shift: number("shift")?,
        })
    }
}

static WITH_ENCODER: LazyLock<Option<Model>> = LazyLock::new(|| Model::read(0));
static BY_WORDS: LazyLock<Option<Model>> = LazyLock::new(|| Model::read(1));

/// How likely a result with these signals answers, 0–1.
pub(super) fn of(signals: &Signals, with_encoder: bool) -> f32 {
    let model = if with_encoder {
        &WITH_ENCODER
    } else {
        &BY_WORDS
    };
    let Some(model) = model.as_ref() else {
        return 0.0;
    };
    let all = signals.all();
    let products = all.iter().zip(&model.of).map(|(one, number)| one * number);
    let sum = model.alone + products.sum::<f32>();
    1.0 / (1.0 + (-(model.shift + model.scale * sum)).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_has_a_number_for_each_signal() {
        assert!(Model::read(0).is_some() && Model::read(1).is_some());
        assert!(Model::read(2).is_none());
    }
}
