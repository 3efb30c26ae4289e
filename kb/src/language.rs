//! The language of the field: words that the dictionary does not know, and words that mean the same.

mod sudachi;

use std::collections::HashMap;
use std::path::Path;

use lindera_dictionary::dictionary::UserDictionary;
use serde::{Deserialize, Serialize};

use crate::analysis::kana::hiragana;
use crate::analysis::normal::Normal;
use crate::dictionary::Dictionary;
use crate::error::KbError;

const WORDS: &str = include_str!("../sample/words.csv");
const SYNONYMS: &str = include_str!("../sample/synonyms.csv");
/// The part of speech and the place among other words of a word of ours: that of a common noun.
const NOUN: (&str, &str, &str) = ("1285", "名詞", "一般");

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

/// Words that mean the same to the desk.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SynonymGroup {
    /// The words.
    pub terms: Vec<String>,
}

/// Words and synonyms.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Language {
    /// Words.
    pub words: Vec<UserWord>,
    /// Groups of synonyms of the field.
    pub synonyms: Vec<SynonymGroup>,
    /// Groups of synonyms of the language at large; they count for less.
    pub general: Vec<SynonymGroup>,
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
            general: Vec::new(),
        }
    }

    /// The same with the synonyms of the language at large from a file of Sudachi's.
    ///
    /// # Errors
    /// [`KbError::Io`] if there is no such file, [`KbError::Unreadable`].
    pub fn with_sudachi(mut self, file: &Path) -> Result<Self, KbError> {
        let text = std::fs::read_to_string(file).map_err(KbError::io(file))?;
        self.general = sudachi::groups(&text)?;
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
