//! The page of one entry with its form and its history, and the form of a new one.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use madoguchi_core::access::ManageReports;
use madoguchi_core::month::{Month, entry_id};
use madoguchi_core::setup::FieldError;
use madoguchi_store::{EntryVersion, KeptEntry};

use super::kind::{Written, list_place, one_place};
use crate::auth::access::Allowed;
use crate::auth::token;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::kit::fields::{Facts, differences, sections, values};
use crate::kit::form::{Form, FormField, Input, Section, Values};
use crate::monthly::paths::{HERE, month_path, read_month};
use crate::monthly::words::People;
use crate::query::escape;
use crate::shell::Shell;
use crate::state::Web;
use crate::text::DateStyle;

/// The name of the field that says why something is changed.
pub(super) const REASON: &str = "change_reason";

#[derive(Template)]
#[template(path = "monthly_entry.html")]
struct EntryPage {
    shell: Shell,
    month: String,
    place: String,
    list: String,
    label: &'static str,
    title: String,
    notes: Vec<String>,
    form: Form,
    /// Where it is removed; empty of a new one.
    remove: String,
    version: i64,
    /// Why it could not be removed.
    remove_fault: String,
    history: Vec<VersionRow>,
}

struct VersionRow {
    number: i64,
    at: String,
    by: String,
    reason: String,
    changes: Facts,
    removed: bool,
}

pub(in crate::monthly) async fn new_page<T: Written>(
    visitor: Allowed<ManageReports>,
    State(web): State<Web>,
    Path(month): Path<String>,
    Query(asked): Query<Vec<(String, String)>>,
) -> Result<Response, WebError> {
    let month = read_month(&month)?;
    let draft = T::blank(month, &Values::of(asked));
    let values = values(&T::fields(&draft), &draft);
    let id = entry_id(web.desk.now(), &token::new_id());
    show_new::<T>(&web, &visitor, (month, &id), (&draft, &values, &[]))
}

pub(super) fn show_new<T: Written>(
    web: &Web,
    visitor: &Visitor,
    (month, id): (Month, &str),
    (draft, values, faults): (&T::Draft, &Values, &[FieldError]),
) -> Result<Response, WebError> {
    let list = list_place::<T>(month);
    let action = format!("{list}/new?id={}{}", escape(id), T::asked(draft));
    let sections = sections(&T::fields(draft), values, None);
    let page = EntryPage {
        shell: Shell::new(web, Some(visitor), HERE),
        month: month.name(),
        place: month_path(month),
        list,
        label: T::SCREEN.label,
        title: format!("{}の記入", T::SCREEN.label),
        notes: Vec::new(),
        form: Form {
            submit: "記入する",
            ..Form::new(action, 0, sections, faults)
        },
        remove: String::new(),
        version: 0,
        remove_fault: String::new(),
        history: Vec::new(),
    };
    Ok((status(faults), Html(page.render()?)).into_response())
}

fn status(faults: &[FieldError]) -> StatusCode {
    if faults.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    }
}

/// An entry of a month as it is kept.
pub(super) async fn get<T: Written>(
    web: &Web,
    month: Month,
    id: &str,
) -> Result<KeptEntry<T>, WebError> {
    let kept = web.store.lookup_month_entry::<T>(id).await?;
    let kept = kept.filter(|kept| kept.entry.month() == month);
    kept.ok_or(WebError::NotFound("この記入"))
}

pub(in crate::monthly) async fn page<T: Written>(
    visitor: Allowed<ManageReports>,
    State(web): State<Web>,
    Path((month, id)): Path<(String, String)>,
) -> Result<Response, WebError> {
    let month = read_month(&month)?;
    let kept = get::<T>(&web, month, &id).await?;
    let shown = Shown {
        values: None,
        faults: &[],
        remove_fault: "",
    };
    show(&web, &visitor, &kept, shown).await
}

/// What is shown beside what is kept.
pub(super) struct Shown<'a> {
    /// What was typed and is not kept.
    pub(super) values: Option<&'a Values>,
    pub(super) faults: &'a [FieldError],
    pub(super) remove_fault: &'a str,
}

pub(super) async fn show<T: Written>(
    web: &Web,
    visitor: &Visitor,
    kept: &KeptEntry<T>,
    shown: Shown<'_>,
) -> Result<Response, WebError> {
    let (month, id) = (kept.entry.month(), kept.entry.id());
    let draft = kept.entry.draft();
    let fields = T::fields(&draft);
    let kept_values = values(&fields, &draft);
    let values = shown.values.unwrap_or(&kept_values);
    let mut sections = sections(&fields, values, Some(&draft));
    if T::SCREEN.needs_reason {
        sections.push(Section {
            title: "",
            fields: vec![reason_field(values)],
        });
    }
    let place_of_one = one_place::<T>(month, &id);
    let history = web.store.month_entry_history::<T>(&id).await?;
    let page = EntryPage {
        shell: Shell::new(web, Some(visitor), HERE),
        month: month.name(),
        place: month_path(month),
        list: list_place::<T>(month),
        label: T::SCREEN.label,
        title: kept.entry.title(),
        notes: kept.entry.notes(),
        form: Form::new(place_of_one.clone(), kept.version, sections, shown.faults),
        remove: format!("{place_of_one}/remove"),
        version: kept.version,
        remove_fault: shown.remove_fault.to_owned(),
        history: version_rows(&history, &People::load(web).await?, web.settings.dates),
    };
    let status = if shown.remove_fault.is_empty() {
        status(shown.faults)
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    Ok((status, Html(page.render()?)).into_response())
}

fn reason_field(values: &Values) -> FormField {
    FormField {
        id: String::new(),
        name: REASON.into(),
        label: "訂正の理由".into(),
        hint: "履歴に残ります。".into(),
        unit: "",
        input: Input::Text,
        value: values.get(REASON).to_owned(),
        choices: Vec::new(),
        required: true,
        error: None,
    }
}

fn version_rows<T: Written>(
    history: &[EntryVersion<T>],
    people: &People,
    dates: DateStyle,
) -> Vec<VersionRow> {
    let rows = history.iter().enumerate().map(|(at, one)| {
        let mut older = history.iter().skip(at + 1);
        let before = older.find_map(|one| one.entry.as_ref());
        let before = before.map(Written::draft);
        let after = one.entry.as_ref().map(Written::draft);
        VersionRow {
            number: one.version,
            at: dates.minute(one.at),
            by: people.name(&one.by),
            reason: one.reason.clone(),
            removed: one.entry.is_none(),
            changes: after.map_or_else(Facts::new, |after| {
                differences(&T::fields(&after), before.as_ref(), &after)
            }),
        }
    });
    rows.collect()
}
