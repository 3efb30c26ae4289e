//! Measures the search on graded queries.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use madoguchi_encoder::Encoder;
use serde::{Deserialize, Serialize};

use crate::dictionary::Dictionary;
use crate::entry::{Entry, Positions, Viewer};
use crate::error::KbError;
use crate::knowledge::Knowledge;
use crate::language::Language;
use crate::query::{Query, SearchParts};
use crate::search::{Hit, Verdict};

/// Results that are looked at.
const DEPTH: usize = 10;

/// A query, and which entries answer it: the higher the grade, the better.
#[derive(Debug, Clone, Deserialize)]
pub struct GradedQuery {
    /// What is asked.
    pub query: String,
    /// Grades by id; what is missing has grade 0.
    pub relevant: HashMap<String, u32>,
}

/// How good the search is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Default)]
pub struct Evaluation {
    /// Entries searched.
    pub docs: usize,
    /// Queries asked.
    pub queries: usize,
    /// Part of the queries whose first result is relevant.
    #[serde(rename = "P@1")]
    pub precision_at_1: f64,
    /// Part of the queries with something relevant among the first five.
    #[serde(rename = "SR@5")]
    pub success_at_5: f64,
    /// Mean of 1 ÷ the place of the first relevant result, of ten.
    #[serde(rename = "MRR@10")]
    pub mrr_at_10: f64,
    /// Mean of the discounted gain (2^grade − 1) of ten results, by that of the best order.
    #[serde(rename = "nDCG@10")]
    pub ndcg_at_10: f64,
    /// Queries that nothing answers: what is relevant to them is empty. The measures above are those of the
    /// others.
    pub unanswered: usize,
    /// Part of them for which an answer was claimed all the same; `None` if there are none.
    pub false_answer_rate: Option<f64>,
    /// Part of the queries whose first result is relevant for which that is claimed; `None` if there are none.
    pub true_answer_rate: Option<f64>,
    /// Mean difference between how likely the first result was said to answer and how often it did,
    /// over ten ranges of what was said.
    pub calibration_error: f64,
    /// Half of the searches took no longer than this (ms).
    pub p50_ms: f64,
    /// 99 of 100 searches took no longer than this (ms).
    pub p99_ms: f64,
}

/// Ranges in which what was claimed is compared with what was so.
const RANGES: usize = 10;

/// What was claimed of the first result of a query, and what was so.
struct Claim {
    unanswered: bool,
    right: bool,
    answer: bool,
    confidence: f32,
}

/// Asks all queries of a fresh index in `folder`, which must be empty.
///
/// # Errors
/// [`KbError`].
pub fn evaluate(
    folder: &Path,
    dictionary: &Dictionary,
    language: &Language,
    encoder: Option<&Encoder>,
    parts: SearchParts,
    entries: &[Entry],
    queries: &[GradedQuery],
) -> Result<Evaluation, KbError> {
    let knowledge = Knowledge::open_with(folder, dictionary, language, encoder, parts)?;
    let all = entries.iter().cloned().map(Ok::<_, KbError>);
    knowledge.rebuild(all, Positions::default())?;
    let mut sum = Evaluation {
        docs: entries.len(),
        queries: queries.len(),
        ..Evaluation::default()
    };
    let mut times = Vec::with_capacity(queries.len());
    let mut claims = Vec::with_capacity(queries.len());
    for graded in queries {
        #[expect(clippy::disallowed_methods, reason = "it measures")]
        let began = Instant::now();
        let found = knowledge.search(&Query::new(&graded.query, Viewer::Desk, DEPTH))?;
        times.push(began.elapsed());
        let grades: Vec<u32> = found
            .hits
            .iter()
            .map(|hit| graded.relevant.get(&hit.id).copied().unwrap_or(0))
            .collect();
        if graded.relevant.is_empty() {
            sum.unanswered += 1;
        } else {
            sum.add(&grades, graded);
        }
        claims.push(Claim {
            unanswered: graded.relevant.is_empty(),
            right: grades.first().is_some_and(|grade| *grade > 0),
            answer: found.verdict() == Verdict::Answer,
            confidence: found.hits.first().map_or(0.0, Hit::confidence),
        });
    }
    sum.judge(&claims);
    sum.finish(times);
    Ok(sum)
}

impl Evaluation {
    fn add(&mut self, grades: &[u32], graded: &GradedQuery) {
        let first = grades.iter().position(|grade| *grade > 0);
        self.precision_at_1 += f64::from(u8::from(first == Some(0)));
        self.success_at_5 += f64::from(u8::from(first.is_some_and(|at| at < 5)));
        self.mrr_at_10 += first.map_or(0.0, |at| 1.0 / (at + 1) as f64);
        let mut best: Vec<u32> = graded.relevant.values().copied().collect();
        best.sort_unstable_by(|one, other| other.cmp(one));
        best.truncate(DEPTH);
        let ideal = gain(&best);
        if ideal > 0.0 {
            self.ndcg_at_10 += gain(grades) / ideal;
        }
    }

    /// How far what was claimed can be trusted.
    fn judge(&mut self, claims: &[Claim]) {
        let rate = |among: fn(&&Claim) -> bool| {
            let some: Vec<&Claim> = claims.iter().filter(among).collect();
            let claimed = some.iter().filter(|claim| claim.answer).count();
            (!some.is_empty()).then(|| claimed as f64 / some.len() as f64)
        };
        self.false_answer_rate = rate(|claim| claim.unanswered);
        self.true_answer_rate = rate(|claim| claim.right);
        let of = |claim: &Claim| ((claim.confidence * RANGES as f32) as usize).min(RANGES - 1);
        let error = (0..RANGES).map(|range| {
            let some = claims.iter().filter(|claim| of(claim) == range);
            let differ =
                |claim: &Claim| f64::from(claim.confidence) - f64::from(u8::from(claim.right));
            some.map(differ).sum::<f64>().abs()
        });
        self.calibration_error = error.sum::<f64>() / claims.len().max(1) as f64;
    }

    fn finish(&mut self, mut times: Vec<Duration>) {
        let queries = (self.queries - self.unanswered).max(1) as f64;
        self.precision_at_1 /= queries;
        self.success_at_5 /= queries;
        self.mrr_at_10 /= queries;
        self.ndcg_at_10 /= queries;
        times.sort_unstable();
        let at = |part: usize| {
            let time = times
                .get(times.len() * part / 100)
                .copied()
                .unwrap_or_default();
            time.as_secs_f64() * 1000.0
        };
        (self.p50_ms, self.p99_ms) = (at(50), at(99));
    }
}

/// The discounted gain of results with these grades, in this order.
fn gain(grades: &[u32]) -> f64 {
    let gains = grades.iter().enumerate().map(|(at, grade)| {
        let gain = f64::from(2_u32.saturating_pow(*grade)) - 1.0;
        gain / (at as f64 + 2.0).log2()
    });
    gains.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_measures_follow_their_definitions() {
        let graded = GradedQuery {
            query: String::new(),
            relevant: HashMap::from([("a".to_owned(), 3), ("b".to_owned(), 1)]),
        };
        let mut one = Evaluation {
            queries: 1,
            ..Evaluation::default()
        };
        // Found: something else, then the grade-3 answer.
        one.add(&[0, 3], &graded);
        one.finish(Vec::new());
        assert!(one.precision_at_1 == 0.0 && one.success_at_5 == 1.0);
        assert!((one.mrr_at_10 - 0.5).abs() < 1e-9);
        let ideal = 7.0 + 1.0 / 3_f64.log2();
        assert!((one.ndcg_at_10 - 7.0 / 3_f64.log2() / ideal).abs() < 1e-9);
    }
}
