//! Searching, for the portal and the desk, and what is kept of it.

use std::collections::HashMap;

use madoguchi_core::id::{ArticleId, CategoryId, TicketId};
use madoguchi_core::portal::QUERY_LETTERS;
use madoguchi_core::ticket::TicketNumber;
use madoguchi_kb::{Found, Fragment, KbError, Knowledge, Query, Source, Verdict, Viewer, mix};
use madoguchi_store::{Opened, Search};
use serde::Deserialize;

use super::categories::category_name;
use crate::auth::token;
use crate::error::WebError;
use crate::library::name;
use crate::query::{Choice, escape, page_number};
use crate::state::Web;
use crate::tickets;

/// Results on one page.
const PAGE_SIZE: usize = 10;
/// No more pages are turned to.
const PAGES: usize = 10;
/// Only articles are looked through.
pub(crate) const ARTICLES: &str = "faq";
/// Only tickets are looked through.
pub(crate) const TICKETS: &str = "ticket";
/// What stands before the id of a ticket where articles stand by theirs.
const TICKET_KEY: &str = "ticket:";

/// What somebody looks for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct FindQuery {
    pub(crate) q: String,
    pub(crate) category: String,
    /// Only articles, or only tickets; empty for both. Readers of the portal find articles alone.
    pub(crate) source: String,
    pub(crate) page: String,
    /// A script says that nobody types any more.
    pub(crate) settled: String,
    /// What has just been done.
    pub(crate) done: String,
}

impl FindQuery {
    /// What was typed, as far as it counts.
    pub(crate) fn text(&self) -> String {
        self.q.trim().chars().take(QUERY_LETTERS).collect()
    }

    /// The same query on another page.
    fn link(&self, path: &str, page: usize) -> String {
        let mut link = format!("{path}?q={}", escape(self.text()));
        if !self.category.is_empty() {
            link.push_str(&format!("&category={}", escape(&self.category)));
        }
        if !self.source.is_empty() {
            link.push_str(&format!("&source={}", escape(&self.source)));
        }
        if page > 1 {
            link.push_str(&format!("&page={page}"));
        }
        link
    }
}

/// How a result was come to, as its address tells.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct CameFrom {
    /// The search.
    pub(crate) s: String,
    /// What was typed, if the search was not kept yet.
    pub(crate) q: String,
    /// The place among the results.
    n: String,
    /// What has just been done.
    pub(crate) done: String,
}

/// What is shown of a search.
#[derive(Debug, Default)]
pub(crate) struct Results {
    /// What was typed; empty if nothing was looked for.
    pub(crate) query: String,
    /// The search cannot be had.
    pub(crate) unavailable: bool,
    pub(crate) total: usize,
    /// Nothing answers what was asked: these only come near.
    pub(crate) near: bool,
    /// Nothing was found but what shares some letters with what was asked.
    pub(crate) vain: bool,
    pub(crate) rows: Vec<ResultRow>,
    /// The kept search; empty if it was not kept.
    pub(crate) search: String,
    pub(crate) page: usize,
    pub(crate) pages: usize,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
}

/// A result.
#[derive(Debug)]
pub(crate) struct ResultRow {
    /// The article, or the ticket as [`ticket_key`] writes it.
    pub(crate) id: String,
    /// It is an earlier ticket.
    pub(crate) is_ticket: bool,
    /// What it is called on the phone.
    pub(crate) name: String,
    pub(crate) link: String,
    pub(crate) question: Vec<Fragment>,
    pub(crate) excerpt: Vec<Fragment>,
    pub(crate) category: String,
    pub(crate) desk_only: bool,
    pub(crate) reasons: Vec<String>,
}

/// Who looks for something.
pub(crate) struct Finder<'a> {
    pub(crate) web: &'a Web,
    pub(crate) viewer: Viewer,
    pub(crate) site: Option<String>,
    pub(crate) user: Option<madoguchi_core::id::UserId>,
    /// Whether they may see tickets.
    pub(crate) sees_tickets: bool,
}

/// What is looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    Articles,
    Tickets,
    Both,
}

impl Scope {
    /// What the query asks for, of what may be seen.
    fn of(query: &FindQuery, sees_tickets: bool) -> Self {
        match query.source.as_str() {
            _ if !sees_tickets => Self::Articles,
            ARTICLES => Self::Articles,
            TICKETS => Self::Tickets,
            _ => Self::Both,
        }
    }
}

impl Finder<'_> {
    fn path(&self) -> &'static str {
        match self.viewer {
            Viewer::Portal => "/faq",
            Viewer::Desk => "/knowledge",
        }
    }

    /// Searches; keeps that it did, if `keeps`.
    pub(crate) async fn find(&self, query: &FindQuery, keeps: bool) -> Result<Results, WebError> {
        let text = query.text();
        if text.is_empty() {
            return Ok(Results::default());
        }
        let Some(knowledge) = self.web.faq.knowledge() else {
            return Ok(Results {
                query: text,
                unavailable: true,
                ..Results::default()
            });
        };
        let page = usize::try_from(page_number(&query.page)?).unwrap_or(PAGES);
        let page = page.min(PAGES);
        let asked = Query {
            category: (!query.category.is_empty())
                .then(|| CategoryId::from(query.category.as_str())),
            offset: (page - 1) * PAGE_SIZE,
            explain: self.viewer == Viewer::Desk,
            ..Query::new(&text, self.viewer, PAGE_SIZE)
        };
        let scope = Scope::of(query, self.sees_tickets);
        let (found, answers) = search_in(knowledge, asked, scope).await?;
        let mut results = Results {
            total: found.total,
            near: found.is_near(),
            vain: found.verdict() == Verdict::None,
            page,
            pages: found.total.div_ceil(PAGE_SIZE).clamp(1, PAGES),
            ..Results::default()
        };
        if let Some(answers) = answers.filter(|_| keeps && page == 1) {
            results.search = self.keep(&text, &query.category, answers).await;
        }
        let path = self.path();
        results.before = (page > 1).then(|| query.link(path, page - 1));
        results.after = (page < results.pages).then(|| query.link(path, page + 1));
        let before = (page - 1) * PAGE_SIZE;
        results.rows = self.rows(found, &results.search, &text, before).await?;
        results.query = text;
        Ok(results)
    }

    async fn rows(
        &self,
        found: Found,
        search: &str,
        text: &str,
        before: usize,
    ) -> Result<Vec<ResultRow>, WebError> {
        let tickets = ticket_names(self.web, &found).await?;
        let setup = self.web.desk.setup();
        let way = if search.is_empty() {
            format!("q={}", escape(text))
        } else {
            format!("s={}", escape(search))
        };
        let rows = (before + 1..).zip(found.hits).filter_map(|(n, hit)| {
            let is_ticket = hit.source != Source::Faq;
            let (id, name, link) = if is_ticket {
                let number = *tickets.get(&hit.id)?;
                let link = tickets::lookup::place(number);
                (ticket_key(&hit.id), number.to_string(), link)
            } else {
                let link = format!("{}/{}?{way}&n={n}", self.path(), escape(&hit.id));
                (
                    hit.id.clone(),
                    name(hit.number, &ArticleId::from(hit.id.as_str())),
                    link,
                )
            };
            Some(ResultRow {
                id,
                is_ticket,
                name,
                link,
                category: category_name(&setup.categories, &hit.category),
                desk_only: hit.desk_only && !is_ticket,
                reasons: hit.reasons.iter().map(reason).collect(),
                question: hit.question,
                excerpt: hit.excerpt,
            })
        });
        Ok(rows.collect())
    }

    /// Keeps a search; the log being away is no reason to show no results.
    async fn keep(&self, text: &str, category: &str, results: usize) -> String {
        let search = Search {
            id: token::new_id(),
            at: self.web.desk.now(),
            viewer: self.viewer,
            query: text.to_owned(),
            category: category.into(),
            results: results as u64,
            site: self.site.clone(),
            user: self.user.clone(),
        };
        match self.web.ask(self.web.store.log_search(&search)).await {
            Ok(()) => search.id,
            Err(error) => {
                tracing::warn!(%error, "a search could not be kept");
                String::new()
            }
        }
    }

    /// Keeps that a result was opened. Whoever opens one before the search was kept has searched
    /// all the same. Gives the search.
    pub(crate) async fn opened(&self, article: &ArticleId, from: &CameFrom) -> Option<String> {
        let search = if !from.s.is_empty() {
            from.s.clone()
        } else if !from.q.is_empty() {
            let query = FindQuery {
                q: from.q.clone(),
                ..FindQuery::default()
            };
            self.find(&query, true).await.ok()?.search
        } else {
            return None;
        };
        let opened = Opened {
            search,
            article: article.clone(),
            position: from.n.parse().unwrap_or(0),
            at: self.web.desk.now(),
        };
        match self.web.ask(self.web.store.log_opened(&opened)).await {
            Ok(true) => Some(opened.search),
            Ok(false) => None,
            Err(error) => {
                tracing::warn!(%error, "that a result was opened could not be kept");
                None
            }
        }
    }
}

fn reason(reason: &madoguchi_kb::Reason) -> String {
    let share = (reason.share * 100.0).round();
    if reason.texts.is_empty() {
        return format!("{}({share}%)", reason.kind);
    }
    format!("{}「{}」({share}%)", reason.kind, reason.texts.join("」「"))
}

/// The numbers of the tickets that were found, of those that there still are.
async fn ticket_names(web: &Web, found: &Found) -> Result<HashMap<String, TicketNumber>, WebError> {
    let tickets = found.hits.iter().filter(|hit| hit.source != Source::Faq);
    let ids: Vec<TicketId> = tickets.map(|hit| TicketId::new(&hit.id)).collect();
    let rows = match web.ask(web.store.ticket_rows(&ids)).await {
        // Articles are found all the same.
        Err(error) if error.is_away() => Vec::new(),
        rows => rows?,
    };
    let named = rows.into_iter().map(|row| (row.id.to_string(), row.number));
    Ok(named.collect())
}

/// What stands for a ticket where articles stand by their ids.
pub(crate) fn ticket_key(id: &str) -> String {
    format!("{TICKET_KEY}{id}")
}

/// The ticket that a key stands for; `None` for an article.
pub(crate) fn ticket_of_key(key: &str) -> Option<TicketId> {
    key.strip_prefix(TICKET_KEY).map(TicketId::new)
}

/// What is found, and how many articles answer; `None` if they were not asked.
async fn search_in(
    knowledge: &Knowledge,
    query: Query,
    scope: Scope,
) -> Result<(Found, Option<usize>), WebError> {
    // What only comes near is no answer: editors see that it was looked for in vain.
    let answers = |found: &Found| if found.is_near() { 0 } else { found.total };
    if scope == Scope::Articles {
        let found = search(knowledge, query).await?;
        let answers = answers(&found);
        return Ok((found, Some(answers)));
    }
    let knowledge = knowledge.clone();
    blocking(move || {
        if scope == Scope::Tickets {
            return Ok((knowledge.search_tickets(&query)?, None));
        }
        // One list of two is known from its beginning only.
        let (offset, limit) = (query.offset, query.limit);
        let whole = Query {
            offset: 0,
            limit: offset + limit,
            fits: true,
            ..query
        };
        let (articles, tickets) = (knowledge.search(&whole)?, knowledge.search_tickets(&whole)?);
        let answers = answers(&articles);
        Ok((mix(articles, tickets, offset, limit), Some(answers)))
    })
    .await
}

/// Searches articles where it does not hold others up.
pub(crate) async fn search(knowledge: &Knowledge, query: Query) -> Result<Found, WebError> {
    let knowledge = knowledge.clone();
    blocking(move || knowledge.search(&query)).await
}

async fn blocking<T: Send + 'static>(
    search: impl FnOnce() -> Result<T, KbError> + Send + 'static,
) -> Result<T, WebError> {
    match tokio::task::spawn_blocking(search).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => {
            tracing::error!(%error, "the search failed");
            Err(WebError::Internal("the search failed"))
        }
        Err(_) => Err(WebError::Internal("the search was broken off")),
    }
}

/// Something that may be meant by what was typed so far.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(as = Suggestion)]
pub(crate) struct Suggested {
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
}

/// What may be meant by what was typed so far.
pub(crate) async fn suggest(
    web: &Web,
    text: &str,
    viewer: Viewer,
    limit: usize,
) -> Result<Vec<Suggested>, WebError> {
    let typed: String = text.trim().chars().take(QUERY_LETTERS).collect();
    let Some(knowledge) = web.faq.knowledge().cloned().filter(|_| !typed.is_empty()) else {
        return Ok(Vec::new());
    };
    let found = tokio::task::spawn_blocking(move || knowledge.suggest(&typed, viewer, limit));
    let found = found.await.ok().and_then(Result::ok);
    let found = found.ok_or(WebError::Internal("suggestions failed"))?;
    let shown = found.into_iter().map(|one| Suggested {
        text: one.text,
        id: one.id,
    });
    Ok(shown.collect())
}

/// The categories to be searched in, those in use, of which one may be chosen.
pub(crate) fn category_choices(web: &Web, chosen: &str) -> Vec<Choice> {
    let setup = web.desk.setup();
    let tree = setup.categories.tree();
    let offered = tree
        .iter()
        .filter(|(id, category)| !setup.categories.is_retired(category) || id.as_str() == chosen);
    let named: Vec<_> = offered
        .map(|(id, _)| (id.as_str(), category_name(&setup.categories, id)))
        .collect();
    let all = std::iter::once(("", "すべての分類"));
    let named = named.iter().map(|(id, name)| (*id, name.as_str()));
    Choice::list(all.chain(named), chosen)
}
