//! Brings spoken announcements to one loudness: that of `assets/voices`, which
//! `scripts/voices.sh` made in the same way.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use super::resample::RATE_HZ;

/// RMS of the speech, dB below full scale.
const TARGET_DB: f64 = -18.0;
/// Below it there is nothing but hum.
const HIGH_PASS_HZ: f64 = 120.0;
/// What is quieter at the ends is silence, as a part of full scale.
const SILENCE: f64 = 0.003;
/// Silence at both ends of the result.
const MARGIN: usize = RATE_HZ as usize / 5;
/// From here on peaks are bent, so that none reaches `CEILING`.
const KNEE: f64 = 0.7;
const CEILING: f64 = 0.97;
/// Bending takes a little of the level away again.
const ROUNDS: usize = 3;

/// The samples at the level of the product's own; `None` if there is nothing but silence.
pub(crate) fn level(samples: &[i16]) -> Option<Vec<i16>> {
    let mut speech: Vec<f64> = samples
        .iter()
        .map(|sample| f64::from(*sample) / 32_768.0)
        .collect();
    high_pass(&mut speech);
    let speech = trim(&speech)?;
    let mut levelled = speech.to_vec();
    for _round in 0..ROUNDS {
        let gain = 10_f64.powf(TARGET_DB / 20.0) / rms(&levelled);
        for sample in &mut levelled {
            *sample = bend(*sample * gain);
        }
    }
    let silence = std::iter::repeat_n(0, MARGIN);
    let speech = levelled
        .into_iter()
        .map(|sample| (sample * 32_767.0).round() as i16);
    Some(silence.clone().chain(speech).chain(silence).collect())
}

/// What lies between the silence at the ends.
fn trim(samples: &[f64]) -> Option<&[f64]> {
    let loud = |sample: &f64| sample.abs() > SILENCE;
    let first = samples.iter().position(loud)?;
    let last = samples.iter().rposition(loud)?;
    samples.get(first..=last)
}

fn rms(samples: &[f64]) -> f64 {
    let power: f64 = samples.iter().map(|sample| sample * sample).sum();
    // Never zero: there is a loud sample.
    (power / samples.len().max(1) as f64).sqrt().max(1e-9)
}

/// Straight up to the knee, then ever flatter.
fn bend(sample: f64) -> f64 {
    let (size, room) = (sample.abs(), CEILING - KNEE);
    if size <= KNEE {
        sample
    } else {
        (KNEE + room * ((size - KNEE) / room).tanh()).copysign(sample)
    }
}

/// A second-order Butterworth high-pass (bilinear transform).
fn high_pass(samples: &mut [f64]) {
    let turn = 2.0 * PI * HIGH_PASS_HZ / f64::from(RATE_HZ);
    let (cos, alpha) = (turn.cos(), turn.sin() / (2.0 * FRAC_1_SQRT_2));
    let whole = 1.0 + alpha;
    let (b0, b1) = ((1.0 + cos) / 2.0 / whole, -(1.0 + cos) / whole);
    let (a1, a2) = (-2.0 * cos / whole, (1.0 - alpha) / whole);
    let (mut x1, mut x2, mut y1, mut y2) = (0.0, 0.0, 0.0, 0.0);
    for sample in samples {
        let x = *sample;
        let y = b0 * x + b1 * x1 + b0 * x2 - a1 * y1 - a2 * y2;
        (x1, x2, y1, y2) = (x, x1, y, y1);
        *sample = y;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::voices::VOICES;
    use crate::media::wav;

    fn tone(hz: f64, size: f64, samples: usize) -> Vec<i16> {
        (0..samples)
            .map(|n| (2.0 * PI * hz * n as f64 / f64::from(RATE_HZ)).sin() * size * 32_767.0)
            .map(|sample| sample as i16)
            .collect()
    }

    fn db(samples: &[i16]) -> f64 {
        let speech: Vec<f64> = samples
            .iter()
            .map(|sample| f64::from(*sample) / 32_768.0)
            .collect();
        20.0 * rms(&speech).log10()
    }

    #[test]
    fn quiet_and_loud_speech_come_to_the_level_of_the_products_own() {
        for (name, file) in VOICES.iter().take(3) {
            let own = wav::read(file).unwrap();
            for part in [20, 2, 1] {
                let other: Vec<i16> = own.iter().map(|sample| sample / part).collect();
                let levelled = level(&other).unwrap();
                let speech = &levelled[MARGIN..levelled.len() - MARGIN];
                assert!((-18.2..-17.8).contains(&db(speech)), "{name} {part}");
                let peak = levelled.iter().map(|sample| sample.unsigned_abs()).max();
                assert!(peak.unwrap() < 32_000, "{name} {part}");
                assert!(levelled.len().abs_diff(own.len()) < 1_600, "{name} {part}");
            }
        }
    }

    #[test]
    fn ends_are_silent_and_as_long_as_those_of_the_products_own() {
        let mut samples = vec![5; 9_000];
        samples.extend(tone(440.0, 0.1, 8_000));
        samples.extend(vec![0; 9_000]);
        let levelled = level(&samples).unwrap();
        assert!(levelled[..MARGIN].iter().all(|sample| *sample == 0));
        assert!(
            levelled[levelled.len() - MARGIN..]
                .iter()
                .all(|sample| *sample == 0)
        );
        assert!(levelled.len().abs_diff(8_000 + 2 * MARGIN) < 400);
    }

    #[test]
    fn hum_is_taken_away_and_the_voice_is_kept() {
        let through = |hz| {
            let mut samples: Vec<f64> = tone(hz, 0.5, 16_000)
                .iter()
                .map(|sample| f64::from(*sample) / 32_768.0)
                .collect();
            high_pass(&mut samples);
            20.0 * (rms(&samples[8_000..]) / (0.5 * FRAC_1_SQRT_2)).log10()
        };
        assert!(through(30.0) < -20.0);
        assert!(through(300.0).abs() < 0.3);
        assert!(through(3_000.0).abs() < 0.1);
    }

    #[test]
    fn silence_has_no_level() {
        assert_eq!(level(&[]), None);
        assert_eq!(level(&[3; 8_000]), None);
    }

    #[test]
    fn peaks_are_bent_and_never_cut() {
        let mut samples = tone(440.0, 0.02, 8_000);
        samples[4_000] = 32_767;
        let levelled = level(&samples).unwrap();
        assert!(levelled.iter().all(|sample| sample.unsigned_abs() < 31_900));
    }
}
