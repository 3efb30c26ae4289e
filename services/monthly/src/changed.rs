//! What has changed of a month that is 確定: a call that came late, a correction, another setting. It makes
//! another edition when a person says so; until then it is noted, so that they know.

use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::month::{EditionChange, Month};
use madoguchi_core::time::Instant;
use madoguchi_store::{Store, StoreError};
use serde_json::{Map, Value};

use crate::error::MonthlyError;
use crate::freezing::figures;
use crate::settings::MonthSettings;
use crate::{help_desk_report, newest};

/// How many figures of a month differ now from its newest edition; `None`: it is not 確定. The whole report is made
/// for it: nothing for a page.
///
/// # Errors
/// [`MonthlyError`].
pub async fn changed_since(
    store: &Store,
    month: Month,
    settings: &MonthSettings,
    now: Instant,
) -> Result<Option<EditionChange>, MonthlyError> {
    let register = store.report_of(month).await?;
    let Some(edition) = register.newest() else {
        return Ok(None);
    };
    let Some(kept) = newest::figures(store, month).await? else {
        return Ok(None);
    };
    let made = help_desk_report(store, month, settings, now).await?;
    let figures = figures(&made)?;
    Ok(Some(EditionChange {
        month,
        edition: edition.number,
        figures: of_figures(&kept.figures, &figures) + of_ledger(&kept.figures, &figures),
    }))
}

/// Notes what has changed of a month that is 確定, if that is another thing than what is noted. Tells whether it
/// was.
///
/// # Errors
/// [`MonthlyError`].
pub async fn note_change(
    store: &Store,
    month: Month,
    settings: &MonthSettings,
    now: Instant,
) -> Result<bool, MonthlyError> {
    let Some(change) = changed_since(store, month, settings, now).await? else {
        return Ok(false);
    };
    let id = month.to_string();
    let noted = store.lookup_month_entry::<EditionChange>(&id).await?;
    let is_known = match &noted {
        Some(noted) => noted.entry == change,
        None => change.figures == 0,
    };
    if is_known {
        return Ok(false);
    }
    let mut entry = AuditEntry::of_system(now, Action::ReportChanged, &id, told(&change));
    let mut replaces = 0;
    if let Some(noted) = noted {
        entry.before = told(&noted.entry);
        replaces = noted.version;
    }
    let mut tx = store.begin(entry).await?;
    let saved = match tx.save_month_entry(&change, replaces, "").await {
        Ok(()) => tx.commit().await,
        Err(error) => Err(error),
    };
    match saved {
        Ok(()) => Ok(true),
        // Another node was faster.
        Err(StoreError::Changed { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn told(change: &EditionChange) -> Fields {
    let fields = [
        ("edition", change.edition.to_string()),
        ("figures", change.figures.to_string()),
    ];
    fields.map(|(name, value)| (name.to_owned(), value)).into()
}

/// How many of the figures of an edition are others now. What another version of the program adds to them is no
/// change.
fn of_figures(old: &Map<String, Value>, new: &Map<String, Value>) -> u64 {
    const KINDS: [&str; 4] = ["summary", "months", "service_levels", "payment"];
    let kinds = KINDS
        .iter()
        .filter_map(|kind| Some((old.get(*kind)?, new.get(*kind)?)));
    kinds.map(|(old, new)| of_values(old, new)).sum()
}

/// Whether the ledger has another number of rows: tickets of every 業務区分 and system stand there, also those that
/// no figure of the report counts.
fn of_ledger(old: &Map<String, Value>, new: &Map<String, Value>) -> u64 {
    let rows = |figures: &Map<String, Value>| {
        let mut checks = figures.get("reconciliation")?.as_array()?.iter();
        let ledger = checks.find(|check| check.get("id").is_some_and(|id| id == "ledger"))?;
        ledger.get("left")?.as_i64()
    };
    let both = rows(old).zip(rows(new));
    u64::from(both.is_some_and(|(old, new)| old != new))
}

fn of_values(old: &Value, new: &Value) -> u64 {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            let each = old.iter().map(|(name, old)| match new.get(name) {
                Some(new) => of_values(old, new),
                None => 1,
            });
            // Somebody brought what was published of a month.
            let published = new.contains_key("published") && !old.contains_key("published");
            each.sum::<u64>() + u64::from(published)
        }
        (Value::Array(old), Value::Array(new)) => {
            let both = old.iter().zip(new).map(|(old, new)| of_values(old, new));
            both.sum::<u64>() + old.len().abs_diff(new.len()) as u64
        }
        (old, new) => u64::from(old != new),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn figures_that_are_others_are_counted_and_what_a_version_adds_is_not() {
        let figures = |value: Value| value.as_object().cloned().unwrap_or_default();
        let old = figures(json!({
            "summary": {"offered": 59, "functions": {"f01": 3, "f02": 1}},
            "service_levels": [{"a": 59, "b": 58, "verdict": "met"}],
            "reconciliation": [{"left": 1}],
        }));
        let new = |offered: u64, functions: Value, levels: Value| {
            figures(json!({
                "summary": {"offered": offered, "functions": functions, "added": 7},
                "service_levels": levels,
                "reconciliation": [{"left": 2}],
                "payment": [],
            }))
        };
        let functions = json!({"f01": 3, "f02": 1});
        let levels = json!([{"a": 59, "b": 58, "verdict": "met", "added": 1}]);
        let changed = |new: Map<String, Value>| of_figures(&old, &new);
        assert_eq!(changed(new(59, functions.clone(), levels.clone())), 0);
        assert_eq!(changed(new(60, functions.clone(), levels.clone())), 1);
        assert_eq!(changed(new(59, json!({"f01": 4}), levels)), 2);
        let missed = json!([{"a": 59, "b": 50, "verdict": "missed"}, {}]);
        assert_eq!(changed(new(59, functions, missed)), 3);
    }

    #[test]
    fn a_ticket_that_the_ledger_alone_has_is_a_change() {
        let of = |id: &str, rows: i64| {
            let checks = json!({"reconciliation": [{"id": id, "left": rows}]});
            checks.as_object().cloned().unwrap_or_default()
        };
        assert_eq!(of_ledger(&of("ledger", 5), &of("ledger", 6)), 1);
        assert_eq!(of_ledger(&of("ledger", 5), &of("ledger", 5)), 0);
        assert_eq!(of_ledger(&of("days", 5), &of("ledger", 6)), 0);
        assert_eq!(of_ledger(&Map::new(), &of("ledger", 6)), 0);
    }
}
