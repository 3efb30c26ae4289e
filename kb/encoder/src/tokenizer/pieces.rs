//! The vocabulary, in the order of its bytes, so that the pieces that begin a text are found fast.

use std::ops::Range;

/// The pieces with their scores.
pub(super) struct Pieces {
    /// All texts one after another, sorted.
    texts: String,
    entries: Vec<Entry>,
    /// How many pieces there were before doubles went.
    count: usize,
    unknown_score: f64,
}

struct Entry {
    text: Range<u32>,
    piece: u32,
    score: f32,
}

impl Pieces {
    /// Of pieces alike the last one counts.
    pub(super) fn new(pieces: Vec<(String, f32)>) -> Result<Self, String> {
        let count = pieces.len();
        let lowest = pieces.iter().map(|(_, score)| *score).reduce(f32::min);
        let lowest = lowest.ok_or("no pieces")?;
        let mut sorted = Vec::with_capacity(count);
        for (number, (text, score)) in (0_u32..).zip(pieces) {
            sorted.push((text, std::cmp::Reverse(number), score));
        }
        sorted.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
        sorted.dedup_by(|later, first| later.0 == first.0);

        let mut texts = String::new();
        let mut entries = Vec::with_capacity(sorted.len());
        for (text, std::cmp::Reverse(piece), score) in sorted {
            let start = end(&texts)?;
            texts.push_str(&text);
            let text = start..end(&texts)?;
            entries.push(Entry { text, piece, score });
        }
        Ok(Self {
            texts,
            entries,
            count,
            unknown_score: f64::from(lowest) - 10.0,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Less likely than any piece.
    pub(super) fn unknown_score(&self) -> f64 {
        self.unknown_score
    }

    /// Tells each piece that `text` begins with, the shortest first: length, score, number.
    pub(super) fn each_prefix(&self, text: &str, mut tell: impl FnMut(usize, f64, u32)) {
        let mut candidates = self.entries.as_slice();
        for (start, character) in text.char_indices() {
            let length = start + character.len_utf8();
            let Some(prefix) = text.get(..length) else {
                return;
            };
            // The candidates are sorted and share all characters before this one.
            let below = candidates.partition_point(|entry| self.text(entry) < prefix);
            candidates = candidates.get(below..).unwrap_or_default();
            let alike = count_leading(candidates, |entry| self.text(entry).starts_with(prefix));
            candidates = candidates.get(..alike).unwrap_or_default();
            let Some(first) = candidates.first() else {
                return;
            };
            if self.text(first).len() == length {
                tell(length, f64::from(first.score), first.piece);
            }
        }
    }

    fn text(&self, entry: &Entry) -> &str {
        let range = entry.text.start as usize..entry.text.end as usize;
        self.texts.get(range).unwrap_or_default()
    }
}

fn end(texts: &str) -> Result<u32, String> {
    u32::try_from(texts.len()).map_err(|_| "too many pieces".to_owned())
}

/// As `partition_point`, but fast when few hold: doubles its steps first.
fn count_leading<T>(items: &[T], holds: impl Fn(&T) -> bool) -> usize {
    let mut bound = 1;
    while items.get(bound).is_some_and(&holds) {
        bound *= 2;
    }
    let reach = items.get(..bound).unwrap_or(items);
    reach.partition_point(holds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefixes(pieces: &[&str], text: &str) -> Vec<(usize, u32)> {
        let pieces = pieces.iter().map(|text| ((*text).to_owned(), -1.0));
        let pieces = Pieces::new(pieces.collect()).unwrap();
        let mut found = Vec::new();
        pieces.each_prefix(text, |length, _, piece| found.push((length, piece)));
        found
    }

    #[test]
    fn every_piece_that_begins_the_text_is_told_the_shortest_first() {
        let pieces = ["給与明細", "給", "与", "給料", "給与", "旅費"];
        assert_eq!(prefixes(&pieces, "給与明細書"), [(3, 1), (6, 4), (12, 0)]);
        assert_eq!(prefixes(&pieces, "細"), []);
        assert_eq!(prefixes(&pieces, ""), []);
    }

    #[test]
    fn a_piece_is_found_though_its_beginning_is_none() {
        assert_eq!(prefixes(&["あいう", "い"], "あいうえ"), [(9, 0)]);
    }

    #[test]
    fn of_pieces_alike_the_last_counts() {
        assert_eq!(prefixes(&["a", "b", "a"], "ab"), [(1, 2)]);
    }

    #[test]
    fn a_vocabulary_without_pieces_is_refused() {
        assert!(Pieces::new(Vec::new()).is_err());
    }
}
