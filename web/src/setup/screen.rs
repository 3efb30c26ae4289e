//! What a record of the desk's setup says of itself, so that the same pages list, make, change and
//! remove it and bring back what it was.

use std::future::Future;
use std::sync::Arc;

use madoguchi_core::audit::{Action, AuditEntry};
use madoguchi_core::setup::{DeskSetup, Fault, Part};
use madoguchi_store::NewVersion;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::form::{Section, Values};
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::query::escape;
use crate::state::Web;

/// The entry of the menu.
pub(super) const HERE: &str = "/admin/desk";

/// What pages reach around a thing.
pub(super) struct SetupContext<'a> {
    pub(super) web: &'a Web,
    /// The setup in force.
    pub(super) setup: Arc<DeskSetup>,
}

impl<'a> SetupContext<'a> {
    pub(super) fn of(web: &'a Web) -> Self {
        Self {
            web,
            setup: web.desk.setup(),
        }
    }
}

/// A thing in the list; the first cell is what it is called.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) cells: Vec<String>,
    pub(super) by_file: bool,
}

/// A secret that is shown until it is noted.
#[derive(Debug, Clone)]
pub(super) struct OneTime {
    pub(super) words: &'static str,
    pub(super) facts: Facts,
    pub(super) secret: String,
}

/// Something else that can be done with a thing.
pub(super) struct Button {
    pub(super) action: String,
    pub(super) label: &'static str,
    pub(super) confirm: &'static str,
}

/// A new version and the record of it.
pub(super) type Change = (NewVersion, AuditEntry);

/// What is told of a thing: labels and values, never a secret. Empty values are not worth a word.
pub(super) type Facts = Vec<(&'static str, String)>;

/// A thing, and the secret that came into being with it, to be shown until it is noted.
pub(super) type Read<T> = (T, Option<OneTime>);

/// Something that is set on screens, as the store keeps it.
pub(super) trait SettingScreen:
    Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// The kind in the store.
    const KIND: &'static str;
    /// What a change of it is called in the audit log.
    const ACTION: Action;
    /// Which part of the desk it is, as faults name it.
    const PART: Option<Part>;
    /// The name of the kind on screens.
    const LABEL: &'static str;
    /// The same in 「…は見つかりません」.
    const NOT_FOUND: &'static str;
    /// What the list says of the kind.
    const ABOUT: &'static str;
    /// The list.
    const LIST: &'static str;
    /// Where single ones are, with a slash and the id behind.
    const PLACE: &'static str;
    /// The columns of the list.
    const COLUMNS: &'static [&'static str];
    /// The field of the form that makes the id.
    const ID_FIELD: &'static str;
    /// What removing it is called.
    const REMOVE: &'static str = "削除";
    /// What the page says then ([`crate::shell`]).
    const REMOVED: &'static str = "removed";

    /// The rows of the list.
    fn rows(around: &SetupContext<'_>) -> Vec<Row>;

    /// Title and facts of one that the file names.
    fn of_file(around: &SetupContext<'_>, id: &str) -> Option<(String, Facts)>;

    /// What it is before a screen has changed it.
    fn initial(_id: &str) -> Option<Self> {
        None
    }

    /// Where it is looked at and changed.
    fn place(id: &str) -> String {
        format!("{}/{}", Self::PLACE, escape(id))
    }

    /// The id of a new one.
    fn new_id(&self) -> String;

    /// What it is called.
    fn title(&self) -> String;

    /// What is told of it.
    fn facts(&self, around: &SetupContext<'_>) -> Facts;

    /// What the page has to say before anything else.
    fn notes(&self, _around: &SetupContext<'_>) -> Vec<String> {
        Vec::new()
    }

    /// How a secret is shown that was made with it.
    fn one_time(&self, _secret: String, _around: &SetupContext<'_>) -> Option<OneTime> {
        None
    }

    /// What else can be done with it.
    fn buttons(&self, _place: &str) -> Vec<Button> {
        Vec::new()
    }

    /// The values of the form for a new one.
    fn blank(around: &SetupContext<'_>) -> Values;

    /// The values of its form.
    fn values(&self) -> Values;

    /// The fields of its form; `of` is the one that is changed, with its id.
    fn sections(
        values: &Values,
        around: &SetupContext<'_>,
        of: Option<(&str, &Self)>,
    ) -> Vec<Section>;

    /// Reads its form; `of` is the one that is changed, with its id.
    fn read(
        values: &Values,
        around: &SetupContext<'_>,
        of: Option<(&str, &Self)>,
    ) -> Result<Read<Self>, Vec<Fault>>;

    /// This older version, brought back: secrets stay what they last were.
    fn restored(self, _last: Option<&Self>, _around: &SetupContext<'_>) -> Read<Self> {
        (self, None)
    }

    /// Whether it can be removed.
    fn can_remove(&self) -> bool {
        true
    }

    /// What is left of it when it is removed.
    fn removed(&self) -> Option<Self> {
        None
    }

    /// What follows from removing it.
    fn consequences(&self, id: &str, around: &SetupContext<'_>) -> Vec<String>;

    /// What else changes when it is removed.
    fn changes_with_removal(
        _web: &Web,
        _visitor: &Visitor,
        _id: &str,
    ) -> impl Future<Output = Result<Vec<Change>, WebError>> + Send {
        async { Ok(Vec::new()) }
    }
}
