//! The wait probability of Erlang C as a fraction.

use super::Load;

/// Fractions with a larger denominator are no shorter than a decimal.
const SHORT: u128 = 99_999;
/// Decimals of an input that is taken for exact.
const DECIMALS: i32 = 6;

/// P(W > 0) of Erlang C as numerator and denominator, where it is short and the inputs are decimals;
/// `None` also where agents do not suffice.
pub fn p_wait_exact(load: Load, agents: u32) -> Option<(u128, u128)> {
    if load.is_too_much_for(agents) {
        return None;
    }
    let (calls, per_calls) = fraction(load.calls_per_hour)?;
    let (secs, per_secs) = fraction(load.aht_secs)?;
    let hours = per_calls.checked_mul(per_secs)?.checked_mul(3600)?;
    let (p, q) = reduced(calls.checked_mul(secs)?, hours);
    // Erlang B as x/y, line by line.
    let (mut x, mut y) = (1_u128, 1_u128);
    for n in 1..=u128::from(agents) {
        let above = p.checked_mul(x)?;
        let below = q.checked_mul(y)?.checked_mul(n)?.checked_add(above)?;
        (x, y) = reduced(above, below);
    }
    // C = B ÷ (1 − A/N · (1 − B))
    let servers = q.checked_mul(u128::from(agents))?;
    let above = servers.checked_mul(x)?;
    let below = servers
        .checked_mul(y)?
        .checked_sub(p.checked_mul(y.checked_sub(x)?)?)?;
    let (above, below) = reduced(above, below);
    (below <= SHORT).then_some((above, below))
}

/// A decimal as a fraction.
fn fraction(number: f64) -> Option<(u128, u128)> {
    (0..=DECIMALS).find_map(|decimals| {
        let scale = 10_f64.powi(decimals);
        let scaled = (number * scale).round();
        let is_it = (scaled / scale).to_bits() == number.to_bits();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole, not negative, and at most 10^12"
        )]
        let fraction = (scaled as u128, scale as u128);
        is_it.then(|| reduced(fraction.0, fraction.1))
    })
}

fn reduced(above: u128, below: u128) -> (u128, u128) {
    let (mut one, mut other) = (above, below);
    while other != 0 {
        (one, other) = (other, one % other);
    }
    let divisor = one.max(1);
    (above / divisor, below / divisor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_fractions_are_exact_and_others_are_left_out() {
        let exact = |calls, aht, agents| p_wait_exact(Load::new(calls, aht).unwrap(), agents);
        assert_eq!(exact(6.0, 480.0, 1), Some((4, 5)));
        assert_eq!(exact(7.5, 480.0, 1), None, "N = A");
        assert_eq!(exact(15.0, 480.0, 5), Some((4, 67)));
        assert_eq!(exact(20.0, 480.0, 5), Some((4096, 25341)));
        assert_eq!(exact(0.0, 300.0, 2), Some((0, 1)));
        assert_eq!(exact(200.0, 180.0, 14), None);
        assert_eq!(exact(54_000.0, 60.0, 950), None);
    }
}
