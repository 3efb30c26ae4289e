//! What became of the FAQ in a month, and what it was used for.

use std::collections::BTreeSet;

use madoguchi_core::article::{Article, ArticleNumber, Stage, Withdrawal};
use madoguchi_core::id::ArticleId;
use madoguchi_core::month::Month;
use madoguchi_core::portal::{SiteCall, Sites, deflection_by_week};
use madoguchi_core::time::{Instant, Millis};
use madoguchi_reports::markdown::to_text;
use madoguchi_reports::month::KnowledgeFigures;
use madoguchi_reports::month::books::KnowledgeLine;
use madoguchi_store::{Store, StoreError};

/// 結果のない検索語 that are told.
const WORDS: u32 = 20;
/// Articles that a book lists at the most.
const ARTICLES: usize = 5_000;
/// Articles whose names are read at once.
const ARTICLES_AT_ONCE: u32 = 500;
/// A call so long after the end of the month may belong to a visit of it.
const CALL_AFTER: Millis = Millis::from_secs(2 * 3_600);

pub(crate) async fn figures(
    store: &Store,
    month: Month,
    sites: &Sites,
    now: Instant,
) -> Result<KnowledgeFigures, StoreError> {
    let (from, until) = (month.start(), month.end());
    let used = store.access_figures(from, until).await?;
    let changed = store.articles_changed_since(from).await?;
    let mut untouched = visible(store, usize::MAX).await?;
    for article in &changed {
        untouched.remove(&article.id);
    }
    let shown = |at: Instant| {
        let changed = changed.iter().filter(|one| was_shown(one, at));
        let mut all = untouched.clone();
        all.extend(changed.map(|one| one.id.clone()));
        all.into_iter().collect()
    };
    let numbers = changed.iter().filter_map(|one| {
        let number = one.number?.to_string();
        Some((one.id.clone(), number))
    });
    let within = |at: Option<Instant>| at.is_some_and(|at| (from..until).contains(&at));
    let ids = |wanted: &dyn Fn(&Article) -> bool| {
        let ids = changed.iter().filter(|one| wanted(one));
        ids.map(|one| one.id.clone()).collect()
    };
    let both = [used.portal, used.desk];
    let sum = |of: fn(&madoguchi_core::portal::PlaceAccess) -> u64| both.iter().map(of).sum();
    Ok(KnowledgeFigures {
        shown_before: shown(from),
        new: ids(&|one| within(published_since(one)) && !has_past(one)),
        revised: ids(&|one| within(published_since(one)) && has_past(one)),
        retired: ids(&|one| within(withdrawn_at(one))),
        shown_after: shown(until.min(now)),
        views: sum(|place| place.views),
        searches: sum(|place| place.searches),
        without_result: sum(|place| place.in_vain),
        opened: sum(|place| place.opened),
        deflected: deflected(store, from, until, sites).await?,
        missed_words: store.queries_in_vain(from, until, WORDS).await?,
        numbers: numbers.collect(),
    })
}

/// The articles that readers see now, so many at the most.
async fn visible(store: &Store, at_most: usize) -> Result<BTreeSet<ArticleId>, StoreError> {
    let mut ids: BTreeSet<ArticleId> = BTreeSet::new();
    let mut after = ArticleId::new("");
    while ids.len() < at_most {
        let some = store.visible_articles(&after, ARTICLES_AT_ONCE).await?;
        let Some(last) = some.last() else { break };
        after.clone_from(last);
        ids.extend(some);
    }
    Ok(ids)
}

/// The articles that readers saw at an instant, in the order of their numbers, with what they said then. An
/// article whose text was published anew since says what its version before said.
pub(crate) async fn lines(store: &Store, at: Instant) -> Result<Vec<KnowledgeLine>, StoreError> {
    let mut ids = visible(store, ARTICLES).await?;
    let mut articles = store.articles_changed_since(at).await?;
    for article in &articles {
        ids.remove(&article.id);
    }
    for id in &ids {
        articles.extend(store.lookup_article(id).await?);
    }
    let mut lines: Vec<_> = articles.iter().filter_map(|one| line(one, at)).collect();
    lines.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(lines.into_iter().map(|(_, line)| line).collect())
}

/// What an article said at an instant, behind what it is sorted by.
fn line(
    article: &Article,
    at: Instant,
) -> Option<((Option<ArticleNumber>, ArticleId), KnowledgeLine)> {
    if !was_shown(article, at) {
        return None;
    }
    let versions = article.versions.iter().rev();
    let version = versions.into_iter().find(|version| match version.stage {
        Stage::Published { since, .. } => since < at,
        Stage::Past => true,
        _ => false,
    })?;
    let content = &version.content;
    if content.expires_at.is_some_and(|expires| expires <= at) {
        return None;
    }
    let published_on = match version.stage {
        Stage::Published { since, .. } => Some(since.date()),
        _ => None,
    };
    let line = KnowledgeLine {
        id: article.id.clone(),
        number: article
            .number
            .map_or_else(String::new, |one| one.to_string()),
        category: content.category.clone(),
        question: content.question.clone(),
        answer: to_text(&content.answer),
        audience: content.audience.label().to_owned(),
        version: version.number,
        published_on,
        review_on: content.review_on,
    };
    Some(((article.number, article.id.clone()), line))
}

/// Visits after which no call came, and all whose site is known.
async fn deflected(
    store: &Store,
    from: Instant,
    until: Instant,
    sites: &Sites,
) -> Result<(u64, u64), StoreError> {
    let reads = store.portal_reads(from, until).await?;
    if reads.is_empty() {
        return Ok((0, 0));
    }
    let calls = store.callers(from, until + CALL_AFTER).await?;
    let calls: Vec<SiteCall> = calls
        .into_iter()
        .map(|(at, number)| SiteCall {
            at,
            site: sites.of_number(&number).map(str::to_owned),
        })
        .collect();
    let weeks = deflection_by_week(&reads, &calls);
    let deflected: u64 = weeks.values().map(|week| week.deflected).sum();
    let called: u64 = weeks.values().map(|week| week.called).sum();
    Ok((deflected, deflected + called))
}

fn published_since(article: &Article) -> Option<Instant> {
    article
        .versions
        .iter()
        .find_map(|version| match version.stage {
            Stage::Published { since, .. } => Some(since),
            _ => None,
        })
}

fn has_past(article: &Article) -> bool {
    let mut versions = article.versions.iter();
    versions.any(|version| version.stage == Stage::Past)
}

fn withdrawn_at(article: &Article) -> Option<Instant> {
    match &article.withdrawal {
        Withdrawal::Done { at, .. } => Some(*at),
        Withdrawal::None | Withdrawal::Requested { .. } => None,
    }
}

/// Whether readers saw some version of it just before an instant.
fn was_shown(article: &Article, at: Instant) -> bool {
    let begun = has_past(article) || published_since(article).is_some_and(|since| since < at);
    let withdrawn = withdrawn_at(article).is_some_and(|withdrawn| withdrawn < at);
    begun && published_since(article).is_some() && !withdrawn
}
