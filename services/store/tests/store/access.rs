//! Own devices, tokens that end with the password, and the feed of whose access has changed, on every
//! database.

use madoguchi_core::access::{Permission, Role};
use madoguchi_core::audit::Action;
use madoguchi_core::time::Instant;
use madoguchi_store::{ApiToken, NewPassword, NewToken, Store};

use crate::accounts::{add, begin, entry, session, user};
use crate::place::{Place, on_databases};

on_databases!([sqlite_file, sqlite_memory, postgres] [
    an_own_device_is_known_until_too_many_failures_or_a_new_password,
    tokens_end_with_the_password_unless_they_are_to_last,
    a_session_is_proven_by_its_owner_alone,
    whatever_ends_access_is_told_to_who_follows,
]);

async fn set_password(store: &Store, login: &str) {
    let password = NewPassword {
        hash: "$argon2id$y".to_owned(),
        must_change: false,
        at: Instant(50),
    };
    let changed = entry(Action::PasswordChange);
    change!(store, changed, set_password(&login.into(), &password)).unwrap();
}

async fn an_own_device_is_known_until_too_many_failures_or_a_new_password(place: Place) {
    let store = place.open().await;
    for login in ["sato", "abe"] {
        add(&store, &user(login, "利用者", &[Role::Agent])).await;
    }
    let is_own = async |device: &str, login: &str, since: i64| {
        let is_own = store.is_own_device(device, login, Instant(since));
        is_own.await.unwrap()
    };
    let keep = async |device: &str, at: i64| {
        let sato = "sato".into();
        unrecorded!(store, keep_device(device, &sato, Instant(at))).unwrap();
    };
    keep("d", 10).await;
    assert!(is_own("d", "sato", 10).await);
    assert!(!is_own("d", "sato", 11).await, "too long ago");
    assert!(!is_own("d", "abe", 0).await && !is_own("e", "sato", 0).await);
    let fail = async || {
        let (sato, failed) = ("sato".into(), entry(Action::SignInFailed));
        change!(store, failed, note_device_failure("d", &sato)).unwrap();
    };
    for _ in 0..9 {
        fail().await;
    }
    keep("d", 20).await;
    for _ in 0..9 {
        fail().await;
    }
    assert!(is_own("d", "sato", 0).await, "a success forgets failures");
    fail().await;
    assert!(!is_own("d", "sato", 0).await);
    for n in 0..25 {
        keep(&format!("d{n}"), 30 + n).await;
    }
    assert!(!is_own("d4", "sato", 0).await && is_own("d5", "sato", 0).await);
    set_password(&store, "sato").await;
    assert!(!is_own("d24", "sato", 0).await);
}

async fn tokens_end_with_the_password_unless_they_are_to_last(place: Place) {
    let store = place.open().await;
    let sato = user("sato", "佐藤", &[Role::Agent]);
    add(&store, &sato).await;
    for (id, ends_with_password) in [("ends", true), ("lasts", false)] {
        let new = NewToken {
            token_hash: id.to_owned(),
            user: sato.id.clone(),
            token: ApiToken {
                id: id.to_owned(),
                name: id.to_owned(),
                scopes: [Permission::ViewBoard].into_iter().collect(),
                created_at: Instant(1),
                expires_at: Instant(100),
                last_used_at: None,
                revoked_at: None,
                ends_with_password,
            },
        };
        change!(store, entry(Action::TokenCreate), add_token(&new)).unwrap();
    }
    set_password(&store, "sato").await;
    let revoked = async |id: &str| store.lookup_token(id).await.unwrap().unwrap().1.revoked_at;
    assert_eq!(revoked("ends").await, Some(Instant(50)));
    assert_eq!(revoked("lasts").await, None);
}

async fn a_session_is_proven_by_its_owner_alone(place: Place) {
    let store = place.open().await;
    for login in ["sato", "abe"] {
        add(&store, &user(login, "利用者", &[Role::Agent])).await;
    }
    begin(&store, &session("a", "sato", 10)).await;
    let prove = async |login: &str| {
        let (user, entry) = (login.into(), entry(Action::Proven));
        change!(store, entry, prove_session("a", &user)).is_ok()
    };
    let proven_at = async || {
        let found = store.lookup_session("hash of a").await.unwrap().unwrap();
        found.session.proven_at
    };
    assert_eq!(proven_at().await, None, "signing in is no second proof");
    assert!(!prove("abe").await);
    assert!(prove("sato").await);
    assert_eq!(proven_at().await, Some(Instant(7)));
}

async fn whatever_ends_access_is_told_to_who_follows(place: Place) {
    let store = place.open().await;
    let sato = user("sato", "佐藤", &[Role::Agent]);
    add(&store, &sato).await;
    let start = store.access_changes(None).await.unwrap();
    assert_eq!((start.count, start.users), (0, None));
    begin(&store, &session("a", "sato", 10)).await;
    let ended = change!(store, entry(Action::SignOut), end_session("a", &sato.id));
    assert!(ended.unwrap());
    set_password(&store, "sato").await;
    let found = store.lookup_user(&sato.id).await.unwrap().unwrap().user;
    change!(store, entry(Action::UserChange), save_user(&found)).unwrap();
    let changes = store.access_changes(Some(0)).await.unwrap();
    let concerned = vec![sato.id.clone(), sato.id.clone(), sato.id.clone()];
    assert_eq!((changes.count, changes.users), (3, Some(concerned)));
    let rest = store.access_changes(Some(2)).await.unwrap();
    assert_eq!(rest.users, Some(vec![sato.id.clone()]));
    // A database that was restored from a copy is behind.
    let restored = store.access_changes(Some(9)).await.unwrap();
    assert_eq!((restored.count, restored.users), (3, None));
}
