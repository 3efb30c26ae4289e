//! One group of synonyms or one word: its form, what comes of it, its versions.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use madoguchi_core::access::EditArticles;
use madoguchi_core::audit::Fields;
use madoguchi_kb::{Knowledge, Language, Query as Search, Trial, Viewer};
use madoguchi_store::{NewVersion, Setting};
use serde::Deserialize;

use super::setting::{Field, Form as Values, LanguageSetting, ListQuery};
use crate::articles::lookup::HERE as ARTICLES;
use crate::auth::access::Allowed;
use crate::auth::token;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::query::DoneQuery;
use crate::query::escape;
use crate::shell::Shell;
use crate::state::Web;

/// What is found is shown so far.
const HITS: usize = 5;
/// The longest text that is tried, in letters.
const TRIAL_LETTERS: usize = 200;

#[derive(Template)]
#[template(path = "language_one.html")]
struct OnePage {
    shell: Shell,
    title: String,
    list: &'static str,
    list_title: &'static str,
    label: &'static str,
    effect: &'static str,
    finds: bool,
    place: String,
    fields: Vec<Field>,
    trial: String,
    version: i64,
    faulty: bool,
    /// There is one that can be removed.
    exists: bool,
    /// Now, and with what is in the form.
    outcome: Option<[Outcome; 2]>,
    unavailable: bool,
    history: Vec<Version>,
}

/// What comes of a text.
struct Outcome {
    title: &'static str,
    words: String,
    reading: String,
    synonyms: String,
    hits: Vec<String>,
}

struct Version {
    number: i64,
    at: String,
    by: String,
    what: String,
    newest: bool,
    removed: bool,
}

/// What is shown.
struct Shown<'a> {
    /// Its id and versions; none of a new one.
    of: Option<(&'a str, &'a [Setting])>,
    values: Values,
    done: String,
    /// Faults are told.
    judged: bool,
}

async fn show<T: LanguageSetting>(
    web: &Web,
    visitor: &Visitor,
    shown: Shown<'_>,
) -> Result<Response, WebError> {
    let Shown { of, values, .. } = shown;
    let one = T::read(&values);
    let fault = one.fault();
    let told = fault.filter(|_| shown.judged);
    let history = of.map_or(&[][..], |(_, history)| history);
    let now = history.first().and_then(read::<T>);
    let trial = (fault.is_none() && !values.trial.trim().is_empty()).then(|| values.trial.clone());
    let knowledge = web.faq.knowledge().cloned();
    let unavailable = knowledge.is_none();
    let outcome = match knowledge.zip(trial) {
        Some((knowledge, trial)) => Some(try_out(knowledge, trial, now.clone(), one).await?),
        None => None,
    };
    let versions = history.iter().enumerate().map(|(at, setting)| Version {
        number: setting.version,
        at: web.settings.dates.minute(setting.at),
        by: setting.by.clone(),
        what: what(read::<T>(setting).as_ref()),
        newest: at == 0,
        removed: setting.data.is_none(),
    });
    let page = OnePage {
        shell: Shell::new(web, Some(visitor), ARTICLES).done(&shown.done),
        title: match (&now, of) {
            (Some(now), _) => now.title(),
            (None, Some(_)) => format!("削除した{}", T::LABEL),
            (None, None) => format!("{}の登録", T::LABEL),
        },
        list: T::LIST,
        list_title: T::TITLE,
        label: T::LABEL,
        effect: T::EFFECT,
        finds: T::FINDS,
        place: of.map_or_else(|| format!("{}/new", T::LIST), |(id, _)| place::<T>(id)),
        fields: T::fields(&values, told),
        trial: values.trial,
        version: values.version,
        faulty: told.is_some(),
        exists: now.is_some(),
        outcome,
        unavailable,
        history: versions.collect(),
    };
    let status = if told.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    Ok((status, Html(page.render()?)).into_response())
}

/// What comes of a text now, and with `after` in place of `before`.
async fn try_out<T: LanguageSetting>(
    knowledge: Knowledge,
    text: String,
    before: Option<T>,
    after: T,
) -> Result<[Outcome; 2], WebError> {
    let text: String = text.chars().take(TRIAL_LETTERS).collect();
    let trying = tokio::task::spawn_blocking(move || {
        let now = knowledge.language();
        let mut then = now.clone();
        let all = T::of(&mut then);
        all.retain(|one| Some(one) != before.as_ref());
        all.push(after);
        let query = Search::new(&text, Viewer::Desk, HITS);
        let of = |language: &Language| knowledge.try_out(&query, language);
        Ok::<_, madoguchi_kb::KbError>((of(&now)?, of(&then)?))
    });
    let tried = trying.await;
    let tried = tried.map_err(|_| WebError::Internal("a trial ended early"))?;
    let (now, then) = tried.map_err(|error| {
        tracing::error!(%error, "words cannot be tried");
        WebError::Internal("words cannot be tried")
    })?;
    Ok([outcome("現在", now), outcome("変更後", then)])
}

fn outcome(title: &'static str, trial: Trial) -> Outcome {
    let words = trial.analysis.words.into_iter().map(|word| word.term);
    let hits = trial.hits.into_iter().map(|hit| {
        let pieces = hit.question.into_iter();
        pieces.map(|piece| piece.text).collect()
    });
    Outcome {
        title,
        words: words.collect::<Vec<_>>().join(" ／ "),
        reading: trial.analysis.reading,
        synonyms: trial.analysis.synonyms.join("、"),
        hits: hits.collect(),
    }
}

fn place<T: LanguageSetting>(id: &str) -> String {
    format!("{}/{}", T::PLACE, escape(id))
}

fn read<T: LanguageSetting>(setting: &Setting) -> Option<T> {
    serde_json::from_str(setting.data.as_deref()?).ok()
}

fn what<T: LanguageSetting>(one: Option<&T>) -> String {
    let Some(one) = one else {
        return "削除".to_owned();
    };
    let detail = one.detail();
    let between = if detail.is_empty() { "" } else { "　" };
    format!("{}{between}{detail}", one.title())
}

pub(super) async fn new_page<T: LanguageSetting>(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Query(query): Query<ListQuery>,
) -> Result<Response, WebError> {
    let shown = Shown {
        of: None,
        values: T::blank(query.term.trim()),
        done: String::new(),
        judged: false,
    };
    show::<T>(&web, &visitor, shown).await
}

pub(super) async fn create<T: LanguageSetting>(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Form(values): Form<Values>,
) -> Result<Response, WebError> {
    let one = T::read(&values);
    if values.intent == "try" || one.fault().is_some() {
        let shown = Shown {
            of: None,
            values,
            done: String::new(),
            judged: true,
        };
        return show::<T>(&web, &visitor, shown).await;
    }
    let id = token::new_id();
    put::<T>(&web, &visitor, &id, (None, Some(&one)), 0).await?;
    Ok(Redirect::to(&format!("{}?done=created", place::<T>(&id))).into_response())
}

/// All versions of one.
async fn history<T: LanguageSetting>(web: &Web, id: &str) -> Result<Vec<Setting>, WebError> {
    let history = web.store.setting_history(T::KIND, id).await?;
    if history.is_empty() {
        return Err(WebError::NotFound("この言葉"));
    }
    Ok(history)
}

pub(super) async fn page<T: LanguageSetting>(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Query(done): Query<DoneQuery>,
) -> Result<Response, WebError> {
    let history = history::<T>(&web, &id).await?;
    let last = history.iter().find_map(read::<T>);
    let values = Values {
        version: history.first().map_or(0, |newest| newest.version),
        ..last.map(|one| one.form()).unwrap_or_default()
    };
    let shown = Shown {
        of: Some((&id, &history)),
        values,
        done: done.done,
        judged: false,
    };
    show::<T>(&web, &visitor, shown).await
}

pub(super) async fn save<T: LanguageSetting>(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(values): Form<Values>,
) -> Result<Response, WebError> {
    let history = history::<T>(&web, &id).await?;
    let before = history.first().and_then(read::<T>);
    if values.intent == "remove" {
        put::<T>(&web, &visitor, &id, (before.as_ref(), None), values.version).await?;
        return Ok(Redirect::to(&format!("{}?done=removed", T::LIST)).into_response());
    }
    let one = T::read(&values);
    if values.intent == "try" || one.fault().is_some() {
        let shown = Shown {
            of: Some((&id, &history)),
            values,
            done: String::new(),
            judged: true,
        };
        return show::<T>(&web, &visitor, shown).await;
    }
    let change = (before.as_ref(), Some(&one));
    put::<T>(&web, &visitor, &id, change, values.version).await?;
    Ok(Redirect::to(&format!("{}?done=saved", place::<T>(&id))).into_response())
}

#[derive(Debug, Deserialize)]
pub(super) struct RestoreForm {
    version: i64,
    replaces: i64,
}

pub(super) async fn restore<T: LanguageSetting>(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(form): Form<RestoreForm>,
) -> Result<Redirect, WebError> {
    let history = history::<T>(&web, &id).await?;
    let wanted = history.iter().find(|one| one.version == form.version);
    let wanted = wanted
        .and_then(read::<T>)
        .ok_or(WebError::NotFound("この変更"))?;
    let before = history.first().and_then(read::<T>);
    let change = (before.as_ref(), Some(&wanted));
    put::<T>(&web, &visitor, &id, change, form.replaces).await?;
    Ok(Redirect::to(&format!("{}?done=restored", place::<T>(&id))))
}

/// Keeps a new version; the search takes it up by itself.
async fn put<T: LanguageSetting>(
    web: &Web,
    visitor: &Visitor,
    id: &str,
    (before, after): (Option<&T>, Option<&T>),
    replaces: i64,
) -> Result<(), WebError> {
    if before == after {
        return Ok(());
    }
    let told = |one: Option<&T>| -> Fields {
        let fields = one.map(|one| T::fields(&one.form(), None)).into_iter();
        fields
            .flatten()
            .filter(|field| !field.value.is_empty())
            .map(|field| (field.name.to_owned(), field.value.replace('\n', "、")))
            .collect()
    };
    let mut entry = visitor.entry(web.desk.now(), T::ACTION, id);
    entry.before = told(before);
    entry.after = told(after);
    let data = after.map(serde_json::to_string).transpose();
    let version = NewVersion {
        kind: T::KIND,
        id: id.to_owned(),
        replaces,
        data: data.map_err(|_| WebError::Internal("a word cannot be written"))?,
    };
    let mut tx = web.store.begin(entry).await?;
    tx.save_setting(&version).await?;
    tx.commit().await?;
    Ok(())
}
