//! G.711: µ-law and A-law to samples, back, and from one law to the other, by table.

use madoguchi_sip::sdp::Codec;

/// What silence is in either law.
pub(crate) const fn silence(codec: Codec) -> u8 {
    match codec {
        Codec::Pcmu => 0xff,
        Codec::Pcma => 0xd5,
    }
}

/// A byte as a 16-bit sample.
pub(crate) fn decode(codec: Codec, byte: u8) -> i16 {
    match codec {
        Codec::Pcmu => decode_mu(byte),
        Codec::Pcma => decode_a(byte),
    }
}

/// A 16-bit sample as a byte.
pub(crate) fn encode(codec: Codec, sample: i16) -> u8 {
    match codec {
        Codec::Pcmu => encode_mu(sample),
        Codec::Pcma => encode_a(sample),
    }
}

/// Turns a payload of one law into the other, in place. The same law stays as it is, to the bit.
pub(crate) fn transcode(from: Codec, to: Codec, payload: &mut [u8]) {
    let table = match (from, to) {
        (Codec::Pcmu, Codec::Pcma) => &MU_TO_A,
        (Codec::Pcma, Codec::Pcmu) => &A_TO_MU,
        (Codec::Pcmu, Codec::Pcmu) | (Codec::Pcma, Codec::Pcma) => return,
    };
    for byte in payload {
        *byte = entry(table, *byte);
    }
}

static MU_TO_A: [u8; 256] = table(Codec::Pcmu);
static A_TO_MU: [u8; 256] = table(Codec::Pcma);

#[expect(
    clippy::indexing_slicing,
    reason = "a byte never reaches beyond 256 entries"
)]
fn entry(table: &[u8; 256], byte: u8) -> u8 {
    table[byte as usize]
}

#[expect(
    clippy::indexing_slicing,
    reason = "made at compile time, where a fault is an error"
)]
const fn table(from: Codec) -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        // Both laws keep the sign in the first bit; the halves are alike.
        let (sign, positive) = (byte as u8 & 0x80, byte as u8 | 0x80);
        let converted = match from {
            Codec::Pcmu => encode_a(decode_mu(positive)),
            Codec::Pcma => encode_mu(decode_a(positive)),
        };
        table[byte] = (converted & 0x7f) | sign;
        byte += 1;
    }
    table
}

/// Added before the logarithm, so that every segment begins at a power of two.
const MU_BIAS: i32 = 0x84;
const MU_LARGEST: i32 = 0x7fff - MU_BIAS;

const fn decode_mu(byte: u8) -> i16 {
    let byte = !byte;
    let magnitude = ((((byte & 0x0f) as i32) << 3) + MU_BIAS) << ((byte >> 4) & 7);
    let sample = magnitude - MU_BIAS;
    (if byte & 0x80 == 0 { sample } else { -sample }) as i16
}

const fn encode_mu(sample: i16) -> u8 {
    let sign = if sample < 0 { 0x80 } else { 0 };
    let size = (sample as i32).abs();
    let biased = MU_BIAS + if size > MU_LARGEST { MU_LARGEST } else { size };
    let segment = 24 - biased.leading_zeros();
    let step = (biased >> (segment + 3)) & 0x0f;
    !(sign | (segment << 4) as u8 | step as u8)
}

/// Every other bit is turned over on the line.
const A_TURNED: u8 = 0x55;

const fn decode_a(byte: u8) -> i16 {
    let byte = byte ^ A_TURNED;
    let step = ((byte & 0x0f) as i32) << 4;
    let magnitude = match (byte >> 4) & 7 {
        0 => step + 8,
        segment => (step + 0x108) << (segment - 1),
    };
    (if byte & 0x80 == 0 {
        -magnitude
    } else {
        magnitude
    }) as i16
}

const fn encode_a(sample: i16) -> u8 {
    // Thirteen bits with sign; negative values by the ones' complement.
    let (sign, magnitude) = if sample < 0 {
        (0, !(sample as i32) >> 3)
    } else {
        (0x80, sample as i32 >> 3)
    };
    let value = if magnitude < 0x20 {
        magnitude >> 1
    } else {
        let segment = 27 - magnitude.leading_zeros() as i32;
        (segment << 4) | ((magnitude >> segment) & 0x0f)
    };
    (sign | value as u8) ^ A_TURNED
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [Codec; 2] = [Codec::Pcmu, Codec::Pcma];

    #[test]
    fn values_of_the_recommendation() {
        // G.711 tables 1 and 2, scaled from 13 and 14 bits to 16.
        assert_eq!(decode_a(0xd5), 8);
        assert_eq!(decode_a(0x55), -8);
        assert_eq!(decode_a(0xaa), 32256);
        assert_eq!(decode_a(0x2a), -32256);
        assert_eq!(decode_mu(0xff), 0);
        assert_eq!(decode_mu(0x7f), 0);
        assert_eq!(decode_mu(0xfe), 8);
        assert_eq!(decode_mu(0x80), 32124);
        assert_eq!(decode_mu(0x00), -32124);
        assert_eq!(encode_mu(i16::MIN), 0x00);
        assert_eq!(encode_mu(i16::MAX), 0x80);
        assert_eq!(encode_a(i16::MIN), 0x2a);
        assert_eq!(encode_a(i16::MAX), 0xaa);
    }

    #[test]
    fn every_byte_survives_decoding_and_encoding() {
        for codec in BOTH {
            for byte in 0..=255 {
                if (codec, byte) == (Codec::Pcmu, 0x7f) {
                    continue; // minus zero is zero
                }
                assert_eq!(
                    encode(codec, decode(codec, byte)),
                    byte,
                    "{codec:?} {byte:#x}"
                );
            }
        }
    }

    #[test]
    fn encoding_errs_by_half_a_step_at_the_most() {
        for codec in BOTH {
            for sample in (i16::MIN..=i16::MAX).step_by(7) {
                let wide = i32::from(sample);
                let error = (i32::from(decode(codec, encode(codec, sample))) - wide).abs();
                // Sixteen steps a segment, and each segment twice as wide as the one before.
                let half_step = (wide.abs() + MU_BIAS) / 32 + 8;
                assert!(
                    error <= half_step,
                    "{codec:?} {sample}: {error} > {half_step}"
                );
            }
        }
    }

    #[test]
    fn small_values_of_one_law_become_those_of_the_other() {
        // µ-law steps by 8 at first, A-law by 16; from 16 steps of µ-law on both step by 16.
        let numbers = [
            0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17,
            18, 19, 20, 21, 22, 23,
        ];
        for (number, expected) in (0_u8..).zip(numbers) {
            let mut payload = [0xff ^ number, 0x7f ^ number];
            transcode(Codec::Pcmu, Codec::Pcma, &mut payload);
            assert_eq!(payload, [0xd5 ^ expected, 0x55 ^ expected], "{number}");
        }
    }

    #[test]
    fn the_other_law_keeps_sign_order_and_size() {
        for (from, to) in [(Codec::Pcmu, Codec::Pcma), (Codec::Pcma, Codec::Pcmu)] {
            let mut values: Vec<(i16, i16)> = (0..=255)
                .map(|byte| {
                    let mut payload = [byte];
                    transcode(from, to, &mut payload);
                    assert_eq!(payload[0] & 0x80, byte & 0x80, "the sign of {byte:#x}");
                    (decode(from, byte), decode(to, payload[0]))
                })
                .collect();
            values.sort_unstable();
            assert!(
                values.is_sorted_by_key(|(_, converted)| *converted),
                "{from:?}"
            );
            for (value, converted) in values {
                let (value, converted) = (i32::from(value), i32::from(converted));
                let half_step = (value.abs() + MU_BIAS) / 32 + 8;
                assert!(
                    (value - converted).abs() <= half_step,
                    "{from:?} {value} {converted}"
                );
            }
        }
    }

    #[test]
    fn silence_stays_silence_in_the_other_law() {
        let mut payload = [silence(Codec::Pcmu)];
        transcode(Codec::Pcmu, Codec::Pcma, &mut payload);
        assert_eq!(payload, [silence(Codec::Pcma)]);
    }

    #[test]
    fn the_same_law_passes_to_the_bit() {
        let all: Vec<u8> = (0..=255).collect();
        for codec in BOTH {
            let mut payload = all.clone();
            transcode(codec, codec, &mut payload);
            assert_eq!(payload, all);
        }
    }
}
