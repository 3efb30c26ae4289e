//! The fields of an index.

use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions,
};

/// The column of [`Fields::meaning`].
pub(crate) const MEANING_COLUMN: &str = "meaning";

/// The column of [`Fields::group`].
pub(crate) const GROUP_COLUMN: &str = "group";

/// What stands in [`Fields::head`].
pub(crate) const HEAD: &str = "1";

/// The fields. Words are in their compared form; `pairs` are two words that follow each other,
/// `grams` runs of one or two letters, `readings` how words are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    pub(crate) id: Field,
    /// Stands in the first document of each entry, which keeps it and is listed; what is long has more,
    /// one for each passage.
    pub(crate) head: Field,
    /// The same number in all documents of an entry.
    pub(crate) group: Field,
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
    pub(crate) fn new() -> (Schema, Self) {
        let mut schema = Schema::builder();
        let counted = || {
            let indexing = TextFieldIndexing::default()
                .set_tokenizer("raw")
                .set_index_option(IndexRecordOption::WithFreqs);
            TextOptions::default().set_indexing_options(indexing)
        };
        let fields = Self {
            id: schema.add_text_field("id", STRING),
            head: schema.add_text_field("head", STRING),
            group: schema.add_u64_field(GROUP_COLUMN, FAST),
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
}
