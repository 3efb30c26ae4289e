//! The sheet of a chapter: its headings, sentences, remarks and charts, with links to its tables.

use rust_xlsxwriter::{Workbook, Worksheet, XlsxError};

use super::chart;
use super::context::{Context, add_sheet, write_link};
use super::page::{self, LINE, Paper};
use super::plan::link;
use super::style::{link as link_format, sentence, title};
use crate::cell_text::write_text;
use crate::document::{Block, Chapter, Chart, japanese_time};
use crate::forms::width::lines;

/// Of the only column, in points.
const WIDTH: f64 = 515.0;
/// Points of a page of A4 between head and foot.
const PAGE: f64 = 710.0;
/// Rows that a chart covers, and points of each.
const CHART_ROWS: u32 = 17;
const CHART_ROW: f64 = 18.0;

/// A sheet that is filled from the top.
struct Flow<'s> {
    sheet: &'s mut Worksheet,
    name: String,
    row: u32,
    /// Points of the page that are used.
    used: f64,
    breaks: Vec<u32>,
}

/// Writes the sheet of a chapter.
///
/// # Errors
/// [`XlsxError`].
pub(super) fn write(
    context: &mut Context<'_>,
    workbook: &mut Workbook,
    (chapter, name): (&Chapter, &str),
) -> Result<(), XlsxError> {
    let sheet = add_sheet(workbook, name, 0)?;
    sheet.set_column_width(0, page::digits(WIDTH))?;
    page::set_up(sheet, context.document, Paper::A4Upright);
    // As it is, so that pages end where they are told to.
    sheet.set_print_scale(100);
    let mut flow = Flow {
        sheet,
        name: name.to_owned(),
        row: 0,
        used: 0.0,
        breaks: Vec::new(),
    };
    let heading = format!("{} {}", chapter.number, chapter.title);
    write_lines(context, &mut flow, &heading, &title(14.0))?;
    for block in &chapter.blocks {
        write_block(context, &mut flow, block)?;
    }
    let Flow {
        sheet, row, breaks, ..
    } = flow;
    sheet.set_page_breaks(&breaks)?;
    page::print_area(sheet, row.saturating_sub(1), 1)
}

fn write_block(
    context: &mut Context<'_>,
    flow: &mut Flow<'_>,
    block: &Block,
) -> Result<(), XlsxError> {
    match block {
        Block::Heading { text } => {
            skip(flow);
            write_lines(context, flow, text, &title(11.0))
        }
        Block::Sentence { text } => write_lines(context, flow, text, &sentence()),
        Block::Remark {
            text,
            author,
            written_at,
        } => {
            let remark = sentence().set_background_color(0xF2_F2F2);
            write_lines(context, flow, text, &remark)?;
            let by = format!("（加筆 {author} {}）", japanese_time(*written_at));
            write_lines(context, flow, &by, &remark)
        }
        Block::Table(table) => {
            let sheet = context.plan.table(context.document, &table.id);
            let Some(target) = sheet.map(|sheet| link(sheet, 0)) else {
                return Ok(());
            };
            let text = format!("{} {}（別のシート）", table.number, table.title);
            write_link_line(context, flow, (&target, &text))
        }
        Block::Chart(chart) => write_chart(context, flow, chart),
    }
}

/// Writes text on as many rows as it needs.
fn write_lines(
    context: &mut Context<'_>,
    flow: &mut Flow<'_>,
    text: &str,
    format: &rust_xlsxwriter::Format,
) -> Result<(), XlsxError> {
    let halves = page::halves(WIDTH);
    let place = (flow.row, 0);
    for piece in context.pieces(&flow.name, place, (text, halves)) {
        write_text(flow.sheet, (flow.row, 0), &piece, format)?;
        let tall = page::height(lines(&piece, halves));
        flow.sheet.set_row_height(flow.row, tall)?;
        flow.row += 1;
        flow.used = (flow.used + tall) % PAGE;
    }
    Ok(())
}

fn write_link_line(
    context: &mut Context<'_>,
    flow: &mut Flow<'_>,
    (target, text): (&str, &str),
) -> Result<(), XlsxError> {
    let text = context.text(&flow.name, (flow.row, 0), text);
    write_link(flow.sheet, (flow.row, 0), (target, &text), &link_format())?;
    flow.row += 1;
    flow.used = (flow.used + LINE) % PAGE;
    Ok(())
}

fn write_chart(
    context: &mut Context<'_>,
    flow: &mut Flow<'_>,
    chart: &Chart,
) -> Result<(), XlsxError> {
    let caption = format!("{} {}", chart.number, chart.title);
    let Some((sources, native)) = chart::native(&context.plan, chart) else {
        let sheet = context.plan.table(context.document, &chart.table);
        let Some(target) = sheet.map(|sheet| link(sheet, 0)) else {
            return Ok(());
        };
        let text = format!("{caption}（別のシートの表に色の濃さで示す）");
        return write_link_line(context, flow, (&target, &text));
    };
    let tall = f64::from(CHART_ROWS) * CHART_ROW;
    if flow.used + tall + 4.0 * LINE > PAGE {
        flow.breaks.push(flow.row);
        flow.used = 0.0;
    } else {
        skip(flow);
    }
    write_lines(context, flow, &caption, &title(10.0))?;
    for row in 0..CHART_ROWS {
        flow.sheet.set_row_height(flow.row + row, CHART_ROW)?;
    }
    flow.sheet
        .insert_chart_with_offset(flow.row, 0, &native, 4, 4)?;
    flow.row += CHART_ROWS;
    flow.used += tall;
    write_link_line(context, flow, (&sources, "図の元データ"))?;
    write_lines(context, flow, &chart.alt, &sentence())
}

/// Leaves a row blank.
fn skip(flow: &mut Flow<'_>) {
    flow.row += 1;
    flow.used += LINE;
}
