//! Texts of word processors (ECMA-376): headings by their styles, paragraphs, items and tables.

mod lists;
mod xml;

use std::collections::HashMap;
use std::io::{Cursor, Read as _};

use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use self::lists::Lists;
use self::xml::{each, value};
use super::pieces::{ManualError, Piece, Pieces, UNFOLDED, one_line, plain, table};

const TEXT: &str = "word/document.xml";
const STYLES: &str = "word/styles.xml";
const NUMBERING: &str = "word/numbering.xml";
/// The most columns over which a cell goes.
const COLUMNS: usize = 64;

/// What a paragraph is by its style.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Title,
    Heading(u8),
    /// A line of the table of contents.
    Contents,
}

pub(super) fn is_docx(file: &[u8]) -> bool {
    ZipArchive::new(Cursor::new(file)).is_ok_and(|archive| archive.index_for_name(TEXT).is_some())
}

pub(super) fn read(file: &[u8]) -> Result<(Option<String>, Pieces), ManualError> {
    let mut archive = ZipArchive::new(Cursor::new(file)).map_err(|_| ManualError::Broken)?;
    let mut text = Text {
        styles: styles(&part_or_nothing(&mut archive, STYLES)?)?,
        lists: Lists::read(&part_or_nothing(&mut archive, NUMBERING)?)?,
        ..Text::default()
    };
    each(&part(&mut archive, TEXT)?, |event| text.take(event))?;
    Ok((text.title, text.pieces))
}

/// A part that need not be there.
fn part_or_nothing(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    name: &str,
) -> Result<String, ManualError> {
    if archive.index_for_name(name).is_none() {
        return Ok(String::new());
    }
    part(archive, name)
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

/// The styles that say what a paragraph is, by their ids.
fn styles(xml: &str) -> Result<HashMap<String, Style>, ManualError> {
    let mut styles = HashMap::new();
    let mut id = String::new();
    each(xml, |event| {
        let (Event::Start(tag) | Event::Empty(tag)) = event else {
            return;
        };
        match tag.name().as_ref() {
            "w:style" => id = value(tag, "w:styleId").unwrap_or_default(),
            "w:name" => {
                if let Some(style) = value(tag, "w:val").as_deref().and_then(named) {
                    styles.insert(id.clone(), style);
                }
            }
            "w:outlineLvl" => {
                if let Some(level) = outline(tag) {
                    styles.entry(id.clone()).or_insert(Style::Heading(level));
                }
            }
            _ => {}
        }
    })?;
    Ok(styles)
}

fn named(name: &str) -> Option<Style> {
    let name = name.to_lowercase();
    if name == "title" || name == "表題" {
        return Some(Style::Title);
    }
    if name.starts_with("toc ") || name.starts_with("目次") {
        return Some(Style::Contents);
    }
    let number = name
        .strip_prefix("heading ")
        .or(name.strip_prefix("見出し "))?;
    let level = number.trim().parse().ok().filter(|level| *level > 0);
    level.map(Style::Heading)
}

/// 0 is the outermost, 9 no heading at all.
fn outline(tag: &BytesStart<'_>) -> Option<u8> {
    let level: u8 = value(tag, "w:val")?.parse().ok()?;
    (level < 9).then_some(level + 1)
}

#[derive(Default)]
struct Text {
    styles: HashMap<String, Style>,
    lists: Lists,
    title: Option<String>,
    pieces: Pieces,
    /// What is being read: a paragraph in a text box stands within another.
    paragraphs: Vec<Paragraph>,
    /// The rows of the outermost table, the cell that is being read and over how many columns it goes.
    rows: Vec<Vec<String>>,
    cell: String,
    columns: usize,
    /// How deep in tables.
    depth: usize,
    /// How deep in what is not read.
    hidden: usize,
    /// What is read is text that is shown.
    shown: bool,
}

#[derive(Default)]
struct Paragraph {
    text: String,
    style: Option<Style>,
    list: Option<String>,
    level: u8,
}

/// What is there another time (a drawing for old programs, a text at the place from which it was moved), and readings
/// above letters.
fn is_hidden(name: &str) -> bool {
    matches!(name, "mc:Fallback" | "w:moveFrom" | "w:rt")
}

impl Text {
    fn take(&mut self, event: &Event<'_>) {
        match event {
            Event::Start(tag) if is_hidden(tag.name().as_ref()) => self.hidden += 1,
            Event::End(tag) if is_hidden(tag.name().as_ref()) => {
                self.hidden = self.hidden.saturating_sub(1);
            }
            _ if self.hidden > 0 => {}
            Event::Start(tag) => self.begin(tag),
            Event::Empty(tag) => {
                self.begin(tag);
                self.end(tag.name().as_ref());
            }
            Event::Text(text) if self.shown => self.write(text),
            Event::GeneralRef(name) if self.shown => {
                if let Some(letter) = letter(name) {
                    self.write(letter.encode_utf8(&mut [0; 4]));
                }
            }
            Event::End(tag) => self.end(tag.name().as_ref()),
            _ => {}
        }
    }

    fn write(&mut self, text: &str) {
        if let Some(paragraph) = self.paragraphs.last_mut() {
            paragraph.text.push_str(text);
        }
    }

    fn begin(&mut self, tag: &BytesStart<'_>) {
        match tag.name().as_ref() {
            "w:p" => self.paragraphs.push(Paragraph::default()),
            // What was deleted, and fields, have tags of their own.
            "w:t" => self.shown = true,
            "w:tab" | "w:br" | "w:cr" => self.write(" "),
            "w:tbl" => self.depth += 1,
            "w:tr" if self.depth == 1 => self.rows.push(Vec::new()),
            "w:tc" if self.depth == 1 => {
                self.cell.clear();
                self.columns = 1;
            }
            "w:gridSpan" if self.depth == 1 => {
                let columns = value(tag, "w:val").and_then(|columns| columns.parse().ok());
                self.columns = columns.unwrap_or(1).clamp(1, COLUMNS);
            }
            name => {
                if let Some(paragraph) = self.paragraphs.last_mut() {
                    paragraph.set(name, tag, &self.styles);
                }
            }
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "w:t" => self.shown = false,
            "w:p" => {
                if let Some(paragraph) = self.paragraphs.pop() {
                    self.end_paragraph(paragraph);
                }
            }
            "w:tc" if self.depth == 1 => {
                let cell = plain(&one_line(&std::mem::take(&mut self.cell)));
                if let Some(row) = self.rows.last_mut() {
                    row.push(cell);
                    row.extend((1..self.columns).map(|_| String::new()));
                }
            }
            "w:tbl" => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    let rows = std::mem::take(&mut self.rows);
                    self.pieces
                        .extend(table(rows).map(|text| (Piece::Text(text), None)));
                }
            }
            _ => {}
        }
    }

    fn end_paragraph(&mut self, paragraph: Paragraph) {
        if self.depth > 0 {
            self.cell.push_str(&paragraph.text);
            self.cell.push(' ');
            return;
        }
        let text = one_line(&paragraph.text);
        if text.is_empty() {
            return;
        }
        let piece = match paragraph.style {
            Some(Style::Contents) => return,
            Some(Style::Title) if self.title.is_none() => {
                self.title = Some(text);
                return;
            }
            Some(Style::Heading(level)) => Piece::Heading(level, text),
            _ => {
                let list = paragraph.list.as_deref();
                let mark = list.map(|list| self.lists.mark(list, paragraph.level));
                Piece::Text(format!("{}{}", mark.unwrap_or_default(), plain(&text)))
            }
        };
        self.pieces.push((piece, None));
    }
}

impl Paragraph {
    /// Takes what a tag says of the paragraph.
    fn set(&mut self, name: &str, tag: &BytesStart<'_>, styles: &HashMap<String, Style>) {
        match name {
            "w:pStyle" => {
                let style = value(tag, "w:val").and_then(|id| styles.get(&id).copied());
                self.style = self.style.or(style);
            }
            "w:outlineLvl" => self.style = outline(tag).map(Style::Heading).or(self.style),
            "w:numId" => self.list = value(tag, "w:val").filter(|list| list != "0"),
            "w:ilvl" => {
                let level = value(tag, "w:val").and_then(|level| level.parse().ok());
                self.level = level.unwrap_or(0);
            }
            _ => {}
        }
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
        let styles = r#"<w:styles><w:style w:styleId="1"><w:name w:val="heading 1"/></w:style><w:style w:styleId="a"><w:name w:val="Title"/></w:style><w:style w:styleId="t"><w:name w:val="toc 1"/></w:style><w:style w:styleId="章"><w:name w:val="章題"/><w:pPr><w:outlineLvl w:val="1"/></w:pPr></w:style></w:styles>"#;
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        let numbering = r#"<w:numbering><w:abstractNum w:abstractNumId="5"><w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/></w:lvl><w:lvl w:ilvl="1"><w:numFmt w:val="bullet"/></w:lvl></w:abstractNum><w:num w:numId="2"><w:abstractNumId w:val="5"/></w:num></w:numbering>"#;
        for (name, part) in [(STYLES, styles), (NUMBERING, numbering), (TEXT, text)] {
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
        let item = |list: &str, level: u8, text: &str| {
            format!(
                "<w:p><w:pPr><w:numPr><w:ilvl w:val=\"{level}\"/><w:numId w:val=\"{list}\"/></w:numPr></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"
            )
        };
        let cell = |text: &str| format!("<w:tc>{}{}</w:tc>", p("", text), p("", "b"));
        let body = [
            p("a", "手引き"),
            p("t", "第1章 予約 3"),
            p("1", "第1章 予約"),
            p("章", "1.1 受付"),
            "<w:p><w:r><w:t>A &amp; B</w:t><w:tab/><w:t>円</w:t><w:delText>消</w:delText></w:r></w:p>".to_owned(),
            item("2", 0, "申し込む"),
            item("2", 1, "項目"),
            item("2", 0, "払う"),
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
                Piece::Text("1. 申し込む".to_owned()),
                Piece::Text("- 項目".to_owned()),
                Piece::Text("2. 払う".to_owned()),
                Piece::Text("| 区分 b | 料金 b |\n| --- | --- |\n| 平日 b |  |".to_owned()),
            ]
        );
    }

    #[test]
    fn boxes_readings_and_wide_cells_keep_their_places() {
        let file = docx(
            "<w:document><w:p><w:r><w:t>図の前</w:t></w:r><mc:AlternateContent><mc:Choice><w:txbxContent><w:p><w:r><w:t>箱</w:t></w:r></w:p></w:txbxContent></mc:Choice><mc:Fallback><w:p><w:r><w:t>箱</w:t></w:r></w:p></mc:Fallback></mc:AlternateContent><w:r><w:ruby><w:rt><w:r><w:t>あと</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>後</w:t></w:r></w:rubyBase></w:ruby></w:r></w:p>\
            <w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val=\"2\"/></w:tcPr><w:p><w:r><w:t>全体</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>円</w:t></w:r></w:p></w:tc></w:tr></w:tbl></w:document>",
        );
        let (_, pieces) = read(&file).unwrap();
        let pieces: Vec<Piece> = pieces.into_iter().map(|(piece, _)| piece).collect();
        let text = |text: &str| Piece::Text(text.to_owned());
        assert_eq!(
            pieces,
            [
                text("箱"),
                text("図の前後"),
                text("| 全体 |  | 円 |\n| --- | --- | --- |")
            ]
        );
    }

    #[test]
    fn what_is_damaged_is_told() {
        assert_eq!(read(b"PK\x03\x04").unwrap_err(), ManualError::Broken);
        assert_eq!(read(&docx("<w:p><w:r")).unwrap_err(), ManualError::Broken);
    }
}
