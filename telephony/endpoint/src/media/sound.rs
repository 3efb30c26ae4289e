//! A recording that can be played, in both laws of G.711, and the act of playing it.

use std::sync::Arc;

use madoguchi_core::time::Millis;
use madoguchi_sip::sdp::Codec;

use super::{g711, recording};

/// What one packet of ours carries: 20 ms.
pub(crate) const FRAME_SAMPLES: usize = 160;
pub(crate) type Frame = [u8; FRAME_SAMPLES];

/// A recording, encoded once for all listeners.
#[derive(Clone, PartialEq, Eq)]
pub struct Sound {
    pcmu: Box<[u8]>,
    pcma: Box<[u8]>,
}

impl Sound {
    /// The sound of 16-bit samples at 8 kHz.
    pub fn from_samples(samples: &[i16]) -> Self {
        let encoded = |codec| {
            samples
                .iter()
                .map(|sample| g711::encode(codec, *sample))
                .collect()
        };
        Self {
            pcmu: encoded(Codec::Pcmu),
            pcma: encoded(Codec::Pcma),
        }
    }

    /// How long it plays.
    pub fn duration(&self) -> Millis {
        Millis(i64::try_from(self.pcmu.len() / 8).unwrap_or(i64::MAX))
    }

    /// What is heard, as a WAV file that browsers play: PCM, 16 bits, 8 kHz, mono.
    pub fn to_wav(&self) -> Vec<u8> {
        let heard = |byte: &u8| g711::decode(Codec::Pcmu, *byte);
        recording::write(&self.pcmu.iter().map(heard).collect::<Vec<_>>())
    }

    /// The sound in G.711, one byte a sample.
    pub fn encoded(&self, codec: Codec) -> &[u8] {
        match codec {
            Codec::Pcmu => &self.pcmu,
            Codec::Pcma => &self.pcma,
        }
    }
}

impl std::fmt::Debug for Sound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sound({} ms)", self.duration().0)
    }
}

/// How far a sound has been played.
#[derive(Debug)]
pub(crate) struct Cursor {
    sound: Arc<Sound>,
    at: usize,
    repeat: bool,
}

impl Cursor {
    pub(crate) fn new(sound: Arc<Sound>, repeat: bool) -> Self {
        Self {
            sound,
            at: 0,
            repeat,
        }
    }

    /// The next 20 ms; the end of a sound is filled up with silence. `None` after the end.
    pub(crate) fn next_frame(&mut self, codec: Codec) -> Option<Frame> {
        let encoded = self.sound.encoded(codec);
        let rest = encoded.get(self.at..).filter(|rest| !rest.is_empty())?;
        let mut frame = [g711::silence(codec); FRAME_SAMPLES];
        if self.repeat {
            let endless = rest.iter().chain(encoded.iter().cycle());
            frame
                .iter_mut()
                .zip(endless)
                .for_each(|(slot, byte)| *slot = *byte);
            self.at = (self.at + FRAME_SAMPLES) % encoded.len();
        } else {
            frame
                .iter_mut()
                .zip(rest)
                .for_each(|(slot, byte)| *slot = *byte);
            self.at += FRAME_SAMPLES;
        }
        Some(frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(samples: i16) -> Arc<Sound> {
        let samples: Vec<i16> = (0..samples).map(|n| n * 64).collect();
        Arc::new(Sound::from_samples(&samples))
    }

    #[test]
    fn a_sound_is_played_once_and_its_last_frame_is_filled_with_silence() {
        let sound = ramp(200);
        for codec in [Codec::Pcmu, Codec::Pcma] {
            let mut cursor = Cursor::new(sound.clone(), false);
            let first = cursor.next_frame(codec).unwrap();
            let second = cursor.next_frame(codec).unwrap();
            assert_eq!(first, sound.encoded(codec)[..160]);
            assert_eq!(second[..40], sound.encoded(codec)[160..]);
            assert_eq!(second[40..], [g711::silence(codec); 120]);
            assert_eq!(cursor.next_frame(codec), None);
        }
    }

    #[test]
    fn music_goes_round_without_a_seam() {
        let sound = ramp(200);
        let mut cursor = Cursor::new(sound.clone(), true);
        let heard: Vec<u8> = (0..10)
            .flat_map(|_| cursor.next_frame(Codec::Pcmu).unwrap())
            .collect();
        let expected: Vec<u8> = sound
            .encoded(Codec::Pcmu)
            .iter()
            .copied()
            .cycle()
            .take(1600)
            .collect();
        assert_eq!(heard, expected);
    }

    #[test]
    fn music_shorter_than_a_frame_goes_round_within_it() {
        let sound = ramp(50);
        let frame = Cursor::new(sound.clone(), true)
            .next_frame(Codec::Pcma)
            .unwrap();
        assert_eq!(frame[150..160], sound.encoded(Codec::Pcma)[..10]);
    }

    #[test]
    fn an_empty_sound_ends_at_once() {
        for repeat in [false, true] {
            assert_eq!(Cursor::new(ramp(0), repeat).next_frame(Codec::Pcmu), None);
        }
    }
}
