//! 検索の採点: an editor searches and marks which articles answer, so that the search can be measured by what
//! people of this desk ask (`madoguchi kb eval --desk`).

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use madoguchi_core::access::EditArticles;
use madoguchi_core::audit::{Action, Fields};
use madoguchi_core::time::Instant;
use madoguchi_kb::Viewer;
use madoguchi_store::{NewVersion, Setting};
use serde::{Deserialize, Serialize};

use crate::auth::access::Allowed;
use crate::auth::token;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::kit::form::Values;
use crate::knowledge::finder::finder;
use crate::portal::finding::{ARTICLES, FindQuery};
use crate::query::escape;
use crate::shell::Shell;
use crate::state::Web;

/// The kind of a graded question in the store. Its id is the hash of the question; its JSON is what
/// `madoguchi kb eval` reads.
pub const GRADED_QUERY_KIND: &str = "graded_query";

const HERE: &str = "/articles/grading";
/// Questions that are kept at the most: each is searched for when the search is measured.
const QUERIES: usize = 5_000;
/// Questions that the page lists, the newest first.
const LISTED: usize = 100;
/// What stands before the id of an article in the form.
const GRADE: &str = "grade-";
/// The grades, with their names: the higher, the better it answers.
const GRADES: [(u32, &str); 3] = [(0, "―"), (1, "参考になる"), (3, "正解")];
/// The best of them.
const RIGHT: u32 = 3;

/// A question, and which articles answer it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Graded {
    query: String,
    /// Grades by the ids of articles; empty: none answers.
    relevant: BTreeMap<String, u32>,
}

impl Graded {
    fn read(setting: &Setting) -> Option<Self> {
        serde_json::from_str(setting.data.as_deref()?).ok()
    }

    /// How many articles answer it, in words.
    fn told(&self) -> String {
        let right = self.relevant.values().filter(|grade| **grade == RIGHT);
        match (self.relevant.len(), right.count()) {
            (0, _) => "合うFAQはない".to_owned(),
            (all, right) => format!("正解 {right}件、参考 {}件", all - right),
        }
    }
}

#[derive(Template)]
#[template(path = "grading.html")]
struct GradingPage {
    shell: Shell,
    query: String,
    version: i64,
    unavailable: bool,
    fault: Option<String>,
    /// The number of an article that was typed and not kept.
    other: String,
    /// It is kept that no article answers.
    none: bool,
    /// There is something to be taken back.
    is_kept: bool,
    rows: Vec<Row>,
    kept: Vec<KeptRow>,
    total: usize,
}

/// An article that may answer.
struct Row {
    id: String,
    name: String,
    question: String,
    /// Its place among the results; `None`: it was not found.
    place: Option<usize>,
    choices: Vec<(u32, &'static str, bool)>,
}

impl Row {
    fn of(
        id: String,
        (name, question): (String, String),
        place: Option<usize>,
        grade: u32,
    ) -> Self {
        let choices = GRADES.map(|(value, label)| (value, label, value == grade));
        Self {
            id,
            name,
            question,
            place,
            choices: choices.into(),
        }
    }
}

/// A question that was graded.
struct KeptRow {
    query: String,
    link: String,
    told: String,
    at: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct GradingQuery {
    q: String,
    done: String,
}

pub(super) async fn page(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Query(query): Query<GradingQuery>,
) -> Result<Response, WebError> {
    let find = FindQuery {
        q: query.q,
        source: ARTICLES.to_owned(),
        done: query.done,
        ..FindQuery::default()
    };
    let html = show(&web, &visitor, &find, None).await?;
    Ok(Html(html).into_response())
}

/// The page; `refused`: what was marked, and why it is not kept.
async fn show(
    web: &Web,
    visitor: &Visitor,
    find: &FindQuery,
    refused: Option<(Graded, String, String)>,
) -> Result<String, WebError> {
    let settings = web.store.list_settings(GRADED_QUERY_KIND).await?;
    let text = find.text();
    let id = id_of(&text);
    let own = settings.iter().find(|setting| setting.id == id);
    let known = own.and_then(Graded::read);
    let (marked, other, fault) = match refused {
        Some((marked, other, why)) => (Some(marked), other, Some(why)),
        None => (known.clone(), String::new(), None),
    };
    let mut grades = marked.map(|marked| marked.relevant).unwrap_or_default();
    // Whoever measures the search leaves no trace in what people look for.
    let results = finder(web, visitor).find(find, false).await?;
    let found = results.rows.into_iter().enumerate().map(|(at, row)| {
        let question = row.question.into_iter().map(|piece| piece.text).collect();
        let grade = grades.remove(&row.id).unwrap_or(0);
        Row::of(row.id, (row.name, question), Some(at + 1), grade)
    });
    let mut rows: Vec<Row> = found.collect();
    for (id, grade) in grades {
        let article = web.article(&id, Viewer::Desk).await?;
        let told = match article {
            Some(article) => (article.name(), article.question),
            None => (id.clone(), "公開していないFAQ".to_owned()),
        };
        rows.push(Row::of(id, told, None, grade));
    }
    let version = if text.is_empty() {
        0
    } else {
        let history = web.store.setting_history(GRADED_QUERY_KIND, &id).await?;
        let versions = history.iter().map(|setting| setting.version);
        versions.max().unwrap_or(0)
    };
    let page = GradingPage {
        shell: Shell::new(web, Some(visitor), "/articles").done(web, &find.done),
        query: text,
        version,
        unavailable: results.unavailable,
        fault,
        other,
        none: known
            .as_ref()
            .is_some_and(|known| known.relevant.is_empty()),
        is_kept: known.is_some(),
        rows,
        total: settings.len(),
        kept: listed(web, settings),
    };
    Ok(page.render()?)
}

fn listed(web: &Web, mut settings: Vec<Setting>) -> Vec<KeptRow> {
    settings.sort_by_key(|setting| std::cmp::Reverse((setting.at, setting.version)));
    let rows = settings.iter().take(LISTED).filter_map(|setting| {
        let graded = Graded::read(setting)?;
        Some(KeptRow {
            link: format!("{HERE}?q={}", escape(&graded.query)),
            told: graded.told(),
            at: web.settings.dates.minute(setting.at),
            query: graded.query,
        })
    });
    rows.collect()
}

/// What a question is kept under.
fn id_of(query: &str) -> String {
    token::hash(query)
}

/// Keeps or takes back the grades of a question.
pub(super) async fn save(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, WebError> {
    let marks = pairs.iter().filter_map(|(name, value)| {
        let id = name.strip_prefix(GRADE)?;
        let grade = value.parse().ok()?;
        let is_one = GRADES.iter().any(|(known, _)| *known == grade);
        (is_one && grade > 0).then(|| (id.to_owned(), grade))
    });
    let mut relevant: BTreeMap<String, u32> = marks.collect();
    let values = Values::of(pairs);
    let find = FindQuery {
        q: values.get("q").to_owned(),
        source: ARTICLES.to_owned(),
        ..FindQuery::default()
    };
    let query = find.text();
    let (intent, other) = (values.get("intent"), values.get("other"));
    let fault = match intent {
        _ if query.is_empty() => Some("質問を入力してください。".to_owned()),
        "remove" => None,
        "none" if relevant.is_empty() && other.is_empty() => None,
        "none" => Some(
            "印を付けたFAQがあります。合うFAQがないときは、印を外してから押してください。"
                .to_owned(),
        ),
        _ => mark_other(&web, other, &mut relevant).await?,
    };
    let graded = Graded { query, relevant };
    if let Some(why) = fault {
        let refused = (graded, other.to_owned(), why);
        let html = show(&web, &visitor, &find, Some(refused)).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(html)).into_response());
    }
    let removes = intent == "remove";
    match keep(&web, &visitor, &graded, (values.version(), removes)).await {
        Ok(()) => {}
        // What was marked here stays marked; to press again puts it in place of what others marked.
        Err(WebError::Conflict(_)) => {
            let why = overtaken(&web, &graded.query).await?;
            let html = show(&web, &visitor, &find, Some((graded, String::new(), why))).await?;
            return Ok((StatusCode::CONFLICT, Html(html)).into_response());
        }
        Err(error) => return Err(error),
    }
    let done = if removes { "grade-removed" } else { "graded" };
    let place = format!("{HERE}?q={}&done={done}", escape(&graded.query));
    Ok(Redirect::to(&place).into_response())
}

/// What is said to somebody who marked while others did.
async fn overtaken(web: &Web, query: &str) -> Result<String, WebError> {
    let id = id_of(query);
    let history = web.store.setting_history(GRADED_QUERY_KIND, &id).await?;
    let newest = history.iter().max_by_key(|setting| setting.version);
    let (by, told) = match newest {
        Some(setting) => {
            let told =
                Graded::read(setting).map_or("採点の取消し".to_owned(), |one| one.told());
            (setting.by.as_str(), told)
        }
        None => ("", "採点の取消し".to_owned()),
    };
    Ok(format!(
        "ほかの画面で先に採点されました({by}:{told})。この画面の印でよければ、もう一度押してください。"
    ))
}

/// Marks the article whose number was typed as right; why what is marked cannot be kept.
async fn mark_other(
    web: &Web,
    other: &str,
    relevant: &mut BTreeMap<String, u32>,
) -> Result<Option<String>, WebError> {
    if !other.is_empty() {
        let Some(article) = web.article(other, Viewer::Desk).await? else {
            let why = format!("「{other}」というFAQは見つかりません。番号を確認してください。");
            return Ok(Some(why));
        };
        relevant.insert(article.id.to_string(), RIGHT);
    }
    let why = "答えになるFAQを1件以上選んでください。1件もないときは、「合うFAQはない」を押してください。";
    Ok(relevant.is_empty().then(|| why.to_owned()))
}

async fn keep(
    web: &Web,
    visitor: &Visitor,
    graded: &Graded,
    (replaces, removes): (i64, bool),
) -> Result<(), WebError> {
    let now: Instant = web.desk.now();
    let id = id_of(&graded.query);
    let settings = web.store.list_settings(GRADED_QUERY_KIND).await?;
    let is_known = settings.iter().any(|setting| setting.id == id);
    if removes && !is_known {
        return Ok(());
    }
    if !is_known && settings.len() >= QUERIES {
        let message =
            format!("採点できる質問は{QUERIES}件までです。要らないものを取り消してください。");
        return Err(WebError::BadRequest(message));
    }
    let data = (!removes).then(|| serde_json::to_string(graded));
    let version = NewVersion {
        kind: GRADED_QUERY_KIND,
        id,
        replaces,
        data: data
            .transpose()
            .map_err(|_| WebError::Internal("grades as JSON"))?,
    };
    let mut entry = visitor.entry(now, Action::SearchGrade, &graded.query);
    if !removes {
        let told = graded
            .relevant
            .iter()
            .map(|(id, grade)| format!("{id} {grade}"));
        let told = told.collect::<Vec<_>>().join("、");
        entry.after = Fields::from([("grades".to_owned(), told)]);
    }
    let mut tx = web.store.begin(entry).await?;
    tx.save_setting(&version).await?;
    tx.commit().await?;
    Ok(())
}
