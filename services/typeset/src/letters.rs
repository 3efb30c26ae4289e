//! The letters of a book: control characters are taken out and told, 外字 are told. What people typed is
//! else kept letter for letter.

mod texts;

use std::collections::BTreeMap;
use std::fmt;

use madoguchi_reports::document::Document;

pub(crate) use self::texts::{Place, each_text};

/// A letter that does not stand in the file as it was typed, or that others may not be able to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterNote {
    /// The letter.
    pub letter: char,
    /// What is the matter with it.
    pub fault: LetterFault,
    /// In how many texts it stands.
    pub texts: usize,
    /// The first place where it stands: 表5-2 3行目「要旨」.
    pub place: String,
}

/// What is the matter with a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LetterFault {
    /// No file of this kind may hold it: it was taken out.
    Removed,
    /// 外字: what it looks like is known where it was made alone. The docx keeps it, the PDF shows 〓.
    PrivateUse,
    /// None of the fonts has it: the PDF shows 〓.
    NoGlyph,
}

impl fmt::Display for LetterNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = u32::from(self.letter);
        let what = match self.fault {
            LetterFault::Removed => "制御文字のため取り除きました",
            LetterFault::PrivateUse => {
                "外字のため、ほかの端末では正しく表示されないおそれがあります"
            }
            LetterFault::NoGlyph => "表示できるフォントがないため、PDFでは「〓」にしました",
        };
        let times = match self.texts {
            0 | 1 => String::new(),
            texts => format!("ほか{}か所", texts - 1),
        };
        write!(f, "U+{code:04X}: {what}({}{times})。", self.place)
    }
}

/// The notes of a book, each letter once.
#[derive(Debug, Default)]
pub(crate) struct LetterNotes(BTreeMap<(LetterFault, char), (usize, String)>);

impl LetterNotes {
    /// Counts a letter at a place.
    pub(crate) fn add(&mut self, fault: LetterFault, letter: char, place: &Place<'_>) {
        let known = self.0.entry((fault, letter));
        known.or_insert_with(|| (0, place.to_string())).0 += 1;
    }

    /// All of them, by kind and letter.
    pub(crate) fn into_list(self) -> Vec<LetterNote> {
        let notes = self.0.into_iter();
        notes
            .map(|((fault, letter), (texts, place))| LetterNote {
                letter,
                fault,
                texts,
                place,
            })
            .collect()
    }
}

/// The book without control characters, its lines ending with LF.
pub(crate) fn clean(document: &Document, notes: &mut LetterNotes) -> Document {
    let mut cleaned = document.clone();
    each_text(&mut cleaned, &mut |text, place| {
        if text.chars().all(is_plain) {
            return;
        }
        let mut seen = Vec::new();
        for letter in text.chars() {
            let fault = match letter {
                '\r' => continue,
                _ if is_forbidden(letter) => LetterFault::Removed,
                _ if is_private_use(letter) => LetterFault::PrivateUse,
                _ => continue,
            };
            if !seen.contains(&letter) {
                seen.push(letter);
                notes.add(fault, letter, place);
            }
        }
        *text = with_lf(text)
            .chars()
            .filter(|letter| !is_forbidden(*letter))
            .collect();
    });
    cleaned
}

/// The text with LF alone between its lines.
fn with_lf(text: &str) -> String {
    text.replace("\r\n", "\n")
        .replace(['\r', '\u{2028}', '\u{2029}', '\u{85}'], "\n")
}

/// Nothing needs to be looked at more closely.
fn is_plain(letter: char) -> bool {
    !(letter == '\r'
        || is_forbidden(letter)
        || is_private_use(letter)
        || matches!(letter, '\u{85}' | '\u{2028}' | '\u{2029}'))
}

/// XML has no place for it, or it is a control character that nobody sees.
fn is_forbidden(letter: char) -> bool {
    let code = u32::from(letter);
    let no_character = code & 0xfffe == 0xfffe || (0xfdd0..=0xfdef).contains(&code);
    let line_end = matches!(letter, '\n' | '\t' | '\r' | '\u{85}');
    no_character || (letter.is_control() && !line_end)
}

/// The private use areas, in which 外字 lie.
pub(crate) fn is_private_use(letter: char) -> bool {
    matches!(u32::from(letter), 0xe000..=0xf8ff | 0xf0000..=0x10_ffff)
}

/// Nobody sees it by itself, so that no font needs a glyph for it: joiners, variation selectors, marks of
/// direction.
pub(crate) fn is_invisible(letter: char) -> bool {
    matches!(
        u32::from(letter),
        0xad | 0x34f
            | 0x61c
            | 0x180b..=0x180f
            | 0x200b..=0x200f
            | 0x202a..=0x202e
            | 0x2060..=0x206f
            | 0xfe00..=0xfe0f
            | 0xfeff
            | 0xe0000..=0xe0fff
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::sample;
    use madoguchi_reports::document::Block;

    fn cleaned(text: &str) -> (String, Vec<LetterNote>) {
        let mut document = sample::empty();
        document.chapters[0].blocks = vec![Block::Sentence {
            text: text.to_owned(),
        }];
        let mut notes = LetterNotes::default();
        let cleaned = clean(&document, &mut notes);
        let Block::Sentence { text } = &cleaned.chapters[0].blocks[0] else {
            panic!("a sentence stays one")
        };
        (text.clone(), notes.into_list())
    }

    #[test]
    fn control_characters_are_taken_out_and_told() {
        let (text, notes) = cleaned("a\0b\u{1}\u{1f}c\u{fffe}d\u{7f}e\u{1}");
        assert_eq!(text, "abcde");
        let letters: Vec<char> = notes.iter().map(|note| note.letter).collect();
        assert_eq!(letters, ['\0', '\u{1}', '\u{1f}', '\u{7f}', '\u{fffe}']);
        assert!(notes.iter().all(|note| note.fault == LetterFault::Removed));
        assert!(
            notes[0].to_string().starts_with("U+0000: 制御文字"),
            "{}",
            notes[0]
        );
    }

    #[test]
    fn what_only_looks_like_an_escape_is_kept_letter_for_letter() {
        for text in [
            "_x000D_",
            "]]>",
            "&#x0;",
            "<w:t>",
            "#$@\\",
            "葛\u{e0101}か\u{3099}",
        ] {
            assert_eq!(cleaned(text), (text.to_owned(), vec![]));
        }
    }

    #[test]
    fn lines_end_with_lf_and_gaiji_are_told() {
        assert_eq!(cleaned("一\r\n二\r三\u{2028}四").0, "一\n二\n三\n四");
        let (text, notes) = cleaned("\u{e000}");
        assert_eq!(text, "\u{e000}");
        assert_eq!(notes[0].fault, LetterFault::PrivateUse);
    }
}
