//! The versions of a record: who changed what.

use super::fields::{Facts, differences};
use super::record::{Context, Record};
use super::versioned::Versioned;

/// One version as the page shows it.
pub(crate) struct VersionRow {
    pub(crate) number: i64,
    pub(crate) at: String,
    pub(crate) by: String,
    /// What happened: made, changed, removed.
    pub(crate) what: &'static str,
    /// Labels with what was and what is.
    pub(crate) changes: Facts,
    pub(crate) newest: bool,
    pub(crate) can_restore: bool,
}

/// The versions, the newest first.
pub(crate) fn rows<T: Record>(context: &Context<'_>, kept: &Versioned<T>) -> Vec<VersionRow> {
    let dates = context.web.settings.dates;
    let fields = T::fields(context);
    let changes = |before: Option<&T>, after: Option<&T>| match after {
        Some(after) => differences(&fields, before, after),
        None => Facts::new(),
    };
    let mut rows = Vec::new();
    for setting in &kept.history {
        let after = kept.in_version(setting.version);
        let before = kept.in_version(setting.version - 1);
        let what = match (&before, &after) {
            (None, Some(_)) => "登録",
            (Some(_), None) => T::SCREEN.remove,
            (Some(_), Some(_)) => "変更",
            (None, None) => "読めません",
        };
        rows.push(VersionRow {
            number: setting.version,
            at: dates.minute(setting.at),
            by: setting.by.clone(),
            what,
            changes: changes(before.as_ref(), after.as_ref()),
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
            changes: changes(None, Some(&initial)),
            newest: false,
            can_restore: true,
        });
    }
    rows
}
