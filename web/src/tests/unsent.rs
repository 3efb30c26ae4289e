//! What was typed by somebody whose session ended meanwhile.

use axum::http::StatusCode;
use madoguchi_core::access::Role;
use madoguchi_core::time::Millis;

use super::*;
use crate::query::escape;

const NEW: &str = "/admin/notices/new";

/// A form of a notice with nothing to be refused, and a secret that has no business there.
fn notice() -> String {
    format!(
        "kind=incident&title={}&body={}&readers=desk&from=2026-11-24T10:00&password=himitsu",
        escape("回線の\"障害\""),
        escape("一行目\n二行目 <b>"),
    )
}

impl House {
    /// Sends a form after the session has ended; gives where the browser is led to.
    async fn send_too_late(&self, client: &mut Client, path: &str, body: &str) -> String {
        self.let_pass(Millis::from_secs(3_601));
        let (status, place, html) = self.submit(client, path, body).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
        place
    }

    /// Signs in in the same browser, as the sign-in page leads.
    async fn sign_in_again(&self, client: &mut Client, at: &str, login: &str) -> String {
        let (_, html) = self.open(client, at).await;
        let (_, next) = html.split_once("name=\"next\" value=\"").unwrap();
        let next = next.split('"').next().unwrap().replace("&#38;", "&");
        let body = format!("login={login}&password={PASSWORD}&next={}", escape(&next));
        let (status, place, html) = self.submit(client, "/sign-in", &body).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
        place
    }
}

#[tokio::test]
async fn a_form_sent_after_the_session_ended_comes_back_filled_after_signing_in() {
    let house = house().await;
    let mut boss = house.boss.clone();
    house.open(&mut boss, NEW).await;
    let place = house.send_too_late(&mut boss, NEW, &notice()).await;
    assert_eq!(place, format!("/sign-in?done=unsent&next={}", escape(NEW)));
    assert!(
        house
            .store
            .list_settings("notice")
            .await
            .unwrap()
            .is_empty()
    );
    let (_, html) = house.open(&mut boss, &place).await;
    assert!(html.contains("まだ送信していません"), "{html}");
    let next = house.sign_in_again(&mut boss, &place, "boss").await;
    assert_eq!(next, NEW);
    let (status, html) = house.open(&mut boss, &next).await;
    assert_eq!(status, StatusCode::OK);
    for typed in [
        "value=\"回線の&#34;障害&#34;\"",
        "\n一行目\n二行目 &#60;b&#62;</textarea>",
        "value=\"incident\" selected",
        "まだ送信していません",
    ] {
        assert!(html.contains(typed), "{typed}: {html}");
    }
    assert!(!html.contains("himitsu"));
    // It can be sent as it stands there, and does not come back a second time.
    let (status, to, html) = house.submit(&mut boss, NEW, &notice()).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    assert!(to.starts_with("/admin/notices/") && to.ends_with("?done=created"));
    let (_, html) = house.open(&mut boss, NEW).await;
    assert!(!html.contains("障害&#34;") && !html.contains("まだ送信していません"));
}

impl House {
    /// Sends a form from a page of ours, or from what `more` says, with the token that the client has.
    async fn send_from(
        &self,
        client: &mut Client,
        (page, path): (&str, &str),
        (kind, body): (&str, String),
        more: &[(&str, &str)],
    ) -> (StatusCode, String, String) {
        let mut request = Request::post(path)
            .header("host", "localhost:8080")
            .header("cookie", &client.cookie)
            .header("content-type", kind);
        if !page.is_empty() {
            request = request.header("referer", format!("http://localhost:8080{page}"));
        }
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        self.pass(client, request.body(Body::from(body)).unwrap())
            .await
    }
}

const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data; boundary=edge";
const OURS: [(&str, &str); 2] = [
    ("origin", "http://localhost:8080"),
    ("sec-fetch-site", "same-origin"),
];

#[tokio::test]
async fn a_form_opened_before_a_new_sign_in_comes_back_filled_and_changes_nothing() {
    let house = house().await;
    let mut boss = house.boss.clone();
    house.open(&mut boss, NEW).await;
    let stale = boss.csrf.clone();
    // In another tab of the same browser.
    house
        .sign_in_again(&mut boss, "/sign-in?next=%2Fboard", "boss")
        .await;
    let body = format!("{}&_csrf={stale}", notice());
    let sent = house.send_from(&mut boss, (NEW, NEW), (FORM, body), &OURS);
    let (status, place, html) = sent.await;
    assert_eq!(
        (status, place.as_str()),
        (StatusCode::SEE_OTHER, NEW),
        "{html}"
    );
    let kept = house.store.list_settings("notice").await.unwrap();
    assert!(kept.is_empty(), "nothing is done");
    let (status, html) = house.open(&mut boss, &place).await;
    assert_eq!(status, StatusCode::OK);
    for shown in [
        "別の画面でログインし直したため、まだ送信していません。",
        "value=\"回線の&#34;障害&#34;\"",
        "\n一行目\n二行目 &#60;b&#62;</textarea>",
    ] {
        assert!(html.contains(shown), "{shown}: {html}");
    }
    assert!(!html.contains("himitsu") && boss.csrf != stale);
    // It is sent as it stands there.
    let (status, to, html) = house.submit(&mut boss, NEW, &notice()).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    assert!(to.ends_with("?done=created"));
}

#[tokio::test]
async fn a_browser_that_names_no_page_is_led_back_to_the_page_of_the_form() {
    let house = house().await;
    let mut boss = house.boss.clone();
    let body = format!("{}&_csrf=0000", notice());
    let sent = house.send_from(&mut boss, ("", NEW), (FORM, body), &OURS);
    let (status, place, html) = sent.await;
    assert_eq!(
        (status, place.as_str()),
        (StatusCode::SEE_OTHER, NEW),
        "{html}"
    );
    let (_, html) = house.open(&mut boss, &place).await;
    for shown in ["まだ送信していません", "value=\"回線の&#34;障害&#34;\""] {
        assert!(html.contains(shown), "{shown}: {html}");
    }
    // Browsers that say nothing of where somebody comes from hide the origin as well.
    let hidden = [("origin", "null"), ("sec-fetch-site", "same-origin")];
    let body = format!("{}&_csrf=0000", notice());
    let sent = house.send_from(&mut boss, ("", NEW), (FORM, body), &hidden);
    assert_eq!(sent.await.1, NEW);
    // A step leads back to the page with its button, and a file to where it is chosen.
    let step = "command=away&_csrf=0000".to_owned();
    let sent = house.send_from(&mut boss, ("", "/agents/tanaka/state"), (FORM, step), &OURS);
    assert_eq!(sent.await.1, "/board");
    let body = multipart(&[("_csrf", "0")], "a.xlsx");
    let path = "/tickets/import";
    let sent = house.send_from(&mut boss, ("", path), (MULTIPART, body), &OURS);
    assert_eq!(sent.await.1, path);
}

/// So that a form that is not taken always has somewhere to come back to.
#[test]
fn every_form_stands_on_a_page_at_or_above_its_address() {
    let declared = crate::declared();
    let pages: Vec<_> = declared
        .iter()
        .filter(|route| route.method == "GET")
        .map(|route| route.path)
        .collect();
    let lost: Vec<_> = declared
        .iter()
        .filter(|route| route.method == "POST" && !route.path.starts_with("/api/"))
        .map(|route| route.path)
        .filter(|path| crate::unsent::page_above(&pages, path).is_none())
        .collect();
    // Saved views stand on many lists and name theirs; who signs out has typed nothing.
    assert_eq!(lost, ["/sign-out", "/views", "/views/remove"]);
}

#[tokio::test]
async fn a_form_with_another_token_from_elsewhere_is_refused_and_nothing_is_kept() {
    let house = house().await;
    let mut boss = house.boss.clone();
    let body = || format!("{}&_csrf=0000", notice());
    let foreign: [(&str, &[(&str, &str)]); 6] = [
        (NEW, &[("origin", "https://evil.example")]),
        (NEW, &[("sec-fetch-site", "cross-site")]),
        (NEW, &[("sec-fetch-site", "same-site")]),
        (NEW, &[("origin", "null")]),
        // What says nothing of where it comes from.
        (NEW, &[]),
        ("", &[]),
    ];
    for (page, headers) in foreign {
        let sent = house.send_from(&mut boss, (page, NEW), (FORM, body()), headers);
        let (status, place, _) = sent.await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{headers:?}");
        assert_eq!(place, "", "{headers:?}");
    }
    let (_, html) = house.open(&mut boss, NEW).await;
    assert!(!html.contains("まだ送信していません") && !html.contains("一行目"));
    // Forms of secrets are refused as well.
    let page = "/account/password";
    let secrets = "current=x&new=himitsu&again=himitsu&_csrf=0000".to_owned();
    let sent = house.send_from(&mut boss, (page, page), (FORM, secrets), &OURS);
    assert_eq!(sent.await.0, StatusCode::FORBIDDEN);
    // A script is told so instead of being led away.
    let headers = [OURS[0], OURS[1], ("x-csrf-token", "0000")];
    let sent = house.send_from(&mut boss, (NEW, NEW), (FORM, notice()), &headers);
    assert_eq!(sent.await.0, StatusCode::FORBIDDEN);
}

/// A form with a file, as browsers send it.
fn multipart(fields: &[(&str, &str)], file: &str) -> String {
    let fields = fields.iter().map(|(name, value)| {
        format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    });
    let fields: String = fields.collect();
    format!(
        "{fields}--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{file}\"\r\n\r\n\
         abc\r\n--edge--\r\n"
    )
}

#[tokio::test]
async fn a_form_with_a_file_opened_before_a_new_sign_in_asks_for_the_file_again() {
    let house = house().await;
    let mut boss = house.boss.clone();
    let page = "/admin/announcements/%2A/greeting";
    let fields = [("_csrf", "0".repeat(64)), ("version", "7".to_owned())];
    let fields = fields
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let body = multipart(&fields, "a.wav");
    let sent = house.send_from(&mut boss, (page, page), (MULTIPART, body), &OURS);
    let (status, place, html) = sent.await;
    assert_eq!(
        (status, place.as_str()),
        (StatusCode::SEE_OTHER, page),
        "{html}"
    );
    let (_, html) = house.open(&mut boss, &place).await;
    assert!(
        html.contains("ログインし直したため、ファイルはまだ送信していません"),
        "{html}"
    );
    let kept = house.store.setting_history("announcement", "*/greeting");
    assert!(kept.await.unwrap().is_empty());
}

#[tokio::test]
async fn a_reception_as_long_as_a_ticket_may_be_comes_back_when_a_file_came_with_it() {
    let house = house().await;
    let mut boss = house.boss.clone();
    house.open(&mut boss, "/reception").await;
    house.let_pass(Millis::from_secs(3_601));
    // More than a form of settings may hold.
    let question = "長い質問".repeat(8_000);
    let fields = [("_csrf", boss.csrf.as_str()), ("question", &question)];
    let body = multipart(&fields, "a.pdf");
    assert!(body.len() > crate::limits::FormUse::Usual.bytes());
    let sent = house.send_from(
        &mut boss,
        ("/reception", "/reception/files"),
        (MULTIPART, body),
        &OURS,
    );
    let (status, place, html) = sent.await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    assert!(place.starts_with("/sign-in?done=unsent"), "{place}");
    let next = house.sign_in_again(&mut boss, &place, "boss").await;
    let (_, html) = house.open(&mut boss, &next).await;
    assert!(html.contains(&question), "{html}");
}

#[tokio::test]
async fn what_was_typed_is_for_the_same_account_in_the_same_browser_alone() {
    let house = house().await;
    house.add_user("kanri", &[Role::Supervisor]).await;
    let mut boss = house.boss.clone();
    house.open(&mut boss, NEW).await;
    let place = house.send_too_late(&mut boss, NEW, &notice()).await;
    let mut other = boss.clone();
    let next = house.sign_in_again(&mut other, &place, "kanri").await;
    let (status, html) = house.open(&mut other, &next).await;
    assert_eq!(status, StatusCode::OK);
    assert!(!html.contains("一行目") && !html.contains("まだ送信していません"));
    // Another browser of the same account.
    let (_, mut elsewhere) = house.sign_in("boss", PASSWORD).await;
    let (_, html) = house.open(&mut elsewhere, NEW).await;
    assert!(!html.contains("一行目"));
    // And not for long.
    let next = house.sign_in_again(&mut boss, &place, "boss").await;
    house.let_pass(Millis::from_secs(901));
    let (_, html) = house.open(&mut boss, &next).await;
    assert!(!html.contains("一行目"));
}

#[tokio::test]
async fn nothing_is_kept_of_strangers_of_secrets_and_of_forged_forms() {
    let house = house().await;
    let mut boss = house.boss.clone();
    house.open(&mut boss, "/account/password").await;
    let secrets = format!("current={PASSWORD}&new=x&again=x");
    let place = house
        .send_too_late(&mut boss, "/account/password", &secrets)
        .await;
    assert_eq!(place, "/sign-in");
    let (_, place, _) = house.submit(&mut Client::default(), NEW, &notice()).await;
    assert_eq!(place, "/sign-in", "a stranger");
    let mut forged = Client {
        csrf: "0000".to_owned(),
        ..boss.clone()
    };
    let (_, place, _) = house.submit(&mut forged, NEW, &notice()).await;
    assert_eq!(place, "/sign-in", "a form that is not ours");
    // A script is told so instead of being led away.
    let status = house.post(NEW, &[], &notice()).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    // Whoever signs out leaves nothing to be known by.
    let mut client = house.user("sato", &[Role::Supervisor]).await;
    let former = client.cookie.clone();
    house.submit(&mut client, "/sign-out", "").await;
    assert!(former.contains("-owner=") && !client.cookie.contains("-owner="));
}

#[tokio::test]
async fn a_button_pressed_too_late_is_said_not_to_have_done_anything() {
    let house = house().await;
    let mut boss = house.boss.clone();
    house.open(&mut boss, "/board").await;
    house.let_pass(Millis::from_secs(3_601));
    let request = Request::post("/agents/tanaka/state")
        .header("host", "localhost:8080")
        .header("cookie", &boss.cookie)
        .header("origin", "http://localhost:8080")
        .header("referer", "http://localhost:8080/board?reload=15")
        .header("content-type", "application/x-www-form-urlencoded");
    let body = Body::from(format!("command=ready&_csrf={}", boss.csrf));
    let (_, place, _) = house.pass(&mut boss, request.body(body).unwrap()).await;
    let next = house.sign_in_again(&mut boss, &place, "boss").await;
    assert_eq!(next, "/board?reload=15");
    let (_, html) = house.open(&mut boss, &next).await;
    assert!(html.contains("操作はまだ行われていません"), "{html}");
    assert!(house.desk.commands.lock().unwrap().is_empty());
}

#[tokio::test]
async fn of_a_form_with_a_file_the_text_comes_back_and_the_file_is_to_be_chosen_again() {
    let house = house().await;
    let mut boss = house.boss.clone();
    let page = "/admin/announcements/%2A/greeting";
    house.open(&mut boss, page).await;
    house.let_pass(Millis::from_secs(3_601));
    let body = format!(
        "--edge\r\nContent-Disposition: form-data; name=\"_csrf\"\r\n\r\n{}\r\n--edge\r\n\
         Content-Disposition: form-data; name=\"version\"\r\n\r\n7\r\n--edge\r\n\
         Content-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\nRIFF\r\n--edge--\r\n",
        boss.csrf
    );
    let request = Request::post(page)
        .header("host", "localhost:8080")
        .header("cookie", &boss.cookie)
        .header("content-type", "multipart/form-data; boundary=edge");
    let request = request.body(Body::from(body)).unwrap();
    let (status, place, html) = house.pass(&mut boss, request).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    assert!(place.starts_with("/sign-in?done=unsent"), "{place}");
    let next = house.sign_in_again(&mut boss, &place, "boss").await;
    let (_, html) = house.open(&mut boss, &next).await;
    assert!(html.contains("ファイルを選び直してから"), "{html}");
    let kept = house.store.setting_history("announcement", "*/greeting");
    assert!(kept.await.unwrap().is_empty());
}
