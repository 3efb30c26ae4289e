//! The right column: what the knowledge of the desk answers to the question.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use madoguchi_core::access::HandleTickets;
use madoguchi_kb::Viewer;
use serde::Deserialize;

use super::form::ReceptionForm;
use super::usual::Usual;
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::knowledge::finder::finder;
use crate::knowledge::past::{PastTicket, is_ticket, past_ticket};
use crate::library::Article;
use crate::portal::finding::{FindQuery, Results, ticket_key};
use crate::state::Web;

/// So many are offered, each by a key.
const OFFERED: usize = 5;

/// What is offered as an answer.
#[derive(Default)]
pub(super) struct Candidates {
    pub(super) results: Results,
    /// Before anything is asked: what others asked today, and what the caller's 部署 asks.
    pub(super) is_usual: bool,
    /// What is said beside each result of how often it was the answer.
    pub(super) told: Vec<Vec<String>>,
    /// The article that is read.
    pub(super) preview: Option<Article>,
    /// The earlier ticket that is read.
    pub(super) past: Option<PastTicket>,
}

/// How the script asks for them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CandidateQuery {
    q: String,
    /// Nobody types any more.
    settled: String,
    /// The article to be read.
    show: String,
    /// The ticket that is written: it answers nothing to itself.
    ticket: String,
    /// The caller's 部署.
    department: String,
}

#[derive(Template)]
#[template(path = "reception_candidates.html")]
struct CandidatesPart {
    candidates: Candidates,
}

impl Candidates {
    /// What is found for a question; `show`: which of them is read; `own`: the ticket that is written, which
    /// is not offered; `department`: the caller's. That it was looked for is kept with `keeps`.
    pub(super) async fn of(
        web: &Web,
        visitor: &Visitor,
        question: &str,
        (show, own, department): (&str, &str, &str),
        keeps: bool,
    ) -> Result<Self, WebError> {
        let query = FindQuery {
            q: one_line(question),
            ..FindQuery::default()
        };
        let mut results = finder(web, visitor).find(&query, keeps).await?;
        let own_key = ticket_key(own);
        results.rows.retain(|row| row.id != own_key);
        results.rows.truncate(OFFERED);
        let usual = Usual::of(web, department, own).await?;
        let asks_nothing = results.query.is_empty() && !results.unavailable;
        if asks_nothing {
            results.rows = usual.rows(web, visitor, OFFERED).await?;
        }
        let told = results.rows.iter().map(|row| usual.told(&row.id)).collect();
        let is_usual = asks_nothing && !results.rows.is_empty();
        let first = results.rows.first().map(|row| row.id.as_str());
        let first = first.filter(|_| !asks_nothing);
        let shown = if show.is_empty() { first } else { Some(show) };
        let (preview, past) = match shown {
            Some(key) if is_ticket(key) => (None, past_ticket(web, visitor, key).await?),
            Some(id) => (web.article(id, Viewer::Desk).await?, None),
            None => (None, None),
        };
        Ok(Self {
            results,
            is_usual,
            told,
            preview,
            past,
        })
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The column alone, for the script of the page.
pub(super) async fn part(
    visitor: Allowed<HandleTickets>,
    State(web): State<Web>,
    Query(query): Query<CandidateQuery>,
) -> Result<Html<String>, WebError> {
    let keeps = !query.settled.is_empty();
    let read = (
        query.show.as_str(),
        query.ticket.as_str(),
        query.department.as_str(),
    );
    let candidates = Candidates::of(&web, &visitor, &query.q, read, keeps).await?;
    Ok(Html(CandidatesPart { candidates }.render()?))
}

/// Fills in what an article or an earlier ticket answers: the answer, where it was taken from, and its
/// category. Tells what it was.
pub(super) async fn take(
    web: &Web,
    visitor: &Visitor,
    form: &mut ReceptionForm,
    id: &str,
) -> Result<&'static str, WebError> {
    if is_ticket(id) {
        let past = past_ticket(web, visitor, id).await?;
        let past = past.ok_or(WebError::NotFound("この問合せ"))?;
        form.add_answer(past.answer.trim_end());
        form.answer_source = past.key;
        if form.category.is_empty() {
            form.category = past.category.to_string();
        }
        return Ok("過去の問合せの回答を、回答の欄に入れました。");
    }
    let article = web.article(id, Viewer::Desk).await?;
    let article = article.ok_or(WebError::NotFound("このFAQ"))?;
    form.add_answer(article.plain.trim_end());
    form.answer_source = format!("article:{}", article.id);
    if form.category.is_empty() {
        form.category = article.category.to_string();
    }
    form.add_article(&article.name());
    Ok("FAQの回答を、回答の欄に入れました。")
}
