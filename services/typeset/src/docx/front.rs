//! What stands before the chapters: the cover, 改版履歴, the lists of contents.

use super::fields::{Entry, contents};
use super::table::{cell, table};
use super::xml::{Written, Xml, element, empty, paragraph, run, twips, value};
use crate::book::Book;

/// Widths of the names and values on the cover, in pt.
const COVER: [f64; 2] = [80.0, 180.0];
/// Width and height of a box for a seal, in pt.
const SEAL: (f64, f64) = (85.0, 62.0);

/// The lists of contents.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// 目次
    pub(super) chapters: Vec<Entry>,
    /// 表目次
    pub(super) tables: Vec<Entry>,
    /// 図目次
    pub(super) charts: Vec<Entry>,
}

pub(super) fn front(xml: &mut Xml, book: &Book, lists: &Contents) -> Written {
    cover(xml, book)?;
    if let Some(revisions) = &book.revisions {
        paragraph(xml, "FrontTitle", |xml| run(xml, "改版履歴"))?;
        table(xml, revisions)?;
    }
    paragraph(xml, "FrontTitle", |xml| run(xml, "目次"))?;
    contents(xml, "TOC \\o \"1-2\" \\h \\z \\u", &lists.chapters)?;
    for (title, sequence, entries) in [
        ("表目次", "表", &lists.tables),
        ("図目次", "図", &lists.charts),
    ] {
        if !entries.is_empty() {
            paragraph(xml, "ListTitle", |xml| run(xml, title))?;
            contents(xml, &format!("TOC \\h \\z \\c \"{sequence}\""), entries)?;
        }
    }
    Ok(())
}

fn cover(xml: &mut Xml, book: &Book) -> Written {
    paragraph(xml, "Title", |xml| run(xml, &book.name))?;
    paragraph(xml, "Subtitle", |xml| {
        run(xml, &format!("{}分", book.month))
    })?;
    element(xml, "w:tbl", &[], |xml| {
        properties(xml, "PlainTable", "center", &COVER)?;
        book.cover.iter().try_for_each(|(name, text)| {
            element(xml, "w:tr", &[], |xml| {
                let [left, right] = COVER;
                cell(xml, &twips(left), None, |xml| {
                    paragraph(xml, "CoverName", |xml| run(xml, name))
                })?;
                cell(xml, &twips(right), None, |xml| {
                    paragraph(xml, "CoverValue", |xml| run(xml, text))
                })
            })
        })
    })?;
    paragraph(xml, "BeforeSeals", |_| Ok(()))?;
    if book.seals.is_empty() {
        return Ok(());
    }
    seals(xml, &book.seals)
}

fn seals(xml: &mut Xml, seals: &[String]) -> Written {
    let (width, height) = (twips(SEAL.0), twips(SEAL.1));
    let high = |xml: &mut Xml| {
        let height = [("w:val", height.as_str()), ("w:hRule", "exact")];
        element(xml, "w:trPr", &[], |xml| empty(xml, "w:trHeight", &height))
    };
    element(xml, "w:tbl", &[], |xml| {
        properties(xml, "BookTable", "right", &vec![SEAL.0; seals.len()])?;
        element(xml, "w:tr", &[], |xml| {
            seals.iter().try_for_each(|seal| {
                cell(xml, &width, None, |xml| {
                    paragraph(xml, "Seal", |xml| run(xml, seal))
                })
            })
        })?;
        element(xml, "w:tr", &[], |xml| {
            high(xml)?;
            seals
                .iter()
                .try_for_each(|_| cell(xml, &width, None, |xml| paragraph(xml, "Seal", |_| Ok(()))))
        })
    })
}

fn properties(xml: &mut Xml, style: &str, place: &str, widths: &[f64]) -> Written {
    let total = twips(widths.iter().sum());
    element(xml, "w:tblPr", &[], |xml| {
        value(xml, "w:tblStyle", style)?;
        empty(xml, "w:tblW", &[("w:w", &total), ("w:type", "dxa")])?;
        value(xml, "w:jc", place)?;
        empty(xml, "w:tblLayout", &[("w:type", "fixed")])
    })?;
    element(xml, "w:tblGrid", &[], |xml| {
        widths
            .iter()
            .try_for_each(|width| empty(xml, "w:gridCol", &[("w:w", &twips(*width))]))
    })
}
