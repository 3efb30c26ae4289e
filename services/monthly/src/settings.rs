//! What settings decide of a month's books.

use madoguchi_core::figures::FiguresSettings;
use madoguchi_core::id::DivisionId;
use madoguchi_core::month::ReportSettings;
use madoguchi_core::portal::Sites;
use madoguchi_core::service::{DIVISION, Division, Divisions};
use madoguchi_core::setup::{Calendars, Categories};
use madoguchi_core::ticket::NumberForm;
use madoguchi_reports::month::MonthRules;
use madoguchi_store::{Store, StoreError};

/// What the operator's file and screens decide; the store keeps the rest.
#[derive(Debug, Clone)]
pub struct MonthSettings {
    /// All reception calendars.
    pub calendars: Calendars,
    /// 分類
    pub categories: Categories,
    /// Thresholds of figures of calls.
    pub figures: FiguresSettings,
    /// 拠点 by the numbers from which their staff call, for 自己解決.
    pub sites: Sites,
}

/// The rules of a book, with the 業務区分 that the store keeps.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn rules(
    store: &Store,
    settings: &MonthSettings,
    report: &ReportSettings,
) -> Result<MonthRules, StoreError> {
    let mut divisions = Divisions::default();
    for kept in store.list_settings(DIVISION).await? {
        // One that cannot be read any more says so on its own page.
        let division = kept.data.as_deref().map(serde_json::from_str::<Division>);
        if let Some(Ok(division)) = division {
            divisions.set(DivisionId::new(&kept.id), division);
        }
    }
    Ok(MonthRules {
        calendars: settings.calendars.clone(),
        divisions,
        categories: settings.categories.clone(),
        figures: settings.figures,
        late_is_unanswered: report.late_is_unanswered,
        run: report.payment_run,
        numbers: NumberForm::default(),
    })
}
