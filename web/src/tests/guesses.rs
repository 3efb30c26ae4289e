//! Guesses at passwords and codes: many at once, from strangers and from the owner's own browser,
//! wherever a secret is asked for; and what the answers tell of who has an account.

use std::net::IpAddr;

use axum::http::StatusCode;
use madoguchi_core::access::Role;
use madoguchi_core::audit::Action;
use madoguchi_core::time::{Instant, Millis};
use madoguchi_store::AuditFilter;

use super::*;

fn later(secs: i64) -> Instant {
    now() + Millis::from_secs(secs)
}

/// A request that comes from a network address.
fn post_from(address: &str, client: &Client, login: &str, password: &str) -> Request<Body> {
    let password = crate::query::escape(password);
    let body = format!("login={login}&password={password}&_csrf={}", client.csrf);
    let mut request = Request::post("/sign-in")
        .header("host", "localhost:8080")
        .header("cookie", &client.cookie)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(body))
        .unwrap();
    let address: IpAddr = address.parse().unwrap();
    let peer = axum::extract::ConnectInfo(std::net::SocketAddr::from((address, 1)));
    request.extensions_mut().insert(peer);
    request
}

/// Sends wrong passwords all at once, each from an address of its own.
async fn storm(house: &House, login: &str, guesses: usize) -> Vec<(StatusCode, String)> {
    let mut form = Client::default();
    house.open(&mut form, "/sign-in").await;
    let sent = (0..guesses).map(|n| {
        let address = format!("192.0.{}.{}", n / 200, n % 200 + 1);
        house.send(post_from(&address, &form, login, "wrong-wrong-wrong"))
    });
    futures::future::join_all(sent).await
}

async fn failures(house: &House, login: &str) -> u32 {
    let found = house.store.lookup_login(login).await.unwrap();
    found.unwrap().user.failures
}

async fn records(house: &House, action: Action) -> Vec<madoguchi_store::AuditRecord> {
    let filter = AuditFilter {
        action: Some(action),
        limit: 100,
        ..AuditFilter::default()
    };
    house.store.list_audit(&filter).await.unwrap()
}

#[tokio::test]
async fn three_hundred_guesses_at_once_do_not_pass_the_limit() {
    let house = house().await;
    house.add_user("sato", &[Role::Agent]).await;
    let answers = storm(&house, "sato", 300).await;
    let looked_at = answers.iter().filter(|(_, html)| html.contains("違います"));
    assert_eq!(looked_at.count(), 3);
    assert!(
        answers
            .iter()
            .all(|(status, _)| *status == StatusCode::UNPROCESSABLE_ENTITY)
    );
    assert_eq!(failures(&house, "sato").await, 3);
    assert_eq!(records(&house, Action::SignInFailed).await.len(), 3);
}

#[tokio::test]
async fn twelve_guesses_at_once_lock_nobody_out() {
    let house = house().await;
    house.add_user("sato", &[Role::Agent]).await;
    storm(&house, "sato", 12).await;
    // A browser that has never been here waits two seconds.
    house.set_time(later(2));
    let (status, _) = house.sign_in("sato", PASSWORD).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
}

/// Signs out, and leaves the browser as it is otherwise.
async fn sign_out(house: &House, client: &mut Client) {
    house.open(client, "/account").await;
    house.submit(client, "/sign-out", "").await;
}

async fn sign_in_here(house: &House, client: &mut Client, password: &str) -> (StatusCode, String) {
    house.open(client, "/sign-in").await;
    let body = format!("login=sato&password={}", crate::query::escape(password));
    let (status, _, html) = house.submit(client, "/sign-in", &body).await;
    (status, html)
}

#[tokio::test]
async fn the_owner_gets_in_by_the_own_browser_whatever_strangers_do() {
    let house = house().await;
    let mut own = house.user("sato", &[Role::Agent]).await;
    sign_out(&house, &mut own).await;
    let mut at = 0;
    for _ in 0..12 {
        storm(&house, "sato", 5).await;
        at += 61;
        house.set_time(later(at));
    }
    storm(&house, "sato", 12).await;
    assert!(failures(&house, "sato").await >= 10, "locked for strangers");
    let (status, _) = house.sign_in("sato", PASSWORD).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "a stranger");
    let (status, html) = sign_in_here(&house, &mut own, PASSWORD).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    assert_eq!(house.open(&mut own, "/board").await.0, StatusCode::OK);
}

#[tokio::test]
async fn an_own_browser_has_ten_guesses_of_its_own_and_no_more() {
    let house = house().await;
    let mut own = house.user("sato", &[Role::Agent]).await;
    sign_out(&house, &mut own).await;
    let mut at = 0;
    for guess in 1..=10 {
        let (status, _) = sign_in_here(&house, &mut own, "wrong-wrong-wrong").await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(failures(&house, "sato").await, 0, "{guess}");
        at += 61;
        house.set_time(later(at));
    }
    // From now on it is a stranger's, and counts like others.
    sign_in_here(&house, &mut own, "wrong-wrong-wrong").await;
    assert_eq!(failures(&house, "sato").await, 1);
    // Somebody else's browser is never one's own.
    let mut other = house.user("suzuki", &[Role::Agent]).await;
    sign_out(&house, &mut other).await;
    sign_in_here(&house, &mut other, "wrong-wrong-wrong").await;
    assert_eq!(failures(&house, "sato").await, 2);
}

#[tokio::test]
async fn a_locked_account_does_not_tell_whether_the_password_is_right() {
    let house = house().await;
    house.add_user("sato", &[Role::Agent]).await;
    let mut at = 0;
    for _ in 0..10 {
        house.sign_in("sato", "wrong-wrong-wrong").await;
        at += 61;
        house.set_time(later(at));
    }
    let answer = async |login: &str, password: &str, at: i64| {
        house.set_time(later(at));
        let mut client = Client::default();
        house.open(&mut client, "/sign-in").await;
        let body = format!("login={login}&password={password}");
        let (status, _, html) = house.submit(&mut client, "/sign-in", &body).await;
        (status, html.replace(&client.csrf, "").replace(login, ""))
    };
    let right = answer("sato", PASSWORD, at + 61).await;
    let wrong = answer("sato", "wrong-wrong-wrong", at + 130).await;
    let nobody = answer("nobody", PASSWORD, at + 200).await;
    assert_eq!(right.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(right, wrong);
    assert_eq!(right, nobody);
}

#[tokio::test]
async fn whoever_has_an_account_is_answered_like_whoever_has_none() {
    let house = house().await;
    house.add_user("sato", &[Role::Agent]).await;
    let stopped = house.add_user("stopped", &[Role::Agent]).await;
    let mut user = house
        .store
        .lookup_user(&stopped)
        .await
        .unwrap()
        .unwrap()
        .user;
    user.disabled_at = Some(now());
    let entry = madoguchi_core::audit::AuditEntry {
        at: now(),
        actor: madoguchi_core::audit::Actor::System,
        address: String::new(),
        action: Action::UserDisable,
        object: String::new(),
        before: Default::default(),
        after: Default::default(),
    };
    let mut tx = house.store.begin(entry).await.unwrap();
    tx.save_user(&user).await.unwrap();
    tx.commit().await.unwrap();
    let mut stories = Vec::new();
    for login in ["sato", "stopped", "nobody"] {
        let mut form = Client::default();
        house.open(&mut form, "/sign-in").await;
        let mut story = Vec::new();
        for guess in 0..6 {
            let password = if login == "stopped" {
                PASSWORD
            } else {
                "wrong-wrong"
            };
            let request = post_from(&format!("198.51.100.{guess}"), &form, login, password);
            let response = house.router.clone().oneshot(request).await.unwrap();
            let cookies: Vec<_> = response.headers().get_all("set-cookie").iter().collect();
            let cookies = format!("{cookies:?}").replace(&form.cookie, "");
            let status = response.status();
            let bytes = axum::body::to_bytes(response.into_body(), 1 << 20)
                .await
                .unwrap();
            let html = String::from_utf8(bytes.to_vec()).unwrap();
            story.push((
                status,
                cookies,
                html.replace(login, "").replace(&form.csrf, ""),
            ));
        }
        stories.push(story);
    }
    assert_eq!(stories[0], stories[2]);
    assert_eq!(stories[1], stories[2]);
}

#[tokio::test]
async fn guesses_of_somebody_signed_in_count_and_are_recorded_wherever_they_are_made() {
    let house = house().await;
    for (n, (path, body)) in [
        (
            "/account/password",
            "current=wrong&new=momo-kaki-nashi-7&again=momo-kaki-nashi-7",
        ),
        ("/account/confirm", "password=wrong"),
        ("/account/confirm", "code=000000"),
        (
            "/account/second-factor",
            "secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&code=1&password=wrong",
        ),
        ("/account/second-factor/remove", "password=wrong"),
    ]
    .into_iter()
    .enumerate()
    {
        let login = format!("user{n}");
        let mut client = house.user(&login, &[Role::Agent]).await;
        // A thief has the session alone.
        let session = client
            .cookie
            .split("; ")
            .find(|pair| pair.starts_with("madoguchi="));
        client.cookie = session.unwrap().to_owned();
        let before = records(&house, Action::ProofFailed).await.len();
        for _ in 0..5 {
            house.submit(&mut client, path, body).await;
        }
        let (_, _, html) = house.submit(&mut client, path, body).await;
        assert!(html.contains("秒ほど待ってから"), "{path}");
        assert_eq!(failures(&house, &login).await, 3, "{path}");
        let noted = records(&house, Action::ProofFailed).await;
        assert_eq!(noted.len() - before, 3, "{path}");
        assert_eq!(noted[0].entry.actor.name(), login);
        let (status, _) = house.sign_in(&login, PASSWORD).await;
        assert_eq!(
            status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{path}: one limit for all"
        );
    }
}

#[tokio::test]
async fn a_clock_that_is_set_holds_nobody_up_and_lets_nobody_guess() {
    let house = house().await;
    house.add_user("sato", &[Role::Agent]).await;
    for by in [-3_600, 3_600] {
        for _ in 0..3 {
            house.sign_in("sato", "wrong-wrong-wrong").await;
        }
        house.set_wall(now() + Millis::from_secs(by));
        let (status, _) = house.sign_in("sato", PASSWORD).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{by}: too soon");
        house.let_pass(Millis::from_secs(2));
        let (status, _) = house.sign_in("sato", PASSWORD).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{by}");
    }
}
