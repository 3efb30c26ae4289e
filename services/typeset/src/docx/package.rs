//! The parts of a docx in one archive: always in the same order, with the same times.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::body::{self, document};
use super::picture::DrawnPicture;
use super::running::{cover_header, footer, header};
use super::xml::{Written, Xml, element, empty, leaf, part};
use crate::book::Book;
use crate::error::TypesetError;
use crate::paper::Paper;
use crate::pdf::Pages;

/// Papers with the files of their headers.
const HEADERS: [(Paper, &str); 3] = [
    (Paper::A4, "header1.xml"),
    (Paper::A4Wide, "header2.xml"),
    (Paper::A3Wide, "header3.xml"),
];
const COVER_HEADER: &str = "header4.xml";
const FOOTER: &str = "footer1.xml";
/// Parts that are the same in every book.
const FIXED: [(&str, &str); 3] = [
    ("styles", include_str!("styles.xml")),
    ("settings", include_str!("settings.xml")),
    ("fontTable", include_str!("fontTable.xml")),
];
const APP: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><Properties xmlns=\"http://schemas.openxmlformats.org/officeDocument/2006/extended-properties\"><Application>Madoguchi</Application></Properties>";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml";

/// All parts of a book in one file.
pub(super) fn write(
    book: &Book,
    pages: &Pages,
    pictures: &[DrawnPicture],
) -> Result<Vec<u8>, TypesetError> {
    let mut archive = Archive::new();
    archive.add("[Content_Types].xml", &part(content_types)?)?;
    archive.add("_rels/.rels", &part(package_relationships)?)?;
    archive.add(
        "docProps/core.xml",
        &part(|xml| core_properties(xml, book))?,
    )?;
    archive.add("docProps/app.xml", APP.as_bytes())?;
    let main = part(|xml| document(xml, book, pages, pictures))?;
    archive.add("word/document.xml", &main)?;
    let relationships = part(|xml| document_relationships(xml, pictures))?;
    archive.add("word/_rels/document.xml.rels", &relationships)?;
    for (name, content) in FIXED {
        archive.add(&format!("word/{name}.xml"), content.as_bytes())?;
    }
    for (paper, name) in HEADERS {
        archive.add(&format!("word/{name}"), &header(book, paper)?)?;
    }
    archive.add(&format!("word/{COVER_HEADER}"), &cover_header(book)?)?;
    archive.add(&format!("word/{FOOTER}"), &footer(pages.total)?)?;
    for picture in pictures {
        archive.add(&format!("word/{}", picture.path()), &picture.png)?;
    }
    archive.finish()
}

struct Archive(ZipWriter<Cursor<Vec<u8>>>);

impl Archive {
    fn new() -> Self {
        Self(ZipWriter::new(Cursor::new(Vec::new())))
    }

    fn add(&mut self, name: &str, content: &[u8]) -> Result<(), TypesetError> {
        // The time is that of every file without one: what is written does not depend on when.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default());
        self.0.start_file(name, options)?;
        self.0.write_all(content)?;
        Ok(())
    }

    fn finish(self) -> Result<Vec<u8>, TypesetError> {
        Ok(self.0.finish()?.into_inner())
    }
}

fn content_types(xml: &mut Xml) -> Written {
    let types = "http://schemas.openxmlformats.org/package/2006/content-types";
    let rels = "application/vnd.openxmlformats-package.relationships+xml";
    let of = |xml: &mut Xml, part: &str, kind: &str| {
        empty(
            xml,
            "Override",
            &[("PartName", part), ("ContentType", kind)],
        )
    };
    element(xml, "Types", &[("xmlns", types)], |xml| {
        for (extension, kind) in [
            ("rels", rels),
            ("xml", "application/xml"),
            ("png", "image/png"),
        ] {
            empty(
                xml,
                "Default",
                &[("Extension", extension), ("ContentType", kind)],
            )?;
        }
        of(
            xml,
            "/word/document.xml",
            &format!("{WORD}.document.main+xml"),
        )?;
        for (name, _) in FIXED {
            of(
                xml,
                &format!("/word/{name}.xml"),
                &format!("{WORD}.{name}+xml"),
            )?;
        }
        let headers = HEADERS.iter().map(|(_, name)| *name).chain([COVER_HEADER]);
        for name in headers {
            of(xml, &format!("/word/{name}"), &format!("{WORD}.header+xml"))?;
        }
        of(
            xml,
            &format!("/word/{FOOTER}"),
            &format!("{WORD}.footer+xml"),
        )?;
        let core = "application/vnd.openxmlformats-package.core-properties+xml";
        of(xml, "/docProps/core.xml", core)?;
        let app = "application/vnd.openxmlformats-officedocument.extended-properties+xml";
        of(xml, "/docProps/app.xml", app)
    })
}

fn package_relationships(xml: &mut Xml) -> Written {
    let core =
        "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties";
    relationships(xml, |xml| {
        relationship(
            xml,
            "rId1",
            &format!("{OFFICE}/officeDocument"),
            "word/document.xml",
        )?;
        relationship(xml, "rId2", core, "docProps/core.xml")?;
        let app = format!("{OFFICE}/extended-properties");
        relationship(xml, "rId3", &app, "docProps/app.xml")
    })
}

fn document_relationships(xml: &mut Xml, pictures: &[DrawnPicture]) -> Written {
    relationships(xml, |xml| {
        for (name, _) in FIXED {
            let id = format!("rId{name}");
            relationship(
                xml,
                &id,
                &format!("{OFFICE}/{name}"),
                &format!("{name}.xml"),
            )?;
        }
        let headers = HEADERS
            .iter()
            .map(|(paper, name)| (body::header(*paper), *name));
        for (id, name) in headers.chain([(body::COVER_HEADER, COVER_HEADER)]) {
            relationship(xml, id, &format!("{OFFICE}/header"), name)?;
        }
        relationship(xml, body::FOOTER, &format!("{OFFICE}/footer"), FOOTER)?;
        for picture in pictures {
            let id = picture.relationship();
            relationship(xml, &id, &format!("{OFFICE}/image"), &picture.path())?;
        }
        Ok(())
    })
}

fn relationships(xml: &mut Xml, content: impl FnOnce(&mut Xml) -> Written) -> Written {
    let namespace = "http://schemas.openxmlformats.org/package/2006/relationships";
    element(xml, "Relationships", &[("xmlns", namespace)], content)
}

fn relationship(xml: &mut Xml, id: &str, kind: &str, target: &str) -> Written {
    empty(
        xml,
        "Relationship",
        &[("Id", id), ("Type", kind), ("Target", target)],
    )
}

/// The title and when the book was made: neither author nor machine nor path.
fn core_properties(xml: &mut Xml, book: &Book) -> Written {
    let namespaces = [
        (
            "xmlns:cp",
            "http://schemas.openxmlformats.org/package/2006/metadata/core-properties",
        ),
        ("xmlns:dc", "http://purl.org/dc/elements/1.1/"),
        ("xmlns:dcterms", "http://purl.org/dc/terms/"),
        ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
    ];
    let made_at = book
        .made_at
        .in_tokyo()
        .to_utc()
        .format("%Y-%m-%dT%H:%M:%SZ")
        .to_string();
    let kind = [("xsi:type", "dcterms:W3CDTF")];
    element(xml, "cp:coreProperties", &namespaces, |xml| {
        leaf(xml, "dc:title", &[], &book.running())?;
        leaf(xml, "dc:language", &[], "ja-JP")?;
        leaf(xml, "dcterms:created", &kind, &made_at)?;
        leaf(xml, "dcterms:modified", &kind, &made_at)
    })
}
