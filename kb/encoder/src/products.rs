//! One vector beside many.

/// How many bits of `one` differ from those of each of `many`, which lie side by side and are as long as `one`.
pub fn differences(one: &[u64], many: &[u64]) -> Vec<u32> {
    if one.is_empty() {
        return Vec::new();
    }
    let rows = many.chunks_exact(one.len());
    let mut differences = vec![0; rows.len()];
    pulp::Arch::new().dispatch(|| {
        for (row, place) in rows.zip(&mut differences) {
            *place = difference(one, row);
        }
    });
    differences
}

/// Inlined, as [`product`].
#[inline(always)]
fn difference(one: &[u64], other: &[u64]) -> u32 {
    let pairs = one.iter().zip(other);
    pairs.map(|(one, other)| (one ^ other).count_ones()).sum()
}

/// The product of `one` with each of `many`, which lie side by side and are as long as `one`. In whole
/// numbers, so that every processor comes to the same; of `one` none may be beyond ±1,000, and no
/// vector longer than 16,000.
pub fn products(one: &[i16], many: &[i8]) -> Vec<i32> {
    if one.is_empty() {
        return Vec::new();
    }
    let rows = many.chunks_exact(one.len());
    let mut products = vec![0; rows.len()];
    // A loop, for what collects is compiled for any processor.
    pulp::Arch::new().dispatch(|| {
        for (row, place) in rows.zip(&mut products) {
            *place = product(one, row);
        }
    });
    products
}

/// Inlined, so that it is compiled for the processor that it is dispatched to.
#[inline(always)]
fn product(one: &[i16], other: &[i8]) -> i32 {
    let pairs = one.iter().zip(other);
    pairs
        .map(|(one, other)| i32::from(*one) * i32::from(*other))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_multiplied_by_itself() {
        let one: Vec<i16> = (0..100).map(|n| n * 20 - 1000).collect();
        let many: Vec<i8> = (0..300_i16).map(|n| (n % 255 - 127) as i8).collect();
        let expected: Vec<i32> = many
            .chunks(100)
            .map(|row| {
                let pairs = one.iter().zip(row);
                pairs.map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
            })
            .collect();
        assert_eq!(products(&one, &many), expected);
        assert_eq!(products(&[2, -3], &[5, 7]), [-11]);
    }

    #[test]
    fn bits_that_differ_are_counted() {
        assert_eq!(differences(&[0b11, 0], &[0b01, 0, 0b11, u64::MAX]), [1, 64]);
        assert!(differences(&[], &[1]).is_empty());
    }

    #[test]
    fn the_longest_and_greatest_fit_and_nothing_gives_nothing() {
        let (one, other) = (vec![1000; 16_000], vec![-128; 16_000]);
        assert_eq!(products(&one, &other), [-2_048_000_000]);
        assert!(products(&[], &[1]).is_empty() && products(&[1, 1], &[1]).is_empty());
    }
}
