//! Where an article stands in a manual (表 3.1-2 項番2).

use serde::{Deserialize, Serialize};

/// The longest name of a manual, in letters.
pub const MANUAL_TITLE_LETTERS: usize = 80;
/// The longest heading in it that is kept, in letters.
pub const MANUAL_HEADING_LETTERS: usize = 200;
/// The most headings of a section.
const HEADINGS: usize = 6;

/// The place of a section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManualPlace {
    /// What the manual is called.
    pub title: String,
    /// The headings from its chapter to its own (中区分, 小区分).
    #[serde(default)]
    pub path: Vec<String>,
    /// The page of the original on which it begins, from 1, where there are pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
}

impl ManualPlace {
    /// Whether all of it is as long as it may be.
    pub(super) fn is_bounded(&self) -> bool {
        let letters = |text: &String| text.chars().count();
        letters(&self.title) <= MANUAL_TITLE_LETTERS
            && self.path.len() <= HEADINGS
            && self
                .path
                .iter()
                .all(|heading| letters(heading) <= MANUAL_HEADING_LETTERS)
    }

    /// The place in words: 『手引き』 第1章 › 1.2(12ページ).
    pub fn label(&self) -> String {
        // A manual often begins with its own name as a heading.
        let named = self.path.first() == Some(&self.title);
        let path = self.path.get(usize::from(named)..).unwrap_or_default();
        let path = path.join(" › ");
        let gap = if path.is_empty() { "" } else { " " };
        let page = self.page.map(|page| format!("({page}ページ)"));
        format!("『{}』{gap}{path}{}", self.title, page.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_told_from_the_manual_to_the_page() {
        let place = |path: &[&str], page| ManualPlace {
            title: "手引き".to_owned(),
            path: path.iter().map(|one| (*one).to_owned()).collect(),
            page,
        };
        assert_eq!(
            place(&["第1章 予約", "1.2 手順"], Some(12)).label(),
            "『手引き』 第1章 予約 › 1.2 手順(12ページ)"
        );
        assert_eq!(place(&[], None).label(), "『手引き』");
        assert!(place(&["章"; HEADINGS], None).is_bounded());
        assert!(!place(&["章"; HEADINGS + 1], None).is_bounded());
        assert!(!place(&[&"章".repeat(MANUAL_HEADING_LETTERS + 1)], None).is_bounded());
    }
}
