//! 提出, 差戻し and 承認 of a month's report are recorded.

use axum::extract::{Form as Sent, Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use madoguchi_core::access::ManageReports;
use madoguchi_core::audit::Action;
use madoguchi_core::month::{Month, RegisterEntry, ReportStep, StepKind};
use madoguchi_core::setup::FieldError;
use madoguchi_store::StoreError;

use super::month::{Typed, show};
use super::paths::{month_path, read_month};
use super::words::read_date;
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::kit::form::Values;
use crate::state::Web;

/// Records a step. A form that is sent twice records one.
pub(super) async fn record(
    visitor: Allowed<ManageReports>,
    State(web): State<Web>,
    Path(month): Path<String>,
    Query(asked): Query<Vec<(String, String)>>,
    Sent(mut pairs): Sent<Vec<(String, String)>>,
) -> Result<Response, WebError> {
    let month = read_month(&month)?;
    // The address names the step and the edition that the form was made for.
    pairs.extend(asked);
    let values = Values::of(pairs);
    let report = web.store.report_of(month).await?;
    let kind = StepKind::lookup(values.get("kind"));
    let kind = kind.ok_or_else(|| WebError::BadRequest("記録する内容を選んでください。".into()))?;
    let step = match read(&web, &visitor, (month, &report, kind), &values) {
        Ok(step) => step,
        Err(faults) => {
            let typed = Typed {
                values: &values,
                faults: &faults,
            };
            return show(&web, &visitor, month, "", Some(typed)).await;
        }
    };
    if report.steps.iter().any(|known| is_same(known, &step)) {
        return Ok(done(month));
    }
    report.check(kind).map_err(|why| {
        WebError::Conflict(format!("{why}。画面を開き直して、確認してください。"))
    })?;
    let now = web.desk.now();
    let mut entry = visitor.entry(now, Action::ReportStep, month.to_string());
    for (name, value) in [
        ("kind", step.kind.as_str().to_owned()),
        ("edition", step.edition.to_string()),
        ("on", step.on.to_string()),
        ("person", step.person.clone()),
        ("remark", step.remark.clone()),
    ] {
        entry.after.insert(name.to_owned(), value);
    }
    let mut tx = web.store.begin(entry).await?;
    let kept = match tx.add_report_step(&step).await {
        Ok(()) => tx.commit().await,
        Err(error) => {
            drop(tx);
            Err(error)
        }
    };
    match kept {
        Ok(()) => {}
        Err(StoreError::Changed { .. }) => {
            // The same form, sent at the same time.
            let report = web.store.report_of(month).await?;
            if !report.steps.iter().any(|known| is_same(known, &step)) {
                return Err(WebError::Conflict(
                    "ほかの人が先に記録しました。画面を開き直して、確認してください。".to_owned(),
                ));
            }
        }
        Err(error) => return Err(error.into()),
    }
    Ok(done(month))
}

fn done(month: Month) -> Response {
    Redirect::to(&format!("{}?done=step-recorded", month_path(month))).into_response()
}

/// Whether it is what was recorded, whoever sent it when.
fn is_same(known: &ReportStep, step: &ReportStep) -> bool {
    let of = |step: &ReportStep| (step.seq, step.edition, step.kind, step.on);
    of(known) == of(step) && known.person == step.person && known.remark == step.remark
}

/// The step that a form says. It names the step and the edition that it was made for.
fn read(
    web: &Web,
    visitor: &Visitor,
    (month, report, kind): (Month, &RegisterEntry, StepKind),
    values: &Values,
) -> Result<ReportStep, Vec<FieldError>> {
    let now = web.desk.now();
    let number = |name: &str| values.get(name).parse().unwrap_or(0);
    let on = match read_date(values.get("on")) {
        Ok(Some(on)) => on,
        Ok(None) => return Err(vec![FieldError::missing("on")]),
        Err(message) => return Err(vec![FieldError::new("on", message)]),
    };
    let step = ReportStep {
        month,
        seq: number("seq"),
        edition: number("edition"),
        kind,
        on,
        person: values.get("person").to_owned(),
        remark: values.get("remark").replace("\r\n", "\n"),
        recorded_at: now,
        recorded_by: visitor.user.login.clone(),
    };
    let faults = report.faults(&step, now.date());
    if faults.is_empty() {
        Ok(step)
    } else {
        Err(faults)
    }
}
