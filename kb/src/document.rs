//! What an entry becomes in an index.

use std::borrow::Cow;

use madoguchi_encoder::Encoder;
use tantivy::TantivyDocument;
use tantivy::tokenizer::{PreTokenizedString, Token};

use crate::analysis::kana::hiragana;
use crate::analysis::{Analyzer, Cut, grams, pairs, reading_grams};
use crate::beginnings;
use crate::entry::Entry;
use crate::error::KbError;
use crate::fields::{Fields, HEAD};
use crate::meaning;
use crate::passages::{Passage, passages};
use crate::word_positions::{WordPosition, WordPositions, shown};

/// An answer longer than this (bytes) is cut off in the index.
const ANSWER_BYTES: usize = 100_000;

/// A question longer than this (bytes) is cut off in the index.
const QUESTION_BYTES: usize = 10_000;

/// What cuts texts and knows what they mean.
pub(crate) struct Tools<'a> {
    pub(crate) analyzer: &'a Analyzer,
    /// Keeps every word; only to measure against.
    pub(crate) plain: Option<&'a Analyzer>,
    pub(crate) encoder: Option<&'a Encoder>,
}

impl Fields {
    /// The documents of an entry: one, or one for each passage of a long answer. The first keeps the entry.
    pub(crate) fn documents(
        &self,
        entry: &Entry,
        tools: &Tools<'_>,
    ) -> Result<Vec<TantivyDocument>, KbError> {
        let (entry, cut_off) = cut_off(entry);
        if cut_off {
            tracing::warn!(entry = entry.id, "too long; only its beginning is found");
        }
        let passages = if tools.plain.is_some() {
            vec![Passage::whole(&entry.answer)]
        } else {
            passages(&entry.answer)
        };
        let head = EntryHead {
            question: tools.analyzer.cut(&entry.question),
            keywords: entry
                .keywords
                .iter()
                .map(|word| tools.analyzer.cut(word))
                .collect(),
            meaning: tools.encoder.map(|encoder| encoder.encode(&entry.question)),
            several_passages: passages.len() > 1,
        };
        let numbered = passages.iter().enumerate();
        numbered
            .map(|(at, passage)| {
                let mut document = self.passage(&entry, &head, passage, at == 0, tools)?;
                if at == 0 {
                    self.add_head(&entry, &head, &mut document)?;
                }
                Ok(document)
            })
            .collect()
    }

    /// What the first document alone has.
    fn add_head(
        &self,
        entry: &Entry,
        head: &EntryHead,
        document: &mut TantivyDocument,
    ) -> Result<(), KbError> {
        document.add_text(self.head, HEAD);
        if let Some(number) = entry.number {
            document.add_text(self.number, number.0.to_string());
        }
        for key in beginnings::keys(entry, &head.question, &head.keywords) {
            document.add_text(self.suggestions, key);
        }
        document.add_text(self.entry, serde_json::to_string(entry)?);
        Ok(())
    }

    fn passage(
        &self,
        entry: &Entry,
        head: &EntryHead,
        passage: &Passage,
        is_head: bool,
        tools: &Tools<'_>,
    ) -> Result<TantivyDocument, KbError> {
        let EntryHead {
            question, keywords, ..
        } = head;
        let text = passage.with_heading(&entry.answer);
        let answer = tools.analyzer.cut(&text);
        let mut document = TantivyDocument::new();
        document.add_text(self.id, &entry.id);
        document.add_u64(self.group, group(&entry.id));
        document.add_text(self.category, entry.category.as_str());
        document.add_u64(self.settled, u64::from(entry.settled));
        document.add_i64(self.updated, entry.updated_at.0);
        if let (Some(encoder), Some(question)) = (tools.encoder, &head.meaning) {
            let several = head.several_passages;
            let numbers = meaning::of_passage(encoder, &entry.question, question, &text, several);
            for number in numbers {
                document.add_u64(self.meaning, number);
            }
        }
        let mut add = |field, terms: Vec<String>| {
            document.add_pre_tokenized_text(field, tokens(terms));
        };
        add(self.question_words, terms(question));
        add(
            self.keyword_words,
            keywords.iter().flat_map(terms).collect(),
        );
        add(self.answer_words, terms(&answer));
        add(self.question_pairs, pairs(question));
        add(self.answer_pairs, pairs(&answer));
        let of_keywords = keywords.iter().flat_map(gram_texts);
        add(
            self.question_grams,
            gram_texts(question)
                .into_iter()
                .chain(of_keywords)
                .collect(),
        );
        add(self.answer_grams, gram_texts(&answer));
        let read: Vec<_> = keywords.iter().flat_map(readings).collect();
        add(
            self.question_readings,
            readings(question).into_iter().chain(read).collect(),
        );
        add(self.answer_readings, readings(&answer));
        let given = entry.reading.as_deref().map(hiragana);
        let spoken = std::iter::once(question.reading.as_str())
            .chain(keywords.iter().map(|word| word.reading.as_str()))
            .chain(given.as_deref());
        add(self.kana, spoken.flat_map(reading_grams).collect());
        if let Some(plain) = tools.plain {
            let words = [&entry.question, &entry.answer].map(|text| terms(&plain.cut(text)));
            add(self.plain, words.concat());
        }
        let shown = tools.analyzer.cut(&shown(passage.of(&entry.answer)));
        let places = WordPositions {
            of: (!is_head).then_some(Cow::Borrowed(entry.id.as_str())),
            passage: passage.range.clone(),
            question: question.words.iter().map(WordPosition::of).collect(),
            answer: shown.words.iter().map(WordPosition::of).collect(),
        };
        document.add_text(self.places, serde_json::to_string(&places)?);
        Ok(document)
    }
}

/// What leads to an entry, the same for each of its passages.
struct EntryHead {
    question: Cut,
    keywords: Vec<Cut>,
    /// What the question means.
    meaning: Option<Vec<f32>>,
    /// Whether the answer is long enough for more than one passage.
    several_passages: bool,
}

/// The number of an entry by its name: two that share one by chance (FNV-1a, 64 bits) would be taken for one.
fn group(id: &str) -> u64 {
    id.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn cut_off(entry: &Entry) -> (Entry, bool) {
    let mut entry = entry.clone();
    let mut cut = false;
    for (text, most) in [
        (&mut entry.question, QUESTION_BYTES),
        (&mut entry.answer, ANSWER_BYTES),
    ] {
        if text.len() > most {
            text.truncate(text.floor_char_boundary(most));
            cut = true;
        }
    }
    (entry, cut)
}

fn terms(cut: &Cut) -> Vec<String> {
    cut.words.iter().map(|word| word.term.clone()).collect()
}

fn gram_texts(cut: &Cut) -> Vec<String> {
    grams(&cut.normal.text)
        .into_iter()
        .map(|gram| gram.text.into_owned())
        .collect()
}

fn readings(cut: &Cut) -> Vec<String> {
    cut.words
        .iter()
        .filter_map(|word| word.reading.clone())
        .collect()
}

fn tokens(terms: Vec<String>) -> PreTokenizedString {
    let tokens = terms.into_iter().enumerate().map(|(position, text)| Token {
        offset_from: 0,
        offset_to: 0,
        position,
        text,
        position_length: 1,
    });
    PreTokenizedString {
        text: String::new(),
        tokens: tokens.collect(),
    }
}
