//! What a text means, as a vector beside its words: how alike two texts are, whatever words they use.

use madoguchi_encoder::{Encoder, differences, products};
use tantivy::columnar::Column;

/// The numbers of a vector are kept in so many steps to either side of nought.
const STEPS: f32 = 127.0;
/// The same for the numbers of what was asked, none of which is greater than one.
const ASKED_STEPS: f32 = 1000.0;

/// What the vector of a question counts beside that of a passage of a long answer, whose question is the
/// title of more than it says.
const TITLE: f32 = 0.25;
/// A question of so few letters is a title, one of so many asks something.
const TITLE_LETTERS: f32 = 4.0;
const QUESTION_LETTERS: f32 = 16.0;

/// What a passage means, in eight small numbers each: the question by itself, whose vector is given, and with
/// the passage, added up. The shorter the question, the less it counts by itself; a passage of several
/// counts without it.
pub(crate) fn of_passage(
    encoder: &Encoder,
    asked: &str,
    question: &[f32],
    passage: &str,
    is_one_of_several: bool,
) -> Vec<u64> {
    let (whole, counts) = if is_one_of_several {
        (encoder.encode(passage), TITLE)
    } else {
        let whole = encoder.encode(&format!("{asked}\n{passage}"));
        let letters = asked.chars().count() as f32 - TITLE_LETTERS;
        let counts = letters / (QUESTION_LETTERS - TITLE_LETTERS);
        (whole, counts.clamp(TITLE, 1.0))
    };
    let both = question.iter().zip(&whole);
    let both = both.map(|(question, whole)| counts * question + whole);
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

/// Of no more entries than these each is looked at with every search; of more, those whose signs are most like
/// what was asked.
const EACH: usize = 8_192;
/// So many are looked at by their signs.
const SHORTLIST: usize = 1_024;
/// Numbers of which the signs fit into one.
const SIGNS: usize = 64;

/// What all entries of a part of an index mean, side by side in memory, so that each can be looked
/// at with every search.
pub(crate) struct Meanings {
    width: usize,
    numbers: Vec<i8>,
    lengths: Vec<f32>,
    signs: Signs,
}

/// Which numbers of the vectors are greater than usual: a bit each, a sixteenth of the vectors, so that many
/// are looked through in a tenth of the time. Two vectors that point alike differ in few.
#[derive(Default)]
struct Signs {
    /// What is usual: the mean of all, each of length one. Empty if there are too few entries to need signs.
    usual: Vec<f32>,
    bits: Vec<u64>,
}

impl Signs {
    fn new(width: usize, numbers: &[i8], lengths: &[f32]) -> Self {
        if width == 0 || lengths.len() <= EACH {
            return Self::default();
        }
        let mut usual = vec![0.0; width];
        let vectors = || numbers.chunks_exact(width).zip(lengths);
        for (vector, length) in vectors().filter(|(_, length)| **length > 0.0) {
            for (sum, number) in usual.iter_mut().zip(vector) {
                *sum += f32::from(*number) / length;
            }
        }
        for sum in &mut usual {
            *sum /= lengths.len() as f32;
        }
        let mut bits = Vec::with_capacity(width.div_ceil(SIGNS) * lengths.len());
        for (vector, length) in vectors() {
            bits.extend(signs(
                &usual,
                vector.iter().map(|one| f32::from(*one)),
                *length,
            ));
        }
        Self { usual, bits }
    }
}

/// Which numbers are greater than usual, in a vector of this length.
fn signs(usual: &[f32], vector: impl Iterator<Item = f32>, length: f32) -> Vec<u64> {
    let mut bits = vec![0_u64; usual.len().div_ceil(SIGNS)];
    for (at, (number, usual)) in vector.zip(usual).enumerate() {
        if number > usual * length
            && let Some(some) = bits.get_mut(at / SIGNS)
        {
            *some |= 1 << (at % SIGNS);
        }
    }
    bits
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
            signs: Signs::default(),
        };
        for entry in 0..entries {
            let end = all.numbers.len() + width;
            let numbers = column.values_for_doc(entry).flat_map(unpack);
            all.numbers.extend(numbers);
            all.numbers.resize(end, 0);
            let numbers = all.numbers.get(end - width..).unwrap_or_default();
            all.lengths.push(length(numbers));
        }
        all.signs = Signs::new(width, &all.numbers, &all.lengths);
        all
    }

    /// How alike one entry's meaning is to what was asked, as [`QueryVector::alike`].
    pub(crate) fn of(&self, asked: &QueryVector, entry: u32) -> f32 {
        let at = entry as usize;
        let range = at * self.width..(at + 1) * self.width;
        let numbers = self.numbers.get(range).unwrap_or_default();
        if self.width != asked.numbers.len() {
            return 0.0;
        }
        let product = products(&asked.numbers, numbers);
        let length = self.lengths.get(at).copied().unwrap_or(0.0);
        asked.cosine(product.first().copied().unwrap_or(0), length)
    }

    /// The entries that may mean what was asked, and how alike they are: all of few, of many those that come
    /// nearest by their signs.
    pub(crate) fn nearest(&self, asked: &QueryVector) -> Vec<(u32, f32)> {
        if self.width != asked.numbers.len() {
            return Vec::new();
        }
        if self.signs.usual.is_empty() {
            let products = products(&asked.numbers, &self.numbers);
            let entries = (0..).zip(products).zip(&self.lengths);
            return entries
                .map(|((entry, product), length)| (entry, asked.cosine(product, *length)))
                .collect();
        }
        let numbers = asked.numbers.iter().map(|one| f32::from(*one));
        let wanted = signs(&self.signs.usual, numbers, asked.length);
        let apart = differences(&wanted, &self.signs.bits);
        let mut nearest: Vec<(u32, u32)> =
            (0..).zip(apart).map(|(at, apart)| (apart, at)).collect();
        if nearest.len() > SHORTLIST {
            nearest.select_nth_unstable(SHORTLIST);
            nearest.truncate(SHORTLIST);
        }
        let entries = nearest.into_iter();
        entries.map(|(_, at)| (at, self.of(asked, at))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors in groups that point alike, by a recipe.
    fn meanings(entries: usize, width: usize) -> Meanings {
        let mut chance = 7_u64;
        let mut draw = || {
            chance = chance
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            f32::from((chance >> 40) as u16) / 32_768.0 - 1.0
        };
        let groups: Vec<Vec<f32>> = (0..200)
            .map(|_| (0..width).map(|_| draw() + 0.3).collect())
            .collect();
        let mut numbers = Vec::with_capacity(entries * width);
        for entry in 0..entries {
            let group = &groups[entry % groups.len()];
            numbers.extend(group.iter().map(|one| ((one + draw()) * 50.0) as i8));
        }
        let lengths: Vec<f32> = numbers.chunks(width).map(length).collect();
        let signs = Signs::new(width, &numbers, &lengths);
        Meanings {
            width,
            numbers,
            lengths,
            signs,
        }
    }

    #[test]
    fn of_many_the_nearest_are_found_by_their_signs() {
        let many = meanings(20_000, 128);
        assert!(!many.signs.bits.is_empty());
        let (mut found, mut wanted) = (0, 0);
        for asked in (0..20_000_usize).step_by(977) {
            let row = &many.numbers[asked * 128..(asked + 1) * 128];
            let numbers: Vec<i16> = row.iter().map(|one| i16::from(*one) * 7).collect();
            let square: i32 = numbers.iter().map(|one| i32::from(*one).pow(2)).sum();
            let asked = QueryVector {
                numbers,
                length: (square as f32).sqrt(),
            };
            let mut all: Vec<(f32, u32)> =
                (0..20_000).map(|at| (many.of(&asked, at), at)).collect();
            all.sort_by(|one, other| other.0.total_cmp(&one.0));
            let nearest = many.nearest(&asked);
            assert!(nearest.len() <= SHORTLIST);
            let has = |at: u32| nearest.iter().any(|(one, _)| *one == at);
            wanted += 50;
            found += all.iter().take(50).filter(|(_, at)| has(*at)).count();
            assert!(has(all[0].1), "the best is never missed");
        }
        assert!(found * 100 >= wanted * 98, "{found} of {wanted}");
    }

    #[test]
    fn of_few_each_is_looked_at() {
        let few = meanings(300, 64);
        let asked = QueryVector {
            numbers: vec![1; 64],
            length: 8.0,
        };
        let nearest = few.nearest(&asked);
        assert_eq!(nearest.len(), 300);
        for (at, alike) in nearest {
            assert_eq!(alike, few.of(&asked, at));
        }
    }
}
