//! From any sampling rate to the telephone's 8 kHz, by a windowed sinc (Kaiser).

use std::f64::consts::PI;

/// The telephone's sampling rate.
pub(crate) const RATE_HZ: u32 = 8000;

/// Zero crossings of the sinc on each side, at the slower of the two rates.
const CROSSINGS: f64 = 32.0;
/// About 80 dB of stop band.
const KAISER_BETA: f64 = 8.0;
/// The middle of the filter's slope, as a part of the slower rate; its foot is at half of it.
const CUTOFF: f64 = 0.46;

/// Samples at `rate_hz` as samples at 8 kHz. What 8 kHz cannot hold is filtered out.
///
/// `rate_hz` is not zero.
pub(crate) fn to_telephone_rate(samples: &[f32], rate_hz: u32) -> Vec<f32> {
    if rate_hz == RATE_HZ {
        return samples.to_vec();
    }
    let length = (samples.len() as u64 * u64::from(RATE_HZ)).div_ceil(u64::from(rate_hz));
    let mut filter = Filter::new(rate_hz);
    (0..length).map(|at| filter.sample(samples, at)).collect()
}

/// The filter with its taps for each position between two input samples, made when first needed.
struct Filter {
    rate_hz: u32,
    reach: usize,
    /// Between two input samples lie at most so many different positions of output samples.
    phases: Vec<Option<Vec<f32>>>,
    step: u32,
}

impl Filter {
    fn new(rate_hz: u32) -> Self {
        let step = greatest_common_divisor(rate_hz, RATE_HZ);
        let slower = f64::from(rate_hz.min(RATE_HZ));
        Self {
            rate_hz,
            reach: (CROSSINGS * f64::from(rate_hz) / slower).ceil() as usize,
            phases: vec![None; (RATE_HZ / step) as usize],
            step,
        }
    }

    /// The output sample number `at`.
    fn sample(&mut self, input: &[f32], at: u64) -> f32 {
        let position = at * u64::from(self.rate_hz);
        let before = (position / u64::from(RATE_HZ)) as usize;
        let between = (position % u64::from(RATE_HZ)) as u32;
        let first = (before + 1).checked_sub(self.reach);
        let skipped = if first.is_none() {
            self.reach - before - 1
        } else {
            0
        };
        let inputs = input.get(first.unwrap_or(0)..).unwrap_or_default();
        let taps = self.taps(between).get(skipped..).unwrap_or_default();
        inputs
            .iter()
            .zip(taps)
            .map(|(sample, tap)| sample * tap)
            .sum()
    }

    fn taps(&mut self, between: u32) -> &[f32] {
        let (rate_hz, reach) = (self.rate_hz, self.reach);
        match self.phases.get_mut((between / self.step) as usize) {
            Some(taps) => taps.get_or_insert_with(|| taps_at(rate_hz, reach, between)),
            None => &[],
        }
    }
}

/// The taps for an output sample that lies `between`/8000 after an input sample; they apply to the
/// inputs from `reach` − 1 before to `reach` after it.
fn taps_at(rate_hz: u32, reach: usize, between: u32) -> Vec<f32> {
    let cycles = 2.0 * CUTOFF * f64::from(rate_hz.min(RATE_HZ)) / f64::from(rate_hz);
    let offset = f64::from(between) / f64::from(RATE_HZ) + (reach as f64 - 1.0);
    let taps: Vec<f64> = (0..2 * reach)
        .map(|tap| {
            let distance = tap as f64 - offset;
            sinc(cycles * distance) * kaiser(distance / reach as f64)
        })
        .collect();
    // Silence stays silence and a constant stays itself, whatever the phase.
    let sum: f64 = taps.iter().sum();
    taps.into_iter().map(|tap| (tap / sum) as f32).collect()
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 {
        1.0
    } else {
        (PI * x).sin() / (PI * x)
    }
}

/// The window, from −1 to 1.
fn kaiser(x: f64) -> f64 {
    let inside = 1.0 - x * x;
    if inside < 0.0 {
        0.0
    } else {
        bessel(KAISER_BETA * inside.sqrt()) / bessel(KAISER_BETA)
    }
}

/// The modified Bessel function of order 0, by its series.
fn bessel(x: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..40 {
        term *= (x / 2.0 / f64::from(k)).powi(2);
        sum += term;
    }
    sum
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hz: f64, rate_hz: u32, seconds: f64) -> Vec<f32> {
        (0..(seconds * f64::from(rate_hz)) as u32)
            .map(|n| (2.0 * PI * hz * f64::from(n) / f64::from(rate_hz)).sin() as f32)
            .collect()
    }

    /// Root mean square without the ends, where the filter runs in and out.
    fn rms(samples: &[f32]) -> f64 {
        let inner = &samples[400..samples.len() - 400];
        let power: f64 = inner.iter().map(|sample| f64::from(*sample).powi(2)).sum();
        (power / inner.len() as f64).sqrt()
    }

    #[test]
    fn tones_of_the_voice_pass_in_time_and_level() {
        for rate_hz in [
            5_512, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000, 96_000,
        ] {
            for hz in [300.0, 1000.0, 2000.0] {
                let got = to_telephone_rate(&tone(hz, rate_hz, 0.3), rate_hz);
                let wanted = tone(hz, RATE_HZ, 0.3);
                assert!(got.len().abs_diff(wanted.len()) <= 1, "{rate_hz}");
                let difference: Vec<f32> = got.iter().zip(&wanted).map(|(a, b)| a - b).collect();
                assert!(
                    rms(&difference) < 1e-3,
                    "{rate_hz} {hz}: {}",
                    rms(&difference)
                );
            }
        }
    }

    #[test]
    fn tones_that_the_telephone_cannot_hold_do_not_come_back_as_others() {
        for rate_hz in [16_000, 22_050, 44_100, 48_000] {
            for hz in [4_100.0, 5_000.0, 7_000.0] {
                let got = to_telephone_rate(&tone(hz, rate_hz, 0.3), rate_hz);
                let db = 20.0 * (rms(&got) * 2.0_f64.sqrt()).log10();
                assert!(db < -70.0, "{rate_hz} {hz}: {db} dB");
            }
        }
    }

    #[test]
    fn the_telephone_rate_passes_untouched() {
        let samples = tone(3_900.0, RATE_HZ, 0.1);
        assert_eq!(to_telephone_rate(&samples, RATE_HZ), samples);
    }

    #[test]
    fn a_few_samples_and_odd_rates_are_no_trouble() {
        assert!(to_telephone_rate(&[], 44_100).is_empty());
        assert_eq!(to_telephone_rate(&[0.5], 44_101).len(), 1);
        let constant = to_telephone_rate(&[0.25; 2_000], 9_999);
        assert!((constant[800] - 0.25).abs() < 1e-6);
    }
}
