//! 確定: what would be kept is shown first, with what differs from the edition before; then it is kept.

use askama::Template;
use axum::extract::{Form as Sent, Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use madoguchi_core::access::ManageReports;
use madoguchi_core::audit::Action;
use madoguchi_core::month::{ENTRY_LINE_LETTERS, LevelItem, Month};
use madoguchi_core::time::Instant;
use madoguchi_monthly::{Maker, MonthlyError, Prepared, freezes_from, prepare};
use madoguchi_reports::differences::of_books;
use madoguchi_reports::month::UnusedNote;
use madoguchi_store::StoreError;

use super::edition::kept;
use super::making::{live, live_books, month_settings, refused};
use super::paths::{HERE, month_path, read_month};
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::kit::form::Values;
use crate::shell::Shell;
use crate::state::Web;

/// Differences that are shown one by one.
const SHOWN: usize = 200;

#[derive(Template)]
#[template(path = "monthly_freeze.html")]
struct FreezePage {
    shell: Shell,
    month: String,
    place: String,
    /// The edition that would be made.
    number: u32,
    /// The month has not ended.
    running: bool,
    /// When it is judged, if that is still to come; else empty.
    freezes_from: String,
    /// Neither a call nor a ticket came in a month that is 確定 for the first time.
    silent: bool,
    /// Checks that stand in the way.
    blocking: Vec<String>,
    /// What people wrote of rows that the report does not have.
    unused: Vec<String>,
    differences: Vec<Row>,
    more: usize,
    letters: usize,
    reason: String,
    fault: String,
}

struct Row {
    title: String,
    before: String,
    after: String,
}

pub(super) async fn page(
    visitor: Allowed<ManageReports>,
    State(web): State<Web>,
    Path(month): Path<String>,
) -> Result<Response, WebError> {
    let month = read_month(&month)?;
    show(&web, &visitor, month, ("", "")).await
}

/// When the month is judged, if that is still to come: 確定 waits until then.
pub(super) async fn waits_until(web: &Web, month: Month) -> Result<Option<Instant>, WebError> {
    let settings = month_settings(web);
    let from = freezes_from(&web.store, month, &settings).await;
    let from = from.map_err(refused)?;
    Ok(Some(from).filter(|from| web.desk.now() < *from))
}

async fn show(
    web: &Web,
    visitor: &Visitor,
    month: Month,
    (reason, fault): (&str, &str),
) -> Result<Response, WebError> {
    let report = web.store.report_of(month).await?;
    let live = live(web, month).await?;
    let newest = report.newest().map_or(0, |newest| newest.number);
    let found = match newest {
        0 => Vec::new(),
        number => {
            let before = kept(web, month, number).await?.frozen;
            let now = live_books(web, month).await?;
            of_books(&before.books, &now.books)
        }
    };
    let blocking = live.checks.iter().filter(|check| check.blocks());
    let page = FreezePage {
        shell: Shell::new(web, Some(visitor), HERE),
        month: month.name(),
        place: month_path(month),
        number: newest + 1,
        running: month >= Month::at(web.desk.now()),
        freezes_from: waits_until(web, month)
            .await?
            .map_or_else(String::new, |until| web.settings.dates.minute(until)),
        silent: newest == 0 && live.silent,
        blocking: blocking.map(|check| check.what.clone()).collect(),
        unused: live.unused_notes.iter().map(UnusedNote::sentence).collect(),
        more: found.len().saturating_sub(SHOWN),
        differences: found
            .into_iter()
            .take(SHOWN)
            .map(|one| Row {
                title: one.title(),
                before: one.before,
                after: one.after,
            })
            .collect(),
        letters: ENTRY_LINE_LETTERS,
        reason: reason.to_owned(),
        fault: fault.to_owned(),
    };
    let status = if fault.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    Ok((status, Html(page.render()?)).into_response())
}

/// Keeps the edition. A form that is sent twice makes one.
pub(super) async fn freeze(
    visitor: Allowed<ManageReports>,
    State(web): State<Web>,
    Path(month): Path<String>,
    Sent(pairs): Sent<Vec<(String, String)>>,
) -> Result<Response, WebError> {
    let month = read_month(&month)?;
    let values = Values::of(pairs);
    let number: u32 = values.get("edition").parse().unwrap_or(0);
    let done = format!("{}?done=report-frozen", month_path(month));
    let report = web.store.report_of(month).await?;
    let newest = report.newest().map_or(0, |newest| newest.number);
    let login = &visitor.user.login;
    let is_own = report
        .editions
        .iter()
        .any(|one| one.number == number && number > 0 && one.made_by == *login);
    if is_own {
        return Ok(Redirect::to(&done).into_response());
    }
    if number != newest + 1 {
        return Err(outdated());
    }
    let reason = values.get("reason").to_owned();
    let fault = if month >= Month::at(web.desk.now()) {
        "月が終わってから確定してください。"
    } else if waits_until(&web, month).await?.is_some() {
        "締め日時を過ぎてから確定してください。"
    } else if number > 1 && reason.is_empty() {
        "次の版を作る理由を入力してください。"
    } else if reason.chars().count() > ENTRY_LINE_LETTERS {
        "理由を200文字以内で入力してください。"
    } else if reason.is_empty() && live(&web, month).await?.silent {
        "記録のない月を確定する理由を入力してください。"
    } else {
        ""
    };
    if !fault.is_empty() {
        return show(&web, &visitor, month, (&reason, fault)).await;
    }
    let maker = Maker {
        name: visitor.user.name.clone(),
        login: login.clone(),
        reason: reason.clone(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        at: web.desk.now(),
    };
    open_improvements(&web, &visitor, month).await?;
    let settings = month_settings(&web);
    let prepared = match prepare(&web.store, (month, false), &settings, &maker).await {
        Err(MonthlyError::NotReconciled(_)) => {
            let fault = "突合せに、理由のない差があります。";
            return show(&web, &visitor, month, (&reason, fault)).await;
        }
        prepared => prepared.map_err(refused)?,
    };
    if prepared.edition.number != number {
        return Err(outdated());
    }
    if number > 1 && prepared.differences.is_empty() {
        let fault = "前の版と違うところがありません。";
        return show(&web, &visitor, month, (&reason, fault)).await;
    }
    match keep(&web, &visitor, &prepared).await {
        Ok(()) => Ok(Redirect::to(&done).into_response()),
        Err(StoreError::Taken { .. }) => {
            let report = web.store.report_of(month).await?;
            let newest = report.newest();
            let is_own = newest.is_some_and(|one| one.number == number && one.made_by == *login);
            match is_own {
                true => Ok(Redirect::to(&done).into_response()),
                false => Err(outdated()),
            }
        }
        Err(error) => Err(error.into()),
    }
}

async fn keep(web: &Web, visitor: &Visitor, prepared: &Prepared) -> Result<(), StoreError> {
    let edition = &prepared.edition;
    let month = edition.month;
    let mut entry = visitor.entry(web.desk.now(), Action::ReportFreeze, month.to_string());
    for (name, value) in [
        ("edition", edition.number.to_string()),
        ("sha256", edition.sha256.clone()),
        ("reason", edition.reason.clone()),
        ("differences", prepared.differences.len().to_string()),
    ] {
        entry.after.insert(name.to_owned(), value);
    }
    let mut tx = web.store.begin(entry).await?;
    tx.add_edition(edition, &prepared.content).await?;
    tx.commit().await
}

/// Opens 改善状況報告 for what is missed, so that the edition has them.
async fn open_improvements(web: &Web, visitor: &Visitor, month: Month) -> Result<(), WebError> {
    let missed = live(web, month).await?.missed.clone();
    let known = web.store.improvements(month, month).await?;
    let is_new = |item: &LevelItem| known.iter().all(|known| known.item != *item);
    if !missed.iter().any(is_new) {
        return Ok(());
    }
    let entry = visitor.entry(web.desk.now(), Action::ImprovementChange, month.to_string());
    let mut tx = web.store.begin(entry).await?;
    if tx.open_improvements(month, &missed).await? > 0 {
        tx.commit().await?;
    }
    Ok(())
}

fn outdated() -> WebError {
    WebError::Conflict(
        "ほかの人が先に確定しました。画面を開き直して、内容を確認してください。".to_owned(),
    )
}
