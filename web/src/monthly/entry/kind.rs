//! What a kind of entry says of itself, once: its words, its fields and where its pages are.

use madoguchi_core::audit::Action;
use madoguchi_core::month::{Month, MonthEntry};
use madoguchi_core::setup::FieldError;
use madoguchi_core::time::Instant;

use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::kit::field::Field;
use crate::kit::form::Values;
use crate::monthly::paths::month_path;
use crate::query::escape;
use crate::state::Web;
use crate::text::DateStyle;

/// What the pages of a kind are and say.
pub(in crate::monthly) struct EntryScreen {
    /// The name of the kind.
    pub(in crate::monthly) label: &'static str,
    /// The part of the address behind that of the month.
    pub(in crate::monthly) path: &'static str,
    /// What the list says of the kind.
    pub(in crate::monthly) about: &'static str,
    /// What a change is called in the audit log.
    pub(in crate::monthly) action: Action,
    /// People add entries of this kind; otherwise they open by themselves.
    pub(in crate::monthly) can_add: bool,
    /// A change needs a reason.
    pub(in crate::monthly) needs_reason: bool,
}

/// What an entry is made with.
pub(in crate::monthly) struct Making<'a> {
    pub(in crate::monthly) id: &'a str,
    /// The month of the page.
    pub(in crate::monthly) month: Month,
    pub(in crate::monthly) visitor: &'a Visitor,
    pub(in crate::monthly) now: Instant,
}

/// A kind of entry with its pages.
pub(in crate::monthly) trait Written: MonthEntry + 'static {
    /// What its form holds.
    type Draft: Clone + Send + Sync + 'static;

    const SCREEN: EntryScreen;
    /// The columns of the list; the first leads to the entry.
    const COLUMNS: &'static [&'static str];

    /// The fields of its form.
    fn fields(draft: &Self::Draft) -> Vec<Field<'static, Self::Draft>>;

    /// A new one; `asked` is what its address says.
    fn blank(month: Month, asked: &Values) -> Self::Draft;

    /// What an entry holds, as its form has it.
    fn draft(&self) -> Self::Draft;

    /// The entry, or what is wrong with it.
    fn entry(
        draft: Self::Draft,
        before: Option<&Self>,
        making: &Making<'_>,
    ) -> Result<Self, Vec<FieldError>>;

    /// What it is called.
    fn title(&self) -> String;

    /// Its cells in the list.
    fn cells(&self, dates: DateStyle) -> Vec<String>;

    /// What the address of a new one says besides.
    fn asked(_draft: &Self::Draft) -> String {
        String::new()
    }

    /// Kinds of which a new one may be: words and what the address says.
    fn new_links() -> Vec<(&'static str, String)> {
        vec![(Self::SCREEN.label, String::new())]
    }

    /// All fields that any of them has.
    fn all_fields() -> Vec<Field<'static, Self::Draft>> {
        let draft = Self::blank(Month::at(Instant(0)), &Values::default());
        Self::fields(&draft)
    }

    /// What the list says of its entries, as the report stands now. Asked for where there are some.
    fn list_notes(
        _web: &Web,
        _month: Month,
    ) -> impl Future<Output = Result<Vec<String>, WebError>> + Send {
        async { Ok(Vec::new()) }
    }

    /// What its page says before its form.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

/// The list of a kind in a month.
pub(super) fn list_place<T: Written>(month: Month) -> String {
    format!("{}/{}", month_path(month), T::SCREEN.path)
}

/// One of them.
pub(super) fn one_place<T: Written>(month: Month, id: &str) -> String {
    format!("{}/{}", list_place::<T>(month), escape(id))
}
