//! 突合せ: sums that must agree, each computed by a second way. Where they do not, a person says why.

use askama::Template;
use axum::extract::{Form as Sent, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use madoguchi_core::access::{ManageReports, ReadFigures};
use madoguchi_core::audit::Action;
use madoguchi_core::month::{CheckReason, ENTRY_LETTERS, Month};

use super::making::live;
use super::paths::{HERE, month_path, read_month};
use super::words::may_write;
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::kit::form::Values;
use crate::query::DoneQuery;
use crate::shell::Shell;
use crate::state::Web;
use crate::text;

#[derive(Template)]
#[template(path = "monthly_checks.html")]
struct ChecksPage {
    shell: Shell,
    month: String,
    place: String,
    may_write: bool,
    letters: usize,
    /// How many stand in the way of 確定.
    blocking: usize,
    /// Why what was typed is not kept.
    fault: String,
    rows: Vec<Row>,
}

struct Row {
    id: String,
    what: String,
    left_is: String,
    left: String,
    right_is: String,
    right: String,
    difference: String,
    agrees: bool,
    /// A reason that holds for these sums.
    reason: String,
    author: String,
    /// The sums, for which a reason is written.
    sums: String,
    /// The version of the reason that a new one replaces.
    version: i64,
}

pub(super) async fn page(
    visitor: Allowed<ReadFigures>,
    State(web): State<Web>,
    Path(month): Path<String>,
    Query(query): Query<DoneQuery>,
) -> Result<Response, WebError> {
    let month = read_month(&month)?;
    show(&web, &visitor, month, (&query.done, "")).await
}

async fn show(
    web: &Web,
    visitor: &Visitor,
    month: Month,
    (done, fault): (&str, &str),
) -> Result<Response, WebError> {
    let live = live(web, month).await?;
    let kept = web.store.month_entries::<CheckReason>(month, month).await?;
    let rows = live.checks.iter().map(|check| {
        let written = kept.iter().find(|kept| kept.entry.check == check.id);
        Row {
            id: check.id.clone(),
            what: check.what.clone(),
            left_is: check.left_is.clone(),
            left: signed(check.left),
            right_is: check.right_is.clone(),
            right: signed(check.right),
            difference: signed(check.left - check.right),
            agrees: check.agrees(),
            reason: check.reason.clone().unwrap_or_default(),
            author: check.explained_by.clone().unwrap_or_default(),
            sums: check.sums(),
            version: written.map_or(0, |kept| kept.version),
        }
    });
    let page = ChecksPage {
        shell: Shell::new(web, Some(visitor), HERE).done(web, done),
        month: month.name(),
        place: month_path(month),
        may_write: may_write(visitor),
        letters: ENTRY_LETTERS,
        blocking: live.checks.iter().filter(|check| check.blocks()).count(),
        fault: fault.to_owned(),
        rows: rows.collect(),
    };
    let status = if fault.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    Ok((status, Html(page.render()?)).into_response())
}

fn signed(value: i64) -> String {
    let number = text::number(value.unsigned_abs());
    if value < 0 {
        format!("-{number}")
    } else {
        number
    }
}

/// Keeps why two sums do not agree.
pub(super) async fn explain(
    visitor: Allowed<ManageReports>,
    State(web): State<Web>,
    Path(month): Path<String>,
    Sent(pairs): Sent<Vec<(String, String)>>,
) -> Result<Response, WebError> {
    let month = read_month(&month)?;
    let values = Values::of(pairs);
    let live = live(&web, month).await?;
    let check = live.checks.iter().find(|one| one.id == values.get("check"));
    let check = check.ok_or(WebError::NotFound("この検査"))?;
    if check.agrees() || check.sums() != values.get("sums") {
        return Err(WebError::Conflict(
            "画面を開いた後に数値が変わりました。画面を開き直して、確認してください。".to_owned(),
        ));
    }
    let reason = CheckReason {
        month,
        check: check.id.clone(),
        reason: values.get("reason").replace("\r\n", "\n"),
        author: visitor.user.name.clone(),
        sums: check.sums(),
    };
    if let Some(fault) = reason.faults().first() {
        let fault = format!("差の理由を確認してください。{}。", fault.message);
        return show(&web, &visitor, month, ("", &fault)).await;
    }
    let known = web
        .store
        .lookup_month_entry::<CheckReason>(&CheckReason::id_of(month, &check.id))
        .await?;
    let place = format!("{}/checks?done=saved", month_path(month));
    if known.is_some_and(|known| known.entry == reason) {
        return Ok(Redirect::to(&place).into_response());
    }
    let object = format!("{month} {}", check.id);
    let mut entry = visitor.entry(web.desk.now(), Action::CheckReasonChange, &object);
    for (name, value) in [
        ("reason", reason.reason.clone()),
        ("left", check.left.to_string()),
        ("right", check.right.to_string()),
    ] {
        entry.after.insert(name.to_owned(), value);
    }
    let mut tx = web.store.begin(entry).await?;
    tx.save_month_entry(&reason, values.version(), "").await?;
    tx.commit().await?;
    Ok(Redirect::to(&place).into_response())
}
