//! The terms of a question in the fields of an index: how many entries hold each, and how much it
//! tells.

use std::collections::HashMap;

use tantivy::query::{BoostQuery, EnableScoring, Query as _, TermQuery};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocAddress, DocSet, Searcher, Term};

use super::typing;
use crate::error::KbError;
use crate::fields::Fields;
use crate::query::{Kind, QueryTerm, SearchParts};

/// So many terms make up what was asked for, those first that tell most: a long story is not less
/// answered for its details.
const ASKED_FOR: usize = 16;

/// Terms in fields that are looked for at the most, those first that tell most.
const CLAUSES: usize = 32;

/// A term in a field, and what a match counts.
pub(super) struct Clause {
    pub(super) kind: Kind,
    pub(super) text: String,
    pub(super) term: Term,
    pub(super) frequency: u64,
    pub(super) boost: f32,
}

/// What is looked for.
pub(super) struct QueryClauses {
    /// The terms that the index knows, those first that tell most.
    pub(super) clauses: Vec<Clause>,
    /// What all that was asked for would tell, known or not.
    pub(super) asked_for: f32,
    /// The terms that an answer holds, those first that tell most.
    pub(super) told: Vec<AskedTerm>,
    /// Something else is looked for in the place of a word, too.
    pub(super) in_place: bool,
}

/// A term that was asked for by itself: neither a synonym, which stands in for one, nor the order of two.
pub(super) struct AskedTerm {
    pub(super) kind: Kind,
    /// As it was typed, and what was taken for it.
    pub(super) texts: Vec<String>,
    /// How much it tells.
    pub(super) tells: f32,
}

/// The fields in which a kind of term is looked for, with what a match in each counts.
fn places(fields: &Fields, kind: Kind) -> Vec<(Field, f32)> {
    match kind {
        Kind::Word | Kind::Synonym => vec![
            (fields.question_words, 1.0),
            (fields.keyword_words, 0.7),
            (fields.answer_words, 0.8),
        ],
        Kind::Pair => vec![(fields.question_pairs, 1.0), (fields.answer_pairs, 0.7)],
        Kind::Gram => vec![(fields.question_grams, 1.0), (fields.answer_grams, 0.8)],
        Kind::Reading => vec![
            (fields.question_readings, 1.0),
            (fields.answer_readings, 0.6),
        ],
        Kind::Kana => vec![(fields.kana, 1.0)],
        Kind::Plain => vec![(fields.plain, 1.0)],
    }
}

pub(super) fn scored(clause: &Clause) -> Box<dyn tantivy::query::Query> {
    let term = TermQuery::new(clause.term.clone(), IndexRecordOption::WithFreqs);
    Box::new(BoostQuery::new(Box::new(term), clause.boost))
}

pub(super) fn clauses(
    searcher: &Searcher,
    fields: &Fields,
    terms: &[QueryTerm],
    parts: SearchParts,
) -> Result<QueryClauses, KbError> {
    let documents = searcher.num_docs().max(1) as f32;
    let tell = |frequency: u64| (1.0 + documents / frequency as f32).ln();
    let mut found: Vec<(f32, Clause)> = Vec::new();
    let mut asked_for: Vec<f32> = Vec::new();
    let mut look = |wanted: &QueryTerm| -> Result<u64, KbError> {
        let mut most = 0;
        for (field, counts) in places(fields, wanted.kind) {
            let term = Term::from_field_text(field, &wanted.text);
            let frequency = searcher.doc_freq(&term)?;
            if frequency == 0 {
                continue;
            }
            most = most.max(frequency);
            let boost = wanted.weight * counts;
            let clause = Clause {
                kind: wanted.kind,
                text: wanted.text.clone(),
                term,
                frequency,
                boost,
            };
            found.push((boost * tell(frequency), clause));
        }
        Ok(most)
    };
    let mut in_place = false;
    let mut told: Vec<AskedTerm> = Vec::new();
    for wanted in terms {
        let frequency = look(wanted)?;
        let tells = wanted.weight * tell(frequency.max(1));
        asked_for.push(tells);
        let mut texts = vec![wanted.text.clone()];
        in_place |= wanted.kind == Kind::Synonym && frequency > 0;
        if frequency == 0 && parts.typing && wanted.kind == Kind::Word {
            for nearest in typing::nearest(searcher, fields, wanted)? {
                in_place |= look(&nearest)? > 0;
                texts.push(nearest.text);
            }
        }
        if !matches!(wanted.kind, Kind::Synonym | Kind::Pair) {
            told.push(AskedTerm {
                kind: wanted.kind,
                texts,
                tells,
            });
        }
    }
    told.sort_by(|one, other| other.tells.total_cmp(&one.tells));
    told.truncate(ASKED_FOR);
    asked_for.sort_by(|one, other| other.total_cmp(one));
    found.sort_by(|(one, ..), (other, ..)| other.total_cmp(one));
    found.truncate(CLAUSES);
    let clauses = found.into_iter().map(|(_, clause)| clause);
    Ok(QueryClauses {
        clauses: clauses.collect(),
        asked_for: asked_for.iter().take(ASKED_FOR).sum(),
        told,
        in_place,
    })
}

/// How much of what was asked for each of some entries holds, 0–1, in their order. A synonym stands in for
/// what it is worth.
pub(super) fn covered(
    searcher: &Searcher,
    clauses: &[Clause],
    told: &[AskedTerm],
    entries: &[DocAddress],
) -> Result<Vec<f32>, KbError> {
    let mut held: Vec<(DocAddress, usize, Vec<&Clause>)> = entries
        .iter()
        .enumerate()
        .map(|(place, at)| (*at, place, Vec::new()))
        .collect();
    held.sort_by_key(|(at, ..)| *at);
    for clause in clauses {
        let weight = scored(clause).weight(EnableScoring::enabled_from_searcher(searcher))?;
        for some in held.chunk_by_mut(|(one, ..), (other, ..)| one.segment_ord == other.segment_ord)
        {
            let Some((first, ..)) = some.first() else {
                continue;
            };
            let mut scorer = weight.scorer(searcher.segment_reader(first.segment_ord), 1.0)?;
            for (at, _, held) in some {
                if scorer.doc() < at.doc_id {
                    scorer.seek(at.doc_id);
                }
                if scorer.doc() == at.doc_id {
                    held.push(clause);
                }
            }
        }
    }
    held.sort_by_key(|(_, place, _)| *place);
    let documents = searcher.num_docs().max(1) as f32;
    let part = |(_, _, held): (_, _, Vec<&Clause>)| part_held(&held, told, documents);
    Ok(held.into_iter().map(part).collect())
}

/// The part of what was asked for that these clauses make up.
fn part_held(held: &[&Clause], told: &[AskedTerm], documents: f32) -> f32 {
    let holds = |one: &AskedTerm| {
        held.iter()
            .any(|clause| clause.kind == one.kind && one.texts.contains(&clause.text))
    };
    let all: f32 = told.iter().map(|one| one.tells).sum();
    let direct = told.iter().filter(|one| holds(one));
    let direct: f32 = direct.map(|one| one.tells).sum();
    let mut synonyms: HashMap<&str, f32> = HashMap::new();
    for clause in held.iter().filter(|clause| clause.kind == Kind::Synonym) {
        let tells = clause.boost * (1.0 + documents / clause.frequency as f32).ln();
        let most = synonyms.entry(clause.text.as_str()).or_default();
        *most = most.max(tells);
    }
    let synonyms: f32 = synonyms.values().sum();
    ((direct + synonyms) / all.max(f32::MIN_POSITIVE)).min(1.0)
}
