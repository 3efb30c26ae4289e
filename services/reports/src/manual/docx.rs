//! Texts of word processors (ECMA-376): headings by their styles, paragraphs, items and tables.

use std::collections::HashMap;
use std::io::{Cursor, Read as _};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use super::{ManualError, Piece, Pieces, UNFOLDED, one_line, plain, table};

const TEXT: &str = "word/document.xml";
const STYLES: &str = "word/styles.xml";
/// The level of a title, which is no heading.
const TITLE: u8 = 0;

pub(super) fn is_docx(file: &[u8]) -> bool {
    ZipArchive::new(Cursor::new(file)).is_ok_and(|archive| archive.index_for_name(TEXT).is_some())
}

pub(super) fn read(file: &[u8]) -> Result<(Option<String>, Pieces), ManualError> {
    let mut archive = ZipArchive::new(Cursor::new(file)).map_err(|_| ManualError::Broken)?;
    let styles = match part(&mut archive, STYLES) {
        Err(ManualError::Broken) => HashMap::new(),
        styles => levels(&styles?)?,
    };
    let mut text = Text {
        styles,
        ..Text::default()
    };
    each(&part(&mut archive, TEXT)?, |event| text.take(event))?;
    Ok((text.title, text.pieces))
}

fn part(archive: &mut ZipArchive<Cursor<&[u8]>>, name: &str) -> Result<String, ManualError> {
    let part = archive.by_name(name).map_err(|_| ManualError::Broken)?;
    let mut text = String::new();
    let read = part.take(UNFOLDED + 1).read_to_string(&mut text);
    read.map_err(|_| ManualError::Broken)?;
    if text.len() as u64 > UNFOLDED {
        return Err(ManualError::TooLarge);
    }
    Ok(text)
}

fn each(xml: &str, mut take: impl FnMut(&Event<'_>)) -> Result<(), ManualError> {
    let mut reader = Reader::from_str(xml);
    loop {
        match reader.read_event().map_err(|_| ManualError::Broken)? {
            Event::Eof => return Ok(()),
            event => take(&event),
        }
    }
}

fn value(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = tag.try_get_attribute(name).ok().flatten()?;
    Some(attribute.value.into_owned())
}

/// The level of each style that is one of headings, by its id.
fn levels(xml: &str) -> Result<HashMap<String, u8>, ManualError> {
    let mut levels = HashMap::new();
    let mut style = String::new();
    each(xml, |event| {
        let (Event::Start(tag) | Event::Empty(tag)) = event else {
            return;
        };
        match tag.name().as_ref() {
            "w:style" => style = value(tag, "w:styleId").unwrap_or_default(),
            "w:name" => {
                if let Some(level) = value(tag, "w:val").as_deref().and_then(named) {
                    levels.insert(style.clone(), level);
                }
            }
            "w:outlineLvl" => {
                if let Some(level) = outline(tag) {
                    levels.entry(style.clone()).or_insert(level);
                }
            }
            _ => {}
        }
    })?;
    Ok(levels)
}

/// The level of a style by its name.
fn named(name: &str) -> Option<u8> {
    let name = name.to_lowercase();
    if name == "title" || name == "表題" {
        return Some(TITLE);
    }
    let number = name
        .strip_prefix("heading ")
        .or(name.strip_prefix("見出し "))?;
    number.trim().parse().ok().filter(|level| *level > 0)
}

/// 0 is the outermost, 9 no heading at all.
fn outline(tag: &BytesStart<'_>) -> Option<u8> {
    let level: u8 = value(tag, "w:val")?.parse().ok()?;
    (level < 9).then_some(level + 1)
}

#[derive(Default)]
struct Text {
    styles: HashMap<String, u8>,
    title: Option<String>,
    pieces: Pieces,
    paragraph: Paragraph,
    /// The rows of the outermost table, and how deep in tables it stands.
    rows: Vec<Vec<String>>,
    depth: usize,
    /// What is read is text that is shown.
    shown: bool,
}

#[derive(Default)]
struct Paragraph {
    text: String,
    level: Option<u8>,
    item: bool,
}

impl Text {
    fn take(&mut self, event: &Event<'_>) {
        match event {
            Event::Start(tag) => self.begin(tag),
            Event::Empty(tag) => {
                self.begin(tag);
                self.end(tag.name().as_ref());
            }
            Event::Text(text) if self.shown => {
                self.paragraph.text.push_str(text);
            }
            Event::GeneralRef(name) if self.shown => {
                if let Some(letter) = letter(name) {
                    self.paragraph.text.push(letter);
                }
            }
            Event::End(tag) => self.end(tag.name().as_ref()),
            _ => {}
        }
    }

    fn begin(&mut self, tag: &BytesStart<'_>) {
        match tag.name().as_ref() {
            "w:p" if self.depth == 0 => self.paragraph = Paragraph::default(),
            "w:pStyle" => {
                let level = value(tag, "w:val").and_then(|id| self.styles.get(&id).copied());
                self.paragraph.level = self.paragraph.level.or(level);
            }
            "w:outlineLvl" => self.paragraph.level = outline(tag).or(self.paragraph.level),
            "w:numPr" => self.paragraph.item = true,
            // What was deleted, and fields, have tags of their own.
            "w:t" => self.shown = true,
            "w:tab" | "w:br" | "w:cr" => self.paragraph.text.push(' '),
            "w:tbl" => {
                self.depth += 1;
                if self.depth == 1 {
                    self.rows.clear();
                }
            }
            "w:tr" if self.depth == 1 => self.rows.push(Vec::new()),
            "w:tc" if self.depth == 1 => self.paragraph = Paragraph::default(),
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "w:t" => self.shown = false,
            "w:p" if self.depth > 0 => self.paragraph.text.push(' '),
            "w:p" => self.end_paragraph(),
            "w:tc" if self.depth == 1 => {
                let cell = plain(&one_line(&std::mem::take(&mut self.paragraph.text)));
                if let Some(row) = self.rows.last_mut() {
                    row.push(cell);
                }
            }
            "w:tbl" => {
                self.depth = self.depth.saturating_sub(1);
                let rows = std::mem::take(&mut self.rows);
                if self.depth > 0 {
                    self.rows = rows;
                } else if rows.iter().flatten().any(|cell| !cell.is_empty()) {
                    self.pieces.push((Piece::Text(table(&rows)), None));
                }
            }
            _ => {}
        }
    }

    fn end_paragraph(&mut self) {
        let paragraph = std::mem::take(&mut self.paragraph);
        let text = one_line(&paragraph.text);
        if text.is_empty() {
            return;
        }
        let piece = match paragraph.level {
            Some(TITLE) if self.title.is_none() => {
                self.title = Some(text);
                return;
            }
            Some(level) if level > TITLE => Piece::Heading(level, text),
            _ if paragraph.item => Piece::Text(format!("- {}", plain(&text))),
            _ => Piece::Text(plain(&text)),
        };
        self.pieces.push((piece, None));
    }
}

/// The letter that a reference stands for.
fn letter(name: &quick_xml::events::BytesRef<'_>) -> Option<char> {
    if let Ok(Some(letter)) = name.resolve_char_ref() {
        return Some(letter);
    }
    match &**name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn docx(text: &str) -> Vec<u8> {
        let styles = r#"<w:styles><w:style w:styleId="1"><w:name w:val="heading 1"/></w:style><w:style w:styleId="a"><w:name w:val="Title"/></w:style><w:style w:styleId="章"><w:name w:val="章題"/><w:pPr><w:outlineLvl w:val="1"/></w:pPr></w:style></w:styles>"#;
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        for (name, part) in [(STYLES, styles), (TEXT, text)] {
            archive.start_file(name, options).unwrap();
            archive.write_all(part.as_bytes()).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    #[test]
    fn headings_paragraphs_items_and_tables_are_read() {
        let p = |style: &str, text: &str| {
            format!(
                "<w:p><w:pPr><w:pStyle w:val=\"{style}\"/></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"
            )
        };
        let cell = |text: &str| format!("<w:tc>{}{}</w:tc>", p("", text), p("", "b"));
        let body = [
            p("a", "手引き"),
            p("1", "第1章 予約"),
            p("章", "1.1 受付"),
            "<w:p><w:r><w:t>A &amp; B</w:t><w:tab/><w:t>円</w:t><w:delText>消</w:delText></w:r></w:p>".to_owned(),
            "<w:p><w:pPr><w:numPr/></w:pPr><w:r><w:t>項目</w:t></w:r></w:p>".to_owned(),
            "<w:p/>".to_owned(),
            format!("<w:tbl><w:tr>{}{}</w:tr><w:tr>{}</w:tr></w:tbl>", cell("区分"), cell("料金"), cell("平日")),
        ];
        let file = docx(&format!(
            "<w:document><w:body>{}</w:body></w:document>",
            body.concat()
        ));
        assert!(is_docx(&file));
        let (title, pieces) = read(&file).unwrap();
        let pieces: Vec<Piece> = pieces.into_iter().map(|(piece, _)| piece).collect();
        assert_eq!(title.as_deref(), Some("手引き"));
        assert_eq!(
            pieces,
            [
                Piece::Heading(1, "第1章 予約".to_owned()),
                Piece::Heading(2, "1.1 受付".to_owned()),
                Piece::Text("A & B 円".to_owned()),
                Piece::Text("- 項目".to_owned()),
                Piece::Text("| 区分 b | 料金 b |\n| --- | --- |\n| 平日 b |  |".to_owned()),
            ]
        );
    }

    #[test]
    fn what_is_damaged_is_told() {
        assert_eq!(read(b"PK\x03\x04").unwrap_err(), ManualError::Broken);
        assert_eq!(read(&docx("<w:p><w:r")).unwrap_err(), ManualError::Broken);
    }
}
