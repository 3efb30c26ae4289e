//! The database is away: who was seen in good state comes in, unless something has ended that since;
//! what needs no database goes on, at once.

use axum::http::StatusCode;
use madoguchi_core::access::{Permission, Role};
use madoguchi_core::audit::{Action, Actor, AuditEntry};
use madoguchi_core::time::Millis;

use super::*;

impl House {
    pub(in crate::tests) fn database(&self, away: bool) {
        *self.desk.away.lock().unwrap() = away;
        let fault = away.then_some(madoguchi_store::Fault::Unreachable);
        self.store.note_health(fault, now());
    }

    async fn status(&self, client: &Client, path: &str) -> StatusCode {
        self.open(&mut client.clone(), path).await.0
    }

    async fn with_token(&self, path: &str, secret: &str) -> StatusCode {
        let request = Request::get(path)
            .header("host", "localhost")
            .header("authorization", format!("Bearer {secret}"));
        self.send(request.body(Body::empty()).unwrap()).await.0
    }

    async fn user_named(&self, login: &str) -> madoguchi_core::account::User {
        let found = self.store.lookup_login(login).await.unwrap();
        found.unwrap().user
    }
}

#[tokio::test]
async fn who_was_seen_in_good_state_comes_in_and_nobody_else() {
    let house = house().await;
    let seen = house.user("sato", &[Role::Agent]).await;
    house.add_user("suzuki", &[Role::Agent]).await;
    let mut unseen = Client::default();
    house.open(&mut unseen, "/sign-in").await;
    let body = format!("login=suzuki&password={PASSWORD}");
    house.submit(&mut unseen, "/sign-in", &body).await;
    house.database(true);
    assert_eq!(house.status(&seen, "/board").await, StatusCode::OK);
    let unseen_status = house.status(&unseen, "/board").await;
    assert_eq!(unseen_status, StatusCode::SERVICE_UNAVAILABLE);
    let forged = Client {
        cookie: "madoguchi=forged".to_owned(),
        ..Client::default()
    };
    let forged = house.status(&forged, "/board").await;
    assert_eq!(forged, StatusCode::SERVICE_UNAVAILABLE);
    house.let_pass(Millis::from_secs(3_600));
    let idle = house.status(&seen, "/board").await;
    assert_eq!(idle, StatusCode::SEE_OTHER, "idle for an hour");
    house.database(false);
    assert_eq!(house.status(&unseen, "/board").await, StatusCode::SEE_OTHER);
}

/// What ends a session, or changes what its owner may do, before the database goes.
#[tokio::test]
async fn what_was_ended_before_stays_ended() {
    let house = house().await;
    let mut boss = house.boss.clone();
    house.prove(&mut boss).await;
    for (login, way) in [
        ("one", "disable"),
        ("two", "password"),
        ("three", "second-factor"),
        ("four", "sessions"),
        ("five", "role"),
        ("six", "sign-out"),
        ("seven", "own password"),
    ] {
        let mut client = house.user(login, &[Role::Agent]).await;
        assert_eq!(house.status(&client, "/board").await, StatusCode::OK);
        let kept = client.clone();
        let user = house.user_named(login).await;
        let page = format!("/admin/users/{}", crate::query::escape(user.id.as_str()));
        let (path, body) = match way {
            "sign-out" => ("/sign-out".to_owned(), String::new()),
            "own password" => (
                "/account/password".to_owned(),
                format!("current={PASSWORD}&new=momo-kaki-nashi-7&again=momo-kaki-nashi-7"),
            ),
            "role" => {
                let version = user.version;
                let body = format!("login={login}&name=x&role=supervisor&version={version}");
                (page, body)
            }
            "sessions" => {
                let sessions = house.store.list_sessions(&user.id).await.unwrap();
                (
                    format!("{page}/sessions/{}/end", sessions[0].id),
                    String::new(),
                )
            }
            way => (format!("{page}/{way}"), String::new()),
        };
        let own = ["sign-out", "own password"].contains(&way);
        let by = if own { &mut client } else { &mut boss };
        house.open(by, "/account").await;
        let (status, _, html) = house.submit(by, &path, &body).await;
        assert!(
            status.is_success() || status.is_redirection(),
            "{way}: {html}"
        );
        house.database(true);
        let status = house.status(&kept, "/board").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{way}");
        house.database(false);
    }
}

#[tokio::test]
async fn who_signs_out_while_it_is_away_stays_signed_out_when_it_is_back() {
    let house = house().await;
    let mut client = house.user("sato", &[Role::Agent]).await;
    house.open(&mut client, "/board").await;
    let kept = client.clone();
    house.database(true);
    let (status, place, _) = house.submit(&mut client, "/sign-out", "").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(place, "/sign-in?done=signed-out");
    let away = house.status(&kept, "/board").await;
    assert_eq!(away, StatusCode::SERVICE_UNAVAILABLE);
    house.database(false);
    assert_eq!(house.status(&kept, "/board").await, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_token_seen_in_good_state_reads_the_metrics_at_once() {
    let house = house().await;
    let boss = house.user_named("boss").await;
    let scopes = [Permission::ReadMetrics].into_iter().collect();
    let lasts = Millis::from_secs(3_600);
    let mut secrets = Vec::new();
    for name in ["seen", "unseen", "revoked"] {
        let made = operator::issue_token(&house.store, &boss.id, name, scopes, lasts, now());
        secrets.push(made.await.unwrap());
    }
    assert_eq!(
        house.with_token("/metrics", &secrets[2]).await,
        StatusCode::OK
    );
    let tokens = house.store.list_tokens(&boss.id).await.unwrap();
    let revoked = tokens.iter().find(|token| token.name == "revoked").unwrap();
    let path = format!("/account/tokens/{}/revoke", revoked.id);
    let (status, ..) = house.submit(&mut house.boss.clone(), &path, "").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(
        house.with_token("/metrics", &secrets[2]).await,
        StatusCode::SEE_OTHER,
        "memory does not outlive it"
    );
    assert_eq!(
        house.with_token("/metrics", &secrets[0]).await,
        StatusCode::OK
    );
    house.database(true);
    assert_eq!(
        house.with_token("/metrics", &secrets[0]).await,
        StatusCode::OK
    );
    for secret in &secrets[1..] {
        let status = house.with_token("/metrics", secret).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    }
    house.let_pass(lasts);
    let expired = house.with_token("/metrics", &secrets[0]).await;
    assert_eq!(expired, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn health_and_readiness_are_told_from_memory() {
    let house = house().await;
    house.database(true);
    // Nothing is left that could be asked.
    house.store.close().await;
    for (path, words) in [("/healthz", "ok"), ("/readyz", "database away")] {
        let request = Request::get(path)
            .header("host", "localhost")
            .header("cookie", &house.boss.cookie);
        let (status, text) = house.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert!(text.contains(words), "{text}");
    }
}

#[tokio::test]
async fn a_clock_that_is_set_ends_no_session_and_keeps_none() {
    let house = house().await;
    let client = house.user("sato", &[Role::Agent]).await;
    for hours in [1, -1, 5] {
        house.set_wall(now() + Millis::from_secs(hours * 3_600));
        assert_eq!(
            house.status(&client, "/board").await,
            StatusCode::OK,
            "{hours}"
        );
    }
    house.set_wall(now() - Millis::from_secs(3_600));
    house.let_pass(Millis::from_secs(3_600));
    let idle = house.status(&client, "/board").await;
    assert_eq!(idle, StatusCode::SEE_OTHER, "idle for an hour by any clock");
}

/// Another node, or the command line, which this process does not see.
#[tokio::test]
async fn what_others_have_ended_is_forgotten_by_who_follows() {
    let house = house().await;
    house.user("sato", &[Role::Agent]).await;
    let user = house.user_named("sato").await;
    let sessions = crate::auth::sessions::Sessions::default();
    let start = house.store.access_changes(None).await.unwrap();
    sessions.take_up(&start);
    assert!(sessions.would_remember_since(sessions.turn()));
    let turn = sessions.turn();
    let entry = AuditEntry {
        at: now(),
        actor: Actor::System,
        address: String::new(),
        action: Action::UserChange,
        object: String::new(),
        before: Default::default(),
        after: Default::default(),
    };
    let mut tx = house.store.begin(entry).await.unwrap();
    tx.save_user(&user).await.unwrap();
    tx.commit().await.unwrap();
    let changes = house.store.access_changes(Some(start.count)).await.unwrap();
    sessions.take_up(&changes);
    assert!(
        !sessions.would_remember_since(turn),
        "what was read before is old"
    );
}
