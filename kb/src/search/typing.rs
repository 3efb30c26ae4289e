//! Words that no entry holds, taken for the nearest that some entry does: one letter more, less or
//! other.

use std::sync::LazyLock;

use levenshtein_automata::{DFA, Distance, LevenshteinAutomatonBuilder, SINK_STATE};
use tantivy::Searcher;
use tantivy_fst::Automaton;

use crate::analysis::normal::is_kana;
use crate::error::KbError;
use crate::fields::Fields;
use crate::query::QueryTerm;

/// Shorter words are near to too many others.
const SHORTEST: usize = 3;
/// No more than these are taken.
const NEAREST: usize = 3;
/// What such a word counts, compared with one that was typed right.
const COUNTS: f32 = 0.6;

/// One letter more, less or other, or two exchanged. Costly to make.
static NEAR: LazyLock<LevenshteinAutomatonBuilder> =
    LazyLock::new(|| LevenshteinAutomatonBuilder::new(1, true));

/// What may have been meant by a word that no entry holds.
pub(super) fn nearest(
    searcher: &Searcher,
    fields: &Fields,
    wanted: &QueryTerm,
) -> Result<Vec<QueryTerm>, KbError> {
    let letters = wanted.text.chars().count();
    let typed = wanted
        .text
        .chars()
        .all(|letter| is_kana(letter) || letter.is_ascii_alphabetic());
    if letters < SHORTEST || !typed {
        return Ok(Vec::new());
    }
    let near = FuzzyAutomaton(NEAR.build_dfa(&wanted.text));
    let mut found: Vec<(u32, String)> = Vec::new();
    for field in [
        fields.question_words,
        fields.keyword_words,
        fields.answer_words,
    ] {
        for segment in searcher.segment_readers() {
            let index = segment.inverted_index(field)?;
            let mut stream = index
                .terms()
                .search(&near)
                .into_stream()
                .map_err(tantivy::TantivyError::from)?;
            while stream.advance() {
                if let Ok(text) = std::str::from_utf8(stream.key()) {
                    found.push((stream.value().doc_freq, text.to_owned()));
                }
            }
        }
    }
    found.sort_by(|(one, text), (other, there)| other.cmp(one).then(text.cmp(there)));
    found.dedup_by(|(_, one), (_, other)| one == other);
    Ok(found
        .into_iter()
        .take(NEAREST)
        .map(|(_, text)| QueryTerm {
            kind: wanted.kind,
            text,
            weight: wanted.weight * COUNTS,
            slots: wanted.slots,
        })
        .collect())
}

struct FuzzyAutomaton(DFA);

impl Automaton for FuzzyAutomaton {
    type State = u32;

    fn start(&self) -> u32 {
        self.0.initial_state()
    }

    fn is_match(&self, state: &u32) -> bool {
        matches!(self.0.distance(*state), Distance::Exact(_))
    }

    fn can_match(&self, state: &u32) -> bool {
        *state != SINK_STATE
    }

    fn accept(&self, state: &u32, byte: u8) -> u32 {
        self.0.transition(*state, byte)
    }
}
