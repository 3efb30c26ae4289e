//! Prints what each part of the search adds, as a table in Markdown.
//!
//!     cargo run --release -p madoguchi-kb --example parts -- DOCS.jsonl[+DOCS.jsonl …] QUERIES.jsonl …

use std::path::Path;

use madoguchi_core::id::CategoryId;
use madoguchi_core::time::Instant;
use madoguchi_kb::{
    Audience, Dictionary, Encoder, Entry, GradedQuery, Language, SearchParts, Source, evaluate,
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

#[expect(clippy::print_stdout, reason = "the table is what it is for")]
fn main() -> Outcome<()> {
    let mut files = std::env::args().skip(1);
    let mut docs: Vec<Document> = Vec::new();
    for file in files.next().ok_or("DOCS.jsonl?")?.split('+') {
        docs.extend(read::<Document>(file)?);
    }
    let entries: Vec<Entry> = docs.into_iter().map(entry).collect();
    let files: Vec<String> = files.collect();
    let folder = tempfile::tempdir()?;
    let dictionary = Dictionary::open(Path::new("/tmp/madoguchi-dictionary"))?;
    let sudachi = Path::new("/usr/local/share/madoguchi/synonyms.json");
    let field = Language::of_the_field();
    let language = field.clone().with_sudachi(sudachi).unwrap_or(field);
    let encoder = Encoder::open(Path::new("/usr/local/share/madoguchi/encoder")).ok();
    let without = |change: fn(&mut SearchParts)| {
        let mut parts = SearchParts::ALL;
        change(&mut parts);
        parts
    };
    let rows = [
        ("plain BM25, one field", SearchParts::PLAIN),
        (
            "stops and fields",
            SearchParts {
                stops: true,
                ..SearchParts::PLAIN
            },
        ),
        (
            "… and grams",
            SearchParts {
                stops: true,
                grams: true,
                ..SearchParts::PLAIN
            },
        ),
        ("all", SearchParts::ALL),
        ("all but grams", without(|parts| parts.grams = false)),
        ("all but readings", without(|parts| parts.readings = false)),
        (
            "all but synonyms of the field",
            without(|parts| parts.synonyms = false),
        ),
        (
            "all but synonyms at large",
            without(|parts| parts.general = false),
        ),
        (
            "all but proximity",
            without(|parts| parts.proximity = false),
        ),
        ("words alone", without(|parts| parts.meaning = false)),
        ("meaning alone", without(|parts| parts.words = false)),
        (
            "all but typing errors",
            without(|parts| parts.typing = false),
        ),
    ];
    for file in &files {
        let queries: Vec<GradedQuery> = read(file)?;
        println!(
            "\n{file}\n\n| | P@1 | SR@5 | MRR@10 | nDCG@10 | p50 | p99 |\n| --- | --- | --- | --- | --- | --- | --- |"
        );
        for (at, (name, parts)) in rows.iter().enumerate() {
            let place = folder.path().join(format!("{at}"));
            let _gone = std::fs::remove_dir_all(&place);
            let e = evaluate(
                &place,
                &dictionary,
                &language,
                encoder.as_ref(),
                *parts,
                &entries,
                &queries,
            )?;
            println!(
                "| {name} | {:.3} | {:.3} | {:.3} | {:.3} | {:.1} ms | {:.1} ms |",
                e.precision_at_1, e.success_at_5, e.mrr_at_10, e.ndcg_at_10, e.p50_ms, e.p99_ms
            );
        }
    }
    Ok(())
}

fn read<T: for<'a> Deserialize<'a>>(file: &str) -> Outcome<Vec<T>> {
    let text = std::fs::read_to_string(file)?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    Ok(lines.map(serde_json::from_str).collect::<Result<_, _>>()?)
}

fn entry(document: Document) -> Entry {
    Entry {
        id: document.id,
        number: None,
        source: Source::Faq,
        audience: Audience::Portal,
        question: document.question,
        answer: document.answer,
        category: document.category,
        keywords: document.keywords,
        reading: None,
        settled: 0,
        updated_at: Instant(0),
    }
}
