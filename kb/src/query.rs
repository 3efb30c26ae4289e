//! What was typed or said, as weighted terms.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use madoguchi_core::id::CategoryId;

use crate::analysis::kana::{hiragana, romaji};
use crate::analysis::normal::{Normal, is_kana, is_kanji};
use crate::analysis::{Analyzer, Cut, grams, pairs, reading_grams};
use crate::entry::Viewer;
use crate::language::Language;

/// Longer queries are cut off here, in letters.
const LETTERS: usize = 400;
/// No more synonyms of a word are looked for.
const SYNONYMS: usize = 12;
/// Synonyms are looked for over so many pieces in a row.
const PIECES: usize = 6;

/// A search.
#[derive(Debug, Clone)]
pub struct Query {
    /// What was typed or said.
    pub text: String,
    /// Who asks.
    pub viewer: Viewer,
    /// Only entries of this category.
    pub category: Option<CategoryId>,
    /// At the most so many.
    pub limit: usize,
    /// So many are left out at the start.
    pub offset: usize,
    /// Each hit says why it came.
    pub explain: bool,
    /// Each hit says how well it fits by itself, so that hits of several searches can be put in one order.
    pub fits: bool,
}

impl Query {
    /// A search of everything that `viewer` may see.
    pub fn new(text: &str, viewer: Viewer, limit: usize) -> Self {
        Self {
            text: text.to_owned(),
            viewer,
            category: None,
            limit,
            offset: 0,
            explain: false,
            fits: false,
        }
    }
}

/// The parts of the search, to be measured one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchParts {
    /// Words that say nothing are left out, and words are looked for in question, keywords and
    /// answer apart; without it, all words of one field.
    pub stops: bool,
    /// Runs of letters.
    pub grams: bool,
    /// How words are read; kana and romaji.
    pub readings: bool,
    /// Synonyms of the field.
    pub synonyms: bool,
    /// Synonyms of the language at large.
    pub general: bool,
    /// Words that follow each other.
    pub proximity: bool,
    /// Words that nobody wrote, taken for the nearest that somebody did.
    pub typing: bool,
    /// How often an answer settled a call, and how fresh it is.
    pub feedback: bool,
    /// What the encoder takes for alike, if there is one.
    pub meaning: bool,
}

impl SearchParts {
    /// All of them.
    pub const ALL: Self = Self {
        stops: true,
        grams: true,
        readings: true,
        synonyms: true,
        general: true,
        proximity: true,
        typing: true,
        feedback: true,
        meaning: true,
    };
    /// Plain BM25 on the words of one field.
    pub const PLAIN: Self = Self {
        stops: false,
        grams: false,
        readings: false,
        synonyms: false,
        general: false,
        proximity: false,
        typing: false,
        feedback: false,
        meaning: false,
    };
}

/// What a term is looked for as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// A word as it was typed.
    Word,
    Synonym,
    /// Two words that follow each other.
    Pair,
    /// A run of letters.
    Gram,
    /// How a word is read.
    Reading,
    /// A run of kana.
    Kana,
    /// A word of the plain search.
    Plain,
}

/// A term with its weight.
#[derive(Debug, Clone)]
pub(crate) struct QueryTerm {
    pub(crate) kind: Kind,
    pub(crate) text: String,
    pub(crate) weight: f32,
}

/// Synonyms by how they are written.
#[derive(Debug, Default)]
pub(crate) struct Synonyms {
    by_text: HashMap<String, Vec<usize>>,
    groups: Vec<(Vec<Term>, bool)>,
}

/// A word of a group.
#[derive(Debug)]
pub(crate) struct Term {
    text: String,
    /// What it is looked for as; cut when it is first needed.
    words: OnceLock<Vec<String>>,
}

impl Term {
    fn words(&self, analyzer: &Analyzer) -> &[String] {
        let cut = || analyzer.words(&self.text).into_iter();
        self.words
            .get_or_init(|| cut().map(|word| word.term).collect())
    }
}

impl Synonyms {
    pub(crate) fn new(language: &Language) -> Self {
        let mut synonyms = Self::default();
        let of_the_field = language.synonyms.iter().map(|group| (group, false));
        let at_large = language.general.iter().map(|group| (group, true));
        for (group, general) in of_the_field.chain(at_large) {
            let terms: Vec<_> = group
                .terms
                .iter()
                .map(|term| Normal::of(term).text)
                .collect();
            for term in &terms {
                let groups = synonyms.by_text.entry(term.clone()).or_default();
                groups.push(synonyms.groups.len());
            }
            let terms = terms.into_iter().map(|text| Term {
                text,
                words: OnceLock::new(),
            });
            synonyms.groups.push((terms.collect(), general));
        }
        synonyms
    }

    /// What means the same as `text`, and whether only in the language at large.
    pub(crate) fn of(&self, text: &str) -> impl Iterator<Item = (&Term, bool)> {
        let groups = self.by_text.get(text).into_iter().flatten();
        let groups = groups.filter_map(|group| self.groups.get(*group));
        groups
            .flat_map(|(terms, general)| terms.iter().map(|term| (term, *general)))
            .filter(move |(term, _)| term.text != text)
            .take(SYNONYMS)
    }
}

const WORD: f32 = 1.0;
const SYNONYM: f32 = 0.45;
const GENERAL: f32 = 0.2;
const PAIR: f32 = 0.6;
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
        for word in &cut.words {
            wanted.add(Kind::Plain, &word.term, WORD);
        }
        return wanted.all;
    }
    let cut = analyzer.cut(&typed);
    for word in &cut.words {
        wanted.add(Kind::Word, &word.term, WORD);
        if parts.readings
            && let Some(reading) = &word.reading
            && reading.chars().count() > 1
        {
            wanted.add(Kind::Reading, reading, READING);
        }
    }
    if parts.proximity {
        for pair in pairs(&cut) {
            wanted.add(Kind::Pair, &pair, PAIR);
        }
    }
    if parts.grams {
        for gram in grams(&cut.normal.text) {
            let single = gram.text.chars().count() == 1;
            wanted.add(
                Kind::Gram,
                &gram.text,
                if single { GRAM_ONE } else { GRAM_TWO },
            );
        }
    }
    if parts.synonyms || parts.general {
        widen(&cut, analyzer, synonyms, parts, &mut wanted);
    }
    if parts.readings {
        for reading in typed_readings(&cut.normal.text) {
            for word in analyzer.words(&reading) {
                wanted.add(Kind::Reading, &hiragana(&word.term), TYPED_READING);
            }
            wanted.add(Kind::Reading, &reading, TYPED_READING);
            for run in reading_grams(&reading) {
                let two = run.chars().count() == 2;
                wanted.add(Kind::Kana, &run, if two { KANA_TWO } else { KANA_THREE });
            }
        }
    }
    wanted.all
}

/// Terms, each once.
#[derive(Default)]
struct TermSet {
    all: Vec<QueryTerm>,
    known: HashSet<(Kind, String)>,
}

impl TermSet {
    fn add(&mut self, kind: Kind, text: &str, weight: f32) {
        if self.known.insert((kind, text.to_owned())) {
            self.all.push(QueryTerm {
                kind,
                text: text.to_owned(),
                weight,
            });
        }
    }
}

fn widen(
    cut: &Cut,
    analyzer: &Analyzer,
    synonyms: &Synonyms,
    parts: SearchParts,
    wanted: &mut TermSet,
) {
    let own: HashSet<&str> = cut.words.iter().map(|word| word.term.as_str()).collect();
    let mut texts: Vec<&str> = own.iter().copied().collect();
    for (at, first) in cut.pieces.iter().enumerate() {
        for last in cut.pieces.iter().skip(at).take(PIECES) {
            texts.extend(cut.normal.text.get(first.start..last.end));
        }
    }
    texts.sort_unstable();
    texts.dedup();
    for text in texts {
        for (other, general) in synonyms.of(text) {
            if !(if general {
                parts.general
            } else {
                parts.synonyms
            }) {
                continue;
            }
            let words = other.words(analyzer);
            let weight = if general { GENERAL } else { SYNONYM };
            // A synonym of several words counts no more than one of one.
            let weight = weight / (words.len().max(1) as f32).sqrt();
            for word in words {
                if !own.contains(word.as_str()) {
                    wanted.add(Kind::Synonym, word, weight);
                }
            }
        }
    }
}

/// The parts of what was typed that tell how something is read: runs of kana, and romaji.
fn typed_readings(normal: &str) -> Vec<String> {
    let all_kana = !normal.chars().any(is_kanji);
    let mut readings = Vec::new();
    for part in
        normal.split(|letter: char| letter.is_whitespace() || "、。,.!?・()「」".contains(letter))
    {
        if let Some((kana, rest)) = romaji(part)
            && rest.is_empty()
            && kana.chars().count() > 1
        {
            readings.push(kana);
        } else if all_kana && part.chars().count() > 1 && part.chars().all(is_kana) {
            readings.push(hiragana(part));
        }
    }
    readings
}
