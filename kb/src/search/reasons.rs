//! Why an entry was found.

use tantivy::Searcher;

use super::clauses::{Clause, scored};
use super::found::Reason;
use super::fusion::Ranked;
use crate::query::Kind;

pub(super) fn reasons(searcher: &Searcher, clauses: &[Clause], one: &Ranked) -> Vec<Reason> {
    let mut reasons: Vec<Reason> = Vec::new();
    let (address, meant) = (one.at, one.meant);
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
