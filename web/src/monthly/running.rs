//! 月の途中: how each item of 別紙6 stands, how much more it can bear, and which hours, calls and tickets cost
//! what. Clocks of what bears no miss stand first.

mod costs;
mod rows;

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use madoguchi_core::access::{Permission, ReadFigures};
use madoguchi_core::time::Millis;
use madoguchi_monthly::{MonthlyError, RunningMonth, running_basis, running_month};

use self::costs::CostTable;
use self::rows::{ClockRow, ItemRow, Rows};
use super::making::{month_settings, refused};
use super::paths::{HERE, month_path};
use crate::auth::access::Allowed;
use crate::auth::routes::Routes;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::running_month::Last;
use crate::shell::Shell;
use crate::state::Web;
use crate::text;

/// Who watches the board need not know sooner than after so long.
const EVERY: Millis = Millis::from_secs(10);

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/monthly/running", page)
        .get("/monthly/running/part", part)
}

#[derive(Template)]
#[template(path = "monthly_running.html")]
struct RunningPage {
    shell: Shell,
    month: String,
    place: String,
    /// The session by which the page follows the board's stream; empty if the visitor may not.
    session: String,
    part: String,
}

#[derive(Template)]
#[template(path = "monthly_running_part.html")]
struct RunningPart {
    /// 2024-04
    id: String,
    at: String,
    to_come: String,
    unregistered: u64,
    may_see_unregistered: bool,
    alarms: Vec<String>,
    clocks: Vec<ClockRow>,
    more_clocks: usize,
    /// What is past its limit of this month.
    late: u64,
    sees_tickets: bool,
    systems: Vec<(&'static str, Vec<ItemRow>)>,
    /// What cost the items what.
    costs: Vec<CostTable>,
}

async fn page(
    visitor: Allowed<ReadFigures>,
    State(web): State<Web>,
) -> Result<Html<String>, WebError> {
    let month = counted(&web).await.map_err(refused)?;
    let follows = visitor.permissions.contains(Permission::ViewBoard);
    let session = visitor.session().filter(|_| follows);
    let page = RunningPage {
        shell: Shell::new(&web, Some(&visitor), HERE),
        month: month.month.name(),
        place: month_path(month.month),
        session: session.unwrap_or_default().to_owned(),
        part: render(&web, &visitor, &month)?,
    };
    Ok(Html(page.render()?))
}

/// The figures alone, for the page's script.
async fn part(
    visitor: Allowed<ReadFigures>,
    State(web): State<Web>,
) -> Result<Html<String>, WebError> {
    let month = counted(&web).await.map_err(refused)?;
    Ok(Html(render(&web, &visitor, &month)?))
}

fn render(web: &Web, visitor: &Visitor, month: &RunningMonth) -> Result<String, WebError> {
    let rows = Rows::new(web, visitor, month);
    let (clocks, more_clocks) = rows.clocks();
    let part = RunningPart {
        id: month.month.to_string(),
        at: text::time_with_seconds(month.at),
        to_come: format!("{:.0}", month.to_come),
        unregistered: month.counts.unregistered,
        may_see_unregistered: visitor.permissions.contains(Permission::HandleTickets),
        alarms: rows.alarms(),
        clocks,
        more_clocks,
        late: month.past_limit(rows.now),
        sees_tickets: rows.sees_tickets,
        systems: rows.systems(),
        costs: rows.costs(),
    };
    Ok(part.render()?)
}

/// The running month: as it was counted a moment ago, or counted now.
async fn counted(web: &Web) -> Result<Arc<RunningMonth>, MonthlyError> {
    let (day, now) = (web.desk.now().date(), web.desk.monotonic());
    match web.running.get(now, day) {
        Last::Good(month) => Ok(month),
        Last::Old(month) => {
            count_beside(web);
            Ok(month)
        }
        Last::None => count(web).await,
    }
}

/// Counts, one at a time.
async fn count(web: &Web) -> Result<Arc<RunningMonth>, MonthlyError> {
    let _one = web.running.making.lock().await;
    let now = web.desk.now();
    if let Last::Good(month) = web.running.get(web.desk.monotonic(), now.date()) {
        return Ok(month);
    }
    let settings = month_settings(web);
    let known = web.running.basis(web.desk.monotonic(), now.date());
    let basis = match known {
        Some(basis) => basis,
        None => {
            let basis = running_basis(&web.store, &settings, now).await?;
            let at = web.desk.monotonic();
            web.running.save_basis(at, basis.clone());
            basis
        }
    };
    let begun = web.running.begin(web.desk.monotonic());
    let month = running_month(&web.store, &settings, basis, now).await?;
    let month = web.running.save(begun, web.desk.monotonic(), month);
    web.live.nudge();
    Ok(month)
}

/// Counts while others go on.
fn count_beside(web: &Web) {
    let web = web.clone();
    tokio::spawn(async move {
        if let Err(error) = count(&web).await {
            tracing::debug!(%error, "the running month cannot be counted now");
        }
    });
}

/// Counts anew for those who watch the board, if that was not done just now and something may differ.
pub(crate) fn refresh(web: &Web) {
    let now = web.desk.monotonic();
    if !web.desk.status().database_up || !web.running.is_due(now, EVERY) {
        return;
    }
    match web.running.get(now, web.desk.now().date()) {
        Last::Good(_) => {}
        Last::Old(_) | Last::None => count_beside(web),
    }
}
