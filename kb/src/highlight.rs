//! Shows what of a text was looked for, as pieces of the text itself; never as HTML.

use std::collections::HashSet;
use std::ops::Range;

use serde::Serialize;

use crate::analysis::{Analyzer, Cut, grams};
use crate::query::{Kind, Wanted};

/// So much of an answer is shown, in letters.
const EXCERPT: usize = 120;
/// So much before the first mark.
const BEFORE: usize = 20;
/// No more of an answer is looked through (bytes).
const LOOKED_THROUGH: usize = 6_000;

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Piece {
    /// The text.
    pub text: String,
    /// It is what was looked for.
    pub marked: bool,
}

/// Marks what was looked for.
pub(crate) struct Marker<'a> {
    words: HashSet<&'a str>,
    readings: HashSet<&'a str>,
    grams: HashSet<&'a str>,
}

impl<'a> Marker<'a> {
    pub(crate) fn new(wanted: &'a [Wanted]) -> Self {
        let of = |kinds: &[Kind]| {
            let some = wanted.iter().filter(|wanted| kinds.contains(&wanted.kind));
            some.map(|wanted| wanted.text.as_str()).collect()
        };
        let mut grams: HashSet<&str> = of(&[Kind::Gram]);
        grams.retain(|gram| gram.chars().count() == 2);
        Self {
            words: of(&[Kind::Word, Kind::Synonym, Kind::Plain]),
            readings: of(&[Kind::Reading]),
            grams,
        }
    }

    /// The whole text.
    pub(crate) fn whole(&self, text: &str, analyzer: &Analyzer) -> Vec<Piece> {
        pieces(text, 0..text.len(), &self.marks(&analyzer.cut(text)))
    }

    /// The part of the text with the most marks.
    pub(crate) fn excerpt(&self, text: &str, analyzer: &Analyzer) -> Vec<Piece> {
        let text = text
            .get(..text.floor_char_boundary(LOOKED_THROUGH))
            .unwrap_or(text);
        let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let marks = self.marks(&analyzer.cut(&text));
        let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let letter = |byte: usize| starts.partition_point(|at| *at < byte);
        let count = |from: usize| {
            let within = marks.iter().filter(|mark| {
                let at = letter(mark.start);
                at >= from && at < from + EXCERPT
            });
            within.count()
        };
        let mut from = 0;
        let mut most = count(0);
        for mark in &marks {
            let start = letter(mark.start).saturating_sub(BEFORE);
            if count(start) > most {
                (from, most) = (start, count(start));
            }
        }
        let begin = starts.get(from).copied().unwrap_or(0);
        let end = starts.get(from + EXCERPT).copied().unwrap_or(text.len());
        let mut pieces = pieces(&text, begin..end, &marks);
        let dots = || Piece {
            text: "…".to_owned(),
            marked: false,
        };
        if begin > 0 {
            pieces.insert(0, dots());
        }
        if end < text.len() {
            pieces.push(dots());
        }
        pieces
    }

    /// What is to be marked, in order, not overlapping.
    fn marks(&self, cut: &Cut) -> Vec<Range<usize>> {
        let words = cut.words.iter().filter(|word| {
            let read = word.reading.as_deref();
            self.words.contains(word.term.as_str())
                || read.is_some_and(|read| self.readings.contains(read))
        });
        let mut marks: Vec<_> = words.map(|word| word.range.clone()).collect();
        for gram in grams(&cut.normal.text) {
            if self.grams.contains(gram.text.as_str()) {
                marks.push(cut.normal.original(gram.range));
            }
        }
        marks.sort_by_key(|mark| (mark.start, mark.end));
        let mut merged: Vec<Range<usize>> = Vec::new();
        for mark in marks {
            match merged.last_mut() {
                Some(last) if mark.start <= last.end => last.end = last.end.max(mark.end),
                _ => merged.push(mark),
            }
        }
        merged
    }
}

fn pieces(text: &str, part: Range<usize>, marks: &[Range<usize>]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut push = |range: Range<usize>, marked: bool| {
        if let Some(text) = text.get(range).filter(|text| !text.is_empty()) {
            let text = text.to_owned();
            pieces.push(Piece { text, marked });
        }
    };
    let mut at = part.start;
    for mark in marks {
        let (begin, end) = (mark.start.max(at), mark.end.min(part.end));
        if begin < end {
            push(at..begin, false);
            push(begin..end, true);
            at = end;
        }
    }
    push(at..part.end, false);
    pieces
}
