//! WAV files of any PCM format, and of G.711, as the samples that the telephone takes.

use std::io::Cursor;

use hound::{SampleFormat, WavReader};
use madoguchi_sip::sdp::Codec;

use super::g711;
use super::resample::to_telephone_rate;

/// Longer recordings are refused: each is held in memory.
pub(crate) const LONGEST_SECS: u32 = 30 * 60;
const RATES_HZ: std::ops::RangeInclusive<u32> = 4_000..=384_000;

/// `fmt ` tags of G.711 (RFC 2361), which the reader of PCM does not know.
const TAG_A_LAW: u16 = 6;
const TAG_MU_LAW: u16 = 7;

/// Why a file cannot be played.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WavFault {
    #[error("WAV形式の音声ファイルではありません")]
    NotWav,
    #[error("WAVファイルが壊れています（{0}）")]
    Broken(String),
    #[error(
        "対応していない形式のWAVファイルです。PCM（8・16・24・32ビット、浮動小数点）か G.711 で保存してください"
    )]
    Unsupported,
    #[error("サンプリング周波数 {0} Hz には対応していません")]
    Rate(u32),
    #[error("音声が入っていません")]
    Empty,
    #[error("音声が長すぎます（{}分まで）", .0 / 60)]
    TooLong(u32),
}

/// Reads a file's bytes: 16-bit samples at 8 kHz, channels mixed to one.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<i16>, WavFault> {
    read_up_to(bytes, LONGEST_SECS)
}

/// The same; what plays longer than `longest_secs` is refused.
pub(crate) fn read_up_to(bytes: &[u8], longest_secs: u32) -> Result<Vec<i16>, WavFault> {
    let (b"RIFF", rest) = bytes.split_at_checked(4).ok_or(WavFault::NotWav)? else {
        return Err(WavFault::NotWav);
    };
    if rest.get(4..8) != Some(b"WAVE") {
        return Err(WavFault::NotWav);
    }
    let original = match Chunks::of(bytes).find_map(Format::of) {
        Some(Format {
            tag: TAG_MU_LAW,
            channels,
            rate_hz,
        }) => Original::g711(bytes, Codec::Pcmu, (channels, rate_hz), longest_secs)?,
        Some(Format {
            tag: TAG_A_LAW,
            channels,
            rate_hz,
        }) => Original::g711(bytes, Codec::Pcma, (channels, rate_hz), longest_secs)?,
        _ => Original::pcm(bytes, longest_secs)?,
    };
    original.for_telephone()
}

/// A recording as it was made.
struct Original {
    /// From −1 to 1, channels side by side.
    samples: Vec<f32>,
    channels: u16,
    rate_hz: u32,
}

impl Original {
    fn pcm(bytes: &[u8], longest_secs: u32) -> Result<Self, WavFault> {
        let reader = WavReader::new(Cursor::new(bytes)).map_err(fault)?;
        let spec = reader.spec();
        let form = (spec.channels, spec.sample_rate);
        check(form, reader.duration(), longest_secs)?;
        let samples: Result<Vec<f32>, hound::Error> = match spec.sample_format {
            SampleFormat::Float => reader.into_samples::<f32>().collect(),
            SampleFormat::Int => {
                let full = 2.0_f32.powi(i32::from(spec.bits_per_sample) - 1);
                reader
                    .into_samples::<i32>()
                    .map(|sample| sample.map(|sample| sample as f32 / full))
                    .collect()
            }
        };
        let samples = samples.map_err(fault)?;
        Ok(Self {
            samples,
            channels: spec.channels,
            rate_hz: spec.sample_rate,
        })
    }

    fn g711(
        bytes: &[u8],
        law: Codec,
        (channels, rate_hz): (u16, u32),
        longest_secs: u32,
    ) -> Result<Self, WavFault> {
        let data = Chunks::of(bytes)
            .find(|chunk| &chunk.id == b"data")
            .ok_or_else(|| WavFault::Broken("data がない".to_owned()))?;
        if data.body.len() < data.length {
            return Err(WavFault::Broken("途中で切れている".to_owned()));
        }
        let frames = data.body.len() / usize::from(channels.max(1));
        let frames = u32::try_from(frames).unwrap_or(u32::MAX);
        check((channels, rate_hz), frames, longest_secs)?;
        let sample = |byte: &u8| f32::from(g711::decode(law, *byte)) / 32768.0;
        Ok(Self {
            samples: data.body.iter().map(sample).collect(),
            channels,
            rate_hz,
        })
    }

    fn for_telephone(self) -> Result<Vec<i16>, WavFault> {
        if self.samples.is_empty() {
            return Err(WavFault::Empty);
        }
        let channels = usize::from(self.channels);
        let mixed: Vec<f32> = self
            .samples
            .chunks(channels)
            .map(|frame| frame.iter().sum::<f32>() / f32::from(self.channels))
            .map(|sample| if sample.is_finite() { sample } else { 0.0 })
            .collect();
        let telephone = to_telephone_rate(&mixed, self.rate_hz);
        // The conversion saturates: what is louder than full scale is clipped.
        Ok(telephone
            .into_iter()
            .map(|sample| (sample * 32768.0).round() as i16)
            .collect())
    }
}

fn check((channels, rate_hz): (u16, u32), frames: u32, longest_secs: u32) -> Result<(), WavFault> {
    if channels == 0 {
        return Err(WavFault::Unsupported);
    }
    if !RATES_HZ.contains(&rate_hz) {
        return Err(WavFault::Rate(rate_hz));
    }
    if u64::from(frames) > u64::from(longest_secs) * u64::from(rate_hz) {
        return Err(WavFault::TooLong(longest_secs));
    }
    Ok(())
}

fn fault(error: hound::Error) -> WavFault {
    match error {
        hound::Error::Unsupported | hound::Error::TooWide | hound::Error::InvalidSampleFormat => {
            WavFault::Unsupported
        }
        hound::Error::IoError(_) | hound::Error::UnfinishedSample => {
            WavFault::Broken("途中で切れている".to_owned())
        }
        hound::Error::FormatError(what) => WavFault::Broken(what.to_owned()),
    }
}

/// What the `fmt ` chunk says.
struct Format {
    tag: u16,
    channels: u16,
    rate_hz: u32,
}

impl Format {
    fn of(chunk: Chunk<'_>) -> Option<Self> {
        let (&[t0, t1, c0, c1, r0, r1, r2, r3], _) = chunk.body.split_first_chunk::<8>()?;
        (&chunk.id == b"fmt ").then_some(Self {
            tag: u16::from_le_bytes([t0, t1]),
            channels: u16::from_le_bytes([c0, c1]),
            rate_hz: u32::from_le_bytes([r0, r1, r2, r3]),
        })
    }
}

/// One chunk of a RIFF file; `body` is shorter than `length` where the file is cut.
struct Chunk<'a> {
    id: [u8; 4],
    length: usize,
    body: &'a [u8],
}

struct Chunks<'a>(&'a [u8]);

impl<'a> Chunks<'a> {
    fn of(file: &'a [u8]) -> Self {
        Self(file.get(12..).unwrap_or_default())
    }
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Chunk<'a>;

    fn next(&mut self) -> Option<Chunk<'a>> {
        let (&[i0, i1, i2, i3, l0, l1, l2, l3], rest) = self.0.split_first_chunk::<8>()?;
        let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        let body = rest.get(..length).unwrap_or(rest);
        // Chunks begin at even places.
        self.0 = rest
            .get(length.saturating_add(length % 2)..)
            .unwrap_or_default();
        Some(Chunk {
            id: [i0, i1, i2, i3],
            length,
            body,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::resample::RATE_HZ;

    fn wav(spec: hound::WavSpec, samples: &[i32]) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
        for &sample in samples {
            match spec.sample_format {
                SampleFormat::Int => writer.write_sample(sample).unwrap(),
                SampleFormat::Float => writer.write_sample(sample as f32 / 32768.0).unwrap(),
            }
        }
        writer.finalize().unwrap();
        bytes.into_inner()
    }

    fn spec(channels: u16, rate: u32, bits: u16, sample_format: SampleFormat) -> hound::WavSpec {
        hound::WavSpec {
            channels,
            sample_rate: rate,
            bits_per_sample: bits,
            sample_format,
        }
    }

    fn g711_wav(tag: u16, data: &[u8]) -> Vec<u8> {
        let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x12\0\0\0".to_vec();
        bytes.extend_from_slice(&tag.to_le_bytes());
        bytes.extend_from_slice(&[1, 0, 0x40, 0x1f, 0, 0, 0x40, 0x1f, 0, 0, 1, 0, 8, 0, 0, 0]);
        bytes.extend_from_slice(b"odd!\x03\0\0\0abc\0data");
        bytes.extend_from_slice(&(data.len() as u32).to_le_bytes());
        bytes.extend_from_slice(data);
        bytes
    }

    #[test]
    fn telephone_recordings_are_read_to_the_bit() {
        let samples = [0, 1, -1, 32767, -32768, 1000];
        let read = read(&wav(spec(1, 8000, 16, SampleFormat::Int), &samples)).unwrap();
        assert_eq!(read, [0, 1, -1, 32767, -32768, 1000]);
    }

    #[test]
    fn widths_are_scaled_to_sixteen_bits() {
        let int = |bits, sample| read(&wav(spec(1, 8000, bits, SampleFormat::Int), &[sample]));
        assert_eq!(int(8, 64).unwrap(), [16384]);
        assert_eq!(int(24, -(1 << 22)).unwrap(), [-16384]);
        assert_eq!(int(32, 1 << 30).unwrap(), [16384]);
        let float = wav(spec(1, 8000, 32, SampleFormat::Float), &[16384, 40000]);
        assert_eq!(
            read(&float).unwrap(),
            [16384, 32767],
            "louder than full scale is clipped"
        );
    }

    #[test]
    fn channels_are_mixed() {
        let stereo = wav(
            spec(2, 8000, 16, SampleFormat::Int),
            &[1000, 3000, -500, 500],
        );
        assert_eq!(read(&stereo).unwrap(), [2000, 0]);
    }

    #[test]
    fn other_rates_are_converted() {
        let second = vec![0; 44_100];
        let read = read(&wav(spec(1, 44_100, 16, SampleFormat::Int), &second)).unwrap();
        assert_eq!(read.len(), RATE_HZ as usize);
    }

    #[test]
    fn g711_is_read_in_both_laws() {
        let mu = read(&g711_wav(7, &[0xff, 0x80, 0x00])).unwrap();
        assert_eq!(mu, [0, 32124, -32124]);
        let a = read(&g711_wav(6, &[0xd5, 0xaa])).unwrap();
        assert_eq!(a, [8, 32256]);
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        let good = wav(spec(1, 8000, 16, SampleFormat::Int), &[1; 100]);
        assert_eq!(read(b""), Err(WavFault::NotWav));
        assert_eq!(
            read(b"ID3\x04 an MP3 file by its beginning"),
            Err(WavFault::NotWav)
        );
        assert_eq!(read(b"RIFF\0\0\0\0AVI LIST"), Err(WavFault::NotWav));
        assert!(
            matches!(read(&good[..good.len() - 40]), Err(WavFault::Broken(_))),
            "cut"
        );
        assert!(
            matches!(read(&good[..30]), Err(WavFault::Broken(_))),
            "cut in the header"
        );
        let cut = g711_wav(7, &[0; 50]);
        assert!(
            matches!(read(&cut[..cut.len() - 1]), Err(WavFault::Broken(_))),
            "cut G.711"
        );
        assert_eq!(read(&g711_wav(7, &[])), Err(WavFault::Empty));
        assert_eq!(
            read(&g711_wav(0x55, &[0; 50])),
            Err(WavFault::Unsupported),
            "MP3 in WAV"
        );
        let slow = wav(spec(1, 1000, 16, SampleFormat::Int), &[1; 100]);
        assert_eq!(read(&slow), Err(WavFault::Rate(1000)));
        let long = g711_wav(7, &vec![0xff; (2 * RATE_HZ) as usize + 1]);
        assert_eq!(read_up_to(&long, 2), Err(WavFault::TooLong(2)));
        assert!(read_up_to(&long, 3).is_ok());
    }

    #[test]
    fn no_cut_or_changed_byte_makes_the_reader_fail() {
        for good in [
            wav(spec(2, 16_000, 24, SampleFormat::Int), &[5; 40]),
            g711_wav(6, &[3; 30]),
        ] {
            for at in 0..good.len() {
                let _any = read(&good[..at]);
                for value in [0, 1, 0x7f, 0xff] {
                    let mut changed = good.clone();
                    changed[at] = value;
                    let _any = read(&changed);
                }
            }
        }
    }
}
