//! What somebody asks of a large list by an address, understood, and the addresses of other questions.

use madoguchi_core::access::Permission;
use madoguchi_store::{Cursor, Start, StoreError};

use super::table::{Column, Listing};
use super::table_filter::{Filter, FilterValues, Pairs};
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::query::{escape, page_number};
use crate::state::Web;

/// What somebody asks of a list, understood.
pub(crate) struct Question<L: Listing> {
    pub(crate) asked: FilterValues,
    pub(crate) filters: Vec<Filter>,
    /// Those that the visitor may see.
    pub(crate) columns: Vec<&'static Column<L>>,
    pub(crate) filter: L::Filter,
    sort: String,
    /// What an address asks for besides filters and order.
    passing: FilterValues,
}

/// The filters that the visitor may see.
fn offered<L: Listing>(web: &Web, visitor: &Visitor, asked: &FilterValues) -> Vec<Filter> {
    let mut filters = L::filters(web, asked);
    filters.retain(|filter| is_for(visitor, filter.permission));
    filters
}

fn is_for(visitor: &Visitor, needs: Option<Permission>) -> bool {
    needs.is_none_or(|permission| visitor.permissions.contains(permission))
}

/// The filters as they were filled in, understood or not.
pub(super) fn filled_in<L: Listing>(web: &Web, visitor: &Visitor, pairs: &Pairs) -> Vec<Filter> {
    let mut filters = offered::<L>(web, visitor, &FilterValues::default());
    for filter in &mut filters {
        let asked = pairs.iter().find(|(name, _)| name == filter.name);
        if let Some((_, asked)) = asked {
            filter.fill_in(asked.trim());
        }
    }
    filters
}

impl<L: Listing> Question<L> {
    pub(crate) fn read(web: &Web, visitor: &Visitor, pairs: Pairs) -> Result<Self, WebError> {
        let filled = pairs
            .into_iter()
            .map(|(name, value)| (name, value.trim().to_owned()));
        let all = FilterValues(filled.filter(|(_, value)| !value.is_empty()).collect());
        let mut filters = offered::<L>(web, visitor, &all);
        let names: Vec<_> = filters.iter().map(|filter| filter.name).collect();
        let (asked, passing) = all
            .0
            .into_iter()
            .partition(|(name, _)| names.contains(&name.as_str()));
        let (asked, passing) = (FilterValues(asked), FilterValues(passing));
        for filter in &mut filters {
            filter.take(asked.get(filter.name))?;
        }
        let columns = L::COLUMNS
            .iter()
            .filter(|column| is_for(visitor, column.permission));
        let columns: Vec<_> = columns.collect();
        let sort = passing.get("sort").to_owned();
        let orders = columns.iter().flat_map(|column| column.orders);
        let order = orders.into_iter().find(|order| order.0 == sort);
        let order = order
            .ok_or_else(|| WebError::BadRequest("並べ方の指定を確認してください。".to_owned()))?;
        Ok(Self {
            filter: L::filter_for(web, visitor, &asked, order.2)?,
            asked,
            filters,
            columns,
            sort,
            passing,
        })
    }

    /// What is asked for besides the filters.
    pub(crate) fn passing(&self, name: &str) -> &str {
        self.passing.get(name)
    }

    pub(crate) fn sort(&self) -> &str {
        &self.sort
    }

    /// Where the page begins.
    pub(crate) fn start(&self) -> Result<Start, WebError> {
        for (name, start) in [
            ("after", Start::After as fn(Cursor) -> Start),
            ("before", Start::Before),
        ] {
            let cursor = self.passing(name);
            if !cursor.is_empty() {
                let cursor = Cursor::from_text(cursor).ok_or(StoreError::Cursor)?;
                return Ok(start(cursor));
            }
        }
        if let Some(start) = L::former_start(&self.passing)? {
            return Ok(start);
        }
        let page = page_number(self.passing("page"))?;
        Ok(match page - 1 {
            0 => Start::First,
            before => Start::Offset(before.saturating_mul(L::INFO.rows)),
        })
    }

    /// The same question in another order.
    pub(crate) fn in_order(&self, sort: &str) -> String {
        self.link("", &[("sort", sort)])
    }

    /// The same question without a filter.
    pub(crate) fn without(&self, filter: &str) -> String {
        self.link(filter, &[("sort", &self.sort)])
    }

    /// The same question from another row on.
    pub(crate) fn at_row(&self, name: &str, cursor: &str) -> String {
        self.link("", &[("sort", &self.sort), (name, cursor)])
    }

    fn link(&self, without: &str, more: &[(&str, &str)]) -> String {
        let filters = self.filters.iter().map(|filter| filter.name);
        let filters = filters
            .filter(|name| *name != without)
            .map(|name| (name, self.asked.get(name)));
        let pairs = filters.chain(more.iter().copied());
        let pairs: Vec<_> = pairs
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", escape(value)))
            .collect();
        if pairs.is_empty() {
            return L::INFO.page.to_owned();
        }
        format!("{}?{}", L::INFO.page, pairs.join("&"))
    }
}
