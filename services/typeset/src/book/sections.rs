//! Parts of a book brought onto pages of one paper each. A table that is too wide for an upright page stands on
//! pages of its own paper, with what is said above and below it, so that no page holds but a heading and a line.

use super::{Item, Section};
use crate::paper::Paper;
use crate::widths::width;

/// So few lines need no page of their own.
const FEW_LINES: usize = 14;
/// Nor so few rows.
const FEW_ROWS: usize = 5;
/// The lines that a heading takes.
const HEADING: usize = 2;
/// The size of sentences in pt.
const LETTER: f64 = 10.5;

/// All parts in sections; neighbours on the same paper are one.
pub(super) fn sections(items: Vec<Item>) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut follows_short = false;
    for mut chapter in chapters(items) {
        let is_short = chapter.iter().all(is_text) && lines(&chapter) <= FEW_LINES;
        let last = sections.last().map(|section| section.paper);
        let papers = papers(&chapter, last.unwrap_or(Paper::A4));
        if let Some(Item::Chapter { begins_page, .. }) = chapter.first_mut() {
            let turns = papers.first().copied() != last;
            *begins_page = turns || (!is_short && !follows_short);
        }
        follows_short = is_short;
        for (item, paper) in chapter.into_iter().zip(papers) {
            match sections.last_mut() {
                Some(last) if last.paper == paper => last.items.push(item),
                _ => sections.push(Section {
                    paper,
                    items: vec![item],
                }),
            }
        }
    }
    sections
}

/// The parts of each chapter.
fn chapters(items: Vec<Item>) -> Vec<Vec<Item>> {
    let mut chapters: Vec<Vec<Item>> = Vec::new();
    for item in items {
        match chapters.last_mut() {
            Some(chapter) if !matches!(item, Item::Chapter { .. }) => chapter.push(item),
            _ => chapters.push(vec![item]),
        }
    }
    chapters
}

/// The paper of each part of a chapter. `last`: that of what stands before it.
fn papers(chapter: &[Item], last: Paper) -> Vec<Paper> {
    let mut papers = Vec::new();
    let mut before = None;
    let mut rest = chapter;
    loop {
        let texts = rest.iter().take_while(|item| is_text(item)).count();
        let (run, behind) = rest.split_at(texts);
        let after = behind.first().and_then(own_paper);
        let after = match before {
            Some(wide) if stays_on(wide, behind) => Some(wide),
            _ => after,
        };
        papers.extend(papers_of_run(run, (before, after), last));
        let Some((paper, behind)) = after.zip(behind.split_first()) else {
            return papers;
        };
        papers.push(paper);
        before = Some(paper);
        (_, rest) = behind;
    }
}

/// Whether what comes first is a table of a few rows that needs no page of its own behind one that lies across:
/// nothing upright follows it in its chapter.
fn stays_on(paper: Paper, parts: &[Item]) -> bool {
    let Some((Item::Table(table), behind)) = parts.split_first() else {
        return false;
    };
    let next = behind.iter().find_map(own_paper);
    let is_few = table.rows.len() <= FEW_ROWS && table.fit.paper == Paper::A4;
    paper.is_wide() && is_few && next != Some(Paper::A4)
}

/// The paper of texts between two tables or charts.
fn papers_of_run(
    run: &[Item],
    (before, after): (Option<Paper>, Option<Paper>),
    last: Paper,
) -> Vec<Paper> {
    // What begins with the last headings is said of what comes, what stands above them of what was.
    let last_heading = run.iter().rposition(is_heading);
    let split = match (before, last_heading) {
        (None, _) => 0,
        (Some(_), None) => run.len(),
        (Some(_), Some(last)) => {
            let others = run.iter().take(last).rposition(|item| !is_heading(item));
            others.map_or(0, |other| other + 1)
        }
    };
    let split = if after.is_none() { run.len() } else { split };
    let (above, below) = run.split_at(split);
    let own = before.unwrap_or(last);
    let mut papers = vec![paper_of_texts(above, own); above.len()];
    let Some(next) = after else {
        return papers;
    };
    let paper = paper_of_texts(below, next);
    papers.resize(run.len(), paper);
    // Headings go with what they head.
    for (paper, _) in papers
        .iter_mut()
        .zip(run)
        .rev()
        .take_while(|(_, item)| is_heading(item))
    {
        *paper = next;
    }
    papers
}

/// Few lines stand on any paper, many are read upright.
fn paper_of_texts(texts: &[Item], paper: Paper) -> Paper {
    if lines(texts) <= FEW_LINES {
        paper
    } else {
        Paper::A4
    }
}

fn is_heading(item: &Item) -> bool {
    matches!(item, Item::Chapter { .. } | Item::Heading { .. })
}

fn is_text(item: &Item) -> bool {
    own_paper(item).is_none()
}

/// The paper that a part needs, if it needs one.
fn own_paper(item: &Item) -> Option<Paper> {
    match item {
        Item::Table(table) => Some(table.fit.paper),
        Item::Chart(_) => Some(Paper::A4),
        Item::Chapter { .. } | Item::Heading { .. } | Item::Text(_) | Item::Remark { .. } => None,
    }
}

/// The lines that texts take on an upright page, about.
fn lines(texts: &[Item]) -> usize {
    let room = Paper::A4.text_width() / LETTER;
    let of = |text: &str| -> usize {
        let lines = text
            .lines()
            .map(|line| (width(line) / room).ceil().max(1.0) as usize);
        lines.sum()
    };
    let each = texts.iter().map(|item| match item {
        Item::Text(text) => of(text),
        Item::Remark { text, .. } => of(text) + HEADING,
        _ => HEADING,
    });
    each.sum()
}

#[cfg(test)]
mod tests {
    use super::super::{Table, table_of};
    use super::*;

    fn table(wide: bool) -> Item {
        let long = "長い文である。".repeat(30);
        let row = vec![super::super::CellText::left(long); 3];
        let heads = vec!["列".to_owned(); 3];
        let table: Table = table_of(heads, vec![(row, false)], wide);
        Item::Table(table)
    }

    fn wide() -> Item {
        table(true)
    }

    fn chapter() -> Item {
        Item::Chapter {
            text: "第2".to_owned(),
            begins_page: true,
        }
    }

    fn heading() -> Item {
        Item::Heading {
            level: 2,
            text: "1　見出し".to_owned(),
        }
    }

    fn text() -> Item {
        Item::Text("文".to_owned())
    }

    fn papers(items: Vec<Item>) -> Vec<(Paper, usize)> {
        let sections = sections(items);
        sections
            .iter()
            .map(|section| (section.paper, section.items.len()))
            .collect()
    }

    #[test]
    fn what_is_said_of_a_wide_table_stands_on_its_pages() {
        use Paper::{A4, A4Wide};
        assert_eq!(papers(vec![chapter(), wide()]), [(A4Wide, 2)]);
        assert_eq!(
            papers(vec![chapter(), heading(), text(), wide(), text()]),
            [(A4Wide, 5)]
        );
        assert_eq!(
            papers(vec![
                chapter(),
                table(false),
                text(),
                heading(),
                text(),
                wide(),
                text()
            ]),
            [(A4, 3), (A4Wide, 4)]
        );
        assert_eq!(
            papers(vec![
                chapter(),
                wide(),
                text(),
                heading(),
                table(false),
                table(false)
            ]),
            [(A4Wide, 3), (A4, 3)]
        );
        assert_eq!(papers(vec![wide(), chapter(), wide()]), [(A4Wide, 3)]);
    }

    #[test]
    fn a_table_of_a_few_rows_stays_on_the_pages_of_the_wide_one_before_it() {
        use Paper::{A4, A4Wide};
        assert_eq!(
            papers(vec![chapter(), wide(), heading(), table(false), text()]),
            [(A4Wide, 5)]
        );
        assert_eq!(
            papers(vec![chapter(), wide(), table(false), wide()]),
            [(A4Wide, 4)]
        );
        assert_eq!(
            papers(vec![chapter(), wide(), table(false), table(false)]),
            [(A4Wide, 2), (A4, 2)],
            "several have pages of their own"
        );
    }

    #[test]
    fn many_lines_are_read_upright_and_their_last_heading_goes_with_its_table() {
        let long = || Item::Text("文である。".repeat(200));
        assert_eq!(
            papers(vec![chapter(), heading(), long(), heading(), wide()]),
            [(Paper::A4, 3), (Paper::A4Wide, 2)]
        );
        assert_eq!(
            papers(vec![chapter(), wide(), long()]),
            [(Paper::A4Wide, 2), (Paper::A4, 1)]
        );
    }

    #[test]
    fn a_short_chapter_begins_no_page_and_the_one_behind_it_on_the_same_paper_neither() {
        let made = sections(vec![
            chapter(),
            wide(),
            chapter(),
            text(),
            chapter(),
            table(false),
            chapter(),
            table(false),
        ]);
        let begins: Vec<bool> = made
            .iter()
            .flat_map(|section| &section.items)
            .filter_map(|item| match item {
                Item::Chapter { begins_page, .. } => Some(*begins_page),
                _ => None,
            })
            .collect();
        // The third turns to another paper.
        assert_eq!(begins, [true, false, true, true]);
        let same = sections(vec![chapter(), text(), chapter(), table(false)]);
        assert!(matches!(
            same[0].items[2],
            Item::Chapter {
                begins_page: false,
                ..
            }
        ));
        assert_eq!(
            made[0].items.len(),
            4,
            "on the pages of what stands before it"
        );
    }
}
