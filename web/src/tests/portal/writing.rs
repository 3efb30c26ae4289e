//! What staff say: feedback, and inquiries by the form.

use madoguchi_core::ticket::Status;
use madoguchi_store::{TicketFilter, TicketRow};

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
    let ticket = open.tickets().await.remove(0);
    let number = ticket.number.to_string();
    assert!(html.contains("問合せを受け付けました") && html.contains(&number));
    // The desk has it as a ticket, and the menu tells of it.
    assert_eq!(ticket.status, Status::Received);
    let (_, html) = open.house.get("/tickets?channel=portal").await;
    assert!(
        html.contains(&number) && html.contains("フォーム1件"),
        "{html}"
    );
    let (_, html) = open.house.get(&format!("/tickets/{number}")).await;
    assert!(
        html.contains("佐藤") && html.contains("&#60;script&#62;"),
        "{html}"
    );
    assert!(html.contains("検索した言葉『x』"), "{html}");
    // What led to it before leads to it now.
    let mut boss = open.house.boss.clone();
    let (_, place, _) = open.house.open_from(&mut boss, "/inquiries").await;
    assert_eq!(place, "/tickets?channel=portal&state=received");
}

#[tokio::test]
async fn who_is_signed_in_need_not_say_who_they_are() {
    let open = open().await;
    let person = madoguchi_core::person::Person {
        id: "sato".into(),
        name: "佐藤 葉子".to_owned(),
        kana: String::new(),
        site: "本部".to_owned(),
        department: "総務課".to_owned(),
        mail: String::new(),
        numbers: Vec::new(),
        left_on: None,
    };
    let mut tx = open.house.store.begin_unrecorded().await.unwrap();
    tx.save_people(&[person], now()).await.unwrap();
    tx.commit().await.unwrap();
    let mut sato = open.house.user("sato", &[Role::Agent]).await;
    let (_, html) = open.house.open(&mut sato, "/faq/contact").await;
    assert!(
        html.contains("name=\"name\" value=\"sato\"") || html.contains("佐藤"),
        "{html}"
    );
    open.house
        .submit(&mut sato, "/faq/contact", &inquiry("a"))
        .await;
    let row = open.tickets().await.remove(0);
    assert_eq!(row.person, Some("sato".into()));
}

impl Open {
    async fn tickets(&self) -> Vec<TicketRow> {
        let filter = TicketFilter {
            limit: 100,
            ..TicketFilter::default()
        };
        self.house.store.list_tickets(&filter).await.unwrap()
    }
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
    assert_eq!(open.tickets().await.len(), 2);
    // The page says the same however often it is loaded.
    for _ in 0..2 {
        let (_, html) = open.read(&mut reader, &places[2]).await;
        assert!(html.contains("-00002") && !html.contains("name=\"text\""));
    }
    assert_eq!(open.tickets().await.len(), 2);
    let (_, html) = open
        .read(&mut reader, "/faq/contact?done=inquiry&sent=x")
        .await;
    assert!(!html.contains("受け付け"), "nothing was sent");
    // A number of before that there is not leads to the list.
    let mut boss = open.house.boss.clone();
    for path in [
        "/inquiries?number=9&show=all",
        "/inquiries?number=x&show=all",
    ] {
        let (_, place, _) = open.house.open_from(&mut boss, path).await;
        assert_eq!(place, "/tickets?channel=portal");
    }
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
    assert_eq!(open.tickets().await.len(), 20);
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
        knowledge: None,
        _index: tempfile::tempdir().unwrap(),
    };
    let mut reader = Client::default();
    let (_, html) = open.read(&mut reader, "/faq/contact").await;
    assert!(html.contains("03-9999-0000") && !html.contains("<form method=\"post\""));
    let (status, ..) = open.write(&mut reader, "/faq/contact", &inquiry("a")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(open.shelf.0.lock().unwrap().is_empty());
}
