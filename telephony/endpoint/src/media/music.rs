//! The music for waiting callers: a quiet piece of our own, composed here and made by code.
//!
//! Twelve bars in C, broken chords in quavers under a sparse melody; bells of two sines. The ends
//! of the last notes ring into the beginning, so that it goes round without a seam.

use std::f32::consts::TAU;

use super::resample::RATE_HZ;

/// A quaver at 80 crotchets a minute.
const QUAVER: usize = 3000;
const QUAVERS_A_BAR: usize = 8;

/// The chord of each bar: MIDI note numbers, from low to high.
const CHORDS: [[u8; 5]; 12] = [
    [60, 64, 67, 71, 76], // C maj7
    [57, 64, 67, 72, 76], // A m7
    [60, 65, 69, 72, 76], // F maj7
    [59, 62, 67, 71, 74], // G
    [59, 64, 67, 71, 76], // E m
    [57, 64, 69, 72, 76], // A m
    [62, 65, 69, 72, 77], // D m7
    [59, 65, 67, 74, 77], // G 7
    [60, 65, 69, 76, 81], // F maj7
    [59, 64, 67, 74, 79], // E m7
    [57, 62, 65, 72, 77], // D m7
    [60, 62, 67, 72, 74], // G sus4
];

/// Which tone of the chord each quaver takes; the patterns take turns.
const PATTERNS: [[usize; QUAVERS_A_BAR]; 3] = [
    [0, 1, 2, 3, 4, 3, 2, 1],
    [0, 2, 1, 3, 2, 4, 3, 2],
    [0, 1, 3, 2, 4, 2, 3, 1],
];

/// The melody: quaver at which a note begins, note.
const MELODY: [(usize, u8); 18] = [
    (4, 79),
    (10, 76),
    (16, 81),
    (22, 79),
    (28, 74),
    (36, 79),
    (38, 83),
    (44, 81),
    (50, 77),
    (54, 76),
    (60, 74),
    (66, 84),
    (70, 81),
    (74, 83),
    (78, 79),
    (82, 77),
    (86, 76),
    (92, 74),
];

const CHORD_LEVEL: f32 = 0.085;
const MELODY_LEVEL: f32 = 0.11;

/// The piece: 16-bit samples at 8 kHz, 36 s.
pub(crate) fn compose() -> Vec<i16> {
    let mut piece = vec![0.0_f32; CHORDS.len() * QUAVERS_A_BAR * QUAVER];
    for (bar, (chord, pattern)) in CHORDS.iter().zip(PATTERNS.iter().cycle()).enumerate() {
        for (quaver, tone) in pattern.iter().enumerate() {
            if let Some(&note) = chord.get(*tone) {
                let level = if quaver == 0 {
                    CHORD_LEVEL * 1.2
                } else {
                    CHORD_LEVEL
                };
                strike(
                    &mut piece,
                    (bar * QUAVERS_A_BAR + quaver) * QUAVER,
                    note,
                    level,
                );
            }
        }
    }
    for (quaver, note) in MELODY {
        strike(&mut piece, quaver * QUAVER, note, MELODY_LEVEL);
    }
    piece
        .into_iter()
        .map(|sample| (sample * 32767.0) as i16)
        .collect()
}

/// Adds one note: a sine, softly coloured by another, that swells quickly and dies away slowly.
fn strike(piece: &mut [f32], start: usize, note: u8, level: f32) {
    const SWELL_SECS: f32 = 0.012;
    const FADE_SECS: f32 = 0.55;
    const LENGTH_SECS: f32 = 2.4;
    const END_SECS: f32 = 0.2;
    let rate = RATE_HZ as f32;
    let hz = 440.0 * 2.0_f32.powf((f32::from(note) - 69.0) / 12.0);
    let length = (LENGTH_SECS * rate) as usize;
    let places = (0..piece.len()).cycle().skip(start).take(length);
    for (n, place) in places.enumerate() {
        let time = n as f32 / rate;
        let swell = (time / SWELL_SECS).min(1.0);
        let end = ((LENGTH_SECS - time) / END_SECS).min(1.0);
        let fade = (-time / FADE_SECS).exp();
        let colour = 0.6 * fade * (TAU * hz * 2.0 * time).sin();
        if let Some(sample) = piece.get_mut(place) {
            *sample += level * swell * fade * end * (TAU * hz * time + colour).sin();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_piece_is_quiet_whole_and_never_still_for_long() {
        let piece = compose();
        assert_eq!(piece.len(), 36 * RATE_HZ as usize);
        let rms = |part: &[i16]| {
            let power: f64 = part.iter().map(|sample| f64::from(*sample).powi(2)).sum();
            20.0 * ((power / part.len() as f64).sqrt() / 32768.0).log10()
        };
        let level = rms(&piece);
        assert!((-27.0..-21.0).contains(&level), "{level} dB");
        let peak = piece
            .iter()
            .map(|sample| sample.unsigned_abs())
            .max()
            .unwrap();
        assert!(peak < 16_000, "{peak}");
        for (half_second, part) in piece.chunks(4000).enumerate() {
            assert!(rms(part) > -40.0, "silence at {half_second}/2 s");
        }
    }

    #[test]
    fn the_end_meets_the_beginning() {
        let piece = compose();
        let steps: Vec<u16> = piece
            .windows(2)
            .map(|pair| pair[0].abs_diff(pair[1]))
            .collect();
        let seam = piece[piece.len() - 1].abs_diff(piece[0]);
        assert!(seam <= *steps.iter().max().unwrap() / 2, "a step of {seam}");
        let tail = &piece[piece.len() - 400..];
        assert!(
            tail.iter().any(|sample| sample.unsigned_abs() > 200),
            "the end still sounds"
        );
    }
}
