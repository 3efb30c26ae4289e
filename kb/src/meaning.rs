//! What a text means, as a vector beside its words: how alike two texts are, whatever words they use.

use madoguchi_encoder::Encoder;

use crate::entry::Entry;

/// The numbers of a vector are kept in so many steps to either side of nought.
const STEPS: f32 = 127.0;

/// What an entry means: its question by itself and with its answer, added up. Eight small numbers in
/// each.
pub(crate) fn of_entry(encoder: &Encoder, entry: &Entry) -> Vec<u64> {
    let question = encoder.encode(&entry.question);
    let whole = encoder.encode(&format!("{}\n{}", entry.question, entry.answer));
    let both = question.iter().zip(&whole).map(|(one, other)| one + other);
    pack(&both.collect::<Vec<f32>>())
}

fn pack(vector: &[f32]) -> Vec<u64> {
    let largest = vector
        .iter()
        .fold(f32::MIN_POSITIVE, |most, one| most.max(one.abs()));
    let small = |number: &f32| (number / largest * STEPS).round() as i8;
    vector
        .chunks(8)
        .map(|eight| {
            let mut bytes = [0; 8];
            for (byte, number) in bytes.iter_mut().zip(eight) {
                *byte = small(number).cast_unsigned();
            }
            u64::from_le_bytes(bytes)
        })
        .collect()
}

/// What was asked.
pub(crate) struct Asked(Vec<f32>);

impl Asked {
    pub(crate) fn new(encoder: &Encoder, text: &str) -> Self {
        Self(encoder.encode(text))
    }

    /// How alike an entry's meaning is: the cosine; 0 if nothing is known of it.
    pub(crate) fn alike(&self, entry: impl Iterator<Item = u64>) -> f32 {
        let (mut product, mut square) = (0.0, 0.0);
        for (eight, numbers) in self.0.chunks(8).zip(entry) {
            for (asked, byte) in eight.iter().zip(numbers.to_le_bytes()) {
                let number = f32::from(byte.cast_signed());
                product += asked * number;
                square += number * number;
            }
        }
        if square > 0.0 {
            product / square.sqrt()
        } else {
            0.0
        }
    }
}
