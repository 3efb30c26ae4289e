//! Entries as they are kept, without a search: for readers while what they come from is away.

use madoguchi_core::article::ArticleNumber;
use madoguchi_core::id::CategoryId;
use tantivy::collector::{Count, TopDocs};
use tantivy::query::{BooleanQuery, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocAddress, Order, Term};

use crate::entry::Entry;
use crate::error::KbError;
use crate::fields::HEAD;
use crate::index::SearchIndex;
use crate::stored;

/// The column of the time at which an entry was last changed.
const UPDATED_COLUMN: &str = "updated";

/// The entry of this id, or of the number that it is.
pub(crate) fn lookup(index: &SearchIndex, id: &str) -> Result<Option<Entry>, KbError> {
    let searcher = index.reader.searcher();
    let address = match stored::head(&searcher, &index.fields, id)? {
        Some(address) => Some(address),
        None => match ArticleNumber::read(id) {
            Some(number) => stored::numbered(&searcher, &index.fields, number)?,
            None => None,
        },
    };
    address
        .map(|address| stored::entry(&searcher, &index.fields, address))
        .transpose()
}

/// Entries of these categories, or of all, the newest first, and how many there are.
pub(crate) fn list(
    index: &SearchIndex,
    categories: Option<&[CategoryId]>,
    offset: usize,
    limit: usize,
) -> Result<(Vec<Entry>, usize), KbError> {
    let searcher = index.reader.searcher();
    let heads = is(index.fields.head, HEAD);
    let query: Box<dyn Query> = match categories {
        None => Box::new(heads),
        Some(categories) => {
            let field = index.fields.category;
            let each = categories
                .iter()
                .map(|one| -> Box<dyn Query> { Box::new(is(field, one.as_str())) });
            let any: Box<dyn Query> = Box::new(BooleanQuery::union(each.collect()));
            Box::new(BooleanQuery::intersection(vec![any, Box::new(heads)]))
        }
    };
    let newest = TopDocs::with_limit(limit.max(1))
        .and_offset(offset)
        .order_by_fast_field::<i64>(UPDATED_COLUMN, Order::Desc);
    let (total, found): (usize, Vec<(Option<i64>, DocAddress)>) =
        searcher.search(&query, &(Count, newest))?;
    let entries = found
        .iter()
        .take(limit)
        .map(|(_, address)| stored::entry(&searcher, &index.fields, *address));
    Ok((entries.collect::<Result<_, _>>()?, total))
}

fn is(field: Field, text: &str) -> TermQuery {
    TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::Basic)
}
