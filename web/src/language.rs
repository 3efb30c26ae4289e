//! 検索の言葉: synonyms and words of the operators' own; each can be tried before it is saved.

mod grading;
mod setting;
mod synonyms;
mod trial;
mod words;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use madoguchi_core::access::EditArticles;
use madoguchi_kb::{SynonymGroup, UserWord};
use serde::Deserialize;

pub use self::grading::GRADED_QUERY_KIND;
use self::setting::LanguageSetting;
pub use self::setting::{SYNONYM_KIND, WORD_KIND};
use crate::auth::access::Allowed;
use crate::auth::routes::Routes;
use crate::error::WebError;
use crate::feature::Feature;
use crate::kit::list::{Removed, all, removed};
use crate::kit::record::{Context, audit_fields};
use crate::kit::record_routes;
use crate::query::{DoneQuery, escape};
use crate::shell::Shell;
use crate::state::Web;

/// Rows of what the product brings.
const STANDARD: usize = 50;

pub(crate) const FEATURE: Feature = Feature::new(routes)
    .audit(&[audit_fields::<SynonymGroup>, audit_fields::<UserWord>])
    .messages(&[
        ("graded", "採点を保存しました。"),
        ("grade-removed", "採点を取り消しました。"),
    ]);

fn routes() -> Routes {
    Routes::new()
        .get("/articles/grading", grading::page)
        .post("/articles/grading", grading::save)
        .get("/articles/synonyms", list::<SynonymGroup>)
        .and(record_routes!(unlisted removable SynonymGroup, list: "/articles/synonyms", one: "/articles/synonym"))
        .get("/articles/words", list::<UserWord>)
        .and(record_routes!(unlisted removable UserWord, list: "/articles/words", one: "/articles/word"))
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
    removed: Vec<Removed>,
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

async fn list<T: LanguageSetting>(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Query(query): Query<ListQuery>,
    Query(done): Query<DoneQuery>,
) -> Result<Html<String>, WebError> {
    let context = Context::new(&web, "");
    let term = query.term.trim();
    let is_asked = |one: &T| term.is_empty() || one.is_about(term);
    let kept = all::<T>(&context).await?;
    let removed = removed(&context, &kept).await?;
    let in_force = web.faq.knowledge().map(madoguchi_kb::Knowledge::language);
    let building = in_force.is_some_and(|mut language| {
        let known = T::of(&mut language);
        !kept.iter().all(|one| known.contains(&one.record))
    });
    let row = |link: String, one: &T| Row {
        link,
        title: one.name(),
        detail: one.detail(),
    };
    let own = kept.iter().filter(|one| is_asked(&one.record));
    let mut standard: Vec<T> = T::standard();
    standard.retain(is_asked);
    let more = standard.len().saturating_sub(STANDARD);
    standard.truncate(STANDARD);
    let screen = T::SCREEN;
    let page = ListPage {
        shell: Shell::new(&web, Some(&visitor), screen.menu.0).done(&web, &done.done),
        title: T::TITLE,
        label: screen.label,
        about: screen.about,
        list: screen.list,
        new: format!("{}/new?term={}", screen.list, escape(term)),
        term: term.to_owned(),
        own: own.map(|one| row(T::path(&one.id), &one.record)).collect(),
        standard: standard.iter().map(|one| row(String::new(), one)).collect(),
        more,
        building,
        removed,
    };
    Ok(Html(page.render()?))
}
