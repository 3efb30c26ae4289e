//! The document's main part: front matter, then a section for each stretch of pages of one paper.

use super::fields::{Entry, Sequences, target};
use super::front::{Contents, front};
use super::picture::{DrawnPicture, picture};
use super::table::table;
use super::xml::{Written, Xml, element, empty, paragraph, run, twips, value};
use crate::book::{Book, Item};
use crate::paper::{BOTTOM, Paper, SIDE, TOP};
use crate::pdf::Pages;

const NAMESPACES: [(&str, &str); 5] = [
    (
        "xmlns:w",
        "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    ),
    (
        "xmlns:r",
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    ),
    (
        "xmlns:wp",
        "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
    ),
    (
        "xmlns:a",
        "http://schemas.openxmlformats.org/drawingml/2006/main",
    ),
    (
        "xmlns:pic",
        "http://schemas.openxmlformats.org/drawingml/2006/picture",
    ),
];
/// From the edge of the paper to the header and the footer, in pt.
const EDGE: f64 = 28.0;

/// The relationship of the footer with the page's number.
pub(super) const FOOTER: &str = "rIdFooter";
/// The relationship of the cover's header.
pub(super) const COVER_HEADER: &str = "rIdHeaderCover";

/// The relationship of the header of a paper.
pub(super) fn header(paper: Paper) -> &'static str {
    match paper {
        Paper::A4 => "rIdHeaderA4",
        Paper::A4Wide => "rIdHeaderA4Wide",
        Paper::A3Wide => "rIdHeaderA3Wide",
    }
}

/// Writes the main part.
pub(super) fn document(
    xml: &mut Xml,
    book: &Book,
    pages: &Pages,
    pictures: &[DrawnPicture],
) -> Written {
    element(xml, "w:document", &NAMESPACES, |xml| {
        element(xml, "w:body", &[], |xml| {
            front(xml, book, &lists(book, pages))?;
            let mut body = Body {
                sequences: Sequences::default(),
                targets: 0,
                pictures: pictures.iter(),
                below_table: false,
            };
            let mut before = (Paper::A4, true);
            for section in &book.sections {
                section_end(xml, before.0, before.1)?;
                section
                    .items
                    .iter()
                    .try_for_each(|item| body.item(xml, item))?;
                before = (section.paper, false);
            }
            paragraph(xml, "Hairline", |_| Ok(()))?;
            section_properties(xml, before.0, before.1)
        })
    })
}

/// The lists of contents, with the bookmarks that [`Body`] sets in the same order.
fn lists(book: &Book, pages: &Pages) -> Contents {
    let mut lists = Contents::default();
    let mut headings = pages.headings.iter().copied();
    let mut figures = pages.figures.iter().copied();
    let items = book.sections.iter().flat_map(|section| &section.items);
    let mut targets = 0;
    for item in items {
        let (list, level, text, page) = match item {
            Item::Chapter { text, .. } => (&mut lists.chapters, 1, text.clone(), headings.next()),
            Item::Heading { level, text } => {
                (&mut lists.chapters, *level, text.clone(), headings.next())
            }
            Item::Table(table) => (&mut lists.tables, 1, table.caption(), figures.next()),
            Item::Chart(chart) => (&mut lists.charts, 1, chart.caption(), figures.next()),
            Item::Text(_) | Item::Remark { .. } => continue,
        };
        targets += 1;
        if level <= 2 {
            list.push(Entry {
                level,
                text,
                bookmark: bookmark(targets),
                page: page.unwrap_or(1),
            });
        }
    }
    lists
}

fn bookmark(target: usize) -> String {
    format!("_Toc{target:06}")
}

struct Body<'a> {
    sequences: Sequences,
    /// How many bookmarks there are.
    targets: usize,
    pictures: std::slice::Iter<'a, DrawnPicture>,
    /// A table or its notes stand right above.
    below_table: bool,
}

impl Body<'_> {
    fn item(&mut self, xml: &mut Xml, item: &Item) -> Written {
        let below_table = std::mem::take(&mut self.below_table);
        match item {
            Item::Chapter { text, begins_page } => self.heading(xml, (1, *begins_page), text),
            Item::Heading { level, text } => self.heading(xml, (*level, true), text),
            Item::Text(text) => {
                let style = if below_table {
                    "SentenceBelow"
                } else {
                    "Sentence"
                };
                paragraph(xml, style, |xml| run(xml, text))
            }
            Item::Remark { text, by } => {
                paragraph(xml, "Remark", |xml| run(xml, text))?;
                paragraph(xml, "RemarkAuthor", |xml| run(xml, by))
            }
            Item::Table(of) => {
                self.caption(xml, "TableCaption", &of.number, &of.title)?;
                let notes = |xml: &mut Xml, style: &str| {
                    let mut notes = of.notes.iter();
                    notes.try_for_each(|note| paragraph(xml, style, |xml| run(xml, note)))
                };
                self.below_table = true;
                if of.notes_above {
                    notes(xml, "NoteAbove")?;
                    return table(xml, of);
                }
                table(xml, of)?;
                notes(xml, "Note")
            }
            Item::Chart(chart) => {
                if let Some(drawn) = self.pictures.next() {
                    paragraph(xml, "Picture", |xml| picture(xml, drawn))?;
                }
                self.caption(xml, "ChartCaption", &chart.number, &chart.title)
            }
        }
    }

    /// `as_styled`: as its style says; otherwise it begins no page.
    fn heading(&mut self, xml: &mut Xml, (level, as_styled): (u8, bool), text: &str) -> Written {
        self.targets += 1;
        let style = format!("Heading{level}");
        let at = (self.targets, bookmark(self.targets));
        let properties = |xml: &mut Xml| {
            if as_styled {
                return Ok(());
            }
            value(xml, "w:pageBreakBefore", "0")?;
            let spacing = [
                ("w:before", "440"),
                ("w:after", "200"),
                ("w:line", "400"),
                ("w:lineRule", "exact"),
            ];
            empty(xml, "w:spacing", &spacing)
        };
        target(xml, &style, (at.0, &at.1), properties, |xml| run(xml, text))
    }

    fn caption(&mut self, xml: &mut Xml, style: &str, number: &str, title: &str) -> Written {
        self.targets += 1;
        let at = (self.targets, bookmark(self.targets));
        let sequences = &mut self.sequences;
        target(
            xml,
            style,
            (at.0, &at.1),
            |_| Ok(()),
            |xml| {
                sequences.number(xml, number)?;
                run(xml, &format!("\u{3000}{title}"))
            },
        )
    }
}

/// Ends the pages of one paper.
fn section_end(xml: &mut Xml, paper: Paper, cover: bool) -> Written {
    element(xml, "w:p", &[], |xml| {
        element(xml, "w:pPr", &[], |xml| {
            value(xml, "w:pStyle", "Hairline")?;
            section_properties(xml, paper, cover)
        })
    })
}

fn section_properties(xml: &mut Xml, paper: Paper, cover: bool) -> Written {
    let (width, height) = paper.size();
    let reference = |xml: &mut Xml, of: &str, kind: &str, id: &str| {
        empty(xml, of, &[("w:type", kind), ("r:id", id)])
    };
    element(xml, "w:sectPr", &[], |xml| {
        reference(xml, "w:headerReference", "default", header(paper))?;
        if cover {
            reference(xml, "w:headerReference", "first", COVER_HEADER)?;
        }
        reference(xml, "w:footerReference", "default", FOOTER)?;
        if cover {
            reference(xml, "w:footerReference", "first", FOOTER)?;
        }
        value(xml, "w:type", "nextPage")?;
        let (width, height) = (twips(width), twips(height));
        let mut size = vec![("w:w", width.as_str()), ("w:h", height.as_str())];
        if paper.is_wide() {
            size.push(("w:orient", "landscape"));
        }
        empty(xml, "w:pgSz", &size)?;
        let (side, edge) = (twips(SIDE), twips(EDGE));
        let margins = [
            ("w:top", twips(TOP)),
            ("w:right", side.clone()),
            ("w:bottom", twips(BOTTOM)),
            ("w:left", side),
            ("w:header", edge.clone()),
            ("w:footer", edge),
            ("w:gutter", "0".to_owned()),
        ];
        let margins = margins
            .each_ref()
            .map(|(name, length)| (*name, length.as_str()));
        empty(xml, "w:pgMar", &margins)?;
        if cover {
            empty(xml, "w:titlePg", &[])?;
        }
        Ok(())
    })
}
