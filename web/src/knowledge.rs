//! ナレッジ検索: the agents' panel, by keyboard, and the same for programs.

mod article;
mod described;
pub(crate) mod finder;
mod found;
mod own;
pub(crate) mod past;
mod preview;
mod word;

use askama::Template;
use axum::Json;
use axum::extract::{Query, State};
use axum::response::Html;
use madoguchi_core::access::{Permission, ReadKnowledge};
use madoguchi_core::id::CategoryId;
use madoguchi_kb::Viewer;
use serde::Deserialize;

use self::finder::{HERE, finder};
use self::found::{FoundJson, HitJson, ReasonJson};
use self::own::Own;
use self::preview::Preview;
use crate::auth::access::Allowed;
use crate::auth::routes::Routes;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::feature::Feature;
use crate::menu::MenuEntry;
use crate::portal::finding::{self, FindQuery, Results, Suggested, category_choices};
use crate::portal::notices::{self, ShownNotice};
use crate::query::Choice;
use crate::shell::Shell;
use crate::state::Web;

/// Results that a program may ask for at once.
const LIMIT: usize = 50;

pub(crate) const FEATURE: Feature = Feature::new(routes)
    .menu(&[MenuEntry::new(
        "ナレッジ検索",
        HERE,
        Permission::ReadKnowledge,
    )])
    .messages(&[
        ("settled", "「これで解決した」を記録しました。"),
        ("settled-before", "この通話では、すでに記録しています。"),
        (
            "missed",
            "「見つからなかった」を記録しました。FAQの編集者に伝わります。",
        ),
    ]);

fn routes() -> Routes {
    Routes::new()
        .get("/knowledge", page)
        .get("/knowledge/results", results)
        .get("/knowledge/own", own::part)
        .post("/knowledge/missed", word::missed)
        .get("/knowledge/{id}", article::page)
        .get("/knowledge/{id}/preview", preview::part)
        .get("/knowledge/{id}/files/{hash}", article::file)
        .post("/knowledge/{id}/settled", word::settled)
        .get("/api/v1/knowledge/search", search)
        .described(described::search)
        .get("/api/v1/knowledge/suggest", suggest)
        .described(described::suggest)
        .get("/api/v1/knowledge/articles/{id}", article::as_json)
        .described(described::article)
}

#[derive(Template)]
#[template(path = "knowledge.html")]
struct KnowledgePage {
    shell: Shell,
    notices: Vec<ShownNotice>,
    categories: Vec<Choice>,
    /// What can be looked through; empty if it is articles alone.
    sources: Vec<Choice>,
    results: Results,
    own: Option<Own>,
    /// The agent whose state is followed; empty if it is nobody's.
    agent: String,
    session: String,
    /// The best result, to be read at once.
    preview: Option<Preview>,
}

/// The part that a ticket can stand beside its question as well.
#[derive(Template)]
#[template(path = "knowledge_results.html")]
struct ResultsPart {
    shell: Shell,
    results: Results,
}

async fn page(
    visitor: Allowed<ReadKnowledge>,
    State(web): State<Web>,
    Query(query): Query<FindQuery>,
) -> Result<Html<String>, WebError> {
    let keeps = query.done.is_empty();
    let results = finder(&web, &visitor).find(&query, keeps).await?;
    let best = results.rows.first();
    let preview = match best {
        Some(best) => {
            Preview::of(&web, &visitor, &best.id, &results.search, &results.query).await?
        }
        None => None,
    };
    let page = KnowledgePage {
        own: Own::of(&web, &visitor).await,
        agent: own::followed(&visitor),
        session: visitor.session().unwrap_or_default().to_owned(),
        preview,
        shell: Shell::new(&web, Some(&visitor), HERE).done(&web, &query.done),
        notices: notices::in_force(&web, Viewer::Desk).await,
        categories: category_choices(&web, &query.category),
        sources: sources(&visitor, &query.source),
        results,
    };
    Ok(Html(page.render()?))
}

/// What an agent may look through, of which one may be chosen.
fn sources(visitor: &Visitor, chosen: &str) -> Vec<Choice> {
    if !visitor.permissions.contains(Permission::HandleTickets) {
        return Vec::new();
    }
    let all = [
        ("", "FAQと過去の問合せ"),
        (finding::ARTICLES, "FAQ"),
        (finding::TICKETS, "過去の問合せ"),
    ];
    Choice::list(all, chosen)
}

async fn results(
    visitor: Allowed<ReadKnowledge>,
    State(web): State<Web>,
    Query(query): Query<FindQuery>,
) -> Result<Html<String>, WebError> {
    let keeps = !query.settled.is_empty();
    let results = finder(&web, &visitor).find(&query, keeps).await?;
    let part = ResultsPart {
        shell: Shell::new(&web, Some(&visitor), HERE),
        results,
    };
    Ok(Html(part.render()?))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SearchQuery {
    q: String,
    category: String,
    limit: String,
    offset: String,
    explain: String,
}

async fn search(
    _: Allowed<ReadKnowledge>,
    State(web): State<Web>,
    Query(query): Query<SearchQuery>,
) -> Result<Json<FoundJson>, WebError> {
    let number = |text: &str, usual: usize, most: usize| {
        let wrong = || WebError::BadRequest("limit と offset は数で指定してください。".to_owned());
        let read = if text.is_empty() {
            Ok(usual)
        } else {
            text.parse().map_err(|_| wrong())
        };
        read.map(|read: usize| read.min(most))
    };
    let asked = FindQuery {
        q: query.q,
        ..FindQuery::default()
    };
    let text = asked.text();
    let knowledge = web.faq.knowledge();
    let unavailable = WebError::Unavailable("ナレッジの検索");
    let knowledge = knowledge.ok_or(unavailable)?;
    let asked = madoguchi_kb::Query {
        category: (!query.category.is_empty()).then(|| CategoryId::new(query.category)),
        offset: number(&query.offset, 0, 1_000)?,
        explain: !query.explain.is_empty(),
        ..madoguchi_kb::Query::new(&text, Viewer::Desk, number(&query.limit, 10, LIMIT)?)
    };
    let found = finding::search(knowledge, asked).await?;
    let (near, verdict) = (found.is_near(), found.verdict());
    let hits = found.hits.into_iter().map(|hit| HitJson {
        confidence: hit.confidence(),
        id: hit.id,
        number: hit.number.map(|number| number.to_string()),
        source: hit.source,
        desk_only: hit.desk_only,
        category: hit.category,
        score: hit.score,
        question: hit.question,
        excerpt: hit.excerpt,
        passage: hit.passage,
        reasons: hit
            .reasons
            .into_iter()
            .map(|reason| ReasonJson {
                kind: reason.kind,
                texts: reason.texts,
                share: reason.share,
            })
            .collect(),
    });
    Ok(Json(FoundJson {
        query: text,
        total: found.total,
        near,
        verdict,
        hits: hits.collect(),
    }))
}

async fn suggest(
    _: Allowed<ReadKnowledge>,
    State(web): State<Web>,
    Query(query): Query<SearchQuery>,
) -> Result<Json<Vec<Suggested>>, WebError> {
    let found = finding::suggest(&web, &query.q, Viewer::Desk, 8).await?;
    Ok(Json(found))
}
