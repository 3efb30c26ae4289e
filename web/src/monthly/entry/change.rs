//! What is sent of an entry: a new one, a change, a withdrawal. Each is kept in one unit of work with its
//! record.

use axum::extract::{Form as Sent, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use madoguchi_core::access::ManageReports;
use madoguchi_core::audit::AuditEntry;
use madoguchi_core::month::{ENTRY_LINE_LETTERS, Month};
use madoguchi_core::setup::FieldError;
use madoguchi_store::StoreError;

use super::kind::{Making, Written, list_place};
use super::page::{REASON, Shown, get, show, show_new};
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::kit::fields::{read, recorded};
use crate::kit::form::Values;
use crate::monthly::paths::read_month;
use crate::monthly::words::People;
use crate::state::Web;

/// Letters of the reason.
const REASON_LETTERS: usize = ENTRY_LINE_LETTERS;

/// Keeps a new one. A form that is sent twice makes one.
pub(in crate::monthly) async fn create<T: Written>(
    visitor: Allowed<ManageReports>,
    State(web): State<Web>,
    Path(month): Path<String>,
    Query(asked): Query<Vec<(String, String)>>,
    Sent(pairs): Sent<Vec<(String, String)>>,
) -> Result<Response, WebError> {
    let month = read_month(&month)?;
    let asked = Values::of(asked);
    let id = asked.get("id").to_owned();
    if id.is_empty() || id.len() > 100 || !T::SCREEN.can_add {
        return Err(WebError::Conflict(
            "この画面は古くなっています。開き直してから、もう一度記入してください。".to_owned(),
        ));
    }
    let values = Values::of(pairs);
    let mut draft = T::blank(month, &asked);
    let fields = T::fields(&draft);
    let mut faults = read(&fields, &values, &mut draft, true);
    let making = Making {
        id: &id,
        month,
        visitor: &visitor,
        now: web.desk.now(),
    };
    let entry = T::entry(draft.clone(), None, &making);
    let entry = match entry {
        Ok(entry) if faults.is_empty() => entry,
        Ok(_) => return show_new::<T>(&web, &visitor, (month, &id), (&draft, &values, &faults)),
        Err(more) => {
            add_faults(&mut faults, more);
            return show_new::<T>(&web, &visitor, (month, &id), (&draft, &values, &faults));
        }
    };
    let mut record = record::<T>(&web, &visitor, entry.month(), &entry.id());
    record.after = recorded(&fields, Some(&draft));
    let mut tx = web.store.begin(record).await?;
    let saved = match tx.save_month_entry(&entry, 0, "").await {
        Ok(()) => tx.commit().await,
        Err(error) => {
            drop(tx);
            Err(error)
        }
    };
    match saved {
        Ok(()) => {}
        Err(StoreError::Changed { .. }) => {
            let known = web.store.lookup_month_entry::<T>(&entry.id()).await?;
            // The form was sent twice, or somebody else wrote the only one of its kind.
            if known.is_none_or(|known| known.entry.draft_values() != entry.draft_values()) {
                let message = format!("この{}は、すでに記入されています", T::SCREEN.label);
                let fault = [FieldError::new("", message)];
                return show_new::<T>(&web, &visitor, (month, &id), (&draft, &values, &fault));
            }
        }
        Err(error) => return Err(error.into()),
    }
    Ok(done::<T>(entry.month(), "created"))
}

/// Compared without what differs from one sending to the next.
trait DraftValues {
    fn draft_values(&self) -> Vec<String>;
}

impl<T: Written> DraftValues for T {
    fn draft_values(&self) -> Vec<String> {
        let draft = self.draft();
        let fields = T::fields(&draft);
        fields.iter().map(|field| field.value(&draft)).collect()
    }
}

fn done<T: Written>(month: Month, what: &str) -> Response {
    let list = list_place::<T>(month);
    Redirect::to(&format!("{list}?done={what}")).into_response()
}

fn add_faults(faults: &mut Vec<FieldError>, more: Vec<FieldError>) {
    for fault in more {
        if faults.iter().all(|known| known.field != fault.field) {
            faults.push(fault);
        }
    }
}

fn record<T: Written>(web: &Web, visitor: &Visitor, month: Month, id: &str) -> AuditEntry {
    let object = format!("{month} {id}");
    visitor.entry(web.desk.now(), T::SCREEN.action, &object)
}

pub(in crate::monthly) async fn save<T: Written>(
    visitor: Allowed<ManageReports>,
    State(web): State<Web>,
    Path((month, id)): Path<(String, String)>,
    Sent(pairs): Sent<Vec<(String, String)>>,
) -> Result<Response, WebError> {
    let month = read_month(&month)?;
    let kept = get::<T>(&web, month, &id).await?;
    let values = Values::of(pairs);
    let mut draft = kept.entry.draft();
    let fields = T::fields(&draft);
    let before = recorded(&fields, Some(&draft));
    let mut faults = read(&fields, &values, &mut draft, false);
    let making = Making {
        id: &id,
        month,
        visitor: &visitor,
        now: web.desk.now(),
    };
    let entry = T::entry(draft.clone(), Some(&kept.entry), &making);
    let reason = values.get(REASON).to_owned();
    if T::SCREEN.needs_reason {
        faults.extend(reason_fault(&reason));
    }
    let shown = |faults| Shown {
        values: Some(&values),
        faults,
        remove_fault: "",
    };
    let entry = match entry {
        Ok(entry) if faults.is_empty() => entry,
        Ok(_) => return show(&web, &visitor, &kept, shown(&faults)).await,
        Err(more) => {
            add_faults(&mut faults, more);
            return show(&web, &visitor, &kept, shown(&faults)).await;
        }
    };
    if kept.version != values.version() {
        // Sent twice, or somebody else was faster: then what they wrote stands in the history, and who
        // presses once more has seen it.
        if kept.entry.draft_values() == entry.draft_values() {
            return Ok(done::<T>(kept.entry.month(), "saved"));
        }
        let message = format!(
            "{}が先に変更しました。下の履歴で今の内容を確認してください。もう一度保存すると、この画面の内容に置き換えます",
            People::load(&web).await?.name(&kept.by)
        );
        let faults = [FieldError::new("", message)];
        let mut response = show(&web, &visitor, &kept, shown(&faults)).await?;
        *response.status_mut() = StatusCode::CONFLICT;
        return Ok(response);
    }
    let mut record = record::<T>(&web, &visitor, entry.month(), &entry.id());
    record.before = before;
    record.after = recorded(&fields, Some(&draft));
    if !reason.is_empty() {
        record.after.insert("reason".to_owned(), reason.clone());
    }
    let mut tx = web.store.begin(record).await?;
    tx.save_month_entry(&entry, kept.version, &reason).await?;
    tx.commit().await?;
    Ok(done::<T>(entry.month(), "saved"))
}

fn reason_fault(reason: &str) -> Option<FieldError> {
    if reason.is_empty() {
        return Some(FieldError::missing(REASON));
    }
    let is_long = reason.chars().count() > REASON_LETTERS;
    is_long.then(|| {
        let message = format!("{REASON_LETTERS}文字以内で入力してください");
        FieldError::new(REASON, message)
    })
}

/// Takes one away, with a reason; what it was stays in its history.
pub(in crate::monthly) async fn remove<T: Written>(
    visitor: Allowed<ManageReports>,
    State(web): State<Web>,
    Path((month, id)): Path<(String, String)>,
    Sent(pairs): Sent<Vec<(String, String)>>,
) -> Result<Response, WebError> {
    let month = read_month(&month)?;
    let values = Values::of(pairs);
    let kept = get::<T>(&web, month, &id).await?;
    let reason = values.get("reason").to_owned();
    if let Some(fault) = reason_fault(&reason) {
        let message = format!("取り消す理由を確認してください。{}。", fault.message);
        let shown = Shown {
            values: None,
            faults: &[],
            remove_fault: &message,
        };
        return show(&web, &visitor, &kept, shown).await;
    }
    let draft = kept.entry.draft();
    let mut record = record::<T>(&web, &visitor, month, &id);
    record.before = recorded(&T::fields(&draft), Some(&draft));
    record.after.insert("reason".to_owned(), reason.clone());
    let mut tx = web.store.begin(record).await?;
    tx.remove_month_entry(&kept.entry, values.version(), &reason)
        .await?;
    tx.commit().await?;
    Ok(done::<T>(month, "entry-withdrawn"))
}
