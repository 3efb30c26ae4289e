//! What the search promises: one binary, one module a subject.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that meets what it does not expect fails"
)]

mod histories;
mod hostile;
mod meaning;
mod passages;
mod past;
mod people;
mod quality;
mod spellings;
mod whole;

use std::path::Path;
use std::sync::OnceLock;

use madoguchi_core::id::CategoryId;
use madoguchi_core::time::Instant;
use madoguchi_kb::{
    Audience, Dictionary, Encoder, Entry, Fragment, Knowledge, Language, Positions, Source, Viewer,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Article {
    id: String,
    question: String,
    answer: String,
    category: CategoryId,
    keywords: Vec<String>,
    #[serde(default = "for_all")]
    audience: Audience,
}

fn for_all() -> Audience {
    Audience::Portal
}

/// Built once on this machine.
fn dictionary() -> Dictionary {
    static OPENED: OnceLock<Dictionary> = OnceLock::new();
    let open = || Dictionary::open(&std::env::temp_dir().join("madoguchi-dictionary")).unwrap();
    OPENED.get_or_init(open).clone()
}

/// What the product installs.
fn encoder() -> Encoder {
    Encoder::open(Path::new("/usr/local/share/madoguchi/encoder")).unwrap()
}

fn open(folder: &Path) -> Knowledge {
    Knowledge::open(folder, &dictionary(), &Language::of_the_field(), None).unwrap()
}

fn read<T: for<'a> Deserialize<'a>>(text: &str) -> Vec<T> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The articles that the product brings.
fn sample() -> Vec<Entry> {
    entries(read(include_str!("../../sample/faq.jsonl")))
}

fn entries(articles: Vec<Article>) -> Vec<Entry> {
    let entry = |article: Article| Entry {
        question: article.question,
        answer: article.answer,
        category: article.category,
        keywords: article.keywords,
        ..entry(&article.id, article.audience)
    };
    articles.into_iter().map(entry).collect()
}

/// The sample, searched by all tests that do not change it.
fn shared() -> &'static Knowledge {
    static SHARED: OnceLock<(tempfile::TempDir, Knowledge)> = OnceLock::new();
    let (_, knowledge) = SHARED.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let knowledge = open(folder.path());
        rebuild(&knowledge, sample(), 1);
        (folder, knowledge)
    });
    knowledge
}

fn rebuild(knowledge: &Knowledge, entries: Vec<Entry>, position: i64) {
    let entries = entries.into_iter().map(Ok::<_, madoguchi_kb::KbError>);
    knowledge
        .rebuild(
            entries,
            Positions {
                articles: position,
                tickets: position,
            },
        )
        .unwrap();
}

fn entry(id: &str, audience: Audience) -> Entry {
    Entry {
        id: id.to_owned(),
        number: None,
        source: Source::Faq,
        audience,
        question: String::new(),
        answer: String::new(),
        category: "f01".into(),
        keywords: Vec::new(),
        reading: None,
        settled: 0,
        updated_at: Instant(0),
    }
}

fn found(knowledge: &Knowledge, text: &str, viewer: Viewer) -> Vec<String> {
    let query = madoguchi_kb::Query::new(text, viewer, 100);
    let found = knowledge.search(&query).unwrap();
    assert!(found.total >= found.hits.len());
    found.hits.into_iter().map(|hit| hit.id).collect()
}

fn joined(pieces: &[Fragment]) -> String {
    pieces.iter().map(|piece| piece.text.as_str()).collect()
}
