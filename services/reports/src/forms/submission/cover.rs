//! 表紙 with 目次 and 確認印欄, 改版履歴, and the notes of what was written.

use madoguchi_core::era::japanese_date;
use rust_xlsxwriter::{Workbook, Worksheet, XlsxError};

use super::context::{Context, write_link};
use super::page::{self, Paper};
use super::plan::link;
use super::style::{Look, Show, heading, link as link_format, sentence, title};
use crate::cell_text::write_text;
use crate::document::{DocCell, DocColumn, DocRow, DocTable, Document};
use crate::forms::Note;
use crate::table::write_day;

/// Of the two columns, in points.
const WIDTHS: [f64; 2] = [130.0, 360.0];

/// Writes the first sheet, when it is known what the others are.
///
/// # Errors
/// [`XlsxError`].
pub(super) fn write(context: &mut Context<'_>, workbook: &mut Workbook) -> Result<(), XlsxError> {
    let name = context.plan.cover.clone();
    let sheet = workbook.worksheet_from_name(&name)?;
    for (column, points) in (0..).zip(WIDTHS) {
        sheet.set_column_width(column, page::digits(points))?;
    }
    page::set_up(sheet, context.document, Paper::A4Upright);
    let width = (2, WIDTHS.iter().sum());
    let document = context.document;
    let class = format!("格付 {}", document.classification);
    context.across(sheet, 0, width, (&class, &sentence(), 10.0))?;
    context.across(sheet, 2, width, (&document.name, &title(20.0), 20.0))?;
    let month = format!("{}分", document.month.name());
    context.across(sheet, 3, width, (&month, &title(14.0), 14.0))?;
    let row = write_facts(context, sheet, 5)?;
    let row = write_seals(context, sheet, row + 1)?;
    let last = write_contents(context, sheet, row + 1)?;
    page::print_area(sheet, last, 2)
}

fn write_facts(
    context: &mut Context<'_>,
    sheet: &mut Worksheet,
    mut row: u32,
) -> Result<u32, XlsxError> {
    let document = context.document;
    let edition = if document.draft {
        format!("{}（案）", document.edition_name())
    } else {
        document.edition_name()
    };
    let name = sheet.name();
    for (label, text) in [
        ("対象月", document.month.name()),
        ("版", edition),
        ("提出先", document.submitted_to.clone()),
        ("受託者名", document.submitted_by.clone()),
        ("情報の格付", document.classification.clone()),
    ] {
        write_text(sheet, (row, 0), label, &heading())?;
        let text = context.text(&name, (row, 1), &text);
        write_text(
            sheet,
            (row, 1),
            &text,
            context.styles.of(Look::plain(Show::Text)),
        )?;
        row += 1;
    }
    write_text(sheet, (row, 0), "作成日", &heading())?;
    let made = document.made_at.date();
    let format = context.styles.of(Look::plain(Show::day(made, false)));
    let format = format.clone().set_align(rust_xlsxwriter::FormatAlign::Left);
    write_day(sheet, (row, 1), made, &format)?;
    Ok(row + 1)
}

/// 確認印欄: room for a seal beside who puts it.
fn write_seals(
    context: &mut Context<'_>,
    sheet: &mut Worksheet,
    mut row: u32,
) -> Result<u32, XlsxError> {
    if context.document.seals.is_empty() {
        return Ok(row);
    }
    write_text(sheet, (row, 0), "確認印", &title(10.0))?;
    let name = sheet.name();
    for seal in &context.document.seals {
        row += 1;
        sheet.set_row_height(row, 48.0)?;
        let text = context.text(&name, (row, 0), seal);
        write_text(sheet, (row, 0), &text, &heading())?;
        sheet.write_blank(row, 1, context.styles.of(Look::plain(Show::Text)))?;
    }
    Ok(row + 1)
}

/// 目次: a link to each sheet.
fn write_contents(
    context: &mut Context<'_>,
    sheet: &mut Worksheet,
    mut row: u32,
) -> Result<u32, XlsxError> {
    write_text(sheet, (row, 0), "目次", &title(12.0))?;
    for (number, name, target) in contents(context) {
        row += 1;
        let number = context.text(&context.plan.cover.clone(), (row, 0), &number);
        write_text(sheet, (row, 0), &number, &sentence())?;
        write_link(sheet, (row, 1), (&link(&target, 0), &name), &link_format())?;
    }
    Ok(row)
}

/// Number, name and sheet of everything that has a sheet.
fn contents(context: &Context<'_>) -> Vec<(String, String, String)> {
    let plan = &context.plan;
    let mut contents = Vec::new();
    let mut add = |number: &str, name: &str, sheet: &str| {
        contents.push((number.to_owned(), name.to_owned(), sheet.to_owned()));
    };
    if let Some(sheet) = &plan.revisions {
        add("", "改版履歴", sheet);
    }
    for (chapter, of) in context.document.chapters.iter().zip(&plan.chapters) {
        if let Some(sheet) = of.text.as_ref().or(of.tables.first()) {
            add(&chapter.number, &chapter.title, sheet);
        }
        let tables = chapter.blocks.iter().filter_map(|block| match block {
            crate::document::Block::Table(table) => Some(table),
            _ => None,
        });
        for (table, sheet) in tables.zip(&of.tables) {
            add(&table.number, &table.title, sheet);
        }
    }
    let sources = plan.sources.iter().map(|sheet| ("図の元データ", sheet));
    let proof = plan.proof.iter().map(|sheet| ("根拠(数値ごと)", sheet));
    let details = plan.details.iter().map(|sheet| ("根拠の明細", sheet));
    for (name, sheet) in sources.chain(proof).chain(details) {
        add("", name, sheet);
    }
    if !context.notes.is_empty() {
        add("", "書き出しの注記", &plan.notes);
    }
    contents
}

/// 改版履歴 as a table.
pub(super) fn revisions(document: &Document) -> DocTable {
    let rows = document.revisions.iter().map(|revision| {
        let cells = vec![
            text(&format!("第{}版", revision.edition)),
            DocCell::Date {
                date: revision.date,
            },
            text(&revision.place),
            text(&revision.before),
            text(&revision.after),
            text(&revision.reason),
            text(&revision.confirmed_by),
        ];
        (format!("edition-{}", revision.edition), cells)
    });
    let columns = [
        "版",
        "日付",
        "変更箇所",
        "変更前",
        "変更後",
        "理由",
        "確認者",
    ];
    table("改版履歴", &columns, rows.collect())
}

/// The notes as a table.
pub(super) fn notes(notes: &[Note]) -> DocTable {
    let rows = notes.iter().enumerate().map(|(at, note)| {
        let cells = vec![text(&note.sheet), text(&note.cell), text(&note.text)];
        (format!("note-{at}"), cells)
    });
    table(
        "書き出しの注記",
        &["シート", "セル", "内容"],
        rows.collect(),
    )
}

fn table(title: &str, columns: &[&str], rows: Vec<(String, Vec<DocCell>)>) -> DocTable {
    let column = |name: &&str| DocColumn {
        id: (*name).to_owned(),
        name: (*name).to_owned(),
        unit: None,
    };
    let row = |(id, cells)| DocRow {
        id,
        cells,
        total: false,
    };
    DocTable {
        number: String::new(),
        id: String::new(),
        title: title.to_owned(),
        columns: columns.iter().map(column).collect(),
        rows: rows.into_iter().map(row).collect(),
        notes: Vec::new(),
        wide: false,
    }
}

fn text(text: &str) -> DocCell {
    DocCell::Text {
        text: text.to_owned(),
    }
}

/// The head of a sheet that is no chapter's: the book and its month.
pub(super) fn book_line(document: &Document) -> String {
    let made = japanese_date(document.made_at.date());
    format!(
        "{} {}分　{}　作成日 {made}",
        document.name,
        document.month.name(),
        document.edition_name()
    )
}
