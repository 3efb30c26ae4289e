//! 濃淡図: a cell for each number, with the number in it.

use super::canvas::{Anchor, Canvas, wide};
use crate::forms::plot::{Plot, shade};

const ROW: f64 = 22.0;
const HEAD: f64 = 28.0;

/// Draws it.
pub(super) fn draw(plot: &Plot, head: (&str, &str, &str)) -> String {
    let widest =
        |texts: &mut dyn Iterator<Item = &String>| texts.map(|text| wide(text)).fold(0.0, f64::max);
    let left = widest(&mut plot.labels.iter()) + 16.0;
    let names = widest(&mut plot.series.iter().map(|series| &series.name));
    let column = (names + 12.0).max(56.0);
    let size = (
        left + column * plot.series.len() as f64 + 4.0,
        HEAD + ROW * plot.labels.len() as f64 + 4.0,
    );
    let mut canvas = Canvas::new(size, head);
    for (row, label) in plot.labels.iter().enumerate() {
        let y = HEAD + ROW * row as f64 + 15.0;
        canvas.text((left - 8.0, y), Anchor::End, label);
    }
    let largest = plot.largest();
    for (at, series) in plot.series.iter().enumerate() {
        let x = left + column * at as f64;
        let middle = x + column / 2.0;
        canvas.text((middle, HEAD - 10.0), Anchor::Middle, &series.name);
        for (row, (value, text)) in series.values.iter().zip(&series.texts).enumerate() {
            let y = HEAD + ROW * row as f64;
            let place = (middle, y + 15.0);
            let Some(value) = *value else {
                canvas.heat((x, y), (column, ROW), "none");
                canvas.text(place, Anchor::Middle, text);
                continue;
            };
            let (fill, is_dark) = shade(value, largest);
            canvas.heat((x, y), (column, ROW), &format!("#{fill:06x}"));
            if is_dark {
                canvas.white(place, text);
            } else {
                canvas.black(place, text);
            }
        }
    }
    canvas.close()
}
