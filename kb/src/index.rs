//! One index on disk: what an entry becomes in it, and how it is opened.

mod whole;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use madoguchi_encoder::Encoder;
use tantivy::directory::MmapDirectory;
use tantivy::index::SegmentId;
use tantivy::indexer::{LogMergePolicy, NoMergePolicy};
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{PreTokenizedString, Token};
use tantivy::{
    Index, IndexReader, IndexSettings, IndexWriter, ReloadPolicy, Searcher, TantivyDocument, Term,
};

use crate::analysis::{Analyzer, Cut, grams, reading_grams};
use crate::entry::Entry;
use crate::error::KbError;
use crate::highlight::{self, Place, Places};
use crate::meaning::{self, Meanings};
use crate::suggest;

/// Entries are kept in blocks of about this size (bytes), to be unpacked as a whole.
const STORE_BLOCK: usize = 4_096;
/// What the index keeps in memory before it writes.
const WRITER_BYTES: usize = 50_000_000;
/// The column of [`Fields::meaning`].
pub(crate) const MEANING_COLUMN: &str = "meaning";
/// An answer longer than this (bytes) is cut off in the index.
const ANSWER_BYTES: usize = 100_000;
/// A question longer than this (bytes) is cut off in the index.
const QUESTION_BYTES: usize = 10_000;

/// The fields. Words are in their compared form; `pairs` are two words that follow each other,
/// `grams` runs of one or two letters, `readings` how words are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    pub(crate) id: Field,
    /// The number of an article, in digits.
    pub(crate) number: Field,
    pub(crate) entry: Field,
    /// Where the words of question and answer stand, so that finding need not cut them again.
    pub(crate) places: Field,
    pub(crate) category: Field,
    pub(crate) settled: Field,
    pub(crate) updated: Field,
    /// What the entry means ([`crate::meaning`]), eight numbers in each.
    pub(crate) meaning: Field,
    pub(crate) question_words: Field,
    pub(crate) keyword_words: Field,
    pub(crate) answer_words: Field,
    pub(crate) question_pairs: Field,
    pub(crate) answer_pairs: Field,
    pub(crate) question_grams: Field,
    pub(crate) answer_grams: Field,
    pub(crate) question_readings: Field,
    pub(crate) answer_readings: Field,
    /// Runs of two and three kana of how question and keywords are read.
    pub(crate) kana: Field,
    /// Beginnings that lead to a suggestion.
    pub(crate) suggestions: Field,
    /// Every word, stops and all, of question and answer: the plain search to measure against.
    pub(crate) plain: Field,
}

impl Fields {
    fn new() -> (Schema, Self) {
        let mut schema = Schema::builder();
        let counted = || {
            let indexing = TextFieldIndexing::default()
                .set_tokenizer("raw")
                .set_index_option(IndexRecordOption::WithFreqs);
            TextOptions::default().set_indexing_options(indexing)
        };
        let fields = Self {
            id: schema.add_text_field("id", STRING),
            number: schema.add_text_field("number", STRING),
            entry: schema.add_text_field("entry", STORED),
            places: schema.add_text_field("places", STORED),
            category: schema.add_text_field("category", STRING),
            settled: schema.add_u64_field("settled", FAST),
            updated: schema.add_i64_field("updated", FAST | INDEXED),
            meaning: schema.add_u64_field(MEANING_COLUMN, FAST),
            question_words: schema.add_text_field("question_words", counted()),
            keyword_words: schema.add_text_field("keyword_words", counted()),
            answer_words: schema.add_text_field("answer_words", counted()),
            question_pairs: schema.add_text_field("question_pairs", counted()),
            answer_pairs: schema.add_text_field("answer_pairs", counted()),
            question_grams: schema.add_text_field("question_grams", counted()),
            answer_grams: schema.add_text_field("answer_grams", counted()),
            question_readings: schema.add_text_field("question_readings", counted()),
            answer_readings: schema.add_text_field("answer_readings", counted()),
            kana: schema.add_text_field("kana", counted()),
            suggestions: schema.add_text_field("suggestions", STRING),
            plain: schema.add_text_field("plain", counted()),
        };
        (schema.build(), fields)
    }

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
        document.add_text(self.category, &entry.category);
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
        let given = entry
            .reading
            .as_deref()
            .map(crate::analysis::kana::hiragana);
        let spoken = std::iter::once(question.reading.as_str())
            .chain(keywords.iter().map(|word| word.reading.as_str()))
            .chain(given.as_deref());
        add(self.kana, spoken.flat_map(reading_grams).collect());
        if let Some(plain) = plain {
            let words = [&entry.question, &entry.answer].map(|text| terms(&plain.cut(text)));
            add(self.plain, words.concat());
        }
        for key in suggest::keys(&entry, &question, &keywords) {
            document.add_text(self.suggestions, key);
        }
        let shown = analyzer.cut(&highlight::shown(&entry.answer));
        let places = Places {
            question: question.words.iter().map(Place::of).collect(),
            answer: shown.words.iter().map(Place::of).collect(),
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

pub(crate) fn pairs(cut: &Cut) -> Vec<String> {
    cut.words
        .windows(2)
        .filter_map(|two| match two {
            [one, other] => Some(format!("{} {}", one.term, other.term)),
            _ => None,
        })
        .collect()
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

/// An index on disk.
pub(crate) struct SearchIndex {
    pub(crate) fields: Fields,
    pub(crate) reader: IndexReader,
    index: Index,
    /// Begun with the first change, so that who only searches keeps nobody from changing.
    writer: Mutex<Option<IndexWriter>>,
    /// What the entries of each part of the index mean.
    meanings: Mutex<HashMap<SegmentId, Arc<Meanings>>>,
}

impl SearchIndex {
    /// Opens the index in `folder`, or makes one.
    pub(crate) fn open(folder: &Path) -> Result<Self, KbError> {
        std::fs::create_dir_all(folder).map_err(KbError::io(folder))?;
        let (schema, fields) = Fields::new();
        let directory = MmapDirectory::open(folder).map_err(tantivy::TantivyError::from)?;
        let settings = IndexSettings {
            docstore_blocksize: STORE_BLOCK,
            ..IndexSettings::default()
        };
        let index = if Index::exists(&directory).map_err(tantivy::TantivyError::from)? {
            Index::open(directory)?
        } else {
            Index::create(directory, schema, settings)?
        };
        Self::on(index, fields)
    }

    fn on(index: Index, fields: Fields) -> Result<Self, KbError> {
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()?;
        Ok(Self {
            fields,
            reader,
            index,
            writer: Mutex::new(None),
            meanings: Mutex::default(),
        })
    }

    /// What the entries of each part of the index mean, read when a part is first searched.
    pub(crate) fn meanings(&self, searcher: &Searcher) -> Result<Vec<Arc<Meanings>>, KbError> {
        let mut known = self.meanings.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = HashMap::new();
        let mut parts = Vec::new();
        for segment in searcher.segment_readers() {
            let id = segment.segment_id();
            let part = match known.get(&id) {
                Some(part) => Arc::clone(part),
                None => {
                    let column = segment.fast_fields().u64(MEANING_COLUMN)?;
                    Arc::new(Meanings::read(&column, segment.max_doc()))
                }
            };
            all.insert(id, Arc::clone(&part));
            parts.push(part);
        }
        *known = all;
        Ok(parts)
    }

    /// The position that was kept with the last commit.
    pub(crate) fn position(&self) -> Result<Option<i64>, KbError> {
        let metas = self.index.load_metas()?;
        Ok(metas.payload.and_then(|text| whole::position_of(&text)))
    }

    /// Takes the document of an entry in, in place of the one of its id.
    pub(crate) fn put(&self, id: &str, document: TantivyDocument) -> Result<(), KbError> {
        self.write(|writer| {
            writer.delete_term(Term::from_field_text(self.fields.id, id));
            writer.add_document(document)?;
            Ok(())
        })
    }

    /// Takes the document of an entry in that is in the index in no other version.
    pub(crate) fn add(&self, document: TantivyDocument) -> Result<(), KbError> {
        self.write(|writer| {
            writer.add_document(document)?;
            Ok(())
        })
    }

    /// Leaves many small parts of the index as they are until [`Self::merge`].
    pub(crate) fn merge_later(&self) -> Result<(), KbError> {
        self.write(|writer| {
            writer.set_merge_policy(Box::new(NoMergePolicy));
            Ok(())
        })
    }

    /// Makes one part of all, which is searched quickest.
    pub(crate) fn merge(&self) -> Result<(), KbError> {
        let parts = self.index.searchable_segment_ids()?;
        self.write(|writer| {
            if parts.len() > 1 {
                writer.merge(&parts).wait()?;
                writer.garbage_collect_files().wait()?;
            }
            writer.set_merge_policy(Box::new(LogMergePolicy::default()));
            Ok(())
        })?;
        self.reader.reload()?;
        Ok(())
    }

    /// Takes the entry of this id out.
    pub(crate) fn remove(&self, id: &str) -> Result<(), KbError> {
        self.write(|writer| {
            writer.delete_term(Term::from_field_text(self.fields.id, id));
            Ok(())
        })
    }

    /// Keeps what was taken in and out, with a position; searches see it when this returns.
    pub(crate) fn commit(&self, position: i64) -> Result<(), KbError> {
        self.write(|writer| {
            let mut prepared = writer.prepare_commit()?;
            prepared.set_payload(&whole::position_text(position));
            prepared.commit()?;
            Ok(())
        })?;
        self.reader.reload()?;
        Ok(())
    }

    /// Forgets what was taken in and out since the last commit.
    pub(crate) fn roll_back(&self) {
        // The next change begins another writer, from what was kept.
        *self.writer.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn write<T>(
        &self,
        change: impl FnOnce(&mut IndexWriter) -> Result<T, KbError>,
    ) -> Result<T, KbError> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let writer = match writer.as_mut() {
            Some(writer) => writer,
            None => writer.insert(self.index.writer_with_num_threads(1, WRITER_BYTES)?),
        };
        change(writer)
    }
}
