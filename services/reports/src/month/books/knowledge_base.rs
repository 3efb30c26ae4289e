//! ナレッジデータベース (別紙7 項番25): what questions are answered with.

use chrono::NaiveDate;
use madoguchi_core::id::CategoryId;

use super::KNOWLEDGE_BASE;
use crate::document::{Block, Chapter, Document};
use crate::month::cells::{column, day, row, table, text};
use crate::month::cover::document;
use crate::month::input::MonthInput;

/// An article that is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnowledgeLine {
    /// Its number.
    pub number: String,
    /// Its 分類.
    pub category: CategoryId,
    /// 質問
    pub question: String,
    /// 回答, as plain text.
    pub answer: String,
    /// Its version.
    pub version: u32,
    /// When that was published.
    pub published_on: Option<NaiveDate>,
    /// When it is to be reviewed.
    pub review_on: Option<NaiveDate>,
}

/// Makes it of the articles that are published at the end of the month, in their order.
pub fn knowledge_base(input: &MonthInput, lines: &[KnowledgeLine]) -> Document {
    let columns = vec![
        column("number", "FAQ番号"),
        column("category", "分類"),
        column("question", "質問"),
        column("answer", "回答"),
        column("version", "版"),
        column("published_on", "公開日"),
        column("review_on", "見直し期日"),
    ];
    let rows = (1..).zip(lines).map(|(n, line)| {
        let n: usize = n;
        let category = input.rules.categories.get(&line.category);
        row(
            format!("article_{n}"),
            vec![
                text(&line.number),
                text(category.map_or("", |category| category.name.as_str())),
                text(&line.question),
                text(&line.answer),
                text(format!("第{}版", line.version)),
                day(line.published_on),
                day(line.review_on),
            ],
        )
    });
    let rows = rows.collect();
    let mut table = table("表1", "knowledge", "FAQの一覧", columns, rows);
    table.wide = true;
    let chapter = Chapter {
        number: "第1".to_owned(),
        id: "knowledge".to_owned(),
        title: "FAQの一覧".to_owned(),
        blocks: vec![Block::Table(table)],
    };
    document(input, KNOWLEDGE_BASE, vec![chapter])
}
