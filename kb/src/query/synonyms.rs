//! Words that mean the same, found by how they are written or read.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::analysis::Analyzer;
use crate::analysis::kana::hiragana;
use crate::analysis::normal::Normal;
use crate::language::Language;

/// No more synonyms of a word are looked for.
const SYNONYMS: usize = 12;
/// A shorter reading is that of too many words (letters).
const READ: usize = 4;

/// Synonyms by how they are written, hiragana and katakana being one, and those of the field by how they
/// are read, too.
#[derive(Debug, Default)]
pub(crate) struct Synonyms {
    by_text: HashMap<String, Vec<usize>>,
    by_reading: HashMap<String, Vec<usize>>,
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
    pub(super) fn words(&self, analyzer: &Analyzer) -> &[String] {
        let cut = || analyzer.words(&self.text).into_iter();
        self.words
            .get_or_init(|| cut().map(|word| word.term).collect())
    }
}

impl Synonyms {
    pub(crate) fn new(language: &Language, analyzer: &Analyzer) -> Self {
        let mut synonyms = Self::default();
        let of_the_field = language.synonyms.iter().map(|group| (group, false));
        let at_large = language.general.iter().map(|group| (group, true));
        for (group, general) in of_the_field.chain(at_large) {
            let number = synonyms.groups.len();
            let terms: Vec<_> = group
                .terms
                .iter()
                .map(|term| Normal::of(term).text)
                .collect();
            for term in &terms {
                add(&mut synonyms.by_text, hiragana(term), number);
                if !general {
                    let reading = analyzer.cut(term).reading;
                    if reading.chars().count() >= READ {
                        add(&mut synonyms.by_reading, reading, number);
                    }
                }
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
    pub(super) fn of(&self, text: &str) -> impl Iterator<Item = (&Term, bool)> {
        let key = hiragana(text);
        let groups = self.by_text.get(&key).into_iter().flatten();
        self.terms(groups)
            .filter(move |(term, _)| term.text != text)
            .take(SYNONYMS)
    }

    /// All words of the groups of the field in which something is read so.
    pub(super) fn read(&self, reading: &str) -> impl Iterator<Item = (&Term, bool)> {
        let groups = self.by_reading.get(reading).into_iter().flatten();
        self.terms(groups).take(SYNONYMS)
    }

    fn terms<'a>(
        &'a self,
        groups: impl Iterator<Item = &'a usize>,
    ) -> impl Iterator<Item = (&'a Term, bool)> {
        let groups = groups.filter_map(|group| self.groups.get(*group));
        groups.flat_map(|(terms, general)| terms.iter().map(|term| (term, *general)))
    }
}

fn add(groups: &mut HashMap<String, Vec<usize>>, key: String, group: usize) {
    let known = groups.entry(key).or_default();
    if known.last() != Some(&group) {
        known.push(group);
    }
}
