//! The language of the field: words that the dictionary does not know, and words that mean the same.

mod sudachi;

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use lindera_dictionary::dictionary::UserDictionary;
use serde::{Deserialize, Serialize};

use crate::analysis::kana::hiragana;
use crate::analysis::normal::{Normal, is_kana};
use crate::dictionary::Dictionary;
use crate::error::KbError;

const WORDS: &str = include_str!("../sample/words.csv");
const SYNONYMS: &str = include_str!("../sample/synonyms.csv");
/// The part of speech and the place among other words of a word of ours: that of a common noun.
const NOUN: (&str, &str, &str) = ("1285", "名詞", "一般");

/// The longest word of operators, in letters.
const LETTERS: usize = 40;
/// Words of one group.
const TERMS: usize = 20;

/// Why words of operators cannot be taken up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LanguageFault {
    /// One of them is no word.
    #[error("語は、「、」「,」や改行を含まない、40文字以内の言葉にしてください")]
    Term,
    /// The reading is not in kana.
    #[error("読みは、ひらがなかカタカナで入力してください")]
    Reading,
    /// The parts are not the word.
    #[error("区切りは、つなげると表記と同じになるように、2つ以上入力してください")]
    Parts,
    /// The same word twice.
    #[error("同じ語が2度入力されています")]
    Twice,
    /// Too few or too many.
    #[error("2語から20語までを入力してください")]
    Terms,
}

/// A word that the dictionary does not know, or cuts wrongly.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UserWord {
    /// As it is written.
    pub surface: String,
    /// As it is read, in kana.
    pub reading: String,
    /// The parts it is looked for by, which together are the word; none: it is looked for whole.
    #[serde(default)]
    pub parts: Vec<String>,
}

impl UserWord {
    /// Why the word cannot be taken up.
    pub fn fault(&self) -> Option<LanguageFault> {
        let kana = |letter: char| is_kana(letter) || letter == 'ー';
        let reading = Normal::of(&self.reading).text;
        if !is_term(&self.surface) || !self.parts.iter().all(|part| is_term(part)) {
            return Some(LanguageFault::Term);
        }
        if reading.is_empty() || !reading.chars().all(kana) {
            return Some(LanguageFault::Reading);
        }
        let whole: String = self
            .parts
            .iter()
            .map(|part| Normal::of(part).text)
            .collect();
        let fits = match self.parts.len() {
            0 => true,
            1 => false,
            _ => whole == Normal::of(&self.surface).text,
        };
        (!fits).then_some(LanguageFault::Parts)
    }
}

impl SynonymGroup {
    /// Why the group cannot be taken up.
    pub fn fault(&self) -> Option<LanguageFault> {
        if !self.terms.iter().all(|term| is_term(term)) {
            return Some(LanguageFault::Term);
        }
        let different: HashSet<String> = self
            .terms
            .iter()
            .map(|term| Normal::of(term).text)
            .collect();
        if different.len() < self.terms.len() {
            return Some(LanguageFault::Twice);
        }
        let fits = (2..=TERMS).contains(&self.terms.len());
        (!fits).then_some(LanguageFault::Terms)
    }

    /// Whether a word is in the group, however it is spelt.
    pub fn has(&self, term: &str) -> bool {
        let term = Normal::of(term).text;
        self.terms.iter().any(|own| Normal::of(own).text == term)
    }
}

/// A word as people write one: on one line, without what separates words.
fn is_term(text: &str) -> bool {
    let letters = text.chars().count();
    (1..=LETTERS).contains(&letters)
        && text.trim() == text
        && text.chars().any(char::is_alphanumeric)
        && !text.contains([',', '、', '"'])
        && !text.chars().any(char::is_control)
}

/// Words that mean the same to the desk.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SynonymGroup {
    /// The words.
    pub terms: Vec<String>,
}

/// Words and synonyms.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Language {
    pub words: Vec<UserWord>,
    /// Groups of synonyms of the field.
    pub synonyms: Vec<SynonymGroup>,
    /// Groups of synonyms of the language at large; they count for less.
    pub general: Arc<[SynonymGroup]>,
}

impl Language {
    /// What the product knows of its field.
    pub fn of_the_field() -> Self {
        let words = lines(WORDS).filter_map(|line| {
            let mut columns = line.split(',').map(str::trim);
            Some(UserWord {
                surface: columns.next()?.to_owned(),
                reading: columns.next()?.to_owned(),
                parts: columns
                    .next()
                    .unwrap_or_default()
                    .split_whitespace()
                    .map(str::to_owned)
                    .collect(),
            })
        });
        let synonyms = lines(SYNONYMS).map(|line| SynonymGroup {
            terms: line.split(',').map(|term| term.trim().to_owned()).collect(),
        });
        Self {
            words: words.collect(),
            synonyms: synonyms.collect(),
            general: Arc::default(),
        }
    }

    /// The same with the synonyms of the language at large from a file of Sudachi's.
    ///
    /// # Errors
    /// [`KbError::Io`] if there is no such file, [`KbError::Unreadable`].
    pub fn with_sudachi(mut self, file: &Path) -> Result<Self, KbError> {
        let text = std::fs::read_to_string(file).map_err(KbError::io(file))?;
        self.general = sudachi::groups(&text)?.into();
        Ok(self)
    }

    /// The same with words and synonyms of the operators' own.
    #[must_use]
    pub fn and(mut self, words: Vec<UserWord>, synonyms: Vec<SynonymGroup>) -> Self {
        self.words.extend(words);
        self.synonyms.extend(synonyms);
        self
    }

    pub(crate) fn user_dictionary(&self) -> Result<Option<UserDictionary>, KbError> {
        if self.words.is_empty() {
            return Ok(None);
        }
        let (place, speech, kind) = NOUN;
        let mut rows = String::new();
        for word in &self.words {
            let surface = Normal::of(&word.surface).text;
            let reading = Normal::of(&word.reading).text;
            let clean = |text: &str| !text.is_empty() && !text.contains([',', '"', '\n', '\r']);
            if clean(&surface) && clean(&reading) {
                rows.push_str(&format!(
                    "{surface},{place},{place},-4000,{speech},{kind},*,*,*,*,{surface},{reading},{reading}\n"
                ));
            }
        }
        Dictionary::builder()?
            .build_user_dict_from_reader(rows.as_bytes())
            .map(Some)
            .map_err(|error| KbError::Words(error.into()))
    }

    /// The words that are looked for by their parts.
    pub(crate) fn parts(&self) -> HashMap<String, Vec<String>> {
        self.words
            .iter()
            .filter_map(|word| {
                let surface = Normal::of(&word.surface).text;
                let parts: Vec<_> = word
                    .parts
                    .iter()
                    .map(|part| Normal::of(part).text)
                    .collect();
                (parts.len() > 1 && parts.concat() == surface).then_some((surface, parts))
            })
            .collect()
    }

    /// A number that is another whenever texts would be cut otherwise.
    pub(crate) fn fingerprint(&self) -> u64 {
        // FNV-1a: the same on every machine and in every version.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut take = |text: &str| {
            for byte in text.bytes().chain([0]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        };
        for word in &self.words {
            take(&word.surface);
            take(&hiragana(&word.reading));
            word.parts.iter().for_each(|part| take(part));
        }
        hash
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}
