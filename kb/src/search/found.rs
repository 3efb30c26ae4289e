//! What a search finds.

use madoguchi_core::article::ArticleNumber;
use madoguchi_core::id::CategoryId;
use serde::Serialize;

use crate::entry::Source;
use crate::highlight::Fragment;

/// A result that answers so likely is shown as the answer; docs/search.md tells how that was found.
const ANSWERS: f32 = 0.7;

/// If the best answers less likely than this, nothing was found.
const COMES_NEAR: f32 = 0.2;

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
    /// What is to be thought of it as a whole.
    pub fn verdict(&self) -> Verdict {
        match self.fit {
            _ if self.total == 0 => Verdict::None,
            // It was asked for by its number.
            None => Verdict::Answer,
            Some(fit) if fit.confidence >= ANSWERS => Verdict::Answer,
            Some(fit) if fit.confidence >= COMES_NEAR => Verdict::Near,
            Some(_) => Verdict::None,
        }
    }

    /// Whether nothing answers what was asked: what was found, if anything, at best comes near.
    pub fn is_near(&self) -> bool {
        self.total > 0 && self.verdict() != Verdict::Answer
    }
}

/// What is to be thought of what was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The first result answers what was asked.
    Answer,
    /// What was found only comes near.
    Near,
    /// Nothing was found, or only what shares some letters.
    None,
}

/// How well an entry fits what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Fit {
    /// How much of what was asked for it holds in words, 0–1, each by how much it tells: the rarer, the
    /// more.
    pub words: f32,
    /// How alike it is in meaning, −1 to 1; 0 without an encoder.
    pub meaning: f32,
    /// How likely it answers, 0–1.
    pub confidence: f32,
    /// What that was concluded from, in the order of [`super::SIGNALS`].
    pub signals: [f32; 10],
}

impl Fit {
    /// Words and meaning in one: to be compared between entries of different indexes, too.
    pub fn level(self) -> f32 {
        self.words + MEANT * self.meaning.max(0.0)
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
    /// The part of the answer that answers: all of a short one.
    pub passage: String,
    /// Why it was found, if that was asked for; what counted most comes first.
    pub reasons: Vec<Reason>,
    /// How well it fits by itself.
    pub fit: Option<Fit>,
    /// The beginning of its answer without blanks: what tells answers apart that are nearly the same. Only
    /// with its fit.
    pub(crate) answer: String,
}

impl Hit {
    /// How likely it answers what was asked, 0–1; 1 for what was asked for by its number.
    pub fn confidence(&self) -> f32 {
        self.fit.map_or(1.0, |fit| fit.confidence)
    }
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
