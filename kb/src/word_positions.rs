//! Where the words of an entry stand, kept beside it so that they can be marked without cutting it
//! again.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::analysis::Word;

/// No more of an answer is looked through (bytes).
const LOOKED_THROUGH: usize = 6_000;

/// Where a word stands, its compared form, and how it is read.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WordPosition<'a>(
    pub(crate) usize,
    pub(crate) usize,
    #[serde(borrow)] pub(crate) Cow<'a, str>,
    #[serde(borrow)] pub(crate) Option<Cow<'a, str>>,
);

impl<'a> WordPosition<'a> {
    pub(crate) fn of(word: &'a Word) -> Self {
        let reading = word.reading.as_deref().map(Cow::Borrowed);
        Self(
            word.range.start,
            word.range.end,
            Cow::Borrowed(&word.term),
            reading,
        )
    }
}

/// Where the words of an entry stand.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WordPositions<'a> {
    #[serde(borrow)]
    pub(crate) question: Vec<WordPosition<'a>>,
    /// In what is shown of the answer.
    #[serde(borrow)]
    pub(crate) answer: Vec<WordPosition<'a>>,
}

/// What of an answer may be shown, on one line.
pub(crate) fn shown(answer: &str) -> String {
    let part = answer.get(..answer.floor_char_boundary(LOOKED_THROUGH));
    let words: Vec<&str> = part.unwrap_or(answer).split_whitespace().collect();
    words.join(" ")
}
