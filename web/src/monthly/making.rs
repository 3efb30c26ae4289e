//! The month as it is now, made of what the desk and the store know.

use std::sync::Arc;

use madoguchi_core::month::Month;
use madoguchi_monthly::{Live, MonthSettings, MonthlyError};
use madoguchi_reports::frozen::Frozen;

use crate::error::WebError;
use crate::state::Web;

/// What settings decide of a month's books.
pub(super) fn month_settings(web: &Web) -> MonthSettings {
    let setup = web.desk.setup();
    let calendars = web.desk.calendars();
    MonthSettings {
        calendars: (*calendars).clone(),
        categories: setup.categories.clone(),
        figures: setup.targets.figures(),
        sites: web.settings.portal.sites.clone(),
    }
}

/// The month as it is now; as it was up to a minute ago, if nothing was changed through this node.
pub(super) async fn live(web: &Web, month: Month) -> Result<Arc<Live>, WebError> {
    let settings = month_settings(web);
    let make = madoguchi_monthly::live(&web.store, month, &settings, web.desk.now());
    let made = web.month.get(month, web.desk.monotonic(), make).await;
    made.map_err(refused)
}

/// All its books, in the same way.
pub(super) async fn live_books(web: &Web, month: Month) -> Result<Arc<Frozen>, WebError> {
    let settings = month_settings(web);
    let make = madoguchi_monthly::live_books(&web.store, month, &settings, web.desk.now());
    let made = web.month.books(month, web.desk.monotonic(), make).await;
    made.map_err(refused)
}

/// What a page tells of what keeps a book from being made.
pub(super) fn refused(error: MonthlyError) -> WebError {
    match error {
        MonthlyError::Store(error) => error.into(),
        MonthlyError::NoEdition => WebError::NotFound("この版"),
        error => {
            tracing::error!(%error, "a book of a month could not be made");
            WebError::Internal("a book of a month could not be made")
        }
    }
}
