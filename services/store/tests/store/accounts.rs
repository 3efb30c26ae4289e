//! Accounts, sessions and tokens, on every database.

use madoguchi_core::access::{Permission, Role};
use madoguchi_core::account::User;
use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::time::Instant;
use madoguchi_store::{
    ApiToken, AuditFilter, NewPassword, NewSession, NewToken, Resource, Store, StoreError,
    UserFilter,
};

use crate::place::{Place, on_databases};

on_databases!([sqlite_file, sqlite_memory, postgres] [
    users_are_added_found_and_listed,
    a_login_belongs_to_one_user,
    nobody_overwrites_what_they_have_not_seen,
    sessions_begin_and_end,
    failures_are_counted_and_forgotten,
    a_second_factor_is_used_up_step_by_step,
    tokens_are_found_until_they_are_taken_back,
    what_changes_is_recorded_or_does_not_change,
]);

pub(crate) fn entry(action: Action) -> AuditEntry {
    AuditEntry::of_system(Instant(7), action, "", Fields::new())
}

pub(crate) fn user(login: &str, name: &str, roles: &[Role]) -> User {
    User {
        id: login.into(),
        login: login.to_owned(),
        name: name.to_owned(),
        roles: roles.iter().copied().collect(),
        agent: Some("tanaka".into()),
        oidc_subject: None,
        must_change_password: true,
        password_changed_at: Some(Instant(5)),
        second_factor: false,
        failures: 0,
        failed_at: None,
        disabled_at: None,
        created_at: Instant(5),
        last_used_at: None,
        version: 1,
    }
}

pub(crate) async fn add(store: &Store, user: &User) {
    let created = entry(Action::UserCreate);
    change!(store, created, add_user(user, Some("$argon2id$x"))).unwrap();
}

async fn users_are_added_found_and_listed(place: Place) {
    let store = place.open().await;
    assert!(!store.has_users().await.unwrap());
    let sato = user("sato", "佐藤 100%_!", &[Role::Agent, Role::Supervisor]);
    add(&store, &sato).await;
    add(&store, &user("abe", "Abe Ken", &[Role::Auditor])).await;
    let found = store.lookup_login("sato").await.unwrap().unwrap();
    assert_eq!(found.user, sato);
    assert_eq!(found.password.as_deref(), Some("$argon2id$x"));
    assert!(store.lookup_login("x").await.unwrap().is_none());
    let find = async |text: &str, role: Option<Role>| -> Vec<String> {
        let filter = UserFilter {
            text: text.to_owned(),
            role,
            limit: 10,
            ..UserFilter::default()
        };
        let page = store.page_users(&filter).await.unwrap();
        let counted = store.count_users(&filter, 10).await.unwrap();
        assert_eq!(counted, page.rows.len() as u64);
        let both = store.page_and_count_users(&filter, 10).await.unwrap();
        assert_eq!(both, (page.clone(), counted));
        page.rows.into_iter().map(|user| user.login).collect()
    };
    assert_eq!(find("", None).await, ["abe", "sato"]);
    assert_eq!(find("KEN", None).await, ["abe"]);
    assert_eq!(find("0%_!", None).await, ["sato"]);
    assert_eq!(
        find("%", None).await,
        ["sato"],
        "signs stand for themselves"
    );
    assert_eq!(find("", Some(Role::Agent)).await, ["sato"]);
}

async fn a_login_belongs_to_one_user(place: Place) {
    let store = place.open().await;
    add(&store, &user("sato", "佐藤", &[Role::Agent])).await;
    let other = User {
        id: "other".into(),
        ..user("sato", "別人", &[Role::Agent])
    };
    let created = entry(Action::UserCreate);
    let error = change!(store, created, add_user(&other, None)).unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::Taken {
                what: Resource::Login
            }
        ),
        "{error}"
    );
    let with_subject = |login: &str| User {
        oidc_subject: Some("s".to_owned()),
        ..user(login, "x", &[])
    };
    add(&store, &with_subject("one")).await;
    let created = entry(Action::UserCreate);
    let error = change!(store, created, add_user(&with_subject("two"), None)).unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::Taken {
                what: Resource::OidcSubject
            }
        ),
        "{error}"
    );
    let found = store.lookup_subject("s").await.unwrap().unwrap();
    assert_eq!(found.user.login, "one");
}

async fn nobody_overwrites_what_they_have_not_seen(place: Place) {
    let store = place.open().await;
    let seen = user("sato", "佐藤", &[Role::Agent]);
    add(&store, &seen).await;
    let renamed = User {
        name: "鈴木".to_owned(),
        ..seen.clone()
    };
    let changed = || entry(Action::UserChange);
    change!(store, changed(), save_user(&renamed)).unwrap();
    let error = change!(store, changed(), save_user(&seen)).unwrap_err();
    assert!(matches!(error, StoreError::Changed { .. }), "{error}");
    let found = store.lookup_user(&"sato".into()).await.unwrap().unwrap();
    assert_eq!((found.user.name.as_str(), found.user.version), ("鈴木", 2));
}

pub(crate) fn session(token: &str, user: &str, at: i64) -> NewSession {
    NewSession {
        token_hash: format!("hash of {token}"),
        id: token.to_owned(),
        user: user.into(),
        by_provider: token == "b",
        at: Instant(at),
        address: "::1".to_owned(),
        device: "試験".to_owned(),
    }
}

pub(crate) async fn begin(store: &Store, session: &NewSession) {
    let entry = entry(Action::SignIn);
    change!(store, entry, add_session(session)).unwrap();
}

async fn sessions_begin_and_end(place: Place) {
    let store = place.open().await;
    let sato = user("sato", "佐藤", &[Role::Agent]);
    add(&store, &sato).await;
    for (token, at) in [("a", 10), ("b", 20), ("c", 30)] {
        begin(&store, &session(token, "sato", at)).await;
    }
    unrecorded!(store, add_pending_session(&session("p", "sato", 35))).unwrap();
    let pending = store.lookup_session("hash of p").await.unwrap().unwrap();
    assert!(pending.session.pending);
    let found = store.lookup_session("hash of b").await.unwrap().unwrap();
    assert_eq!(found.user.login, "sato");
    assert_eq!(found.user.last_used_at, Some(Instant(30)));
    assert!(found.session.by_provider);
    let other = store.lookup_session("hash of a").await.unwrap().unwrap();
    assert!(!other.session.by_provider);
    assert_eq!(
        (found.session.id.as_str(), found.session.seen_at),
        ("b", Instant(20))
    );
    store
        .touch_session("a", &sato.id, Instant(40))
        .await
        .unwrap();
    let list = store.list_sessions(&sato.id).await.unwrap();
    let order: Vec<_> = list.iter().map(|session| session.id.as_str()).collect();
    assert_eq!(order, ["a", "c", "b"]);
    let end = async |id: &str, user: &str| {
        let entry = entry(Action::SignOut);
        match change!(store, entry, end_session(id, &user.into())) {
            Ok(true) => true,
            Err(StoreError::Refused) => false,
            other => {
                assert!(other.is_ok(), "{other:?}");
                false
            }
        }
    };
    assert!(!end("a", "abe").await, "nobody ends the session of another");
    assert!(end("a", "sato").await && !end("a", "sato").await);
    assert_eq!(
        store.sweep_sessions(Instant(25), Instant(0)).await.unwrap(),
        1
    );
    let password = NewPassword {
        hash: "$argon2id$y".to_owned(),
        must_change: false,
        at: Instant(50),
    };
    let changed = entry(Action::PasswordChange);
    change!(store, changed, set_password(&sato.id, &password)).unwrap();
    assert!(store.list_sessions(&sato.id).await.unwrap().is_empty());
    let found = store.lookup_user(&sato.id).await.unwrap().unwrap();
    assert!(!found.user.must_change_password);
    assert_eq!(found.user.password_changed_at, Some(Instant(50)));
}

async fn failures_are_counted_and_forgotten(place: Place) {
    let store = place.open().await;
    let sato = user("sato", "佐藤", &[Role::Agent]);
    add(&store, &sato).await;
    for count in 1..=3 {
        let failed = entry(Action::SignInFailed);
        let noted = change!(store, failed, note_failure(&sato.id, Instant(count)));
        assert_eq!(i64::from(noted.unwrap()), count);
    }
    let found = store.lookup_user(&sato.id).await.unwrap().unwrap();
    assert_eq!(
        (found.user.failures, found.user.failed_at),
        (3, Some(Instant(3)))
    );
    begin(&store, &session("a", "sato", 9)).await;
    let found = store.lookup_user(&sato.id).await.unwrap().unwrap();
    assert_eq!((found.user.failures, found.user.failed_at), (0, None));
}

async fn a_second_factor_is_used_up_step_by_step(place: Place) {
    let store = place.open().await;
    let sato = user("sato", "佐藤", &[Role::Agent]);
    add(&store, &sato).await;
    let codes = ["one".to_owned(), "two".to_owned()];
    let change = || entry(Action::SecondFactorChange);
    let set = change!(
        store,
        change(),
        set_second_factor(&sato.id, Some("sealed"), &codes)
    );
    set.unwrap();
    let found = store.lookup_user(&sato.id).await.unwrap().unwrap();
    assert!(found.user.second_factor && found.totp.as_deref() == Some("sealed"));
    let use_step = async |step: i64| unrecorded!(store, use_totp_step(&sato.id, step)).unwrap();
    assert!(use_step(5).await);
    assert!(!use_step(5).await);
    assert!(!use_step(4).await);
    let use_code = async || unrecorded!(store, use_recovery_code(&sato.id, "one")).unwrap();
    assert!(use_code().await);
    assert!(!use_code().await);
    assert_eq!(store.count_recovery_codes(&sato.id).await.unwrap(), 1);
    change!(store, change(), set_second_factor(&sato.id, None, &[])).unwrap();
    let found = store.lookup_user(&sato.id).await.unwrap().unwrap();
    assert!(!found.user.second_factor);
    assert_eq!(store.count_recovery_codes(&sato.id).await.unwrap(), 0);
}

async fn tokens_are_found_until_they_are_taken_back(place: Place) {
    let store = place.open().await;
    let sato = user("sato", "佐藤", &[Role::Agent]);
    add(&store, &sato).await;
    let token = ApiToken {
        id: "t".to_owned(),
        name: "監視".to_owned(),
        scopes: [Permission::ViewBoard, Permission::ReadMetrics]
            .into_iter()
            .collect(),
        created_at: Instant(1),
        expires_at: Instant(100),
        last_used_at: None,
        revoked_at: None,
        ends_with_password: false,
    };
    let new = NewToken {
        token_hash: "h".to_owned(),
        user: sato.id.clone(),
        token: token.clone(),
    };
    change!(store, entry(Action::TokenCreate), add_token(&new)).unwrap();
    let (owner, found) = store.lookup_token("h").await.unwrap().unwrap();
    assert_eq!((owner.login.as_str(), &found), ("sato", &token));
    store.touch_token("t", Instant(9)).await.unwrap();
    let revoke = async |user: &str| {
        let entry = entry(Action::TokenRevoke);
        change!(store, entry, revoke_token("t", &user.into())).is_ok()
    };
    assert!(!revoke("abe").await);
    assert!(revoke("sato").await && !revoke("sato").await);
    let listed = store.list_tokens(&sato.id).await.unwrap();
    assert_eq!(
        (listed[0].last_used_at, listed[0].revoked_at),
        (Some(Instant(9)), Some(Instant(7)))
    );
}

async fn what_changes_is_recorded_or_does_not_change(place: Place) {
    let store = place.open().await;
    let sato = user("sato", "佐藤", &[Role::Agent]);
    add(&store, &sato).await;
    let stale = User { version: 9, ..sato };
    change!(store, entry(Action::UserChange), save_user(&stale)).unwrap_err();
    let all = AuditFilter {
        limit: 10,
        ..AuditFilter::default()
    };
    let records = store.list_audit(&all).await.unwrap();
    let told: Vec<_> = records.iter().map(|record| record.entry.action).collect();
    assert_eq!(
        told,
        [Action::UserCreate],
        "a change that failed leaves no record"
    );
}
