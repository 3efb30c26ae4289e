//! PDF with text: letters become lines by where they stand, lines become headings and paragraphs. A heading is known
//! by its number (第1章, 第2節, 1.2) or by its size; what stands on most pages in the same words is left out.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use hayro_interpret::font::Glyph;
use hayro_interpret::hayro_cmap::BfString;
use hayro_interpret::hayro_syntax::Pdf;
use hayro_interpret::{
    BlendMode, ClipPath, Context, Device, GlyphDrawMode, Image, InterpreterCache,
    InterpreterSettings, Paint, PathDrawMode, SoftMask, interpret_page,
};
use kurbo::{Affine, BezPath, Point, Rect};

use super::headings::{is_short, numbered};
use super::pieces::{ManualError, Piece, Pieces, one_line, plain};

/// Pages that are read.
const PAGES: usize = 3_000;
/// Letters of one page.
const LETTERS: usize = 50_000;
/// Letters of all pages.
const ALL_LETTERS: usize = 5_000_000;
/// A heading that has no number is so much larger than most of the text.
const LARGER: f64 = 1.15;
/// Lines further apart than so many times their size are of two paragraphs.
const APART: f64 = 2.1;
/// Letters further apart than their width and so much of their size have a blank between them.
const BLANK: f64 = 0.4;
/// How wide letters are, at least about: of their size, those of ASCII and others.
const WIDTHS: (f64, f64) = (0.6, 1.0);
/// Headers and footers are no more lines than these.
const EDGE: usize = 2;

pub(super) fn read(file: &[u8]) -> Result<Pieces, ManualError> {
    let pdf = Pdf::new(file.to_vec()).map_err(|_| ManualError::Broken)?;
    if pdf.pages().len() > PAGES {
        return Err(ManualError::TooLarge);
    }
    let cache = InterpreterCache::new();
    let mut lines: Vec<Line> = Vec::new();
    let mut letters = 0;
    for (number, page) in (1..).zip(pdf.pages().iter()) {
        // Where things are painted does not matter.
        let mut context = Context::new(
            Affine::IDENTITY,
            Rect::new(0.0, 0.0, 1.0, 1.0),
            &cache,
            pdf.xref(),
            InterpreterSettings {
                render_annotations: false,
                ..InterpreterSettings::default()
            },
        );
        let mut reader = PageReader::default();
        interpret_page(page, &mut context, &mut reader);
        letters += reader.letters.len();
        if letters > ALL_LETTERS {
            return Err(ManualError::TooLarge);
        }
        lines.extend(reader.lines(number));
    }
    Ok(pieces(without_repeated(lines)))
}

/// A line of a page.
#[derive(Debug, Clone)]
struct Line {
    page: u32,
    text: String,
    /// How large its letters are.
    size: f64,
    /// How far it is from the bottom.
    height: f64,
}

#[derive(Default)]
struct PageReader {
    letters: Vec<Letter>,
}

struct Letter {
    text: String,
    at: Point,
    size: f64,
}

impl Letter {
    fn is_placed(&self) -> bool {
        self.at.x.is_finite() && self.at.y.is_finite() && self.size.is_finite()
    }

    /// Where it ends, about.
    fn end(&self) -> f64 {
        let width = if self.text.is_ascii() {
            WIDTHS.0
        } else {
            WIDTHS.1
        };
        self.at.x + self.size * width
    }

    /// What is to look bold is drawn twice.
    fn is_again(&self, other: &Self) -> bool {
        self.text == other.text && self.at.distance(other.at) < self.size * 0.1
    }
}

impl PageReader {
    /// The letters in lines from the top, each from the left.
    fn lines(mut self, page: u32) -> Vec<Line> {
        self.letters
            .sort_by(|one, other| other.at.y.total_cmp(&one.at.y));
        let mut lines: Vec<Vec<Letter>> = Vec::new();
        for letter in self.letters {
            match lines.last_mut() {
                Some(line)
                    if line.first().is_some_and(|first| {
                        first.at.y - letter.at.y < first.size.max(letter.size) * 0.5
                    }) =>
                {
                    line.push(letter);
                }
                _ => lines.push(vec![letter]),
            }
        }
        let line = |mut letters: Vec<Letter>| {
            letters.sort_by(|one, other| one.at.x.total_cmp(&other.at.x));
            let size = letters.iter().fold(0.0_f64, |most, one| most.max(one.size));
            let height = letters.first().map_or(0.0, |one| one.at.y);
            let mut text = String::new();
            let mut before: Option<f64> = None;
            for letter in letters {
                if before.is_some_and(|end| letter.at.x - end > size * BLANK) {
                    text.push(' ');
                }
                before = Some(letter.end());
                text.push_str(&letter.text);
            }
            Line {
                page,
                text: one_line(&text),
                size,
                height,
            }
        };
        let lines = lines.into_iter().map(line);
        lines.filter(|line| !line.text.is_empty()).collect()
    }
}

impl Device<'_> for PageReader {
    fn draw_glyph(
        &mut self,
        glyph: &Glyph<'_>,
        transform: Affine,
        glyph_transform: Affine,
        _: &Paint<'_>,
        _: &GlyphDrawMode,
    ) {
        let Some(text) = glyph.as_unicode() else {
            return;
        };
        if self.letters.len() >= LETTERS {
            return;
        }
        let all = transform * glyph_transform;
        let at = all * Point::ORIGIN;
        // A glyph is drawn in thousandths of its size.
        let size = (all * Point::new(0.0, 1_000.0)).distance(at);
        let text = match text {
            BfString::Char(letter) => letter.to_string(),
            BfString::String(text) => text,
        };
        let letter = Letter { text, at, size };
        if letter.is_placed()
            && !self
                .letters
                .last()
                .is_some_and(|last| last.is_again(&letter))
        {
            self.letters.push(letter);
        }
    }

    fn set_soft_mask(&mut self, _: Option<SoftMask<'_>>) {}
    fn set_blend_mode(&mut self, _: BlendMode) {}
    fn draw_path(&mut self, _: &BezPath, _: Affine, _: &Paint<'_>, _: &PathDrawMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'_>>, _: BlendMode) {}
    fn draw_image(&mut self, _: Image<'_, '_>, _: Affine) {}
    fn pop_clip_path(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}

/// Without numbers of pages and what stands above or below most pages, and without tables of contents.
fn without_repeated(lines: Vec<Line>) -> Vec<Line> {
    let mut pages: Vec<Vec<Line>> = Vec::new();
    for line in lines {
        match pages.last_mut() {
            Some(page) if page.first().is_some_and(|one| one.page == line.page) => page.push(line),
            _ => pages.push(vec![line]),
        }
    }
    let mut times: HashMap<String, usize> = HashMap::new();
    for page in &pages {
        let at_edges = page.iter().enumerate().filter(|(at, _)| is_edge(*at, page));
        let texts: BTreeSet<&String> = at_edges.map(|(_, line)| &line.text).collect();
        for text in texts {
            *times.entry(text.clone()).or_default() += 1;
        }
    }
    let most = pages.len() / 2;
    let is_repeated = |text: &str| pages.len() >= 3 && times.get(text).is_some_and(|n| *n > most);
    let kept = pages.iter().flat_map(|page| {
        let lines = page.iter().enumerate();
        lines.filter(|(at, line)| {
            let is_around = is_repeated(&line.text) || is_page_number(&line.text);
            let is_left_out = is_edge(*at, page) && is_around;
            !(is_contents(&line.text) || is_left_out)
        })
    });
    kept.map(|(_, line)| line.clone()).collect()
}

/// Whether a line is one of the first or last of its page, where headers and footers stand.
fn is_edge(at: usize, page: &[Line]) -> bool {
    at < EDGE || at + EDGE >= page.len()
}

fn is_page_number(text: &str) -> bool {
    text.chars()
        .all(|one| one.is_ascii_digit() || "-–/ ページ".contains(one))
}

fn is_contents(text: &str) -> bool {
    ["……", "....", "・・・・"]
        .iter()
        .any(|dots| text.contains(dots))
}

fn pieces(lines: Vec<Line>) -> Pieces {
    let usual = usual_size(&lines);
    let mut sizes: Vec<u32> = lines
        .iter()
        .filter(|line| is_large(line, usual))
        .map(|line| line.size.round() as u32)
        .collect();
    sizes.sort_unstable_by(|one, other| other.cmp(one));
    sizes.dedup();
    let level = |line: &Line| {
        let large = || {
            let at = sizes
                .iter()
                .position(|size| *size == line.size.round() as u32)?;
            (is_large(line, usual) && is_short(&line.text))
                .then(|| u8::try_from(at + 1).unwrap_or(u8::MAX))
        };
        numbered(&line.text).or_else(large)
    };
    let mut pieces = Pieces::new();
    let mut before: Option<(Line, String)> = None;
    for line in lines {
        if let Some(level) = level(&line) {
            pieces.extend(before.take().map(paragraph));
            pieces.push((Piece::Heading(level, line.text), Some(line.page)));
            continue;
        }
        match &mut before {
            Some((last, text)) if goes_on(last, &line) => {
                if ends_in_latin(text) && begins_in_latin(&line.text) {
                    text.push(' ');
                }
                text.push_str(&line.text);
                *last = Line {
                    page: last.page,
                    ..line
                };
            }
            _ => {
                pieces.extend(before.take().map(paragraph));
                let text = line.text.clone();
                before = Some((line, text));
            }
        }
    }
    pieces.extend(before.map(paragraph));
    pieces
}

fn paragraph((line, text): (Line, String)) -> (Piece, Option<u32>) {
    let bullets = ['・', '●', '•', '○', '■', '◆'];
    let text = match text.strip_prefix(bullets) {
        Some(item) => format!("- {}", plain(item.trim_start())),
        None => plain(&text),
    };
    (Piece::Text(text), Some(line.page))
}

/// The size of most letters.
fn usual_size(lines: &[Line]) -> f64 {
    let mut letters: BTreeMap<u32, usize> = BTreeMap::new();
    for line in lines {
        *letters.entry((line.size * 2.0).round() as u32).or_default() += line.text.chars().count();
    }
    let most = letters.into_iter().max_by_key(|(_, letters)| *letters);
    most.map_or(0.0, |(size, _)| f64::from(size) / 2.0)
}

fn is_large(line: &Line, usual: f64) -> bool {
    line.size >= usual * LARGER
}

fn goes_on(before: &Line, line: &Line) -> bool {
    let starts = [
        '・', '●', '•', '○', '■', '◆', '(', '（', '①', '②', '③', '④', '⑤', '⑥', '⑦', '⑧', '⑨',
    ];
    let near = before.page != line.page
        || before.height - line.height < before.size.max(line.size) * APART;
    near && !before.text.ends_with(['。', ':', '：'])
        && !line.text.starts_with(starts)
        && !is_step(&line.text)
}

/// 1. or 2), as items begin; not 1.5.
fn is_step(text: &str) -> bool {
    let rest = text.trim_start_matches(|one: char| one.is_ascii_digit());
    let mark = rest.strip_prefix(['.', '．', ')', '）']);
    rest.len() < text.len()
        && mark.is_some_and(|after| !after.starts_with(|one: char| one.is_ascii_digit()))
}

fn ends_in_latin(text: &str) -> bool {
    text.chars()
        .next_back()
        .is_some_and(|one| one.is_ascii_alphanumeric() || one == ',')
}

fn begins_in_latin(text: &str) -> bool {
    text.chars()
        .next()
        .is_some_and(|one| one.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(page: u32, text: &str, size: f64, height: f64) -> Line {
        Line {
            page,
            text: text.to_owned(),
            size,
            height,
        }
    }

    #[test]
    fn lines_become_headings_and_paragraphs() {
        let lines = vec![
            line(1, "第1章 予約", 16.0, 700.0),
            line(1, "申込みは、使う日の3か月前から", 10.0, 680.0),
            line(1, "できます。", 10.0, 666.0),
            line(1, "・備品は台数を書きます", 10.0, 652.0),
            line(1, "1. 鍵を借りる", 10.0, 638.0),
            line(1, "2. 鍵を返す", 10.0, 624.0),
            line(1, "ご案内", 14.0, 600.0),
            line(2, "夜間は裏口へ", 10.0, 700.0),
        ];
        let found = pieces(lines);
        let text = |text: &str, page| (Piece::Text(text.to_owned()), Some(page));
        assert_eq!(
            found,
            [
                (Piece::Heading(1, "第1章 予約".to_owned()), Some(1)),
                text("申込みは、使う日の3か月前からできます。", 1),
                text("- 備品は台数を書きます", 1),
                text(r"1\. 鍵を借りる", 1),
                text(r"2\. 鍵を返す", 1),
                (Piece::Heading(2, "ご案内".to_owned()), Some(1)),
                text("夜間は裏口へ", 2),
            ]
        );
    }

    #[test]
    fn what_a_text_says_again_and_again_stays() {
        let mut lines = Vec::new();
        for page in 1..=3 {
            for row in 0..9 {
                let text = if row % 2 == 0 {
                    "申請書に書きます。"
                } else {
                    "300"
                };
                lines.push(line(page, text, 10.0, 700.0 - f64::from(row) * 14.0));
            }
        }
        let kept = without_repeated(lines);
        let on_first = kept.iter().filter(|line| line.page == 1);
        assert_eq!(on_first.count(), 9 - 2 * EDGE);
    }

    #[test]
    fn what_stands_on_every_page_is_left_out() {
        let mut lines = Vec::new();
        for page in 1..=4 {
            lines.push(line(page, "施設予約の手引き", 8.0, 800.0));
            lines.push(line(page, &format!("本文{page}"), 10.0, 700.0));
            lines.push(line(page, &format!("- {page} -"), 8.0, 20.0));
        }
        let texts: Vec<String> = without_repeated(lines)
            .into_iter()
            .map(|line| line.text)
            .collect();
        assert_eq!(texts, ["本文1", "本文2", "本文3", "本文4"]);
    }
}
