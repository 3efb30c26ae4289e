//! Charts as SVG, for the page, the PDF and pictures. Colours stand in attributes, axes and letters take
//! the colour of the text around them, and series differ in more than their colour, so that a chart is
//! read in print and in forced colours as well.

mod canvas;
mod heat;

use self::canvas::{Anchor, Canvas, FIGURE, LETTERS, wide};
use crate::document::{Chart, ChartKind, Document};
use crate::forms::axis::Axis;
use crate::forms::plot::{Plot, Series, bar_color, line_color};

/// Dashes of lines.
const DASHES: [&str; 6] = ["", "6 3", "2 3", "10 4 2 4", "12 4", "4 4"];
const WIDE: f64 = 720.0;
const TALL: f64 = 240.0;
const LEGEND_LINE: f64 = 20.0;

/// A chart as an SVG image, with its title and what it shows for who cannot see it. None if the book does
/// not hold its numbers.
pub fn chart(document: &Document, chart: &Chart) -> Option<String> {
    let plot = Plot::of(document, chart)?;
    let title = format!("{} {}", chart.number, chart.title);
    let head = (chart.id.as_str(), title.as_str(), chart.alt.as_str());
    Some(match chart.kind {
        ChartKind::HeatMap => heat::draw(&plot, head),
        ChartKind::Bars | ChartKind::Lines => draw(&plot, head),
    })
}

/// Where the numbers stand in the picture.
struct Area {
    left: f64,
    top: f64,
    wide: f64,
    /// Of one label.
    step: f64,
}

impl Area {
    fn bottom(&self) -> f64 {
        self.top + TALL
    }

    fn center(&self, label: usize) -> f64 {
        self.left + self.step * (label as f64 + 0.5)
    }

    fn height(&self, axis: &Axis, value: f64) -> f64 {
        self.bottom() - axis.share(value) * TALL
    }
}

fn draw(plot: &Plot, head: (&str, &str, &str)) -> String {
    let left = Axis::of(plot, false);
    let right = (0..plot.series.len())
        .any(|at| plot.is_right(at))
        .then(|| Axis::of(plot, true));
    let legend = legend(plot);
    let lines = legend.last().map_or(0.0, |(_, y)| y + LEGEND_LINE);
    let left_edge = left.halves() as f64 * FIGURE + 12.0;
    let right_edge = right
        .as_ref()
        .map_or(8.0, |axis| axis.halves() as f64 * FIGURE + 12.0);
    let room = WIDE - left_edge - right_edge;
    let area = Area {
        left: left_edge,
        top: lines + 28.0,
        wide: room,
        step: room / plot.labels.len() as f64,
    };
    let longest = plot.labels.iter().map(|label| wide(label));
    let longest = longest.fold(0.0, f64::max);
    let is_turned = longest + 6.0 > area.step;
    let foot = if is_turned {
        longest * 0.71 + 14.0
    } else {
        20.0
    };
    let mut canvas = Canvas::new((WIDE, area.bottom() + foot + 4.0), head);
    draw_legend(&mut canvas, plot, &legend);
    draw_axis(&mut canvas, &area, &left, false);
    if let Some(right) = &right {
        draw_axis(&mut canvas, &area, right, true);
    }
    draw_labels(&mut canvas, plot, &area, is_turned);
    let axis_of = |at: usize| match &right {
        Some(right) if plot.is_right(at) => right,
        _ => &left,
    };
    let bars: Vec<_> = (0..plot.series.len())
        .filter(|&at| !plot.is_line(at))
        .collect();
    for (place, &at) in bars.iter().enumerate() {
        draw_bars(
            &mut canvas,
            plot,
            &area,
            (at, axis_of(at)),
            (place, bars.len()),
        );
    }
    for (at, series) in plot.series.iter().enumerate() {
        if plot.is_line(at) {
            draw_line(&mut canvas, series, &area, (at, axis_of(at)));
        }
    }
    canvas.close()
}

/// Where the name of each series stands: as many on a line as it holds.
fn legend(plot: &Plot) -> Vec<(f64, f64)> {
    let (mut x, mut y) = (8.0, 6.0);
    let mut places = Vec::new();
    for series in &plot.series {
        let room = wide(&series.name) + 44.0;
        if x > 8.0 && x + room > WIDE {
            (x, y) = (8.0, y + LEGEND_LINE);
        }
        places.push((x, y));
        x += room;
    }
    places
}

fn draw_legend(canvas: &mut Canvas, plot: &Plot, places: &[(f64, f64)]) {
    for (at, (series, &(x, y))) in plot.series.iter().zip(places).enumerate() {
        if plot.is_line(at) {
            let line = format!("M{x} {} h24", y + 7.0);
            canvas.path(&line, &css(line_color(at)), dash(at));
            canvas.mark(at, (x + 12.0, y + 7.0), &css(line_color(at)));
        } else {
            canvas.bar((x + 6.0, y), (14.0, 14.0), &css(bar_color(at)));
        }
        canvas.text((x + 28.0, y + 11.0), Anchor::Start, &series.name);
    }
}

fn draw_axis(canvas: &mut Canvas, area: &Area, axis: &Axis, is_right: bool) {
    let end = area.left + area.wide;
    for tick in axis.ticks() {
        let y = area.height(axis, tick);
        let text = axis.text(tick);
        if is_right {
            canvas.text((end + 6.0, y + 4.0), Anchor::Start, &text);
        } else {
            canvas.rule((area.left, y), (end, y));
            canvas.text((area.left - 6.0, y + 4.0), Anchor::End, &text);
        }
    }
    let unit = axis.unit();
    let top = area.top - 12.0;
    if is_right {
        canvas.text((WIDE - 4.0, top), Anchor::End, unit);
    } else {
        canvas.text((4.0, top), Anchor::Start, unit);
    }
}

fn draw_labels(canvas: &mut Canvas, plot: &Plot, area: &Area, is_turned: bool) {
    // Labels that would touch are left out, the first never.
    let each = ((LETTERS + 2.0) / area.step).ceil().max(1.0) as usize;
    let y = area.bottom() + 14.0;
    for (at, label) in plot.labels.iter().enumerate().step_by(each) {
        let place = (area.center(at), y);
        if is_turned {
            canvas.turned(place, label);
        } else {
            canvas.text(place, Anchor::Middle, label);
        }
    }
    let base = area.bottom();
    canvas.base((area.left, base), (area.left + area.wide, base));
}

fn draw_bars(
    canvas: &mut Canvas,
    plot: &Plot,
    area: &Area,
    (at, axis): (usize, &Axis),
    (place, bars): (usize, usize),
) {
    let Some(series) = plot.series.get(at) else {
        return;
    };
    let room = area.step * 0.8 / bars as f64;
    // Its number does not reach that of the bar beside it.
    let most = if bars == 1 { area.step } else { room } - 1.0;
    for (label, value) in series.values.iter().enumerate() {
        let Some(value) = *value else { continue };
        let x = area.center(label) - area.step * 0.4 + room * place as f64;
        let (y, zero) = (area.height(axis, value), area.height(axis, 0.0));
        let (top, tall) = (y.min(zero), (y - zero).abs());
        canvas.bar((x, top), (room, tall), &css(bar_color(at)));
        let text = series.texts.get(label).map_or("", String::as_str);
        if wide(text) <= most {
            canvas.text((x + room / 2.0, top - 3.0), Anchor::Middle, text);
        }
    }
}

fn draw_line(canvas: &mut Canvas, series: &Series, area: &Area, (at, axis): (usize, &Axis)) {
    let mut line = String::new();
    let mut is_drawn = false;
    for (label, value) in series.values.iter().enumerate() {
        let Some(value) = *value else {
            is_drawn = false;
            continue;
        };
        let (x, y) = (area.center(label), area.height(axis, value));
        let step = if is_drawn { 'L' } else { 'M' };
        line.push_str(&format!("{step}{x:.1} {y:.1} "));
        is_drawn = true;
        canvas.mark(at, (x, y), &css(line_color(at)));
    }
    canvas.path(line.trim_end(), &css(line_color(at)), dash(at));
}

fn css(color: u32) -> String {
    format!("#{color:06x}")
}

fn dash(at: usize) -> &'static str {
    DASHES.get(at % DASHES.len()).copied().unwrap_or("")
}

#[cfg(test)]
mod tests;
