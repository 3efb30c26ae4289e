//! FAQの要対応: what editors should see to, each row with the way to mend it.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::response::{Html, Redirect};
use madoguchi_core::access::{EditArticles, Permission};
use madoguchi_core::audit::{Action, Fields};
use madoguchi_core::id::ArticleId;
use madoguchi_core::time::{Instant, Millis};
use madoguchi_kb::Viewer;
use madoguchi_store::{ContentGap, MissedQuery};
use serde::Deserialize;

use crate::auth::access::Allowed;
use crate::auth::routes::Routes;
use crate::error::WebError;
use crate::feature::Feature;
use crate::library::{ArticleHead, name};
use crate::menu::MenuEntry;
use crate::query::DoneQuery;
use crate::query::escape;
use crate::shell::Shell;
use crate::state::Web;
use crate::text;

/// The entry of the menu.
const HERE: &str = "/articles/attention";
/// What is looked at.
const WINDOW: Millis = Millis::from_secs(30 * 86_400);
/// Rows of each list.
const ROWS: u32 = 30;
/// Comments on one article.
const COMMENTS: usize = 5;
/// The longest name of what is seen to.
const NAME_LETTERS: usize = 400;

pub(crate) const FEATURE: Feature = Feature::new(routes)
    .menu(&[MenuEntry::new(
        "FAQの要対応",
        HERE,
        Permission::EditArticles,
    )])
    .messages(&[("seen-to", "対応済みにしました。")]);

fn routes() -> Routes {
    Routes::new()
        .get("/articles/attention", page)
        .post("/articles/attention/done", done)
}

#[derive(Template)]
#[template(path = "content_gaps.html")]
struct ContentGapsPage {
    shell: Shell,
    searches: Vec<Searches>,
    unhelpful: Vec<ArticleRow>,
    asked_about: Vec<ArticleRow>,
    overdue: Vec<OverdueRow>,
    sees_tickets: bool,
}

/// A list of searches.
struct Searches {
    kind: &'static str,
    title: &'static str,
    about: &'static str,
    none: &'static str,
    rows: Vec<QueryRow>,
}

struct QueryRow {
    normal: String,
    query: String,
    count: String,
    last: String,
    search: String,
    synonyms: String,
}

struct ArticleRow {
    id: ArticleId,
    question: String,
    edit: String,
    /// The tickets in which it was read before.
    tickets: String,
    told: String,
    comments: Vec<String>,
}

struct OverdueRow {
    question: String,
    edit: String,
    date: String,
}

/// Kinds of searches, what they are called, and what is said of them.
const SEARCHES: [(ContentGap, &str, &str, &str); 3] = [
    (
        ContentGap::InVain,
        "見つからなかった検索",
        "結果がなかったか、近いものしかなかった検索です。FAQを作成するか、同義語を登録してください。",
        "見つからなかった検索はありません。",
    ),
    (
        ContentGap::Missed,
        "担当者が「見つからなかった」とした検索",
        "結果はありましたが、担当者が必要とした回答ではありませんでした。",
        "該当する検索はありません。",
    ),
    (
        ContentGap::Unopened,
        "開かれなかった検索",
        "ポータルで結果は出ましたが、どのFAQも開かれませんでした。題やキーワードを見直してください。",
        "開かれなかった検索はありません。",
    ),
];

async fn page(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Query(query): Query<DoneQuery>,
) -> Result<Html<String>, WebError> {
    let now = web.desk.now();
    let since = now - WINDOW;
    let mut searches = Vec::new();
    for (kind, title, about, none) in SEARCHES {
        let found = web.store.missed_queries(kind, since, ROWS).await?;
        searches.push(Searches {
            kind: kind.as_str(),
            title,
            about,
            none,
            rows: found.into_iter().map(|one| query_row(&web, one)).collect(),
        });
    }
    let overdue = match &web.faq.library {
        Some(library) => library.overdue(now.date(), ROWS).await?,
        None => Vec::new(),
    };
    let overdue = overdue.into_iter().map(|one| OverdueRow {
        edit: edit(&one.id),
        date: web.settings.dates.date(one.review_on),
        question: one.question,
    });
    let page = ContentGapsPage {
        shell: Shell::new(&web, Some(&visitor), HERE).done(&web, &query.done),
        unhelpful: unhelpful(&web, since).await?,
        asked_about: asked_about(&web, since).await?,
        overdue: overdue.collect(),
        searches,
        sees_tickets: visitor.permissions.contains(Permission::HandleTickets),
    };
    Ok(Html(page.render()?))
}

/// Where an article is edited.
fn edit(id: &ArticleId) -> String {
    format!("/articles/{}", escape(id))
}

fn query_row(web: &Web, missed: MissedQuery) -> QueryRow {
    let query = escape(&missed.query);
    QueryRow {
        count: text::number(missed.count),
        last: web.settings.dates.minute(missed.last),
        search: format!("/knowledge?q={query}"),
        synonyms: format!("/articles/synonyms?term={query}"),
        normal: missed.normal,
        query: missed.query,
    }
}

async fn unhelpful(web: &Web, since: Instant) -> Result<Vec<ArticleRow>, WebError> {
    let found = web.store.unhelpful_articles(since, ROWS).await?;
    let heads = heads(web, found.iter().map(|one| one.article.clone()).collect()).await?;
    let rows = found.into_iter().map(|one| {
        let (not_helped, helped) = (text::number(one.not_helped), text::number(one.helped));
        let told = format!("役に立たなかった {not_helped}件、役に立った {helped}件");
        let mut comments = one.comments;
        comments.truncate(COMMENTS);
        article_row(one.article, &heads, told, comments)
    });
    Ok(rows.collect())
}

async fn asked_about(web: &Web, since: Instant) -> Result<Vec<ArticleRow>, WebError> {
    let found = web.store.asked_about(since, ROWS).await?;
    let heads = heads(web, found.iter().map(|one| one.article.clone()).collect()).await?;
    let rows = found.into_iter().map(|one| {
        let last = web.settings.dates.minute(one.last);
        let told = format!("問合せ {}件(最後は{last})", text::number(one.count));
        let name = name(one.number, &one.article);
        ArticleRow {
            // Their tickets have its name in a note.
            tickets: format!("/tickets?channel=portal&words={}", escape(&name)),
            ..article_row(one.article, &heads, told, Vec::new())
        }
    });
    Ok(rows.collect())
}

async fn heads(web: &Web, ids: Vec<ArticleId>) -> Result<Vec<ArticleHead>, WebError> {
    Ok(web.articles_by_id(Viewer::Desk, ids).await?)
}

fn article_row(
    id: ArticleId,
    heads: &[ArticleHead],
    told: String,
    comments: Vec<String>,
) -> ArticleRow {
    let head = heads.iter().find(|head| head.id == id);
    ArticleRow {
        question: head.map_or_else(
            || "(掲載を終えたFAQ)".to_owned(),
            |head| head.question.clone(),
        ),
        edit: edit(&id),
        tickets: String::new(),
        id,
        told,
        comments,
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DoneForm {
    kind: String,
    name: String,
}

async fn done(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Form(form): Form<DoneForm>,
) -> Result<Redirect, WebError> {
    let kind = ContentGap::lookup(&form.kind);
    let kind = kind.filter(|_| {
        let letters = form.name.chars().count();
        (1..=NAME_LETTERS).contains(&letters)
    });
    let wrong = || WebError::BadRequest("対応済みにするものを選び直してください。".to_owned());
    let kind = kind.ok_or_else(wrong)?;
    let mut entry = visitor.entry(web.desk.now(), Action::AttentionDone, &form.name);
    entry.after = Fields::from([("kind".to_owned(), kind.as_str().to_owned())]);
    let mut tx = web.store.begin(entry).await?;
    tx.see_to(kind, &form.name, &visitor.user.id).await?;
    tx.commit().await?;
    Ok(Redirect::to(&format!(
        "{HERE}?done=seen-to#{}",
        kind.as_str()
    )))
}
