//! The editors' list of articles.

use std::sync::Arc;

use madoguchi_core::access::EditArticles;
use madoguchi_core::article::StageKind;
use madoguchi_core::id::CategoryId;
use madoguchi_core::setup::DeskSetup;
use madoguchi_store::{
    ArticleFilter, ArticleOrder, ArticleProgress, ArticleRow, Page, Start, StoreError,
};

use super::choosing;
use super::lookup::{HERE, category_name, category_names};
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::kit::table::{Column, DOWN, Info, Links, Listing, Order, UP, Value};
use crate::kit::table_filter::{Filter, FilterValues};
use crate::library::name;
use crate::query::escape;
use crate::state::Web;

pub(super) struct ArticleList;

type ArticleColumn = Column<ArticleList>;

impl Listing for ArticleList {
    type Permit = EditArticles;
    type Row = ArticleRow;
    type Filter = ArticleFilter;
    type Order = ArticleOrder;
    type Context = Arc<DeskSetup>;

    const INFO: Info = Info {
        page: HERE,
        file: "/articles/download",
        name: "articles",
        title: "FAQの編集",
        unit: "件",
        counted: true,
        empty: "条件に合う記事はありません。",
        rows: 50,
    };
    const COLUMNS: &'static [Column<Self>] = &[
        ArticleColumn::new("number", "番号", 10, |row, _| {
            Value::Text(name(row.number, &row.id))
        })
        .class("number-name")
        .orders(&[
            Order("number", UP, ArticleOrder::Number),
            Order("number-down", DOWN, ArticleOrder::HighestNumber),
        ]),
        ArticleColumn::new("question", "質問", 40, |row, _| {
            Value::text(&row.question)
        })
        .class("long")
        .link(|row| format!("{HERE}/{}", escape(&row.id))),
        ArticleColumn::new("state", "状態", 12, |row, _| state(row)),
        ArticleColumn::new("note", "注意", 16, |row, _| {
            if row.withdrawal_asked {
                Value::text("取下げの承認待ち")
            } else if row.visible && row.stage != StageKind::Published {
                Value::text("前の版を公開中")
            } else {
                Value::Nothing("")
            }
        })
        .class("sub"),
        ArticleColumn::new("category", "分類", 16, |row, setup| {
            Value::Text(category_name(&setup.categories, &row.category))
        }),
        ArticleColumn::new("updated_at", "最後の変更", 20, |row, _| {
            Value::Minute(row.updated_at)
        })
        .orders(&[
            Order("", DOWN, ArticleOrder::LastChanged),
            Order("unchanged", UP, ArticleOrder::LongestUnchanged),
        ]),
        ArticleColumn::new("id", "識別子", 14, |row, _| Value::text(row.id.as_str())).in_files(),
    ];

    fn filters(web: &Web, _: &FilterValues) -> Vec<Filter> {
        let setup = web.desk.setup();
        vec![
            Filter::text("text", "質問・キーワード・番号"),
            Filter::choice(
                "stage",
                "状態",
                ArticleProgress::ALL.map(|one| (one.as_str(), one.label())),
            ),
            Filter::choice("category", "分類", category_names(&setup.categories)).open(),
            Filter::choice("overdue", "見直し", [("1", "期日が過ぎたもの")]),
        ]
    }

    fn filter(
        web: &Web,
        asked: &FilterValues,
        order: ArticleOrder,
    ) -> Result<ArticleFilter, WebError> {
        let today = || web.desk.now().date().to_string();
        Ok(ArticleFilter {
            text: asked.get("text").to_owned(),
            stage: asked
                .some("stage")
                .and_then(|name| ArticleProgress::lookup(&name)),
            category: asked.some("category").map(CategoryId::new),
            review_by: asked.some("overdue").map(|_| today()),
            order,
            ..ArticleFilter::default()
        })
    }

    fn context(web: &Web) -> Arc<DeskSetup> {
        web.desk.setup()
    }

    async fn page(
        web: &Web,
        filter: &ArticleFilter,
        start: Start,
        limit: u32,
    ) -> Result<Page<ArticleRow>, StoreError> {
        let filter = ArticleFilter {
            start,
            limit,
            ..filter.clone()
        };
        web.store.page_articles(&filter).await
    }

    async fn count(web: &Web, filter: &ArticleFilter, at_most: u32) -> Result<u64, StoreError> {
        web.store.count_articles(filter, at_most).await
    }

    fn bulk(
        web: &Web,
        visitor: &Visitor,
        asked: &FilterValues,
    ) -> Result<Option<String>, WebError> {
        choosing::form(web, visitor, asked).map(Some)
    }

    fn chosen(row: &ArticleRow) -> (String, String) {
        choosing::chosen(row)
    }

    async fn links(web: &Web, _: &Visitor) -> Result<Links, WebError> {
        let today = web.desk.now().date().to_string();
        let counts = web.store.article_counts(&today).await?;
        let counted = [
            ("確認・承認待ち", counts.waiting, "/articles?stage=waiting"),
            ("差戻し", counts.sent_back, "/articles?stage=sent_back"),
            ("公開予約", counts.scheduled, "/articles?stage=scheduled"),
            (
                "見直し期日が過ぎたもの",
                counts.overdue,
                "/articles?overdue=1",
            ),
        ];
        let counted = counted.map(|(label, count, link)| (format!("{label} {count}件"), link));
        let others = [
            ("検索の同義語", "/articles/synonyms"),
            ("検索の単語", "/articles/words"),
            ("検索の採点", "/articles/grading"),
            ("記事の取込み", "/articles/import"),
            ("すべての記事をExcelで保存", "/articles/export.xlsx"),
            ("すべての記事をJSONで保存", "/articles/export.jsonl"),
        ];
        let others = others.map(|(label, link)| (label.to_owned(), link));
        Ok(Links {
            buttons: vec![("記事を作成する", "/articles/new")],
            others: counted.into_iter().chain(others).collect(),
        })
    }
}

fn state(row: &ArticleRow) -> Value {
    let class = row.stage.as_str();
    if row.stage == StageKind::Published && !row.visible {
        Value::Mark(StageKind::Past.as_str(), "公開を終了".to_owned())
    } else if row.sent_back {
        Value::Mark(class, "差戻し".to_owned())
    } else {
        Value::Mark(class, row.stage.label().to_owned())
    }
}
