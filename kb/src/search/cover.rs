//! How much of what was asked an entry holds, word by word of the query: the word itself, how it is read, what
//! means the same, a part of it. Unlike the score it can be compared between queries.

use tantivy::schema::IndexRecordOption;
use tantivy::{DocAddress, DocSet, Searcher, TERMINATED};

use super::clauses::{Clause, QueryClauses, tells};
use crate::error::KbError;
use crate::fields::Fields;
use crate::query::{Kind, QueryTerm, SLOTS};

/// No more terms are looked at, those first that were typed.
const TERMS: usize = 96;
/// No more words make up what was asked for, those first that tell most.
const WORDS: usize = 12;

/// What stands in for a word counts so much of it.
const READ: f32 = 0.85;
const SYNONYM: f32 = 0.8;
const GENERAL: f32 = 0.5;
const NEAREST: f32 = 0.7;
const PART: f32 = 0.7;
/// Synonyms of less weight are those of the language at large.
const OF_THE_FIELD: f32 = 0.25;
/// Of so much of the runs of a word, the rest may be chance.
const CHANCE: f32 = 0.4;

/// How much of what was asked an entry holds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cover {
    /// Of all, 0–1, each word by how much it tells.
    pub(super) all: f32,
    /// The same in its question and keywords alone.
    pub(super) question: f32,
    /// Of the word that tells most.
    pub(super) rarest: f32,
}

/// What was asked, word by word.
pub(super) struct QueryCover {
    slots: Vec<Slot>,
    /// The terms, each with whether it stands in question or keywords.
    clauses: Vec<(Clause, bool)>,
    /// The part of what was asked that no entry holds in any way, 0–1.
    pub(super) unknown: f32,
}

struct Slot {
    bit: u32,
    tells: f32,
    grams: f32,
    kana: f32,
}

impl QueryCover {
    pub(super) fn new(
        searcher: &Searcher,
        fields: &Fields,
        terms: &[QueryTerm],
        query: &QueryClauses,
    ) -> Self {
        let documents = searcher.num_docs();
        let mut clauses: Vec<_> = query.known.iter().filter(|one| counts(one)).collect();
        clauses.sort_by_key(|clause| order(clause.kind));
        clauses.truncate(TERMS);
        let (mut unknown, mut all) = (0.0, 0.0);
        let mut slots = Vec::new();
        for at in 0..SLOTS {
            let bit = 1_u32 << at;
            if query.words & bit == 0 {
                continue;
            }
            let held = || clauses.iter().filter(|clause| clause.slots & bit != 0);
            let frequency = |kinds: &[Kind]| {
                let some = held().filter(|clause| kinds.contains(&clause.kind));
                some.map(|clause| clause.frequency).max()
            };
            let known = frequency(&[Kind::Word, Kind::Plain])
                .or_else(|| frequency(&[Kind::Reading, Kind::Synonym]));
            let tells = tells(documents, known.unwrap_or(1));
            all += tells;
            if known.is_none() && frequency(&[Kind::Gram, Kind::Kana]).is_none() {
                unknown += tells;
            }
            let runs = |kind: Kind| {
                let some = terms.iter().filter(|one| one.kind == kind);
                let some = some.filter(|one| one.slots & bit != 0 && is_run(kind, &one.text));
                some.count() as f32
            };
            slots.push(Slot {
                bit,
                tells,
                grams: runs(Kind::Gram),
                kana: runs(Kind::Kana),
            });
        }
        slots.sort_by(|one, other| other.tells.total_cmp(&one.tells));
        slots.truncate(WORDS);
        let question = [
            fields.question_words,
            fields.keyword_words,
            fields.question_grams,
            fields.question_readings,
            fields.kana,
        ];
        let clauses = clauses.into_iter().cloned();
        Self {
            slots,
            clauses: clauses
                .map(|clause| {
                    let in_question = question.contains(&clause.term.field());
                    (clause, in_question)
                })
                .collect(),
            unknown: unknown / f32::max(all, f32::MIN_POSITIVE),
        }
    }

    /// How many words make it up.
    pub(super) fn words(&self) -> usize {
        self.slots.len()
    }

    /// How much of it each of some entries holds, in their order.
    pub(super) fn covered(
        &self,
        searcher: &Searcher,
        entries: &[DocAddress],
    ) -> Result<Vec<Cover>, KbError> {
        let mut order: Vec<usize> = (0..entries.len()).collect();
        order.sort_by_key(|place| entries.get(*place));
        let mut held: Vec<Vec<usize>> = vec![Vec::new(); entries.len()];
        for (number, (clause, _)) in self.clauses.iter().enumerate() {
            let mut at = 0;
            while let Some(first) = order.get(at).and_then(|place| entries.get(*place)) {
                let segment = searcher.segment_reader(first.segment_ord);
                let inverted = segment.inverted_index(clause.term.field())?;
                let postings = inverted
                    .read_postings(&clause.term, IndexRecordOption::Basic)
                    .map_err(tantivy::TantivyError::from)?;
                let mut postings = postings;
                while let Some(place) = order.get(at) {
                    let Some(entry) = entries.get(*place) else {
                        break;
                    };
                    if entry.segment_ord != first.segment_ord {
                        break;
                    }
                    at += 1;
                    let Some(postings) = &mut postings else {
                        continue;
                    };
                    if postings.doc() < entry.doc_id {
                        postings.seek(entry.doc_id);
                    }
                    if postings.doc() != TERMINATED
                        && postings.doc() == entry.doc_id
                        && let Some(held) = held.get_mut(*place)
                    {
                        held.push(number);
                    }
                }
            }
        }
        Ok(held.iter().map(|held| self.cover(held)).collect())
    }

    fn cover(&self, held: &[usize]) -> Cover {
        let clauses = held.iter().filter_map(|number| self.clauses.get(*number));
        let clauses: Vec<&(Clause, bool)> = clauses.collect();
        let all: f32 = self.slots.iter().map(|slot| slot.tells).sum();
        let part = |in_question: bool| {
            let some: Vec<&Clause> = clauses
                .iter()
                .filter(|(_, question)| *question || !in_question)
                .map(|(clause, _)| clause)
                .collect();
            let parts = self.slots.iter().map(|slot| (slot, slot.held(&some)));
            parts.collect::<Vec<_>>()
        };
        let sum = |parts: &[(&Slot, f32)]| {
            let sum: f32 = parts.iter().map(|(slot, part)| slot.tells * part).sum();
            sum / all.max(f32::MIN_POSITIVE)
        };
        let whole = part(false);
        Cover {
            all: sum(&whole),
            question: sum(&part(true)),
            rarest: whole.first().map_or(0.0, |(_, part)| *part),
        }
    }
}

impl Slot {
    /// How much of the word these terms hold, 0–1.
    fn held(&self, clauses: &[&Clause]) -> f32 {
        let mut most: f32 = 0.0;
        let (mut grams, mut kana): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
        for clause in clauses.iter().filter(|one| one.slots & self.bit != 0) {
            let counts = match clause.kind {
                Kind::Word if clause.nearest => NEAREST,
                Kind::Word | Kind::Plain => 1.0,
                Kind::Reading => READ,
                Kind::Synonym if clause.boost > OF_THE_FIELD => SYNONYM,
                Kind::Synonym => GENERAL,
                Kind::Gram => {
                    grams.push(&clause.text);
                    0.0
                }
                Kind::Kana => {
                    kana.push(&clause.text);
                    0.0
                }
                Kind::Pair => 0.0,
            };
            most = most.max(counts);
        }
        let runs = |mut texts: Vec<&str>, all: f32| {
            texts.sort_unstable();
            texts.dedup();
            let part = texts.len() as f32 / all.max(1.0);
            ((part - CHANCE) / (1.0 - CHANCE)).max(0.0)
        };
        let grams = PART * runs(grams, self.grams);
        let kana = READ * runs(kana, self.kana);
        most.max(grams).max(kana)
    }
}

/// Whether a term tells that a word is held: neither an order of two, nor a run too short to.
fn counts(clause: &Clause) -> bool {
    clause.slots != 0 && clause.kind != Kind::Pair && is_run(clause.kind, &clause.text)
}

/// Whether a text is no run, or one that is long enough to tell something.
fn is_run(kind: Kind, text: &str) -> bool {
    match kind {
        Kind::Gram => text.chars().count() == 2,
        Kind::Kana => text.chars().count() == 3,
        _ => true,
    }
}

fn order(kind: Kind) -> u8 {
    match kind {
        Kind::Word | Kind::Plain => 0,
        Kind::Reading => 1,
        Kind::Synonym => 2,
        Kind::Gram => 3,
        Kind::Kana => 4,
        Kind::Pair => 5,
    }
}
