//! Signing in: passwords, waiting, locks, second factors, sessions and their ends.

use axum::http::StatusCode;
use madoguchi_core::access::Role;
use madoguchi_core::audit::Action;
use madoguchi_core::time::{Instant, Millis};
use madoguchi_store::AuditFilter;

use super::*;
use crate::auth::totp::TotpSecret;

fn later(secs: i64) -> Instant {
    now() + Millis::from_secs(secs)
}

#[tokio::test]
async fn nobody_sees_anything_before_signing_in() {
    let house = house().await;
    let mut stranger = Client::default();
    let request = Request::get("/calls?number=0312345678").header("host", "localhost");
    let request = request.body(Body::empty()).unwrap();
    let (status, place, _) = house.pass(&mut stranger, request).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(place, "/sign-in?next=%2Fcalls%3Fnumber%3D0312345678");
    let request = Request::get("/api/v1/calls").header("host", "localhost");
    let (status, body) = house.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(body.contains("not_signed_in"));
}

#[tokio::test]
async fn without_an_identity_provider_nobody_is_sent_to_one() {
    let house = house().await;
    let mut client = Client::default();
    let (_, html) = house.open(&mut client, "/sign-in").await;
    assert!(!html.contains("/sign-in/oidc"));
    for path in ["/sign-in/oidc", "/sign-in/oidc/callback?code=a&state=b"] {
        let (status, _) = house.open(&mut client, path).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn the_session_cookie_is_new_at_sign_in_and_hidden_from_scripts() {
    let house = house().await;
    house.add_user("sato", &[Role::Agent]).await;
    let mut client = Client::default();
    client.keep("madoguchi=given-by-somebody-else");
    house.open(&mut client, "/sign-in").await;
    let body = format!("login=sato&password={PASSWORD}&_csrf={}", client.csrf);
    let request = Request::post("/sign-in")
        .header("host", "localhost:8080")
        .header("cookie", &client.cookie)
        .header("content-type", "application/x-www-form-urlencoded");
    let request = request.body(Body::from(body)).unwrap();
    let response = house.router.clone().oneshot(request).await.unwrap();
    let cookie = response.headers().get("set-cookie").unwrap();
    let cookie = cookie.to_str().unwrap();
    assert!(
        cookie.starts_with("madoguchi=") && !cookie.contains("given-by"),
        "{cookie}"
    );
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
    assert!(!cookie.contains("Secure"), "{cookie}");
}

#[tokio::test]
async fn failures_wait_then_lock_and_an_administrator_releases() {
    let house = house().await;
    let id = house.add_user("sato", &[Role::Agent]).await;
    let mut at = 0;
    for failure in 1..=10 {
        house.set_time(later(at));
        let (status, _) = house.sign_in("sato", "wrong-wrong-wrong").await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{failure}");
        at += 61;
    }
    house.set_time(later(at));
    let (status, _) = house.sign_in("sato", PASSWORD).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "locked");
    let mut boss = house.sign_in("boss", PASSWORD).await.1;
    let path = format!("/admin/users/{}", crate::query::escape(id.as_str()));
    let (_, html) = house.open(&mut boss, &path).await;
    assert!(html.contains("ロック中") && html.contains("ロックを解除する"));
    house.prove(&mut boss).await;
    let (status, ..) = house
        .submit(&mut boss, &format!("{path}/release"), "")
        .await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(
        house.sign_in("sato", PASSWORD).await.0,
        StatusCode::SEE_OTHER
    );
    let failed = AuditFilter {
        action: Some(Action::SignInFailed),
        limit: 100,
        ..AuditFilter::default()
    };
    assert_eq!(house.store.list_audit(&failed).await.unwrap().len(), 11);
}

#[tokio::test]
async fn an_attempt_too_soon_is_not_even_looked_at() {
    let house = house().await;
    house.add_user("sato", &[Role::Agent]).await;
    for login in ["sato", "nobody"] {
        for _ in 0..3 {
            house.sign_in(login, "wrong-wrong-wrong").await;
        }
        let mut client = Client::default();
        house.open(&mut client, "/sign-in").await;
        let body = format!("login={login}&password={PASSWORD}");
        let (status, _, html) = house.submit(&mut client, "/sign-in", &body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(html.contains("2秒ほど待ってから"), "{login}");
    }
    house.set_time(later(3));
    assert_eq!(
        house.sign_in("sato", PASSWORD).await.0,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn a_one_time_password_must_be_changed_before_anything_else() {
    let house = house().await;
    let id = house.add_user("sato", &[Role::Agent]).await;
    operator::reset_password(&house.store, &id, PASSWORD, true, now())
        .await
        .unwrap();
    let (status, mut client) = house.sign_in("sato", PASSWORD).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    for path in ["/", "/board", "/account", "/account/tokens"] {
        let request = Request::get(path)
            .header("host", "localhost")
            .header("cookie", &client.cookie);
        let request = request.body(Body::empty()).unwrap();
        let (_, place, _) = house.pass(&mut client, request).await;
        assert_eq!(place, "/account/password", "{path}");
    }
    house.open(&mut client, "/account/password").await;
    for (new, again, told) in [
        (PASSWORD, PASSWORD, "これまでと違う"),
        ("short", "short", "12文字以上"),
        ("password1234", "password1234", "推測されやすい"),
        (
            "momo-kaki-nashi-7",
            "momo-kaki-nashi-8",
            "確認用の入力が違います",
        ),
    ] {
        let body = format!("current={PASSWORD}&new={new}&again={again}");
        let (status, _, html) = house.submit(&mut client, "/account/password", &body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(html.contains(told), "{new}");
    }
    let body = format!("current={PASSWORD}&new=momo-kaki-nashi-7&again=momo-kaki-nashi-7");
    let (status, place, _) = house.submit(&mut client, "/account/password", &body).await;
    assert_eq!(
        (status, place.as_str()),
        (StatusCode::SEE_OTHER, "/account?done=password")
    );
    assert_eq!(house.open(&mut client, "/board").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_change_of_the_password_ends_all_other_sessions() {
    let house = house().await;
    let mut here = house.user("sato", &[Role::Agent]).await;
    let mut there = house.sign_in("sato", PASSWORD).await.1;
    assert_eq!(house.open(&mut there, "/board").await.0, StatusCode::OK);
    house.open(&mut here, "/account/password").await;
    let body = format!("current={PASSWORD}&new=momo-kaki-nashi-7&again=momo-kaki-nashi-7");
    house.submit(&mut here, "/account/password", &body).await;
    assert_eq!(house.open(&mut here, "/board").await.0, StatusCode::OK);
    assert_eq!(
        house.open(&mut there, "/board").await.0,
        StatusCode::SEE_OTHER
    );
}

/// Sets up a second factor for somebody who is signed in.
async fn set_up(house: &House, client: &mut Client) -> (TotpSecret, Vec<String>) {
    let (_, html) = house.open(client, "/account/second-factor").await;
    let secret = html.split_once("name=\"secret\" value=\"").unwrap().1;
    let secret = secret.split('"').next().unwrap();
    let totp = TotpSecret::from_base32(secret).unwrap();
    let code = totp.code_at(house.desk.now());
    let body = format!("secret={secret}&code={code}&password={PASSWORD}");
    let (status, place, html) = house.submit(client, "/account/second-factor", &body).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    assert_eq!(place, "/account/recovery-codes?done=second-factor");
    // Loading it again shows the same and makes nothing anew.
    let (_, first) = house.open(client, &place).await;
    let (_, html) = house.open(client, &place).await;
    assert!(first.contains("2段階認証を設定しました") && first == html);
    let codes = html.split("<li><code>").skip(1);
    let codes = codes.map(|rest| rest.split('<').next().unwrap().to_owned());
    (totp, codes.collect())
}

#[tokio::test]
async fn the_second_factor_is_asked_for_and_each_code_is_taken_once() {
    let house = house().await;
    let mut client = house.user("sato", &[Role::Agent]).await;
    let (totp, codes) = set_up(&house, &mut client).await;
    assert_eq!(codes.len(), 10);
    assert_eq!(house.open(&mut client, "/board").await.0, StatusCode::OK);

    house.set_time(later(60));
    let sign_in = async || {
        let mut client = house.sign_in("sato", PASSWORD).await.1;
        let request = Request::get("/board")
            .header("host", "localhost")
            .header("cookie", &client.cookie);
        let request = request.body(Body::empty()).unwrap();
        let (_, place, _) = house.pass(&mut client, request).await;
        assert_eq!(place, "/sign-in/code", "the password alone does not do");
        house.open(&mut client, "/sign-in/code").await;
        client
    };
    let code = totp.code_at(later(60));
    let mut first = sign_in().await;
    let (status, _, html) = house
        .submit(&mut first, "/sign-in/code", "code=000000")
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{html}");
    let (_, place, _) = house
        .submit(&mut first, "/sign-in/code", &format!("code={code}"))
        .await;
    assert_eq!(place, "/");
    assert_eq!(house.open(&mut first, "/board").await.0, StatusCode::OK);

    let mut second = sign_in().await;
    let (status, ..) = house
        .submit(&mut second, "/sign-in/code", &format!("code={code}"))
        .await;
    assert_eq!(
        status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "the same code again"
    );
    let recovery = format!("code={}", codes[3]);
    let (_, place, _) = house.submit(&mut second, "/sign-in/code", &recovery).await;
    assert_eq!(place, "/");
    let mut third = sign_in().await;
    let (status, ..) = house.submit(&mut third, "/sign-in/code", &recovery).await;
    assert_eq!(
        status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "the recovery code is used up"
    );
}

#[tokio::test]
async fn a_role_that_needs_a_second_factor_sets_it_up_first() {
    let house = house().await;
    let mut client = house.user("shonin", &[Role::Reporter]).await;
    let request = Request::get("/account")
        .header("host", "localhost")
        .header("cookie", &client.cookie);
    let request = request.body(Body::empty()).unwrap();
    let (_, place, _) = house.pass(&mut client, request).await;
    assert_eq!(place, "/account/second-factor");
    set_up(&house, &mut client).await;
    assert_eq!(house.open(&mut client, "/account").await.0, StatusCode::OK);
}

#[tokio::test]
async fn sessions_end_when_idle_and_after_twelve_hours() {
    let house = house().await;
    let mut client = house.user("sato", &[Role::Agent]).await;
    for hour in 1..12 {
        house.set_time(later(hour * 3_500));
        assert_eq!(
            house.open(&mut client, "/board").await.0,
            StatusCode::OK,
            "{hour}"
        );
    }
    house.set_time(later(12 * 3_600));
    assert_eq!(
        house.open(&mut client, "/board").await.0,
        StatusCode::SEE_OTHER
    );
    let mut idle = house.sign_in("sato", PASSWORD).await.1;
    house.set_time(later(13 * 3_600));
    assert_eq!(
        house.open(&mut idle, "/board").await.0,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn signing_out_ends_the_session_for_good() {
    let house = house().await;
    let mut client = house.user("sato", &[Role::Agent]).await;
    let kept = client.clone();
    house.open(&mut client, "/board").await;
    let (status, ..) = house.submit(&mut client, "/sign-out", "").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(
        house.open(&mut kept.clone(), "/board").await.0,
        StatusCode::SEE_OTHER
    );
}
