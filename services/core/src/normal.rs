//! One form of a text however it was typed, for searches by letters.

use unicode_normalization::UnicodeNormalization;

/// A text in one form: widths, cases and blanks do not count. At the most so many letters of it.
pub fn normal_text(typed: &str, letters: usize) -> String {
    let folded: String = typed
        .chars()
        .take(letters)
        .nfkc()
        .flat_map(char::to_lowercase)
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    let words: Vec<_> = folded.split_whitespace().collect();
    words.join(" ").chars().take(letters).collect()
}
