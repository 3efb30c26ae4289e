//! The sample FAQ in memory, with a real search over it: for tests of what readers see.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use chrono::NaiveDate;
use futures::future::BoxFuture;
use madoguchi_core::time::{Instant, Millis};
use madoguchi_kb::{Audience, Change, Dictionary, Entry, Knowledge, Language, Source, Viewer};
use madoguchi_store::StoreError;
use madoguchi_web::{Article, ArticleFilter, ArticleHead, ArticlePage, Faq, Library, Overdue};
use serde_json::Value;

/// The articles as the product brings them.
const SAMPLE: &str = include_str!("../../kb/sample/faq.jsonl");

/// The sample FAQ, with its index in `folder`.
pub fn sample(folder: &Path, now: Instant) -> anyhow::Result<Faq> {
    let articles = articles(now)?;
    // Built once on this machine.
    let dictionary = Dictionary::open(&std::env::temp_dir().join("madoguchi-dictionary"))?;
    let knowledge = Knowledge::open(folder, &dictionary, &Language::of_the_field(), None)?;
    let changes: Vec<_> = articles
        .iter()
        .map(|(article, keywords)| put(article, keywords))
        .collect();
    knowledge.apply(&changes, 1)?;
    let shelf = articles
        .into_iter()
        .map(|(article, _)| (article.id.clone(), article));
    Ok(Faq::new(Arc::new(Shelf(shelf.collect())), knowledge))
}

fn put(article: &Article, keywords: &[String]) -> Change {
    Change::Put(Box::new(Entry {
        id: article.id.clone(),
        source: Source::Faq,
        audience: if article.desk_only {
            Audience::Desk
        } else {
            Audience::Portal
        },
        question: article.question.clone(),
        answer: article.plain.clone(),
        category: article.category.clone(),
        keywords: keywords.to_vec(),
        reading: None,
        settled: 0,
        updated_at: article.updated_at,
    }))
}

/// The articles, each a day older than the one before, with their keywords.
fn articles(now: Instant) -> anyhow::Result<Vec<(Article, Vec<String>)>> {
    let read = |(n, line): (i64, &str)| -> anyhow::Result<(Article, Vec<String>)> {
        let json: Value = serde_json::from_str(line)?;
        let text = |name: &str| -> anyhow::Result<String> {
            let text = json.get(name).and_then(Value::as_str);
            Ok(text
                .with_context(|| format!("{name} in {line}"))?
                .to_owned())
        };
        let plain = text("answer")?;
        let paragraphs = plain.split("\n\n").map(|paragraph| {
            let lines: Vec<_> = paragraph.lines().map(escaped).collect();
            format!("<p>{}</p>", lines.join("<br>"))
        });
        let article = Article {
            id: text("id")?,
            version: 1,
            desk_only: json
                .get("audience")
                .is_some_and(|audience| audience == "desk"),
            question: text("question")?,
            html: paragraphs.collect(),
            plain,
            category: text("category")?,
            updated_at: now - Millis::from_secs(n * 86_400),
            related: Vec::new(),
            attachments: Vec::new(),
        };
        let keywords = json.get("keywords").and_then(Value::as_array);
        let keywords = keywords.into_iter().flatten().filter_map(Value::as_str);
        Ok((article, keywords.map(str::to_owned).collect()))
    };
    (1..).zip(SAMPLE.lines()).map(read).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// Articles in memory.
struct Shelf(BTreeMap<String, Article>);

impl Shelf {
    fn seen(&self, viewer: Viewer) -> impl Iterator<Item = &Article> {
        let all = self.0.values();
        all.filter(move |one| viewer == Viewer::Desk || !one.desk_only)
    }
}

impl Library for Shelf {
    fn article<'a>(
        &'a self,
        id: &'a str,
        viewer: Viewer,
    ) -> BoxFuture<'a, Result<Option<Article>, StoreError>> {
        let found = self.seen(viewer).find(|one| one.id == id).cloned();
        Box::pin(async { Ok(found) })
    }

    fn list<'a>(
        &'a self,
        filter: &'a ArticleFilter,
    ) -> BoxFuture<'a, Result<ArticlePage, StoreError>> {
        let is_of = |list: &Option<Vec<String>>, text: &String| {
            list.as_ref().is_none_or(|list| list.contains(text))
        };
        let mut found: Vec<_> = self
            .seen(filter.viewer)
            .filter(|one| is_of(&filter.categories, &one.category) && is_of(&filter.ids, &one.id))
            .collect();
        found.sort_by_key(|one| std::cmp::Reverse(one.updated_at));
        let heads = found.iter().map(|one| ArticleHead {
            id: one.id.clone(),
            desk_only: one.desk_only,
            question: one.question.clone(),
            category: one.category.clone(),
            updated_at: one.updated_at,
        });
        let page = ArticlePage {
            total: found.len() as u64,
            articles: heads
                .skip(filter.offset as usize)
                .take(filter.limit as usize)
                .collect(),
        };
        Box::pin(async { Ok(page) })
    }

    fn counts(&self, viewer: Viewer) -> BoxFuture<'_, Result<Vec<(String, u64)>, StoreError>> {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for one in self.seen(viewer) {
            *counts.entry(one.category.clone()).or_default() += 1;
        }
        Box::pin(async { Ok(counts.into_iter().collect()) })
    }

    fn overdue(
        &self,
        by: NaiveDate,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<Overdue>, StoreError>> {
        let overdue = self.seen(Viewer::Desk).take(limit.min(2) as usize);
        let overdue = overdue.map(|one| Overdue {
            id: one.id.clone(),
            question: one.question.clone(),
            review_on: by,
        });
        let overdue = overdue.collect();
        Box::pin(async { Ok(overdue) })
    }
}
