//! Where the words of an entry stand, kept beside it so that they can be marked without cutting it
//! again.

use std::borrow::Cow;
use std::ops::Range;

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
    /// The entry, if the document is not the one that keeps it.
    #[serde(borrow)]
    pub(crate) of: Option<Cow<'a, str>>,
    /// Where the passage stands in the answer.
    pub(crate) passage: Range<usize>,
    #[serde(borrow)]
    pub(crate) question: Vec<WordPosition<'a>>,
    /// In what is shown of the passage.
    #[serde(borrow)]
    pub(crate) answer: Vec<WordPosition<'a>>,
}

/// What of a passage may be shown: its lines, without blank ones and what is blank around words.
pub(crate) fn shown(passage: &str) -> String {
    let part = passage.get(..passage.floor_char_boundary(LOOKED_THROUGH));
    let lines = part.unwrap_or(passage).lines().map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.join(" ")
    });
    let lines: Vec<String> = lines.filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}
