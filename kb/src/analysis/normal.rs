//! The same text in one spelling (NFKC, small letters, one long-vowel mark, no iteration marks),
//! with the way back to where each part stood.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

/// Longer texts are cut off here (bytes); whoever indexes them tells so.
pub(crate) const LONGEST: usize = 1_000_000;

/// A text in one spelling.
#[derive(Debug, Default)]
pub(crate) struct Normal {
    pub(crate) text: String,
    /// Where each part of `text` begins, and the part of the original it comes from.
    parts: Vec<Run>,
}

#[derive(Debug)]
struct Run {
    begin: usize,
    original: Range<usize>,
}

impl Normal {
    pub(crate) fn of(original: &str) -> Self {
        let shortest = original.len().min(LONGEST);
        let mut normal = Self {
            text: String::with_capacity(shortest),
            parts: Vec::with_capacity(shortest / 3),
        };
        let mut letters = original.char_indices().peekable();
        while let Some((begin, letter)) = letters.next() {
            if begin >= LONGEST {
                break;
            }
            let mut end = begin + letter.len_utf8();
            while let Some((at, next)) =
                letters.next_if(|(_, next)| belongs_to_the_one_before(*next))
            {
                end = at + next.len_utf8();
            }
            if end == begin + letter.len_utf8() && is_settled(letter) {
                normal.push_settled(letter, begin..end);
                continue;
            }
            let cluster = original.get(begin..end).unwrap_or_default();
            normal.push(cluster, begin..end);
        }
        normal
    }

    fn push_settled(&mut self, letter: char, original: Range<usize>) {
        if letter == 'ー' && self.text.ends_with('ー') {
            return;
        }
        self.parts.push(Run {
            begin: self.text.len(),
            original,
        });
        self.text.push(letter);
    }

    fn push(&mut self, cluster: &str, original: Range<usize>) {
        let before = self.text.chars().next_back();
        let begin = self.text.len();
        for letter in cluster.nfkc().flat_map(char::to_lowercase) {
            match (letter, before) {
                // Two marks of a long vowel say no more than one.
                ('ー', Some('ー')) => {}
                (mark, Some(before)) if is_dash(mark) && is_kana(before) => {
                    if before != 'ー' {
                        self.text.push('ー');
                    }
                }
                ('々' | '〻', Some(before)) if is_kanji(before) => self.text.push(before),
                ('ゝ' | 'ヽ', Some(before)) if is_kana(before) => self.text.push(before),
                ('ゞ' | 'ヾ', Some(before)) if is_kana(before) => self.text.push(voiced(before)),
                (letter, _) if letter.is_control() => self.text.push(' '),
                (letter, _) => self.text.push(letter),
            }
        }
        if self.text.len() > begin {
            self.parts.push(Run { begin, original });
        }
    }

    /// Where a part of [`Self::text`] stood in the original.
    pub(crate) fn original(&self, range: Range<usize>) -> Range<usize> {
        let part = |at: usize| {
            let after = self.parts.partition_point(|part| part.begin <= at);
            self.parts.get(after.saturating_sub(1))
        };
        let begin = part(range.start).map_or(0, |part| part.original.start);
        let end = part(range.end.saturating_sub(1)).map_or(begin, |part| part.original.end);
        begin..end.max(begin)
    }
}

/// Letters that are in the one spelling already, which most are.
fn is_settled(letter: char) -> bool {
    matches!(letter, 'ぁ'..='ゖ' | 'ァ'..='ヺ' | 'ー' | '一'..='鿿' | '、' | '。' | 'a'..='z' | '0'..='9')
}

pub(crate) fn belongs_to_the_one_before(letter: char) -> bool {
    matches!(letter, '\u{ff9e}' | '\u{ff9f}' | '\u{3099}' | '\u{309a}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
        || canonical_combining_class(letter) != 0
}

fn is_dash(letter: char) -> bool {
    matches!(letter, '-' | '‐' | '‑' | '–' | '—' | '―' | '−' | '~' | '〜')
}

/// One letter further in the table of kana stands the voiced one.
fn voiced(kana: char) -> char {
    let next = char::from_u32(u32::from(kana) + 1).unwrap_or(kana);
    if "がぎぐげござじずぜぞだぢづでどばびぶべぼガギグゲゴザジズゼゾダヂヅデドバビブベボ"
        .contains(next)
    {
        next
    } else {
        kana
    }
}

pub(crate) fn is_hiragana(letter: char) -> bool {
    matches!(letter, 'ぁ'..='ゖ' | 'ー')
}

pub(crate) fn is_katakana(letter: char) -> bool {
    matches!(letter, 'ァ'..='ヺ' | 'ー')
}

pub(crate) fn is_kana(letter: char) -> bool {
    is_hiragana(letter) || is_katakana(letter)
}

pub(crate) fn is_kanji(letter: char) -> bool {
    matches!(letter, '㐀'..='䶿' | '一'..='鿿' | '豈'..='﫿' | '\u{20000}'..='\u{323af}' | '〆' | 'ヶ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_the_same_become_one() {
        for (written, wanted) in [
            ("ﾊﾟｽﾜｰﾄﾞ", "パスワード"),
            ("ＰＷ　Ａ１", "pw a1"),
            ("パスワ－ド", "パスワード"),
            ("サーーバー", "サーバー"),
            ("人々", "人人"),
            ("いすゞ", "いすず"),
            ("㈱", "(株)"),
            ("が", "が"),
            ("あ\u{0}い", "あ い"),
        ] {
            assert_eq!(Normal::of(written).text, wanted, "{written}");
        }
    }

    #[test]
    fn the_way_back_never_cuts_a_letter() {
        let original = "㈱ﾊﾟｽ👨‍👩‍👧か\u{3099}";
        let normal = Normal::of(original);
        let mut begin = 0;
        for letter in normal.text.chars() {
            let range = normal.original(begin..begin + letter.len_utf8());
            assert!(
                original
                    .get(range.clone())
                    .is_some_and(|part| !part.is_empty()),
                "{range:?}"
            );
            begin += letter.len_utf8();
        }
        let pa = normal.text.find('パ').unwrap();
        assert_eq!(original.get(normal.original(pa..pa + 3)), Some("ﾊﾟ"));
    }
}
