//! How long audit records are kept.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use madoguchi_core::access::ManageRetention;
use madoguchi_core::audit::{Action, Fields};
use madoguchi_core::setup::{AUDIT_RETENTION, AuditRetention, RETENTION_DAYS_AT_LEAST};
use madoguchi_store::NewVersion;
use serde::Deserialize;

use crate::Web;
use crate::account::DoneQuery;
use crate::auth::access::Allowed;
use crate::auth::routes::Routes;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::shell::Shell;

/// There is one setting of this kind.
const ID: &str = "days";

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/admin/retention", page)
        .post("/admin/retention", save)
}

#[derive(Template)]
#[template(path = "retention.html")]
struct RetentionPage {
    shell: Shell,
    days: String,
    at_least: u32,
    version: i64,
    changed: Option<String>,
    error: Option<String>,
}

async fn newest(web: &Web) -> Result<(AuditRetention, i64, Option<String>), WebError> {
    let history = web.store.setting_history(AUDIT_RETENTION, ID).await?;
    let Some(newest) = history.first() else {
        return Ok((AuditRetention::default(), 0, None));
    };
    let data = newest.data.as_deref().unwrap_or_default();
    let changed = format!("{}　{}", web.settings.dates.minute(newest.at), newest.by);
    let retention = serde_json::from_str(data).unwrap_or_default();
    Ok((retention, newest.version, Some(changed)))
}

async fn page(
    visitor: Allowed<ManageRetention>,
    State(web): State<Web>,
    Query(query): Query<DoneQuery>,
) -> Result<Response, WebError> {
    let (retention, ..) = newest(&web).await?;
    let days = retention
        .days
        .map_or_else(String::new, |days| days.to_string());
    show(&web, &visitor, days, None, &query.done).await
}

async fn show(
    web: &Web,
    visitor: &Visitor,
    days: String,
    error: Option<String>,
    done: &str,
) -> Result<Response, WebError> {
    let (_, version, changed) = newest(web).await?;
    let status = if error.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let page = RetentionPage {
        shell: Shell::new(web, Some(visitor), "/admin/retention").done(done),
        days,
        at_least: RETENTION_DAYS_AT_LEAST,
        version,
        changed,
        error,
    };
    Ok((status, Html(page.render()?)).into_response())
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
struct RetentionForm {
    days: String,
    version: i64,
}

async fn save(
    visitor: Allowed<ManageRetention>,
    State(web): State<Web>,
    Form(form): Form<RetentionForm>,
) -> Result<Response, WebError> {
    let text = form.days.trim();
    let days = if text.is_empty() {
        Ok(None)
    } else {
        let wrong = || "保存期間を日数で入力してください。".to_owned();
        text.parse().map(Some).map_err(|_| wrong())
    };
    let read = days.map(|days| AuditRetention { days });
    let read = read.and_then(|read| match read.check() {
        Ok(()) => Ok(read),
        Err(fault) => Err(fault.to_string()),
    });
    let retention = match read {
        Ok(retention) => retention,
        Err(why) => return show(&web, &visitor, form.days, Some(why), "").await,
    };
    let (before, ..) = newest(&web).await?;
    let told = |retention: AuditRetention| {
        let days = retention
            .days
            .map_or_else(|| "無期限".to_owned(), |days| days.to_string());
        Fields::from([("days".to_owned(), days)])
    };
    let mut entry = visitor.entry(web.desk.now(), Action::RetentionChange, "");
    (entry.before, entry.after) = (told(before), told(retention));
    let data = serde_json::to_string(&retention);
    let version = NewVersion {
        kind: AUDIT_RETENTION,
        id: ID.to_owned(),
        replaces: form.version,
        data: Some(data.map_err(|_| WebError::Internal("a setting cannot be written"))?),
    };
    web.store.save_settings(&[version], entry).await?;
    Ok(Redirect::to("/admin/retention?done=saved").into_response())
}
