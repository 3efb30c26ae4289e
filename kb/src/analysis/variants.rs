//! Spellings of one word that differ and mean the same.

use super::normal::{is_hiragana, is_kanji, is_katakana};

/// The shortest word whose long vowel at the end may be left out (サーバー, サーバ).
const LONG_ENOUGH: usize = 4;

/// The form of a word in which it is compared.
pub(super) fn term(word: &str) -> String {
    let word = word.to_lowercase();
    if word.chars().all(is_katakana) {
        return stem(&word);
    }
    let kanji = word.chars().filter(|letter| is_kanji(*letter)).count();
    let inflected = word
        .chars()
        .all(|letter| is_kanji(letter) || is_hiragana(letter));
    if kanji >= 2 && inflected {
        // 申し込み, 申込み, 申込; 差し戻し, 差戻し, 差戻.
        return word.chars().filter(|letter| is_kanji(*letter)).collect();
    }
    word
}

fn stem(katakana: &str) -> String {
    match katakana.strip_suffix('ー') {
        Some(stem) if katakana.chars().count() >= LONG_ENOUGH => stem.to_owned(),
        _ => katakana.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_word_meet() {
        for (one, other) in [
            ("サーバー", "サーバ"),
            ("ユーザー", "ユーザ"),
            ("申し込み", "申込"),
            ("差し戻し", "差戻"),
            ("引っ越し", "引越し"),
        ] {
            assert_eq!(term(one), term(other));
        }
        assert_eq!(term("コピー"), "コピー");
        assert_eq!(term("忘れる"), "忘れる");
    }
}
