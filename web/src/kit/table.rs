//! A large list, said once: its columns, its filters and where its rows come from. The page with its
//! table ([`super::table_page`]) and the files ([`super::table_file`]) follow.

use madoguchi_core::access::{Permission, Permit};
use madoguchi_core::audit::{Action, Fields};
use madoguchi_core::time::{Instant, Millis};
use madoguchi_reports::table::Cell;
use madoguchi_store::{Page, Start, StoreError};

use super::table_filter::{Filter, FilterValues};
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::state::Web;
use crate::text::{self, DateStyle};

/// Rows that are counted for a page, where it is cheap.
pub(crate) const COUNTED: u32 = 10_000;

/// A large list.
pub(crate) trait Listing: Sized + Send + Sync + 'static {
    /// Who may see it.
    type Permit: Permit;
    type Row: Send + 'static;
    /// What the store is asked for.
    type Filter: Send + Sync + 'static;
    /// The orders that the store knows.
    type Order: Copy + Send + Sync + 'static;
    /// What values are told with besides the row.
    type Context: Send + Sync + 'static;

    const INFO: Info;
    const COLUMNS: &'static [Column<Self>];
    /// What the audit log calls a look at the page, if it records it.
    const VIEWED: Option<Action> = None;
    /// What the audit log calls the list as a file.
    const EXPORTED: Action = Action::ListExport;

    /// What the list can be narrowed by.
    fn filters(web: &Web, asked: &FilterValues) -> Vec<Filter>;
    /// What the store is asked for by the filters.
    fn filter(
        web: &Web,
        asked: &FilterValues,
        order: Self::Order,
    ) -> Result<Self::Filter, WebError>;

    /// The same for this visitor, where it matters who asks.
    fn filter_for(
        web: &Web,
        _visitor: &Visitor,
        asked: &FilterValues,
        order: Self::Order,
    ) -> Result<Self::Filter, WebError> {
        Self::filter(web, asked, order)
    }

    fn context(web: &Web) -> Self::Context;

    fn page(
        web: &Web,
        filter: &Self::Filter,
        start: Start,
        limit: u32,
    ) -> impl Future<Output = Result<Page<Self::Row>, StoreError>> + Send;

    /// More rows than this are not counted for a page.
    fn counted_at_most(_filter: &Self::Filter) -> u32 {
        COUNTED
    }

    /// How many rows there are, counted up to `at_most`.
    fn count(
        web: &Web,
        filter: &Self::Filter,
        at_most: u32,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// A page, and how many rows there are; where both cost the same look at all rows, they share it.
    fn page_and_count(
        web: &Web,
        filter: &Self::Filter,
        start: Start,
        limit: u32,
    ) -> impl Future<Output = Result<(Page<Self::Row>, u64), StoreError>> + Send {
        async move {
            let page = Self::page(web, filter, start, limit).await?;
            let count = Self::count(web, filter, Self::counted_at_most(filter)).await?;
            Ok((page, count))
        }
    }

    /// What stands above the list for this visitor.
    fn links(
        _web: &Web,
        _visitor: &Visitor,
    ) -> impl Future<Output = Result<Links, WebError>> + Send {
        async { Ok(Links::default()) }
    }

    /// Rows can be chosen to be changed together: the form for them as HTML.
    fn bulk(
        _web: &Web,
        _visitor: &Visitor,
        _asked: &FilterValues,
    ) -> Result<Option<String>, WebError> {
        Ok(None)
    }

    /// What stands for a row where it can be chosen, and what it is called.
    fn chosen(_row: &Self::Row) -> (String, String) {
        (String::new(), String::new())
    }

    /// What the audit log tells of the question.
    fn recorded(_web: &Web, asked: &FilterValues) -> Result<Fields, WebError> {
        Ok(asked.0.clone())
    }

    /// Where the page begins by an address from before there were cursors.
    fn former_start(_asked: &FilterValues) -> Result<Option<Start>, StoreError> {
        Ok(None)
    }
}

/// What a list is called.
pub(crate) struct Info {
    /// The address of the page.
    pub(crate) page: &'static str,
    /// The address of the files.
    pub(crate) file: &'static str,
    /// The name of files, and the class of the table.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// By what rows are counted: 件, 人.
    pub(crate) unit: &'static str,
    /// The page tells how many rows there are.
    pub(crate) counted: bool,
    /// What the page says where there are none.
    pub(crate) empty: &'static str,
    pub(crate) rows: u32,
}

/// Links above a list, each with its label.
#[derive(Default)]
pub(crate) struct Links {
    /// Of which the first is what is done most.
    pub(crate) buttons: Vec<(&'static str, &'static str)>,
    pub(crate) others: Vec<(String, &'static str)>,
}

/// A column of a list.
pub(crate) struct Column<L: Listing> {
    /// Its name in JSON and in the heads of files for programs.
    pub(crate) key: &'static str,
    pub(crate) label: &'static str,
    /// Its head in files for people, where values have no unit of their own.
    pub(crate) with_unit: &'static str,
    /// Its width in letters in a workbook.
    pub(crate) width: u16,
    pub(crate) class: &'static str,
    pub(crate) value: fn(&L::Row, &L::Context) -> Value,
    pub(crate) link: Option<fn(&L::Row) -> String>,
    pub(crate) orders: &'static [Order<L::Order>],
    /// What one must be permitted to see it.
    pub(crate) permission: Option<Permission>,
    /// It stands in files alone.
    pub(crate) in_files: bool,
}

/// An order of a list: its name in addresses, its direction by the column (`aria-sort`), and what
/// the store calls it.
pub(crate) struct Order<O>(
    pub(crate) &'static str,
    pub(crate) &'static str,
    pub(crate) O,
);

pub(crate) const UP: &str = "ascending";
pub(crate) const DOWN: &str = "descending";

impl<L: Listing> Column<L> {
    pub(crate) const fn new(
        key: &'static str,
        label: &'static str,
        width: u16,
        value: fn(&L::Row, &L::Context) -> Value,
    ) -> Self {
        Self {
            key,
            label,
            with_unit: label,
            width,
            class: "",
            value,
            link: None,
            orders: &[],
            permission: None,
            in_files: false,
        }
    }

    pub(crate) const fn with_unit(mut self, label: &'static str) -> Self {
        self.with_unit = label;
        self
    }

    pub(crate) const fn class(mut self, class: &'static str) -> Self {
        self.class = class;
        self
    }

    pub(crate) const fn link(mut self, link: fn(&L::Row) -> String) -> Self {
        self.link = Some(link);
        self
    }

    /// The orders by this column; choosing its head leads from one to the next.
    pub(crate) const fn orders(mut self, orders: &'static [Order<L::Order>]) -> Self {
        self.orders = orders;
        self
    }

    /// It holds personal data, for those alone who have the permission.
    pub(crate) const fn personal(mut self, permission: Permission) -> Self {
        self.permission = Some(permission);
        self
    }

    pub(crate) const fn in_files(mut self) -> Self {
        self.in_files = true;
        self
    }
}

/// A value in a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Number(i64),
    /// Shown to the second, and to the minute.
    Second(Instant),
    Minute(Instant),
    Duration(Option<Millis>),
    /// A state, and the class of its mark.
    Mark(&'static str, String),
    /// What the page says in the place of nothing.
    Nothing(&'static str),
    /// Names and values.
    Fields(Vec<(String, String)>),
}

impl Value {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// As the page tells it.
    pub(crate) fn shown(&self, dates: DateStyle) -> String {
        match self {
            Self::Text(text) | Self::Mark(_, text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Second(at) => format!("{} {}", at.date(), text::time_with_seconds(*at)),
            Self::Minute(at) => dates.minute(*at),
            Self::Duration(time) => text::duration(*time),
            Self::Nothing(text) => (*text).to_owned(),
            Self::Fields(_) => String::new(),
        }
    }

    /// As files have it: numbers as numbers, times in seconds.
    pub(crate) fn cell(self) -> Cell {
        match self {
            Self::Text(text) | Self::Mark(_, text) => Cell::Text(text),
            // Numbers of records are far below what a float holds exactly.
            Self::Number(number) => Cell::Number(number as f64),
            Self::Second(at) | Self::Minute(at) => Cell::Instant(at),
            Self::Duration(time) => {
                time.map_or(Cell::Empty, |time| Cell::Number(time.0 as f64 / 1_000.0))
            }
            Self::Nothing(_) => Cell::Empty,
            Self::Fields(fields) => {
                let lines = fields
                    .iter()
                    .map(|(name, value)| format!("{name}：{value}"));
                Cell::Text(lines.collect::<Vec<_>>().join("\n"))
            }
        }
    }
}
