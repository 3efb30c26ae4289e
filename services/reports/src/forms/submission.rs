//! 提出用: a workbook to print and to hand in. 表紙, 改版履歴, a sheet a chapter and a sheet a table, charts that
//! Excel draws, and the proof of each figure.

mod chapter;
mod chart;
mod context;
mod cover;
mod page;
mod plan;
mod proof;
mod style;
mod table;
mod titles;

use rust_xlsxwriter::{Workbook, XlsxError};

use self::context::{Context, add_sheet};
use self::plan::Plan;
use self::style::Styles;
use crate::document::{Block, Document, Drill};
use crate::forms::Book;
use crate::forms::names::SheetNames;
use crate::table::{ReportError, properties};

/// Rows of a sheet, less than the 1,048,576 that Excel holds: a row with a long text takes several.
const ROWS_AT_MOST: u32 = 1_040_000;

/// The book as 提出用 xlsx, with the calls and tickets of its figures.
///
/// # Errors
/// [`ReportError::Xlsx`].
pub fn workbook(document: &Document, drill: &Drill) -> Result<Book, ReportError> {
    Ok(with_rows(document, drill, ROWS_AT_MOST)?)
}

fn with_rows(document: &Document, drill: &Drill, rows_at_most: u32) -> Result<Book, XlsxError> {
    let mut names = SheetNames::default();
    let plan = Plan::new(document, drill, &mut names, rows_at_most);
    let mut workbook = Workbook::new();
    let title = format!("{} {}分", document.name, document.month.name());
    workbook.set_properties(&properties(&title, document.made_at)?);
    let mut context = Context {
        document,
        drill,
        plan,
        styles: Styles::default(),
        names,
        notes: Vec::new(),
        figures: 0,
        areas: Default::default(),
        rows_at_most,
    };
    add_sheet(&mut workbook, &context.plan.cover, 0)?;
    if let Some(sheet) = context.plan.revisions.clone() {
        let table = cover::revisions(document);
        let line = cover::book_line(document);
        table::write(&mut context, &mut workbook, (&line, &table, &sheet))?;
    }
    write_chapters(&mut context, &mut workbook)?;
    chart::write_sources(&mut context, &mut workbook)?;
    proof::write(&mut context, &mut workbook)?;
    proof::write_details(&mut context, &mut workbook)?;
    cover::write(&mut context, &mut workbook)?;
    let notes = context.notes.clone();
    if !notes.is_empty() {
        let table = cover::notes(&notes);
        let (line, sheet) = (cover::book_line(document), context.plan.notes.clone());
        table::write(&mut context, &mut workbook, (&line, &table, &sheet))?;
    }
    Ok(Book {
        file: workbook.save_to_buffer()?,
        notes,
    })
}

fn write_chapters(context: &mut Context<'_>, workbook: &mut Workbook) -> Result<(), XlsxError> {
    let document = context.document;
    for (at, chapter) in document.chapters.iter().enumerate() {
        let Some(plan) = context.plan.chapters.get(at) else {
            continue;
        };
        let (text, tables) = (plan.text.clone(), plan.tables.clone());
        if let Some(sheet) = text {
            chapter::write(context, workbook, (chapter, &sheet))?;
        }
        let line = format!(
            "{} {}　{}分",
            chapter.number,
            chapter.title,
            document.month.name()
        );
        let of_chapter = chapter.blocks.iter().filter_map(|block| match block {
            Block::Table(table) => Some(table),
            _ => None,
        });
        for (table, sheet) in of_chapter.zip(&tables) {
            table::write(context, workbook, (&line, table, sheet))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
