//! How texts are understood: cut into words, and widened by synonyms and meaning.

use madoguchi_encoder::Encoder;

use crate::analysis::Analyzer;
use crate::dictionary::Dictionary;
use crate::error::KbError;
use crate::language::Language;
use crate::query::{self, Query, QueryTerm, SearchParts, Synonyms};

/// Counts up whenever what is written to the index changes.
const LAYOUT: u32 = 6;

/// How texts are understood.
pub(super) struct TextPipeline {
    pub(super) analyzer: Analyzer,
    /// Keeps every word.
    pub(super) plain: Analyzer,
    pub(super) synonyms: Synonyms,
    pub(super) language: Language,
    pub(super) fingerprint: u64,
    pub(super) encoder: Option<Encoder>,
}

impl TextPipeline {
    pub(super) fn new(
        dictionary: &Dictionary,
        language: &Language,
        encoder: Option<Encoder>,
    ) -> Result<Self, KbError> {
        let analyzer = Analyzer::new(dictionary, language)?;
        Ok(Self {
            synonyms: Synonyms::new(language, &analyzer),
            analyzer,
            plain: Analyzer::new(dictionary, &Language::default())?.keeping_stops(),
            language: language.clone(),
            fingerprint: language.fingerprint(),
            encoder,
        })
    }

    pub(super) fn terms(&self, query: &Query, parts: SearchParts) -> Vec<QueryTerm> {
        let Self {
            analyzer,
            plain,
            synonyms,
            ..
        } = self;
        query::terms(&query.text, analyzer, plain, synonyms, parts)
    }

    pub(super) fn stamp(&self) -> String {
        let encoder = self.encoder.as_ref().map_or("", Encoder::fingerprint);
        format!("{LAYOUT}-{:016x}-{encoder}", self.fingerprint)
    }
}
