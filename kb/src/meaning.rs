//! What a text means, as a vector beside its words: how alike two texts are, whatever words they use.

use madoguchi_encoder::{Encoder, products};
use tantivy::columnar::Column;

/// The numbers of a vector are kept in so many steps to either side of nought.
const STEPS: f32 = 127.0;
/// The same for the numbers of what was asked, none of which is greater than one.
const ASKED_STEPS: f32 = 1000.0;

/// What a passage means: the question of its entry by itself, whose vector is given, and with the passage,
/// added up. Eight small numbers in each.
pub(crate) fn of_passage(
    encoder: &Encoder,
    asked: &str,
    question: &[f32],
    passage: &str,
) -> Vec<u64> {
    let whole = encoder.encode(&format!("{asked}\n{passage}"));
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

fn unpack(eight: u64) -> [i8; 8] {
    eight.to_le_bytes().map(u8::cast_signed)
}

/// What was asked, in numbers of [`ASKED_STEPS`] at the most.
pub(crate) struct QueryVector {
    numbers: Vec<i16>,
    length: f32,
}

impl QueryVector {
    pub(crate) fn new(encoder: &Encoder, text: &str) -> Self {
        let vector = encoder.encode(text);
        let step = |number: &f32| (number * ASKED_STEPS).round() as i16;
        let numbers: Vec<i16> = vector.iter().map(step).collect();
        let square: i32 = numbers.iter().map(|one| i32::from(*one).pow(2)).sum();
        Self {
            numbers,
            length: (square as f32).sqrt(),
        }
    }

    /// How alike an entry's meaning is: the cosine; 0 if nothing is known of it.
    pub(crate) fn alike(&self, entry: impl Iterator<Item = u64>) -> f32 {
        let numbers: Vec<i8> = entry.flat_map(unpack).collect();
        let product = products(&self.numbers, &numbers);
        self.cosine(product.first().copied().unwrap_or(0), length(&numbers))
    }

    fn cosine(&self, product: i32, length: f32) -> f32 {
        let lengths = self.length * length;
        if lengths > 0.0 {
            product as f32 / lengths
        } else {
            0.0
        }
    }
}

fn length(numbers: &[i8]) -> f32 {
    let square: i32 = numbers.iter().map(|one| i32::from(*one).pow(2)).sum();
    (square as f32).sqrt()
}

/// What all entries of a part of an index mean, side by side in memory, so that each can be looked
/// at with every search.
pub(crate) struct Meanings {
    width: usize,
    numbers: Vec<i8>,
    lengths: Vec<f32>,
}

impl Meanings {
    /// Reads them of a part with so many entries.
    pub(crate) fn read(column: &Column<u64>, entries: u32) -> Self {
        let width = (0..entries)
            .map(|entry| column.values_for_doc(entry).count() * 8)
            .max()
            .unwrap_or(0);
        let mut all = Self {
            width,
            numbers: Vec::with_capacity(width * entries as usize),
            lengths: Vec::with_capacity(entries as usize),
        };
        for entry in 0..entries {
            let end = all.numbers.len() + width;
            let numbers = column.values_for_doc(entry).flat_map(unpack);
            all.numbers.extend(numbers);
            all.numbers.resize(end, 0);
            let numbers = all.numbers.get(end - width..).unwrap_or_default();
            all.lengths.push(length(numbers));
        }
        all
    }

    /// How alike each entry's meaning is to what was asked, as [`QueryVector::alike`].
    pub(crate) fn alike(&self, asked: &QueryVector) -> Vec<f32> {
        if self.width != asked.numbers.len() {
            return vec![0.0; self.lengths.len()];
        }
        let products = products(&asked.numbers, &self.numbers);
        let entries = products.into_iter().zip(&self.lengths);
        entries
            .map(|(product, length)| asked.cosine(product, *length))
            .collect()
    }
}
