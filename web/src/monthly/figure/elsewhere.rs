//! Figures of the reports of other months, that a figure repeats or sums up.

use std::sync::Arc;

use madoguchi_core::month::Month;
use madoguchi_reports::document::{Document, MonthCell};
use madoguchi_reports::frozen::Frozen;

use super::cells::{CellLink, figure_of, figure_place};
use crate::error::WebError;
use crate::monthly::edition::{Books, Shown, edition, kept};
use crate::state::Web;

/// Links to figures of the reports of months: to the edition that is looked at, of its own month, and else to the
/// newest one, or to the month as it is now if it has none.
pub(super) async fn links(
    web: &Web,
    (month, asked, shown): (Month, &str, &Shown),
    cells: &[MonthCell],
) -> Result<Vec<CellLink>, WebError> {
    let mut links = Vec::new();
    for of in cells {
        let (number, frozen) = if of.month == month {
            (asked.to_owned(), Some(shown.frozen.clone()))
        } else {
            newest(web, of.month, cells.len() == 1).await?
        };
        let link = figure_place(of.month, &number, 0, &of.cell);
        let name = match number.as_str() {
            "" => "今の数値".to_owned(),
            "0" => "案".to_owned(),
            number => format!("第{number}版"),
        };
        let report = frozen.as_deref().and_then(first);
        let found = report.and_then(|report| figure_of(report, &of.cell));
        let named = found
            .clone()
            .or_else(|| figure_of(first(&shown.frozen)?, &of.cell));
        let place = named.map_or(String::new(), |(title, table, _)| {
            format!(" {table} {title}")
        });
        let (value, link) = match (report, found) {
            (_, Some((_, _, figure))) => (figure.value.text(), link),
            // Nothing opens where nothing stands.
            (Some(_), None) => ("この数値は載っていません".to_owned(), String::new()),
            (None, None) => (String::new(), link),
        };
        links.push(CellLink {
            title: format!("{}分 {name}{place}", of.month.name()),
            value,
            link,
        });
    }
    Ok(links)
}

/// The number of the newest edition and what it says. A month without one is made only if `live`.
async fn newest(
    web: &Web,
    month: Month,
    live: bool,
) -> Result<(String, Option<Arc<Frozen>>), WebError> {
    let register = web.store.report_of(month).await?;
    if let Some(newest) = register.newest() {
        let kept = kept(web, month, newest.number).await?;
        return Ok((newest.number.to_string(), Some(kept.frozen)));
    }
    if !live {
        return Ok((String::new(), None));
    }
    let made = edition(web, month, "", Books::Report).await?;
    Ok((String::new(), Some(made.frozen)))
}

fn first(frozen: &Frozen) -> Option<&Document> {
    frozen.books.first()
}
