//! Articles from a file that the operator vouches for.

use std::collections::HashSet;

use madoguchi_core::article::{Article, ArticleAudience, Content};
use madoguchi_core::audit::{Action, Actor, AuditEntry, Fields};
use madoguchi_core::time::Instant;
use madoguchi_store::{Store, StoreError};
use serde::Deserialize;

/// Articles that are kept in one transaction.
const AT_ONCE: usize = 500;
const ID_LETTERS: usize = 64;

/// A line of a file of articles.
#[derive(Debug, Deserialize)]
pub(crate) struct Line {
    pub(crate) id: String,
    pub(crate) question: String,
    #[serde(default)]
    pub(crate) answer: String,
    #[serde(default)]
    pub(crate) category: String,
    #[serde(default)]
    pub(crate) keywords: Vec<String>,
    #[serde(default)]
    pub(crate) audience: Option<ArticleAudience>,
    #[serde(default)]
    pub(crate) reading: Option<String>,
}

/// What is wrong with the articles of a file.
pub(crate) fn faults(lines: &[Line]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut known = HashSet::new();
    for (n, line) in (1..).zip(lines) {
        let mut fault = |message: String| faults.push(format!("{n}件目: {message}"));
        if !is_id(&line.id) {
            fault(format!(
                "id「{}」は、英数字と「-」「_」「.」で{ID_LETTERS}文字以内にしてください。",
                line.id
            ));
        }
        if !known.insert(line.id.as_str()) {
            fault(format!("id「{}」が重複しています。", line.id));
        }
        for one in content(line).faults() {
            fault(one.message);
        }
    }
    faults
}

/// Publishes the articles, as the operator vouches for them. One that is the same already is left as
/// it is. Tells how many were new, and how many changed.
pub(crate) async fn keep(
    store: &Store,
    lines: &[Line],
    now: Instant,
) -> Result<(usize, usize), StoreError> {
    let (mut new, mut changed) = (0, 0);
    for some in lines.chunks(AT_ONCE) {
        let mut batch = Vec::new();
        for line in some {
            let content = content(line);
            let article = match store.lookup_article(&line.id).await? {
                Some(article) if is_same(&article, &content, now) => continue,
                Some(mut article) => {
                    article.import(content, now);
                    changed += 1;
                    article
                }
                None => {
                    new += 1;
                    Article::imported(&line.id, content, now)
                }
            };
            let entry = AuditEntry {
                at: now,
                actor: Actor::System,
                address: String::new(),
                action: Action::ArticleImport,
                object: line.id.clone(),
                before: Fields::new(),
                after: Fields::from([("question".to_owned(), line.question.clone())]),
            };
            batch.push((article, entry));
        }
        store.save_articles(&batch, now).await?;
    }
    Ok((new, changed))
}

fn is_same(article: &Article, content: &Content, now: Instant) -> bool {
    article
        .published(now)
        .is_some_and(|version| version.content == *content)
}

fn is_id(id: &str) -> bool {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    !id.is_empty() && id.len() <= ID_LETTERS && id.chars().all(fits)
}

fn content(line: &Line) -> Content {
    Content {
        question: line.question.trim().to_owned(),
        answer: line.answer.trim().to_owned(),
        category: line.category.clone(),
        keywords: line.keywords.clone(),
        reading: line.reading.clone(),
        audience: line.audience.unwrap_or(ArticleAudience::Portal),
        ..Content::default()
    }
}
