//! The database is away: staff and agents go on finding and reading.

use super::*;
use crate::query::escape;

#[tokio::test]
async fn staff_find_and_read_out_of_the_index_while_the_database_is_away() {
    let open = open().await;
    let mut staff = Client::default();
    open.read(&mut staff, "/faq").await;
    open.house.database(true);
    *open.shelf.1.lock().unwrap() = true;
    let (status, html) = open.read(&mut staff, "/faq").await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        html.contains("/faq/ryohi-001") && !html.contains(SECRET),
        "{html}"
    );
    let (status, html) = open
        .read(&mut staff, &format!("/faq?q={}", escape("宿泊料")))
        .await;
    assert_eq!(status, StatusCode::OK);
    assert!(html.contains("/faq/ryohi-001"), "{html}");
    // One that nobody has opened yet.
    let (status, html) = open.read(&mut staff, "/faq/ryohi-002?s=x&n=1").await;
    assert_eq!(status, StatusCode::OK);
    assert!(html.contains("直してから請求し直してください"), "{html}");
    assert!(html.contains("文章だけを表示しています"), "{html}");
    for hidden in ["/faq/desk-001", "/faq/none"] {
        let (status, html) = open.read(&mut staff, hidden).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert!(!html.contains(SECRET), "{hidden}");
    }
    let (status, html) = open.read(&mut staff, "/faq/category/f09").await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        html.contains("ryohi-001") && html.contains("ryohi-002"),
        "{html}"
    );
    for path in [
        "/faq/feed.xml",
        "/sitemap.xml",
        "/faq/contact",
        "/faq/results?q=x",
    ] {
        assert_eq!(
            open.read(&mut staff, path).await.0,
            StatusCode::OK,
            "{path}"
        );
    }
    // A cookie that cannot be looked up makes nobody a stranger here.
    staff.cookie = format!("{}; madoguchi=unknown", staff.cookie);
    assert_eq!(open.read(&mut staff, "/faq").await.0, StatusCode::OK);
    let request = from(OUTSIDE, "/faq", &staff);
    let (status, ..) = open.house.pass(&mut staff, request).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "but elsewhere");
}

#[tokio::test]
async fn agents_find_and_quote_out_of_the_index_while_the_database_is_away() {
    let open = open().await;
    let mut agent = open.house.user("sato", &[Role::Agent]).await;
    open.house.database(true);
    *open.shelf.1.lock().unwrap() = true;
    let query = format!("/knowledge?q={}", escape("旅費の差戻し"));
    let (status, html) = open.house.open(&mut agent, &query).await;
    assert_eq!(status, StatusCode::OK);
    assert!(html.contains("desk-001"), "{html}");
    let (status, html) = open.house.open(&mut agent, "/knowledge/desk-001").await;
    assert_eq!(status, StatusCode::OK);
    assert!(html.contains(SECRET) && html.contains("文章だけ"), "{html}");
    let (status, json) = open
        .house
        .open(&mut agent, "/api/v1/knowledge/articles/ryohi-001")
        .await;
    assert_eq!(status, StatusCode::OK);
    assert!(json.contains("\"quote\""), "{json}");
}
