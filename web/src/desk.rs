//! 窓口の設定: lines, agents with their phones, trunks, targets and categories on screens.
//!
//! All are [`Thing`]s: listed, made, changed, removed, and brought back to what they were, by the
//! same pages. What the operator's file names is only shown.

mod agents;
mod categories;
mod form;
mod history;
mod keep;
mod lines;
mod list;
mod outbound;
mod overview;
mod page;
mod removal;
mod targets;
mod trunks;

use std::future::Future;
use std::sync::Arc;

use madoguchi_core::audit::Action;
use madoguchi_core::setup::{DeskSetup, Fault, LineConfig, Part, ScreenAgent, ScreenTrunk};
use serde::Serialize;
use serde::de::DeserializeOwned;

use self::form::{Section, Values};
use self::keep::Change;
use self::list::Row;
use self::page::{Button, OneTime};
use crate::Web;
use crate::auth::routes::Routes;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::query::escape;

/// The entry of the menu.
const HERE: &str = "/admin/desk";

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/admin/desk", overview::page)
        .get("/admin/desk/lines", list::page::<LineConfig>)
        .get("/admin/desk/lines/new", page::new_page::<LineConfig>)
        .post("/admin/desk/lines/new", page::create::<LineConfig>)
        .get("/admin/desk/line/{id}", page::page::<LineConfig>)
        .post("/admin/desk/line/{id}", page::save::<LineConfig>)
        .get("/admin/desk/line/{id}/remove", removal::page::<LineConfig>)
        .post(
            "/admin/desk/line/{id}/remove",
            removal::remove::<LineConfig>,
        )
        .post(
            "/admin/desk/line/{id}/restore",
            history::restore::<LineConfig>,
        )
        .get("/admin/desk/agents", list::page::<ScreenAgent>)
        .get("/admin/desk/agents/new", page::new_page::<ScreenAgent>)
        .post("/admin/desk/agents/new", page::create::<ScreenAgent>)
        .get("/admin/desk/agent/{id}", page::page::<ScreenAgent>)
        .post("/admin/desk/agent/{id}", page::save::<ScreenAgent>)
        .post("/admin/desk/agent/{id}/password", agents::password)
        .get(
            "/admin/desk/agent/{id}/remove",
            removal::page::<ScreenAgent>,
        )
        .post(
            "/admin/desk/agent/{id}/remove",
            removal::remove::<ScreenAgent>,
        )
        .post(
            "/admin/desk/agent/{id}/restore",
            history::restore::<ScreenAgent>,
        )
        .get("/admin/desk/trunks", list::page::<ScreenTrunk>)
        .get("/admin/desk/trunks/new", page::new_page::<ScreenTrunk>)
        .post("/admin/desk/trunks/new", page::create::<ScreenTrunk>)
        .get("/admin/desk/trunk/{id}", page::page::<ScreenTrunk>)
        .post("/admin/desk/trunk/{id}", page::save::<ScreenTrunk>)
        .get(
            "/admin/desk/trunk/{id}/remove",
            removal::page::<ScreenTrunk>,
        )
        .post(
            "/admin/desk/trunk/{id}/remove",
            removal::remove::<ScreenTrunk>,
        )
        .post(
            "/admin/desk/trunk/{id}/restore",
            history::restore::<ScreenTrunk>,
        )
        .and(outbound::routes())
        .and(targets::routes())
        .and(categories::routes())
}

/// What pages reach around a thing.
struct Around<'a> {
    web: &'a Web,
    /// The setup in force.
    setup: Arc<DeskSetup>,
}

impl<'a> Around<'a> {
    fn of(web: &'a Web) -> Self {
        Self {
            web,
            setup: web.desk.setup(),
        }
    }
}

/// What is told of a thing: labels and values, never a secret. Empty values are not worth a word.
type Facts = Vec<(&'static str, String)>;

/// A thing, and the secret that came into being with it, to be shown once.
type Read<T> = (T, Option<OneTime>);

/// Something that is set on screens, as the store keeps it.
trait Thing: Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {
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
    fn rows(around: &Around<'_>) -> Vec<Row>;

    /// Title and facts of one that the file names.
    fn of_file(around: &Around<'_>, id: &str) -> Option<(String, Facts)>;

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
    fn facts(&self, around: &Around<'_>) -> Facts;

    /// What the page has to say before anything else.
    fn notes(&self, _around: &Around<'_>) -> Vec<String> {
        Vec::new()
    }

    /// What else can be done with it.
    fn buttons(&self, _place: &str) -> Vec<Button> {
        Vec::new()
    }

    /// The values of the form for a new one.
    fn blank(around: &Around<'_>) -> Values;

    /// The values of its form.
    fn values(&self) -> Values;

    /// The fields of its form; `of` is the one that is changed, with its id.
    fn sections(values: &Values, around: &Around<'_>, of: Option<(&str, &Self)>) -> Vec<Section>;

    /// Reads its form; `of` is the one that is changed, with its id.
    fn read(
        values: &Values,
        around: &Around<'_>,
        of: Option<(&str, &Self)>,
    ) -> Result<Read<Self>, Vec<Fault>>;

    /// This older version, brought back: secrets stay what they last were.
    fn restored(self, _last: Option<&Self>, _around: &Around<'_>) -> Read<Self> {
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
    fn consequences(&self, id: &str, around: &Around<'_>) -> Vec<String>;

    /// What else changes when it is removed.
    fn changes_with_removal(
        _web: &Web,
        _visitor: &Visitor,
        _id: &str,
    ) -> impl Future<Output = Result<Vec<Change>, WebError>> + Send {
        async { Ok(Vec::new()) }
    }
}
