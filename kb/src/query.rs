//! What was typed or said, as weighted terms.

mod spoken;
mod synonyms;
mod terms;

use madoguchi_core::id::CategoryId;

pub(crate) use self::synonyms::Synonyms;
pub(crate) use self::terms::terms;
use crate::entry::Viewer;

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
    /// Words, their parts and readings; without them meaning alone finds and ranks.
    pub words: bool,
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
        words: true,
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
        words: true,
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
    /// The words of the query that it is, is part of, or stands in for: a bit for each of the first
    /// [`SLOTS`].
    pub(crate) slots: u32,
}

/// Words of a query that are told apart.
pub(crate) const SLOTS: usize = 32;
