//! How wide text is, where it can be broken, and how a table's columns share the paper. Widths are counted
//! in em and rather too large than too small: a kanji is one em.

use unicode_normalization::char::is_combining_mark;

use crate::letters::is_invisible;
use crate::paper::Paper;

/// Sizes of a table's text in pt, the first is what one would like. The last is still above 70% of it.
const SIZES: [f64; 4] = [9.0, 8.0, 7.0, 6.5];
/// Those in which a wide table may stand upright.
const UPRIGHT_SIZES: [f64; 2] = [9.0, 8.0];
/// Between the text of a cell and its border on each side, in pt.
pub(crate) const CELL_MARGIN: f64 = 3.0;
/// No word is so long that its column must hold it in one line, in em: longer ones are broken anywhere.
const WORD_AT_MOST: f64 = 14.0;
/// The least of a column of sentences, in em.
const TEXT_AT_LEAST: f64 = 7.0;
/// A column's name is broken into so many lines at most, if it can be.
const HEAD_LINES: f64 = 4.0;
/// Parts of a name that are no longer are not broken, in em: 重大障害, システム.
const HEAD_PART: f64 = 4.5;
/// A column does not need more than this to be read well, in em.
const TEXT_AT_MOST: f64 = 40.0;
/// A table that needs less than the paper's width grows by this at most.
const GROWTH: f64 = 1.3;
/// What LibreOffice leaves between a kanji and a figure, in em, whatever the docx says.
const GAP: f64 = 0.25;
/// Borders and rounding, in pt.
const SPARE: f64 = 1.0;

/// How a table stands on paper.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fit {
    /// The paper that it needs.
    pub(crate) paper: Paper,
    /// The size of its text in pt.
    pub(crate) size: f64,
    /// The widths of its columns in pt.
    pub(crate) widths: Vec<f64>,
}

impl Fit {
    /// How many em of text a line of a column holds.
    pub(crate) fn room(&self, column: usize) -> f64 {
        let width = self.widths.get(column).copied().unwrap_or_default();
        (width - 2.0 * CELL_MARGIN - SPARE) / self.size
    }
}

/// What a column needs, in em.
#[derive(Debug, Clone, Copy, Default)]
struct Need {
    /// So that no word is broken.
    least: f64,
    /// So that no line is broken.
    most: f64,
    /// Its longest line, however long; names of columns may be broken.
    longest: f64,
}

/// The smallest paper and the largest text on which all columns have room. A wide table stands upright only if
/// no line of a cell is broken there, in letters that are hardly smaller.
pub(crate) fn fit(heads: &[String], rows: &[Vec<&str>], wide: bool) -> Fit {
    let needs = needs(heads, rows);
    if wide && let Some(upright) = unbroken(&needs) {
        return upright;
    }
    let papers = if wide {
        &[Paper::A4Wide, Paper::A3Wide][..]
    } else {
        &[Paper::A4, Paper::A4Wide, Paper::A3Wide]
    };
    let choices = papers
        .iter()
        .flat_map(|paper| SIZES.map(|size| (*paper, size)));
    let found = choices
        .map(|(paper, size)| (paper, size, share(&needs, size, paper.text_width())))
        .find_map(|(paper, size, widths)| Some((paper, size, widths?)));
    let (paper, size, widths) = found.unwrap_or_else(|| {
        let (paper, size) = (Paper::A3Wide, 6.5);
        (paper, size, squeeze(&needs, size, paper.text_width()))
    });
    Fit {
        paper,
        size,
        widths,
    }
}

/// Upright with every line of every cell whole, if that can be.
fn unbroken(needs: &[Need]) -> Option<Fit> {
    let whole: Vec<Need> = needs
        .iter()
        .map(|need| Need {
            least: need.least.max(need.longest),
            most: need.most.max(need.longest),
            ..*need
        })
        .collect();
    let paper = Paper::A4;
    UPRIGHT_SIZES.into_iter().find_map(|size| {
        let widths = share(&whole, size, paper.text_width())?;
        Some(Fit {
            paper,
            size,
            widths,
        })
    })
}

fn needs(heads: &[String], rows: &[Vec<&str>]) -> Vec<Need> {
    let mut needs: Vec<Need> = heads.iter().map(|head| of_head(head)).collect();
    for row in rows {
        for (need, text) in needs.iter_mut().zip(row) {
            let most = text.lines().map(width).fold(0.0, f64::max);
            let word = text.lines().flat_map(words).map(width).fold(0.0, f64::max);
            let sentence = most.min(TEXT_AT_LEAST);
            need.least = need.least.max(word.min(WORD_AT_MOST)).max(sentence);
            need.most = need.most.max(most.min(TEXT_AT_MOST));
            need.longest = need.longest.max(most);
        }
    }
    for need in &mut needs {
        need.most = need.most.max(need.least);
    }
    needs
}

fn of_head(head: &str) -> Need {
    let word = words(head).map(width).fold(0.0, f64::max);
    let parts = head.split(is_between_parts).map(width);
    let part = parts.filter(|part| *part <= HEAD_PART);
    Need {
        least: (width(head) / HEAD_LINES)
            .max(word.min(WORD_AT_MOST))
            .max(part.fold(2.0, f64::max)),
        most: width(head).min(TEXT_AT_LEAST),
        longest: 0.0,
    }
}

/// Where the name of a column may be broken best: 間接 重大障害（件）.
fn is_between_parts(letter: char) -> bool {
    matches!(letter, ' ' | '\u{3000}' | '（' | '）')
}

/// The name of a column, broken at its blanks if it does not fit into a line of `room` em.
pub(crate) fn head_lines(head: &str, room: f64) -> String {
    if width(head) <= room {
        head.to_owned()
    } else {
        head.replace(' ', "\n")
    }
}

/// The widths in pt, if every column gets what it needs at least.
fn share(needs: &[Need], size: f64, room: f64) -> Option<Vec<f64>> {
    let margin = 2.0 * CELL_MARGIN + SPARE;
    let least: f64 = needs.iter().map(|need| need.least * size + margin).sum();
    let most: f64 = needs.iter().map(|need| need.most * size + margin).sum();
    if least > room {
        return None;
    }
    if most <= room {
        let growth = (room / most).min(GROWTH);
        return Some(
            needs
                .iter()
                .map(|need| (need.most * size + margin) * growth)
                .collect(),
        );
    }
    let part = (room - least) / (most - least);
    let widths = needs
        .iter()
        .map(|need| (need.least + (need.most - need.least) * part) * size + margin);
    Some(widths.collect())
}

/// The widths in pt in proportion to what is needed, when there is too little for all.
fn squeeze(needs: &[Need], size: f64, room: f64) -> Vec<f64> {
    let margin = 2.0 * CELL_MARGIN + SPARE;
    let least: f64 = needs.iter().map(|need| need.least * size + margin).sum();
    let widths = needs.iter().map(|need| need.least * size + margin);
    widths.map(|width| width * room / least).collect()
}

/// The width of a line, in em.
pub(crate) fn width(text: &str) -> f64 {
    let mut total = 0.0;
    let mut before = None;
    for letter in text.chars() {
        let meets = |before: char| is_wide(before) != is_wide(letter);
        let figures =
            |before: char| before.is_ascii_alphanumeric() || letter.is_ascii_alphanumeric();
        if before.is_some_and(|before| meets(before) && figures(before)) {
            total += GAP;
        }
        total += letter_width(letter);
        before = Some(letter);
    }
    total
}

fn letter_width(letter: char) -> f64 {
    match letter {
        _ if is_invisible(letter) || is_combining_mark(letter) => 0.0,
        'M' | 'W' | 'm' | 'w' | '@' | '%' => 1.1,
        'A'..='Z' | '&' => 0.9,
        ' ' | 'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' => 0.45,
        // Figures of BIZ UDPGothic are 0.76.
        ' '..='~' => 0.77,
        '\u{ff61}'..='\u{ff9f}' => 0.6,
        '\u{a0}'..='\u{24f}' => 0.8,
        _ => 1.0,
    }
}

/// The parts of a line between which it can be broken.
pub(crate) fn words(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = line;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut letters = rest.char_indices().peekable();
        let mut end = rest.len();
        while let Some((_, letter)) = letters.next() {
            if let Some((at, next)) = letters.peek()
                && can_break(letter, *next)
            {
                end = *at;
                break;
            }
        }
        let (word, behind) = rest.split_at(end);
        rest = behind;
        Some(word)
    })
}

/// A line can be broken between two letters: at blanks, and beside what is written without blanks unless
/// 禁則 forbids it.
fn can_break(before: char, after: char) -> bool {
    if before == ' ' || before == '\u{3000}' {
        return after != ' ' && after != '\u{3000}';
    }
    if is_within_date(before, after) {
        return false;
    }
    let either = is_wide(before) || is_wide(after);
    either && !forbidden_at_start(after) && !forbidden_at_end(before)
}

/// Dates and times are read as one word: 令和6年12月31日, 令和元年5月1日.
fn is_within_date(before: char, after: char) -> bool {
    const ERAS: [(char, char); 4] = [('令', '和'), ('平', '成'), ('昭', '和'), ('元', '年')];
    let is_unit = |letter: char| "年月日時分秒".contains(letter);
    let is_year = after.is_ascii_digit() || after == '元';
    ERAS.contains(&(before, after))
        || ("和成".contains(before) && is_year)
        || (before.is_ascii_digit() && is_unit(after))
        || (is_unit(before) && after.is_ascii_digit())
}

fn is_wide(letter: char) -> bool {
    matches!(
        u32::from(letter),
        0x2e80..=0x303f | 0x3041..=0x33ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff
            | 0xff01..=0xff60 | 0x20000..=0x3ffff
    )
}

fn forbidden_at_start(letter: char) -> bool {
    "、。，．・：；？！ー―…‥゛゜ヽヾゝゞ々〻」』）］｝〉》】〕〟’”％℃°′″ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ,.:;?!)]}%〜～ 　"
        .contains(letter)
        || is_combining_mark(letter)
        || is_invisible(letter)
}

fn forbidden_at_end(letter: char) -> bool {
    "「『（［｛〈《【〔〝‘“￥＄£([{¥$".contains(letter)
}

/// The lines of a text, each as pieces: a line may be broken behind any piece. Only a word that does not fit
/// into `room` em is cut into pieces.
pub(crate) fn pieces(text: &str, room: f64) -> Vec<Vec<String>> {
    text.split('\n').map(|line| of_line(line, room)).collect()
}

fn of_line(line: &str, room: f64) -> Vec<String> {
    if !words(line).any(|word| width(word) > room) {
        return vec![line.to_owned()];
    }
    let mut pieces = vec![String::new()];
    for word in words(line) {
        if width(word) <= room {
            if let Some(last) = pieces.last_mut() {
                last.push_str(word);
            }
            continue;
        }
        for letter in word.chars() {
            let joined = width(letter.encode_utf8(&mut [0; 4])) == 0.0;
            match pieces.last_mut() {
                Some(last) if joined => last.push(letter),
                _ => pieces.push(letter.to_string()),
            }
        }
        pieces.push(String::new());
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(fit: &Fit) -> f64 {
        fit.widths.iter().sum()
    }

    #[test]
    fn no_table_is_wider_than_its_paper() {
        let kanji = "漢".repeat(40);
        for columns in [1, 2, 5, 12, 16, 30, 60] {
            let heads = vec![kanji.clone(); columns];
            let row = vec!["9,999,999"; columns];
            let fit = fit(&heads, &[row], false);
            assert!(total(&fit) <= fit.paper.text_width() + 0.01, "{fit:?}");
            assert_eq!(fit.widths.len(), columns);
        }
    }

    #[test]
    fn numbers_and_dates_are_not_broken_where_there_is_paper() {
        let heads: Vec<String> = ["件数（件）", "日時", "要旨"].map(str::to_owned).into();
        let long = "長い文章です。".repeat(60);
        let row = vec!["9,999,999", "令和6年12月31日 23時59分", long.as_str()];
        let fit = fit(&heads, &[row], false);
        assert_eq!(fit.paper, Paper::A4);
        assert!(fit.room(0) >= width("9,999,999"));
        assert!(
            fit.room(1)
                >= words("令和6年12月31日 23時59分")
                    .map(width)
                    .fold(0.0, f64::max)
        );
    }

    #[test]
    fn a_date_is_never_broken_and_its_time_stands_below_it_where_both_do_not_fit() {
        let of = |text| words(text).collect::<Vec<_>>();
        assert_eq!(
            of("令和6年12月31日 23:59:59"),
            ["令和6年12月31日 ", "23:59:59"]
        );
        assert_eq!(of("令和元年5月1日まで"), ["令和元年5月1日", "ま", "で"]);
        let heads: Vec<String> = vec!["受付日時".to_owned(); 12];
        let row = vec!["令和6年12月31日 23:59:59"; 12];
        let fit = fit(&heads, &[row], true);
        for column in 0..12 {
            assert!(fit.room(column) >= width("令和6年12月31日"), "{fit:?}");
        }
    }

    #[test]
    fn short_parts_of_the_names_of_columns_are_not_broken() {
        let heads: Vec<String> = ["システム", "間接 重大障害（件）", "要旨"]
            .map(str::to_owned)
            .into();
        let long = "長い文である。".repeat(200);
        let fit = fit(&heads, &[vec!["間接", "0", long.as_str()]], true);
        assert!(
            fit.room(0) >= width("システム") && fit.room(1) >= width("重大障害"),
            "{fit:?}"
        );
        assert_eq!(
            head_lines("間接 重大障害（件）", 4.0),
            "間接\n重大障害（件）"
        );
        assert_eq!(
            head_lines("間接 重大障害（件）", 12.0),
            "間接 重大障害（件）"
        );
    }

    #[test]
    fn a_table_of_sixteen_columns_lies_on_one_page_at_seven_tenths_or_more() {
        let heads = vec!["インシデント件数（件）".to_owned(); 16];
        let rows = vec![vec!["9,999,999"; 16]; 12];
        let fit = fit(&heads, &rows, true);
        assert!(fit.size / SIZES[0] >= 0.7);
        assert!(total(&fit) <= fit.paper.text_width() + 0.01);
    }

    #[test]
    fn a_wide_table_stands_upright_only_where_no_line_is_broken() {
        let heads: Vec<String> = [
            "日付",
            "受付時間",
            "着信（件）",
            "平均待ち時間（分:秒）",
            "備考",
        ]
        .map(str::to_owned)
        .into();
        let row = |note| vec!["令和6年12月31日", "8:00～17:30", "9,999", "59:59", note];
        let short = fit(&heads, &[row("第2土曜日")], true);
        assert_eq!(short.paper, Paper::A4);
        assert!(short.size >= 8.0);
        for (at, text) in row("第2土曜日").iter().enumerate() {
            assert!(short.room(at) >= width(text), "{text}");
        }
        let long = "長い文である。".repeat(20);
        assert_eq!(fit(&heads, &[row(&long)], true).paper, Paper::A4Wide);
        assert_eq!(fit(&heads, &[row(&long)], false).paper, Paper::A4);
        let none: &[Vec<&str>] = &[];
        assert_eq!(
            fit(&heads, none, true).paper,
            Paper::A4,
            "a table of nothing"
        );
    }

    #[test]
    fn only_words_that_do_not_fit_are_cut() {
        assert_eq!(pieces("短い文", 5.0), [["短い文"]]);
        let cut = pieces("見よ https://example.jp/aaaaaaaaaaaaaaaaaaaa 。", 5.0);
        assert!(cut[0].len() > 20);
        assert_eq!(
            cut[0].concat(),
            "見よ https://example.jp/aaaaaaaaaaaaaaaaaaaa 。"
        );
        assert_eq!(pieces("一\n二", 5.0), [["一"], ["二"]]);
        assert_eq!(pieces("", 5.0).len(), 1);
    }

    #[test]
    fn words_keep_kinsoku_and_marks_together() {
        let of = |text| words(text).collect::<Vec<_>>();
        assert_eq!(of("約1,234件、"), ["約", "1,234", "件、"]);
        assert_eq!(of("「か\u{3099}」"), ["「か\u{3099}」"]);
        assert_eq!(of("ab cd"), ["ab ", "cd"]);
    }
}
