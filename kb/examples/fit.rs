//! Prints how well the best result of each query fits, and how many queries with and without an answer a
//! threshold tells apart.
//!
//!     cargo run --release --workspace --example fit -- DOCS.jsonl ANSWERED.jsonl … -- UNANSWERED.txt …

use std::collections::HashMap;
use std::path::Path;

use madoguchi_core::id::CategoryId;
use madoguchi_core::time::Instant;
use madoguchi_kb::{
    Audience, Dictionary, Encoder, Entry, Fit, KbError, Knowledge, Language, Positions, Query,
    Source, Viewer,
};
use serde::Deserialize;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[derive(Deserialize)]
struct Document {
    id: String,
    question: String,
    answer: String,
    #[serde(default)]
    category: CategoryId,
    #[serde(default)]
    keywords: Vec<String>,
}

#[derive(Deserialize)]
struct Graded {
    query: String,
    relevant: HashMap<String, u32>,
}

#[expect(clippy::print_stdout, reason = "the table is what it is for")]
fn main() -> Outcome<()> {
    let mut files = std::env::args().skip(1);
    let docs: Vec<Document> = read(&files.next().ok_or("DOCS.jsonl?")?)?;
    let files: Vec<String> = files.collect();
    let mut kinds = files.split(|file| file == "--");
    let answered = kinds.next().unwrap_or_default();
    let unanswered = kinds.next().unwrap_or_default();
    let dictionary = Dictionary::open(Path::new("/tmp/madoguchi-dictionary"))?;
    let sudachi = Path::new("/usr/local/share/madoguchi/synonyms.json");
    let field = Language::of_the_field();
    let language = field.clone().with_sudachi(sudachi).unwrap_or(field);
    let encoder = Encoder::open(Path::new("/usr/local/share/madoguchi/encoder")).ok();
    for encoder in [None, encoder.as_ref()] {
        let folder = tempfile::tempdir()?;
        let knowledge = Knowledge::open(folder.path(), &dictionary, &language, encoder)?;
        let entries = docs.iter().map(|one| Ok::<_, KbError>(entry(one)));
        knowledge.rebuild(entries, Positions::default())?;
        println!("with the encoder: {}", encoder.is_some());
        let (mut right, mut wrong, mut none) = (0, 0, 0);
        for file in answered {
            for graded in read::<Graded>(file)? {
                let found = knowledge.search(&Query::new(&graded.query, Viewer::Desk, 10))?;
                let best = found.hits.first();
                let is_right = best.is_some_and(|hit| graded.relevant.contains_key(&hit.id));
                let (kind, near) = if is_right {
                    ("right", &mut right)
                } else {
                    ("wrong", &mut wrong)
                };
                *near += u32::from(found.is_near());
                tell(kind, found.fit, &graded.query);
            }
        }
        for file in unanswered {
            for query in std::fs::read_to_string(file)?.lines() {
                let found = knowledge.search(&Query::new(query, Viewer::Desk, 10))?;
                none += u32::from(found.is_near());
                tell("none", found.fit, query);
            }
        }
        println!("near: right {right}, wrong {wrong}, none {none}");
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the table is what it is for")]
fn tell(kind: &str, fit: Option<Fit>, query: &str) {
    match fit {
        Some(fit) => println!("{kind}\t{:.3}\t{:.3}\t{query}", fit.words, fit.meaning),
        None => println!("{kind}\t-\t-\t{query}"),
    }
}

fn read<T: for<'a> Deserialize<'a>>(file: &str) -> Outcome<Vec<T>> {
    let text = std::fs::read_to_string(file)?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    Ok(lines.map(serde_json::from_str).collect::<Result<_, _>>()?)
}

fn entry(document: &Document) -> Entry {
    Entry {
        id: document.id.clone(),
        number: None,
        source: Source::Faq,
        audience: Audience::Portal,
        question: document.question.clone(),
        answer: document.answer.clone(),
        category: document.category.clone(),
        keywords: document.keywords.clone(),
        reading: None,
        settled: 0,
        updated_at: Instant(0),
    }
}
