//! ナレッジデータベース (別紙7 項番25): what questions are answered with: the FAQ as it was at the end of the
//! month, and what was asked and answered in it.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use madoguchi_core::id::{ArticleId, CategoryId};
use madoguchi_core::ticket::{Status, Ticket};

use super::entry::Entries;
use super::everything::with_everything;
use super::texts::{LISTED_AT_MOST, TicketTexts, beyond_listed};
use crate::document::{Block, DocRow, DocTable, Document, with_commas};
use crate::month::cells::{chapter, column, date, day, row, sentence, size, table, text};
use crate::month::cover::document;
use crate::month::input::MonthInput;
use crate::month::making::Making;

/// ナレッジデータベース
pub const KNOWLEDGE_BASE: &str = "ナレッジデータベース";

/// An article that is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnowledgeLine {
    /// Its id.
    pub id: ArticleId,
    /// Its number.
    pub number: String,
    /// Its 分類.
    pub category: CategoryId,
    /// 質問
    pub question: String,
    /// 回答, as plain text.
    pub answer: String,
    /// For whom it is.
    pub audience: String,
    /// Its version.
    pub version: u32,
    /// When that was published.
    pub published_on: Option<NaiveDate>,
    /// When it is to be reviewed.
    pub review_on: Option<NaiveDate>,
}

/// Makes it of the articles that were published at the end of the month, in their order, and of the tickets of
/// the month that were answered.
pub fn knowledge_base(
    input: &MonthInput,
    lines: &[KnowledgeLine],
    texts: &TicketTexts,
) -> Document {
    let (answered, _) =
        with_everything(input, "knowledge_", |making| answered(making, lines, texts));
    let answered = vec![Block::Table(answered)];
    let chapters = vec![
        chapter("第1", "articles", "FAQ", articles(input, lines)),
        chapter("第2", "answers", "問合せと回答", answered),
    ];
    document(input, KNOWLEDGE_BASE, chapters)
}

fn articles(input: &MonthInput, lines: &[KnowledgeLine]) -> Vec<Block> {
    let comma = |count: usize| with_commas(size(count));
    let changed = input.knowledge.as_ref();
    let changed = changed.map_or(String::new(), |one| {
        format!(
            "当月は、新規{}件、改訂{}件、廃止{}件である。",
            comma(one.new.len()),
            comma(one.revised.len()),
            comma(one.retired.len())
        )
    });
    let all = format!(
        "当月末に公開しているFAQは{}件である。{changed}",
        comma(lines.len())
    );
    vec![sentence(all), Block::Table(list(input, lines))]
}

/// 表1-1
fn list(input: &MonthInput, lines: &[KnowledgeLine]) -> DocTable {
    let columns = vec![
        column("number", "FAQ番号"),
        column("category", "分類"),
        column("question", "質問"),
        column("answer", "回答"),
        column("audience", "公開範囲"),
        column("version", "版"),
        column("published_on", "公開日"),
        column("review_on", "見直し期日"),
        column("change", "当月の変更"),
    ];
    let changed = input.knowledge.as_ref();
    let change = |id: &ArticleId| match changed {
        Some(of) if of.new.contains(id) => "新規",
        Some(of) if of.revised.contains(id) => "改訂",
        _ => "",
    };
    let rows = (1..).zip(lines).map(|(n, line)| {
        let n: usize = n;
        let category = input.rules.categories.get(&line.category);
        row(
            format!("article_{n}"),
            vec![
                text(&line.number),
                text(category.map_or("未分類", |category| category.name.as_str())),
                text(&line.question),
                text(&line.answer),
                text(&line.audience),
                text(format!("第{}版", line.version)),
                day(line.published_on),
                day(line.review_on),
                text(change(&line.id)),
            ],
        )
    });
    let rows = rows.collect();
    let mut table = table("表1-1", "articles", "公開しているFAQ", columns, rows);
    table.wide = true;
    table
}

/// 表2-1
fn answered(making: &Making<'_, '_>, lines: &[KnowledgeLine], texts: &TicketTexts) -> DocTable {
    let columns = vec![
        column("number", "受付番号"),
        column("received_on", "受付日"),
        column("system", "システム"),
        column("category", "分類"),
        column("question", "問合せの内容"),
        column("answer", "回答の内容"),
        column("article", "対応FAQ番号"),
    ];
    let entries = Entries {
        input: making.input,
        month: making.month,
        texts,
    };
    let numbers: BTreeMap<&str, &str> = lines
        .iter()
        .map(|line| (line.id.as_str(), line.number.as_str()))
        .collect();
    let all = making.month.received.len();
    let received = making.month.received.iter();
    let done: Vec<&Ticket> = received
        .copied()
        .filter(|ticket| ticket.status() == Status::Done && !texts.of(ticket).1.trim().is_empty())
        .collect();
    let shown = done.iter().take(LISTED_AT_MOST);
    let rows = shown.map(|ticket| line(&entries, ticket, &numbers));
    let rows = rows.collect();
    let mut table = table("表2-1", "answers", "当月の問合せと回答", columns, rows);
    table.wide = true;
    table.notes = vec![
        "当月に受け付け、回答をして完了した問合せを載せる。氏名、電話番号などの個人情報は、記号に置き換えている。"
            .to_owned(),
    ];
    table.notes.extend(beyond_listed(done.len(), all));
    table
}

fn line(entries: &Entries<'_>, ticket: &Ticket, numbers: &BTreeMap<&str, &str>) -> DocRow {
    let [question, answer] = entries.texts(ticket);
    let articles = ticket.fields.articles.iter();
    let articles: Vec<&str> = articles
        .filter_map(|id| numbers.get(id.as_str()).copied())
        .collect();
    row(
        entries.number(ticket),
        vec![
            text(entries.number(ticket)),
            date(ticket.received_at.date()),
            text(ticket.fields.system.label()),
            text(entries.category(ticket)),
            text(question),
            text(answer),
            text(articles.join("、")),
        ],
    )
}
