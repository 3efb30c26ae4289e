//! What a search finds.

use madoguchi_core::article::ArticleNumber;
use madoguchi_core::id::CategoryId;

use crate::entry::Source;
use crate::highlight::Fragment;

/// What holds so much of what was asked for answers it; docs/search.md tells how that was found.
const FITS: f32 = 0.35;

/// What meaning exactly what was asked counts in that.
const MEANT: f32 = 0.25;

/// What was found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Found {
    /// The best, in order.
    pub hits: Vec<Hit>,
    /// How many answers there are, of which `hits` are some.
    pub total: usize,
    /// How well the best of them fits; `None` if there is none, or it was asked for by its number.
    pub fit: Option<Fit>,
}

impl Found {
    /// Whether nothing answers what was asked: what was found, if anything, only comes near.
    pub fn is_near(&self) -> bool {
        self.fit.is_some_and(|fit| fit.is_near())
    }
}

/// How well an entry fits what was asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    /// How much of what was asked for it holds in words, 0–1, each by how much it tells: the rarer, the
    /// more.
    pub words: f32,
    /// How alike it is in meaning, −1 to 1; 0 without an encoder.
    pub meaning: f32,
}

impl Fit {
    /// Words and meaning in one: to be compared between entries of different indexes, too.
    pub fn level(self) -> f32 {
        self.words + MEANT * self.meaning.max(0.0)
    }

    /// Whether it only comes near: it holds few of the words that tell most, and means something else.
    pub fn is_near(self) -> bool {
        self.level() < FITS
    }
}

/// An entry that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    pub id: String,
    /// Its number, if it is an article.
    pub number: Option<ArticleNumber>,
    /// Where it comes from.
    pub source: Source,
    /// The desk alone may see it.
    pub desk_only: bool,
    pub category: CategoryId,
    /// How well it fits; to be compared within one search only.
    pub score: f32,
    pub question: Vec<Fragment>,
    /// What of the answer fits best.
    pub excerpt: Vec<Fragment>,
    /// Why it was found, if that was asked for; what counted most comes first.
    pub reasons: Vec<Reason>,
    /// How well it fits by itself, if that was asked for.
    pub fit: Option<Fit>,
    /// The beginning of its answer without blanks: what tells answers apart that are nearly the same. Only
    /// with its fit.
    pub(crate) answer: String,
}

/// Why an entry was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// What was looked for: a word of the query, a synonym, the meaning …
    pub kind: &'static str,
    /// The words or runs.
    pub texts: Vec<String>,
    /// Its part of the score, 0–1.
    pub share: f32,
}
