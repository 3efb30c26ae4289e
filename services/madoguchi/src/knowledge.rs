//! The search index of the knowledge: opened beside the database, kept at its changes.

pub(crate) mod import;
mod past;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use anyhow::Context;
use futures::future::BoxFuture;
use madoguchi_core::article::Article;
use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::clock::Clock;
use madoguchi_core::id::ArticleId;
use madoguchi_core::time::Instant;
use madoguchi_kb::{
    Change, Dictionary, Encoder, EncoderError, Entry, Feed, KbError, Knowledge, Language,
    Positions, Rebuild, Source,
};
use madoguchi_store::{Store, StoreError};
use madoguchi_web::{SYNONYM_KIND, WORD_KIND};
use serde::de::DeserializeOwned;
use tokio::runtime::Handle;

use crate::config::KnowledgeConfig;
use crate::scheduler::{Progress, Work};
use crate::setup;

/// Changes that are taken in at once.
const AT_ONCE: u32 = 1_000;
/// In the feed in place of an article: everything is to be taken in anew.
pub(crate) const EVERYTHING: &str = "*";

/// The language that the product knows. Without the file of general synonyms those of the field
/// remain.
pub(crate) fn language(config: &KnowledgeConfig) -> Language {
    let field = Language::of_the_field();
    match field.clone().with_sudachi(&config.synonyms) {
        Ok(language) => language,
        Err(error) => {
            tracing::info!(%error, "the search does without general synonyms");
            field
        }
    }
}

/// The same with the words and synonyms that were set on screens.
async fn joined(known: &Language, store: &Store) -> Result<Language, StoreError> {
    let words = own(store, WORD_KIND).await?;
    let synonyms = own(store, SYNONYM_KIND).await?;
    Ok(known.clone().and(words, synonyms))
}

/// With those that were last seen, while the store is away.
fn joined_from_beside(known: &Language, data_dir: &Path) -> Language {
    fn own<T: DeserializeOwned>(data_dir: &Path, kind: &str) -> Vec<T> {
        let kept = setup::saved_knowledge(data_dir, kind).into_iter();
        kept.filter_map(|data| serde_json::from_str(&data).ok())
            .collect()
    }
    let (words, synonyms) = (own(data_dir, WORD_KIND), own(data_dir, SYNONYM_KIND));
    known.clone().and(words, synonyms)
}

async fn own<T: DeserializeOwned>(store: &Store, kind: &str) -> Result<Vec<T>, StoreError> {
    let settings = store.list_settings(kind).await?.into_iter();
    let read = settings.filter_map(|setting| {
        let read = serde_json::from_str(setting.data.as_deref()?);
        read.inspect_err(|error| tracing::error!(kind, id = setting.id, %error, "cannot be read"))
            .ok()
    });
    Ok(read.collect())
}

/// The folder of the dictionary.
fn dictionary_folder(config: &KnowledgeConfig, data_dir: &Path) -> PathBuf {
    let folder = config.dictionary.clone();
    folder.unwrap_or_else(|| data_dir.join("dictionary"))
}

/// The dictionary; it is built first if it is not there.
pub(crate) fn dictionary(config: &KnowledgeConfig, data_dir: &Path) -> Result<Dictionary, KbError> {
    Dictionary::open(&dictionary_folder(config, data_dir))
}

/// The encoder with which what means alike is found; without its files the search does without.
pub(crate) fn encoder(config: &KnowledgeConfig) -> Option<Encoder> {
    match Encoder::open(&config.encoder) {
        Ok(encoder) => Some(encoder),
        Err(error @ EncoderError::Missing { .. }) => {
            tracing::info!(%error, "the search goes by words alone");
            None
        }
        Err(error) => {
            tracing::warn!(%error, "the search goes by words alone");
            None
        }
    }
}

/// Opens the index of the data directory.
pub(crate) async fn open(
    config: &KnowledgeConfig,
    data_dir: &Path,
    store: &Store,
) -> anyhow::Result<Knowledge> {
    let known = language(config);
    let language = if store.is_joined() {
        joined(&known, store).await?
    } else {
        joined_from_beside(&known, data_dir)
    };
    let (config, data_dir) = (config.clone(), data_dir.to_owned());
    let opened = tokio::task::spawn_blocking(move || {
        let dictionary = dictionary(&config, &data_dir)?;
        let place = data_dir.join("knowledge");
        Knowledge::open(&place, &dictionary, &language, encoder(&config).as_ref())
    });
    opened
        .await
        .context("the search index")?
        .map_err(Into::into)
}

/// Takes up words and synonyms that were set since `stamp`: synonyms at once, words with an index
/// that is built anew.
async fn take_up(
    known: &Language,
    store: &Store,
    knowledge: &Knowledge,
    stamp: &mut String,
    now: Instant,
) -> anyhow::Result<()> {
    let newest = store.settings_stamp().await?;
    if *stamp == newest {
        return Ok(());
    }
    let language = joined(known, store).await?;
    if language != knowledge.language() {
        let taking = knowledge.clone();
        let need = tokio::task::spawn_blocking(move || taking.set_language(&language)).await??;
        if need == Rebuild::Needed {
            build(store, knowledge, now).await?;
        }
        tracing::info!("the search takes up other words and synonyms");
    }
    *stamp = newest;
    Ok(())
}

/// What searches know of an article; `None` if readers see none of it.
fn entry(article: &Article, now: Instant) -> Option<Entry> {
    let version = article.published(now)?;
    let content = &version.content;
    Some(Entry {
        id: article.id.to_string(),
        number: article.number,
        source: Source::Faq,
        audience: content.audience,
        question: content.question.clone(),
        answer: madoguchi_reports::markdown::to_text(&content.answer),
        category: content.category.clone(),
        keywords: content.keywords.clone(),
        reading: content.reading.clone(),
        settled: article.settled,
        updated_at: version.at,
    })
}

/// All articles that readers see, as searches know them.
pub(crate) async fn visible_entries(store: &Store, now: Instant) -> Result<Vec<Entry>, StoreError> {
    let mut entries = Vec::new();
    let mut after = ArticleId::new("");
    loop {
        let ids = store.visible_articles(&after, AT_ONCE).await?;
        let Some(last) = ids.last() else {
            return Ok(entries);
        };
        after.clone_from(last);
        for id in &ids {
            let article = store.lookup_article(id).await?;
            entries.extend(article.and_then(|article| entry(&article, now)));
        }
    }
}

/// Takes in what has changed since the last time; tells how many articles and tickets.
pub(crate) async fn catch_up(
    store: &Store,
    knowledge: &Knowledge,
    now: Instant,
) -> anyhow::Result<usize> {
    let articles = catch_up_articles(store, knowledge, now).await?;
    Ok(articles + past::catch_up(store, knowledge, now).await?)
}

async fn catch_up_articles(
    store: &Store,
    knowledge: &Knowledge,
    now: Instant,
) -> anyhow::Result<usize> {
    let Some(position) = knowledge.position(Feed::Articles)? else {
        return build(store, knowledge, now).await;
    };
    let mut done = 0;
    let mut position = position;
    loop {
        let feed = store.knowledge_changes(position, AT_ONCE).await?;
        let Some((last, _)) = feed.last() else {
            return Ok(done);
        };
        position = *last;
        if feed.iter().any(|(_, id)| id.as_str() == EVERYTHING) {
            return Ok(done + build(store, knowledge, now).await?);
        }
        let mut ids: Vec<ArticleId> = feed.into_iter().map(|(_, id)| id).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut changes = Vec::with_capacity(ids.len());
        for id in ids {
            let article = store.lookup_article(&id).await?;
            changes.push(match article.and_then(|article| entry(&article, now)) {
                Some(entry) => Change::Put(Box::new(entry)),
                None => Change::Remove(id.to_string()),
            });
        }
        done += changes.len();
        if !take_in(knowledge, Feed::Articles, changes, position).await? {
            return build(store, knowledge, now).await;
        }
    }
}

/// Takes changes in; false if the index is damaged.
async fn take_in(
    knowledge: &Knowledge,
    feed: Feed,
    changes: Vec<Change>,
    position: i64,
) -> Result<bool, KbError> {
    let taking = knowledge.clone();
    match tokio::task::spawn_blocking(move || taking.apply(feed, &changes, position)).await {
        Ok(taken) => taken.map(|()| true),
        Err(panic) => {
            tracing::error!(%panic, "the search index is damaged and is built anew");
            Ok(false)
        }
    }
}

/// Builds the indexes anew from all that readers see and all tickets that answer.
async fn build(store: &Store, knowledge: &Knowledge, now: Instant) -> anyhow::Result<usize> {
    // What changes meanwhile comes after this position and is taken in again.
    let positions = Positions {
        articles: store.knowledge_position().await?,
        tickets: store.ticket_position().await?,
    };
    let (store, knowledge, handle) = (store.clone(), knowledge.clone(), Handle::current());
    tokio::task::spawn_blocking(move || {
        let mut done = 0;
        let mut ids = Vec::<ArticleId>::new().into_iter();
        let mut after = ArticleId::new("");
        let mut next = || -> anyhow::Result<Option<Entry>> {
            loop {
                let id = match ids.next() {
                    Some(id) => id,
                    None => {
                        ids = handle
                            .block_on(store.visible_articles(&after, AT_ONCE))?
                            .into_iter();
                        let Some(id) = ids.next() else {
                            return Ok(None);
                        };
                        id
                    }
                };
                after.clone_from(&id);
                let article = handle.block_on(store.lookup_article(&id))?;
                if let Some(entry) = article.and_then(|article| entry(&article, now)) {
                    return Ok(Some(entry));
                }
            }
        };
        let articles = std::iter::from_fn(|| next().transpose());
        let tickets = past::entries(&store, &handle);
        let entries = articles.chain(tickets).inspect(|_| done += 1);
        knowledge.rebuild(entries, positions)?;
        Ok(done)
    })
    .await?
}

/// Publishes what is due and keeps the index at the store's changes.
pub(crate) struct Following {
    pub(crate) config: KnowledgeConfig,
    pub(crate) data_dir: PathBuf,
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    /// Where searches find it.
    pub(crate) shown: Arc<OnceLock<Knowledge>>,
    pub(crate) opened: Option<Opened>,
}

/// The index, with what it was opened with.
pub(crate) struct Opened {
    knowledge: Knowledge,
    /// The language that the product knows.
    known: Language,
    /// Of the settings that were taken up.
    stamp: String,
}

impl Work for Following {
    fn run(&mut self) -> BoxFuture<'_, anyhow::Result<Progress>> {
        Box::pin(async move {
            if self.opened.is_none() {
                let opened = self.open().await;
                self.opened = Some(opened.context("the knowledge cannot be searched")?);
            }
            let Some(opened) = &mut self.opened else {
                return Ok(Progress::Again);
            };
            let (store, now) = (&self.store, self.clock.now());
            let done = follow(opened, store, now).await;
            let done = done.context("the search index does not follow")?;
            if done > 0 {
                tracing::info!(entries = done, "the search index follows");
            }
            // Searches begin when it has caught up for the first time.
            let _again = self.shown.set(opened.knowledge.clone());
            Ok(Progress::Again)
        })
    }
}

impl Following {
    async fn open(&self) -> anyhow::Result<Opened> {
        let knowledge = open(&self.config, &self.data_dir, &self.store).await?;
        // Without the store there are no news: what was found before is found on.
        if !self.store.is_joined()
            && knowledge
                .position(Feed::Articles)
                .is_ok_and(|position| position.is_some())
        {
            let _first = self.shown.set(knowledge.clone());
        }
        Ok(Opened {
            knowledge,
            known: language(&self.config),
            stamp: String::new(),
        })
    }
}

async fn follow(opened: &mut Opened, store: &Store, now: Instant) -> anyhow::Result<usize> {
    let (known, knowledge) = (&opened.known, &opened.knowledge);
    store.publish_due(now, |article| due(article, now)).await?;
    take_up(known, store, knowledge, &mut opened.stamp, now).await?;
    catch_up(store, knowledge, now).await
}

fn due(article: &Article, now: Instant) -> AuditEntry {
    let seen = article
        .published(now)
        .map_or_else(String::new, |version| version.number.to_string());
    AuditEntry::of_system(
        now,
        Action::ArticleDue,
        article.id.as_str(),
        Fields::from([("version".to_owned(), seen)]),
    )
}
