//! An edition that is looked at: one that was kept, or the month as it is now.

use std::sync::Arc;

use madoguchi_core::month::Month;
use madoguchi_reports::frozen::Frozen;

use crate::error::WebError;
use crate::query::escape;
use crate::state::Web;

/// What is looked at.
pub(super) struct Shown {
    pub(super) frozen: Arc<Frozen>,
    /// 第1版, 案.
    pub(super) name: String,
}

/// The part of an address that names an edition.
pub(super) fn edition_query(edition: &str) -> String {
    if edition.is_empty() {
        String::new()
    } else {
        format!("&edition={}", escape(edition))
    }
}

/// The edition of this number.
pub(super) async fn edition(web: &Web, month: Month, asked: &str) -> Result<Shown, WebError> {
    let number: u32 = asked.parse().map_err(|_| WebError::NotFound("この版"))?;
    kept(web, month, number).await
}

/// What is kept of an edition.
pub(super) async fn kept(web: &Web, month: Month, number: u32) -> Result<Shown, WebError> {
    let report = web.store.report_of(month).await?;
    let found = report.editions.iter().find(|one| one.number == number);
    let found = found.ok_or(WebError::NotFound("この版"))?;
    let content = web.store.edition_content(month, number).await?;
    let content = content.ok_or(WebError::NotFound("この版"))?;
    let sha256 = found.sha256.clone();
    let unpacked = tokio::task::spawn_blocking(move || Frozen::unpack(&content, &sha256)).await;
    let unpacked = unpacked.map_err(|_| WebError::Internal("an edition could not be unpacked"))?;
    let frozen = unpacked.map_err(|error| {
        tracing::error!(%error, %month, number, "an edition cannot be read");
        WebError::Internal("an edition cannot be read")
    })?;
    Ok(Shown {
        frozen: Arc::new(frozen),
        name: found.name(),
    })
}
