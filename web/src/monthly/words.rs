//! Words of the month's pages.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use madoguchi_core::access::Permission;
use madoguchi_core::ledger::read_date_time;
use madoguchi_core::month::LevelItem;

use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::state::Web;
use crate::text;

/// Accounts whose names a page may need.
const USERS: u32 = 5_000;
/// Letters of a text that a list shows.
const SHOWN_LETTERS: usize = 80;

/// The beginning of a text, in a line.
pub(super) fn shortened(text: &str) -> String {
    text::beginning(text, SHOWN_LETTERS)
}

/// 間接 7 電話応答率
pub(super) fn item_name(item: LevelItem) -> String {
    format!(
        "{} {} {}",
        item.system.label(),
        item.number(),
        item.level.label()
    )
}

/// A day for a field of a form.
pub(super) fn date_text(day: Option<NaiveDate>) -> String {
    day.map_or_else(String::new, |day| day.to_string())
}

/// Reads a day as people type it.
pub(super) fn read_date(text: &str) -> Result<Option<NaiveDate>, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let read = read_date_time(text, "").map(|at| Some(at.date()));
    read.ok_or_else(|| "日付を、2026-11-24 のように入力してください".to_owned())
}

/// Whether a visitor writes for months, makes editions and hands them in.
pub(super) fn may_write(visitor: &Visitor) -> bool {
    visitor.permissions.contains(Permission::ManageReports)
}

/// How people are called who made or wrote something, by their logins.
pub(super) struct People(BTreeMap<String, String>);

impl People {
    /// All whose names are kept.
    pub(super) async fn load(web: &Web) -> Result<Self, WebError> {
        let users = web.store.list_named_users(USERS).await?.into_iter();
        Ok(Self(users.map(|user| (user.login, user.name)).collect()))
    }

    /// The name; the login of who is not kept any more.
    pub(super) fn name(&self, login: &str) -> String {
        let name = self.0.get(login).filter(|name| !name.is_empty());
        name.map_or_else(|| login.to_owned(), Clone::clone)
    }
}
