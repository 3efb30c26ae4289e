//! Looks terms up in an index and ranks what holds them.

mod typing;

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use madoguchi_core::article::ArticleNumber;
use serde::Deserialize;
use tantivy::collector::TopDocs;
use tantivy::columnar::Column;
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, EnableScoring, Occur, Query as _, TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption, Value};
use tantivy::{DocAddress, DocSet, Searcher, SegmentReader, TantivyDocument, Term};

use crate::entry::{Entry, Source};
use crate::error::KbError;
use crate::highlight::{Fragment, Marker, Places};
use crate::index::{Fields, MEANING_COLUMN, SearchIndex};
use crate::meaning::QueryVector;
use crate::query::{Kind, Parts, Query, QueryTerm};

/// So many of the best are looked at closely; no more are ever shown.
const CANDIDATES: usize = 100;
/// What reaches less than this part of the best score is not an answer.
const LEAST: f32 = 0.1;
/// The same where meaning counts, too, which tells less apart.
const LEAST_MEANT: f32 = 0.4;
/// If the best holds less than this part of what was asked for, words find nothing.
const EVIDENCE: f32 = 0.04;
/// So many terms make up what was asked for, those first that tell most: a long story is not less
/// answered for its details.
const ASKED_FOR: usize = 16;
/// Terms in fields that are looked for at the most, those first that tell most.
const CLAUSES: usize = 32;
/// Postings that are gone through to find; the other terms only rank.
const POSTINGS: u64 = 80_000;
/// What meaning exactly what was asked counts, where all that was asked for in words counts one.
const MEANING: f32 = 1.5;
/// What means so much the same is found whatever words it uses.
const ALIKE: f32 = 0.35;
/// Among more entries than these, meaning ranks what words find and finds nothing by itself: each
/// would have to be looked at.
const LOOKED_THROUGH: u64 = 20_000;
/// What holds so much of what was asked for answers it; docs/search.md tells how that was found.
const FITS: f32 = 0.35;
/// What meaning exactly what was asked counts in that.
const MEANT: f32 = 0.25;
/// What a settled call adds, and what all of them may add.
const SETTLED: f32 = 0.05;
const MOST_SETTLED: f32 = 0.25;
/// What being the newest adds, and after how long it adds half.
const FRESH: f32 = 0.03;
const HALF_FRESH_MS: f32 = 365.0 * 86_400_000.0;

/// What was found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Found {
    /// The best, in order.
    pub hits: Vec<Hit>,
    /// How many answers there are, of which `hits` are some.
    pub total: usize,
    /// How well the best of them fits; `None` if there is none, or it was asked for by its number.
    pub fit: Option<Fit>,
}

impl Found {
    /// Whether nothing answers what was asked: what was found, if anything, only comes near.
    pub fn is_near(&self) -> bool {
        self.fit.is_some_and(|fit| fit.is_near())
    }
}

/// How well an entry fits what was asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    /// How much of what was asked for it holds in words, 0–1, each by how much it tells: the rarer, the
    /// more.
    pub words: f32,
    /// How alike it is in meaning, −1 to 1; 0 without an encoder.
    pub meaning: f32,
}

impl Fit {
    /// Whether it only comes near: it holds few of the words that tell most, and means something else.
    pub fn is_near(self) -> bool {
        self.words + MEANT * self.meaning.max(0.0) < FITS
    }
}

/// An entry that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Its id.
    pub id: String,
    /// Its number, if it is an article.
    pub number: Option<ArticleNumber>,
    /// Where it comes from.
    pub source: Source,
    /// The desk alone may see it.
    pub desk_only: bool,
    /// Its category.
    pub category: String,
    /// How well it fits; to be compared within one search only.
    pub score: f32,
    /// The question.
    pub question: Vec<Fragment>,
    /// What of the answer fits best.
    pub excerpt: Vec<Fragment>,
    /// Why it was found, if that was asked for; what counted most comes first.
    pub reasons: Vec<Reason>,
}

/// Why an entry was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// What was looked for: a word of the query, a synonym, the meaning …
    pub kind: &'static str,
    /// The words or runs.
    pub texts: Vec<String>,
    /// Its part of the score, 0–1.
    pub share: f32,
}

/// A term in a field, and what a match counts.
struct Clause {
    kind: Kind,
    text: String,
    term: Term,
    frequency: u64,
    boost: f32,
}

/// The best entries for these terms.
pub(crate) fn search(
    shelf: &SearchIndex,
    terms: &[QueryTerm],
    asked: Option<&QueryVector>,
    query: &Query,
    parts: Parts,
) -> Result<Found, KbError> {
    let searcher = shelf.reader.searcher();
    let number = ArticleNumber::heard(&query.text);
    let numbered = match number {
        Some(number) => numbered(&searcher, &shelf.fields, number)?,
        None => None,
    };
    // Nothing was asked for.
    if terms.is_empty() && numbered.is_none() {
        return Ok(Found::default());
    }
    let Asking {
        clauses,
        asked_for,
        told,
        in_place,
    } = clauses(&searcher, &shelf.fields, terms, parts)?;
    let likeness = asked.map(|asked| Likeness::new(shelf, &searcher, asked));
    let likeness = likeness.transpose()?;
    let mut scored = best(&searcher, &shelf.fields, &clauses, query)?;
    let mut best = scored.first().map_or(0.0, |(best, _)| *best);
    // Where words that say nothing count, they are no evidence.
    if parts.stops && !in_place && best < asked_for * EVIDENCE {
        scored.clear();
        best = 0.0;
    }
    if let Some(likeness) = &likeness {
        add_alike(&searcher, &shelf.fields, likeness, query, &mut scored)?;
    }
    // The less of what was asked for the words of the best make up, the more meaning counts.
    let worth = MEANING * best.max(asked_for);
    let meant = |entry: DocAddress| {
        let alike = likeness.as_ref().map(|likeness| likeness.of(entry));
        worth * alike.unwrap_or(0.0)
    };
    for (score, address) in &mut scored {
        *score += meant(*address);
    }
    sort(&mut scored);
    let fit = match scored.first() {
        Some((_, at)) => Some(Fit {
            words: covered(&searcher, &clauses, &told, *at)?,
            meaning: likeness.as_ref().map_or(0.0, |likeness| likeness.of(*at)),
        }),
        None => None,
    };
    let least = if likeness.is_some() {
        LEAST_MEANT
    } else {
        LEAST
    };
    let least = scored.first().map_or(0.0, |(best, _)| best * least);
    scored.retain(|(score, _)| *score >= least);
    if parts.feedback {
        weigh_feedback(&searcher, &mut scored)?;
    }
    if let Some(at) = numbered {
        // Digits alone may mean something else, too; a whole number does not.
        let whole = ArticleNumber::read(&query.text).is_some();
        scored.retain(|(_, other)| !whole && *other != at);
        let first = scored.first().map_or(1.0, |(score, _)| *score);
        scored.insert(0, (first, at));
    }
    let fit = fit.filter(|_| numbered.is_none());
    let total = scored.len();
    let marker = Marker::new(terms);
    let page = scored.iter().skip(query.offset).take(query.limit);
    let mut hits = Vec::new();
    for (score, address) in page {
        let document: TantivyDocument = searcher.doc(*address)?;
        let entry: Entry = kept(&document, shelf.fields.entry)?;
        let places: Places<'_> = kept(&document, shelf.fields.places)?;
        let reasons = if query.explain {
            reasons(&searcher, &clauses, *address, meant(*address))
        } else {
            Vec::new()
        };
        hits.push(Hit {
            source: entry.source,
            desk_only: !entry.is_for_portal(),
            score: *score,
            question: marker.whole(&entry.question, &places.question),
            excerpt: marker.excerpt(&entry.answer, &places.answer),
            reasons,
            category: entry.category,
            number: entry.number,
            id: entry.id,
        });
    }
    Ok(Found { hits, total, fit })
}

/// The entry of this number.
pub(crate) fn numbered(
    searcher: &Searcher,
    fields: &Fields,
    number: ArticleNumber,
) -> Result<Option<DocAddress>, KbError> {
    let term = Term::from_field_text(fields.number, &number.0.to_string());
    let term = TermQuery::new(term, IndexRecordOption::Basic);
    let found = searcher.search(&term, &TopDocs::with_limit(1).order_by_score())?;
    Ok(found.first().map(|(_, at)| *at))
}

pub(crate) fn entry(
    searcher: &Searcher,
    fields: &Fields,
    address: DocAddress,
) -> Result<Entry, KbError> {
    let document: TantivyDocument = searcher.doc(address)?;
    kept(&document, fields.entry)
}

fn kept<'a, T: Deserialize<'a>>(document: &'a TantivyDocument, field: Field) -> Result<T, KbError> {
    let text = document.get_first(field).and_then(|value| value.as_str());
    Ok(serde_json::from_str(text.unwrap_or_default())?)
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

/// What is looked for.
struct Asking {
    /// The terms that the index knows, those first that tell most.
    clauses: Vec<Clause>,
    /// What all that was asked for would tell, known or not.
    asked_for: f32,
    /// The terms that an answer holds, those first that tell most.
    told: Vec<Told>,
    /// Something else is looked for in the place of a word, too.
    in_place: bool,
}

/// A term that was asked for by itself: neither a synonym, which stands in for one, nor the order of two.
struct Told {
    kind: Kind,
    /// As it was typed, and what was taken for it.
    texts: Vec<String>,
    /// How much it tells.
    tells: f32,
}

/// How much of what was asked for an entry holds, 0–1. A synonym stands in for what it is worth.
fn covered(
    searcher: &Searcher,
    clauses: &[Clause],
    told: &[Told],
    address: DocAddress,
) -> Result<f32, KbError> {
    let mut held: Vec<&Clause> = Vec::new();
    for clause in clauses {
        let weight = scored(clause).weight(EnableScoring::enabled_from_searcher(searcher))?;
        let segment = searcher.segment_reader(address.segment_ord);
        let mut scorer = weight.scorer(segment, 1.0)?;
        if scorer.doc() < address.doc_id {
            scorer.seek(address.doc_id);
        }
        if scorer.doc() == address.doc_id {
            held.push(clause);
        }
    }
    let holds = |one: &Told| {
        held.iter()
            .any(|clause| clause.kind == one.kind && one.texts.contains(&clause.text))
    };
    let all: f32 = told.iter().map(|one| one.tells).sum();
    let direct = told.iter().filter(|one| holds(one));
    let direct: f32 = direct.map(|one| one.tells).sum();
    let documents = searcher.num_docs().max(1) as f32;
    let mut synonyms: HashMap<&str, f32> = HashMap::new();
    for clause in held.iter().filter(|clause| clause.kind == Kind::Synonym) {
        let tells = clause.boost * (1.0 + documents / clause.frequency as f32).ln();
        let most = synonyms.entry(clause.text.as_str()).or_default();
        *most = most.max(tells);
    }
    let synonyms: f32 = synonyms.values().sum();
    Ok(((direct + synonyms) / all.max(f32::MIN_POSITIVE)).min(1.0))
}

fn clauses(
    searcher: &Searcher,
    fields: &Fields,
    terms: &[QueryTerm],
    parts: Parts,
) -> Result<Asking, KbError> {
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
    let mut told: Vec<Told> = Vec::new();
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
            told.push(Told {
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
    Ok(Asking {
        clauses: clauses.collect(),
        asked_for: asked_for.iter().take(ASKED_FOR).sum(),
        told,
        in_place,
    })
}

/// The best entries, with their scores. Terms that meet few entries find, those first that tell most;
/// then all of them rank what was found.
fn best(
    searcher: &Searcher,
    fields: &Fields,
    clauses: &[Clause],
    query: &Query,
) -> Result<Vec<(f32, DocAddress)>, KbError> {
    if clauses.is_empty() {
        return Ok(Vec::new());
    }
    let top = TopDocs::with_limit(CANDIDATES);
    let mut postings = 0;
    let finders = clauses.iter().filter(|clause| {
        let fits = postings + clause.frequency <= POSTINGS;
        postings += if fits { clause.frequency } else { 0 };
        fits
    });
    let finders: Vec<&Clause> = finders.collect();
    let Some(_) = finders.first() else {
        // Of a single term tantivy skips what cannot be among the best.
        let any = any_of(fields, clauses.iter().take(1), query);
        let found = searcher.search(&any, &top.order_by_score())?;
        return score(searcher, clauses, found.into_iter().map(|(_, at)| at));
    };
    let any = any_of(fields, finders.iter().copied(), query);
    // A score that is looked at keeps tantivy from skipping, which costs more than it saves with
    // many terms.
    let every = |_: &SegmentReader| |_: u32, score: f32| score;
    let found = searcher.search(&any, &top.tweak_score(every))?;
    if finders.len() == clauses.len() {
        return Ok(found);
    }
    score(searcher, clauses, found.into_iter().map(|(_, at)| at))
}

/// Scores these entries by all terms.
fn score(
    searcher: &Searcher,
    clauses: &[Clause],
    entries: impl Iterator<Item = DocAddress>,
) -> Result<Vec<(f32, DocAddress)>, KbError> {
    let mut found: Vec<(f32, DocAddress)> = entries.map(|at| (0.0, at)).collect();
    found.sort_by_key(|(_, at)| *at);
    for clause in clauses {
        let weight = scored(clause).weight(EnableScoring::enabled_from_searcher(searcher))?;
        for some in found.chunk_by_mut(|(_, one), (_, other)| one.segment_ord == other.segment_ord)
        {
            let Some((_, first)) = some.first() else {
                continue;
            };
            let mut scorer = weight.scorer(searcher.segment_reader(first.segment_ord), 1.0)?;
            for (score, at) in some {
                if scorer.doc() < at.doc_id {
                    scorer.seek(at.doc_id);
                }
                if scorer.doc() == at.doc_id {
                    *score += scorer.score();
                }
            }
        }
    }
    sort(&mut found);
    Ok(found)
}

/// What holds any of the terms, in the category that is asked for.
fn any_of<'a>(
    fields: &Fields,
    clauses: impl Iterator<Item = &'a Clause>,
    query: &Query,
) -> Box<dyn tantivy::query::Query> {
    let any: Vec<_> = clauses
        .map(|clause| (Occur::Should, scored(clause)))
        .collect();
    let any = BooleanQuery::new(any);
    match &query.category {
        None => Box::new(any),
        Some(category) => {
            let within = BoostQuery::new(Box::new(in_category(fields, category)), 0.0);
            let both: Vec<(Occur, Box<dyn tantivy::query::Query>)> = vec![
                (Occur::Must, Box::new(any)),
                (Occur::Must, Box::new(within)),
            ];
            Box::new(BooleanQuery::new(both))
        }
    }
}

fn in_category(fields: &Fields, category: &str) -> TermQuery {
    let term = Term::from_field_text(fields.category, category);
    TermQuery::new(term, IndexRecordOption::Basic)
}

fn scored(clause: &Clause) -> Box<dyn tantivy::query::Query> {
    let term = TermQuery::new(clause.term.clone(), IndexRecordOption::WithFreqs);
    Box::new(BoostQuery::new(Box::new(term), clause.boost))
}

/// How alike the entries of an index are in meaning to what was asked.
enum Likeness<'a> {
    /// Of every entry of each part.
    Every(Vec<Vec<f32>>),
    /// To be told of some.
    Some(&'a QueryVector, Vec<Column<u64>>),
}

impl<'a> Likeness<'a> {
    fn new(
        shelf: &SearchIndex,
        searcher: &Searcher,
        asked: &'a QueryVector,
    ) -> Result<Self, KbError> {
        if searcher.num_docs() <= LOOKED_THROUGH {
            let parts = shelf.meanings(searcher)?;
            let parts = parts.iter().map(|part| part.alike(asked));
            return Ok(Self::Every(parts.collect()));
        }
        let segments = searcher.segment_readers().iter();
        let columns = segments.map(|segment| Ok(segment.fast_fields().u64(MEANING_COLUMN)?));
        Ok(Self::Some(asked, columns.collect::<Result<_, KbError>>()?))
    }

    /// How alike an entry's meaning is to what was asked, −1 to 1.
    fn of(&self, entry: DocAddress) -> f32 {
        let (part, doc) = (entry.segment_ord as usize, entry.doc_id);
        let alike = match self {
            Self::Every(parts) => parts
                .get(part)
                .and_then(|part| part.get(doc as usize).copied()),
            Self::Some(asked, columns) => columns
                .get(part)
                .map(|column| asked.alike(column.values_for_doc(doc))),
        };
        alike.unwrap_or(0.0)
    }
}

/// Adds the entries that are meant rather than named.
fn add_alike(
    searcher: &Searcher,
    fields: &Fields,
    likeness: &Likeness<'_>,
    query: &Query,
    found: &mut Vec<(f32, DocAddress)>,
) -> Result<(), KbError> {
    let Likeness::Every(_) = likeness else {
        return Ok(());
    };
    let known: HashSet<DocAddress> = found.iter().map(|(_, at)| *at).collect();
    let every: Box<dyn tantivy::query::Query> = match &query.category {
        None => Box::new(AllQuery),
        Some(category) => Box::new(in_category(fields, category)),
    };
    let every = every.weight(EnableScoring::disabled_from_searcher(searcher))?;
    let mut alike: Vec<(f32, DocAddress)> = Vec::new();
    for (ord, segment) in (0..).zip(searcher.segment_readers()) {
        every.for_each_no_score(segment, &mut |docs| {
            for doc in docs {
                let at = DocAddress::new(ord, *doc);
                let one = likeness.of(at);
                if one >= ALIKE && !segment.is_deleted(*doc) && !known.contains(&at) {
                    alike.push((one, at));
                }
            }
        })?;
    }
    if alike.len() > CANDIDATES {
        alike.select_nth_unstable_by(CANDIDATES, best_first);
        alike.truncate(CANDIDATES);
    }
    found.extend(alike.into_iter().map(|(_, at)| (0.0, at)));
    Ok(())
}

/// The best first; what is equal stays in the order it came in.
fn sort(scored: &mut [(f32, DocAddress)]) {
    scored.sort_by(best_first);
}

fn best_first((one, at): &(f32, DocAddress), (other, there): &(f32, DocAddress)) -> Ordering {
    other.total_cmp(one).then(at.cmp(there))
}

/// Lifts what settled calls, and a little what is fresh.
fn weigh_feedback(searcher: &Searcher, scored: &mut [(f32, DocAddress)]) -> Result<(), KbError> {
    // Opening a column costs more than reading it.
    let columns = searcher.segment_readers().iter().map(|segment| {
        let fast = segment.fast_fields();
        Ok((fast.u64("settled")?, fast.i64("updated")?))
    });
    let columns = columns.collect::<Result<Vec<_>, KbError>>()?;
    let known = scored.iter().map(|(_, address)| {
        let segment = usize::try_from(address.segment_ord).unwrap_or(usize::MAX);
        let Some((settled, updated)) = columns.get(segment) else {
            return (0, 0);
        };
        let doc = address.doc_id;
        (
            settled.first(doc).unwrap_or(0),
            updated.first(doc).unwrap_or(0),
        )
    });
    let known: Vec<(u64, i64)> = known.collect();
    let newest = known.iter().map(|(_, updated)| *updated).max().unwrap_or(0);
    for ((score, _), (settled, updated)) in scored.iter_mut().zip(known) {
        let settled = (SETTLED * (settled as f32).ln_1p()).min(MOST_SETTLED);
        let fresh = FRESH * (-((newest - updated) as f32) / HALF_FRESH_MS).exp2();
        *score *= 1.0 + settled + fresh;
    }
    sort(scored);
    Ok(())
}

fn reasons(
    searcher: &Searcher,
    clauses: &[Clause],
    address: DocAddress,
    meant: f32,
) -> Vec<Reason> {
    let mut reasons: Vec<Reason> = Vec::new();
    let mut sum = meant.max(0.0);
    if meant > 0.0 {
        reasons.push(Reason {
            kind: "意味",
            texts: Vec::new(),
            share: meant,
        });
    }
    for clause in clauses {
        // An error says that the entry does not hold the term.
        let Ok(explanation) = scored(clause).explain(searcher, address) else {
            continue;
        };
        let value = explanation.value();
        sum += value;
        let kind = label(clause.kind);
        let reason = match reasons.iter_mut().find(|reason| reason.kind == kind) {
            Some(reason) => reason,
            None => {
                reasons.push(Reason {
                    kind,
                    texts: Vec::new(),
                    share: 0.0,
                });
                let Some(reason) = reasons.last_mut() else {
                    continue;
                };
                reason
            }
        };
        reason.share += value;
        if !reason.texts.contains(&clause.text) {
            reason.texts.push(clause.text.clone());
        }
    }
    for reason in &mut reasons {
        reason.share /= sum.max(f32::MIN_POSITIVE);
    }
    reasons.sort_by(|one, other| other.share.total_cmp(&one.share));
    reasons
}

fn label(kind: Kind) -> &'static str {
    match kind {
        Kind::Word | Kind::Plain => "語",
        Kind::Synonym => "同義語",
        Kind::Pair => "語の並び",
        Kind::Gram => "文字の並び",
        Kind::Reading => "読み",
        Kind::Kana => "かなの並び",
    }
}
