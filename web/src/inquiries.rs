//! フォームの問合せ: what staff wrote to the desk, until tickets take it over.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::response::{Html, Redirect};
use madoguchi_core::access::{HandleInquiries, Permission};
use madoguchi_core::audit::{Action, Fields};
use madoguchi_core::portal::ReceiptNumber;
use madoguchi_core::time::Instant;
use madoguchi_store::{InquiryFilter, KeptInquiry};
use serde::Deserialize;

use crate::auth::access::Allowed;
use crate::auth::routes::Routes;
use crate::error::WebError;
use crate::feature::Feature;
use crate::library::name;
use crate::menu::MenuEntry;
use crate::query::escape;
use crate::shell::Shell;
use crate::state::Web;
use crate::text;

/// The entry of the menu.
const HERE: &str = "/inquiries";
const PAGE_SIZE: usize = 30;

pub(crate) const FEATURE: Feature = Feature::new(routes)
    .menu(&[
        MenuEntry::new("フォームの問合せ", HERE, Permission::HandleInquiries)
            .waiting(|_, work| vec![("未処理", work.inquiries)]),
    ])
    .messages(&[
        ("handled", "処理済みにしました。"),
        ("reopened", "未処理に戻しました。"),
    ]);

fn routes() -> Routes {
    Routes::new()
        .get("/inquiries", page)
        .post("/inquiries/{id}/handled", handle)
}

#[derive(Template)]
#[template(path = "inquiries.html")]
struct InquiriesPage {
    shell: Shell,
    all: bool,
    article: String,
    number: String,
    open: String,
    rows: Vec<Row>,
    older: Option<String>,
}

struct Row {
    id: String,
    number: Option<String>,
    at: String,
    site: String,
    name: String,
    extension: String,
    text: String,
    /// The article that was read before, with its page.
    article: Option<(String, String)>,
    query: String,
    handled: Option<String>,
    version: i64,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct InquiriesQuery {
    show: String,
    article: String,
    number: String,
    older: String,
    done: String,
}

impl InquiriesQuery {
    fn number(&self) -> Result<Option<ReceiptNumber>, WebError> {
        if self.number.trim().is_empty() {
            return Ok(None);
        }
        let number = ReceiptNumber::read(&self.number);
        number.map(Some).ok_or_else(|| {
            WebError::BadRequest("受付番号を、0012 のように数字で入力してください。".to_owned())
        })
    }

    fn older_than(&self) -> Result<Option<(Instant, String)>, WebError> {
        if self.older.is_empty() {
            return Ok(None);
        }
        let wrong = || WebError::BadRequest("ページの指定を確認してください。".to_owned());
        let (at, id) = self.older.split_once('.').ok_or_else(wrong)?;
        let at = at.parse().map_err(|_| wrong())?;
        Ok(Some((Instant(at), id.to_owned())))
    }

    fn link(&self, last: &KeptInquiry) -> String {
        format!(
            "{HERE}?show={}&article={}&older={}.{}",
            escape(&self.show),
            escape(&self.article),
            last.at.0,
            escape(&last.id)
        )
    }
}

async fn page(
    visitor: Allowed<HandleInquiries>,
    State(web): State<Web>,
    Query(query): Query<InquiriesQuery>,
) -> Result<Html<String>, WebError> {
    let number = query.number()?;
    // Whoever has the number asks for this one, handled or not.
    let all = query.show == "all" || number.is_some();
    let filter = InquiryFilter {
        open: !all,
        number,
        article: (!query.article.is_empty()).then(|| query.article.clone()),
        older_than: query.older_than()?,
        limit: PAGE_SIZE as u32 + 1,
    };
    let mut found = web.store.list_inquiries(&filter).await?;
    let more = found.len() > PAGE_SIZE;
    found.truncate(PAGE_SIZE);
    let mut entry = visitor.entry(web.desk.now(), Action::InquiriesView, "");
    entry.after = Fields::from([("records".to_owned(), found.len().to_string())]);
    web.store.append_audit(&[entry]).await?;
    let page = InquiriesPage {
        shell: Shell::new(&web, Some(&visitor), HERE).done(&web, &query.done),
        all,
        open: text::number(web.store.open_inquiries().await?),
        older: found.last().filter(|_| more).map(|last| query.link(last)),
        rows: found.into_iter().map(|one| row(&web, one)).collect(),
        article: query.article,
        number: number.map(|number| number.to_string()).unwrap_or_default(),
    };
    Ok(Html(page.render()?))
}

fn row(web: &Web, kept: KeptInquiry) -> Row {
    let dates = web.settings.dates;
    let inquiry = kept.inquiry;
    Row {
        at: dates.minute(kept.at),
        article: inquiry.article.map(|id| {
            let link = format!("/knowledge/{}", escape(&id));
            (name(kept.article_number, &id), link)
        }),
        handled: kept
            .handled
            .map(|(at, by)| format!("{}　{by}", dates.minute(at))),
        id: escape(&kept.id),
        number: kept.number.map(|number| number.to_string()),
        site: inquiry.site,
        name: inquiry.name,
        extension: inquiry.extension,
        text: inquiry.text,
        query: inquiry.query,
        version: kept.version,
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct HandleForm {
    version: i64,
    handled: String,
}

async fn handle(
    visitor: Allowed<HandleInquiries>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(form): Form<HandleForm>,
) -> Result<Redirect, WebError> {
    let handled = form.handled == "yes";
    let mut entry = visitor.entry(web.desk.now(), Action::InquiryHandle, &id);
    let state = if handled { "処理済み" } else { "未処理" };
    entry.after = Fields::from([("state".to_owned(), state.to_owned())]);
    let mut tx = web.store.begin(entry).await?;
    tx.handle_inquiry(&id, form.version, handled).await?;
    tx.commit().await?;
    let done = if handled {
        "handled"
    } else {
        "reopened&show=all"
    };
    Ok(Redirect::to(&format!("{HERE}?done={done}")))
}
