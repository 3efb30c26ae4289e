//! 検索の言葉: synonyms and words of the operators' own, kept with all versions; each can be tried
//! before it is saved.

mod one;
mod synonyms;
mod words;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use madoguchi_core::access::EditArticles;
use madoguchi_core::audit::Action;
use madoguchi_kb::{Language, LanguageFault, SynonymGroup, UserWord};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Web;
use crate::account::DoneQuery;
use crate::articles;
use crate::auth::access::Allowed;
use crate::auth::routes::Routes;
use crate::error::WebError;
use crate::query::escape;
use crate::shell::Shell;

/// The kind of groups of synonyms in the store.
pub const SYNONYM_KIND: &str = "synonym_group";
/// The kind of words in the store.
pub const WORD_KIND: &str = "search_word";
/// Rows of what the product brings.
const STANDARD: usize = 50;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/articles/synonyms", list::<SynonymGroup>)
        .get("/articles/synonyms/new", one::new_page::<SynonymGroup>)
        .post("/articles/synonyms/new", one::create::<SynonymGroup>)
        .get("/articles/synonym/{id}", one::page::<SynonymGroup>)
        .post("/articles/synonym/{id}", one::save::<SynonymGroup>)
        .post(
            "/articles/synonym/{id}/restore",
            one::restore::<SynonymGroup>,
        )
        .get("/articles/words", list::<UserWord>)
        .get("/articles/words/new", one::new_page::<UserWord>)
        .post("/articles/words/new", one::create::<UserWord>)
        .get("/articles/word/{id}", one::page::<UserWord>)
        .post("/articles/word/{id}", one::save::<UserWord>)
        .post("/articles/word/{id}/restore", one::restore::<UserWord>)
}

/// A field of the form of a thing.
pub(crate) struct Field {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    value: String,
    fault: Option<String>,
}

/// What operators tell the search about the language of the desk.
trait Told: Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The kind in the store.
    const KIND: &'static str;
    /// What a change of it is called in the audit log.
    const ACTION: Action;
    /// The list.
    const LIST: &'static str;
    /// Where single ones are, with a slash and the id behind.
    const PLACE: &'static str;
    /// The title of the list.
    const TITLE: &'static str;
    /// The name of one.
    const LABEL: &'static str;
    /// What the list says of them.
    const ABOUT: &'static str;
    /// When what is saved takes effect.
    const EFFECT: &'static str;
    /// What is found also depends on it at once, not only how a text is understood.
    const FINDS: bool;

    /// What stands in lists.
    fn title(&self) -> String;
    /// What stands behind it in lists.
    fn detail(&self) -> String;
    /// Whether it has to do with a term.
    fn is_about(&self, term: &str) -> bool;
    /// The form for a new one about a term.
    fn blank(term: &str) -> Form;
    /// The values of its form.
    fn form(&self) -> Form;
    /// Reads its form.
    fn read(form: &Form) -> Self;
    /// The fields of its form, with what is wrong.
    fn fields(form: &Form, fault: Option<LanguageFault>) -> Vec<Field>;
    /// Why it cannot be saved.
    fn fault(&self) -> Option<LanguageFault>;
    /// Those in a language, of operators and of the product.
    fn of(language: &mut Language) -> &mut Vec<Self>;
    /// Those that the product brings.
    fn standard() -> Vec<Self>;
}

/// What a form sends.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Form {
    terms: String,
    surface: String,
    reading: String,
    parts: String,
    /// The text to be tried.
    trial: String,
    /// The version that is replaced.
    version: i64,
    /// `try`: nothing is saved; `remove`.
    intent: String,
}

#[derive(Template)]
#[template(path = "language_list.html")]
struct ListPage {
    shell: Shell,
    title: &'static str,
    label: &'static str,
    about: &'static str,
    list: &'static str,
    new: String,
    term: String,
    own: Vec<Row>,
    standard: Vec<Row>,
    more: usize,
    /// The index is being built anew with what was set last.
    building: bool,
}

struct Row {
    link: String,
    title: String,
    detail: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ListQuery {
    term: String,
}

async fn list<T: Told>(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Query(query): Query<ListQuery>,
    Query(done): Query<DoneQuery>,
) -> Result<Html<String>, WebError> {
    let term = query.term.trim();
    let wanted = |one: &T| term.is_empty() || one.is_about(term);
    let kept = kept::<T>(&web).await?;
    let in_force = web.faq.knowledge().map(madoguchi_kb::Knowledge::language);
    let building = in_force.is_some_and(|mut language| {
        let known = T::of(&mut language);
        !kept.iter().all(|(_, one)| known.contains(one))
    });
    let own = kept.into_iter().filter(|(_, one)| wanted(one));
    let own = own.map(|(id, one)| Row {
        link: format!("{}/{}", T::PLACE, escape(&id)),
        title: one.title(),
        detail: one.detail(),
    });
    let mut standard: Vec<T> = T::standard();
    standard.retain(wanted);
    let more = standard.len().saturating_sub(STANDARD);
    standard.truncate(STANDARD);
    let page = ListPage {
        shell: Shell::new(&web, Some(&visitor), articles::HERE).done(&done.done),
        title: T::TITLE,
        label: T::LABEL,
        about: T::ABOUT,
        list: T::LIST,
        new: format!("{}/new?term={}", T::LIST, escape(term)),
        term: term.to_owned(),
        own: own.collect(),
        standard: standard
            .iter()
            .map(|one| Row {
                link: String::new(),
                title: one.title(),
                detail: one.detail(),
            })
            .collect(),
        more,
        building,
    };
    Ok(Html(page.render()?))
}

/// Those of the operators, with their ids.
async fn kept<T: Told>(web: &Web) -> Result<Vec<(String, T)>, WebError> {
    let settings = web.store.list_settings(T::KIND).await?;
    let read = settings.into_iter().filter_map(|setting| {
        let one = serde_json::from_str(setting.data.as_deref()?).ok()?;
        Some((setting.id, one))
    });
    Ok(read.collect())
}

/// What stands between separators.
fn words(text: &str, separators: &[char]) -> Vec<String> {
    let words = text.split(separators).map(str::trim);
    words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}
