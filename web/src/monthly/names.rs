//! 問合せ管理台帳 of the month with names and telephone numbers, for who sees those in tickets as well. It is made
//! of what is known now; no edition keeps them.

use axum::extract::{Path, State};
use axum::response::Response;
use madoguchi_core::access::HandleTickets;
use madoguchi_core::audit::Action;
use madoguchi_core::month::Month;
use madoguchi_reports::document::Drill;
use madoguchi_reports::forms::names::file_name;
use madoguchi_reports::forms::submission;

use super::making::{month_settings, refused};
use super::paths::{month_path, read_month};
use crate::auth::access::Allowed;
use crate::download::workbook_file;
use crate::error::WebError;
use crate::state::Web;

/// Where it is had.
pub(super) fn names_place(month: Month) -> String {
    format!("{}/ledger/download", month_path(month))
}

pub(super) async fn file(
    visitor: Allowed<HandleTickets>,
    State(web): State<Web>,
    Path(month): Path<String>,
) -> Result<Response, WebError> {
    let month = read_month(&month)?;
    let now = web.desk.now();
    if month > Month::at(now) {
        return Err(WebError::NotFound("この月"));
    }
    let settings = month_settings(&web);
    let ledger = madoguchi_monthly::ledger_with_names(&web.store, month, &settings, now);
    let ledger = ledger.await.map_err(refused)?;
    let name = file_name(&format!("{}_氏名入り", ledger.file_name()), "xlsx");
    let mut entry = visitor.entry(now, Action::ReportExport, month.to_string());
    entry.after.insert("file".to_owned(), name.clone());
    web.store.append_audit(&[entry]).await?;
    let made = tokio::task::spawn_blocking(move || {
        submission::workbook(&ledger, &Drill::default()).map(|book| book.file)
    });
    let made = made.await;
    let made = made.map_err(|_| WebError::Internal("a book could not be made"))?;
    let made = made.map_err(|error| {
        tracing::error!(%error, "the ledger with names could not be written");
        WebError::Internal("the ledger with names could not be written")
    })?;
    Ok(workbook_file(&name, made))
}
