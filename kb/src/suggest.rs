//! Suggestions while somebody types: questions and keywords by how they begin, as they are written
//! and as they are read.

use std::collections::HashSet;

use tantivy::schema::IndexRecordOption;
use tantivy::{DocAddress, DocSet, TERMINATED};

use crate::beginnings::{LEADS_TO, beginnings};
use crate::error::KbError;
use crate::index::SearchIndex;
use crate::stored;

/// So many beginnings are looked at.
const LOOKED_AT: usize = 200;

/// Something that may be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The question or keyword.
    pub text: String,
    /// The entry, if it is a question.
    pub id: Option<String>,
}

/// What may be meant by something that begins so.
pub(crate) fn suggest(
    index: &SearchIndex,
    typed: &str,
    limit: usize,
) -> Result<Vec<Suggestion>, KbError> {
    let searcher = index.reader.searcher();
    let mut keywords: Vec<String> = Vec::new();
    let mut questions: Vec<(u32, DocAddress)> = Vec::new();
    let mut known = HashSet::new();
    for beginning in beginnings(typed) {
        for (ord, segment) in searcher.segment_readers().iter().enumerate() {
            let segment_ord = u32::try_from(ord).unwrap_or(u32::MAX);
            let inverted = segment.inverted_index(index.fields.suggestions)?;
            let mut terms = inverted
                .terms()
                .range()
                .ge(beginning.as_bytes())
                .into_stream()
                .map_err(tantivy::TantivyError::from)?;
            let mut looked_at = 0;
            while looked_at < LOOKED_AT && terms.advance() {
                looked_at += 1;
                let Ok(key) = std::str::from_utf8(terms.key()) else {
                    continue;
                };
                if !key.starts_with(&beginning) {
                    break;
                }
                let Some((begins, to)) = key.split_once(LEADS_TO) else {
                    continue;
                };
                let mut postings = inverted
                    .read_postings_from_terminfo(terms.value(), IndexRecordOption::Basic)
                    .map_err(tantivy::TantivyError::from)?;
                let alive = segment.alive_bitset();
                let is_alive = |doc| alive.is_none_or(|alive| alive.is_alive(doc));
                let mut doc = postings.doc();
                while doc != TERMINATED && !is_alive(doc) {
                    doc = postings.advance();
                }
                if doc == TERMINATED {
                    continue;
                }
                if to.is_empty() {
                    let address = DocAddress::new(segment_ord, doc);
                    if known.insert(address) {
                        let letters = begins.chars().count();
                        questions.push((u32::try_from(letters).unwrap_or(u32::MAX), address));
                    }
                } else if !keywords.iter().any(|keyword| keyword == to) {
                    keywords.push(to.to_owned());
                }
            }
        }
    }
    keywords.sort_by_key(|keyword| keyword.chars().count());
    questions.sort();
    // Some of both, for a keyword leads on to several questions.
    keywords.truncate(limit.div_ceil(2));
    let left = limit.saturating_sub(keywords.len());
    let mut suggestions: Vec<_> = keywords
        .into_iter()
        .map(|text| Suggestion { text, id: None })
        .collect();
    for (_, address) in questions.into_iter().take(left) {
        let entry = stored::entry(&searcher, &index.fields, address)?;
        suggestions.push(Suggestion {
            text: entry.question,
            id: Some(entry.id),
        });
    }
    Ok(suggestions)
}
