//! FAQの編集: articles are written, reviewed, published and withdrawn (表 5.6-9 4①).

mod autosave;
mod detail;
mod differences;
mod edit;
mod export;
pub(crate) mod files;
mod form;
mod import;
pub(crate) mod lookup;
mod steps;
mod workbook;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use madoguchi_core::access::{EditArticles, Permission, Permissions};
use madoguchi_store::{ArticleFilter, ArticleRow, Work};
use serde::Deserialize;

use self::lookup::{HERE, category_name, category_names};
use crate::auth::access::Allowed;
use crate::auth::routes::Routes;
use crate::error::WebError;
use crate::feature::Feature;
use crate::library::name;
use crate::limits::{FileUse, FormUse};
use crate::menu::MenuEntry;
use crate::query::{Choice, escape, page_number};
use crate::shell::Shell;
use crate::state::Web;
use crate::text;

const PAGE_SIZE: u32 = 50;

/// Names of stages in the database and on the screen.
const STAGES: [(&str, &str); 8] = [
    ("", "すべて"),
    ("waiting", "確認・承認待ち"),
    ("draft", "下書き"),
    ("sent_back", "差戻し"),
    ("in_review", "確認待ち"),
    ("scheduled", "公開予約"),
    ("published", "公開中"),
    ("past", "過去の版"),
];

/// What waits at the list for whoever writes, and for whoever approves.
fn waiting(permissions: Permissions, work: Work) -> Vec<(&'static str, u64)> {
    let mut waiting = vec![("差戻し", work.sent_back)];
    if permissions.contains(Permission::ApproveArticles) {
        waiting.insert(0, ("確認待ち", work.waiting));
    }
    waiting
}

pub(crate) const FEATURE: Feature =
    Feature::new(routes)
        .menu(&[MenuEntry::new("FAQの編集", HERE, Permission::EditArticles).waiting(waiting)]);

fn routes() -> Routes {
    Routes::new()
        .upload("/articles/{id}/files", FileUse::Attachment, files::add)
        .upload(
            "/articles/{id}/pictures",
            FileUse::Attachment,
            files::add_while_writing,
        )
        .upload("/articles/import", FileUse::Import, import::preview)
        .upload("/articles/import/apply", FileUse::Import, import::apply)
        .get("/articles/{id}/files/{hash}", files::file)
        .post("/articles/{id}/files/remove", files::remove)
        .get("/articles", list)
        .get("/articles/new", edit::new_page)
        .long_post("/articles/new", FormUse::Article, edit::create)
        .long_post("/articles/from-text", FormUse::Article, edit::from_text)
        .long_post("/articles/preview", FormUse::Article, edit::preview)
        .long_post("/articles/autosave", FormUse::Article, autosave::keep)
        .post("/articles/autosave/discard", autosave::discard)
        .get("/articles/import", import::page)
        .get("/articles/export.jsonl", export::as_lines)
        .get("/articles/export.xlsx", export::as_workbook)
        .get("/articles/{id}", detail::page)
        .get("/articles/{id}/edit", edit::page)
        .long_post("/articles/{id}/edit", FormUse::Article, edit::save)
        .get("/articles/{id}/versions/{number}", detail::version)
        .post("/articles/{id}/restore", steps::restore)
        .post("/articles/{id}/submit", steps::submit)
        .post("/articles/{id}/recall", steps::recall)
        .post("/articles/{id}/discard", steps::discard)
        .post("/articles/{id}/send-back", steps::send_back)
        .post("/articles/{id}/approve", steps::approve)
        .post("/articles/{id}/ask-withdrawal", steps::ask_withdrawal)
        .post("/articles/{id}/withdraw", steps::withdraw)
        .post("/articles/{id}/keep", steps::keep)
}

#[derive(Template)]
#[template(path = "articles.html")]
struct ListPage {
    shell: Shell,
    text: String,
    stages: Vec<Choice>,
    categories: Vec<Choice>,
    rows: Vec<Row>,
    found: String,
    waiting: u64,
    sent_back: u64,
    scheduled: u64,
    overdue: u64,
    page: u32,
    before: Option<String>,
    after: Option<String>,
}

struct Row {
    link: String,
    name: String,
    question: String,
    category: String,
    /// Of the mark of the state.
    class: String,
    state: &'static str,
    /// What is to be known besides.
    note: &'static str,
    updated: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ListQuery {
    text: String,
    stage: String,
    category: String,
    overdue: String,
    page: String,
    done: String,
}

impl ListQuery {
    fn link(&self, page: u32) -> String {
        format!(
            "{HERE}?text={}&stage={}&category={}&overdue={}&page={page}",
            escape(&self.text),
            escape(&self.stage),
            escape(&self.category),
            escape(&self.overdue)
        )
    }
}

async fn list(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Query(query): Query<ListQuery>,
) -> Result<Html<String>, WebError> {
    let page = page_number(&query.page)?;
    let today = web.desk.now().in_tokyo().date_naive().to_string();
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let filter = ArticleFilter {
        text: query.text.clone(),
        stage: some(&query.stage),
        category: some(&query.category),
        review_by: some(&query.overdue).map(|_| today.clone()),
        withdrawal_asked: false,
        offset: (page - 1).saturating_mul(PAGE_SIZE),
        limit: PAGE_SIZE,
    };
    let (rows, counts) = web.store.list_articles(&filter, &today).await?;
    let setup = web.desk.setup();
    let after = u64::from(page) * u64::from(PAGE_SIZE) < counts.found;
    let all = std::iter::once(("", "すべて"));
    let names = all.chain(category_names(&setup.categories));
    let page = ListPage {
        shell: Shell::new(&web, Some(&visitor), HERE).done(&query.done),
        text: query.text.clone(),
        stages: Choice::list(STAGES, &query.stage),
        categories: Choice::list(names, &query.category),
        rows: rows.into_iter().map(|one| row(&web, one)).collect(),
        found: text::number(counts.found),
        waiting: counts.waiting,
        sent_back: counts.sent_back,
        scheduled: counts.scheduled,
        overdue: counts.overdue,
        page,
        before: (page > 1).then(|| query.link(page - 1)),
        after: after.then(|| query.link(page + 1)),
    };
    Ok(Html(page.render()?))
}

fn row(web: &Web, row: ArticleRow) -> Row {
    let stage = STAGES.iter().find(|(name, _)| *name == row.stage);
    let label = stage.map_or("", |(_, label)| *label);
    let (class, state) = if row.stage == "published" && !row.visible {
        ("past".to_owned(), "公開を終了")
    } else if row.sent_back {
        (row.stage.clone(), "差戻し")
    } else {
        (row.stage.clone(), label)
    };
    let note = if row.withdrawal_asked {
        "取下げの承認待ち"
    } else if row.visible && row.stage != "published" {
        "前の版を公開中"
    } else {
        ""
    };
    Row {
        link: format!("{HERE}/{}", escape(&row.id)),
        category: category_name(&web.desk.setup().categories, &row.category),
        updated: web.settings.dates.minute(row.updated_at),
        question: row.question,
        name: name(row.number, &row.id),
        class,
        state,
        note,
    }
}
