//! Articles as rows of a workbook: the columns that are brought out, and what is read of them again.

use std::collections::HashMap;

use madoguchi_core::article::Line;
use madoguchi_core::audience::Audience;
use madoguchi_core::id::ArticleId;
use madoguchi_core::setup::Categories;

pub(super) const ID: &str = "番号";
pub(super) const CATEGORY: &str = "分類";
pub(super) const QUESTION: &str = "質問";
pub(super) const ANSWER: &str = "回答";
pub(super) const KEYWORDS: &str = "キーワード";
pub(super) const READING: &str = "読み";
pub(super) const AUDIENCE: &str = "公開範囲";
/// What workbooks called that column before.
const AUDIENCE_BEFORE: &str = "対象";
/// Between keywords.
pub(super) const COMMA: &str = "、";

/// Whether the first row names this column.
pub(super) fn has(rows: &[Vec<String>], name: &str) -> bool {
    let names = rows.first();
    names.is_some_and(|names| names.iter().any(|one| one.trim() == name))
}

/// The articles of a sheet whose first row names its columns; further columns are left alone, and
/// blank rows are left out. A row without a number is a new article, which `new_id` names.
///
/// # Errors
/// What is wrong, for the user.
pub(super) fn lines(
    rows: &[Vec<String>],
    categories: &Categories,
    new_id: impl Fn() -> ArticleId,
) -> Result<Vec<Line>, Vec<String>> {
    let names = rows.first().map_or(&[][..], Vec::as_slice);
    let columns = (0..).zip(names).map(|(at, name)| (name.trim(), at));
    let columns: HashMap<&str, usize> = columns.collect();
    let missing = [QUESTION, ANSWER].into_iter();
    let missing = missing.filter(|name| !columns.contains_key(name));
    let missing: Vec<String> = missing
        .map(|name| format!("1行目に列の名前「{name}」がありません。"))
        .collect();
    if !missing.is_empty() {
        return Err(missing);
    }
    let mut faults = Vec::new();
    let mut lines = Vec::new();
    for (n, row) in (1..).zip(rows).skip(1) {
        let cell = |name: &str| {
            let at = columns.get(name);
            at.and_then(|at| row.get(*at))
                .map_or("", |text| text.trim())
        };
        if row.iter().all(|text| text.trim().is_empty()) {
            continue;
        }
        let named = cell(CATEGORY);
        let mut known = categories.tree().into_iter();
        let known = known.find(|(id, category)| id.as_str() == named || category.name == named);
        if known.is_none() && !named.is_empty() {
            faults.push(format!("{n}行目: 分類「{named}」は登録されていません。"));
        }
        let said = match cell(AUDIENCE) {
            "" => cell(AUDIENCE_BEFORE),
            said => said,
        };
        let audiences = [Audience::Portal, Audience::Desk];
        let audience = audiences.into_iter().find(|one| one.label() == said);
        if audience.is_none() && !said.is_empty() {
            let labels = audiences
                .map(|one| format!("「{}」", one.label()))
                .join("か");
            faults.push(format!("{n}行目: 公開範囲は{labels}にしてください。"));
        }
        let id = cell(ID);
        let keywords = cell(KEYWORDS).split(COMMA).map(str::trim);
        let reading = cell(READING);
        lines.push(Line {
            id: if id.is_empty() { new_id() } else { id.into() },
            question: cell(QUESTION).to_owned(),
            answer: cell(ANSWER).to_owned(),
            category: known.map(|(id, _)| id.clone()).unwrap_or_default(),
            keywords: keywords
                .filter(|word| !word.is_empty())
                .map(str::to_owned)
                .collect(),
            audience,
            reading: (!reading.is_empty()).then(|| reading.to_owned()),
            related: Vec::new(),
            manual: None,
        });
    }
    if faults.is_empty() {
        Ok(lines)
    } else {
        Err(faults)
    }
}
