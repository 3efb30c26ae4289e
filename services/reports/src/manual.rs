//! Manuals that somebody brings (docx, PDF, HTML): their chapters and sections, each as Markdown, so that what is
//! looked for can be opened where it stands (表 3.1-2 項番1②, 項番2). Pictures, and numbers that a word processor gives
//! headings by itself, are left out.

mod docx;
mod headings;
mod page;
mod pdf;
mod pieces;
mod sections;

use std::collections::HashMap;

use madoguchi_core::article::{Line, ManualPlace};
use madoguchi_core::audience::Audience;
use madoguchi_core::id::{ArticleId, CategoryId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use self::headings::with_headings;
pub use self::pieces::{ManualError, SECTIONS, Section};
use self::sections::sections;

/// The longest heading that stands before a section (letters).
const TITLE_LETTERS: usize = 200;

/// A manual.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manual {
    /// What it calls itself, if it does.
    pub title: Option<String>,
    /// Its sections, in order.
    pub sections: Vec<Section>,
}

/// What a file with a manual is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Docx,
    Pdf,
    Page,
}

/// Whether a file is a manual by its content: a text of a word processor, a PDF or a page.
pub fn is_manual(file: &[u8]) -> bool {
    kind(file).is_some()
}

fn kind(file: &[u8]) -> Option<Kind> {
    if file.starts_with(b"%PDF-") {
        return Some(Kind::Pdf);
    }
    if file.starts_with(b"PK") {
        return docx::is_docx(file).then_some(Kind::Docx);
    }
    let begin = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    begin
        .trim_ascii_start()
        .starts_with(b"<")
        .then_some(Kind::Page)
}

/// Reads a manual. What foreign files can do to those who read them (endless work, memory, a stack that overflows) is
/// not all kept away here: whoever has something to lose reads them in a process of its own.
///
/// # Errors
/// [`ManualError`].
pub fn read(file: &[u8]) -> Result<Manual, ManualError> {
    let (title, pieces) = match kind(file).ok_or(ManualError::Broken)? {
        Kind::Docx => docx::read(file)?,
        Kind::Pdf => (None, pdf::read(file)?),
        Kind::Page => page::read(file)?,
    };
    let sections = sections(with_headings(pieces));
    if sections.is_empty() {
        return Err(ManualError::NoText);
    }
    if sections.len() > SECTIONS {
        return Err(ManualError::TooManySections);
    }
    Ok(Manual { title, sections })
}

/// What all articles of a manual share.
#[derive(Debug, Clone)]
pub struct ManualDetails {
    /// How readers know it.
    pub title: String,
    /// Its category (大区分).
    pub category: CategoryId,
    /// Whom it is for.
    pub audience: Audience,
}

impl Manual {
    /// An article for each section, the one before and the one after beside it. The id follows from the title and the
    /// headings, so that a later edition changes the same articles.
    pub fn articles(&self, details: &ManualDetails) -> Vec<Line> {
        let names = names(&details.title, &self.sections);
        let beside = |at: usize| {
            let both = [at.checked_sub(1), at.checked_add(1)];
            let beside = both.into_iter().flatten().filter_map(|at| names.get(at));
            beside.map(|name| name.id.clone()).collect()
        };
        let sections = self.sections.iter().zip(&names).enumerate();
        sections
            .map(|(at, (section, name))| Line {
                id: name.id.clone(),
                question: name.heading.clone(),
                answer: section.text.clone(),
                category: details.category.clone(),
                keywords: Vec::new(),
                audience: Some(details.audience),
                reading: None,
                related: beside(at),
                manual: Some(ManualPlace {
                    title: details.title.clone(),
                    path: section.path.clone(),
                    page: section.page,
                }),
            })
            .collect()
    }
}

/// How a section is known.
struct Name {
    id: ArticleId,
    heading: String,
}

/// The names of all sections; of those with the same headings the second says that it is one.
fn names(title: &str, sections: &[Section]) -> Vec<Name> {
    let mut times = HashMap::new();
    let name = |section: &Section| {
        let mut hash = Sha256::new();
        for part in std::iter::once(title).chain(section.path.iter().map(String::as_str)) {
            hash.update(part);
            hash.update([0]);
        }
        let digits: String = hex::encode(hash.finalize()).chars().take(16).collect();
        let time = times.entry(digits.clone()).or_insert(0_u32);
        *time += 1;
        let (id, end) = match time {
            1 => (format!("manual-{digits}"), String::new()),
            _ => (format!("manual-{digits}-{time}"), format!("({time})")),
        };
        let most = TITLE_LETTERS - end.chars().count();
        Name {
            id: ArticleId::new(id),
            heading: heading(title, &section.path, most) + &end,
        }
    };
    sections.iter().map(name).collect()
}

/// What a section is called in lists, in so many letters. Of one that is too long the innermost headings stay.
fn heading(title: &str, path: &[String], most: usize) -> String {
    let whole = |path: &[String]| {
        let parts = std::iter::once(title).chain(path.iter().map(String::as_str));
        parts.collect::<Vec<_>>().join(" ")
    };
    // A manual often begins with its own name as a heading.
    let mut rest = match path {
        [first, rest @ ..] if first == title => rest,
        path => path,
    };
    while let [_, inner @ ..] = rest
        && whole(rest).chars().count() > most
        && !inner.is_empty()
    {
        rest = inner;
    }
    whole(rest).chars().take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manual() -> Manual {
        let section = |path: &[&str]| Section {
            path: path.iter().map(|one| (*one).to_owned()).collect(),
            text: "本文".to_owned(),
            page: None,
        };
        Manual {
            title: None,
            sections: vec![
                section(&["第1章"]),
                section(&["第1章", "1.1"]),
                section(&["第1章"]),
            ],
        }
    }

    #[test]
    fn each_section_is_an_article_with_those_beside_it() {
        let details = ManualDetails {
            title: "施設の手引き".to_owned(),
            category: "c".into(),
            audience: Audience::Desk,
        };
        let lines = manual().articles(&details);
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[1].question, "施設の手引き 第1章 1.1");
        assert_eq!(lines[1].related, [lines[0].id.clone(), lines[2].id.clone()]);
        assert_eq!(lines[2].related, [lines[1].id.clone()]);
        assert_ne!(lines[0].id, lines[2].id, "two sections of one name");
        assert_eq!(lines[2].question, "施設の手引き 第1章(2)");
        assert_eq!(Line::faults(&lines), Vec::<String>::new());
        assert_eq!(
            lines,
            manual().articles(&details),
            "another time they are the same"
        );
    }

    #[test]
    fn what_is_no_manual_is_not_taken_for_one() {
        assert!(is_manual(b"%PDF-1.7") && is_manual(b"\xef\xbb\xbf\n<!doctype html>"));
        assert!(!is_manual(b"{\"id\":\"a\"}") && !is_manual(b"PK\x03\x04") && !is_manual(b""));
        assert_eq!(read(b"<html></html>"), Err(ManualError::NoText));
        assert!(read(b"%PDF-1.7").is_err());
    }
}
