//! Files that belong to an article: pictures in the answer, and what is attached to it.

use serde::{Deserialize, Serialize};

/// The largest file that is taken, in bytes.
pub const FILE_BYTES: usize = 10 * 1024 * 1024;
/// Files of one article.
pub const FILES: usize = 20;
/// The longest name, in letters.
const NAME_LETTERS: usize = 80;

/// A file, which is kept by the hash of its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArticleFile {
    /// SHA-256 of the content, hexadecimal.
    pub hash: String,
    /// Its name, unique within the article.
    pub name: String,
    /// What it is.
    pub kind: FileKind,
    /// Its size in bytes.
    pub bytes: u64,
}

/// What a file is, by its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "their names say it")]
pub enum FileKind {
    Png,
    Jpeg,
    Gif,
    Webp,
    Pdf,
    Docx,
    Xlsx,
    Pptx,
    /// Plain text, such as CSV.
    Text,
}

impl FileKind {
    /// The media type it is sent as.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
            Self::Pdf => "application/pdf",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Pptx => {
                "application/vnd.openxmlformats-officedocument.presentationml.presentation"
            }
            Self::Text => "text/plain",
        }
    }

    /// Whether it can stand in the answer as a picture.
    pub fn is_picture(self) -> bool {
        matches!(self, Self::Png | Self::Jpeg | Self::Gif | Self::Webp)
    }
}

/// A name without folders and without signs that mean something in Markdown or in addresses.
pub fn file_name(given: &str) -> String {
    let name = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain = |letter: char| {
        let odd = letter.is_control()
            || letter.is_whitespace()
            || "()[]<>{}\"'`|?#%&*:;!~".contains(letter)
            // Letters that turn the direction of what follows, so that fdp.exe is read as exe.pdf.
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        if odd { '_' } else { letter }
    };
    let name: String = name.trim_matches('.').chars().map(plain).collect();
    let letters = name.chars().count();
    // The ending says what it is.
    let name: String = name
        .chars()
        .skip(letters.saturating_sub(NAME_LETTERS))
        .collect();
    if name.is_empty() {
        "file".to_owned()
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_tame() {
        assert_eq!(file_name("C:\\図\\画面 (1).png"), "画面__1_.png");
        assert_eq!(file_name("../../etc/passwd"), "passwd");
        assert_eq!(file_name("a\r\n\"><script>.png"), "a_____script_.png");
        assert_eq!(file_name("\u{202e}gnp.exe"), "_gnp.exe");
        assert_eq!(file_name(".."), "file");
        assert!(file_name(&format!("{}.pdf", "長".repeat(200))).ends_with(".pdf"));
    }
}
