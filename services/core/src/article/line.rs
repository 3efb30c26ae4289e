//! Articles as lines of a file.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::{Content, ManualPlace};
use crate::audience::Audience;
use crate::id::{ArticleId, CategoryId};

/// The longest id.
pub(super) const ID_LETTERS: usize = 64;

/// A line of a file of articles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The article.
    pub id: ArticleId,
    /// The question.
    pub question: String,
    /// The answer, in Markdown.
    #[serde(default)]
    pub answer: String,
    /// Its category.
    #[serde(default)]
    pub category: CategoryId,
    /// Words that lead to it.
    #[serde(default)]
    pub keywords: Vec<String>,
    /// Whom it is meant for; staff, if the line does not say.
    #[serde(default)]
    pub audience: Option<Audience>,
    /// How the question is read.
    #[serde(default)]
    pub reading: Option<String>,
    /// Articles that stand beside it; if there are none, those that stood there before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<ArticleId>,
    /// Where it stands in a manual; if the line does not say, where it stood before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manual: Option<ManualPlace>,
}

impl Line {
    /// What the line says; of what it cannot say, what `before` says.
    pub fn content(&self, before: Content) -> Content {
        Content {
            question: lines_to_one(&self.question),
            answer: self.answer.trim().to_owned(),
            category: self.category.clone(),
            keywords: self.keywords.clone(),
            reading: self.reading.clone(),
            audience: self.audience.unwrap_or(Audience::Portal),
            related: if self.related.is_empty() {
                before.related
            } else {
                self.related.clone()
            },
            manual: self.manual.clone().or(before.manual),
            ..before
        }
    }

    /// What is wrong with the articles of a file, for the user.
    pub fn faults(lines: &[Self]) -> Vec<String> {
        let mut faults = Vec::new();
        let mut known = HashSet::new();
        for (n, line) in (1..).zip(lines) {
            let mut fault = |message: String| faults.push(format!("{n}件目: {message}"));
            if !is_id(line.id.as_str()) {
                fault(format!(
                    "id「{}」は、英数字と「-」「_」「.」で{ID_LETTERS}文字以内にしてください。",
                    line.id
                ));
            }
            if !known.insert(line.id.as_str()) {
                fault(format!("id「{}」が重複しています。", line.id));
            }
            for one in line.content(Content::default()).faults() {
                fault(one.message);
            }
        }
        faults
    }
}

/// A question broken into lines, as some files have it, is one all the same.
fn lines_to_one(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" ")
}

fn is_id(id: &str) -> bool {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    !id.is_empty() && id.len() <= ID_LETTERS && id.chars().all(fits)
}
