//! Learns how likely a result answers (`kb/src/search/confidence.csv`), and tells how far that can be
//! trusted.
//!
//!     cargo run --release -p madoguchi-kb --example calibrate -- kb/sample [learn]
//!
//! The recipe: every query of the tuning files is asked, and the first three results of each are samples: they
//! answer if they are graded. Three kinds of queries have no answer: those that were written so, those of
//! another field, and those whose answers were left out of the index (every other article is). A logistic
//! model of the signals is fitted by Newton's method with a small penalty; samples are weighed so that in each
//! set queries with and without an answer count alike, and second and third results a quarter. The same
//! is done by words alone. What the model gives for first results becomes a probability by a second logistic model
//! with two numbers, over queries as people ask them: those with an answer and those written without one.
//! Both models are tried on each field by what was learned of the others. Nothing is learned from the measured
//! files; the tables tell of them.

mod model;

use std::collections::HashMap;
use std::path::Path;

use madoguchi_core::time::Instant;
use madoguchi_kb::{
    Audience, Dictionary, Encoder, Entry, GradedQuery, KbError, Knowledge, Language, Positions,
    Query, SIGNALS, Source, Verdict, Viewer,
};
use serde::Deserialize;

use self::model::{Model, NUMBERS, Sample, Set, is_asked_by_people, learned};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Rows of the table of reliability.
const BINS: usize = 10;

#[derive(Deserialize, Clone)]
struct Document {
    id: String,
    question: String,
    answer: String,
    #[serde(default)]
    keywords: Vec<String>,
}

#[expect(
    clippy::print_stdout,
    reason = "the numbers and tables are what it is for"
)]
fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let sample = arguments.next().ok_or("the folder of the sample?")?;
    let learns = arguments.next().is_some_and(|word| word == "learn");
    let dictionary = Dictionary::open(Path::new("/tmp/madoguchi-dictionary"))?;
    let sudachi = Path::new("/usr/local/share/madoguchi/synonyms.json");
    let field = Language::of_the_field();
    let language = field.clone().with_sudachi(sudachi).unwrap_or(field);
    let encoder = Encoder::open(Path::new("/usr/local/share/madoguchi/encoder"))?;
    let mut models = Vec::new();
    for (title, encoder) in [
        ("with the encoder", Some(&encoder)),
        ("by words alone", None),
    ] {
        let asking = Asking {
            dictionary: &dictionary,
            language: &language,
            encoder,
            sample: &sample,
        };
        if learns {
            let sets = asking.sets("tuning")?;
            println!("# {title}");
            tell_thresholds(&sets);
            let all: Vec<&Set> = sets.iter().collect();
            models.push(learned(&all));
        } else {
            println!("\n{title}\n");
            tell(&asking.sets("measured")?);
        }
    }
    if let [with, without] = models.as_slice() {
        println!("# signal,with the encoder,by words alone; learned by kb/examples/calibrate");
        let names = std::iter::once("constant").chain(SIGNALS);
        let names = names.chain(["scale", "shift"]);
        let numbers = |model: &Model| model.numbers.into_iter().chain([model.scale, model.shift]);
        for ((name, with), without) in names.zip(numbers(with)).zip(numbers(without)) {
            println!("{name},{with:.4},{without:.4}");
        }
    }
    Ok(())
}

/// What asks the queries of the sample.
struct Asking<'a> {
    dictionary: &'a Dictionary,
    language: &'a Language,
    encoder: Option<&'a Encoder>,
    sample: &'a str,
}

impl Asking<'_> {
    /// The queries of the tuning or of the measured files.
    fn sets(&self, which: &str) -> Outcome<Vec<Set>> {
        let file = |name: &str| format!("{}/{name}", self.sample);
        let faq: Vec<Document> = read(&file("faq.jsonl"))?;
        let mut staff: Vec<GradedQuery> = read(&file(&format!("queries-{which}.jsonl")))?;
        staff.extend(read::<GradedQuery>(&file(&format!("staff-{which}.jsonl")))?);
        let unanswered: Vec<GradedQuery> = read(&file(&format!("unanswered-{which}.jsonl")))?;
        // What is typed without conversion is told apart, and nothing is learned of it.
        let typed: Vec<GradedQuery> = match which {
            "measured" => read(&file("unanswered-typed.jsonl"))?,
            _ => Vec::new(),
        };
        let is_typed = |one: &&GradedQuery| which == "measured" && is_typed(&one.query);
        let staff_typed: Vec<GradedQuery> = staff.iter().filter(is_typed).cloned().collect();
        let city: Vec<Document> = read(&file(&format!("city/faq-{which}.jsonl")))?;
        let citizens: Vec<GradedQuery> = read(&file(&format!("city/queries-{which}.jsonl")))?;
        let paragraphs: Vec<Document> = read(&file("long/paragraphs.jsonl"))?;
        let readers: Vec<GradedQuery> =
            read(&file(&format!("long/paragraph-queries-{which}.jsonl")))?;
        let mut manuals: Vec<Document> = read(&file("long/manuals.jsonl"))?;
        manuals.extend(faq.iter().cloned());
        let users: Vec<GradedQuery> = read(&file(&format!("long/manual-queries-{which}.jsonl")))?;
        let none = |queries: &[GradedQuery]| -> Vec<GradedQuery> {
            let none = |one: &GradedQuery| GradedQuery {
                query: one.query.clone(),
                relevant: HashMap::new(),
            };
            queries.iter().map(none).collect()
        };
        let (half, half_staff) = left_out(&faq, &staff);
        let (half_city, half_citizens) = left_out(&city, &citizens);
        Ok([
            self.asked(
                &faq,
                &[
                    ("sample", &staff),
                    ("written so", &unanswered),
                    ("sample typed in kana or romaji", &staff_typed),
                    ("typed in kana or romaji", &typed),
                    ("the city's", &none(&citizens)),
                    ("readers'", &none(&readers)),
                ],
            )?,
            self.asked(&half, &[("sample, answers left out", &half_staff)])?,
            self.asked(
                &city,
                &[
                    ("city", &citizens),
                    ("staff's asked of the city", &none(&staff)),
                ],
            )?,
            self.asked(&half_city, &[("city, answers left out", &half_citizens)])?,
            self.asked(
                &paragraphs,
                &[
                    ("paragraphs", &readers),
                    ("staff's asked of paragraphs", &none(&staff)),
                ],
            )?,
            self.asked(&manuals, &[("manuals", &users)])?,
        ]
        .into_iter()
        .flatten()
        .collect())
    }

    /// Asks queries of an index of these documents.
    fn asked(&self, docs: &[Document], queries: &[(&str, &Vec<GradedQuery>)]) -> Outcome<Vec<Set>> {
        let folder = tempfile::tempdir()?;
        let knowledge =
            Knowledge::open(folder.path(), self.dictionary, self.language, self.encoder)?;
        let entries = docs.iter().map(|one| Ok::<_, KbError>(entry(one)));
        knowledge.rebuild(entries, Positions::default())?;
        let ask = |(name, queries): &(&str, &Vec<GradedQuery>)| -> Outcome<Set> {
            let mut set = Set {
                name: (*name).to_owned(),
                answered: queries.iter().any(|one| !one.relevant.is_empty()),
                samples: Vec::new(),
                verdicts: Vec::new(),
            };
            for graded in *queries {
                let found = knowledge.search(&Query::new(&graded.query, Viewer::Desk, 3))?;
                for (n, hit) in found.hits.iter().enumerate() {
                    let answers = graded.relevant.contains_key(&hit.id);
                    let Some(fit) = hit.fit else { continue };
                    if n == 0 {
                        set.verdicts.push((found.verdict(), answers));
                    }
                    let mut signals = [1.0; NUMBERS];
                    for (to, from) in signals.iter_mut().skip(1).zip(fit.signals) {
                        *to = f64::from(from);
                    }
                    set.samples.push(Sample {
                        signals,
                        confidence: f64::from(fit.confidence),
                        answers,
                        first: n == 0,
                    });
                }
                if found.hits.is_empty() {
                    set.verdicts.push((Verdict::None, false));
                }
            }
            Ok(set)
        };
        queries.iter().map(ask).collect()
    }
}

/// Every other document, and the queries that only the others answer.
fn left_out(docs: &[Document], queries: &[GradedQuery]) -> (Vec<Document>, Vec<GradedQuery>) {
    let kept: Vec<Document> = docs.iter().step_by(2).cloned().collect();
    let is_kept = |id: &String| kept.iter().any(|one| one.id == *id);
    let without = queries
        .iter()
        .filter(|one| !one.relevant.keys().any(is_kept));
    let without = without.map(|one| GradedQuery {
        query: one.query.clone(),
        relevant: HashMap::new(),
    });
    let without = without.collect();
    (kept, without)
}

/// The fields, by how the names of their sets begin; what was written without an answer belongs to the sample.
const FIELDS: [&str; 4] = ["sample", "city", "paragraphs", "manuals"];

fn field(set: &Set) -> &str {
    let mut fields = FIELDS.iter().filter(|field| set.name.starts_with(**field));
    fields.next().unwrap_or(&"sample")
}

/// Whether a query is typed in kana or Latin letters alone.
fn is_typed(query: &str) -> bool {
    let kanji = |letter: char| ('一'..='鿿').contains(&letter) || letter == '々';
    !query.chars().any(kanji)
}

/// What each place of the line between an answer and what comes near would bring, each field told by what was learned
/// of the others; and how far the probability can be trusted then.
#[expect(clippy::print_stdout, reason = "the tables are what it is for")]
fn tell_thresholds(sets: &[Set]) {
    let mut told: Vec<(bool, bool, f64)> = Vec::new();
    for name in FIELDS {
        let others: Vec<&Set> = sets.iter().filter(|set| field(set) != name).collect();
        let model = learned(&others);
        for set in sets
            .iter()
            .filter(|set| field(set) == name && is_asked_by_people(set))
        {
            let first = set.samples.iter().filter(|sample| sample.first);
            told.extend(first.map(|one| (set.answered, one.answers, model.confidence(one))));
            // What finds nothing at all claims nothing.
            let nothing = set.verdicts.len() - set.samples.iter().filter(|one| one.first).count();
            told.extend((0..nothing).map(|_| (set.answered, false, 0.0)));
        }
    }
    println!("# from | right results called so | wrong ones | of queries without an answer");
    for step in 1..20 {
        let from = f64::from(step) / 20.0;
        let part = |is: fn(&(bool, bool, f64)) -> bool| {
            let some: Vec<_> = told.iter().filter(|one| is(one)).collect();
            let called = some.iter().filter(|one| one.2 >= from).count();
            called as f64 / some.len().max(1) as f64
        };
        println!(
            "# {from:.2} | {:.2} | {:.2} | {:.2}",
            part(|one| one.1),
            part(|one| one.0 && !one.1),
            part(|one| !one.0)
        );
    }
    let mut error = 0.0;
    for bin in 0..BINS {
        let of = |confidence: f64| ((confidence * BINS as f64) as usize).min(BINS - 1);
        let some: Vec<_> = told.iter().filter(|one| of(one.2) == bin).collect();
        let right = some.iter().filter(|one| one.1).count() as f64;
        let said: f64 = some.iter().map(|one| one.2).sum();
        error += (said - right).abs() / told.len().max(1) as f64;
    }
    println!("# expected calibration error, each field by the others: {error:.3}");
}

/// What is said of each set, and how far the confidence can be trusted.
#[expect(clippy::print_stdout, reason = "the tables are what it is for")]
fn tell(sets: &[Set]) {
    println!("| queries | answer | near | none |\n| --- | --- | --- | --- |");
    for set in sets {
        let row = |what: &str, right: bool| {
            let some = set.verdicts.iter().filter(|(_, answers)| *answers == right);
            let some: Vec<Verdict> = some.map(|(verdict, _)| *verdict).collect();
            let count = |wanted| some.iter().filter(|one| **one == wanted).count();
            println!(
                "| {}{what} ({}) | {} | {} | {} |",
                set.name,
                some.len(),
                count(Verdict::Answer),
                count(Verdict::Near),
                count(Verdict::None)
            );
        };
        if set.answered {
            row(", the first result is right", true);
            row(", it is not", false);
        } else {
            row(" (no answer)", false);
        }
    }
    let answered = sets.iter().filter(|set| is_asked_by_people(set));
    let first: Vec<&Sample> = answered
        .flat_map(|set| &set.samples)
        .filter(|sample| sample.first)
        .collect();
    println!("\n| confidence | queries | mean confidence | answered |\n| --- | --- | --- | --- |");
    let mut error = 0.0;
    for bin in 0..BINS {
        let of = |confidence: f64| ((confidence * BINS as f64) as usize).min(BINS - 1);
        let some = first.iter().filter(|sample| of(sample.confidence) == bin);
        let some: Vec<_> = some.collect();
        let count = some.len().max(1) as f64;
        let mean = some.iter().map(|one| one.confidence).sum::<f64>() / count;
        let right = some.iter().filter(|one| one.answers).count() as f64 / count;
        error += (mean - right).abs() * some.len() as f64 / first.len().max(1) as f64;
        println!(
            "| {:.1}–{:.1} | {} | {mean:.2} | {right:.2} |",
            bin as f64 / BINS as f64,
            (bin + 1) as f64 / BINS as f64,
            some.len()
        );
    }
    println!("\nExpected calibration error: {error:.3}");
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
        category: "".into(),
        keywords: document.keywords.clone(),
        reading: None,
        settled: 0,
        updated_at: Instant(0),
    }
}
