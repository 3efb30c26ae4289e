//! The product of two matrices, by the widest numbers the processor has. Here the time goes.

use pulp::{Simd, WithSimd};

use super::TILE;

/// How many rows share one reading of the weights: their sums fill the registers.
const GROUP: usize = 6;

/// Rows of `input` times the matrix in `tiles`, into rows of `output`.
pub(super) struct Product<'a> {
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) tiles: &'a [[f32; TILE]],
    pub(super) input: &'a [f32],
    pub(super) output: &'a mut [f32],
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (rows, columns) = (self.rows.max(1), self.columns.max(1));
        let inputs = self.input.chunks(rows * GROUP);
        let outputs = self.output.chunks_mut(columns * GROUP);
        for (input, output) in inputs.zip(outputs) {
            let tiles = self
                .tiles
                .chunks_exact(rows)
                .zip((0..columns).step_by(TILE));
            match input.len() / rows {
                0 => {}
                1 => multiply::<S, 1>(simd, &group(input, rows), tiles, output, columns),
                2 => multiply::<S, 2>(simd, &group(input, rows), tiles, output, columns),
                3 => multiply::<S, 3>(simd, &group(input, rows), tiles, output, columns),
                4 => multiply::<S, 4>(simd, &group(input, rows), tiles, output, columns),
                5 => multiply::<S, 5>(simd, &group(input, rows), tiles, output, columns),
                _ => multiply::<S, GROUP>(simd, &group(input, rows), tiles, output, columns),
            }
        }
    }
}

/// The first numbers of all rows, then the second ones, and so on.
#[inline(always)]
fn group<const N: usize>(input: &[f32], length: usize) -> Vec<[f32; N]> {
    let mut together = vec![[0.0; N]; length];
    for (number, row) in input.chunks_exact(length).enumerate() {
        for (values, value) in together.iter_mut().zip(row) {
            if let Some(place) = values.get_mut(number) {
                *place = *value;
            }
        }
    }
    together
}

#[inline(always)]
fn multiply<'a, S: Simd, const N: usize>(
    simd: S,
    input: &[[f32; N]],
    tiles: impl Iterator<Item = (&'a [[f32; TILE]], usize)>,
    output: &mut [f32],
    columns: usize,
) {
    for (tile, first) in tiles {
        let mut sums = [[0.0; TILE]; N];
        for start in (0..TILE).step_by(2 * S::F32_LANES) {
            sum_columns(simd, input, tile, start, &mut sums);
        }
        for (row, sums) in output.chunks_exact_mut(columns).zip(&sums) {
            let places = row.iter_mut().skip(first);
            places.zip(sums).for_each(|(place, sum)| *place = *sum);
        }
    }
}

/// Two vectors of columns, from `start` on, for every row of the group.
#[inline(always)]
fn sum_columns<S: Simd, const N: usize>(
    simd: S,
    input: &[[f32; N]],
    tile: &[[f32; TILE]],
    start: usize,
    sums: &mut [[f32; TILE]; N],
) {
    let mut left = [simd.splat_f32s(0.0); N];
    let mut right = left;
    for (values, weights) in input.iter().zip(tile) {
        let (_, weights) = weights.split_at(start);
        let ([first, second, ..], _) = S::as_simd_f32s(weights) else {
            return;
        };
        let each = left.iter_mut().zip(&mut right).zip(values);
        for ((left, right), value) in each {
            let value = simd.splat_f32s(*value);
            *left = simd.add_f32s(*left, simd.mul_f32s(value, *first));
            *right = simd.add_f32s(*right, simd.mul_f32s(value, *second));
        }
    }
    for ((sums, left), right) in sums.iter_mut().zip(left).zip(right) {
        let (_, sums) = sums.split_at_mut(start);
        if let ([first, second, ..], _) = S::as_mut_simd_f32s(sums) {
            (*first, *second) = (left, right);
        }
    }
}

#[cfg(test)]
mod tests {
    use pulp::{Arch, Scalar};

    use super::*;

    #[test]
    fn every_processor_comes_to_the_same_bits() {
        const ROWS: usize = 37;
        let number = |n: usize| (n as f32 * 0.37).sin();
        let input: Vec<f32> = (0..ROWS * 15).map(number).collect();
        let weights: Vec<f32> = (0..ROWS * 2 * TILE).map(number).collect();
        let mut outputs = [vec![0.0; 15 * 30], vec![0.0; 15 * 30]];
        let [wide, narrow] = &mut outputs;
        let product = |output| Product {
            rows: ROWS,
            columns: 30,
            tiles: weights.as_chunks().0,
            input: &input,
            output,
        };
        Arch::new().dispatch(product(wide));
        product(narrow).with_simd(Scalar::new());
        assert_eq!(wide, narrow);
        assert!(wide.iter().all(|sum| *sum != 0.0));
    }
}
