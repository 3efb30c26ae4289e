//! A query becomes weighted terms.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::synonyms::{Synonyms, Term};
use super::{Kind, QueryTerm, SLOTS, SearchParts, spoken};
use crate::analysis::kana::{hiragana, romaji};
use crate::analysis::normal::{is_kana, is_kanji};
use crate::analysis::{Analyzer, Cut, grams, pairs, reading_grams};

/// Longer queries are cut off here, in letters.
const LETTERS: usize = 400;
/// Synonyms are looked for over so many pieces in a row.
const PIECES: usize = 6;
/// Words are looked for in what was typed in kana over so many letters, but not over fewer than
/// [`SHORTEST_READ`].
const LONGEST_READ: usize = 12;
const SHORTEST_READ: usize = 4;
/// No more letters of a run of kana are looked through for words.
const READ_THROUGH: usize = 40;
/// The bit of what is asked in no word that counts.
const WORDLESS: u32 = 1 << (SLOTS - 1);

const WORD: f32 = 1.0;
const SYNONYM: f32 = 0.63;
const GENERAL: f32 = 0.22;
const PAIR: f32 = 0.65;
const GRAM_ONE: f32 = 0.12;
const GRAM_TWO: f32 = 0.4;
const READING: f32 = 0.3;
/// A reading that was typed as such, not derived.
const TYPED_READING: f32 = 0.8;
const KANA_TWO: f32 = 0.1;
const KANA_THREE: f32 = 0.4;

/// The terms of what was typed.
pub(crate) fn terms(
    typed: &str,
    analyzer: &Analyzer,
    plain: &Analyzer,
    synonyms: &Synonyms,
    parts: SearchParts,
) -> Vec<QueryTerm> {
    let typed: String = typed.chars().take(LETTERS).collect();
    let mut wanted = TermSet::default();
    if !parts.stops {
        let cut = plain.cut(&typed);
        for (at, word) in cut.words.iter().enumerate() {
            wanted.add(Kind::Plain, &word.term, WORD, bit(at));
        }
        return wanted.all;
    }
    let cut = analyzer.cut(&typed);
    for (at, word) in cut.words.iter().enumerate() {
        wanted.add(Kind::Word, &word.term, WORD, bit(at));
        if parts.readings
            && let Some(reading) = &word.reading
            && reading.chars().count() > 1
        {
            wanted.add(Kind::Reading, reading, READING, bit(at));
        }
    }
    if parts.proximity {
        for pair in pairs(&cut) {
            wanted.add(Kind::Pair, &pair, PAIR, 0);
        }
    }
    if parts.grams {
        for gram in grams(&cut.normal.text) {
            let single = gram.text.chars().count() == 1;
            let weight = if single { GRAM_ONE } else { GRAM_TWO };
            let slots = within(&cut, &gram.range);
            wanted.add(Kind::Gram, &gram.text, weight, slots);
        }
    }
    let readings = if parts.readings {
        typed_readings(&cut.normal.text)
    } else {
        Vec::new()
    };
    if parts.synonyms || parts.general {
        let mut widening = Widening::new(analyzer, synonyms, parts, &cut);
        widening.written(&cut);
        if let Some(written) = spoken::written(&cut.normal.text) {
            widening.written(&analyzer.cut(&written));
        }
        for (reading, range) in &readings {
            widening.read(reading, within(&cut, range));
        }
        widening.give(&mut wanted);
    }
    for (reading, range) in readings {
        let slots = match within(&cut, &range) {
            0 => WORDLESS,
            slots => slots,
        };
        for word in analyzer.words(&reading) {
            let read = hiragana(&word.term);
            wanted.add(Kind::Reading, &read, TYPED_READING, 0);
        }
        wanted.add(Kind::Reading, &reading, TYPED_READING, slots);
        for run in reading_grams(&reading) {
            let two = run.chars().count() == 2;
            let weight = if two { KANA_TWO } else { KANA_THREE };
            wanted.add(Kind::Kana, &run, weight, slots);
        }
    }
    wanted.all
}

/// The bit of a word.
fn bit(at: usize) -> u32 {
    let at = u32::try_from(at).unwrap_or(u32::MAX);
    1_u32.checked_shl(at).unwrap_or(0)
}

/// The words that share letters with a part of the normal text.
fn within(cut: &Cut, part: &Range<usize>) -> u32 {
    let shares = |span: &Range<usize>| span.start < part.end && part.start < span.end;
    let words = cut.spans.iter().enumerate();
    let bits = words
        .filter(|(_, span)| shares(span))
        .map(|(at, _)| bit(at));
    bits.fold(0, |all, one| all | one)
}

/// Terms, each once.
#[derive(Default)]
struct TermSet {
    all: Vec<QueryTerm>,
    known: HashMap<(Kind, String), usize>,
}

impl TermSet {
    fn add(&mut self, kind: Kind, text: &str, weight: f32, slots: u32) {
        let next = self.all.len();
        let at = *self.known.entry((kind, text.to_owned())).or_insert(next);
        match self.all.get_mut(at) {
            Some(known) => known.slots |= slots,
            None => self.all.push(QueryTerm {
                kind,
                text: text.to_owned(),
                weight,
                slots,
            }),
        }
    }
}

/// What is looked for besides what was typed.
struct Widening<'a> {
    analyzer: &'a Analyzer,
    synonyms: &'a Synonyms,
    parts: SearchParts,
    /// The words that were typed.
    own: HashMap<String, u32>,
    found: Vec<(String, f32, u32)>,
    /// The texts that were looked up.
    known: HashSet<String>,
}

impl<'a> Widening<'a> {
    fn new(analyzer: &'a Analyzer, synonyms: &'a Synonyms, parts: SearchParts, cut: &Cut) -> Self {
        let mut own: HashMap<String, u32> = HashMap::new();
        for (at, word) in cut.words.iter().enumerate() {
            *own.entry(word.term.clone()).or_default() |= bit(at);
        }
        Self {
            analyzer,
            synonyms,
            parts,
            own,
            found: Vec::new(),
            known: HashSet::new(),
        }
    }

    /// By single words, and by pieces in a row as they are written.
    fn written(&mut self, cut: &Cut) {
        let slots_of = |own: &HashMap<String, u32>, part: &Range<usize>| {
            let words = cut.words.iter().zip(&cut.spans);
            let inside = words.filter(|(_, span)| span.start < part.end && part.start < span.end);
            let slots = inside.filter_map(|(word, _)| own.get(&word.term));
            slots.fold(0, |all, one| all | one)
        };
        for (at, first) in cut.pieces.iter().enumerate() {
            for last in cut.pieces.iter().skip(at).take(PIECES) {
                let part = first.start..last.end;
                let slots = slots_of(&self.own, &part);
                if let Some(text) = cut.normal.text.get(part) {
                    self.look_up(text, slots);
                }
            }
        }
        for (word, span) in cut.words.iter().zip(&cut.spans) {
            let slots = slots_of(&self.own, span);
            self.look_up(&word.term, slots);
        }
    }

    fn look_up(&mut self, text: &str, slots: u32) {
        if !self.known.insert(text.to_owned()) {
            return;
        }
        let synonyms = self.synonyms;
        for (term, general) in synonyms.of(text) {
            self.add(term, general, slots);
        }
    }

    /// By how words are read, in what was typed in kana or romaji.
    fn read(&mut self, reading: &str, slots: u32) {
        let starts = reading.char_indices().map(|(at, _)| at);
        let starts: Vec<usize> = starts.take(READ_THROUGH).chain([reading.len()]).collect();
        let synonyms = self.synonyms;
        for (at, begin) in starts.iter().enumerate() {
            let ends = starts.iter().skip(at + SHORTEST_READ);
            for end in ends.take(LONGEST_READ - SHORTEST_READ) {
                let part = reading.get(*begin..*end).unwrap_or_default();
                for (term, general) in synonyms.read(part) {
                    self.add(term, general, slots);
                }
            }
        }
    }

    fn add(&mut self, term: &Term, general: bool, slots: u32) {
        let (wanted, weight) = if general {
            (self.parts.general, GENERAL)
        } else {
            (self.parts.synonyms, SYNONYM)
        };
        if !wanted {
            return;
        }
        let words = term.words(self.analyzer);
        // A synonym of several words counts no more than one of one.
        let weight = weight / (words.len().max(1) as f32).sqrt();
        let slots = if slots == 0 { WORDLESS } else { slots };
        for word in words {
            if !self.own.contains_key(word) {
                self.found.push((word.clone(), weight, slots));
            }
        }
    }

    /// Those that count most come first, for each is taken once.
    fn give(mut self, wanted: &mut TermSet) {
        let order = |one: &(String, f32, u32), other: &(String, f32, u32)| {
            other.1.total_cmp(&one.1).then_with(|| one.0.cmp(&other.0))
        };
        self.found.sort_by(order);
        for (word, weight, slots) in self.found {
            wanted.add(Kind::Synonym, &word, weight, slots);
        }
    }
}

/// The parts of what was typed that tell how something is read, and where they stand: runs of kana, and
/// romaji.
fn typed_readings(normal: &str) -> Vec<(String, Range<usize>)> {
    let all_kana = !normal.chars().any(is_kanji);
    let mut readings = Vec::new();
    let mut begin = 0;
    let ends = |letter: char| letter.is_whitespace() || "、。,.!?・()「」".contains(letter);
    for part in normal.split_inclusive(ends) {
        let word = part.trim_end_matches(ends);
        let range = begin..begin + word.len();
        begin += part.len();
        if let Some((kana, rest)) = romaji(word)
            && rest.is_empty()
            && kana.chars().count() > 1
        {
            readings.push((kana, range));
        } else if all_kana && word.chars().count() > 1 && word.chars().all(is_kana) {
            readings.push((hiragana(word), range));
        }
    }
    readings
}
