//! Fields whose results already stand there, so that nobody has to update them: numbers of captions, pages, lists
//! of contents. Updated, they give the same.

use std::collections::BTreeMap;

use super::xml::{Written, Xml, element, empty, leaf, paragraph, paragraph_with, run, tab};

/// A field with its result.
pub(super) fn field(xml: &mut Xml, instruction: &str, result: &str) -> Written {
    start(xml, instruction)?;
    run(xml, result)?;
    end(xml)
}

fn start(xml: &mut Xml, instruction: &str) -> Written {
    mark(xml, "begin")?;
    element(xml, "w:r", &[], |xml| {
        let instruction = format!(" {instruction} ");
        leaf(
            xml,
            "w:instrText",
            &[("xml:space", "preserve")],
            &instruction,
        )
    })?;
    mark(xml, "separate")
}

fn end(xml: &mut Xml) -> Written {
    mark(xml, "end")
}

fn mark(xml: &mut Xml, kind: &str) -> Written {
    element(xml, "w:r", &[], |xml| {
        empty(xml, "w:fldChar", &[("w:fldCharType", kind)])
    })
}

/// The sequences of tables (表) and charts (図).
#[derive(Debug, Default)]
pub(super) struct Sequences(BTreeMap<char, u64>);

impl Sequences {
    /// The number of a caption: 表2-1 is 「表2-」 and the next number of the sequence 表, which begins anew where
    /// the numbers do.
    pub(super) fn number(&mut self, xml: &mut Xml, number: &str) -> Written {
        let Some((sequence, prefix, at)) = split(number) else {
            return run(xml, number);
        };
        let instruction = match self.0.insert(sequence, at) {
            Some(before) if before + 1 == at => format!("SEQ {sequence} \\* ARABIC"),
            _ => format!("SEQ {sequence} \\* ARABIC \\r {at}"),
        };
        run(xml, prefix)?;
        field(xml, &instruction, &at.to_string())
    }
}

/// 表2-1: 表, 「表2-」, 1.
fn split(number: &str) -> Option<(char, &str, u64)> {
    let prefix = number.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let digits = number.get(prefix.len()..)?;
    let at: u64 = digits.parse().ok()?;
    let as_written = at.to_string() == digits;
    as_written.then_some((prefix.chars().next()?, prefix, at))
}

/// What a list of contents names.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// 1 for chapters, tables and charts, 2 for what lies in a chapter.
    pub(super) level: u8,
    /// As it stands there.
    pub(super) text: String,
    /// The bookmark around it.
    pub(super) bookmark: String,
    /// Its page.
    pub(super) page: usize,
}

/// A list of contents with its entries and pages.
pub(super) fn contents(xml: &mut Xml, instruction: &str, entries: &[Entry]) -> Written {
    for (at, entry) in entries.iter().enumerate() {
        let style = format!("TOC{}", entry.level);
        paragraph(xml, &style, |xml| {
            if at == 0 {
                start(xml, instruction)?;
            }
            link(xml, entry)
        })?;
    }
    if entries.is_empty() {
        return Ok(());
    }
    paragraph(xml, "Hairline", end)
}

fn link(xml: &mut Xml, entry: &Entry) -> Written {
    let anchor = [("w:anchor", entry.bookmark.as_str()), ("w:history", "1")];
    element(xml, "w:hyperlink", &anchor, |xml| {
        run(xml, &entry.text)?;
        tab(xml)?;
        let page = format!("PAGEREF {} \\h", entry.bookmark);
        field(xml, &page, &entry.page.to_string())
    })
}

/// A paragraph that can be pointed at.
pub(super) fn target(
    xml: &mut Xml,
    style: &str,
    (id, bookmark): (usize, &str),
    properties: impl FnOnce(&mut Xml) -> Written,
    content: impl FnOnce(&mut Xml) -> Written,
) -> Written {
    let id = id.to_string();
    paragraph_with(xml, style, properties, |xml| {
        empty(
            xml,
            "w:bookmarkStart",
            &[("w:id", &id), ("w:name", bookmark)],
        )?;
        content(xml)?;
        empty(xml, "w:bookmarkEnd", &[("w:id", &id)])
    })
}

#[cfg(test)]
mod tests {
    use super::super::xml::part;
    use super::*;

    #[test]
    fn numbers_of_captions_follow_each_other_and_begin_anew_with_the_chapter() {
        let mut sequences = Sequences::default();
        let mut instruction = |number: &str| {
            let xml = part(|xml| sequences.number(xml, number)).unwrap();
            let xml = String::from_utf8(xml).unwrap();
            let behind = xml
                .split_once("preserve\"> SEQ ")
                .map(|(_, behind)| behind.to_owned());
            behind.and_then(|behind| Some(behind.split_once(" </w:instrText>")?.0.to_owned()))
        };
        let mut expect = |number, expected: Option<&str>| {
            assert_eq!(instruction(number).as_deref(), expected, "{number}");
        };
        expect("表2-1", Some("表 \\* ARABIC \\r 1"));
        expect("表2-2", Some("表 \\* ARABIC"));
        expect("図2-1", Some("図 \\* ARABIC \\r 1"));
        expect("表2-4", Some("表 \\* ARABIC \\r 4"));
        expect("表3-1", Some("表 \\* ARABIC \\r 1"));
        expect("表A", None);
        expect("表01", None);
    }
}
