//! How long records are kept: those of the audit, and what readers of the FAQ looked for and read.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use madoguchi_core::access::ManageRetention;
use madoguchi_core::audit::{Action, Fields};
use madoguchi_core::portal::{LOG_DAYS_AT_LEAST, LogRetention, PORTAL_RETENTION};
use madoguchi_core::setup::{AUDIT_RETENTION, AuditRetention, RETENTION_DAYS_AT_LEAST};
use madoguchi_store::NewVersion;
use serde::Deserialize;

use crate::auth::access::Allowed;
use crate::auth::routes::Routes;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::query::DoneQuery;
use crate::shell::Shell;
use crate::state::Web;

/// There is one setting of each kind.
const ID: &str = "days";

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/admin/retention", page)
        .post("/admin/retention/{kind}", save)
}

/// Records that are kept for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Records {
    Audit,
    Portal,
}

impl Records {
    const ALL: [Self; 2] = [Self::Audit, Self::Portal];

    /// The name in addresses.
    fn as_str(self) -> &'static str {
        match self {
            Self::Audit => "audit",
            Self::Portal => "portal",
        }
    }

    fn setting(self) -> &'static str {
        match self {
            Self::Audit => AUDIT_RETENTION,
            Self::Portal => PORTAL_RETENTION,
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Audit => "監査記録",
            Self::Portal => "FAQの利用記録",
        }
    }

    fn about(self) -> &'static str {
        match self {
            Self::Audit => "誰が何を見て、何を変えたかの記録です。",
            Self::Portal => {
                "FAQの検索、閲覧、ご意見と、処理済みの問合せです。短くすると、アクセスレポートで見られる月が減ります。"
            }
        }
    }

    fn at_least(self) -> u32 {
        match self {
            Self::Audit => RETENTION_DAYS_AT_LEAST,
            Self::Portal => LOG_DAYS_AT_LEAST,
        }
    }

    fn action(self) -> Action {
        match self {
            Self::Audit => Action::RetentionChange,
            Self::Portal => Action::PortalRetentionChange,
        }
    }

    /// The days that are kept, of a setting.
    fn read(self, data: &str) -> Option<u32> {
        match self {
            Self::Audit => {
                let kept: AuditRetention = serde_json::from_str(data).unwrap_or_default();
                kept.days
            }
            Self::Portal => {
                let kept: LogRetention = serde_json::from_str(data).unwrap_or_default();
                kept.days
            }
        }
    }

    /// Why records cannot be kept for so many days.
    fn check(self, days: Option<u32>) -> Result<(), String> {
        match self {
            Self::Audit => (AuditRetention { days }.check()).map_err(|fault| fault.to_string()),
            Self::Portal => (LogRetention { days }.check()).map_err(|fault| fault.to_string()),
        }
    }

    /// The setting of so many days.
    fn write(self, days: Option<u32>) -> Result<String, serde_json::Error> {
        match self {
            Self::Audit => serde_json::to_string(&AuditRetention { days }),
            Self::Portal => serde_json::to_string(&LogRetention { days }),
        }
    }
}

#[derive(Template)]
#[template(path = "retention.html")]
struct RetentionPage {
    shell: Shell,
    parts: Vec<Part>,
}

/// What is shown of one kind of records.
struct Part {
    name: &'static str,
    label: &'static str,
    about: &'static str,
    at_least: u32,
    days: String,
    version: i64,
    changed: Option<String>,
    error: Option<String>,
}

/// The newest setting: its days, its version, and who changed it when.
async fn newest(
    web: &Web,
    records: Records,
) -> Result<(Option<u32>, i64, Option<String>), WebError> {
    let history = web.store.setting_history(records.setting(), ID).await?;
    let Some(newest) = history.first() else {
        return Ok((None, 0, None));
    };
    let days = records.read(newest.data.as_deref().unwrap_or_default());
    let changed = format!("{}　{}", web.settings.dates.minute(newest.at), newest.by);
    Ok((days, newest.version, Some(changed)))
}

async fn page(
    visitor: Allowed<ManageRetention>,
    State(web): State<Web>,
    Query(query): Query<DoneQuery>,
) -> Result<Response, WebError> {
    show(&web, &visitor, None, &query.done).await
}

/// The page; `refused` is what was sent and why it cannot be kept.
async fn show(
    web: &Web,
    visitor: &Visitor,
    refused: Option<(Records, String, String)>,
    done: &str,
) -> Result<Response, WebError> {
    let status = if refused.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let mut parts = Vec::new();
    for records in Records::ALL {
        let (days, version, changed) = newest(web, records).await?;
        let mine = refused.as_ref().filter(|(of, ..)| *of == records);
        parts.push(Part {
            name: records.as_str(),
            label: records.label(),
            about: records.about(),
            at_least: records.at_least(),
            days: match mine {
                Some((_, typed, _)) => typed.clone(),
                None => days.map_or_else(String::new, |days| days.to_string()),
            },
            version,
            changed,
            error: mine.map(|(.., why)| why.clone()),
        });
    }
    let page = RetentionPage {
        shell: Shell::new(web, Some(visitor), "/admin/retention").done(done),
        parts,
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
    Path(kind): Path<String>,
    Form(form): Form<RetentionForm>,
) -> Result<Response, WebError> {
    let records = Records::ALL.into_iter().find(|one| one.as_str() == kind);
    let records = records.ok_or(WebError::NotFound("この記録"))?;
    let text = form.days.trim();
    let days = if text.is_empty() {
        Ok(None)
    } else {
        let wrong = || "保存期間を日数で入力してください。".to_owned();
        text.parse().map(Some).map_err(|_| wrong())
    };
    let days = match days.and_then(|days| records.check(days).map(|()| days)) {
        Ok(days) => days,
        Err(why) => return show(&web, &visitor, Some((records, form.days, why)), "").await,
    };
    let data = records.write(days);
    let (before, ..) = newest(&web, records).await?;
    let told = |days: Option<u32>| {
        let days = days.map_or_else(|| "無期限".to_owned(), |days| days.to_string());
        Fields::from([("days".to_owned(), days)])
    };
    let mut entry = visitor.entry(web.desk.now(), records.action(), "");
    (entry.before, entry.after) = (told(before), told(days));
    let version = NewVersion {
        kind: records.setting(),
        id: ID.to_owned(),
        replaces: form.version,
        data: Some(data.map_err(|_| WebError::Internal("a setting cannot be written"))?),
    };
    web.store.save_settings(&[version], entry).await?;
    Ok(Redirect::to("/admin/retention?done=saved").into_response())
}
