//! The terms of a question in the fields of an index: how many entries hold each, and how much it
//! tells.

use tantivy::query::{BoostQuery, TermQuery};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{Searcher, Term};

use super::typing;
use crate::analysis::grams;
use crate::error::KbError;
use crate::fields::Fields;
use crate::query::{Kind, QueryTerm, SearchParts};

/// So many terms make up what was asked for, those first that tell most: a long story is not less
/// answered for its details.
const ASKED_FOR: usize = 16;

/// Terms in fields that are looked for at the most, those first that tell most.
const CLAUSES: usize = 32;

/// What the reading of a word that no entry holds counts: it was converted wrongly.
const STANDS_IN: f32 = 0.6;

/// A term in a field, and what a match counts.
#[derive(Clone)]
pub(super) struct Clause {
    pub(super) kind: Kind,
    pub(super) text: String,
    pub(super) term: Term,
    pub(super) frequency: u64,
    pub(super) boost: f32,
    /// The words of the query that it is, is part of, or stands in for.
    pub(super) slots: u32,
    /// It is the nearest to what was typed, and not that itself.
    pub(super) nearest: bool,
}

/// What is looked for.
pub(super) struct QueryClauses {
    /// The terms that the index knows, those first that tell most.
    pub(super) clauses: Vec<Clause>,
    /// What all that was asked for would tell, known or not.
    pub(super) asked_for: f32,
    /// All terms that the index knows, in the order of the query.
    pub(super) known: Vec<Clause>,
    /// The words of the query, whether the index knows them or not.
    pub(super) words: u32,
}

/// The fields in which a term is looked for, with what a match in each counts. In a question, a word of kanji
/// or katakana counts by its runs and by how it is read: counted once more as a word, what a short question
/// repeats of the query outweighs what an answer says to it.
fn places(fields: &Fields, wanted: &QueryTerm, parts: SearchParts) -> Vec<(Field, f32)> {
    match wanted.kind {
        Kind::Word => {
            let in_question = if parts.grams && has_run(&wanted.text) {
                0.0
            } else {
                0.7
            };
            vec![
                (fields.question_words, in_question),
                (fields.keyword_words, 0.55),
                (fields.answer_words, 0.55),
            ]
        }
        Kind::Synonym => vec![
            (fields.question_words, 1.0),
            (fields.keyword_words, 0.7),
            (fields.answer_words, 0.8),
        ],
        Kind::Pair => vec![(fields.question_pairs, 1.0), (fields.answer_pairs, 0.7)],
        Kind::Gram => vec![(fields.question_grams, 0.6), (fields.answer_grams, 0.9)],
        Kind::Reading => vec![
            (fields.question_readings, 1.0),
            (fields.answer_readings, 0.6),
        ],
        Kind::Kana => vec![(fields.kana, 1.0)],
        Kind::Plain => vec![(fields.plain, 1.0)],
    }
}

/// Whether a word has a run of two letters by which it is looked for, too.
fn has_run(word: &str) -> bool {
    grams(word)
        .iter()
        .any(|gram| gram.text.chars().nth(1).is_some())
}

pub(super) fn scored(clause: &Clause) -> Box<dyn tantivy::query::Query> {
    let term = TermQuery::new(clause.term.clone(), IndexRecordOption::WithFreqs);
    Box::new(BoostQuery::new(Box::new(term), clause.boost))
}

/// How much a term tells that so many of the documents hold.
pub(super) fn tells(documents: u64, frequency: u64) -> f32 {
    (1.0 + documents.max(1) as f32 / frequency.max(1) as f32).ln()
}

pub(super) fn clauses(
    searcher: &Searcher,
    fields: &Fields,
    terms: &[QueryTerm],
    parts: SearchParts,
) -> Result<QueryClauses, KbError> {
    let documents = searcher.num_docs();
    let mut known: Vec<Clause> = Vec::new();
    let mut asked_for: Vec<f32> = Vec::new();
    let mut words = 0;
    // Words that no entry holds: how they are read stands in for them.
    let mut unknown = 0;
    for wanted in terms {
        let stands_in = wanted.kind == Kind::Reading && wanted.slots & unknown != 0;
        let raised = QueryTerm {
            weight: wanted.weight.max(STANDS_IN),
            ..wanted.clone()
        };
        let wanted = if stands_in { &raised } else { wanted };
        let frequency = look(searcher, fields, wanted, parts, &mut known)?;
        asked_for.push(wanted.weight * tells(documents, frequency));
        if matches!(wanted.kind, Kind::Word | Kind::Plain) {
            words |= wanted.slots;
        }
        if frequency == 0 && wanted.kind == Kind::Word {
            unknown |= wanted.slots;
            if parts.typing {
                for nearest in typing::nearest(searcher, fields, wanted)? {
                    let first = known.len();
                    look(searcher, fields, &nearest, parts, &mut known)?;
                    for clause in known.iter_mut().skip(first) {
                        clause.nearest = true;
                    }
                }
            }
        }
        // What is asked for in no word that counts is asked for all the same.
        if matches!(wanted.kind, Kind::Synonym | Kind::Kana) {
            words |= wanted.slots;
        }
    }
    asked_for.sort_by(|one, other| other.total_cmp(one));
    let tells_of = |clause: &Clause| clause.boost * tells(documents, clause.frequency);
    let counting = known.iter().filter(|clause| clause.boost > 0.0);
    let mut clauses: Vec<Clause> = counting.cloned().collect();
    clauses.sort_by(|one, other| tells_of(other).total_cmp(&tells_of(one)));
    clauses.truncate(CLAUSES);
    Ok(QueryClauses {
        clauses,
        asked_for: asked_for.iter().take(ASKED_FOR).sum(),
        known,
        words,
    })
}

/// Looks a term up in its fields; gives how many entries hold it in the field where most do.
fn look(
    searcher: &Searcher,
    fields: &Fields,
    wanted: &QueryTerm,
    parts: SearchParts,
    known: &mut Vec<Clause>,
) -> Result<u64, KbError> {
    let mut most = 0;
    for (field, counts) in places(fields, wanted, parts) {
        let term = Term::from_field_text(field, &wanted.text);
        let frequency = searcher.doc_freq(&term)?;
        if frequency == 0 {
            continue;
        }
        most = most.max(frequency);
        known.push(Clause {
            kind: wanted.kind,
            text: wanted.text.clone(),
            term,
            frequency,
            boost: wanted.weight * counts,
            slots: wanted.slots,
            nearest: false,
        });
    }
    Ok(most)
}
