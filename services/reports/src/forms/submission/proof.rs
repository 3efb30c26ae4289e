//! 根拠: for each figure what it counts and how it is found again, and for each selection its calls and
//! tickets.

use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

use super::context::{Context, LINES_AT_MOST, add_sheet, write_link};
use super::cover::book_line;
use super::page::{self, Paper};
use super::plan::{PROOF_TOP, own};
use super::style::{Look, Show, heading, letters, link as link_format, title};
use super::table::{show_value, write_number};
use super::titles::{Titles, figures, row_name, selection};
use crate::cell_text::write_text;
use crate::document::{DocTable, Figure, MonthCell, Rows, Value};
use crate::forms::width::pieces;
use crate::month::HELP_DESK_REPORT;

/// The columns of 根拠, with their widths in points.
const PROOF: [(&str, f64); 11] = [
    ("表", 60.0),
    ("行", 110.0),
    ("列", 110.0),
    ("数値", 70.0),
    ("集計の基準", 60.0),
    ("A（分母）", 60.0),
    ("B（分子など）", 60.0),
    ("根拠の種類", 90.0),
    ("根拠の名前、元のセル又は出所", 200.0),
    ("件数（件）", 60.0),
    ("「－」の理由", 110.0),
];
/// Those of 根拠の明細.
const DETAILS: [(&str, f64); 3] = [
    ("根拠の名前", 240.0),
    ("通番", 50.0),
    ("通話、問合せ、FAQ又は事実の番号", 220.0),
];

/// Writes the sheet 根拠.
///
/// # Errors
/// [`XlsxError`].
pub(super) fn write(context: &mut Context<'_>, workbook: &mut Workbook) -> Result<(), XlsxError> {
    let Some(name) = context.plan.proof.clone() else {
        return Ok(());
    };
    let document = context.document;
    let count = figures(document).count();
    let sheet = add_sheet(workbook, &name, count)?;
    begin(context, sheet, "根拠(数値ごと)", &PROOF)?;
    let mut last = PROOF_TOP - 1;
    for (number, (table, row, column, figure)) in (0..).zip(figures(document)) {
        last = PROOF_TOP + number;
        write_figure(context, sheet, last, (table, row, column), (figure, number))?;
    }
    page::print_area(sheet, last, PROOF.len() as u16)
}

fn write_figure(
    context: &mut Context<'_>,
    sheet: &mut Worksheet,
    row: u32,
    (table, of_row, of_column): (&DocTable, usize, usize),
    (figure, number): (&Figure, u32),
) -> Result<(), XlsxError> {
    let (kind, names) = source(figure, &context.plan.titles);
    let column = table.columns.get(of_column);
    let reason = match &figure.value {
        Value::None(reason) => reason.as_str(),
        _ => "",
    };
    let texts = [
        (0, table.number.clone()),
        (1, row_name(table, of_row)),
        (2, column.map(|column| column.heading()).unwrap_or_default()),
        (4, figure.population.label().to_owned()),
        (7, kind.to_owned()),
        (8, names),
        (10, reason.to_owned()),
    ];
    let plain = context.styles.of(Look::plain(Show::Text)).clone();
    let sheet_name = sheet.name();
    let mut tall = 1;
    for (at, text) in texts {
        let text = context.text(&sheet_name, (row, at), &text);
        let (_, points) = PROOF.get(usize::from(at)).copied().unwrap_or_default();
        // More cells than these name nobody reads here; the data book has them all.
        let mut of_cell = pieces(&text, page::halves(points), LINES_AT_MOST);
        let (first, lines) = of_cell.next().unwrap_or_default();
        if of_cell.next().is_some() {
            let note = "長いため、終わりを省いた。全体は、データ用の数値一覧にある。";
            context.note(&sheet_name, (row, at), note.to_owned());
        }
        tall = tall.max(lines);
        write_text(sheet, (row, at), first, &plain)?;
    }
    sheet.set_row_height(row, page::height(tall))?;
    let look = Look::plain(show_value(&figure.value));
    write_number(sheet, (row, 3), &figure.value, context.styles.of(look))?;
    let parts = figure.parts.map(|parts| (parts.a, parts.b));
    let ids = selection(figure).and_then(|name| context.drill.selections.get(name));
    let counts = [
        (5, parts.map(|(a, _)| a)),
        (6, parts.map(|(_, b)| b)),
        (9, ids.and_then(|ids| i64::try_from(ids.len()).ok())),
    ];
    for (at, count) in counts {
        write_count(context, sheet, (row, at), count)?;
    }
    let target = ids.and_then(|_| context.plan.proof_of(figure, number));
    let title = selection(figure).and_then(|name| context.plan.titles.selection(name));
    if let (Some(target), Some(title)) = (target, title) {
        write_link(sheet, (row, 8), (&target, title), &link_format())?;
    }
    Ok(())
}

fn write_count(
    context: &mut Context<'_>,
    sheet: &mut Worksheet,
    place: (u32, u16),
    count: Option<i64>,
) -> Result<(), XlsxError> {
    let format = context.styles.of(Look::plain(Show::Count));
    match count {
        Some(count) => write_number(sheet, place, &Value::Count(count), format),
        None => {
            sheet.write_blank(place.0, place.1, format)?;
            Ok(())
        }
    }
}

/// Writes the sheets 根拠の明細.
///
/// # Errors
/// [`XlsxError`].
pub(super) fn write_details(
    context: &mut Context<'_>,
    workbook: &mut Workbook,
) -> Result<(), XlsxError> {
    let drill = context.drill;
    let names = context.plan.details.clone();
    let mut names = names.iter();
    let plain = context.styles.of(Look::plain(Show::Text)).clone();
    let count = context.styles.of(Look::plain(Show::Count)).clone();
    let titles = std::mem::take(&mut context.plan.titles);
    let rows = own(drill, &titles)
        .map(|(_, _, ids)| ids.len().max(1))
        .sum();
    let mut current: Option<String> = None;
    let mut row = PROOF_TOP;
    for (name, title, ids) in own(drill, &titles) {
        for at in 0..ids.len().max(1) {
            if current.is_none() || row >= context.rows_at_most {
                end_details(workbook, current.as_deref(), row)?;
                let Some(next) = names.next() else {
                    return Ok(());
                };
                let sheet = add_sheet(workbook, next, rows)?;
                begin(context, sheet, "根拠の明細", &DETAILS)?;
                (current, row) = (Some(next.clone()), PROOF_TOP);
            }
            let Some(sheet) = workbook.worksheets_mut().last_mut() else {
                return Ok(());
            };
            let id = ids.get(at).map(|id| drill.name(name, id));
            let id =
                id.map(|id| context.text(current.as_deref().unwrap_or_default(), (row, 2), id));
            write_id(sheet, row, (title, at, id.as_deref()), (&plain, &count))?;
            row += 1;
        }
    }
    end_details(workbook, current.as_deref(), row)
}

fn end_details(workbook: &mut Workbook, sheet: Option<&str>, row: u32) -> Result<(), XlsxError> {
    match sheet {
        Some(name) => {
            let sheet = workbook.worksheet_from_name(name)?;
            page::print_area(sheet, row - 1, DETAILS.len() as u16)
        }
        None => Ok(()),
    }
}

fn write_id(
    sheet: &mut Worksheet,
    row: u32,
    (name, at, id): (&str, usize, Option<&str>),
    (plain, count): (&Format, &Format),
) -> Result<(), XlsxError> {
    write_text(sheet, (row, 0), name, plain)?;
    match id {
        Some(id) => {
            sheet.write_number_with_format(row, 1, (at + 1) as f64, count)?;
            write_text(sheet, (row, 2), id, plain)
        }
        None => {
            sheet.write_blank(row, 1, count)?;
            write_text(sheet, (row, 2), "該当なし", plain)
        }
    }
}

/// Begins a sheet: widths, pages, title, names of columns that are repeated.
fn begin(
    context: &Context<'_>,
    sheet: &mut Worksheet,
    name: &str,
    columns: &[(&str, f64)],
) -> Result<(), XlsxError> {
    let wide: f64 = columns.iter().map(|(_, points)| points).sum();
    for (at, (_, points)) in (0..).zip(columns) {
        sheet.set_column_width(at, page::digits(*points))?;
    }
    page::set_up(sheet, context.document, Paper::for_width(wide, false));
    let top = PROOF_TOP - 1;
    sheet.set_repeat_rows(top, top)?;
    sheet.set_freeze_panes(PROOF_TOP, 0)?;
    write_text(sheet, (0, 0), &book_line(context.document), &letters(9.0))?;
    write_text(sheet, (1, 0), name, &title(13.0).unset_text_wrap())?;
    let heading = heading();
    for (at, (name, _)) in (0..).zip(columns) {
        write_text(sheet, (top, at), name, &heading)?;
    }
    Ok(())
}

fn source(figure: &Figure, titles: &Titles) -> (&'static str, String) {
    let names = match &figure.rows {
        Rows::Calls { selection }
        | Rows::Tickets { selection }
        | Rows::Facts { selection }
        | Rows::Articles { selection } => {
            titles.selection(selection).unwrap_or_default().to_owned()
        }
        Rows::Ticket { number, .. } => number.clone(),
        Rows::Cells { cells } => {
            let cells: Vec<&str> = cells.iter().map(|cell| titles.cell(cell)).collect();
            cells.join("、")
        }
        Rows::Months { cells } => of_months(cells, titles),
        Rows::AccessLog { month } => format!("{}分のアクセスレポート", month.name()),
        Rows::Source { source } => source.clone(),
    };
    (figure.rows.kind(figure.population).label(), names)
}

/// ヘルプデスク受付状況報告（令和6年4月分）の…
fn of_months(cells: &[MonthCell], titles: &Titles) -> String {
    let named = cells.iter().map(|of| {
        let month = of.month.name();
        format!("{HELP_DESK_REPORT}（{month}分）の{}", titles.cell(&of.cell))
    });
    named.collect::<Vec<_>>().join("、")
}
