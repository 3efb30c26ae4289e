//! Measures searches and suggestions at 10,000 and 1,000,000 entries, eight at once.
//!
//!     cargo run --release -p madoguchi-kb --example bench -- kb/sample [ENTRIES …]
//!
//! The recipe: entry n asks the question of one article with one of its words exchanged for a word
//! of another article, and answers with paragraphs of five sentences of other articles, each with
//! one word exchanged, and a code of its own. Which, follows from n alone. Of 10,000 entries each has three
//! paragraphs, which are three passages; of more, one of three sentences.

#![expect(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    reason = "it measures, and its own lists are as long as it makes them"
)]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use madoguchi_core::id::CategoryId;
use madoguchi_kb::{
    Audience, Dictionary, Encoder, Entry, GradedQuery, Knowledge, Language, Positions, Query,
    Source, Viewer,
};
use serde::Deserialize;

/// As in the program itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const AT_ONCE: usize = 8;
const SEARCHES: usize = 4_000;
/// With more entries, encoding them takes hours.
const ENCODED: usize = 10_000;
/// Sentences of each paragraph of an entry.
const LONG: &[usize] = &[5, 5, 5];
const SHORT: &[usize] = &[3];

#[derive(Deserialize)]
struct Document {
    question: String,
    answer: String,
    category: CategoryId,
    keywords: Vec<String>,
}

#[expect(clippy::print_stdout, reason = "the table is what it is for")]
fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let sample = arguments.next().ok_or("the folder of the sample?")?;
    let sizes: Vec<usize> = arguments
        .map(|size| size.parse())
        .collect::<Result<_, _>>()?;
    let sizes = if sizes.is_empty() {
        vec![10_000, 1_000_000]
    } else {
        sizes
    };
    let docs: Vec<Document> = read(&format!("{sample}/faq.jsonl"))?;
    let mut queries: Vec<GradedQuery> = read(&format!("{sample}/queries-tuning.jsonl"))?;
    queries.extend(read::<GradedQuery>(&format!(
        "{sample}/queries-measured.jsonl"
    ))?);
    let queries: Vec<String> = queries.into_iter().map(|graded| graded.query).collect();
    let folder = tempfile::tempdir()?;
    let dictionary = Dictionary::open(folder.path())?;
    let field = Language::of_the_field();
    let sudachi = Path::new("/usr/local/share/madoguchi/synonyms.json");
    let language = field.clone().with_sudachi(sudachi).unwrap_or(field);
    let encoder = Encoder::open(Path::new("/usr/local/share/madoguchi/encoder"))?;
    let asked = Bench {
        queries,
        recipe: Recipe::new(&docs),
        place: folder.path().join("index"),
        dictionary,
        language,
    };
    println!("| entries | what | p50 | p99 | longest |\n| --- | --- | --- | --- | --- |");
    for size in sizes {
        asked.measure(size, None)?;
        if size <= ENCODED {
            asked.measure(size, Some(&encoder))?;
        }
    }
    Ok(())
}

/// What is asked of which entries.
struct Bench<'a> {
    queries: Vec<String>,
    recipe: Recipe<'a>,
    place: PathBuf,
    dictionary: Dictionary,
    language: Language,
}

impl Bench<'_> {
    #[expect(clippy::print_stdout, reason = "the table is what it is for")]
    fn measure(&self, size: usize, encoder: Option<&Encoder>) -> Outcome<()> {
        let _none = std::fs::remove_dir_all(&self.place);
        let knowledge = Knowledge::open(&self.place, &self.dictionary, &self.language, encoder)?;
        let began = Instant::now();
        let paragraphs = if size <= ENCODED { LONG } else { SHORT };
        let entries =
            (0..size).map(|n| Ok::<_, madoguchi_kb::KbError>(self.recipe.entry(n, paragraphs)));
        knowledge.rebuild(entries, Positions::default())?;
        let built = began.elapsed();
        let query = |n: usize| &self.queries[n % self.queries.len()];
        let searches = measure(|n| {
            knowledge
                .search(&Query::new(query(n), Viewer::Portal, 10))
                .map(drop)
        })?;
        let what = encoder.map_or("search", |_| "search with the encoder");
        row(size, what, searches);
        let suggestions = measure(|n| {
            let text: String = query(n).chars().take(1 + n % 4).collect();
            knowledge.suggest(&text, Viewer::Portal, 8).map(drop)
        })?;
        row(size, "suggestions", suggestions);
        println!(
            "\nBuilt in {:.0} s; {} in memory, {} on disk.\n",
            built.as_secs_f64(),
            memory(),
            disk(&self.place)?
        );
        Ok(())
    }
}

#[expect(clippy::print_stdout, reason = "a line of the table")]
fn row(size: usize, what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |part: usize| {
        times[(times.len() * part / 1000).min(times.len() - 1)].as_secs_f64() * 1000.0
    };
    println!(
        "| {size} | {what} | {:.2} ms | {:.2} ms | {:.2} ms |",
        at(500),
        at(990),
        at(1000)
    );
}

fn measure(
    what: impl Fn(usize) -> Result<(), madoguchi_kb::KbError> + Sync,
) -> Outcome<Vec<Duration>> {
    for n in 0..500 {
        what(n)?;
    }
    let next = AtomicUsize::new(0);
    let asking = || -> Result<Vec<Duration>, madoguchi_kb::KbError> {
        let mut times = Vec::new();
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            if n >= SEARCHES {
                return Ok(times);
            }
            let began = Instant::now();
            what(n)?;
            times.push(began.elapsed());
        }
    };
    let mut all = Vec::new();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(asking)).collect();
        for thread in threads {
            all.extend(thread.join().map_err(|_| "a search panicked")??);
        }
        Outcome::Ok(())
    })?;
    Ok(all)
}

struct Recipe<'a> {
    docs: &'a [Document],
    sentences: Vec<Vec<&'a str>>,
    words: Vec<&'a str>,
}

impl<'a> Recipe<'a> {
    fn new(docs: &'a [Document]) -> Self {
        let sentences = docs
            .iter()
            .map(|doc| {
                doc.answer
                    .split_inclusive('。')
                    .filter(|part| part.len() > 20)
                    .collect()
            })
            .collect();
        Self {
            docs,
            sentences,
            words: docs
                .iter()
                .flat_map(|doc| doc.keywords.iter().map(String::as_str))
                .collect(),
        }
    }

    fn entry(&self, n: usize, paragraphs: &[usize]) -> Entry {
        let mut chance = n as u64 + 1;
        let mut draw = |below: usize| {
            // xorshift*
            chance ^= chance >> 12;
            chance ^= chance << 25;
            chance ^= chance >> 27;
            (chance.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % below.max(1)
        };
        let doc = &self.docs[draw(self.docs.len())];
        let exchange = |text: &str, by: usize| {
            let old = doc
                .keywords
                .iter()
                .find(|word| text.contains(word.as_str()));
            let new = self.words[by % self.words.len()];
            old.map_or_else(
                || format!("{text}{new}"),
                |old| text.replacen(old.as_str(), new, 1),
            )
        };
        let question = exchange(&doc.question, draw(usize::MAX >> 1));
        let mut answer = String::new();
        for (at, sentences) in paragraphs.iter().enumerate() {
            if at > 0 {
                answer.push_str("\n\n");
            }
            for _ in 0..*sentences {
                let others = &self.sentences[draw(self.docs.len())];
                if let Some(sentence) = others.get(draw(others.len())) {
                    answer.push_str(&exchange(sentence, draw(usize::MAX >> 1)));
                }
            }
        }
        Entry {
            id: format!("e{n}"),
            number: None,
            source: Source::Faq,
            audience: Audience::Portal,
            question,
            answer: format!("{answer}整理番号はQ-{n}です。"),
            category: doc.category.clone(),
            keywords: doc.keywords.clone(),
            reading: None,
            settled: u32::try_from(n % 7).unwrap_or(0),
            updated_at: madoguchi_core::time::Instant(i64::try_from(n).unwrap_or(0)),
        }
    }
}

fn read<T: for<'a> Deserialize<'a>>(file: &str) -> Outcome<Vec<T>> {
    let text = std::fs::read_to_string(file)?;
    Ok(text
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?)
}

fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = |name: &str| {
        status
            .lines()
            .find(|line| line.starts_with(name))
            .map(|line| {
                line.split_whitespace()
                    .skip(1)
                    .collect::<Vec<_>>()
                    .join(" ")
            })
    };
    line("RssAnon").unwrap_or_default()
}

fn disk(folder: &Path) -> Outcome<String> {
    let mut bytes = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let data = entry.metadata()?;
            if data.is_dir() {
                folders.push(entry.path())
            } else {
                bytes += data.len()
            }
        }
    }
    Ok(format!("{} MiB", bytes >> 20))
}
