//! Long answers in passages: what stands under one heading, some paragraphs, the rows of a table, the
//! steps of a list.

use std::borrow::Cow;
use std::ops::Range;

/// An answer of no more letters is one passage.
const WHOLE: usize = 320;
/// A passage has no more letters, unless a single sentence has.
const MOST: usize = 280;
/// So many letters are enough to end a passage where a paragraph ends.
const ENOUGH: usize = 160;
/// Fewer letters at the end belong to the passage before.
const LEAST: usize = 60;
/// A longer line is no heading (letters).
const HEADING: usize = 32;

/// A part of an answer that is looked for by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Passage {
    /// Where it stands in the answer, its heading left out unless it begins with it.
    pub(crate) range: Range<usize>,
    /// Where the heading stands under which it comes; empty if there is none, or it begins with it.
    pub(crate) heading: Range<usize>,
}

impl Passage {
    /// All of an answer.
    pub(crate) fn whole(answer: &str) -> Self {
        Self {
            range: 0..answer.len(),
            heading: 0..0,
        }
    }

    pub(crate) fn of<'a>(&self, answer: &'a str) -> &'a str {
        answer.get(self.range.clone()).unwrap_or_default()
    }

    /// The passage, under its heading.
    pub(crate) fn with_heading<'a>(&self, answer: &'a str) -> Cow<'a, str> {
        match answer.get(self.heading.clone()).unwrap_or_default() {
            "" => Cow::Borrowed(self.of(answer)),
            heading => Cow::Owned(format!("{heading}{}", self.of(answer))),
        }
    }
}

/// A line, or a sentence of a long one.
struct Unit {
    range: Range<usize>,
    letters: usize,
    /// A paragraph begins with it.
    begins: bool,
    heading: bool,
}

/// The passages of an answer, in order; together they are all of it.
pub(crate) fn passages(answer: &str) -> Vec<Passage> {
    let whole = Passage::whole(answer);
    if answer.chars().take(WHOLE + 1).count() <= WHOLE {
        return vec![whole];
    }
    let mut passages: Vec<Passage> = Vec::new();
    let mut heading = 0..0;
    let mut letters = 0;
    let mut only_headings = true;
    for unit in units(answer) {
        let full = letters + unit.letters > MOST || (unit.begins && letters >= ENOUGH);
        let splits = letters > 0 && !only_headings && (full || unit.heading);
        match passages.last_mut() {
            Some(last) if !splits => last.range.end = unit.range.end,
            _ => {
                passages.push(Passage {
                    range: unit.range.clone(),
                    heading: if unit.heading { 0..0 } else { heading.clone() },
                });
                (letters, only_headings) = (0, true);
            }
        }
        letters += unit.letters;
        only_headings &= unit.heading;
        if unit.heading {
            heading = unit.range;
        }
    }
    let last = passages.last().map(|last| last.range.clone());
    if let Some(range) = last
        && passages.len() > 1
        && answer
            .get(range.clone())
            .unwrap_or_default()
            .chars()
            .count()
            < LEAST
    {
        passages.pop();
        if let Some(before) = passages.last_mut() {
            before.range.end = range.end;
        }
    }
    match passages.first_mut() {
        Some(first) => first.range.start = 0,
        None => passages.push(whole),
    }
    passages
}

fn units(answer: &str) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut begin = 0;
    let mut after_blank = true;
    for line in answer.split_inclusive('\n') {
        let range = begin..begin + line.len();
        begin = range.end;
        let letters = line.trim().chars().count();
        if letters == 0 {
            after_blank = true;
            if let Some(Unit { range: last, .. }) = units.last_mut() {
                last.end = range.end;
            }
            continue;
        }
        let heading = is_heading(line.trim(), after_blank);
        if letters <= MOST {
            units.push(Unit {
                range,
                letters,
                begins: after_blank,
                heading,
            });
        } else {
            split_line(line, range.start, after_blank, &mut units);
        }
        after_blank = false;
    }
    units
}

/// A long line, by its sentences.
fn split_line(line: &str, begin: usize, begins: bool, units: &mut Vec<Unit>) {
    let mut at = begin;
    for (n, sentence) in line.split_inclusive('。').enumerate() {
        let range = at..at + sentence.len();
        at = range.end;
        units.push(Unit {
            range,
            letters: sentence.trim().chars().count(),
            begins: begins && n == 0,
            heading: false,
        });
    }
}

/// Whether a line is a heading: it says so, or is short, stands after a blank line and is no sentence.
fn is_heading(line: &str, after_blank: bool) -> bool {
    if line.chars().nth(HEADING).is_some() {
        return false;
    }
    let numbered = {
        let rest = line.trim_start_matches(|letter: char| letter.is_numeric());
        let parted = rest.strip_prefix(['.', '．']);
        rest.len() < line.len() && parted.is_some_and(|rest| rest.starts_with(char::is_numeric))
    };
    let chapter = line.strip_prefix('第').is_some_and(|rest| {
        let rest = rest.trim_start_matches(|letter: char| {
            letter.is_numeric() || "一二三四五六七八九十百".contains(letter)
        });
        rest.starts_with(['章', '節', '条', '編', '部'])
    });
    let marked = line.starts_with(['#', '■', '◆', '●', '【', '◇', '□']);
    let sentence = line.ends_with(['。', '、', ':', '：', '!', '！', '?', '？', '」', ')', '）']);
    let item = line.starts_with(['-', '・', '*', '|', '○', '※']);
    numbered || chapter || marked || (after_blank && !sentence && !item && !line.contains(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(answer: &str) -> Vec<&str> {
        let passages = passages(answer);
        passages
            .iter()
            .map(|one| answer.get(one.range.clone()).unwrap())
            .collect()
    }

    #[test]
    fn a_short_answer_is_one_passage() {
        for text in ["", "短い答えです。", "一行目。\n\n二行目。"] {
            assert_eq!(texts(text), [text]);
        }
    }

    #[test]
    fn passages_together_are_the_whole_answer() {
        let sentence = "この文は、だいたい二十文字くらいです。";
        for parts in [
            vec![sentence.repeat(40)],
            vec!["見出し".to_owned(), sentence.repeat(9), "- 一つ".repeat(90)],
            vec!["\n".repeat(400)],
            vec!["あ".repeat(2_000), String::new(), "い".to_owned()],
        ] {
            let text = parts.join("\n\n");
            assert_eq!(texts(&text).concat(), text);
        }
    }

    #[test]
    fn a_passage_ends_where_a_heading_stands_and_knows_its_own() {
        let body = "用紙を入れて、ふたを閉めます。".repeat(12);
        let text = format!("1.1 用紙\n{body}\n\n1.2 電源\n{body}{body}");
        let all = passages(&text);
        assert!(texts(&text)[0].starts_with("1.1 用紙\n用紙を"), "{all:?}");
        assert!(texts(&text)[1].starts_with("1.2 電源\n用紙を"), "{all:?}");
        let last = all.last().unwrap();
        assert_eq!(text.get(last.heading.clone()).unwrap(), "1.2 電源\n");
        assert_eq!(all.len(), 3);
    }
}
