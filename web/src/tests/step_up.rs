//! What a stolen session or token does not reach: it is asked again, ends with another sign-in, and
//! goes no further than its scope.

use axum::http::StatusCode;
use madoguchi_core::access::{Permission, Permissions, Role};
use madoguchi_core::audit::Action;
use madoguchi_core::time::Millis;
use madoguchi_store::AuditFilter;

use super::*;

const TOKEN: &str = "name=t&days=30&scope=board";

/// What is done by a form; where it leads to.
async fn done(house: &House, client: &mut Client, path: &str, body: &str) -> (StatusCode, String) {
    let (status, place, _) = house.submit(client, path, body).await;
    (status, place)
}

#[test]
fn what_is_asked_again_is_a_known_list() {
    let mut again: Vec<_> = declared()
        .into_iter()
        .filter(|route| route.again)
        .map(|route| route.path)
        .collect();
    let expected = [
        "/account/sessions/{id}/end",
        "/account/tokens",
        "/admin/users/new",
        "/admin/users/{id}/enable",
        "/admin/users/{id}/password",
        "/admin/users/{id}/release",
        "/admin/users/{id}/second-factor",
        "/admin/users/{id}/sessions/{session}/end",
    ];
    again.sort_unstable();
    assert_eq!(again, expected);
}

#[tokio::test]
async fn a_session_alone_makes_no_token_and_ends_no_session() {
    let house = house().await;
    let mut client = house.user("sato", &[Role::Agent]).await;
    let there = house.sign_in("sato", PASSWORD).await.1;
    let sato = house
        .store
        .lookup_login("sato")
        .await
        .unwrap()
        .unwrap()
        .user;
    let other = house.store.list_sessions(&sato.id).await.unwrap();
    let other = other.iter().map(|session| session.id.clone());
    let ends: Vec<_> = other
        .map(|id| format!("/account/sessions/{id}/end"))
        .collect();
    let user = format!("/admin/users/{}", crate::query::escape(sato.id.as_str()));
    let (mut boss, mut again) = (house.boss.clone(), house.boss.clone());
    for (client, path, back) in [
        (
            &mut client,
            "/account/tokens".to_owned(),
            "%2Faccount%2Ftokens",
        ),
        (&mut boss, format!("{user}/password"), "%2Fadmin%2Fusers%2F"),
        (
            &mut again,
            format!("{user}/second-factor"),
            "%2Fadmin%2Fusers%2F",
        ),
    ] {
        let (status, place) = done(&house, client, &path, TOKEN).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{path}");
        assert!(
            place.starts_with(&format!("/account/confirm?next={back}")),
            "{place}"
        );
    }
    for path in &ends {
        let (_, place) = done(&house, &mut client, path, "").await;
        assert_eq!(place, "/account/confirm?next=%2Faccount");
    }
    assert!(house.store.list_tokens(&sato.id).await.unwrap().is_empty());
    assert_eq!(house.store.list_sessions(&sato.id).await.unwrap().len(), 2);
    assert_eq!(
        house.open(&mut there.clone(), "/board").await.0,
        StatusCode::OK
    );

    house.prove(&mut client).await;
    let (status, place, html) = house.submit(&mut client, "/account/tokens", TOKEN).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let (_, html) = house.open(&mut client, &place).await;
    assert!(html.contains("mdg_"), "{html}");
    // Another session of the same user is not proven by that, and this one only for minutes.
    let (_, place) = done(&house, &mut there.clone(), "/account/tokens", TOKEN).await;
    assert!(place.starts_with("/account/confirm"), "{place}");
    house.set_time(now() + Millis::from_secs(301));
    let (_, place) = done(&house, &mut client, "/account/tokens", TOKEN).await;
    assert!(place.starts_with("/account/confirm"), "{place}");
    let proven = AuditFilter {
        action: Some(Action::Proven),
        limit: 10,
        ..AuditFilter::default()
    };
    assert_eq!(house.store.list_audit(&proven).await.unwrap().len(), 1);
}

const NEW_ADMINISTRATOR: &str = "login=mallory&name=%E8%A6%8B%E6%9C%AC&role=administrator";

async fn user(house: &House, login: &str) -> Option<madoguchi_core::account::User> {
    let found = house.store.lookup_login(login).await.unwrap();
    found.map(|found| found.user)
}

#[tokio::test]
async fn a_session_alone_makes_nobody_an_administrator() {
    let house = house().await;
    house.add_user("sato", &[Role::Agent]).await;
    let sato = user(&house, "sato").await.unwrap();
    let page = format!("/admin/users/{}", crate::query::escape(sato.id.as_str()));
    let mut boss = house.boss.clone();
    let version = sato.version;
    for (path, form, typed) in [
        (
            "/admin/users/new".to_owned(),
            NEW_ADMINISTRATOR.to_owned(),
            "value=\"mallory\"",
        ),
        (
            page.clone(),
            format!("login=sato&name=x&role=administrator&version={version}"),
            "value=\"administrator\" checked",
        ),
        (
            page.clone(),
            format!("login=jiro&name=x&role=agent&version={version}"),
            "value=\"jiro\"",
        ),
        (
            page.clone(),
            format!("login=sato&name=x&role=agent&subject=mine&version={version}"),
            "value=\"mine\"",
        ),
    ] {
        let (status, _, html) = house.submit(&mut boss, &path, &form).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{form}");
        assert!(html.contains("先に本人の確認が必要です"), "{form}: {html}");
        assert!(
            html.contains(typed),
            "what was typed is lost: {form}: {html}"
        );
        assert!(!html.contains("one-time"), "{form}");
    }
    assert_eq!(user(&house, "mallory").await, None);
    assert_eq!(user(&house, "sato").await.unwrap(), sato);
    // What lets nobody in takes no proof.
    let form = format!("login=sato&name=%E4%BD%90%E8%97%A4&role=agent&version={version}");
    let (status, ..) = house.submit(&mut boss, &page, &form).await;
    assert_eq!(status, StatusCode::SEE_OTHER);

    house.prove(&mut boss).await;
    let path = "/admin/users/new";
    let (status, place, html) = house.submit(&mut boss, path, NEW_ADMINISTRATOR).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    for page in [&place, &place] {
        let (_, html) = house.open(&mut boss, page).await;
        assert!(html.contains("id=\"one-time\""), "{html}");
    }
    let version = user(&house, "sato").await.unwrap().version;
    let form = format!("login=sato&name=x&role=supervisor&version={version}");
    let (status, ..) = house.submit(&mut boss, &page, &form).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    // Not for ever.
    house.set_time(now() + Millis::from_secs(301));
    let form = NEW_ADMINISTRATOR.replace("mallory", "mallory2");
    let (status, _, html) = house.submit(&mut boss, path, &form).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("value=\"mallory2\""), "{html}");
}

#[tokio::test]
async fn who_was_stopped_is_let_in_again_by_nobody_who_is_not_proven() {
    let house = house().await;
    house.add_user("sato", &[Role::Administrator]).await;
    let sato = user(&house, "sato").await.unwrap();
    let page = format!("/admin/users/{}", crate::query::escape(sato.id.as_str()));
    let mut boss = house.boss.clone();
    done(&house, &mut boss, &format!("{page}/disable"), "").await;
    let enable = format!("{page}/enable");
    let (_, place) = done(&house, &mut boss, &enable, "").await;
    assert!(
        place.starts_with("/account/confirm?next=%2Fadmin%2Fusers%2F"),
        "{place}"
    );
    assert!(user(&house, "sato").await.unwrap().disabled_at.is_some());
    house.prove(&mut boss).await;
    done(&house, &mut boss, &enable, "").await;
    assert!(user(&house, "sato").await.unwrap().disabled_at.is_none());
}

#[tokio::test]
async fn a_token_makes_nobody_an_administrator_whatever_it_names() {
    let house = house().await;
    house.add_user("sato", &[Role::Agent]).await;
    let sato = user(&house, "sato").await.unwrap();
    let page = format!("/admin/users/{}", crate::query::escape(sato.id.as_str()));
    let secret = token(&house, &[Permission::ManageUsers]).await;
    let send = async |path: &str, form: String| {
        let request = Request::post(path)
            .header("host", "localhost:8080")
            .header("authorization", format!("Bearer {secret}"))
            .header("content-type", "application/x-www-form-urlencoded");
        house.send(request.body(Body::from(form)).unwrap()).await
    };
    for (path, form) in [
        ("/admin/users/new".to_owned(), NEW_ADMINISTRATOR.to_owned()),
        (
            page.clone(),
            "login=sato&name=x&role=administrator".to_owned(),
        ),
        (page.clone(), "login=jiro&name=x&role=agent".to_owned()),
        (
            page.clone(),
            "login=sato&name=x&role=agent&subject=mine".to_owned(),
        ),
        (format!("{page}/enable"), String::new()),
        (format!("{page}/password"), String::new()),
    ] {
        let (status, html) = send(&path, format!("{form}&version={}", sato.version)).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path} {form}: {html}");
    }
    assert_eq!(user(&house, "mallory").await, None);
    assert_eq!(user(&house, "sato").await.unwrap(), sato);
    let form = format!("login=sato&name=x&role=agent&version={}", sato.version);
    let (status, _) = send(&page, form).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "the name alone");
}

#[tokio::test]
async fn nobody_becomes_master_of_an_account_that_watches_over_them() {
    let house = house().await;
    house.add_user("kansa", &[Role::Auditor]).await;
    let kansa = user(&house, "kansa").await.unwrap();
    let page = format!("/admin/users/{}", crate::query::escape(kansa.id.as_str()));
    let mut boss = house.boss.clone();
    house.prove(&mut boss).await;
    for action in ["password", "second-factor"] {
        let path = format!("{page}/{action}");
        let (status, _, html) = house.submit(&mut boss, &path, "").await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{action}");
        assert!(
            html.contains("運用者に依頼してください"),
            "{action}: {html}"
        );
    }
    let form = format!(
        "login=kansa&name=x&role=auditor&subject=mine&version={}",
        kansa.version
    );
    let (status, _, html) = house.submit(&mut boss, &page, &form).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("運用者に依頼してください"), "{html}");
    assert_eq!(user(&house, "kansa").await.unwrap(), kansa);
    let (status, _) = house.sign_in("kansa", PASSWORD).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_wrong_password_proves_nothing_and_nobody_is_led_away() {
    let house = house().await;
    let mut client = house.user("sato", &[Role::Agent]).await;
    house.open(&mut client, "/account/confirm").await;
    let (status, _, html) = house
        .submit(&mut client, "/account/confirm", "password=wrong")
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("パスワードが違います"));
    let (_, place) = done(&house, &mut client, "/account/tokens", TOKEN).await;
    assert!(place.starts_with("/account/confirm"));
    let body = format!("password={PASSWORD}&next=//evil.example/");
    let (_, place) = done(&house, &mut client, "/account/confirm", &body).await;
    assert_eq!(place, "/account");
}

#[tokio::test]
async fn a_new_sign_in_ends_the_session_that_the_browser_had() {
    let house = house().await;
    let mut client = house.user("sato", &[Role::Agent]).await;
    let former = client.clone();
    house.add_user("suzuki", &[Role::Agent]).await;
    house.open(&mut client, "/sign-in").await;
    let body = format!("login=suzuki&password={PASSWORD}");
    let (status, place, html) = house.submit(&mut client, "/sign-in", &body).await;
    assert_eq!(
        (status, place.as_str()),
        (StatusCode::SEE_OTHER, "/"),
        "{html}"
    );
    assert_eq!(house.open(&mut client, "/board").await.0, StatusCode::OK);
    let (status, _) = house.open(&mut former.clone(), "/board").await;
    assert_eq!(status, StatusCode::SEE_OTHER, "the cookie of before");
}

/// A token of the boss', who may do everything, with some scopes.
async fn token(house: &House, scopes: &[Permission]) -> String {
    let boss = house
        .store
        .lookup_login("boss")
        .await
        .unwrap()
        .unwrap()
        .user;
    let scopes: Permissions = scopes.iter().copied().collect();
    let lasts = Millis::from_secs(86_400);
    operator::issue_token(&house.store, &boss.id, "t", scopes, lasts, now())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_token_reaches_what_its_scope_names_and_nothing_else() {
    let portal = PortalSettings {
        networks: vec!["0.0.0.0/8".parse().unwrap()],
        ..PortalSettings::default()
    };
    let house = house_with(Faq::default(), portal).await;
    for scope in Permission::ALL.iter().copied() {
        let secret = token(&house, &[scope]).await;
        for route in declared() {
            // Nobody may ask so much at once.
            house.let_pass(Millis::from_secs(1));
            // What anybody may ask, and a stream without an end.
            if route.need == Need::Public || route.path == "/board/events" {
                continue;
            }
            let path = route.path.replace(['{', '}'], "");
            let request = Request::builder()
                .method(route.method)
                .uri(&path)
                .header("host", "localhost:8080")
                .header("authorization", format!("Bearer {secret}"))
                .header("content-type", "application/x-www-form-urlencoded");
            let (status, _) = house.send(request.body(Body::empty()).unwrap()).await;
            let named = match route.need {
                Need::Permission(needs) => {
                    let owner = needs != Permission::ReadAudit && needs != Permission::UseAccount;
                    needs == scope && owner && !route.again
                }
                Need::Portal => scope == Permission::ReadKnowledge,
                Need::SignedIn | Need::Public => false,
            };
            let refused = status == StatusCode::FORBIDDEN;
            // An agent's state is set by whoever may set that of this agent.
            let own = route.path.ends_with("/state") || route.path == "/views/remove";
            assert!(
                refused != named || own,
                "{scope:?} {} {path}: {status}",
                route.method
            );
        }
    }
}

#[tokio::test]
async fn tokens_end_with_the_password_unless_they_are_to_last() {
    let house = house().await;
    let mut client = house.user("sato", &[Role::Agent]).await;
    house.prove(&mut client).await;
    let mut made = Vec::new();
    for more in ["&ends_with_password=yes", ""] {
        let body = format!("{TOKEN}{more}");
        let (_, place, _) = house.submit(&mut client, "/account/tokens", &body).await;
        let (_, html) = house.open(&mut client, &place).await;
        let (_, rest) = html.split_once("id=\"fresh-token\">").unwrap();
        made.push(rest.split('<').next().unwrap().to_owned());
    }
    let ask = async |secret: &str| {
        let request = Request::get("/api/v1/board")
            .header("host", "localhost")
            .header("authorization", format!("Bearer {secret}"));
        house.send(request.body(Body::empty()).unwrap()).await.0
    };
    for secret in &made {
        assert_eq!(ask(secret).await, StatusCode::OK);
    }
    house.open(&mut client, "/account/password").await;
    let body = format!("current={PASSWORD}&new=momo-kaki-nashi-7&again=momo-kaki-nashi-7");
    let (_, place) = done(&house, &mut client, "/account/password", &body).await;
    assert_eq!(place, "/account?done=password");
    assert_eq!(ask(&made[0]).await, StatusCode::UNAUTHORIZED);
    assert_eq!(ask(&made[1]).await, StatusCode::OK);
}
