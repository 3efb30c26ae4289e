//! Suggestions while somebody types: questions first, then keywords, by how they begin, as they are
//! written and as they are read.

use std::collections::HashSet;

use tantivy::schema::IndexRecordOption;
use tantivy::{DocAddress, DocSet, TERMINATED};

use crate::beginnings::{LEADS_TO, beginnings};
use crate::error::KbError;
use crate::index::SearchIndex;
use crate::stored;

/// So many beginnings are looked at.
const LOOKED_AT: usize = 200;

/// One of so many suggestions may be a keyword while there are questions.
const KEYWORDS: usize = 3;

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
    let mut distinct: Vec<String> = Vec::new();
    for keyword in keywords {
        if distinct.len() < limit && !distinct.iter().any(|one| is_nearly(one, &keyword)) {
            distinct.push(keyword);
        }
    }
    // Some of both, for a keyword leads on to several questions.
    let left = limit - distinct.len().min(limit.div_ceil(KEYWORDS));
    let mut suggestions: Vec<Suggestion> = Vec::new();
    for (_, address) in questions {
        if suggestions.len() >= left {
            break;
        }
        let entry = stored::entry(&searcher, &index.fields, address)?;
        if !suggestions
            .iter()
            .any(|one| is_nearly(&one.text, &entry.question))
        {
            suggestions.push(Suggestion {
                text: entry.question,
                id: Some(entry.id),
            });
        }
    }
    let keywords = distinct
        .into_iter()
        .map(|text| Suggestion { text, id: None });
    suggestions.extend(keywords);
    suggestions.truncate(limit);
    Ok(suggestions)
}

/// Whether two texts are the same but for one letter at the most.
fn is_nearly(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let alike = |(one, other): &(&char, &char)| one == other;
    let begins = one.iter().zip(&other).take_while(alike).count();
    let ends = one
        .iter()
        .rev()
        .zip(other.iter().rev())
        .take_while(alike)
        .count();
    let longer = one.len().max(other.len());
    one.len().abs_diff(other.len()) <= 1 && begins + ends + 1 >= longer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_differ_by_one_letter_are_nearly_the_same() {
        for (one, other, nearly) in [
            ("差し戻し", "差戻し", true),
            ("差戻し", "差戻し", true),
            ("年休", "年休残", true),
            ("年休", "年休残日", false),
            ("申請書", "申告書", true),
            ("申請書", "報告所", false),
            ("ああ", "あ", true),
            ("", "", true),
        ] {
            assert_eq!(is_nearly(one, other), nearly, "{one} {other}");
        }
    }
}
