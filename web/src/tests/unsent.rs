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
