//! 検索の言葉: synonyms and words of the operators' own, kept with all versions; each can be tried
//! before it is saved.

mod one;
mod setting;
mod synonyms;
mod words;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use madoguchi_core::access::EditArticles;
use madoguchi_kb::{SynonymGroup, UserWord};

use self::setting::{LanguageSetting, ListQuery, kept};
pub use self::setting::{SYNONYM_KIND, WORD_KIND};
use crate::articles::lookup::HERE as ARTICLES;
use crate::auth::access::Allowed;
use crate::auth::routes::Routes;
use crate::error::WebError;
use crate::query::DoneQuery;
use crate::query::escape;
use crate::shell::Shell;
use crate::state::Web;

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

async fn list<T: LanguageSetting>(
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
        shell: Shell::new(&web, Some(&visitor), ARTICLES).done(&done.done),
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
