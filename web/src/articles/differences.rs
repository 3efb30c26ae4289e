//! What one version of an article says otherwise than another.

use madoguchi_core::article::{Content, ManualPlace};
use madoguchi_core::setup::Categories;
use similar::{ChangeTag, TextDiff};

use super::lookup::category_name;

/// A line of a difference.
pub(super) struct Line {
    /// `added`, `removed` or empty.
    pub(super) kind: &'static str,
    /// The sign before it, for those who see no colours.
    pub(super) sign: &'static str,
    pub(super) text: String,
}

impl Line {
    /// The same between what somebody else has saved (`newer`) and what one has typed (`older`).
    pub(super) fn between_people(self) -> Self {
        let sign = match self.kind {
            "added" => "相手：",
            "removed" => "自分：",
            _ => "　　　",
        };
        Self { sign, ..self }
    }
}

/// What `newer` says otherwise than `older`, line by line, with the lines around.
pub(super) fn differences(older: &Content, newer: &Content, categories: &Categories) -> Vec<Line> {
    let (older, newer) = (written(older, categories), written(newer, categories));
    let diff = TextDiff::from_lines(&older, &newer);
    if older == newer {
        return Vec::new();
    }
    let mut lines = Vec::new();
    for group in diff.grouped_ops(3) {
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let (kind, sign) = match change.tag() {
                ChangeTag::Insert => ("added", "＋"),
                ChangeTag::Delete => ("removed", "－"),
                ChangeTag::Equal => ("", "　"),
            };
            lines.push(Line {
                kind,
                sign,
                text: change.value().trim_end_matches('\n').to_owned(),
            });
        }
    }
    lines
}

/// All of a content as lines.
fn written(content: &Content, categories: &Categories) -> String {
    let day = content.review_on.map(|day| day.to_string());
    let files = content.files.iter();
    let files: Vec<_> = files.map(|file| file.name.as_str()).collect();
    let manual = content.manual.as_ref().map(ManualPlace::label);
    format!(
        "質問：{}\n{}\n分類：{}\nキーワード：{}\n読み：{}\n公開範囲：{}\n関連：{}\n見直し期日：{}\nファイル：{}\n資料：{}\n",
        content.question,
        content.answer.trim_end(),
        category_name(categories, &content.category),
        content.keywords.join("、"),
        content.reading.as_deref().unwrap_or_default(),
        content.audience.label(),
        content.related.join(" "),
        day.unwrap_or_default(),
        files.join("、"),
        manual.unwrap_or_default(),
    )
}
