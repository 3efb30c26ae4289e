//! Suggestions while somebody types: questions and keywords by how they begin, as they are written
//! and as they are read.

use std::collections::HashSet;

use tantivy::schema::IndexRecordOption;
use tantivy::{DocAddress, DocSet, TERMINATED};

use crate::analysis::Cut;
use crate::analysis::kana::{hiragana, romaji};
use crate::analysis::normal::Normal;
use crate::entry::Entry;
use crate::error::KbError;
use crate::index::SearchIndex;
use crate::search;

/// Beginnings are compared over so many letters.
const LETTERS: usize = 40;
/// So many beginnings are looked at.
const LOOKED_AT: usize = 200;
/// Stands between a beginning and what it leads to.
const LEADS_TO: char = '\u{1}';

/// Something that may be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The question or keyword.
    pub text: String,
    /// The entry, if it is a question.
    pub id: Option<String>,
}

/// The beginnings that lead to an entry.
pub(crate) fn keys(entry: &Entry, question: &Cut, keywords: &[Cut]) -> Vec<String> {
    let mut keys = Vec::new();
    let mut add = |cut: &Cut, to: &str| {
        for begins in [plain(&cut.normal.text), plain(&cut.reading)] {
            if !begins.is_empty() {
                keys.push(format!("{begins}{LEADS_TO}{to}"));
            }
        }
    };
    add(question, "");
    for (keyword, cut) in entry.keywords.iter().zip(keywords) {
        add(cut, keyword.trim());
    }
    if let Some(reading) = &entry.reading {
        keys.push(format!("{}{LEADS_TO}", plain(&hiragana(reading))));
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn plain(text: &str) -> String {
    let letters = text
        .chars()
        .filter(|letter| letter.is_alphanumeric() || *letter == 'ー');
    letters.take(LETTERS).collect()
}

/// What may be meant by something that begins so.
pub(crate) fn suggest(
    shelf: &SearchIndex,
    typed: &str,
    limit: usize,
) -> Result<Vec<Suggestion>, KbError> {
    let searcher = shelf.reader.searcher();
    let mut keywords: Vec<String> = Vec::new();
    let mut questions: Vec<(u32, DocAddress)> = Vec::new();
    let mut known = HashSet::new();
    for beginning in beginnings(typed) {
        for (ord, segment) in searcher.segment_readers().iter().enumerate() {
            let segment_ord = u32::try_from(ord).unwrap_or(u32::MAX);
            let index = segment.inverted_index(shelf.fields.suggestions)?;
            let mut terms = index
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
                let mut postings = index
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
        let entry = search::entry(&searcher, &shelf.fields, address)?;
        suggestions.push(Suggestion {
            text: entry.question,
            id: Some(entry.id),
        });
    }
    Ok(suggestions)
}

/// How what was typed so far may be meant to begin.
fn beginnings(typed: &str) -> Vec<String> {
    let normal = plain(&Normal::of(typed).text);
    if normal.is_empty() {
        return Vec::new();
    }
    // An input method shows letters that are not yet a syllable.
    let settled = normal.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let mut all = vec![normal.clone()];
    if !settled.is_empty() {
        all.push(hiragana(settled));
    }
    let spelt = Normal::of(typed).text;
    if let Some((kana, _)) = romaji(spelt.trim())
        && !kana.is_empty()
    {
        all.push(kana);
    }
    all.sort_unstable();
    all.dedup();
    all
}
