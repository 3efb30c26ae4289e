//! What became of the FAQ in a month, and what it was used for.

use std::collections::BTreeSet;

use madoguchi_core::article::{Article, ArticleNumber, Stage, Version, Withdrawal};
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
        new: ids(&|one| within(first_published(one))),
        revised: ids(&|one| {
            let later = publications(one).skip(1);
            let is_new = within(first_published(one));
            !is_new && later.into_iter().any(|(_, since)| within(Some(since)))
        }),
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

/// The articles that readers saw at an instant, in the order of their numbers, with what they said then.
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
    let seen = publications(article).filter(|(_, since)| *since < at);
    let (version, since) = seen.last()?;
    let content = &version.content;
    if content.expires_at.is_some_and(|expires| expires <= at) {
        return None;
    }
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
        published_on: Some(since.date()),
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

/// The versions that readers have seen, each with since when, the oldest first. What is of the past was last changed
/// when it was published.
fn publications(article: &Article) -> impl Iterator<Item = (&Version, Instant)> {
    let versions = article.versions.iter();
    versions.filter_map(|version| match version.stage {
        Stage::Published { since, .. } => Some((version, since)),
        Stage::Past => Some((version, version.at)),
        Stage::Draft { .. } | Stage::InReview { .. } | Stage::Scheduled { .. } => None,
    })
}

fn first_published(article: &Article) -> Option<Instant> {
    publications(article).map(|(_, since)| since).next()
}

fn withdrawn_at(article: &Article) -> Option<Instant> {
    match &article.withdrawal {
        Withdrawal::Done { at, .. } => Some(*at),
        Withdrawal::None | Withdrawal::Requested { .. } => None,
    }
}

/// Whether readers saw some version of it just before an instant.
fn was_shown(article: &Article, at: Instant) -> bool {
    let begun = first_published(article).is_some_and(|since| since < at);
    let withdrawn = withdrawn_at(article).is_some_and(|withdrawn| withdrawn < at);
    begun && !withdrawn
}

#[cfg(test)]
mod tests {
    use madoguchi_core::article::Content;

    use super::*;

    fn content(question: &str) -> Content {
        Content {
            question: question.to_owned(),
            answer: "答え".to_owned(),
            ..Content::default()
        }
    }

    fn start(month: &str) -> Instant {
        month.parse::<Month>().unwrap().start()
    }

    /// First published on April 10, anew on May 10 and on June 10.
    fn revised() -> Article {
        let tenth = |month| start(month) + Millis::from_secs(9 * 86_400);
        let mut article = Article::imported("a", content("4月の版"), tenth("2024-04"));
        article.import(content("5月の版"), tenth("2024-05"));
        article.import(content("6月の版"), tenth("2024-06"));
        article
    }

    #[test]
    fn an_article_is_seen_from_its_first_publication_on_however_often_it_was_revised_since() {
        let seen = ["2024-04", "2024-05", "2024-06", "2024-07"];
        let seen = seen.map(|month| was_shown(&revised(), start(month)));
        assert_eq!(seen, [false, true, true, true]);
        let first = first_published(&revised()).unwrap();
        assert_eq!(Month::at(first).to_string(), "2024-04");
        let article = revised();
        let later = publications(&article).skip(1);
        let later: Vec<String> = later.map(|(_, at)| Month::at(at).to_string()).collect();
        assert_eq!(later, ["2024-05", "2024-06"]);
    }

    #[test]
    fn an_article_says_in_the_book_of_a_month_what_it_said_at_its_end() {
        let said = |month: &str| {
            let (_, line) = line(&revised(), start(month))?;
            Some((line.question, line.published_on.unwrap().to_string()))
        };
        let told = |question: &str, day: &str| Some((question.to_owned(), day.to_owned()));
        assert_eq!(said("2024-04"), None);
        assert_eq!(said("2024-05"), told("4月の版", "2024-04-10"));
        assert_eq!(said("2024-06"), told("5月の版", "2024-05-10"));
        assert_eq!(said("2024-07"), told("6月の版", "2024-06-10"));
    }
}
