//! What staff say: feedback, and inquiries by the form.

use madoguchi_core::audit::Action;
use madoguchi_store::{AuditFilter, InquiryFilter};

use super::*;
use crate::query::escape;

async fn helped(open: &Open) -> (u64, u64) {
    let figures = open
        .house
        .store
        .access_figures(Instant(0), Instant(i64::MAX));
    let access = figures.await.unwrap().articles;
    let access = access.get("ryohi-001").copied().unwrap_or_default();
    (access.helped, access.not_helped)
}

#[tokio::test]
async fn a_browser_says_once_whether_an_article_helped_and_may_change_its_mind() {
    let open = open().await;
    let mut reader = Client::default();
    open.read(&mut reader, "/faq/ryohi-001").await;
    let path = "/faq/ryohi-001/feedback";
    let (_, place, _) = open.write(&mut reader, path, "version=1&helped=yes").await;
    assert_eq!(place, "/faq/ryohi-001?done=helped");
    let comment = escape("上限の額が\n書いてありません");
    let body = format!("version=1&helped=no&comment={comment}");
    let (_, place, _) = open.write(&mut reader, path, &body).await;
    assert_eq!(helped(&open).await, (0, 1));
    let (_, html) = open.read(&mut reader, &place).await;
    assert!(html.contains("ご意見を受け付けました"));
    assert!(html.contains("「役に立たなかった」というご意見"));
    // Another browser has another word.
    let mut other = Client::default();
    open.read(&mut other, "/faq/ryohi-001").await;
    open.write(&mut other, path, "version=1&helped=yes").await;
    assert_eq!(helped(&open).await, (1, 1));
    for body in [
        "version=2&helped=yes",
        "version=1&helped=perhaps",
        "version=1",
    ] {
        let (status, ..) = open.write(&mut reader, path, body).await;
        assert!(status.is_client_error(), "{body}");
    }
    let long = format!("version=1&helped=no&comment={}", "a".repeat(1_001));
    let (status, ..) = open.write(&mut reader, path, &long).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn forms_that_our_pages_did_not_make_are_refused() {
    let open = open().await;
    let body = "version=1&helped=yes";
    let path = "/faq/ryohi-001/feedback";
    let (status, ..) = open.write(&mut Client::default(), path, body).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "no cookie");
    let mut reader = Client::default();
    open.read(&mut reader, "/faq/ryohi-001").await;
    let mut forged = Client {
        csrf: "0000".to_owned(),
        ..reader.clone()
    };
    let (status, ..) = open.write(&mut forged, path, body).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "a wrong token");
    let mut other = Client::default();
    open.read(&mut other, "/faq/ryohi-001").await;
    let mut stolen = Client {
        csrf: other.csrf,
        ..reader
    };
    let (status, ..) = open.write(&mut stolen, path, body).await;
    assert_eq!(
        status,
        StatusCode::FORBIDDEN,
        "the token of another browser"
    );
    assert_eq!(helped(&open).await, (0, 0));
    // Who is signed in uses the token of the session.
    let mut agent = open.house.user("sato", &[Role::Agent]).await;
    let (status, ..) = open.house.submit(&mut agent, path, body).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(helped(&open).await, (1, 0));
}

fn inquiry(text: &str) -> String {
    format!(
        "site={}&name={}&extension=1234&text={}&article=ryohi-001&query=x",
        escape("本部"),
        escape("佐藤"),
        escape(text)
    )
}

#[tokio::test]
async fn who_is_not_helped_learns_how_to_call_and_may_write() {
    let open = open().await;
    let mut reader = Client::default();
    let (_, html) = open
        .read(&mut reader, "/faq/contact?article=ryohi-001&q=x")
        .await;
    for shown in [
        "03-9999-0000",
        "受付時間内(17:30まで)",
        "宿泊料はいくらまで",
        "value=\"本部\"",
    ] {
        assert!(html.contains(shown), "{shown}");
    }
    let (status, _, html) = open
        .write(&mut reader, "/faq/contact", "site=&name=%20&text=")
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(html.matches("field-error").count(), 4);
    let body = inquiry(NASTY);
    let (_, place, _) = open.write(&mut reader, "/faq/contact", &body).await;
    assert!(
        place.starts_with("/faq/contact?done=inquiry&sent="),
        "{place}"
    );
    let (_, html) = open.read(&mut reader, &place).await;
    assert!(html.contains("問合せを受け付けました") && html.contains("0001"));
    // The desk sees it, and that is recorded.
    let (_, html) = open.house.get("/inquiries").await;
    assert!(html.contains("未処理 1件") && html.contains("佐藤"));
    assert!(html.contains("&#60;script&#62;") && html.contains("/knowledge/ryohi-001"));
    let viewed = AuditFilter {
        action: Some(Action::InquiriesView),
        limit: 5,
        ..AuditFilter::default()
    };
    assert_eq!(open.house.store.list_audit(&viewed).await.unwrap().len(), 1);
    let all = InquiryFilter {
        limit: 5,
        ..InquiryFilter::default()
    };
    let id = open.house.store.list_inquiries(&all).await.unwrap()[0]
        .id
        .clone();
    let path = format!("/inquiries/{}/handled", escape(&id));
    let mut boss = open.house.boss.clone();
    let (status, ..) = open
        .house
        .submit(&mut boss, &path, "version=1&handled=yes")
        .await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let (status, ..) = open
        .house
        .submit(&mut boss, &path, "version=1&handled=yes")
        .await;
    assert_eq!(status, StatusCode::CONFLICT, "somebody was quicker");
    let (_, html) = open.house.get("/inquiries").await;
    assert!(html.contains("未処理の問合せはありません"));
    let (_, html) = open.house.get("/inquiries?show=all").await;
    assert!(html.contains("処理済み") && html.contains("boss"));
}

#[tokio::test]
async fn what_is_sent_twice_comes_in_once_and_is_found_by_its_number() {
    let open = open().await;
    let mut reader = Client::default();
    let (_, html) = open.read(&mut reader, "/faq/contact").await;
    let form = html.split("name=\"form\" value=\"").nth(1).unwrap();
    let form = form.split('"').next().unwrap().to_owned();
    let body = |text: &str| format!("{}&form={form}", inquiry(text));
    // Sent by an impatient finger, then after going back, changed.
    let mut places = Vec::new();
    for text in ["a", "a", "b"] {
        let (_, place, _) = open.write(&mut reader, "/faq/contact", &body(text)).await;
        places.push(place);
    }
    assert!(
        places[0] == places[1] && places[1] != places[2],
        "{places:?}"
    );
    assert_eq!(open.house.store.open_inquiries().await.unwrap(), 2);
    // The page says the same however often it is loaded.
    for _ in 0..2 {
        let (_, html) = open.read(&mut reader, &places[2]).await;
        assert!(html.contains("0002") && !html.contains("name=\"text\""));
    }
    assert_eq!(open.house.store.open_inquiries().await.unwrap(), 2);
    let (_, html) = open
        .read(&mut reader, "/faq/contact?done=inquiry&sent=x")
        .await;
    assert!(!html.contains("受け付け"), "nothing was sent");
    for asked in ["2", "0002", "%EF%BC%92"] {
        let (_, html) = open.house.get(&format!("/inquiries?number={asked}")).await;
        assert!(html.contains("受付番号 0002") && !html.contains("受付番号 0001"));
    }
    let (_, html) = open.house.get("/inquiries?number=9").await;
    assert!(html.contains("受付番号0009の問合せはありません"));
    let (status, _) = open.house.get("/inquiries?number=x").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn nobody_buries_the_desk_in_inquiries() {
    let open = open().await;
    let mut reader = Client::default();
    open.read(&mut reader, "/faq/contact").await;
    let mut statuses = Vec::new();
    for n in 0..25 {
        let body = inquiry(&format!("{n}"));
        statuses.push(open.write(&mut reader, "/faq/contact", &body).await.0);
    }
    assert!(
        statuses[..20]
            .iter()
            .all(|status| *status == StatusCode::SEE_OTHER)
    );
    assert!(
        statuses[20..]
            .iter()
            .all(|status| *status == StatusCode::TOO_MANY_REQUESTS)
    );
    assert_eq!(open.house.store.open_inquiries().await.unwrap(), 20);
}

#[tokio::test]
async fn without_the_form_there_is_the_telephone() {
    let settings = PortalSettings {
        inquiry_form: false,
        ..portal()
    };
    let open = Open {
        house: house_with(Faq::default(), settings).await,
        shelf: Arc::default(),
        _index: tempfile::tempdir().unwrap(),
    };
    let mut reader = Client::default();
    let (_, html) = open.read(&mut reader, "/faq/contact").await;
    assert!(html.contains("03-9999-0000") && !html.contains("<form method=\"post\""));
    let (status, ..) = open.write(&mut reader, "/faq/contact", &inquiry("a")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(open.shelf.0.lock().unwrap().is_empty());
}
