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
    /// What a content is; `None` if it is nothing that articles may hold. SVG and HTML can hold
    /// scripts, and workbooks with macros are programs.
    pub fn of(content: &[u8], name: &str) -> Option<Self> {
        let begins = |with: &[u8]| content.starts_with(with);
        let holds = |what: &[u8]| content.windows(what.len()).any(|part| part == what);
        if begins(b"\x89PNG\r\n\x1a\n") {
            return Some(Self::Png);
        }
        if begins(b"\xff\xd8\xff") {
            return Some(Self::Jpeg);
        }
        if begins(b"GIF87a") || begins(b"GIF89a") {
            return Some(Self::Gif);
        }
        if begins(b"RIFF") && content.get(8..12) == Some(b"WEBP") {
            return Some(Self::Webp);
        }
        if begins(b"%PDF-") {
            return Some(Self::Pdf);
        }
        if begins(b"PK\x03\x04") {
            if !holds(b"[Content_Types].xml") || holds(b"vbaProject.bin") {
                return None;
            }
            let parts = [
                (&b"word/document.xml"[..], Self::Docx),
                (b"xl/workbook.xml", Self::Xlsx),
                (b"ppt/presentation.xml", Self::Pptx),
            ];
            let known = parts.into_iter().find(|(part, _)| holds(part));
            return known.map(|(_, kind)| kind);
        }
        let name = name.to_ascii_lowercase();
        let named = name.ends_with(".txt") || name.ends_with(".csv");
        let plain = |byte: &u8| *byte >= 0x20 || b"\t\r\n".contains(byte);
        (named && !content.is_empty() && content.iter().all(plain)).then_some(Self::Text)
    }

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
    fn files_are_what_they_hold_not_what_they_are_called() {
        let docx = b"PK\x03\x04....[Content_Types].xml....word/document.xml";
        for (content, name, kind) in [
            (&b"\x89PNG\r\n\x1a\n"[..], "x.txt", Some(FileKind::Png)),
            (b"\xff\xd8\xff\xe0", "x", Some(FileKind::Jpeg)),
            (b"GIF89a", "x.png", Some(FileKind::Gif)),
            (b"RIFF0000WEBPVP8 ", "x", Some(FileKind::Webp)),
            (b"RIFF0000WAVEfmt ", "x.webp", None),
            (b"%PDF-1.7", "x", Some(FileKind::Pdf)),
            (docx, "x", Some(FileKind::Docx)),
            (
                b"PK\x03\x04[Content_Types].xml xl/workbook.xml xl/vbaProject.bin",
                "x.xlsx",
                None,
            ),
            (b"PK\x03\x04 a.exe", "x.docx", None),
            (b"<svg onload=alert(1)>", "x.png", None),
            (b"<html><script>", "x.html", None),
            (b"a,b\r\n1,2", "x.CSV", Some(FileKind::Text)),
            (b"MZ\x90\x00", "x.txt", None),
            (b"", "x.txt", None),
        ] {
            assert_eq!(FileKind::of(content, name), kind, "{name}");
        }
    }

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
