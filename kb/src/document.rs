//! What an entry becomes in an index.

use madoguchi_encoder::Encoder;
use tantivy::TantivyDocument;
use tantivy::tokenizer::{PreTokenizedString, Token};

use crate::analysis::kana::hiragana;
use crate::analysis::{Analyzer, Cut, grams, pairs, reading_grams};
use crate::beginnings;
use crate::entry::Entry;
use crate::error::KbError;
use crate::fields::Fields;
use crate::meaning;
use crate::word_positions::{WordPosition, WordPositions, shown};

/// An answer longer than this (bytes) is cut off in the index.
const ANSWER_BYTES: usize = 100_000;

/// A question longer than this (bytes) is cut off in the index.
const QUESTION_BYTES: usize = 10_000;

impl Fields {
    pub(crate) fn document(
        &self,
        entry: &Entry,
        analyzer: &Analyzer,
        plain: Option<&Analyzer>,
        encoder: Option<&Encoder>,
    ) -> Result<TantivyDocument, KbError> {
        let (entry, cut_off) = cut_off(entry);
        if cut_off {
            tracing::warn!(entry = entry.id, "too long; only its beginning is found");
        }
        let question = analyzer.cut(&entry.question);
        let answer = analyzer.cut(&entry.answer);
        let keywords: Vec<Cut> = entry
            .keywords
            .iter()
            .map(|word| analyzer.cut(word))
            .collect();
        let mut document = TantivyDocument::new();
        document.add_text(self.id, &entry.id);
        if let Some(number) = entry.number {
            document.add_text(self.number, number.0.to_string());
        }
        document.add_text(self.category, entry.category.as_str());
        document.add_u64(self.settled, u64::from(entry.settled));
        document.add_i64(self.updated, entry.updated_at.0);
        if let Some(encoder) = encoder {
            for numbers in meaning::of_entry(encoder, &entry) {
                document.add_u64(self.meaning, numbers);
            }
        }
        let mut add = |field, terms: Vec<String>| {
            document.add_pre_tokenized_text(field, tokens(terms));
        };
        add(self.question_words, terms(&question));
        add(
            self.keyword_words,
            keywords.iter().flat_map(terms).collect(),
        );
        add(self.answer_words, terms(&answer));
        add(self.question_pairs, pairs(&question));
        add(self.answer_pairs, pairs(&answer));
        let of_keywords = keywords.iter().flat_map(gram_texts);
        add(
            self.question_grams,
            gram_texts(&question)
                .into_iter()
                .chain(of_keywords)
                .collect(),
        );
        add(self.answer_grams, gram_texts(&answer));
        let read: Vec<_> = keywords.iter().flat_map(readings).collect();
        add(
            self.question_readings,
            readings(&question).into_iter().chain(read).collect(),
        );
        add(self.answer_readings, readings(&answer));
        let given = entry.reading.as_deref().map(hiragana);
        let spoken = std::iter::once(question.reading.as_str())
            .chain(keywords.iter().map(|word| word.reading.as_str()))
            .chain(given.as_deref());
        add(self.kana, spoken.flat_map(reading_grams).collect());
        if let Some(plain) = plain {
            let words = [&entry.question, &entry.answer].map(|text| terms(&plain.cut(text)));
            add(self.plain, words.concat());
        }
        for key in beginnings::keys(&entry, &question, &keywords) {
            document.add_text(self.suggestions, key);
        }
        let shown = analyzer.cut(&shown(&entry.answer));
        let places = WordPositions {
            question: question.words.iter().map(WordPosition::of).collect(),
            answer: shown.words.iter().map(WordPosition::of).collect(),
        };
        document.add_text(self.places, serde_json::to_string(&places)?);
        document.add_text(self.entry, serde_json::to_string(&entry)?);
        Ok(document)
    }
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
