//! Charts as Excel draws them, and the sheet with their numbers: there what has no value is blank, so that
//! the line has a gap, where the table says 「－」.

use rust_xlsxwriter::{
    Chart as NativeChart, ChartAxis, ChartEmptyCells, ChartFont, ChartFormat, ChartLegendPosition,
    ChartLine, ChartSeries, ChartSolidFill, ChartType, Color, Workbook, XlsxError,
};

use super::context::{Context, add_sheet};
use super::page::{self, DIGIT, HALF, PADDING, Paper};
use super::plan::{ChartPlan, Plan, charts, link};
use super::style::{Look, Show, heading, title};
use crate::cell_text::{CellText, write_text};
use crate::document::{Chart, ChartKind};
use crate::forms::axis::Axis;
use crate::forms::numbers::Kind;
use crate::forms::plot::{Plot, Series, bar_color, line_color};
use crate::forms::width::width;

/// Letters of an alternative text; Excel holds 255.
const ALT_AT_MOST: usize = 120;
/// More labels than these are turned.
const LABELS_UPRIGHT: usize = 16;
/// The size of a chart in pixels.
const WIDE: u32 = 660;
const TALL: u32 = 390;

/// A chart, with a link to its numbers. None if it is not drawn.
pub(super) fn native(plan: &Plan, chart: &Chart) -> Option<(String, NativeChart)> {
    let sources = plan.sources.as_ref()?;
    let place = plan.chart(&chart.id)?;
    let plot = &place.plot;
    let is_bars = chart.kind == ChartKind::Bars;
    let mut main = NativeChart::new(if is_bars {
        ChartType::Column
    } else {
        ChartType::Line
    });
    let mut over = None;
    for at in 0..plot.series.len() {
        let drawn = series_of((sources, place), at)?;
        if is_bars && plot.is_line(at) {
            let mut line = NativeChart::new(ChartType::Line);
            line.push_series(&drawn);
            over = Some(line);
        } else {
            main.push_series(&drawn);
        }
    }
    set_axis(main.y_axis(), plot, false);
    set_axis(main.y2_axis(), plot, true);
    if plot.labels.len() > LABELS_UPRIGHT {
        main.x_axis().set_font(ChartFont::new().set_rotation(-45));
    }
    if let Some(over) = &over {
        main.combine(over);
    }
    main.title().set_hidden();
    main.legend().set_position(ChartLegendPosition::Bottom);
    main.show_empty_cells_as(ChartEmptyCells::Gaps);
    main.set_width(WIDE).set_height(TALL);
    main.set_name(CellText::new(&chart.number).text);
    let alt = CellText::new(&format!("{}。{}", chart.title, chart.alt)).text;
    main.set_alt_text(alt.chars().take(ALT_AT_MOST).collect::<String>());
    Some((link(sources, place.top), main))
}

/// From where to where the numbers of an axis go, and how they are written.
fn set_axis(native: &mut ChartAxis, plot: &Plot, is_right: bool) {
    let series = plot.series.iter().enumerate();
    let mut series = series.filter(|(at, _)| plot.is_right(*at) == is_right);
    let Some((_, first)) = series.next() else {
        return;
    };
    let (low, high, step) = Axis::of(plot, is_right).range();
    native.set_num_format(number_format(first));
    native
        .set_min(cell_value(first, low))
        .set_max(cell_value(first, high));
    native.set_major_unit(cell_value(first, step));
}

fn series_of((sheet, place): (&str, &ChartPlan), at: usize) -> Option<ChartSeries> {
    let plot = &place.plot;
    let names = place.top + 1;
    let last = names + u32::try_from(plot.labels.len()).ok()?;
    let column = u16::try_from(at + 1).ok()?;
    let mut series = ChartSeries::new();
    series
        .set_name((sheet, names, column))
        .set_categories((sheet, names + 1, 0, last, 0))
        .set_values((sheet, names + 1, column, last, column))
        .set_secondary_axis(plot.is_right(at));
    let mut format = ChartFormat::new();
    if plot.is_line(at) {
        let color = Color::RGB(line_color(at));
        format.set_line(ChartLine::new().set_color(color).set_width(2.0));
    } else {
        let color = Color::RGB(bar_color(at));
        format.set_solid_fill(ChartSolidFill::new().set_color(color));
    }
    series.set_format(&mut format);
    Some(series)
}

/// Writes the sheet 図の元データ.
///
/// # Errors
/// [`XlsxError`].
pub(super) fn write_sources(
    context: &mut Context<'_>,
    workbook: &mut Workbook,
) -> Result<(), XlsxError> {
    let Some(name) = context.plan.sources.clone() else {
        return Ok(());
    };
    let sheet = add_sheet(workbook, &name, 0)?;
    write_text(sheet, (0, 0), "図の元データ", &title(13.0))?;
    let mut widths = vec![0.0_f64];
    let mut last = 0;
    let (heading, caption) = (heading(), title(10.0).unset_text_wrap());
    for chart in charts(context.document) {
        let Some(place) = context.plan.chart(&chart.id) else {
            continue;
        };
        let (top, plot) = (place.top, place.plot.clone());
        let text = format!("{} {}", chart.number, chart.title);
        let text = context.text(&name, (top, 0), &text);
        write_text(sheet, (top, 0), &text, &caption)?;
        let widest = plot
            .labels
            .iter()
            .map(|label| width(label))
            .max()
            .unwrap_or(0);
        widen(&mut widths, 0, widest as f64 * HALF);
        write_text(sheet, (top + 1, 0), "項目", &heading)?;
        for (row, label) in (top + 2..).zip(&plot.labels) {
            let label = context.text(&name, (row, 0), label);
            let format = context.styles.of(Look::plain(Show::Text));
            write_text(sheet, (row, 0), &label, format)?;
            last = last.max(row);
        }
        for (at, series) in plot.series.iter().enumerate() {
            widen(&mut widths, at + 1, column_width(series));
            write_series(context, sheet, top, (at, series))?;
        }
    }
    for (column, points) in (0..).zip(&widths) {
        sheet.set_column_width(column, page::digits(points + PADDING))?;
    }
    let wide: f64 = widths.iter().map(|points| points + PADDING).sum();
    page::set_up(sheet, context.document, Paper::for_width(wide, false));
    let columns = u16::try_from(widths.len()).unwrap_or(u16::MAX);
    page::print_area(sheet, last, columns)
}

fn write_series(
    context: &mut Context<'_>,
    sheet: &mut rust_xlsxwriter::Worksheet,
    top: u32,
    (at, series): (usize, &Series),
) -> Result<(), XlsxError> {
    let column = u16::try_from(at + 1).unwrap_or(u16::MAX);
    let name = sheet.name();
    let text = context.text(&name, (top + 1, column), &series.name);
    write_text(sheet, (top + 1, column), &text, &heading())?;
    for (row, value) in (top + 2..).zip(&series.values) {
        let show = show(series, value.unwrap_or(0.0));
        let format = context.styles.of(Look::plain(show));
        match value {
            Some(value) => {
                let value = cell_value(series, *value);
                sheet.write_number_with_format(row, column, value, format)?;
            }
            None => {
                sheet.write_blank(row, column, format)?;
            }
        }
    }
    Ok(())
}

/// A number as the cells of 提出用 hold it.
fn cell_value(series: &Series, value: f64) -> f64 {
    match series.kind {
        // Four decimals of a percentage are more than any has.
        Kind::Percent => format!("{value:.4}e-2").parse().unwrap_or(value / 100.0),
        Kind::Seconds => value / 86_400.0,
        Kind::Count | Kind::Decimal => value,
    }
}

fn show(series: &Series, value: f64) -> Show {
    match series.kind {
        Kind::Count => Show::Count,
        Kind::Percent => Show::Percent(1),
        Kind::Decimal => Show::Decimal(1),
        Kind::Seconds => Show::seconds(value),
    }
}

/// How the numbers of an axis are written.
fn number_format(series: &Series) -> String {
    let largest = series.values.iter().flatten().copied().fold(0.0, f64::max);
    match series.kind {
        Kind::Percent => Show::Percent(0).number_format(),
        _ => show(series, largest).number_format(),
    }
}

fn column_width(series: &Series) -> f64 {
    let texts = series.texts.iter().map(|text| width(text)).max();
    (texts.unwrap_or(0) as f64 * DIGIT).max(10.0 * HALF)
}

fn widen(widths: &mut Vec<f64>, column: usize, points: f64) {
    if widths.len() <= column {
        widths.resize(column + 1, 0.0);
    }
    if let Some(width) = widths.get_mut(column) {
        *width = width.max(points);
    }
}
