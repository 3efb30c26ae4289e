//! The versions of a thing: who changed what, and going back to one of them.

use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use madoguchi_core::access::ManageDesk;
use serde::Deserialize;

use super::keep::{Kept, put};
use super::page::{Shown, show};
use super::{Around, Thing};
use crate::Web;
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;

/// One version as the page shows it.
pub(super) struct VersionRow {
    pub(super) number: i64,
    pub(super) at: String,
    pub(super) by: String,
    /// What happened: made, changed, removed.
    pub(super) what: &'static str,
    /// Labels with what was and what is.
    pub(super) changes: Vec<(&'static str, String)>,
    pub(super) newest: bool,
    pub(super) can_restore: bool,
}

/// The versions, the newest first.
pub(super) fn rows<T: Thing>(around: &Around<'_>, kept: &Kept<T>) -> Vec<VersionRow> {
    let dates = around.web.settings.dates;
    let mut rows = Vec::new();
    for setting in &kept.history {
        let after = kept.in_version(setting.version);
        let before = kept.in_version(setting.version - 1);
        let what = match (&before, &after) {
            (None, Some(_)) => "登録",
            (Some(_), None) => "削除",
            (Some(_), Some(_)) => "変更",
            (None, None) => "読めません",
        };
        rows.push(VersionRow {
            number: setting.version,
            at: dates.minute(setting.at),
            by: setting.by.clone(),
            what,
            changes: changes(around, before.as_ref(), after.as_ref()),
            newest: setting.version == kept.version,
            can_restore: after.is_some(),
        });
    }
    if let Some(initial) = T::initial(&kept.id).filter(|_| !kept.history.is_empty()) {
        rows.push(VersionRow {
            number: 0,
            at: String::new(),
            by: String::new(),
            what: "初期の内容",
            changes: changes(around, None, Some(&initial)),
            newest: false,
            can_restore: true,
        });
    }
    rows
}

/// What differs, in words.
fn changes<T: Thing>(
    around: &Around<'_>,
    before: Option<&T>,
    after: Option<&T>,
) -> Vec<(&'static str, String)> {
    let Some(after) = after else {
        return Vec::new();
    };
    let was = before.map(|thing| thing.facts(around));
    let shown = |text: &str| if text.is_empty() { "なし" } else { text }.to_owned();
    let mut changes = Vec::new();
    for (label, value) in after.facts(around) {
        let Some(was) = &was else {
            if !value.is_empty() {
                changes.push((label, value));
            }
            continue;
        };
        let old = was.iter().find(|(known, _)| *known == label);
        let old = old.map_or("", |(_, old)| old.as_str());
        if old != value {
            changes.push((label, format!("{} → {}", shown(old), shown(&value))));
        }
    }
    changes
}

#[derive(Debug, Deserialize)]
pub(super) struct RestoreForm {
    /// Which version is to hold again.
    version: i64,
    /// The version that it replaces.
    replaces: i64,
}

pub(super) async fn restore<T: Thing>(
    visitor: Allowed<ManageDesk>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(form): Form<RestoreForm>,
) -> Result<Response, WebError> {
    restore_thing::<T>(&web, &visitor, &id, &form).await
}

pub(super) async fn restore_thing<T: Thing>(
    web: &Web,
    visitor: &Visitor,
    id: &str,
    form: &RestoreForm,
) -> Result<Response, WebError> {
    let around = Around::of(web);
    let kept = Kept::<T>::get(web, id).await?;
    let wanted = kept.in_version(form.version);
    let wanted = wanted.ok_or(WebError::NotFound("この変更"))?;
    let (wanted, one_time) = wanted.restored(kept.last().as_ref(), &around);
    let done = format!("{}?done=restored", T::place(id));
    if kept.thing.as_ref() == Some(&wanted) {
        return Ok(Redirect::to(&done).into_response());
    }
    let change = kept.change(visitor, &around, Some(&wanted), form.replaces)?;
    let refused = put::<T>(web, id, &[change]).await?.err();
    if refused.is_none() && one_time.is_none() {
        return Ok(Redirect::to(&done).into_response());
    }
    let shown = Shown {
        faults: refused.into_iter().collect(),
        one_time,
        ..Shown::default()
    };
    show::<T>(web, visitor, id, shown).await
}
