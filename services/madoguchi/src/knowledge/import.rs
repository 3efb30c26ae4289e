//! Articles from a file that the operator vouches for.

use madoguchi_core::article::{Article, Content, Line};
use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::time::Instant;
use madoguchi_store::{Store, StoreError};

/// Articles that are kept in one transaction.
const AT_ONCE: usize = 500;

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
            let content = line.content(Content::default());
            let article = match store.lookup_article(&line.id).await? {
                Some(article) if is_same(&article, &content, now) => continue,
                Some(mut article) => {
                    article.import(content, now);
                    changed += 1;
                    article
                }
                None => {
                    new += 1;
                    Article::imported(line.id.clone(), content, now)
                }
            };
            let entry = AuditEntry::of_system(
                now,
                Action::ArticleImport,
                line.id.as_str(),
                Fields::from([("question".to_owned(), line.question.clone())]),
            );
            batch.push((article, entry));
        }
        store.save_articles(batch, now).await?;
    }
    Ok((new, changed))
}

fn is_same(article: &Article, content: &Content, now: Instant) -> bool {
    article
        .published(now)
        .is_some_and(|version| version.content == *content)
}
