//! An edition that is looked at: one that was kept, or the month as it is now.

use std::sync::Arc;

use madoguchi_core::month::Month;
use madoguchi_reports::frozen::Frozen;

use super::making::{live, live_books, refused};
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

/// How much of a month is needed: to make all its books takes longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Books {
    /// ヘルプデスク受付状況報告
    Report,
    All,
}

impl Books {
    /// So many that a book is among them.
    pub(super) fn with(book: usize) -> Self {
        match book {
            0 => Self::Report,
            _ => Self::All,
        }
    }
}

/// The edition of this number; without one, the month as it is now.
pub(super) async fn edition(
    web: &Web,
    month: Month,
    asked: &str,
    books: Books,
) -> Result<Shown, WebError> {
    if asked.is_empty() {
        if month > Month::at(web.desk.now()) {
            return Err(WebError::NotFound("この月"));
        }
        let frozen = match books {
            Books::Report => live(web, month).await?.frozen.clone(),
            Books::All => live_books(web, month).await?,
        };
        return Ok(Shown {
            frozen,
            name: "今の数値".to_owned(),
        });
    }
    let number: u32 = asked.parse().map_err(|_| WebError::NotFound("この版"))?;
    kept(web, month, number).await
}

/// What is kept of an edition.
pub(super) async fn kept(web: &Web, month: Month, number: u32) -> Result<Shown, WebError> {
    let report = web.store.report_of(month).await?;
    let edition = report.editions.iter().find(|one| one.number == number);
    let edition = edition.ok_or(WebError::NotFound("この版"))?;
    let read = madoguchi_monthly::kept(&web.store, month, number);
    let frozen = web.month.kept((month, &edition.sha256), read).await;
    Ok(Shown {
        frozen: frozen.map_err(refused)?,
        name: match number {
            0 => "案".to_owned(),
            number => format!("第{number}版"),
        },
    })
}
