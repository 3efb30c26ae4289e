//! A layer: rows times a matrix, plus a bias.

mod product;

use product::Product;

/// How many columns are kept side by side, to be read in one go.
const TILE: usize = 16;

/// A matrix and its bias.
pub(super) struct Dense {
    rows: usize,
    columns: usize,
    /// Tile after tile of 16 columns, each from the first row to the last; missing columns are zero.
    tiles: Vec<f32>,
    bias: Vec<f32>,
}

impl Dense {
    /// A matrix given row by row; an empty bias is none.
    pub(super) fn new(values: &[f32], rows: usize, columns: usize, bias: Vec<f32>) -> Self {
        let mut tiles = Vec::with_capacity(rows * columns.next_multiple_of(TILE));
        for start in (0..columns).step_by(TILE) {
            for row in values.chunks_exact(columns) {
                let tile = row.iter().skip(start).take(TILE);
                tiles.extend(tile.copied().chain(std::iter::repeat(0.0)).take(TILE));
            }
        }
        Self {
            rows,
            columns,
            tiles,
            bias,
        }
    }

    /// Matrices of one shape side by side as one.
    pub(super) fn beside(
        matrices: &[Vec<f32>],
        rows: usize,
        columns: usize,
        bias: Vec<f32>,
    ) -> Self {
        let mut values = Vec::with_capacity(matrices.len() * rows * columns);
        for row in 0..rows {
            for matrix in matrices {
                let start = row * columns;
                values.extend_from_slice(matrix.get(start..start + columns).unwrap_or_default());
            }
        }
        Self::new(&values, rows, matrices.len() * columns, bias)
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// Each row of `input` times the matrix, plus the bias.
    pub(super) fn apply(&self, input: &[f32]) -> Vec<f32> {
        self.apply_with_bias(input, 1.0)
    }

    /// As [`Self::apply`], with the bias taken `times` times.
    pub(super) fn apply_with_bias(&self, input: &[f32], times: f32) -> Vec<f32> {
        let count = input.len() / self.rows.max(1);
        let mut output = vec![0.0; count * self.columns];
        // Additions are not fused, so that the bits do not depend on the processor.
        pulp::Arch::new().dispatch(Product {
            rows: self.rows,
            columns: self.columns,
            tiles: self.tiles.as_chunks().0,
            input,
            output: &mut output,
        });
        if !self.bias.is_empty() {
            for row in output.chunks_exact_mut(self.columns.max(1)) {
                for (value, bias) in row.iter_mut().zip(&self.bias) {
                    *value += bias * times;
                }
            }
        }
        output
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Small whole numbers, so that sums are exact in any order.
    fn numbers(count: usize) -> Vec<f32> {
        (0..count)
            .map(|n| f32::from(i8::try_from(n * 7 % 11).unwrap() - 5))
            .collect()
    }

    #[test]
    fn products_of_any_shape_are_right() {
        for (count, rows, columns) in [(1, 3, 16), (4, 5, 16), (7, 19, 37), (9, 1, 1), (0, 4, 4)] {
            let (input, matrix) = (numbers(count * rows), numbers(rows * columns));
            let bias = numbers(columns);
            let output = Dense::new(&matrix, rows, columns, bias.clone()).apply(&input);
            assert_eq!(output.len(), count * columns);
            for row in 0..count {
                for column in 0..columns {
                    let product: f32 = (0..rows)
                        .map(|k| input[row * rows + k] * matrix[k * columns + column])
                        .sum();
                    let value = output[row * columns + column];
                    assert_eq!(value, product + bias[column], "{row} {column}");
                }
            }
        }
    }

    #[test]
    fn matrices_side_by_side_give_their_results_side_by_side() {
        let (left, right) = (numbers(6), numbers(6).into_iter().rev().collect::<Vec<_>>());
        let both = Dense::beside(&[left.clone(), right.clone()], 3, 2, Vec::new());
        let input = numbers(3);
        let mut expected = Dense::new(&left, 3, 2, Vec::new()).apply(&input);
        expected.extend(Dense::new(&right, 3, 2, Vec::new()).apply(&input));
        assert_eq!(both.apply(&input), expected);
    }
}
