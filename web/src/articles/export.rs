//! The whole ナレッジデータベース as a file: a workbook, or lines of JSON. Both can be taken in
//! again. The workbook holds what was asked in tickets as well, for those who may see them.

use axum::extract::State;
use axum::response::Response;
use madoguchi_core::access::{EditArticles, Permission};
use madoguchi_core::article::{Article, Version};
use madoguchi_core::audit::Action;
use madoguchi_core::time::Instant;
use madoguchi_reports::table::{Cell, Column};
use madoguchi_store::{ArticleFilter, ArticleOrder, Start};

use super::asked;
use super::lookup::category_name;
use super::workbook;
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::download::saved_file;
use crate::error::WebError;
use crate::kit::book_file::BookFile;
use crate::library::name;
use crate::state::Web;
use madoguchi_reports::markdown;

/// Articles that are read at once.
const AT_ONCE: u32 = 500;

/// An article, and the version of it that is brought out: what readers see, or else the newest.
struct Out {
    article: Article,
    version: Version,
    seen: bool,
}

async fn all(web: &Web, visitor: &Visitor, kind: &str) -> Result<Vec<Out>, WebError> {
    let now = web.desk.now();
    let mut all = Vec::new();
    let mut next = Some(Start::First);
    while let Some(start) = next {
        let filter = ArticleFilter {
            order: ArticleOrder::Number,
            start,
            limit: AT_ONCE,
            ..ArticleFilter::default()
        };
        let page = web.store.page_articles(&filter).await?;
        next = page.after.map(Start::After);
        for row in page.rows {
            let Some(article) = web.store.lookup_article(&row.id).await? else {
                continue;
            };
            let seen = article.published(now).cloned();
            let Some(version) = seen.clone().or_else(|| article.newest().cloned()) else {
                continue;
            };
            all.push(Out {
                article,
                version,
                seen: seen.is_some(),
            });
        }
    }
    all.sort_by(|one, other| one.article.id.cmp(&other.article.id));
    let mut entry = visitor.entry(now, Action::ArticleExport, kind);
    let count = all.len().to_string();
    entry.after.insert("articles".to_owned(), count);
    web.store.append_audit(&[entry]).await?;
    Ok(all)
}

pub(super) async fn as_lines(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
) -> Result<Response, WebError> {
    let mut lines = String::new();
    for out in all(&web, &visitor, "jsonl").await? {
        let content = &out.version.content;
        let files = content.files.iter().map(|file| file.name.as_str());
        let line = serde_json::json!({
            "id": out.article.id,
            "number": out.article.number.map(|number| number.to_string()),
            "question": content.question,
            "answer": content.answer,
            "category": content.category,
            "keywords": content.keywords,
            "reading": content.reading,
            "audience": content.audience,
            "related": content.related,
            "manual": content.manual,
            "files": files.collect::<Vec<_>>(),
            "review_on": content.review_on,
            "expires_at": content.expires_at.map(Instant::to_rfc3339),
            "version": out.version.number,
            "stage": out.version.stage.name(),
            "visible": out.seen,
            "updated_at": out.version.at.to_rfc3339(),
            "settled": out.article.settled,
        });
        lines.push_str(&line.to_string());
        lines.push('\n');
    }
    let kind = "application/jsonl; charset=utf-8";
    Ok(saved_file(kind, "knowledge.jsonl", lines))
}

pub(super) async fn as_workbook(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
) -> Result<Response, WebError> {
    let all = all(&web, &visitor, "xlsx").await?;
    let setup = web.desk.setup();
    let column = |name: &'static str, width| Column {
        name: name.into(),
        width,
    };
    let rows = all.into_iter().map(|out| {
        let content = out.version.content;
        let day = content.review_on.map(|day| day.to_string());
        let state = if out.seen {
            "公開中"
        } else {
            out.version.stage.label()
        };
        let files = content.files.iter().map(|file| file.name.as_str());
        let files: Vec<_> = files.collect();
        vec![
            Cell::Text(name(out.article.number, &out.article.id)),
            Cell::Text(out.article.id.to_string()),
            Cell::Text(category_name(&setup.categories, &content.category)),
            Cell::Text(content.question),
            Cell::Text(markdown::to_text(&content.answer)),
            Cell::Text(content.keywords.join(workbook::COMMA)),
            Cell::Text(content.reading.unwrap_or_default()),
            Cell::from(content.audience.label()),
            Cell::from(state),
            Cell::Number(f64::from(out.version.number)),
            Cell::Instant(out.version.at),
            Cell::Text(day.unwrap_or_default()),
            Cell::from(content.expires_at),
            Cell::Text(content.related.join("、")),
            Cell::Text(files.join("、")),
            Cell::Number(f64::from(out.article.settled)),
        ]
    });
    let columns = vec![
        column("FAQ番号", 10),
        column(workbook::ID, 14),
        column(workbook::CATEGORY, 16),
        column(workbook::QUESTION, 40),
        column(workbook::ANSWER, 80),
        column(workbook::KEYWORDS, 24),
        column(workbook::READING, 20),
        column(workbook::AUDIENCE, 12),
        column("状態", 12),
        column("版", 6),
        column("最後の変更", 18),
        column("見直し期日", 12),
        column("掲載期限", 18),
        column("関連する記事", 20),
        column("ファイル", 20),
        column("解決した件数（件）", 12),
    ];
    let book = BookFile::begin("ナレッジデータベース", columns);
    if book.add(rows.collect()).await && visitor.permissions.contains(Permission::HandleTickets) {
        asked::add(&web, &book).await?;
    }
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    Ok(saved_file(kind, "knowledge.xlsx", book.finish().await?))
}
