//! A large list, said once: its columns, its filters and where its rows come from. The page with its
//! table ([`super::table_page`]) and the files ([`super::table_file`]) follow.

use std::collections::BTreeMap;

use madoguchi_core::access::{Permission, Permit};
use madoguchi_core::audit::{Action, Fields};
use madoguchi_core::time::{Instant, Millis};
use madoguchi_reports::table::Cell;
use madoguchi_store::{Cursor, Page, Start, StoreError};

use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::query::{Choice, Period, escape, page_number};
use crate::state::Web;
use crate::text::{self, DateStyle};

/// Letters of a filter at the most.
const LETTERS: usize = 200;

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
    fn filters(web: &Web, asked: &Asked) -> Vec<Filter>;
    /// What the store is asked for by the filters.
    fn filter(web: &Web, asked: &Asked, order: Self::Order) -> Result<Self::Filter, WebError>;

    /// The same for this visitor, where it matters who asks.
    fn filter_for(
        web: &Web,
        _visitor: &Visitor,
        asked: &Asked,
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

    /// How many rows there are, counted up to `at_most`.
    fn count(
        web: &Web,
        filter: &Self::Filter,
        at_most: u32,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// What stands above the list.
    fn links(_web: &Web) -> impl Future<Output = Result<Links, WebError>> + Send {
        async { Ok(Links::default()) }
    }

    /// What the audit log tells of the question.
    fn recorded(_web: &Web, asked: &Asked) -> Result<Fields, WebError> {
        Ok(asked.0.clone())
    }

    /// Where the page begins by an address from before there were cursors.
    fn former_start(_asked: &Asked) -> Option<Start> {
        None
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

/// What a list can be narrowed by.
pub(crate) struct Filter {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) input: FilterInput,
    /// What is in force where nothing is asked for.
    pub(crate) default: String,
    /// What one must be permitted to narrow by it.
    pub(crate) permission: Option<Permission>,
}

pub(crate) enum FilterInput {
    Date,
    /// With the keyboard that telephones show, and an example.
    Text(&'static str, &'static str),
    /// Names in addresses with labels, of which the first is for nothing asked.
    Choice(Vec<(String, String)>),
    /// The same, and records may have names that are not listed any more.
    OpenChoice(Vec<(String, String)>),
}

impl Filter {
    pub(crate) fn new(name: &'static str, label: &'static str, input: FilterInput) -> Self {
        Self {
            name,
            label,
            input,
            default: String::new(),
            permission: None,
        }
    }

    pub(crate) fn date(name: &'static str, label: &'static str, default: String) -> Self {
        Self {
            default,
            ..Self::new(name, label, FilterInput::Date)
        }
    }

    pub(crate) fn text(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, FilterInput::Text("text", ""))
    }

    pub(crate) fn choice<'a>(
        name: &'static str,
        label: &'static str,
        choices: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        Self::new(name, label, FilterInput::Choice(owned(choices)))
    }

    pub(crate) fn open_choice<'a>(
        name: &'static str,
        label: &'static str,
        choices: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        Self::new(name, label, FilterInput::OpenChoice(owned(choices)))
    }

    #[must_use]
    pub(crate) fn personal(self, permission: Permission) -> Self {
        Self {
            permission: Some(permission),
            ..self
        }
    }

    fn check(&mut self, asked: &str) -> Result<(), WebError> {
        if asked.chars().count() > LETTERS {
            return Err(WebError::BadRequest(format!(
                "「{}」は{LETTERS}文字以内で指定してください。",
                self.label
            )));
        }
        match &mut self.input {
            FilterInput::Choice(choices) if !asked.is_empty() => {
                let known = choices.iter().any(|(name, _)| name == asked);
                known.then_some(()).ok_or_else(|| {
                    WebError::BadRequest(format!("「{}」を選び直してください。", self.label))
                })
            }
            FilterInput::OpenChoice(choices) if !choices.iter().any(|(name, _)| name == asked) => {
                choices.push((asked.to_owned(), asked.to_owned()));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A value of the filter as its label tells it.
    pub(crate) fn tell<'a>(&'a self, value: &'a str) -> &'a str {
        match &self.input {
            FilterInput::Choice(choices) | FilterInput::OpenChoice(choices) => {
                let found = choices.iter().find(|(name, _)| name == value);
                found.map_or(value, |(_, label)| label.as_str())
            }
            FilterInput::Date | FilterInput::Text(..) => value,
        }
    }

    /// What can be chosen, with what is.
    pub(crate) fn choices(&self, chosen: &str) -> Vec<Choice> {
        match &self.input {
            FilterInput::Choice(choices) | FilterInput::OpenChoice(choices) => {
                let choices = choices.iter();
                let choices = choices.map(|(name, label)| (name.as_str(), label.as_str()));
                Choice::list(choices, chosen)
            }
            FilterInput::Date | FilterInput::Text(..) => Vec::new(),
        }
    }
}

fn owned<'a>(choices: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<(String, String)> {
    let all = [("", "すべて")].into_iter();
    let choices = choices.into_iter();
    all.chain(choices.filter(|(name, _)| !name.is_empty()))
        .map(|(name, label)| (name.to_owned(), label.to_owned()))
        .collect()
}

/// The names and values of an address.
pub(crate) type Pairs = Vec<(String, String)>;

/// What is asked for, by the names of addresses. Empty fields of a form count as left out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked(BTreeMap<String, String>);

impl Asked {
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// What is asked for under this name, if anything.
    pub(crate) fn some(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    /// What the audit log tells of it, where a period is a part of it.
    pub(crate) fn fields(&self, period: &Period) -> Fields {
        let mut fields = self.0.clone();
        fields.retain(|name, _| !matches!(name.as_str(), "from" | "to"));
        fields.insert(
            "period".to_owned(),
            format!("{}/{}", period.from, period.to),
        );
        fields
    }
}

/// What somebody asks of a list, understood.
pub(crate) struct Question<L: Listing> {
    pub(crate) asked: Asked,
    pub(crate) filters: Vec<Filter>,
    /// Those that the visitor may see.
    pub(crate) columns: Vec<&'static Column<L>>,
    pub(crate) filter: L::Filter,
    sort: String,
    /// What an address asks for besides filters and order.
    passing: Asked,
}

impl<L: Listing> Question<L> {
    pub(crate) fn read(web: &Web, visitor: &Visitor, pairs: Pairs) -> Result<Self, WebError> {
        let may = |permission: Option<Permission>| {
            permission.is_none_or(|permission| visitor.permissions.contains(permission))
        };
        let filled = pairs
            .into_iter()
            .map(|(name, value)| (name, value.trim().to_owned()));
        let all = Asked(filled.filter(|(_, value)| !value.is_empty()).collect());
        let mut filters = L::filters(web, &all);
        filters.retain(|filter| may(filter.permission));
        let names: Vec<_> = filters.iter().map(|filter| filter.name).collect();
        let (asked, passing) = all
            .0
            .into_iter()
            .partition(|(name, _)| names.contains(&name.as_str()));
        let (asked, passing) = (Asked(asked), Asked(passing));
        for filter in &mut filters {
            filter.check(asked.get(filter.name))?;
        }
        let columns = L::COLUMNS.iter().filter(|column| may(column.permission));
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
        if let Some(start) = L::former_start(&self.passing) {
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
    pub(crate) fn from_row(&self, name: &str, cursor: &str) -> String {
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
