//! What a kind of record says of itself, so that the same pages list, make, change and remove it and
//! bring back what it was.

use std::future::Future;
use std::sync::Arc;

use madoguchi_core::access::Permit;
use madoguchi_core::audit::{Action, AuditEntry};
use madoguchi_core::setup::{DeskSetup, FieldError, Part};
use madoguchi_core::time::Instant;
use madoguchi_store::NewVersion;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::field::{Field, FieldInfo};
use super::fields::Facts;
use super::form::Values;
use crate::auth::token;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::query::escape;
use crate::state::Web;

/// What the pages of a kind of record are, and what they say.
pub(crate) struct Screen {
    /// The kind in the store.
    pub(crate) kind: &'static str,
    /// What a change of it is called in the audit log.
    pub(crate) action: Action,
    /// When a change takes effect.
    pub(crate) effect: Effect,
    /// The page above the list, with its title: the entry of the menu.
    pub(crate) menu: (&'static str, &'static str),
    /// The name of the kind.
    pub(crate) label: &'static str,
    /// The same in 「…は見つかりません」.
    pub(crate) not_found: &'static str,
    /// What the list says of the kind.
    pub(crate) about: &'static str,
    /// The address of the list.
    pub(crate) list: &'static str,
    /// The address of single ones, with a slash and the id behind; of a kind of which there is one,
    /// its own.
    pub(crate) one: &'static str,
    /// The id of the one, of a kind of which there is one.
    pub(crate) only: Option<&'static str>,
    /// The field of the form that makes the id, to which the fault of a taken one belongs.
    pub(crate) id_field: &'static str,
    /// What removing it is called.
    pub(crate) remove: &'static str,
    /// What the list says then ([`crate::shell`]).
    pub(crate) removed: &'static str,
    /// What is asked before a change is saved; empty if nothing.
    pub(crate) confirm: &'static str,
    /// What the form says of when a change takes effect; empty if nothing.
    pub(crate) takes_effect: &'static str,
}

/// When a change of a record takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It is checked against the whole setup of the desk and taken up at once; what is wrong with a
    /// part of this kind stands at its field.
    Desk(Option<Part>),
    /// Whoever needs it reads it.
    Stored,
}

impl Screen {
    /// A kind of which there may be many, set on the pages under 窓口の設定.
    pub(crate) const DESK: Self = Self {
        kind: "",
        action: Action::LineChange,
        effect: Effect::Desk(None),
        menu: ("/admin/desk", "窓口の設定"),
        label: "",
        not_found: "",
        about: "",
        list: "",
        one: "",
        only: None,
        id_field: "name",
        remove: "削除",
        removed: "removed",
        confirm: "",
        takes_effect: "",
    };

    /// The address of a record.
    pub(crate) fn path(&self, id: &str) -> String {
        if self.only.is_some() {
            self.one.to_owned()
        } else {
            format!("{}/{}", self.one, escape(id))
        }
    }
}

/// What a record is looked at with.
pub(crate) struct Context<'a> {
    pub(crate) web: &'a Web,
    /// The setup in force.
    pub(crate) setup: Arc<DeskSetup>,
    /// When it is looked at.
    pub(crate) now: Instant,
    /// The record that is looked at; empty of a new one.
    pub(crate) id: &'a str,
}

impl<'a> Context<'a> {
    pub(crate) fn new(web: &'a Web, id: &'a str) -> Self {
        Self {
            web,
            setup: web.desk.setup(),
            now: web.desk.now(),
            id,
        }
    }
}

/// A secret that is shown until it is noted.
#[derive(Debug, Clone)]
pub(crate) struct OneTime {
    pub(crate) words: &'static str,
    pub(crate) facts: Facts,
    pub(crate) secret: String,
}

/// Something else that can be done with a record.
pub(crate) struct Button {
    pub(crate) action: String,
    pub(crate) label: &'static str,
    pub(crate) confirm: &'static str,
}

/// A new version and the record of it in the audit log.
pub(crate) type Change = (NewVersion, AuditEntry);

/// A record, and the secret that came into being with it, to be shown until it is noted.
pub(crate) type Settled<T> = (T, Option<String>);

/// A record in the list.
pub(crate) struct Listed<T> {
    pub(crate) id: String,
    pub(crate) record: T,
    /// The operator's file names it, so that screens only show it.
    pub(crate) by_file: bool,
}

/// A kind of record that is kept with all its versions.
pub(crate) trait Record:
    Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// Who may look at it and change it.
    type Permit: Permit;

    const SCREEN: Screen;

    /// The table of its fields.
    fn fields<'c>(context: &'c Context<'_>) -> Vec<Field<'c, Self>>;

    /// A new one before anything is typed.
    fn blank(context: &Context<'_>) -> Self;

    /// What it is called.
    fn title(&self, context: &Context<'_>) -> String;

    /// What is wrong with it, beyond values that cannot be read; `before` is what it is made of.
    fn check(&self, before: Option<&Self>, context: &Context<'_>) -> Vec<FieldError>;

    /// A new one about what its address names.
    fn suggested(_asked: &Values, context: &Context<'_>) -> Self {
        Self::blank(context)
    }

    /// The id of a new one.
    fn new_id(&self) -> String {
        token::new_id()
    }

    /// What it is before a screen has changed it.
    fn initial(_id: &str) -> Option<Self> {
        None
    }

    /// Whether it says anything; otherwise its version is kept as one without it, and what it is
    /// then is [`Self::initial`].
    fn is_kept(&self) -> bool {
        true
    }

    /// The address of one.
    fn path(id: &str) -> String {
        Self::SCREEN.path(id)
    }

    /// One that the operator's file names.
    fn of_file(_context: &Context<'_>) -> Option<Self> {
        None
    }

    /// The list, where it is not simply what the store keeps.
    fn in_force(_context: &Context<'_>) -> Option<Vec<Listed<Self>>> {
        None
    }

    /// Those that are there before a screen has set them, as far as the list does not have them.
    fn before_screens(_list: &[Listed<Self>]) -> Vec<Listed<Self>> {
        Vec::new()
    }

    /// Puts the list in order; without it, they stand by their ids.
    fn sort(_list: &mut [Listed<Self>]) {}

    /// What its page has to say before anything else.
    fn notes(&self, _context: &Context<'_>) -> Vec<String> {
        Vec::new()
    }

    /// What its page tells of it beside the form.
    fn facts(&self, _context: &Context<'_>) -> Facts {
        Facts::new()
    }

    /// Where its page leads to, with what is there.
    fn links(&self) -> Vec<(String, &'static str)> {
        Vec::new()
    }

    /// A part of the form that tells what would come of it: nothing is saved by a button with the
    /// name `intent` and the value `try`. `now` is what is in force.
    fn trial(
        &self,
        _now: Option<&Self>,
        _values: &Values,
        _context: &Context<'_>,
    ) -> impl Future<Output = Result<Option<String>, WebError>> + Send {
        async { Ok(None) }
    }

    /// How a secret is shown that was made with it.
    fn one_time(&self, _secret: String, _context: &Context<'_>) -> Option<OneTime> {
        None
    }

    /// What else can be done with it.
    fn buttons(&self, _place: &str) -> Vec<Button> {
        Vec::new()
    }

    /// Completes it before it is saved.
    fn settled(self, _before: Option<&Self>, _context: &Context<'_>) -> Settled<Self> {
        (self, None)
    }

    /// This older version, brought back after `last`: secrets stay what they last were.
    fn restored(self, last: Option<&Self>, context: &Context<'_>) -> Settled<Self> {
        self.settled(last, context)
    }

    /// Whether it can be removed; then it is [`Removable`].
    fn can_remove(&self) -> bool {
        false
    }
}

/// A kind of record that can be removed.
pub(crate) trait Removable: Record {
    /// What follows from removing it.
    fn consequences(&self, context: &Context<'_>) -> Vec<String>;

    /// What is left of it then.
    fn remains(&self) -> Option<Self> {
        None
    }

    /// What else changes then.
    fn other_changes(
        _web: &Web,
        _visitor: &Visitor,
        _id: &str,
    ) -> impl Future<Output = Result<Vec<Change>, WebError>> + Send {
        async { Ok(Vec::new()) }
    }
}

/// How the fields of a kind are called in the audit log.
pub(crate) fn audit_fields<T: Record>(web: &Web) -> (Action, Vec<FieldInfo>) {
    let context = Context::new(web, "");
    let fields = T::fields(&context).into_iter().map(|field| field.info);
    (T::SCREEN.action, fields.collect())
}
