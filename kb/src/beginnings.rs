//! How questions and keywords begin, as they are written and as they are read.

use crate::analysis::Cut;
use crate::analysis::kana::{hiragana, romaji};
use crate::analysis::normal::Normal;
use crate::entry::Entry;

/// Beginnings are compared over so many letters.
const LETTERS: usize = 40;

/// Stands between a beginning and what it leads to.
pub(crate) const LEADS_TO: char = '\u{1}';

/// The beginnings that lead to an entry.
pub(crate) fn keys(entry: &Entry, question: &Cut, keywords: &[Cut]) -> Vec<String> {
    let mut keys = Vec::new();
    let mut add = |cut: &Cut, to: &str| {
        for begins in [plain(&cut.normal.text), plain(&cut.reading)] {
            if !begins.is_empty() {
                keys.push(format!("{begins}{LEADS_TO}{to}"));
            }
        }
    };
    add(question, "");
    for (keyword, cut) in entry.keywords.iter().zip(keywords) {
        add(cut, keyword.trim());
    }
    if let Some(reading) = &entry.reading {
        keys.push(format!("{}{LEADS_TO}", plain(&hiragana(reading))));
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn plain(text: &str) -> String {
    let letters = text
        .chars()
        .filter(|letter| letter.is_alphanumeric() || *letter == 'ー');
    letters.take(LETTERS).collect()
}

/// How what was typed so far may be meant to begin.
pub(crate) fn beginnings(typed: &str) -> Vec<String> {
    let normal = plain(&Normal::of(typed).text);
    if normal.is_empty() {
        return Vec::new();
    }
    // An input method shows letters that are not yet a syllable.
    let settled = normal.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let mut all = vec![normal.clone()];
    if !settled.is_empty() {
        all.push(hiragana(settled));
    }
    let spelt = Normal::of(typed).text;
    if let Some((kana, _)) = romaji(spelt.trim())
        && !kana.is_empty()
    {
        all.push(kana);
    }
    all.sort_unstable();
    all.dedup();
    all
}
