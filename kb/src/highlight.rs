//! Shows what of a text was looked for, as pieces of the text itself; never as HTML.

use std::collections::HashSet;
use std::ops::Range;

use serde::Serialize;

use crate::analysis::grams;
use crate::analysis::normal::{Normal, belongs_to_the_one_before};
use crate::query::{Kind, QueryTerm};
use crate::word_positions::{WordPosition, shown};

/// So much of an answer is shown, in letters.
const EXCERPT: usize = 120;
/// So much before the first mark.
const BEFORE: usize = 20;

/// Makes one sign of two.
const JOINER: char = '\u{200d}';

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fragment {
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
    pub(crate) fn new(wanted: &'a [QueryTerm]) -> Self {
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

    /// The whole text, in which these words stand.
    pub(crate) fn whole(&self, text: &str, places: &[WordPosition<'_>]) -> Vec<Fragment> {
        let marks = self.with_grams(text, 0..text.len(), places);
        pieces(text, 0..text.len(), &marks)
    }

    /// The part of the text with the most marks.
    pub(crate) fn excerpt(&self, text: &str, places: &[WordPosition<'_>]) -> Vec<Fragment> {
        let text = shown(text);
        let marks = self.marks(places);
        let starts = starts(&text);
        let letter = |byte: usize| starts.partition_point(|at| *at < byte);
        let begins: Vec<usize> = marks.iter().map(|mark| letter(mark.start)).collect();
        let count = |from: usize| {
            let first = begins.partition_point(|at| *at < from);
            let after = begins.partition_point(|at| *at < from + EXCERPT);
            after.saturating_sub(first)
        };
        let mut from = 0;
        let mut most = count(0);
        for begin in &begins {
            let start = begin.saturating_sub(BEFORE);
            if count(start) > most {
                (from, most) = (start, count(start));
            }
        }
        let begin = starts.get(from).copied().unwrap_or(0);
        let end = starts.get(from + EXCERPT).copied().unwrap_or(text.len());
        let marks = self.with_grams(&text, begin..end, places);
        let mut pieces = pieces(&text, begin..end, &marks);
        let dots = || Fragment {
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

    /// The words that are to be marked, in order.
    fn marks(&self, places: &[WordPosition<'_>]) -> Vec<Range<usize>> {
        let words = places.iter().filter(|WordPosition(_, _, term, reading)| {
            let read = reading.as_deref();
            self.words.contains(term.as_ref())
                || read.is_some_and(|read| self.readings.contains(read))
        });
        words
            .map(|WordPosition(begin, end, ..)| *begin..*end)
            .collect()
    }

    /// The words that are to be marked and those of which runs of letters in a part of the text make up
    /// half, in order, not overlapping.
    fn with_grams(
        &self,
        text: &str,
        part: Range<usize>,
        places: &[WordPosition<'_>],
    ) -> Vec<Range<usize>> {
        let mut marks = self.marks(places);
        let mut runs: Vec<Range<usize>> = Vec::new();
        if !self.grams.is_empty() {
            let begin = part.start;
            let normal = Normal::of(text.get(part).unwrap_or_default());
            for gram in grams(&normal.text) {
                if self.grams.contains(gram.text.as_ref()) {
                    let range = normal.original(gram.range);
                    runs.push(begin + range.start..begin + range.end);
                }
            }
        }
        let runs = merged(runs);
        let is_half = |word: &Range<usize>| {
            let shared = runs.iter().map(|run| {
                let (begin, end) = (run.start.max(word.start), run.end.min(word.end));
                end.saturating_sub(begin)
            });
            shared.sum::<usize>() * 2 >= word.len()
        };
        let words = places
            .iter()
            .map(|WordPosition(begin, end, ..)| *begin..*end);
        marks.extend(words.filter(|word| !word.is_empty() && is_half(word)));
        merged(marks)
    }
}

/// These marks in order, those that touch as one.
fn merged(mut marks: Vec<Range<usize>>) -> Vec<Range<usize>> {
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

/// Where the letters begin, each with the marks and joined signs that belong to it.
fn starts(text: &str) -> Vec<usize> {
    let mut before = None;
    let begins = text.char_indices().filter(|(_, letter)| {
        let joined = before == Some(JOINER) || *letter == JOINER;
        before = Some(*letter);
        !joined && !belongs_to_the_one_before(*letter)
    });
    begins.map(|(at, _)| at).collect()
}

fn pieces(text: &str, part: Range<usize>, marks: &[Range<usize>]) -> Vec<Fragment> {
    let mut pieces = Vec::new();
    let mut push = |range: Range<usize>, marked: bool| {
        if let Some(text) = text.get(range).filter(|text| !text.is_empty()) {
            let text = text.to_owned();
            pieces.push(Fragment { text, marked });
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
