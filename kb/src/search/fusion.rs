//! Words and meaning become one order.

use std::collections::HashMap;

use tantivy::DocAddress;

use super::Looked;
use super::confidence::{self, Signals};
use super::cover::{Cover, QueryCover};
use super::found::Fit;
use super::groups::Groups;
use super::likeness::add_alike;
use super::ranking::{best_first, sort};
use crate::error::KbError;

/// What reaches less than this part of the best score is not an answer.
const LEAST: f32 = 0.1;
/// The same where meaning counts, too, which tells less apart.
const LEAST_MEANT: f32 = 0.4;
/// If the best by words hold less than this part of what was asked for, words find nothing.
const EVIDENCE: f32 = 0.12;
/// What meaning exactly what was asked counts, where all that was asked for in words counts one; and what
/// it counts besides, for the part of it that no result holds in words.
const MEANING: f32 = 0.8;
const MISSING: f32 = 2.0;
/// What holding all that was asked, word by word, counts.
const HELD: f32 = 0.8;
/// So many of the best are looked at word by word.
const CLOSELY: usize = 16;

/// A result.
#[derive(Debug, Clone)]
pub(super) struct Ranked {
    pub(super) at: DocAddress,
    pub(super) score: f32,
    /// What its meaning gave of the score.
    pub(super) meant: f32,
    pub(super) fit: Fit,
}

impl Ranked {
    /// What was asked for by its number.
    pub(super) fn numbered(at: DocAddress, score: f32) -> Self {
        let fit = Fit {
            confidence: 1.0,
            ..Fit::default()
        };
        Self {
            at,
            score,
            meant: 0.0,
            fit,
        }
    }
}

/// What was found by words, in its order, becomes the order of all.
pub(super) fn fuse(
    looked: &Looked<'_>,
    mut by_words: Vec<(f32, DocAddress)>,
) -> Result<Vec<Ranked>, KbError> {
    let Looked {
        searcher,
        index,
        terms,
        looked_for,
        likeness,
        query,
        parts,
    } = looked;
    let groups = Groups::new(searcher)?;
    let asked = QueryCover::new(searcher, &index.fields, terms, looked_for);
    let mut covers: HashMap<DocAddress, Cover> = HashMap::new();
    let first: Vec<DocAddress> = by_words.iter().take(3).map(|(_, at)| *at).collect();
    covers.extend(first.iter().copied().zip(asked.covered(searcher, &first)?));
    let held = covers.values().fold(0.0_f32, |most, one| most.max(one.all));
    // Where words that say nothing count, they are no evidence.
    if parts.stops && held < EVIDENCE {
        by_words.clear();
    }
    let best_by_words = by_words.first().map_or(0.0, |(score, _)| *score);
    let first_by_words = by_words.first().map(|(_, at)| *at);
    let second_by_words = by_words.get(1).map_or(0.0, |(score, _)| *score);
    if let Some(likeness) = likeness {
        add_alike(searcher, &index.fields, likeness, query, &mut by_words)?;
    }
    let worth = best_by_words.max(looked_for.asked_for);
    let weight = MEANING + MISSING * (1.0 - held);
    let alike = |at: DocAddress| likeness.map_or(0.0, |likeness| likeness.of(at));
    let lexical: HashMap<DocAddress, f32> = by_words.iter().map(|(s, at)| (*at, *s)).collect();
    let mut scored: Vec<(f32, DocAddress)> = by_words
        .iter()
        .map(|(score, at)| (score + worth * weight * alike(*at), *at))
        .collect();
    sort(&mut scored);
    let closely = scored.len().min(CLOSELY);
    let near: Vec<DocAddress> = scored.iter().take(closely).map(|(_, at)| *at).collect();
    let near: Vec<DocAddress> = near
        .into_iter()
        .filter(|at| !covers.contains_key(at))
        .collect();
    covers.extend(near.iter().copied().zip(asked.covered(searcher, &near)?));
    if parts.stops {
        for (score, at) in scored.iter_mut().take(closely) {
            let cover = covers.get(at).copied().unwrap_or_default();
            *score += worth * HELD * cover.all;
        }
        sort(&mut scored);
    }
    let mut scored = groups.best(scored, |(_, at)| *at);
    let least = if likeness.is_some() {
        LEAST_MEANT
    } else {
        LEAST
    };
    let best = scored.first().map_or(0.0, |(best, _)| *best);
    scored.retain(|(score, _)| *score >= best * least);
    let mut meanings: Vec<(f32, DocAddress)> =
        scored.iter().map(|(_, at)| (alike(*at), *at)).collect();
    meanings.sort_by(best_first);
    let best_alike = |other: DocAddress| {
        let others = meanings.iter().filter(|(_, at)| *at != other);
        others.map(|(alike, _)| *alike).next().unwrap_or(0.0)
    };
    let ranked = scored.iter().enumerate().map(|(n, (score, at))| {
        let cover = covers.get(at).copied().unwrap_or_default();
        let rival = if n == 0 {
            scored.get(1)
        } else {
            scored.first()
        };
        let rival = rival.map_or(0.0, |(score, _)| *score);
        let words = lexical.get(at).copied().unwrap_or(0.0);
        let rival_by_words = if first_by_words == Some(*at) {
            second_by_words
        } else {
            best_by_words
        };
        let signals = Signals {
            cover: cover.all,
            question: cover.question,
            rarest: cover.rarest,
            alike: alike(*at),
            lead: (score - rival) / best.max(f32::MIN_POSITIVE),
            lead_by_words: (words - rival_by_words) / worth.max(f32::MIN_POSITIVE),
            lead_alike: alike(*at) - best_alike(*at),
            words: words / looked_for.asked_for.max(f32::MIN_POSITIVE),
            unknown: asked.unknown,
            length: (1.0 + asked.words() as f32).ln(),
        };
        Ranked {
            at: *at,
            score: *score,
            meant: worth * weight * alike(*at),
            fit: Fit {
                words: cover.all,
                meaning: alike(*at),
                confidence: confidence::of(&signals, likeness.is_some()),
                signals: signals.all(),
            },
        }
    });
    Ok(ranked.collect())
}
