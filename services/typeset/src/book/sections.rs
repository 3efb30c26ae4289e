//! Parts of a book brought onto pages of one paper each: a table that is too wide for an upright page stands on
//! pages of its own, with the headings right above it.

use super::{Item, Section};
use crate::paper::Paper;

/// The sections so far.
#[derive(Debug, Default)]
pub(super) struct Sections(Vec<Section>);

impl Sections {
    /// Adds a part to the section of its paper.
    pub(super) fn add(&mut self, item: Item) {
        let paper = paper(&item);
        match self.0.last_mut() {
            Some(last) if last.paper == paper => last.items.push(item),
            Some(last) if paper != Paper::A4 => {
                let mut items = headings_at_the_end(&mut last.items);
                items.push(item);
                self.0.push(Section { paper, items });
            }
            _ => self.0.push(Section {
                paper,
                items: vec![item],
            }),
        }
    }

    /// All sections; neighbours on the same paper are one.
    pub(super) fn finish(self) -> Vec<Section> {
        let mut joined: Vec<Section> = Vec::new();
        for section in self.0 {
            if section.items.is_empty() {
                continue;
            }
            match joined.last_mut() {
                Some(last) if last.paper == section.paper => last.items.extend(section.items),
                _ => joined.push(section),
            }
        }
        joined
    }
}

fn paper(item: &Item) -> Paper {
    match item {
        Item::Table(table) => table.fit.paper,
        Item::Chapter(_)
        | Item::Heading { .. }
        | Item::Text(_)
        | Item::Remark { .. }
        | Item::Chart(_) => Paper::A4,
    }
}

/// Takes the headings behind which nothing stands yet.
fn headings_at_the_end(items: &mut Vec<Item>) -> Vec<Item> {
    let is_heading = |item: &Item| matches!(item, Item::Chapter(_) | Item::Heading { .. });
    let kept = items
        .iter()
        .rposition(|item| !is_heading(item))
        .map_or(0, |last| last + 1);
    items.split_off(kept)
}

#[cfg(test)]
mod tests {
    use super::super::{Table, table_of};
    use super::*;

    fn wide() -> Item {
        let table: Table = table_of(vec!["列".to_owned()], Vec::new(), true);
        Item::Table(table)
    }

    fn papers(items: Vec<Item>) -> Vec<(Paper, usize)> {
        let mut sections = Sections::default();
        items.into_iter().for_each(|item| sections.add(item));
        let sections = sections.finish();
        sections
            .iter()
            .map(|section| (section.paper, section.items.len()))
            .collect()
    }

    #[test]
    fn headings_go_with_the_wide_table_below_them() {
        let chapter = || Item::Chapter("第2".to_owned());
        let text = || Item::Text("文".to_owned());
        assert_eq!(papers(vec![chapter(), wide()]), [(Paper::A4Wide, 2)]);
        assert_eq!(
            papers(vec![text(), chapter(), wide(), wide(), text()]),
            [(Paper::A4, 1), (Paper::A4Wide, 3), (Paper::A4, 1)]
        );
        assert_eq!(
            papers(vec![wide(), chapter(), wide()]),
            [(Paper::A4Wide, 3)]
        );
    }
}
