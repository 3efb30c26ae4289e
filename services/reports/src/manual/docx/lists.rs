//! Lists of a word processor: which items are numbered, and with what.

use std::collections::HashMap;

use quick_xml::events::Event;

use super::xml::{each, value};
use crate::manual::pieces::{ManualError, item_mark};

/// Levels of a list.
const LEVELS: u8 = 9;

/// The lists of a text, and how far each was counted.
#[derive(Default)]
pub(super) struct Lists {
    /// The levels that are numbered, by the definition of the list.
    numbered: HashMap<(String, u8), bool>,
    /// The definition of each list.
    definitions: HashMap<String, String>,
    /// How many items a level of a list had.
    items: HashMap<(String, u8), u32>,
}

impl Lists {
    pub(super) fn read(xml: &str) -> Result<Self, ManualError> {
        let mut lists = Self::default();
        let (mut definition, mut level, mut list) = (String::new(), 0, None);
        each(xml, |event| {
            let (Event::Start(tag) | Event::Empty(tag)) = event else {
                return;
            };
            match tag.name().as_ref() {
                "w:abstractNum" => {
                    definition = value(tag, "w:abstractNumId").unwrap_or_default();
                }
                "w:num" => list = value(tag, "w:numId"),
                "w:abstractNumId" => {
                    if let (Some(list), Some(of)) = (list.take(), value(tag, "w:val")) {
                        lists.definitions.insert(list, of);
                    }
                }
                "w:lvl" => {
                    let said = value(tag, "w:ilvl").and_then(|level| level.parse().ok());
                    level = said.unwrap_or(0);
                }
                "w:numFmt" => {
                    let is_numbered = value(tag, "w:val")
                        .is_some_and(|format| !matches!(format.as_str(), "bullet" | "none"));
                    // A later list changes it for itself alone; that is left out.
                    let level = lists.numbered.entry((definition.clone(), level));
                    level.or_insert(is_numbered);
                }
                _ => {}
            }
        })?;
        Ok(lists)
    }

    /// What stands before the next item at this level of a list, in Markdown.
    pub(super) fn mark(&mut self, list: &str, level: u8) -> String {
        for inner in level.saturating_add(1)..LEVELS {
            self.items.remove(&(list.to_owned(), inner));
        }
        let definition = self.definitions.get(list).cloned().unwrap_or_default();
        if self.numbered.get(&(definition, level)) != Some(&true) {
            return item_mark(level > 0, None);
        }
        let number = self.items.entry((list.to_owned(), level)).or_insert(0);
        *number += 1;
        item_mark(level > 0, Some(*number))
    }
}
