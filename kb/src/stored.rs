//! Reads entries back out of an index.

use madoguchi_core::article::ArticleNumber;
use serde::Deserialize;
use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption, Value};
use tantivy::{DocAddress, Searcher, TantivyDocument, Term};

use crate::entry::Entry;
use crate::error::KbError;
use crate::fields::{Fields, HEAD};

/// The entry of this number.
pub(crate) fn numbered(
    searcher: &Searcher,
    fields: &Fields,
    number: ArticleNumber,
) -> Result<Option<DocAddress>, KbError> {
    let term = Term::from_field_text(fields.number, &number.0.to_string());
    let term = TermQuery::new(term, IndexRecordOption::Basic);
    let found = searcher.search(&term, &TopDocs::with_limit(1).order_by_score())?;
    Ok(found.first().map(|(_, at)| *at))
}

/// The document that keeps the entry of this id.
pub(crate) fn head(
    searcher: &Searcher,
    fields: &Fields,
    id: &str,
) -> Result<Option<DocAddress>, KbError> {
    let is = |field, text| -> Box<dyn Query> {
        let term = Term::from_field_text(field, text);
        Box::new(TermQuery::new(term, IndexRecordOption::Basic))
    };
    let both = BooleanQuery::intersection(vec![is(fields.id, id), is(fields.head, HEAD)]);
    let found = searcher.search(&both, &TopDocs::with_limit(1).order_by_score())?;
    Ok(found.first().map(|(_, at)| *at))
}

pub(crate) fn entry(
    searcher: &Searcher,
    fields: &Fields,
    address: DocAddress,
) -> Result<Entry, KbError> {
    let document: TantivyDocument = searcher.doc(address)?;
    kept(&document, fields.entry)
}

/// What a stored field holds.
pub(crate) fn kept<'a, T: Deserialize<'a>>(
    document: &'a TantivyDocument,
    field: Field,
) -> Result<T, KbError> {
    let text = document.get_first(field).and_then(|value| value.as_str());
    Ok(serde_json::from_str(text.unwrap_or_default())?)
}
