//! RSS and sitemap: the articles for programs.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use madoguchi_core::time::Instant;
use madoguchi_kb::Viewer;

use crate::auth::access::PortalReader;
use crate::error::WebError;
use crate::guard;
use crate::library::{ArticleFilter, ArticleHead};
use crate::query::escape;
use crate::state::Web;

/// Articles in the feed.
const NEWEST: u32 = 30;
/// Addresses in a sitemap (sitemaps.org).
const ADDRESSES: u32 = 50_000;

struct Item {
    title: String,
    address: String,
    date: String,
}

#[derive(Template)]
#[template(path = "faq_feed.xml", escape = "xml")]
struct Feed {
    home: String,
    items: Vec<Item>,
}

#[derive(Template)]
#[template(path = "sitemap.xml", escape = "xml")]
struct Sitemap {
    home: String,
    items: Vec<Item>,
}

/// Where the portal was opened, with scheme and host.
fn base(reader: &PortalReader, headers: &HeaderMap) -> String {
    let scheme = if reader.origin.encrypted {
        "https"
    } else {
        "http"
    };
    // The guard lets only known hosts pass.
    let host = guard::host(headers).unwrap_or("localhost");
    format!("{scheme}://{host}")
}

/// `text` without the letters that XML does not have (XML 1.0, 2.2).
fn xml_text(text: &str) -> String {
    let is_text = |letter: &char| {
        !letter.is_control() && !matches!(letter, '\u{fffe}' | '\u{ffff}')
            || matches!(letter, '\t' | '\n')
    };
    text.chars().filter(is_text).collect()
}

async fn items(
    web: &Web,
    base: &str,
    limit: u32,
    date: impl Fn(Instant) -> String,
) -> Result<Vec<Item>, WebError> {
    let filter = ArticleFilter::newest(Viewer::Portal, limit);
    let found = web.articles(&filter).await?.articles;
    let item = |head: ArticleHead| Item {
        title: xml_text(&head.question),
        address: format!("{base}/faq/{}", escape(&head.id)),
        date: date(head.updated_at),
    };
    Ok(found.into_iter().map(item).collect())
}

pub(super) async fn feed(
    reader: PortalReader,
    State(web): State<Web>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let base = base(&reader, &headers);
    let date = |at: Instant| at.in_tokyo().to_rfc2822();
    let feed = Feed {
        items: items(&web, &base, NEWEST, date).await?,
        home: format!("{base}/faq"),
    };
    let kind = (header::CONTENT_TYPE, "application/rss+xml; charset=utf-8");
    Ok(([kind], feed.render()?).into_response())
}

pub(super) async fn sitemap(
    reader: PortalReader,
    State(web): State<Web>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let base = base(&reader, &headers);
    let date = |at: Instant| at.date().to_string();
    let sitemap = Sitemap {
        items: items(&web, &base, ADDRESSES - 1, date).await?,
        home: format!("{base}/faq"),
    };
    let kind = (header::CONTENT_TYPE, "application/xml; charset=utf-8");
    Ok(([kind], sitemap.render()?).into_response())
}
