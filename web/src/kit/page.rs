//! The page of one record: looked at, made, changed.

use askama::Template;
use axum::extract::{Form as Sent, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use madoguchi_core::setup::FieldError;
use madoguchi_store::{Resource, StoreError};

use super::conflict::{Attempt, Conflict};
use super::fields::{self, Facts};
use super::form::{Form, Input, Values};
use super::history::{VersionRow, rows};
use super::record::{Button, Context, OneTime, Record, Settled};
use super::versioned::{Versioned, save as save_changes};
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::one_time;
use crate::query::DoneQuery;
use crate::shell::Shell;
use crate::state::Web;

#[derive(Template)]
#[template(path = "record.html")]
struct RecordPage {
    shell: Shell,
    menu: (&'static str, &'static str),
    label: &'static str,
    list: &'static str,
    title: String,
    /// Where the page leads to.
    links: Vec<(String, &'static str)>,
    /// What the page says of the record before anything else.
    notes: Vec<String>,
    facts: Facts,
    one_time: Option<OneTime>,
    /// The record as the file names it, which screens cannot change.
    by_file: Option<Facts>,
    removed: bool,
    /// Somebody has changed it after its form was opened.
    conflict: Option<Conflict>,
    form: Option<Form>,
    buttons: Vec<Button>,
    /// The page that asks whether it is to be removed.
    remove: Option<String>,
    remove_word: &'static str,
    path: String,
    version: i64,
    history: Vec<VersionRow>,
}

/// How a page is shown beside what is kept.
#[derive(Default)]
pub(crate) struct Shown {
    /// What was typed, and is not kept.
    pub(crate) values: Option<Values>,
    pub(crate) faults: Vec<FieldError>,
    /// The version that somebody saw who came too late to change it.
    pub(crate) too_late: Option<i64>,
    /// A secret that is not noted yet.
    pub(crate) secret: Option<String>,
    pub(crate) done: String,
}

pub(crate) async fn page<T: Record>(
    visitor: Allowed<T::Permit>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Query(query): Query<DoneQuery>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let shown = Shown {
        done: query.done,
        secret: one_time::shown(&web, &visitor, &headers, &T::path(&id)),
        ..Shown::default()
    };
    show::<T>(&web, &visitor, &id, shown).await
}

/// The id of the one of a kind of which there is one.
pub(super) fn only<T: Record>() -> String {
    T::SCREEN.only.unwrap_or_default().to_owned()
}

/// The page of a kind of which there is one.
pub(crate) async fn single_page<T: Record>(
    visitor: Allowed<T::Permit>,
    web: State<Web>,
    query: Query<DoneQuery>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    page::<T>(visitor, web, Path(only::<T>()), query, headers).await
}

/// The page of a record of the file or of a screen.
pub(crate) async fn show<T: Record>(
    web: &Web,
    visitor: &Visitor,
    id: &str,
    shown: Shown,
) -> Result<Response, WebError> {
    let context = Context::new(web, id);
    let mut page = RecordPage::blank::<T>(web, visitor, &shown.done);
    page.path = T::path(id);
    if let Some(record) = T::of_file(&context) {
        page.title = record.title(&context);
        page.by_file = Some(fields::facts(&T::fields(&context), &record));
        return page.answer(&shown);
    }
    let kept = Versioned::<T>::get(web, id).await?;
    page.version = kept.version;
    page.history = rows(&context, &kept);
    page.title = kept
        .last()
        .map_or_else(|| id.to_owned(), |record| record.title(&context));
    let record = kept.record.as_ref();
    if let Some(seen) = shown.too_late {
        let values = shown.values.as_ref();
        let conflict = Conflict::of(&context, visitor, &kept, &Attempt { seen, values });
        page.conflict = Some(conflict.ok_or_else(changed)?);
    }
    page.one_time = record.and_then(|record| record.one_time(shown.secret.clone()?, &context));
    match &kept.record {
        None => {
            page.removed = true;
            page.notes.extend(
                shown
                    .faults
                    .iter()
                    .map(|fault| format!("{}。", fault.message)),
            );
        }
        Some(record) => {
            page.notes = record.notes(&context);
            page.facts = record.facts(&context);
            page.links = record.links();
            page.buttons = record.buttons(&page.path);
            page.remove = record.can_remove().then(|| format!("{}/remove", page.path));
            let fields = T::fields(&context);
            // What was typed belongs to the version that it was typed over, until its writer has seen
            // what another has made of it.
            let version = match &shown.values {
                Some(values) if shown.too_late.is_none() => values.version(),
                _ => kept.version,
            };
            let kept_values = || fields::values(&fields, record);
            let values = shown.values.clone().unwrap_or_else(kept_values);
            let sections = fields::sections(&fields, &values, Some(record));
            let mut typed = record.clone();
            fields::read(&fields, &values, &mut typed, false);
            page.form = Some(Form {
                confirm: T::SCREEN.confirm,
                takes_effect: T::SCREEN.takes_effect,
                trial: typed.trial(Some(record), &values, &context).await?,
                ..Form::new(page.path.clone(), version, sections, &shown.faults)
            });
        }
    }
    page.answer(&shown)
}

pub(crate) async fn new_page<T: Record>(
    visitor: Allowed<T::Permit>,
    State(web): State<Web>,
    Query(asked): Query<Vec<(String, String)>>,
) -> Result<Response, WebError> {
    let context = Context::new(&web, "");
    let suggested = T::suggested(&Values::of(asked), &context);
    let values = fields::values(&T::fields(&context), &suggested);
    show_new::<T>(&web, &visitor, &values, &[]).await
}

async fn show_new<T: Record>(
    web: &Web,
    visitor: &Visitor,
    values: &Values,
    faults: &[FieldError],
) -> Result<Response, WebError> {
    let context = Context::new(web, "");
    let mut page = RecordPage::blank::<T>(web, visitor, "");
    page.title = format!("{}の登録", T::SCREEN.label);
    let fields = T::fields(&context);
    let sections = fields::sections(&fields, values, None);
    let mut typed = T::blank(&context);
    fields::read(&fields, values, &mut typed, true);
    page.form = Some(Form {
        submit: "登録する",
        takes_effect: T::SCREEN.takes_effect,
        trial: typed.trial(None, values, &context).await?,
        ..Form::new(format!("{}/new", T::SCREEN.list), 0, sections, faults)
    });
    page.answer(&Shown {
        faults: faults.to_vec(),
        ..Shown::default()
    })
}

/// What was typed, taken up into `record`.
fn read<T: Record>(
    values: &Values,
    mut record: T,
    before: Option<&T>,
    context: &Context<'_>,
) -> Result<Settled<T>, Vec<FieldError>> {
    let fields = T::fields(context);
    let mut faults = fields::read(&fields, values, &mut record, before.is_none());
    // Of a field that cannot be read, that is what is wrong with it.
    let more = record.check(before, context).into_iter();
    let more = more.filter(|fault| faults.iter().all(|known| known.field != fault.field));
    let more: Vec<_> = more.collect();
    faults.extend(more);
    if faults.is_empty() {
        Ok(record.settled(before, context))
    } else {
        Err(faults)
    }
}

pub(crate) async fn create<T: Record>(
    visitor: Allowed<T::Permit>,
    State(web): State<Web>,
    Sent(pairs): Sent<Vec<(String, String)>>,
) -> Result<Response, WebError> {
    let values = Values::of(pairs);
    let context = Context::new(&web, "");
    let (record, secret) = match read(&values, T::blank(&context), None, &context) {
        Ok(read) if !values.is_trial() => read,
        Ok(_) => return show_new::<T>(&web, &visitor, &values, &[]).await,
        Err(faults) => return show_new::<T>(&web, &visitor, &values, &faults).await,
    };
    let id = record.new_id();
    let kept = match Versioned::<T>::new(&web, &id).await? {
        Ok(kept) => kept,
        Err(fault) => return show_new::<T>(&web, &visitor, &values, &[fault]).await,
    };
    let change = kept.change(&visitor, &context, Some(&record), kept.version)?;
    if let Err(fault) = save_changes::<T>(&web, &id, vec![change]).await? {
        return show_new::<T>(&web, &visitor, &values, &[fault]).await;
    }
    done::<T>(&web, &visitor, &id, secret, "created").await
}

pub(crate) async fn save<T: Record>(
    visitor: Allowed<T::Permit>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Sent(pairs): Sent<Vec<(String, String)>>,
) -> Result<Response, WebError> {
    let values = Values::of(pairs);
    let context = Context::new(&web, &id);
    let kept = Versioned::<T>::get(&web, &id).await?;
    let too_late = Shown {
        values: Some(values.clone()),
        too_late: Some(values.version()),
        ..Shown::default()
    };
    // It was there when its form was opened.
    let Some(before) = kept.record.as_ref() else {
        return show::<T>(&web, &visitor, &id, too_late).await;
    };
    let again = |faults| Shown {
        values: Some(values.clone()),
        faults,
        ..Shown::default()
    };
    let (record, secret) = match read(&values, before.clone(), Some(before), &context) {
        Ok(read) if !values.is_trial() => read,
        Ok(_) => return show::<T>(&web, &visitor, &id, again(Vec::new())).await,
        Err(faults) => return show::<T>(&web, &visitor, &id, again(faults)).await,
    };
    if *before != record {
        let change = kept.change(&visitor, &context, Some(&record), values.version())?;
        match save_changes::<T>(&web, &id, vec![change]).await {
            Ok(Ok(())) => {}
            Ok(Err(fault)) => return show::<T>(&web, &visitor, &id, again(vec![fault])).await,
            Err(WebError::Conflict(_)) => return show::<T>(&web, &visitor, &id, too_late).await,
            Err(error) => return Err(error),
        }
    }
    done::<T>(&web, &visitor, &id, secret, "saved").await
}

/// What is told where it cannot be said who was faster.
fn changed() -> WebError {
    let what = Resource::Setting;
    StoreError::Changed { what }.into()
}

/// Saves the one of a kind of which there is one.
pub(crate) async fn save_single<T: Record>(
    visitor: Allowed<T::Permit>,
    web: State<Web>,
    sent: Sent<Vec<(String, String)>>,
) -> Result<Response, WebError> {
    save::<T>(visitor, web, Path(only::<T>()), sent).await
}

/// Leads to the page of a record that was kept; a secret that was made with it is shown there.
pub(crate) async fn done<T: Record>(
    web: &Web,
    visitor: &Visitor,
    id: &str,
    secret: Option<String>,
    what: &str,
) -> Result<Response, WebError> {
    let path = T::path(id);
    let Some(secret) = secret else {
        return Ok(Redirect::to(&format!("{path}?done={what}")).into_response());
    };
    if let Some(led) = one_time::lead_to(web, visitor, (&path, what), &secret)? {
        return Ok(led);
    }
    let shown = Shown {
        secret: Some(secret),
        done: what.to_owned(),
        ..Shown::default()
    };
    show::<T>(web, visitor, id, shown).await
}

impl RecordPage {
    fn blank<T: Record>(web: &Web, visitor: &Visitor, done: &str) -> Self {
        let screen = T::SCREEN;
        Self {
            shell: Shell::new(web, Some(visitor), screen.menu.0).done(web, done),
            menu: screen.menu,
            label: screen.label,
            list: screen.list,
            title: String::new(),
            links: Vec::new(),
            notes: Vec::new(),
            facts: Facts::new(),
            one_time: None,
            by_file: None,
            removed: false,
            conflict: None,
            form: None,
            buttons: Vec::new(),
            remove: None,
            remove_word: screen.remove,
            path: String::new(),
            version: 0,
            history: Vec::new(),
        }
    }

    fn answer(self, shown: &Shown) -> Result<Response, WebError> {
        let status = if self.conflict.is_some() {
            StatusCode::CONFLICT
        } else if shown.faults.is_empty() {
            StatusCode::OK
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        };
        Ok((status, Html(self.render()?)).into_response())
    }
}
