//! What stands at the top and at the bottom of the pages.

use std::io;

use super::fields::field;
use super::xml::{
    Written, Xml, element, empty, paragraph, paragraph_with, part, run, run_with, tab, twips,
};
use crate::book::Book;
use crate::paper::Paper;

const NAMESPACES: [(&str, &str); 2] = [
    (
        "xmlns:w",
        "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    ),
    (
        "xmlns:r",
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    ),
];

/// The header of a paper: what book it is at the left; 情報の格付, and 案 of a draft, at the right.
pub(super) fn header(book: &Book, paper: Paper) -> io::Result<Vec<u8>> {
    part(|xml| {
        element(xml, "w:hdr", &NAMESPACES, |xml| {
            let at = twips(paper.text_width());
            let right = |xml: &mut Xml| {
                element(xml, "w:tabs", &[], |xml| {
                    empty(xml, "w:tab", &[("w:val", "right"), ("w:pos", &at)])
                })
            };
            paragraph_with(xml, "Header", right, |xml| {
                run(xml, &book.running())?;
                tab(xml)?;
                marks(xml, book)
            })
        })
    })
}

/// The cover's header.
pub(super) fn cover_header(book: &Book) -> io::Result<Vec<u8>> {
    part(|xml| {
        element(xml, "w:hdr", &NAMESPACES, |xml| {
            paragraph(xml, "CoverHeader", |xml| marks(xml, book))
        })
    })
}

fn marks(xml: &mut Xml, book: &Book) -> Written {
    run(xml, &book.classification)?;
    if !book.draft {
        return Ok(());
    }
    run(xml, "\u{3000}")?;
    let boxed = [
        ("w:val", "single"),
        ("w:sz", "8"),
        ("w:space", "0"),
        ("w:color", "auto"),
    ];
    let style = |xml: &mut Xml| {
        empty(xml, "w:b", &[])?;
        empty(xml, "w:sz", &[("w:val", "24")])?;
        empty(xml, "w:bdr", &boxed)
    };
    run_with(xml, style, " 案 ")
}

/// The footer: n / m.
pub(super) fn footer(pages: usize) -> io::Result<Vec<u8>> {
    part(|xml| {
        element(xml, "w:ftr", &NAMESPACES, |xml| {
            paragraph(xml, "Footer", |xml| {
                field(xml, "PAGE", "1")?;
                run(xml, " / ")?;
                field(xml, "NUMPAGES", &pages.to_string())
            })
        })
    })
}
