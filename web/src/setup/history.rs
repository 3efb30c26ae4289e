//! The versions of a record: who changed what.

use super::keep::Kept;
use super::screen::{SettingScreen, SetupContext};

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
pub(super) fn rows<T: SettingScreen>(around: &SetupContext<'_>, kept: &Kept<T>) -> Vec<VersionRow> {
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
fn changes<T: SettingScreen>(
    around: &SetupContext<'_>,
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
