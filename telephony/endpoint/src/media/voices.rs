//! The announcements that come with the product. Texts, voice and licence: `assets/README.md`.

macro_rules! voices {
    ($($name:literal),+ $(,)?) => {
        /// Name and WAV file of each announcement.
        pub(crate) const VOICES: &[(&str, &[u8])] = &[$((
            $name,
            include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/voices/", $name, ".wav")),
        )),+];
    };
}

voices![
    "greeting",
    "closed",
    "position_1",
    "position_2",
    "position_3",
    "position_4",
    "position_5",
    "position_6",
    "position_7",
    "position_8",
    "position_9",
    "position_10",
    "position_more",
    "wait_1",
    "wait_2",
    "wait_3",
    "wait_4",
    "wait_5",
    "wait_6",
    "wait_7",
    "wait_8",
    "wait_9",
    "wait_10",
    "wait_15",
    "wait_20",
    "wait_30",
    "wait_more",
    "queue_full",
    "max_wait",
    "no_agent",
    "closed_while_waiting",
    "ready",
    "away",
    "logged_out",
    "refused",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::wav;

    #[test]
    fn every_voice_has_the_same_loudness_quiet_ends_and_no_clipping() {
        for (name, file) in VOICES {
            let samples = wav::read(file).unwrap();
            let seconds = samples.len() as f64 / 8000.0;
            assert!((1.0..25.0).contains(&seconds), "{name}: {seconds} s");
            let margin = 1500; // just under 0.2 s
            let (start, end) = (&samples[..margin], &samples[samples.len() - margin..]);
            assert!(
                start.iter().chain(end).all(|sample| sample.abs() <= 8),
                "{name}"
            );
            let speech = &samples[1600..samples.len() - 1600];
            let power: f64 = speech.iter().map(|sample| f64::from(*sample).powi(2)).sum();
            let db = 20.0 * ((power / speech.len() as f64).sqrt() / 32768.0).log10();
            assert!((-19.0..=-17.0).contains(&db), "{name}: {db} dB");
            let peak = samples
                .iter()
                .map(|sample| sample.unsigned_abs())
                .max()
                .unwrap();
            assert!(peak < 32_000, "{name}: {peak}");
        }
    }

    #[test]
    fn the_voices_stay_small() {
        let bytes: usize = VOICES.iter().map(|(_, file)| file.len()).sum();
        assert!(bytes < 3_000_000, "{bytes}");
    }
}
