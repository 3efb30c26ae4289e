//! A recording that somebody brings or has spoken, in the one form in which it is kept.

use std::io::Cursor;

use hound::{SampleFormat, WavSpec, WavWriter};
use madoguchi_core::time::Millis;

use super::level;
use super::resample::RATE_HZ;
use super::wav::{self, WavFault};

/// 16-bit samples at 8 kHz: what the telephone can carry, and what every browser plays.
#[derive(Clone, PartialEq, Eq)]
pub struct Recording(Vec<i16>);

impl Recording {
    /// Reads a WAV file of PCM or G.711. What plays longer than `longest_secs` is refused.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn read(bytes: &[u8], longest_secs: u32) -> Result<Self, WavFault> {
        let longest = longest_secs.min(wav::LONGEST_SECS);
        wav::read_up_to(bytes, longest).map(Self)
    }

    /// The same speech as loud as the announcements that come with the product, and with their
    /// short silence at both ends. `None` if nothing can be heard in it.
    pub fn levelled(&self) -> Option<Self> {
        level::level(&self.0).map(Self)
    }

    /// How long it plays.
    pub fn duration(&self) -> Millis {
        Millis(i64::try_from(self.0.len() / 8).unwrap_or(i64::MAX))
    }

    /// As a WAV file: PCM, 16 bits, 8 kHz, mono.
    pub fn to_wav(&self) -> Vec<u8> {
        write(&self.0)
    }
}

impl std::fmt::Debug for Recording {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Recording({} ms)", self.duration().0)
    }
}

/// Samples at 8 kHz as a WAV file.
pub(crate) fn write(samples: &[i16]) -> Vec<u8> {
    let spec = WavSpec {
        channels: 1,
        sample_rate: RATE_HZ,
        bits_per_sample: 16,
        sample_format: SampleFormat::Int,
    };
    let mut file = Cursor::new(Vec::new());
    let written = WavWriter::new(&mut file, spec).and_then(|mut writer| {
        for sample in samples {
            writer.write_sample(*sample)?;
        }
        writer.finalize()
    });
    debug_assert!(written.is_ok(), "writing to memory does not fail");
    file.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again_as_it_was() {
        let recording = Recording((0..8_000).map(|n| (n % 200) * 100 - 10_000).collect());
        let file = recording.to_wav();
        assert_eq!(Recording::read(&file, 60), Ok(recording.clone()));
        assert_eq!(recording.duration(), Millis(1_000));
        assert_eq!(&file[..4], b"RIFF");
    }

    #[test]
    fn a_recording_may_last_as_long_as_said_and_no_longer() {
        let second = Recording(vec![1; 8_000]).to_wav();
        assert!(Recording::read(&second, 1).is_ok());
        let longer = Recording(vec![1; 8_001]).to_wav();
        assert_eq!(Recording::read(&longer, 1), Err(WavFault::TooLong(1)));
    }
}
