//! Searching and reading.

use madoguchi_core::audience::Viewer;

use super::*;
use crate::query::escape;

async fn figures(open: &Open) -> madoguchi_core::portal::AccessFigures {
    let (from, until) = (now() - Millis::from_secs(60), now() + Millis::from_secs(60));
    open.house.store.access_figures(from, until).await.unwrap()
}

/// The first address in a page that begins so.
fn link(html: &str, start: &str) -> String {
    let at = html.find(&format!("href=\"{start}")).expect(start) + 6;
    let rest = &html[at..];
    let raw = &rest[..rest.find('"').unwrap()];
    raw.replace("&#38;", "&")
}

#[tokio::test]
async fn staff_search_open_and_read_and_that_is_kept_without_their_address() {
    let open = open().await;
    let mut reader = Client::default();
    let (_, home) = open.read(&mut reader, "/faq").await;
    assert!(home.contains("旅費・出張") && home.contains("2件"));
    assert!(home.contains("role=\"search\"") && home.contains("新着・更新"));
    let query = escape("宿泊料の上限");
    let (_, found) = open.read(&mut reader, &format!("/faq?q={query}")).await;
    assert!(found.contains("<mark>宿泊</mark>") || found.contains("<mark>宿泊料</mark>"));
    let place = link(&found, "/faq/ryohi-001");
    assert!(place.contains("?s=") && place.ends_with("&n=1"), "{place}");
    let (status, html) = open.read(&mut reader, &place).await;
    assert_eq!(status, StatusCode::OK);
    assert!(html.contains("地域の区分ごとの上限まで支給します"));
    assert!(html.contains("関連するFAQ"), "others stand beside it");
    let figures = figures(&open).await;
    assert_eq!((figures.portal.searches, figures.portal.opened), (1, 1));
    let access = figures.articles["ryohi-001"];
    assert_eq!((access.portal, access.by_search), (1, 1));
    assert_eq!(figures.sites[&Some("本部".to_owned())].views, 1);
    let reads = open.house.store.portal_reads(Instant(0), Instant(i64::MAX));
    let reads = reads.await.unwrap();
    assert!(!reads[0].visit.contains("192.168"));
    assert!(
        !reader.cookie.contains(&reads[0].visit),
        "no cookie is kept"
    );
    // Popular ones are counted anew after a while.
    open.house.set_time(now() + Millis::from_secs(61));
    let (_, home) = open.read(&mut reader, "/faq").await;
    assert!(home.contains("よく見られているFAQ"));
}

#[tokio::test]
async fn results_while_somebody_types_are_kept_only_when_they_settle_or_open() {
    let open = open().await;
    let mut reader = Client::default();
    let query = escape("パスワード");
    for part in ["ぱ", "ぱす", "パスワード"] {
        let path = format!("/faq/results?q={}", escape(part));
        let (_, html) = open.read(&mut reader, &path).await;
        assert!(!html.contains("<html"), "a part of a page");
    }
    assert_eq!(figures(&open).await.portal.searches, 0);
    let (_, html) = open
        .read(&mut reader, &format!("/faq/results?q={query}"))
        .await;
    // Opened before the search was kept: it was one all the same.
    let place = link(&html, "/faq/login-001");
    assert!(place.contains("?q="), "{place}");
    open.read(&mut reader, &place).await;
    let seen = figures(&open).await.portal;
    assert_eq!((seen.searches, seen.opened), (1, 1));
    open.read(&mut reader, &format!("/faq/results?settled=1&q={query}"))
        .await;
    assert_eq!(figures(&open).await.portal.searches, 2);
    let (_, suggested) = open.read(&mut reader, "/faq/suggest?q=pasuwa").await;
    assert!(suggested.contains("パスワードを忘れました"), "{suggested}");
}

#[tokio::test]
async fn nothing_found_is_said_kindly_with_ways_on() {
    let open = open().await;
    let query = escape("ぬりかべ座敷童子");
    let (_, html) = open
        .read(&mut Client::default(), &format!("/faq?q={query}"))
        .await;
    assert!(html.contains("合うFAQは見つかりませんでした"), "{html}");
    assert!(html.contains("分類から探す") && html.contains("/faq/contact?q="));
    let vain = open
        .house
        .store
        .missed_queries(madoguchi_store::ContentGap::InVain, Instant(0), 5)
        .await
        .unwrap();
    assert_eq!(vain[0].normal, "ぬりかべ座敷童子");
}

#[tokio::test]
async fn without_the_search_categories_and_articles_are_there() {
    let shelf = Arc::new(TestLibrary::default());
    for one in articles() {
        shelf.0.lock().unwrap().insert(one.id.clone(), one);
    }
    let faq = Faq {
        library: Some(shelf.clone()),
        ..Faq::default()
    };
    let open = Open {
        house: house_with(faq, portal()).await,
        shelf,
        knowledge: None,
        _index: tempfile::tempdir().unwrap(),
    };
    let mut reader = Client::default();
    let (status, html) = open.read(&mut reader, "/faq?q=a").await;
    assert_eq!(status, StatusCode::OK);
    assert!(html.contains("検索を準備しています"));
    let (_, html) = open.read(&mut reader, "/faq").await;
    assert!(html.contains("旅費・出張"));
    let (_, html) = open.read(&mut reader, "/faq/category/f09").await;
    assert!(html.contains("宿泊料はいくらまで"));
    assert_eq!(
        open.read(&mut reader, "/faq/ryohi-001").await.0,
        StatusCode::OK
    );
    let (status, body) = open.house.get("/api/v1/knowledge/search?q=a").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(body.contains("unavailable"));
}

#[tokio::test]
async fn the_feed_and_the_sitemap_are_xml_with_whole_addresses() {
    let mut articles = articles();
    articles[0].question = "A & B <c> \u{1}]]>".to_owned();
    let open = open_with(articles).await;
    let mut reader = Client::default();
    let (_, feed) = open.read(&mut reader, "/faq/feed.xml").await;
    assert!(feed.starts_with("<?xml"));
    assert!(
        feed.contains("<title>A &#38; B &#60;c&#62; ]]&#62;</title>"),
        "{feed}"
    );
    assert!(feed.contains("<link>http://localhost:8080/faq/ryohi-001</link>"));
    assert!(feed.contains("<pubDate>Mon, 23 Nov 2026 10:00:00 +0900</pubDate>"));
    let (_, map) = open.read(&mut reader, "/sitemap.xml").await;
    assert_eq!(
        map.matches("<loc>").count(),
        4,
        "the portal and three articles"
    );
    assert!(map.contains("<lastmod>2026-11-23</lastmod>"));
}

#[tokio::test]
async fn views_at_the_desk_and_in_the_portal_are_told_apart() {
    let open = open().await;
    let mut agent = open.house.user("sato", &[Role::Agent]).await;
    open.house.open(&mut agent, "/knowledge/ryohi-001").await;
    open.read(&mut Client::default(), "/faq/ryohi-001").await;
    let access = figures(&open).await.articles["ryohi-001"];
    assert_eq!((access.portal, access.desk, access.by_search), (1, 1, 0));
    let most = open.house.store.most_read(Viewer::Portal, Instant(0), 5);
    assert_eq!(most.await.unwrap(), [("ryohi-001".into(), 1)]);
}
