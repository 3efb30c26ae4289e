//! The walls: every route as every role and as nobody, forged forms, foreign objects, tokens.

use axum::http::StatusCode;
use madoguchi_core::access::{Permission, Permissions, Role};
use madoguchi_core::time::Millis;

use super::*;

/// A request that a route takes, with something in the place of what varies.
fn request(route: &Declared, client: &Client) -> Request<Body> {
    let path = route
        .path
        .replace("{id}", "none")
        .replace("{session}", "none")
        .replace("{date}", "2026-11-24")
        .replace("{kind}", "none")
        .replace("{hash}", "none")
        .replace("{version}", "1")
        .replace("{line}", "*")
        .replace("{name}", "greeting");
    let builder = Request::builder()
        .method(route.method)
        .uri(path)
        .header("host", "localhost:8080")
        .header("cookie", &client.cookie)
        .header("x-csrf-token", &client.csrf)
        .header("content-type", "application/x-www-form-urlencoded");
    builder.body(Body::empty()).unwrap()
}

/// Whether the answer is the one of a wall.
fn is_walled(status: StatusCode, place: &str, html: &str) -> bool {
    let to_sign_in = status == StatusCode::SEE_OTHER && place.starts_with("/sign-in");
    let refused = status == StatusCode::FORBIDDEN
        && (html.contains("の権限がありません") || html.contains("not_allowed"));
    to_sign_in || refused || status == StatusCode::UNAUTHORIZED
}

#[tokio::test]
async fn every_route_as_every_role_and_as_nobody() {
    let house = house().await;
    let routes = declared();
    assert!(routes.len() > 40);
    let mut clients = vec![(None, Client::default())];
    for role in Role::ALL.into_iter().filter(|role| *role != Role::Reporter) {
        let login = role.as_str().replace('_', "-");
        clients.push((Some(role), house.user(&login, &[role]).await));
    }
    for (second, route) in (1..).zip(&routes) {
        // Whoever walks past all walls asks more than anybody may at once.
        house.set_time(now() + Millis::from_secs(second));
        // These end the session that the walk needs.
        if ["/sign-out", "/board/events"].contains(&route.path) {
            continue;
        }
        for (role, client) in &clients {
            let (status, place, html) = house
                .pass(&mut client.clone(), request(route, client))
                .await;
            let may = match (route.need, role) {
                (Need::Public, _) => true,
                (Need::SignedIn | Need::Portal, role) => role.is_some(),
                (Need::Permission(_), None) => false,
                (Need::Permission(needs), Some(role)) => {
                    Permissions::of_roles([*role]).contains(needs)
                }
            };
            // The second step of signing in is for those who are at it.
            if route.path.starts_with("/sign-in/") {
                continue;
            }
            let walled = is_walled(status, &place, &html);
            assert_eq!(
                walled, !may,
                "{role:?} {} {}: {status}",
                route.method, route.path
            );
        }
    }
}

#[test]
fn what_anybody_may_ask_for_is_a_short_list() {
    let public: Vec<_> = declared()
        .into_iter()
        .filter(|route| route.need == Need::Public)
        .map(|route| route.path)
        .collect();
    let expected = [
        // It tells of the program, and of no desk.
        "/api/v1/openapi.json",
        "/healthz",
        "/readyz",
        "/sign-in",
        "/sign-in",
        "/sign-in/code",
        "/sign-in/code",
        "/sign-in/oidc",
        "/sign-in/oidc/callback",
        "/static/{version}/{name}",
    ];
    assert_eq!(public, expected);
}

#[tokio::test]
async fn a_missing_or_forged_token_changes_nothing() {
    let house = house().await;
    let other = house.user("sato", &[Role::Supervisor]).await;
    for token in ["", "0000", &other.csrf] {
        let forged = Client {
            csrf: token.to_owned(),
            ..house.boss.clone()
        };
        let path = "/agents/tanaka/state";
        // From a page of ours, which may have been opened before somebody signed in anew, it leads back there.
        let (status, place, _) = house
            .submit(&mut forged.clone(), path, "command=ready")
            .await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{token}");
        assert_eq!(place, "/board", "{token}");
        // Whoever does not say where it comes from is refused.
        let unnamed = Request::post(path)
            .header("host", "localhost:8080")
            .header("cookie", &forged.cookie)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(format!("command=ready&_csrf={token}")));
        let (status, _, html) = house.pass(&mut forged.clone(), unnamed.unwrap()).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{token}");
        assert!(html.contains("画面の有効期限が切れています"));
        let (status, ..) = house.submit(&mut forged.clone(), "/sign-out", "").await;
        assert_eq!(status, StatusCode::FORBIDDEN);
    }
    assert!(house.desk.commands.lock().unwrap().is_empty());
    // Signing in needs the token of its own form as well.
    let mut client = Client::default();
    house.open(&mut client, "/sign-in").await;
    client.csrf = "0000".to_owned();
    let body = format!("login=sato&password={PASSWORD}");
    let (status, ..) = house.submit(&mut client, "/sign-in", &body).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_session_of_a_disabled_user_ends_at_once() {
    let house = house().await;
    let mut client = house.user("sato", &[Role::Agent]).await;
    assert_eq!(house.open(&mut client, "/board").await.0, StatusCode::OK);
    let user = house
        .store
        .lookup_login("sato")
        .await
        .unwrap()
        .unwrap()
        .user;
    let path = format!(
        "/admin/users/{}/disable",
        crate::query::escape(user.id.as_str())
    );
    let (status, ..) = house.submit(&mut house.boss.clone(), &path, "").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(
        house.open(&mut client, "/board").await.0,
        StatusCode::SEE_OTHER
    );
    let (status, _) = house.sign_in("sato", PASSWORD).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn the_desk_never_loses_its_last_administrator() {
    let house = house().await;
    let boss = house
        .store
        .lookup_login("boss")
        .await
        .unwrap()
        .unwrap()
        .user;
    let path = format!("/admin/users/{}", crate::query::escape(boss.id.as_str()));
    let mut client = house.boss.clone();
    let (status, ..) = house
        .submit(&mut client, &format!("{path}/disable"), "")
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let body = format!("login=boss&name=b&role=agent&version={}", boss.version);
    let (status, _, html) = house.submit(&mut client, &path, &body).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("管理者がいなくなる"));
}

#[tokio::test]
async fn two_administrators_do_not_overwrite_each_other() {
    let house = house().await;
    house.add_user("sato", &[Role::Agent]).await;
    let user = house
        .store
        .lookup_login("sato")
        .await
        .unwrap()
        .unwrap()
        .user;
    let path = format!("/admin/users/{}", crate::query::escape(user.id.as_str()));
    let body = |name: &str| format!("login=sato&name={name}&role=agent&version={}", user.version);
    let mut client = house.boss.clone();
    let (status, ..) = house.submit(&mut client, &path, &body("one")).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let (status, _, html) = house.submit(&mut client, &path, &body("two")).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(html.contains("別の画面で先に変更されています"));
    let found = house
        .store
        .lookup_login("sato")
        .await
        .unwrap()
        .unwrap()
        .user;
    assert_eq!(found.name, "one");
}

#[tokio::test]
async fn the_sessions_and_tokens_of_others_are_out_of_reach() {
    let house = house().await;
    house.user("sato", &[Role::Agent]).await;
    let sato = house
        .store
        .lookup_login("sato")
        .await
        .unwrap()
        .unwrap()
        .user;
    let session = house.store.list_sessions(&sato.id).await.unwrap()[0]
        .id
        .clone();
    let scopes = [Permission::ViewBoard].into_iter().collect();
    let lasts = Millis::from_secs(60);
    operator::issue_token(&house.store, &sato.id, "t", scopes, lasts, now())
        .await
        .unwrap();
    let token = house.store.list_tokens(&sato.id).await.unwrap()[0]
        .id
        .clone();
    let mut other = house.user("suzuki", &[Role::Agent]).await;
    house.prove(&mut other).await;
    for path in [
        format!("/account/sessions/{session}/end"),
        format!("/account/tokens/{token}/revoke"),
    ] {
        let (status, ..) = house.submit(&mut other, &path, "").await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(house.store.list_sessions(&sato.id).await.unwrap().len(), 1);
    // An agent sets the own state only.
    let (status, ..) = house
        .submit(&mut other, "/agents/tanaka/state", "command=ready")
        .await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_token_allows_what_it_names_until_it_expires_or_is_taken_back() {
    let house = house().await;
    let id = house.add_user("robot", &[Role::Supervisor]).await;
    let scopes: Permissions = [Permission::ViewBoard, Permission::ManageUsers]
        .into_iter()
        .collect();
    let lasts = Millis::from_secs(3_600);
    let secret = operator::issue_token(&house.store, &id, "監視", scopes, lasts, now())
        .await
        .unwrap();
    let ask = async |path: &str| {
        let request = Request::get(path)
            .header("host", "localhost")
            .header("authorization", format!("Bearer {secret}"));
        house.send(request.body(Body::empty()).unwrap()).await.0
    };
    assert_eq!(ask("/api/v1/board").await, StatusCode::OK);
    assert_eq!(
        ask("/api/v1/calls").await,
        StatusCode::FORBIDDEN,
        "not in its scope"
    );
    assert_eq!(
        ask("/admin/users").await,
        StatusCode::FORBIDDEN,
        "its owner may not"
    );
    house.set_time(now() + lasts);
    assert_eq!(ask("/api/v1/board").await, StatusCode::UNAUTHORIZED);
    house.set_time(now());
    let user = house
        .store
        .lookup_login("robot")
        .await
        .unwrap()
        .unwrap()
        .user;
    let token = house.store.list_tokens(&user.id).await.unwrap()[0]
        .id
        .clone();
    let mut robot = house.sign_in("robot", PASSWORD).await.1;
    let path = format!("/account/tokens/{token}/revoke");
    assert_eq!(
        house.submit(&mut robot, &path, "").await.0,
        StatusCode::SEE_OTHER
    );
    assert_eq!(ask("/api/v1/board").await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn pages_carry_the_headers_that_protect_them() {
    let house = house().await;
    let request = Request::get("/board")
        .header("host", "localhost")
        .header("cookie", &house.boss.cookie);
    let request = request.body(Body::empty()).unwrap();
    let response = house.router.clone().oneshot(request).await.unwrap();
    let header = |name: &str| response.headers().get(name).unwrap().to_str().unwrap();
    assert!(header("content-security-policy").contains("default-src 'none'"));
    assert!(!header("content-security-policy").contains("unsafe"));
    assert_eq!(header("x-frame-options"), "DENY");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("cache-control"), "no-store");
}

/// Browsers speak it over TLS.
#[tokio::test]
async fn http_2_names_the_host_in_the_address() {
    let house = house().await;
    let open = async |address: &str| {
        let request = Request::get(address)
            .version(axum::http::Version::HTTP_2)
            .body(Body::empty())
            .unwrap();
        house.send(request).await.0
    };
    assert_eq!(open("https://desk.example/sign-in").await, StatusCode::OK);
    assert_eq!(
        open("https://other.example/sign-in").await,
        StatusCode::FORBIDDEN
    );
    assert_eq!(open("/sign-in").await, StatusCode::BAD_REQUEST, "no host");
}

#[tokio::test]
async fn views_of_personal_data_leave_a_record() {
    let house = house().await;
    house.get("/calls?number=0312").await;
    house.get("/calls/c1").await;
    house.get("/api/v1/calls/c2").await;
    let all = madoguchi_store::AuditFilter {
        limit: 10,
        ..Default::default()
    };
    let records = house.store.list_audit(&all).await.unwrap();
    let told: Vec<_> = records
        .iter()
        .map(|record| (record.entry.action.as_str(), record.entry.object.as_str()))
        .take(3)
        .collect();
    assert_eq!(
        told,
        [("call.view", "c2"), ("call.view", "c1"), ("call.list", "")]
    );
    assert_eq!(records[2].entry.after["number"], "0312");
    assert!(house.store.verify_audit().await.unwrap().fault.is_none());
}

#[tokio::test]
async fn the_auditor_filters_and_exports_and_that_is_recorded() {
    let house = house().await;
    house.get("/calls").await;
    let mut auditor = house.user("kansa", &[Role::Auditor]).await;
    let (_, html) = house.open(&mut auditor, "/audit?action=call.list").await;
    assert!(html.contains("通話の一覧の閲覧") && html.contains("boss"));
    let (_, html) = house.open(&mut auditor, "/audit?actor=nobody").await;
    assert!(html.contains("この条件の記録はありません"));
    let (status, file) = house.open(&mut auditor, "/audit.xlsx").await;
    assert!(status == StatusCode::OK && file.starts_with("PK"));
    let (_, html) = house.open(&mut auditor, "/audit?action=audit.export").await;
    assert!(html.contains("kansa"));
}

#[tokio::test]
async fn audit_records_are_kept_for_a_year_at_least() {
    let house = house().await;
    let mut boss = house.boss.clone();
    let path = "/admin/retention/audit";
    let (status, _, html) = house.submit(&mut boss, path, "days=30&version=0").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("365日以上"));
    let (status, ..) = house.submit(&mut boss, path, "days=400&version=0").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let (_, html) = house.open(&mut boss, "/admin/retention").await;
    assert!(html.contains("400日"));
    let (status, ..) = house.submit(&mut boss, path, "days=500&version=0").await;
    assert_eq!(status, StatusCode::CONFLICT, "seen before the other change");
}

#[tokio::test]
async fn what_readers_of_the_faq_did_is_kept_for_a_time_of_its_own() {
    let house = house().await;
    let mut boss = house.boss.clone();
    let path = "/admin/retention/portal";
    let (status, _, html) = house.submit(&mut boss, path, "days=30&version=0").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("90日以上") && html.contains("value=\"30\""));
    let (status, ..) = house.submit(&mut boss, path, "days=120&version=0").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let (_, html) = house.open(&mut boss, "/admin/retention").await;
    assert_eq!(html.matches("120日").count(), 1);
    let path = "/admin/retention/tickets";
    for years in ["0", "101", "x"] {
        let (status, ..) = house
            .submit(&mut boss, path, &format!("years={years}&version=0"))
            .await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{years}");
    }
    let (status, ..) = house.submit(&mut boss, path, "years=5&version=0").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let preview = "/admin/retention/preview";
    let (status, html) = house.open(&mut boss, preview).await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        html.contains("2021年(令和3年)11月24日より前に完了したもの")
            && html.contains("今の設定です"),
        "{html}"
    );
    let (_, html) = house.open(&mut boss, &format!("{preview}?years=3")).await;
    assert!(html.contains("今の設定ではありません"), "{html}");
    let (status, _) = house.open(&mut boss, &format!("{preview}?years=0")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let (status, ..) = house.submit(&mut boss, "/admin/retention/moon", "").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn callers_numbers_are_hidden_from_those_who_may_not_see_them() {
    let house = house().await;
    let mut admin = house.user("kanri", &[Role::Administrator]).await;
    let (_, html) = house.open(&mut admin, "/board").await;
    assert!(html.contains("<a href=\"/calls/c3\">(表示する権限がありません)</a>"));
    let (_, json) = house.open(&mut admin, "/api/v1/board").await;
    assert!(json.contains("\"call\":\"c3\"") && json.contains("\"from\":\"\""));
}

#[tokio::test]
async fn views_are_kept_for_their_owner_and_lists_are_put_in_order() {
    let house = house().await;
    let mut boss = house.boss.clone();
    let body = "page=%2Fcalls&name=%E6%94%BE%E6%A3%84&query=kind%3Dabandoned%26page%3D7";
    let (_, place, html) = house.submit(&mut boss, "/views", body).await;
    assert_eq!(place, "/calls?kind=abandoned", "{html}");
    let (_, html) = house.open(&mut boss, &place).await;
    assert!(html.contains(">放棄</a>") && html.contains("「放棄」を削除する"));
    let mut other = house.user("sato", &[Role::Supervisor]).await;
    assert!(
        !house
            .open(&mut other, &place)
            .await
            .1
            .contains("「放棄」を削除する")
    );
    let remove = "page=%2Fcalls&name=%E6%94%BE%E6%A3%84";
    let (status, ..) = house.submit(&mut other, "/views/remove", remove).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, ..) = house.submit(&mut boss, "/views/remove", remove).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    for (page, query) in [("%2Fnowhere", "a%3Db"), ("%2Fcalls", "a%3D%0d%0ab")] {
        let body = format!("page={page}&name=x&query={query}");
        let (status, ..) = house.submit(&mut boss, "/views", &body).await;
        assert!(status.is_client_error(), "{page} {query}");
    }
    let order = |html: &str| html.find("0312345678").zip(html.find("&#60;script"));
    let (_, html) = house.open(&mut boss, "/calls?sort=wait").await;
    assert!(
        order(&html).is_some_and(|(short, long)| long < short),
        "longest wait first"
    );
    assert!(html.contains("aria-sort=\"descending\""));
    let (_, html) = house.open(&mut boss, "/calls?sort=oldest").await;
    assert!(
        order(&html).is_some_and(|(first, second)| first < second),
        "oldest first"
    );
    let (_, html) = house.open(&mut boss, "/admin/users?sort=unused").await;
    assert!(html.contains("aria-sort=\"ascending\""));
}
