//! The tone that whoever calls hears while it rings, as telephones in Japan sound it: 400 Hz that swells 16 times a
//! second, for one second of three.

use std::f32::consts::TAU;

use super::resample::RATE_HZ;

const TONE_HZ: f32 = 400.0;
const SWELL_HZ: f32 = 16.0;
const SOUNDS_SECS: usize = 1;
const LASTS_SECS: usize = 3;
/// Well below the loudest, as voices are.
const LOUDEST: f32 = 4_000.0;

/// One ring and the silence behind it, 16 bits at 8 kHz; to be played over and over.
pub(crate) fn compose() -> Vec<i16> {
    let rate = RATE_HZ as usize;
    let mut ring: Vec<i16> = (0..SOUNDS_SECS * rate).map(sample).collect();
    ring.resize(LASTS_SECS * rate, 0);
    ring
}

fn sample(n: usize) -> i16 {
    let turns = TAU * n as f32 / RATE_HZ as f32;
    let swell = (1.0 - (turns * SWELL_HZ).cos()) / 2.0;
    ((turns * TONE_HZ).sin() * swell * LOUDEST) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_sounds_for_a_second_and_is_silent_for_two() {
        let samples = compose();
        assert_eq!(samples.len(), 24_000);
        let (sounds, silent) = samples.split_at(8_000);
        let loudest = sounds.iter().map(|sample| sample.abs()).max();
        assert!((3_000..=4_000).contains(&loudest.unwrap()));
        assert!(silent.iter().all(|sample| *sample == 0));
        // 400 times a second it goes from below to above.
        let rises = sounds.windows(2).filter(|two| two[0] < 0 && two[1] >= 0);
        assert!((380..=400).contains(&rises.count()));
    }
}
