//! The network: each token with its neighbours, two to five wide; the sum of all; four layers more.

mod dense;
mod npy;
mod tensors;

use dense::Dense;
use tensors::Tensors;

/// The table of tokens is kept in parts, each with its own scale; token `n` is row `n / 17` of part
/// `n % 17`.
const PARTS: usize = 17;
const ROWS: usize = 7_530;
const EMBEDDING: usize = 512;
const BRANCH: usize = 256;
const HIDDEN: usize = 320;
const OUTPUT: usize = 512;
/// How many tokens a branch looks at, and how many of them stand before the token.
const BRANCHES: [(usize, usize); 3] = [(2, 0), (3, 1), (5, 2)];

/// The weights.
pub(crate) struct Network {
    parts: Vec<Quantized>,
    projection: Dense,
    projection_norm: Norm,
    branches: Vec<Branch>,
    norm: Norm,
    sum: Dense,
    deep: Deep,
}

/// Tokens as small numbers: the value is `lowest + number * scale`.
struct Quantized {
    numbers: Vec<u8>,
    scale: f32,
    lowest: f32,
}

/// Brings a row to mean 0 and variance 1, then stretches and shifts it.
struct Norm {
    stretch: Vec<f32>,
    shift: Vec<f32>,
    epsilon: f32,
}

/// Two layers over windows of tokens.
struct Branch {
    width: usize,
    before: usize,
    first: Dense,
    second: Dense,
}

/// The layers over the sum of a sentence, each with a way around it.
struct Deep {
    first: Dense,
    second: Dense,
    around_first: Dense,
    third: Dense,
    around_third: Dense,
    fourth: Dense,
    epsilon: f32,
}

impl Network {
    /// Reads an archive of numpy arrays.
    pub(crate) fn read(archive: &[u8]) -> Result<Self, String> {
        let mut tensors = Tensors::open(archive)?;
        let epsilon = tensors.scalar("eps")?;
        let scales = tensors.vector("scale", PARTS)?;
        let lowest = tensors.vector("lo", PARTS)?;
        let mut parts = Vec::with_capacity(PARTS);
        for (number, (scale, lowest)) in (1..).zip(scales.into_iter().zip(lowest)) {
            parts.push(Quantized {
                numbers: tensors.bytes(&format!("q{number}"), &[ROWS, EMBEDDING])?,
                scale,
                lowest,
            });
        }

        let mut projection = Vec::new();
        let mut stretch = Vec::new();
        let mut shift = Vec::new();
        let mut bias = Vec::new();
        let mut branches = Vec::new();
        for (width, before) in BRANCHES {
            projection.push(tensors.matrix(&format!("proj{width}"), EMBEDDING, BRANCH)?);
            bias.extend(tensors.vector(&format!("proj_b{width}"), BRANCH)?);
            stretch.extend(tensors.vector(&format!("ln_g{width}"), BRANCH)?);
            shift.extend(tensors.vector(&format!("ln_b{width}"), BRANCH)?);
            let mut layer = |number: usize| {
                let bias = tensors.vector(&format!("b{number}_{width}"), BRANCH)?;
                let name = format!("w{number}_{width}");
                tensors.dense(&name, width * BRANCH, BRANCH, bias)
            };
            let (first, second) = (layer(1)?, layer(2)?);
            branches.push(Branch {
                width,
                before,
                first,
                second,
            });
        }
        let all = EMBEDDING + BRANCHES.len() * BRANCH;
        let sum_bias = tensors.vector("cnn_b", OUTPUT)?;
        let mut plain = |name, rows, columns| tensors.dense(name, rows, columns, Vec::new());
        let deep = Deep {
            first: plain("d0", OUTPUT, HIDDEN)?,
            second: plain("d1", HIDDEN, HIDDEN)?,
            around_first: plain("p1", OUTPUT, HIDDEN)?,
            third: plain("d2", HIDDEN, OUTPUT)?,
            around_third: plain("p3", HIDDEN, OUTPUT)?,
            fourth: plain("d3", OUTPUT, OUTPUT)?,
            epsilon,
        };
        Ok(Self {
            parts,
            projection: Dense::beside(&projection, EMBEDDING, BRANCH, bias),
            projection_norm: Norm {
                stretch,
                shift,
                epsilon,
            },
            branches,
            norm: Norm {
                stretch: tensors.vector("ln_g", all)?,
                shift: tensors.vector("ln_b", all)?,
                epsilon,
            },
            sum: tensors.dense("cnn_W", all, OUTPUT, sum_bias)?,
            deep,
        })
    }

    /// How many tokens have a vector.
    pub(crate) fn vocabulary(&self) -> usize {
        self.parts.len() * ROWS
    }

    /// How many numbers a vector has.
    pub(crate) fn dimensions(&self) -> usize {
        self.deep.fourth.columns()
    }

    /// The vector of a sentence, of length one.
    pub(crate) fn encode(&self, tokens: &[u32]) -> Vec<f32> {
        let mut embedding = Vec::with_capacity(tokens.len() * self.projection.rows());
        for token in tokens {
            self.embed(*token, &mut embedding);
        }
        let mut projected = self.projection.apply(&embedding);
        self.projection_norm.apply(&mut projected);

        let branch = self.projection.columns() / self.branches.len().max(1);
        let mut features = Vec::with_capacity(1 + self.branches.len());
        features.push((embedding, self.projection.rows()));
        for (number, layers) in self.branches.iter().enumerate() {
            let own = columns(
                &projected,
                self.projection.columns(),
                number * branch,
                branch,
            );
            features.push((layers.apply(own), branch));
        }

        // The sum goes before the last product, which is linear: one row instead of all.
        let mut sum = vec![0.0; self.sum.rows()];
        let mut row = Vec::with_capacity(sum.len());
        for token in 0..tokens.len() {
            row.clear();
            for (values, width) in &features {
                let start = token * width;
                row.extend_from_slice(values.get(start..start + width).unwrap_or_default());
            }
            self.norm.apply(&mut row);
            add(&mut sum, &row);
        }
        #[expect(clippy::cast_precision_loss, reason = "a sentence has few tokens")]
        let count = tokens.len().max(1) as f32;
        let scale = count.sqrt().recip();
        // The bias counts once a token.
        let mut mean = self.sum.apply_with_bias(&sum, count);
        mean.iter_mut().for_each(|value| *value *= scale);
        self.deep.apply(&mean)
    }

    fn embed(&self, token: u32, to: &mut Vec<f32>) {
        let token = token as usize;
        let width = self.projection.rows();
        let Some(part) = self.parts.get(token % self.parts.len().max(1)) else {
            return;
        };
        let start = token / self.parts.len() * width;
        let numbers = part.numbers.get(start..start + width).unwrap_or_default();
        let value = |number: &u8| f32::from(*number) * part.scale + part.lowest;
        to.extend(numbers.iter().map(value));
    }
}

impl Branch {
    /// Two windows over the tokens, each added to what it saw.
    fn apply(&self, tokens: Vec<f32>) -> Vec<f32> {
        let mut values = tokens;
        for layer in [&self.first, &self.second] {
            let windows = windows(&values, layer.columns(), self.width, self.before);
            let mut next = layer.apply(&windows);
            rectify(&mut next);
            add(&mut next, &values);
            values = next;
        }
        values
    }
}

impl Norm {
    fn apply(&self, values: &mut [f32]) {
        #[expect(clippy::cast_precision_loss, reason = "a row is short")]
        let length = self.stretch.len().max(1) as f32;
        for row in values.chunks_exact_mut(self.stretch.len().max(1)) {
            let mean = row.iter().sum::<f32>() / length;
            row.iter_mut().for_each(|value| *value -= mean);
            let variance = row.iter().map(|value| value * value).sum::<f32>() / length;
            let scale = (variance + self.epsilon).sqrt().recip();
            let parameters = self.stretch.iter().zip(&self.shift);
            for (value, (stretch, shift)) in row.iter_mut().zip(parameters) {
                *value = *value * scale * stretch + shift;
            }
        }
    }
}

impl Deep {
    fn apply(&self, mean: &[f32]) -> Vec<f32> {
        let mut one = self.first.apply(mean);
        rectify(&mut one);
        let mut two = self.around_first.apply(mean);
        add(&mut two, &self.second.apply(&one));
        rectify(&mut two);
        let mut three = self.third.apply(&two);
        rectify(&mut three);
        let mut four = self.around_third.apply(&two);
        add(&mut four, &self.fourth.apply(&three));
        four.iter_mut().for_each(|value| *value = value.tanh());
        let square = four.iter().map(|value| value * value).sum::<f32>();
        let scale = square.max(self.epsilon).sqrt().recip();
        four.iter_mut().for_each(|value| *value *= scale);
        four
    }
}

fn rectify(values: &mut [f32]) {
    for value in values {
        *value = value.max(0.0);
    }
}

fn add(to: &mut [f32], values: &[f32]) {
    for (to, value) in to.iter_mut().zip(values) {
        *to += value;
    }
}

/// Some neighbouring columns of a matrix.
fn columns(values: &[f32], width: usize, start: usize, count: usize) -> Vec<f32> {
    let rows = values.chunks_exact(width.max(1));
    let rows = rows.map(|row| row.get(start..start + count).unwrap_or_default());
    rows.flatten().copied().collect()
}

/// For each row, the rows from `before` ahead of it, `width` together; beyond the ends are zeros.
fn windows(values: &[f32], columns: usize, width: usize, before: usize) -> Vec<f32> {
    let mut padded = vec![0.0; before * columns];
    padded.extend_from_slice(values);
    padded.resize(values.len() + (width.max(1) - 1) * columns, 0.0);
    let starts = (0..padded.len()).step_by(columns.max(1));
    let windows = starts.map_while(|start| padded.get(start..start + width * columns));
    windows.flatten().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_sees_its_neighbours_and_zeros_beyond_the_ends() {
        let rows = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        assert_eq!(
            windows(&rows, 2, 2, 0),
            [1.0, 2.0, 3.0, 4.0, 3.0, 4.0, 5.0, 6.0, 5.0, 6.0, 0.0, 0.0]
        );
        assert_eq!(windows(&rows[..2], 2, 3, 1), [0.0, 0.0, 1.0, 2.0, 0.0, 0.0]);
        assert_eq!(windows(&[7.0], 1, 5, 2), [0.0, 0.0, 7.0, 0.0, 0.0]);
    }

    #[test]
    fn a_norm_brings_each_row_to_mean_and_spread() {
        let norm = Norm {
            stretch: vec![1.0, 1.0, 2.0, 1.0],
            shift: vec![0.0, 0.0, 0.0, 10.0],
            epsilon: 0.0,
        };
        let mut rows = [1.0, 1.0, 3.0, 3.0, -5.0, 5.0, -5.0, 5.0];
        norm.apply(&mut rows);
        assert_eq!(rows, [-1.0, -1.0, 2.0, 11.0, -1.0, 1.0, -2.0, 11.0]);
    }

    #[test]
    fn columns_are_taken_from_every_row() {
        let rows = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        assert_eq!(columns(&rows, 3, 1, 2), [2.0, 3.0, 5.0, 6.0]);
    }

    #[test]
    fn an_archive_that_is_none_is_refused() {
        assert!(Network::read(b"").is_err());
        assert!(Network::read(&[0x50; 4096]).is_err());
    }
}
