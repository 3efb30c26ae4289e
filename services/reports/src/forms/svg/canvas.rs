//! Shapes and letters as SVG.

use std::fmt::Write as _;

use crate::forms::markup::escape;
use crate::forms::width::width;

/// The size of letters.
pub(super) const LETTERS: f64 = 11.0;
/// How wide half a kanji of that size is.
const HALF: f64 = 5.5;
/// How wide a figure of it is: those of BIZ UDPGothic are wider than half a kanji.
pub(super) const FIGURE: f64 = 8.5;
/// Letters that look alike everywhere: of Debian, of Windows, of the page.
const FONTS: &str = "BIZ UDPGothic, Noto Sans JP, sans-serif";

/// From where a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// How wide a text is, rather more than less.
pub(super) fn wide(text: &str) -> f64 {
    let figures = text.chars().filter(char::is_ascii_alphanumeric).count();
    let others: String = text
        .chars()
        .filter(|letter| !letter.is_ascii_alphanumeric())
        .collect();
    figures as f64 * FIGURE + width(&others) as f64 * HALF
}

/// A picture that is drawn.
pub(super) struct Canvas(String);

impl Canvas {
    /// A picture of a size, with the id of its chart, its title and what it shows.
    pub(super) fn new((wide, tall): (f64, f64), (id, title, shown): (&str, &str, &str)) -> Self {
        let (wide, tall) = (short(wide), short(tall));
        let (id, title, shown) = (escape(id), escape(title), escape(shown));
        Self(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"0 0 {wide} {tall}\" \
             width=\"{wide}\" height=\"{tall}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\" \
             font-family=\"{FONTS}\" font-size=\"{LETTERS}\">\
             <title id=\"{id}-title\">{title}</title><desc id=\"{id}-desc\">{shown}</desc>"
        ))
    }

    /// The whole picture.
    pub(super) fn close(mut self) -> String {
        self.0.push_str("</svg>");
        self.0
    }

    pub(super) fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, text: &str) {
        let place = format!("x=\"{}\" y=\"{}\"", short(x), short(y));
        self.letters(&place, anchor, "currentColor", text);
    }

    /// Letters on a dark fill.
    pub(super) fn white(&mut self, (x, y): (f64, f64), text: &str) {
        let place = format!("class=\"on-dark\" x=\"{}\" y=\"{}\"", short(x), short(y));
        self.letters(&place, Anchor::Middle, "#ffffff", text);
    }

    /// Black letters on a light fill, whatever the colours around.
    pub(super) fn black(&mut self, (x, y): (f64, f64), text: &str) {
        let place = format!("class=\"on-light\" x=\"{}\" y=\"{}\"", short(x), short(y));
        self.letters(&place, Anchor::Middle, "#000000", text);
    }

    /// A text that rises to its place.
    pub(super) fn turned(&mut self, (x, y): (f64, f64), text: &str) {
        let (x, y) = (short(x), short(y));
        let place = format!("transform=\"translate({x} {y}) rotate(-45)\"");
        self.letters(&place, Anchor::End, "currentColor", text);
    }

    pub(super) fn bar(&mut self, (x, y): (f64, f64), (wide, tall): (f64, f64), fill: &str) {
        self.rect("bar", (x, y), (wide, tall), fill);
    }

    /// A filled cell of 濃淡図.
    pub(super) fn heat(&mut self, (x, y): (f64, f64), (wide, tall): (f64, f64), fill: &str) {
        self.rect("heat", (x, y), (wide, tall), fill);
    }

    /// A thin line behind the numbers.
    pub(super) fn rule(&mut self, from: (f64, f64), to: (f64, f64)) {
        self.line(from, to, "stroke-opacity=\"0.25\"");
    }

    /// The line on which bars stand.
    pub(super) fn base(&mut self, from: (f64, f64), to: (f64, f64)) {
        self.line(from, to, "");
    }

    /// A line through points.
    pub(super) fn path(&mut self, path: &str, color: &str, dash: &str) {
        if path.is_empty() {
            return;
        }
        let dash = match dash {
            "" => String::new(),
            dash => format!(" stroke-dasharray=\"{dash}\""),
        };
        self.add(format_args!(
            "<path class=\"line\" d=\"{path}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\"{dash}/>"
        ));
    }

    /// The mark of a point, of another shape for each series.
    pub(super) fn mark(&mut self, series: usize, (x, y): (f64, f64), color: &str) {
        let (x, y) = (short(x), short(y));
        let shape = match series % 4 {
            0 => {
                self.add(format_args!(
                    "<circle class=\"mark\" cx=\"{x}\" cy=\"{y}\" r=\"3\" fill=\"{color}\"/>"
                ));
                return;
            }
            1 => "m-3 -3h6v6h-6z",
            2 => "m0 -4l4 7h-8z",
            _ => "m0 -4l4 4l-4 4l-4 -4z",
        };
        self.add(format_args!(
            "<path class=\"mark\" d=\"M{x} {y}{shape}\" fill=\"{color}\"/>"
        ));
    }

    fn rect(&mut self, class: &str, (x, y): (f64, f64), (wide, tall): (f64, f64), fill: &str) {
        let (x, y, wide, tall) = (short(x), short(y), short(wide), short(tall));
        // A bar of nothing is not drawn: readers of SVG complain of one.
        if wide == "0" || tall == "0" {
            return;
        }
        self.add(format_args!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{wide}\" height=\"{tall}\" \
             fill=\"{fill}\" stroke=\"currentColor\" stroke-width=\"0.5\"/>"
        ));
    }

    fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), how: &str) {
        let (x1, y1, x2, y2) = (short(x1), short(y1), short(x2), short(y2));
        self.add(format_args!(
            "<path d=\"M{x1} {y1} L{x2} {y2}\" fill=\"none\" stroke=\"currentColor\" {how}/>"
        ));
    }

    fn letters(&mut self, place: &str, anchor: Anchor, fill: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escape(text);
        self.add(format_args!(
            "<text {place} text-anchor=\"{anchor}\" fill=\"{fill}\">{text}</text>"
        ));
    }

    fn add(&mut self, shape: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.0.write_fmt(shape);
    }
}

/// With one decimal at most.
fn short(number: f64) -> String {
    let text = format!("{number:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}
