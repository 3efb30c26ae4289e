//! Cuts a text into the words that count, each in the form that is compared.

pub(crate) mod kana;
pub(crate) mod normal;
mod stops;
mod variants;

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use lindera::mode::{Mode, Penalty};
use lindera::segmenter::Segmenter;
use lindera::token::Token;

use self::kana::hiragana;
use self::normal::{Normal, is_hiragana, is_kana, is_kanji, is_katakana};
use crate::dictionary::Dictionary;
use crate::error::KbError;
use crate::language::Language;

/// A word that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The form that is compared: base form, one spelling.
    pub term: String,
    /// How it is read, in hiragana, if that is known.
    pub reading: Option<String>,
    /// Where it stands in the text, in bytes.
    pub range: Range<usize>,
}

/// A text, cut up.
#[derive(Debug, Default)]
pub(crate) struct Cut {
    pub(crate) words: Vec<Word>,
    /// Where each of these words stands in the normal text.
    pub(crate) spans: Vec<Range<usize>>,
    /// Where each piece of the normal text stands, whether it counts or not.
    pub(crate) pieces: Vec<Range<usize>>,
    /// How the whole text is read, in hiragana.
    pub(crate) reading: String,
    pub(crate) normal: Normal,
}

/// Runs of one or two letters of kanji or katakana.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gram<'a> {
    pub(crate) text: Cow<'a, str>,
    /// Where it stands in the normal text.
    pub(crate) range: Range<usize>,
}

/// The pairs of words that follow each other.
pub(crate) fn pairs(cut: &Cut) -> Vec<String> {
    cut.words
        .windows(2)
        .filter_map(|two| match two {
            [one, other] => Some(format!("{} {}", one.term, other.term)),
            _ => None,
        })
        .collect()
}

/// Cuts texts. Costly to make, quick to use.
pub struct Analyzer {
    segmenter: Segmenter,
    /// Words of ours that are better looked for by their parts.
    parts: HashMap<String, Vec<Word>>,
    /// All words that are read are kept, not only those that say something (to measure against).
    keep_stops: bool,
}

impl std::fmt::Debug for Analyzer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Analyzer")
    }
}

impl Analyzer {
    /// An analyzer that knows the words of `language` besides those of the dictionary.
    ///
    /// # Errors
    /// [`KbError::Words`] if a word cannot be taken up.
    pub fn new(dictionary: &Dictionary, language: &Language) -> Result<Self, KbError> {
        let words = language.user_dictionary()?;
        let mode = Mode::Decompose(Penalty::default());
        let mut analyzer = Self {
            segmenter: Segmenter::new(mode, dictionary.built.clone(), words),
            parts: HashMap::new(),
            keep_stops: false,
        };
        for (word, parts) in language.parts() {
            let mut at = 0;
            let words = parts.iter().map(|part| {
                let range = at..at + part.len();
                at = range.end;
                Word {
                    term: variants::term(part),
                    reading: Some(analyzer.cut(part).reading),
                    range,
                }
            });
            let words = words.collect();
            analyzer.parts.insert(word, words);
        }
        Ok(analyzer)
    }

    /// The same without stop words: every word counts.
    pub(crate) fn keeping_stops(mut self) -> Self {
        self.keep_stops = true;
        self
    }

    /// The words of a text that count.
    pub fn words(&self, text: &str) -> Vec<Word> {
        self.cut(text).words
    }

    pub(crate) fn cut(&self, text: &str) -> Cut {
        let normal = Normal::of(text);
        let mut cut = Cut::default();
        // What cannot be cut is not lost: runs of letters are found all the same.
        let tokens = self
            .segmenter
            .segment(Cow::Borrowed(normal.text.as_str()))
            .unwrap_or_else(|error| {
                tracing::warn!(%error, "a text cannot be cut into words");
                Vec::new()
            });
        for mut token in tokens {
            self.take(&mut token, &normal, &mut cut);
        }
        cut.normal = normal;
        cut
    }

    fn take(&self, token: &mut Token<'_>, normal: &Normal, cut: &mut Cut) {
        let surface = token.surface.clone().into_owned();
        let begin = token.byte_start;
        cut.pieces.push(begin..token.byte_end);
        let details: Vec<&str> = token.details();
        let detail = |at: usize| details.get(at).copied().filter(|text| *text != "*");
        let reading = match detail(7) {
            Some(reading) => Some(hiragana(reading)),
            None => surface.chars().all(is_kana).then(|| hiragana(&surface)),
        };
        cut.reading.push_str(reading.as_deref().unwrap_or(&surface));
        let speech = [0, 1, 2, 3].map(|at| detail(at).unwrap_or_default());
        let base = detail(6).unwrap_or(&surface);
        if !self.keep_stops && stops::says_nothing(speech, base, &surface) {
            return;
        }
        if surface.trim().is_empty() {
            return;
        }
        if let Some(parts) = self.parts.get(&surface) {
            let span = |part: &Word| begin + part.range.start..begin + part.range.end;
            cut.spans.extend(parts.iter().map(span));
            cut.words.extend(parts.iter().map(|part| Word {
                range: normal.original(begin + part.range.start..begin + part.range.end),
                ..part.clone()
            }));
            return;
        }
        cut.spans.push(begin..begin + surface.len());
        cut.words.push(Word {
            term: variants::term(base),
            reading,
            range: normal.original(begin..begin + surface.len()),
        });
    }
}

/// The one- and two-letter runs of kanji and of katakana in a normal text. Kana between two kanji
/// that only tell how a word is inflected (申し込み, 取り消し) do not part them: 申込, 取消.
pub(crate) fn grams(text: &str) -> Vec<Gram<'_>> {
    let mut grams = Vec::with_capacity(text.len() / 2);
    let mut add = |range: Range<usize>| {
        let text = Cow::Borrowed(text.get(range.clone()).unwrap_or_default());
        grams.push(Gram { text, range });
    };
    let mut inflected = Vec::new();
    for (begin, letter) in text.char_indices() {
        let kanji = is_kanji(letter);
        if !kanji && (!is_katakana(letter) || letter == 'ー') {
            continue;
        }
        let end = begin + letter.len_utf8();
        if kanji {
            add(begin..end);
        }
        let mut rest = text.get(end..).unwrap_or_default().chars();
        match rest.next() {
            Some(next) if kanji && is_kanji(next) || !kanji && is_katakana(next) => {
                add(begin..end + next.len_utf8());
            }
            // One letter of inflection, as in 申し込 or 取り消.
            Some(next) if kanji && "いえきぎけげしじせちてにびみめりれわ".contains(next) => {
                if let Some(after) = rest.next().filter(|after| is_kanji(*after)) {
                    inflected.push(Gram {
                        text: Cow::Owned([letter, after].iter().collect()),
                        range: begin..end + next.len_utf8() + after.len_utf8(),
                    });
                }
            }
            _ => {}
        }
    }
    grams.append(&mut inflected);
    grams
}

/// The runs of two and three letters of a reading.
pub(crate) fn reading_grams(reading: &str) -> Vec<String> {
    let letters: Vec<char> = reading
        .chars()
        .map(|letter| if is_hiragana(letter) { letter } else { ' ' })
        .collect();
    [2, 3]
        .into_iter()
        .flat_map(|length| letters.windows(length))
        .filter(|run| !run.contains(&' '))
        .map(|run| run.iter().collect())
        .collect()
}
