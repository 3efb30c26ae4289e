//! A sheet of 提出用 with a table: title, names of columns that are repeated on each page, rows, 注.

use std::collections::HashSet;

use rust_xlsxwriter::{Format, Url, Workbook, Worksheet, XlsxError};

use super::context::{Context, LINES_AT_MOST, add_sheet};
use super::page::{self, DIGIT, PADDING, Paper};
use super::plan::charts;
use super::style::{Look, Show, heading, letters, sentence, title};
use crate::cell_text::write_text;
use crate::document::{ChartKind, DocCell, DocRow, DocTable, Document, Value};
use crate::forms::names::{area_name, quoted};
use crate::forms::numbers::{Kind, of_cell, of_value};
use crate::forms::plot::{Plot, shade};
use crate::forms::width::{lines, width};
use crate::table::{write_day, write_time};

/// Columns of text are not wider than this, in halves of a kanji; longer text is wrapped.
const TEXT_AT_MOST: usize = 44;
/// Nor narrower; of a wide table they may be.
const TEXT_AT_LEAST: usize = 8;
const NAME_AT_LEAST: usize = 14;
/// Rows of a table whose 注 stand above it, so that no page has them alone.
const LONG: usize = 20;
/// Links of a sheet; Excel holds 65,530.
const LINKS_AT_MOST: u32 = 65_000;

/// What the sheets of one table share.
struct Layout<'a> {
    table: &'a DocTable,
    chapter: String,
    /// Of the columns, in points.
    widths: Vec<f64>,
    paper: Paper,
    /// The columns of a 濃淡図, and the largest number.
    heat: Option<(HashSet<usize>, f64)>,
}

impl Layout<'_> {
    fn columns(&self) -> u16 {
        u16::try_from(self.widths.len()).unwrap_or(u16::MAX)
    }

    fn points(&self) -> f64 {
        self.widths.iter().sum()
    }

    /// How much text a row of a column holds, in halves of a kanji.
    fn halves(&self, column: usize) -> usize {
        page::halves(self.widths.get(column).copied().unwrap_or(PADDING))
    }

    fn shade(&self, row: &DocRow, column: usize, cell: &DocCell) -> Option<(u32, bool)> {
        let (columns, largest) = self.heat.as_ref()?;
        let number = of_cell(cell)?;
        (!row.total && columns.contains(&column)).then(|| shade(number.value, *largest))
    }
}

/// Writes a table on a sheet of this name, and on further ones if it is longer.
///
/// # Errors
/// [`XlsxError`].
pub(super) fn write(
    context: &mut Context<'_>,
    workbook: &mut Workbook,
    (chapter, table, name): (&str, &DocTable, &str),
) -> Result<(), XlsxError> {
    let widths = widths(table);
    let layout = Layout {
        table,
        chapter: chapter.to_owned(),
        paper: Paper::for_width(widths.iter().sum(), table.wide),
        heat: heat(context.document, table),
        widths,
    };
    let mut name = name.to_owned();
    let mut rest = table.rows.as_slice();
    loop {
        let sheet = add_sheet(workbook, &name, table.rows.len())?;
        let (top, last, written) = write_sheet(context, sheet, &layout, rest)?;
        let area = area_name(&table.number);
        let is_first = rest.len() == table.rows.len() && !table.number.is_empty();
        if is_first && context.areas.insert(area.to_lowercase()) {
            let columns = layout.columns().saturating_sub(1);
            let range = rust_xlsxwriter::utility::cell_range_absolute(top, 0, last, columns);
            workbook.define_name(area, &format!("={}!{range}", quoted(&name)))?;
        }
        rest = rest.get(written..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(());
        }
        let next = context.names.add(&name);
        context.note(
            &name,
            (last, 0),
            format!("行が多いため、シート「{next}」に続く。"),
        );
        name = next;
    }
}

/// Writes one sheet: the rows of its names and of its last row, and how many rows of the table it holds.
fn write_sheet(
    context: &mut Context<'_>,
    sheet: &mut Worksheet,
    layout: &Layout<'_>,
    rows: &[DocRow],
) -> Result<(u32, u32, usize), XlsxError> {
    for (column, points) in (0..).zip(&layout.widths) {
        sheet.set_column_width(column, page::digits(*points))?;
    }
    page::set_up(sheet, context.document, layout.paper);
    let is_long = layout.table.rows.len() > LONG;
    let top = write_head(context, sheet, layout, is_long)?;
    write_names(context, sheet, layout, top)?;
    sheet.set_repeat_rows(top, top)?;
    sheet.set_freeze_panes(top + 1, 0)?;
    let mut row = top + 1;
    let mut written = 0;
    for of in rows {
        if row >= context.rows_at_most {
            break;
        }
        row = write_row(context, sheet, layout, (row, of))?;
        written += 1;
    }
    let last = row - 1;
    let mut end = last;
    if !is_long {
        let width = (layout.columns(), layout.points());
        for note in &layout.table.notes {
            end += 1;
            context.across(sheet, end, width, (&format!("注 {note}"), &sentence(), 9.0))?;
        }
    }
    page::print_area(sheet, end, layout.columns())?;
    Ok((top, last, written))
}

/// Writes the names of the columns.
fn write_names(
    context: &mut Context<'_>,
    sheet: &mut Worksheet,
    layout: &Layout<'_>,
    row: u32,
) -> Result<(), XlsxError> {
    let heading = heading();
    let name = sheet.name();
    let mut tall = 1;
    for (at, column) in (0..).zip(&layout.table.columns) {
        let text = context.text(&name, (row, at), &column.heading());
        tall = tall.max(lines(&text, layout.halves(usize::from(at))));
        write_text(sheet, (row, at), &text, &heading)?;
    }
    sheet.set_row_height(row, page::height(tall.min(LINES_AT_MOST)))?;
    Ok(())
}

/// Writes what stands above the names of the columns, whose row it gives.
fn write_head(
    context: &mut Context<'_>,
    sheet: &mut Worksheet,
    layout: &Layout<'_>,
    with_notes: bool,
) -> Result<u32, XlsxError> {
    let table = layout.table;
    let width = (layout.columns(), layout.points());
    let name = format!("{} {}", table.number, table.title);
    context.across(sheet, 0, width, (&layout.chapter, &letters(9.0), 9.0))?;
    context.across(sheet, 1, width, (name.trim(), &title(13.0), 13.0))?;
    let mut row = 2;
    if with_notes {
        for note in &table.notes {
            context.across(sheet, row, width, (&format!("注 {note}"), &sentence(), 9.0))?;
            row += 1;
        }
    }
    Ok(row)
}

/// Writes a row of the table, on several rows of the sheet if a text is long, and gives the row behind it.
fn write_row(
    context: &mut Context<'_>,
    sheet: &mut Worksheet,
    layout: &Layout<'_>,
    (row, of): (u32, &DocRow),
) -> Result<u32, XlsxError> {
    let name = sheet.name();
    let mut further: Vec<(u16, Vec<String>)> = Vec::new();
    let mut tall = 1;
    for (column, cell) in (0..).zip(&of.cells) {
        let at = usize::from(column);
        let look = Look {
            show: show(cell, is_number_column(layout.table, at)),
            is_total: of.total,
            shade: layout.shade(of, at, cell),
        };
        let place = (row, column);
        match cell {
            DocCell::Text { text } | DocCell::Published { text, .. } => {
                let pieces = context.pieces(&name, place, (text, layout.halves(at)));
                let mut pieces = pieces.into_iter();
                let first = pieces.next().unwrap_or_default();
                tall = tall.max(lines(&first, layout.halves(at)));
                write_text(sheet, place, &first, context.styles.of(look))?;
                further.push((column, pieces.collect()));
            }
            cell => write_value(context, sheet, place, (cell, look))?,
        }
    }
    sheet.set_row_height(row, page::height(tall))?;
    write_further(context, sheet, layout, (row + 1, &further))
}

/// Writes what did not fit into a row on the rows below, and gives the row behind them.
fn write_further(
    context: &mut Context<'_>,
    sheet: &mut Worksheet,
    layout: &Layout<'_>,
    (mut row, further): (u32, &[(u16, Vec<String>)]),
) -> Result<u32, XlsxError> {
    let rows = further.iter().map(|(_, pieces)| pieces.len()).max();
    let format = context.styles.of(Look::plain(Show::Text));
    for piece in 0..rows.unwrap_or(0) {
        let mut tall = 1;
        for column in 0..layout.columns() {
            let own = further.iter().find(|(of, _)| *of == column);
            let text = own.and_then(|(_, pieces)| pieces.get(piece));
            let text = text.map_or("", String::as_str);
            tall = tall.max(lines(text, layout.halves(usize::from(column))));
            write_text(sheet, (row, column), text, format)?;
        }
        sheet.set_row_height(row, page::height(tall))?;
        row += 1;
    }
    Ok(row)
}

/// Writes what is no text.
fn write_value(
    context: &mut Context<'_>,
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    (cell, look): (&DocCell, Look),
) -> Result<(), XlsxError> {
    match cell {
        DocCell::Date { date } => {
            let format = context.styles.of(look);
            write_day(sheet, (row, column), *date, format)?;
        }
        DocCell::Time { at } => {
            let format = context.styles.of(look);
            write_time(sheet, (row, column), *at, format)?;
        }
        DocCell::Figure(figure) => {
            let link = context.plan.proof_of(figure, context.figures);
            context.figures += 1;
            let format = context.styles.of(look);
            if let Some(link) = link.filter(|_| context.figures < LINKS_AT_MOST) {
                let url = Url::new(link).set_text("－").set_tip("根拠へ移る");
                sheet.write_url_with_format(row, column, url, format)?;
            }
            write_number(sheet, (row, column), &figure.value, format)?;
        }
        DocCell::Empty | DocCell::Text { .. } | DocCell::Published { .. } => {
            sheet.write_blank(row, column, context.styles.of(look))?;
        }
    }
    Ok(())
}

/// Writes a value as a number, or 「－」.
///
/// # Errors
/// [`XlsxError`].
pub(super) fn write_number(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    value: &Value,
    format: &Format,
) -> Result<(), XlsxError> {
    let Some(number) = of_value(value) else {
        return write_text(sheet, (row, column), &value.text(), format);
    };
    let number = match number.kind {
        Kind::Percent => number.share(),
        Kind::Seconds => number.value / 86_400.0,
        Kind::Count | Kind::Decimal => number.value,
    };
    sheet.write_number_with_format(row, column, number, format)?;
    Ok(())
}

/// How a value is shown.
pub(super) fn show_value(value: &Value) -> Show {
    let Some(number) = of_value(value) else {
        return Show::Right;
    };
    match number.kind {
        Kind::Count => Show::Count,
        Kind::Percent => Show::Percent(number.decimals),
        Kind::Decimal => Show::Decimal(number.decimals),
        Kind::Seconds => Show::seconds(number.value),
    }
}

fn show(cell: &DocCell, is_number_column: bool) -> Show {
    match cell {
        DocCell::Figure(figure) => show_value(&figure.value),
        DocCell::Date { date } => Show::day(*date, false),
        DocCell::Time { at } => Show::day(at.date(), true),
        DocCell::Published { .. } if is_number_column => Show::Right,
        DocCell::Text { .. } | DocCell::Published { .. } | DocCell::Empty => Show::Text,
    }
}

fn is_number_column(table: &DocTable, column: usize) -> bool {
    let cells = table.rows.iter().filter_map(|row| row.cells.get(column));
    let mut cells = cells.filter(|cell| !matches!(cell, DocCell::Empty));
    cells.all(|cell| matches!(cell, DocCell::Figure(_) | DocCell::Published { .. }))
}

/// How wide the columns are, in points: numbers and dates stand in them whole, text is wrapped.
fn widths(table: &DocTable) -> Vec<f64> {
    let columns = table.columns.iter().enumerate();
    let mut widths: Vec<_> = columns
        .map(|(at, column)| {
            let name = if table.wide {
                TEXT_AT_LEAST
            } else {
                NAME_AT_LEAST
            };
            let (mut text, mut whole) = (name.min(width(&column.heading())), 0);
            for cell in table.rows.iter().filter_map(|row| row.cells.get(at)) {
                let wide = width(&cell.text());
                match cell {
                    DocCell::Text { .. } => text = text.max(wide.min(TEXT_AT_MOST)),
                    _ => whole = whole.max(wide),
                }
            }
            let whole = whole as f64 * DIGIT;
            (whole, page::points(text).max(whole))
        })
        .collect();
    // What is too wide for any paper is taken from the text.
    let padding = PADDING * widths.len() as f64;
    let wide: f64 = widths.iter().map(|(_, wide)| wide).sum::<f64>() + padding;
    let over = wide - Paper::widest();
    let least = |whole: f64, wide: f64| whole.max(page::points(TEXT_AT_LEAST)).min(wide);
    let spare: f64 = widths
        .iter()
        .map(|(whole, wide)| wide - least(*whole, *wide))
        .sum();
    if over > 0.0 && spare > 0.0 {
        let share = (over / spare).min(1.0);
        for (whole, wide) in &mut widths {
            *wide -= (*wide - least(*whole, *wide)) * share;
        }
    }
    widths.into_iter().map(|(_, wide)| wide + PADDING).collect()
}

/// The columns that a 濃淡図 of the book shows of a table.
fn heat(document: &Document, table: &DocTable) -> Option<(HashSet<usize>, f64)> {
    let mut maps = charts(document).filter(|chart| chart.kind == ChartKind::HeatMap);
    let chart = maps.find(|chart| chart.table == table.id)?;
    let plot = Plot::of(document, chart)?;
    let columns = table.columns.iter().enumerate();
    let shown = columns.filter(|(_, column)| chart.series.contains(&column.id));
    Some((shown.map(|(at, _)| at).collect(), plot.largest()))
}
