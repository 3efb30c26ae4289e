//! The page of one thing: looked at, made, changed.

use askama::Template;
use axum::extract::{Form as Sent, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use madoguchi_core::access::ManageDesk;
use madoguchi_core::setup::Fault;

use super::form::{Form, Input, Values};
use super::history::{VersionRow, rows};
use super::keep::{Kept, place_for, put};
use super::screen::{Button, Facts, HERE, OneTime, SettingScreen, SetupContext};
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::one_time;
use crate::query::DoneQuery;
use crate::shell::Shell;
use crate::state::Web;

#[derive(Template)]
#[template(path = "desk_thing.html")]
struct ThingPage {
    shell: Shell,
    label: &'static str,
    list: &'static str,
    title: String,
    /// What the page says of the thing before anything else.
    notes: Vec<String>,
    one_time: Option<OneTime>,
    /// The thing as the file names it, which screens cannot change.
    by_file: Option<Facts>,
    /// The thing was removed.
    removed: bool,
    form: Option<Form>,
    buttons: Vec<Button>,
    /// The page that asks whether it is to be removed.
    remove: Option<String>,
    remove_word: &'static str,
    place: String,
    version: i64,
    history: Vec<VersionRow>,
}

/// How a page is shown beside what is kept.
#[derive(Default)]
pub(super) struct Shown {
    /// What was typed, and is not kept.
    pub(super) values: Option<Values>,
    pub(super) faults: Vec<Fault>,
    /// A secret that is not noted yet.
    pub(super) secret: Option<String>,
    pub(super) done: String,
}

pub(super) async fn page<T: SettingScreen>(
    visitor: Allowed<ManageDesk>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Query(query): Query<DoneQuery>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let shown = Shown {
        done: query.done,
        secret: one_time::shown(&web, &visitor, &headers, &T::place(&id)),
        ..Shown::default()
    };
    show::<T>(&web, &visitor, &id, shown).await
}

/// Leads to the page of a thing that was kept; a secret that was made with it is shown there.
pub(super) async fn lead_to<T: SettingScreen>(
    web: &Web,
    visitor: &Visitor,
    id: &str,
    done: &str,
    one_time: Option<OneTime>,
) -> Result<Response, WebError> {
    let place = T::place(id);
    let Some(one_time) = one_time else {
        return Ok(Redirect::to(&format!("{place}?done={done}")).into_response());
    };
    if let Some(led) = one_time::lead_to(web, visitor, (&place, done), &one_time.secret)? {
        return Ok(led);
    }
    let shown = Shown {
        secret: Some(one_time.secret),
        done: done.to_owned(),
        ..Shown::default()
    };
    show::<T>(web, visitor, id, shown).await
}

/// The page of a thing of the file or of a screen.
pub(super) async fn show<T: SettingScreen>(
    web: &Web,
    visitor: &Visitor,
    id: &str,
    shown: Shown,
) -> Result<Response, WebError> {
    let around = SetupContext::of(web);
    let mut page = ThingPage::blank::<T>(web, visitor, &shown.done);
    page.place = T::place(id);
    if let Some((title, facts)) = T::of_file(&around, id) {
        page.title = title;
        page.by_file = Some(facts);
        return page.answer(&shown);
    }
    let kept = Kept::<T>::get(web, id).await?;
    page.version = kept.version;
    page.history = rows(&around, &kept);
    page.title = kept
        .last()
        .map_or_else(|| id.to_owned(), |thing| thing.title());
    let thing = kept.thing.as_ref();
    page.one_time = thing.and_then(|thing| thing.one_time(shown.secret.clone()?, &around));
    match &kept.thing {
        None => {
            page.removed = true;
            page.notes.extend(
                shown
                    .faults
                    .iter()
                    .map(|fault| format!("{}。", fault.message)),
            );
        }
        Some(thing) => {
            page.notes = thing.notes(&around);
            page.buttons = thing.buttons(&page.place);
            page.remove = thing.can_remove().then(|| format!("{}/remove", page.place));
            // What was typed belongs to the version that it was typed over.
            let version = shown.values.as_ref().map_or(kept.version, Values::version);
            let values = shown.values.clone().unwrap_or_else(|| thing.values());
            let sections = T::sections(&values, &around, Some((id, thing)));
            page.form = Some(Form::new(
                page.place.clone(),
                version,
                sections,
                &shown.faults,
            ));
        }
    }
    page.answer(&shown)
}

pub(super) async fn new_page<T: SettingScreen>(
    visitor: Allowed<ManageDesk>,
    State(web): State<Web>,
) -> Result<Response, WebError> {
    let values = T::blank(&SetupContext::of(&web));
    show_new::<T>(&web, &visitor, &values, &[])
}

fn show_new<T: SettingScreen>(
    web: &Web,
    visitor: &Visitor,
    values: &Values,
    faults: &[Fault],
) -> Result<Response, WebError> {
    let around = SetupContext::of(web);
    let mut page = ThingPage::blank::<T>(web, visitor, "");
    page.title = format!("{}の登録", T::LABEL);
    let sections = T::sections(values, &around, None);
    let mut form = Form::new(format!("{}/new", T::LIST), 0, sections, faults);
    form.submit = "登録する";
    page.form = Some(form);
    page.answer(&Shown {
        faults: faults.to_vec(),
        ..Shown::default()
    })
}

pub(super) async fn create<T: SettingScreen>(
    visitor: Allowed<ManageDesk>,
    State(web): State<Web>,
    Sent(pairs): Sent<Vec<(String, String)>>,
) -> Result<Response, WebError> {
    let values = Values::of(pairs);
    let around = SetupContext::of(&web);
    let (thing, one_time) = match T::read(&values, &around, None) {
        Ok(read) => read,
        Err(faults) => return show_new::<T>(&web, &visitor, &values, &faults),
    };
    let id = thing.new_id();
    let kept = match place_for::<T>(&web, &id).await? {
        Ok(kept) => kept,
        Err(fault) => return show_new::<T>(&web, &visitor, &values, &[fault]),
    };
    let change = kept.change(&visitor, &around, Some(&thing), kept.version)?;
    if let Err(fault) = put::<T>(&web, &id, &[change]).await? {
        return show_new::<T>(&web, &visitor, &values, &[fault]);
    }
    lead_to::<T>(&web, &visitor, &id, "created", one_time).await
}

pub(super) async fn save<T: SettingScreen>(
    visitor: Allowed<ManageDesk>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Sent(pairs): Sent<Vec<(String, String)>>,
) -> Result<Response, WebError> {
    save_thing::<T>(&web, &visitor, &id, Values::of(pairs)).await
}

pub(super) async fn save_thing<T: SettingScreen>(
    web: &Web,
    visitor: &Visitor,
    id: &str,
    values: Values,
) -> Result<Response, WebError> {
    let around = SetupContext::of(web);
    let kept = Kept::<T>::get(web, id).await?;
    let before = kept
        .thing
        .as_ref()
        .ok_or(WebError::NotFound(T::NOT_FOUND))?;
    let replaces = values.version();
    let again = |faults| Shown {
        values: Some(values.clone()),
        faults,
        ..Shown::default()
    };
    let (thing, one_time) = match T::read(&values, &around, Some((id, before))) {
        Ok(read) => read,
        Err(faults) => return show::<T>(web, visitor, id, again(faults)).await,
    };
    let done = format!("{}?done=saved", T::place(id));
    if *before == thing {
        return Ok(Redirect::to(&done).into_response());
    }
    let change = kept.change(visitor, &around, Some(&thing), replaces)?;
    if let Err(fault) = put::<T>(web, id, &[change]).await? {
        return show::<T>(web, visitor, id, again(vec![fault])).await;
    }
    lead_to::<T>(web, visitor, id, "saved", one_time).await
}

impl ThingPage {
    fn blank<T: SettingScreen>(web: &Web, visitor: &Visitor, done: &str) -> Self {
        Self {
            shell: Shell::new(web, Some(visitor), HERE).done(done),
            label: T::LABEL,
            list: T::LIST,
            title: String::new(),
            notes: Vec::new(),
            one_time: None,
            by_file: None,
            removed: false,
            form: None,
            buttons: Vec::new(),
            remove: None,
            remove_word: T::REMOVE,
            place: String::new(),
            version: 0,
            history: Vec::new(),
        }
    }

    fn answer(self, shown: &Shown) -> Result<Response, WebError> {
        let status = if shown.faults.is_empty() {
            StatusCode::OK
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        };
        Ok((status, Html(self.render()?)).into_response())
    }
}
