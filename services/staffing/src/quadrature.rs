//! Integrals of smooth functions, several at a time.

use std::sync::LazyLock;

/// Points of a panel. Each panel is exact for polynomials up to degree 31.
const POINTS: usize = 16;
/// Halvings of a panel, at the most.
const DEPTH: u32 = 30;
/// How well a panel must agree with its two halves, which are far better still.
const RELATIVE: f64 = 1e-12;
/// What does not matter, for functions whose largest value is about one.
const ABSOLUTE: f64 = 1e-24;

/// Places in [-1, 1] and weights of Gauss–Legendre quadrature.
static RULE: LazyLock<[(f64, f64); POINTS]> = LazyLock::new(rule);

fn rule() -> [(f64, f64); POINTS] {
    let n = POINTS as f64;
    std::array::from_fn(|at| {
        let mut x = (std::f64::consts::PI * (at as f64 + 0.75) / (n + 0.5)).cos();
        for _ in 0..20 {
            let (value, slope) = legendre(x);
            x -= value / slope;
        }
        let (_, slope) = legendre(x);
        (x, 2.0 / ((1.0 - x * x) * slope * slope))
    })
}

/// The Legendre polynomial of degree [`POINTS`] and its derivative.
fn legendre(x: f64) -> (f64, f64) {
    let (mut before, mut value) = (1.0, x);
    for degree in 2..=POINTS {
        let n = degree as f64;
        let next = ((2.0 * n - 1.0) * x * value - (n - 1.0) * before) / n;
        (before, value) = (value, next);
    }
    let n = POINTS as f64;
    (value, n * (x * value - before) / (x * x - 1.0))
}

/// The integrals of functions that are never negative, over `[from, until]`. Whoever knows of a narrow peak
/// lets a panel begin there: one that is much narrower than the whole may be overlooked.
pub(crate) fn integrate<const N: usize>(
    functions: &impl Fn(f64) -> [f64; N],
    from: f64,
    until: f64,
) -> [f64; N] {
    if until <= from {
        return [0.0; N];
    }
    let whole = panel(functions, from, until);
    refine(functions, (from, until), whole, DEPTH)
}

fn refine<const N: usize>(
    functions: &impl Fn(f64) -> [f64; N],
    (from, until): (f64, f64),
    whole: [f64; N],
    depth: u32,
) -> [f64; N] {
    let middle = from + (until - from) / 2.0;
    let left = panel(functions, from, middle);
    let right = panel(functions, middle, until);
    let halves = sum(left, right);
    let nothing = ABSOLUTE * (until - from);
    let close = halves
        .iter()
        .zip(whole)
        .all(|(halves, whole)| (halves - whole).abs() <= RELATIVE * halves + nothing);
    if close || depth == 0 {
        return halves;
    }
    sum(
        refine(functions, (from, middle), left, depth - 1),
        refine(functions, (middle, until), right, depth - 1),
    )
}

fn panel<const N: usize>(functions: &impl Fn(f64) -> [f64; N], from: f64, until: f64) -> [f64; N] {
    let (half, middle) = ((until - from) / 2.0, (until + from) / 2.0);
    let mut sums = [0.0; N];
    for (place, weight) in *RULE {
        let values = functions(middle + half * place);
        sums = sum(sums, values.map(|value| value * weight * half));
    }
    sums
}

fn sum<const N: usize>(one: [f64; N], other: [f64; N]) -> [f64; N] {
    let mut sums = one;
    for (sum, more) in sums.iter_mut().zip(other) {
        *sum += more;
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integrals_of_very_different_scales_come_out_together() {
        let functions = |x: f64| [(-x).exp(), (-1e2 * x).exp(), x * (-x).exp()];
        let [slow, fast, first] = integrate(&functions, 0.0, 60.0);
        for (found, wanted) in [(slow, 1.0), (fast, 1e-2), (first, 1.0)] {
            assert!((found / wanted - 1.0).abs() < 1e-13, "{found} {wanted}");
        }
        assert_eq!(integrate(&functions, 1.0, 1.0), [0.0; 3]);
    }
}
