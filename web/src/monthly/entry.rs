//! What people write for a month says of itself once what its fields are; its list, its form, its history
//! and its removal follow.

use askama::Template;
use axum::extract::{Form as Sent, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use madoguchi_core::access::ManageReports;
use madoguchi_core::audit::{Action, AuditEntry};
use madoguchi_core::month::{ENTRY_LINE_LETTERS, Month, MonthEntry, entry_id};
use madoguchi_core::setup::FieldError;
use madoguchi_core::time::Instant;
use madoguchi_store::{EntryVersion, KeptEntry, StoreError};

use super::place::{HERE, place, read_month};
use crate::auth::access::Allowed;
use crate::auth::token;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::kit::field::{Facts, Field, FieldInfo, differences, read, recorded, sections, values};
use crate::kit::form::{Form, FormField, Input, Section, Values};
use crate::query::{DoneQuery, escape};
use crate::shell::Shell;
use crate::state::Web;
use crate::text::DateStyle;

/// The name of the field that says why something is changed.
const REASON: &str = "change_reason";
/// Letters of the reason.
const REASON_LETTERS: usize = ENTRY_LINE_LETTERS;

/// What the pages of a kind are and say.
pub(super) struct EntryScreen {
    /// The name of the kind.
    pub(super) label: &'static str,
    /// The part of the address behind that of the month.
    pub(super) path: &'static str,
    /// What the list says of the kind.
    pub(super) about: &'static str,
    /// What a change is called in the audit log.
    pub(super) action: Action,
    /// People add entries of this kind; otherwise they open by themselves.
    pub(super) can_add: bool,
    /// A change needs a reason.
    pub(super) needs_reason: bool,
}

/// What an entry is made with.
pub(super) struct Making<'a> {
    pub(super) id: &'a str,
    /// The month of the page.
    pub(super) month: Month,
    pub(super) visitor: &'a Visitor,
    pub(super) now: Instant,
}

/// A kind of entry with its pages.
pub(super) trait Written: MonthEntry + 'static {
    /// What its form holds.
    type Draft: Clone + Send + Sync + 'static;

    const SCREEN: EntryScreen;
    /// The columns of the list; the first leads to the entry.
    const COLUMNS: &'static [&'static str];

    /// The fields of its form.
    fn fields(draft: &Self::Draft) -> Vec<Field<'static, Self::Draft>>;

    /// A new one; `asked` is what its address says.
    fn blank(month: Month, asked: &Values) -> Self::Draft;

    /// What an entry holds, as its form has it.
    fn draft(&self) -> Self::Draft;

    /// The entry, or what is wrong with it.
    fn entry(
        draft: Self::Draft,
        before: Option<&Self>,
        making: &Making<'_>,
    ) -> Result<Self, Vec<FieldError>>;

    /// What it is called.
    fn title(&self) -> String;

    /// Its cells in the list.
    fn cells(&self, dates: DateStyle) -> Vec<String>;

    /// What the address of a new one says besides.
    fn asked(_draft: &Self::Draft) -> String {
        String::new()
    }

    /// Kinds of which a new one may be: words and what the address says.
    fn new_links() -> Vec<(&'static str, String)> {
        vec![(Self::SCREEN.label, String::new())]
    }

    /// All fields that any of them has.
    fn all_fields() -> Vec<Field<'static, Self::Draft>> {
        let draft = Self::blank(Month::at(Instant(0)), &Values::default());
        Self::fields(&draft)
    }

    /// What its page says before its form.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

#[derive(Template)]
#[template(path = "monthly_entries.html")]
struct ListPage {
    shell: Shell,
    month: String,
    place: String,
    label: &'static str,
    about: &'static str,
    /// The month was 確定 already.
    frozen: bool,
    new: Vec<(&'static str, String)>,
    columns: &'static [&'static str],
    rows: Vec<Row>,
}

struct Row {
    link: String,
    cells: Vec<String>,
    at: String,
    by: String,
}

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

fn list_place<T: Written>(month: Month) -> String {
    format!("{}/{}", place(month), T::SCREEN.path)
}

fn one_place<T: Written>(month: Month, id: &str) -> String {
    format!("{}/{}", list_place::<T>(month), escape(id))
}

pub(super) async fn list<T: Written>(
    visitor: Allowed<ManageReports>,
    State(web): State<Web>,
    Path(month): Path<String>,
    Query(query): Query<DoneQuery>,
) -> Result<Html<String>, WebError> {
    let month = read_month(&month)?;
    let dates = web.settings.dates;
    let entries = web.store.month_entries::<T>(month, month).await?;
    let report = web.store.report_of(month).await?;
    let list = list_place::<T>(month);
    let new = T::new_links().into_iter();
    let new = new.map(|(label, asked)| (label, format!("{list}/new{asked}")));
    let rows = entries.iter().map(|kept| Row {
        link: one_place::<T>(month, &kept.entry.id()),
        cells: kept.entry.cells(dates),
        at: dates.minute(kept.at),
        by: kept.by.clone(),
    });
    let page = ListPage {
        shell: Shell::new(&web, Some(&visitor), HERE).done(&web, &query.done),
        month: month.name(),
        place: place(month),
        label: T::SCREEN.label,
        about: T::SCREEN.about,
        frozen: report.newest().is_some(),
        new: new.filter(|_| T::SCREEN.can_add).collect(),
        columns: T::COLUMNS,
        rows: rows.collect(),
    };
    Ok(Html(page.render()?))
}

pub(super) async fn new_page<T: Written>(
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

fn show_new<T: Written>(
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
        place: place(month),
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

/// Keeps a new one. A form that is sent twice makes one.
pub(super) async fn create<T: Written>(
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

/// An entry of a month as it is kept.
async fn get<T: Written>(web: &Web, month: Month, id: &str) -> Result<KeptEntry<T>, WebError> {
    let kept = web.store.lookup_month_entry::<T>(id).await?;
    let kept = kept.filter(|kept| kept.entry.month() == month);
    kept.ok_or(WebError::NotFound("この記入"))
}

pub(super) async fn page<T: Written>(
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
struct Shown<'a> {
    /// What was typed and is not kept.
    values: Option<&'a Values>,
    faults: &'a [FieldError],
    remove_fault: &'a str,
}

async fn show<T: Written>(
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
        place: place(month),
        list: list_place::<T>(month),
        label: T::SCREEN.label,
        title: kept.entry.title(),
        notes: kept.entry.notes(),
        form: Form::new(place_of_one.clone(), kept.version, sections, shown.faults),
        remove: format!("{place_of_one}/remove"),
        version: kept.version,
        remove_fault: shown.remove_fault.to_owned(),
        history: version_rows(&history, web.settings.dates),
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

fn version_rows<T: Written>(history: &[EntryVersion<T>], dates: DateStyle) -> Vec<VersionRow> {
    let rows = history.iter().enumerate().map(|(at, one)| {
        let mut older = history.iter().skip(at + 1);
        let before = older.find_map(|one| one.entry.as_ref());
        let before = before.map(Written::draft);
        let after = one.entry.as_ref().map(Written::draft);
        VersionRow {
            number: one.version,
            at: dates.minute(one.at),
            by: one.by.clone(),
            reason: one.reason.clone(),
            removed: one.entry.is_none(),
            changes: after.map_or_else(Facts::new, |after| {
                differences(&T::fields(&after), before.as_ref(), &after)
            }),
        }
    });
    rows.collect()
}

pub(super) async fn save<T: Written>(
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
            kept.by
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
    let message = if reason.is_empty() {
        "入力してください".to_owned()
    } else if reason.chars().count() > REASON_LETTERS {
        format!("{REASON_LETTERS}文字以内で入力してください")
    } else {
        return None;
    };
    Some(FieldError::new(REASON, message))
}

/// Takes one away, with a reason; what it was stays in its history.
pub(super) async fn remove<T: Written>(
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
    Ok(done::<T>(month, "withdrawn"))
}

/// How the fields of a kind are called in the audit log.
pub(super) fn entry_audit<T: Written>(_: &Web) -> (Action, Vec<FieldInfo>) {
    let fields = T::all_fields().into_iter().map(|field| field.info);
    (T::SCREEN.action, fields.collect())
}

/// The routes of a kind.
macro_rules! entry_routes {
    ($entry:ty, $path:literal) => {
        $crate::auth::routes::Routes::new()
            .get(
                concat!("/monthly/{month}/", $path),
                $crate::monthly::entry::list::<$entry>,
            )
            .get(
                concat!("/monthly/{month}/", $path, "/new"),
                $crate::monthly::entry::new_page::<$entry>,
            )
            .long_post(
                concat!("/monthly/{month}/", $path, "/new"),
                $crate::limits::FormUse::Month,
                $crate::monthly::entry::create::<$entry>,
            )
            .and($crate::monthly::entry::entry_routes!(opened $entry, $path))
    };
    (listed $entry:ty, $path:literal) => {
        $crate::auth::routes::Routes::new()
            .get(
                concat!("/monthly/{month}/", $path),
                $crate::monthly::entry::list::<$entry>,
            )
            .and($crate::monthly::entry::entry_routes!(opened $entry, $path))
    };
    (opened $entry:ty, $path:literal) => {
        $crate::auth::routes::Routes::new()
            .get(
                concat!("/monthly/{month}/", $path, "/{id}"),
                $crate::monthly::entry::page::<$entry>,
            )
            .long_post(
                concat!("/monthly/{month}/", $path, "/{id}"),
                $crate::limits::FormUse::Month,
                $crate::monthly::entry::save::<$entry>,
            )
            .post(
                concat!("/monthly/{month}/", $path, "/{id}/remove"),
                $crate::monthly::entry::remove::<$entry>,
            )
    };
}

pub(super) use entry_routes;
