//! Pages of long lists by cursor.

use std::collections::BTreeSet;

use madoguchi_core::access::Role;
use madoguchi_core::account::User;
use madoguchi_core::time::Instant;
use madoguchi_store::{
    CallFilter, CallOrder, Cursor, CursorValue, Page, Start, Store, StoreError, UserFilter,
    UserOrder,
};

use crate::place::{Place, on_databases};
use crate::sample::call;

on_databases!([sqlite_file, postgres] [
    each_call_is_met_once_while_others_arrive,
    the_way_back_is_the_way_there,
    users_are_met_once_in_every_order_though_many_are_equal,
    users_found_by_a_word_are_counted_with_their_page_be_they_few_or_many,
    a_place_of_another_list_is_refused,
    rows_are_counted_no_further_than_asked,
]);

async fn arrive(store: &Store, numbers: impl Iterator<Item = i64>) {
    // Three at each instant.
    let calls = numbers.map(|n| call(&format!("c{n:03}"), n / 3).arrived("1").abandoned());
    store
        .append(&calls.collect::<Vec<_>>().concat())
        .await
        .unwrap();
}

async fn page(store: &Store, order: CallOrder, start: Start) -> (Vec<String>, Page<()>) {
    let filter = CallFilter {
        order,
        start,
        limit: 7,
        ..CallFilter::default()
    };
    let page = store.page_calls(&filter).await.unwrap();
    let names = page.rows.iter().map(|record| record.call.to_string());
    let names = names.collect();
    let rest = Page {
        rows: Vec::new(),
        before: page.before,
        after: page.after,
    };
    (names, rest)
}

async fn each_call_is_met_once_while_others_arrive(place: Place) {
    let store = place.open().await;
    arrive(&store, 0..50).await;
    for order in [
        CallOrder::Newest,
        CallOrder::LongestWait,
        CallOrder::LongestTalk,
        CallOrder::Oldest,
    ] {
        let before = store.count_calls(&CallFilter::default(), 1_000).await;
        let mut known: BTreeSet<String> = (0..i64::try_from(before.unwrap()).unwrap())
            .map(|n| format!("c{n:03}"))
            .collect();
        let mut met = BTreeSet::new();
        let mut next = Some(Start::First);
        let mut arrived = i64::try_from(known.len()).unwrap();
        while let Some(start) = next {
            let (names, rest) = page(&store, order, start).await;
            for name in names {
                known.remove(&name);
                assert!(met.insert(name.clone()), "{name} was met twice: {order:?}");
            }
            if met.len() < 40 {
                arrive(&store, arrived..arrived + 5).await;
                arrived += 5;
            }
            next = rest.after.map(Start::After);
        }
        assert_eq!(known, BTreeSet::new(), "left out: {order:?}");
    }
}

async fn the_way_back_is_the_way_there(place: Place) {
    let store = place.open().await;
    arrive(&store, 0..30).await;
    for order in [CallOrder::Newest, CallOrder::Oldest, CallOrder::LongestWait] {
        let (mut there, mut start) = (Vec::new(), Start::First);
        let last = loop {
            let (names, rest) = page(&store, order, start).await;
            there.push(names);
            match rest.after {
                Some(after) => start = Start::After(after),
                None => break rest.before,
            }
        };
        let mut back = vec![there.last().cloned().unwrap()];
        let mut before = last;
        while let Some(cursor) = before {
            let (names, rest) = page(&store, order, Start::Before(cursor)).await;
            assert!(rest.after.is_some());
            back.push(names);
            before = rest.before;
        }
        back.reverse();
        assert_eq!(back, there, "{order:?}");
        assert_eq!(there.concat().len(), 30);
        let (offset, rest) = page(&store, order, Start::Offset(7)).await;
        assert_eq!(Some(&offset), there.get(1));
        assert!(rest.before.is_some() && rest.after.is_some());
    }
}

fn user(n: i64) -> User {
    User {
        id: format!("u{n}").as_str().into(),
        login: format!("login{n:02}"),
        name: format!("氏名 {}", n / 4),
        roles: [Role::Agent].into(),
        agent: None,
        oidc_subject: None,
        must_change_password: false,
        password_changed_at: None,
        second_factor: false,
        failures: 0,
        failed_at: None,
        disabled_at: None,
        created_at: Instant(0),
        last_used_at: (n % 3 > 0).then_some(Instant(n / 5)),
        version: 1,
    }
}

async fn users_are_met_once_in_every_order_though_many_are_equal(place: Place) {
    let store = place.open().await;
    let users: Vec<_> = (0..40).map(user).collect();
    madoguchi_store::testing::add_users(&store, &users)
        .await
        .unwrap();
    for order in [
        UserOrder::Login,
        UserOrder::Name,
        UserOrder::LastUsed,
        UserOrder::LongestUnused,
    ] {
        let mut met = Vec::new();
        let mut next = Some(Start::First);
        while let Some(start) = next {
            let filter = UserFilter {
                order,
                start,
                limit: 6,
                ..UserFilter::default()
            };
            let page = store.page_users(&filter).await.unwrap();
            met.extend(page.rows.into_iter().map(|user| (user.last_used_at, user)));
            next = page.after.map(Start::After);
        }
        let logins: BTreeSet<_> = met.iter().map(|(_, user)| user.login.clone()).collect();
        assert_eq!((met.len(), logins.len()), (40, 40), "{order:?}");
        let sorted = match order {
            UserOrder::Login => met.is_sorted_by_key(|(_, user)| user.login.clone()),
            UserOrder::Name => met.is_sorted_by_key(|(_, user)| user.name.clone()),
            UserOrder::LastUsed => met.is_sorted_by(|(one, _), (next, _)| one >= next),
            UserOrder::LongestUnused => met.is_sorted_by(|(one, _), (next, _)| one <= next),
        };
        assert!(sorted, "{order:?}");
    }
}

async fn users_found_by_a_word_are_counted_with_their_page_be_they_few_or_many(place: Place) {
    let store = place.open().await;
    let users: Vec<_> = (0..620).map(user).collect();
    madoguchi_store::testing::add_users(&store, &users)
        .await
        .unwrap();
    // Words that many hold, some, one, and nobody.
    for text in ["login", "1", "login61", "なし"] {
        for order in [UserOrder::Login, UserOrder::Name, UserOrder::LastUsed] {
            let mut next = Some(Start::First);
            let mut met = 0;
            let mut pages = 0;
            while let Some(start) = next {
                let filter = UserFilter {
                    text: text.to_owned(),
                    order,
                    start,
                    limit: 200,
                    ..UserFilter::default()
                };
                let page = store.page_users(&filter).await.unwrap();
                let count = store.count_users(&filter, 600).await.unwrap();
                let both = store.page_and_count_users(&filter, 600).await.unwrap();
                assert_eq!(both, (page.clone(), count), "{text} {order:?}");
                met += page.rows.len();
                pages += 1;
                next = page.after.map(Start::After);
            }
            assert!(met <= 620 && pages <= 4, "{text} {order:?}");
            assert_eq!(met == 0, text == "なし", "{text} {order:?}");
        }
    }
}

async fn a_place_of_another_list_is_refused(place: Place) {
    let store = place.open().await;
    for values in [
        vec![],
        vec![CursorValue::Number(1)],
        vec![CursorValue::Text("1".to_owned()), CursorValue::Number(1)],
        vec![CursorValue::Number(1), CursorValue::Number(1)],
    ] {
        for start in [Start::After, Start::Before] {
            let filter = CallFilter {
                start: start(Cursor::new(values.clone())),
                ..CallFilter::default()
            };
            let refused = store.page_calls(&filter).await;
            assert!(matches!(refused, Err(StoreError::Cursor)), "{refused:?}");
        }
    }
    // What cannot be stored is no place either, and stops nothing.
    let strange = vec![
        CursorValue::Number(i64::MIN),
        CursorValue::Text("\0'; --".to_owned()),
    ];
    let filter = CallFilter {
        start: Start::After(Cursor::new(strange)),
        ..CallFilter::default()
    };
    assert!(store.page_calls(&filter).await.unwrap().rows.is_empty());
}

async fn rows_are_counted_no_further_than_asked(place: Place) {
    let store = place.open().await;
    arrive(&store, 0..20).await;
    let all = CallFilter::default();
    assert_eq!(store.count_calls(&all, 100).await.unwrap(), 20);
    assert_eq!(store.count_calls(&all, 5).await.unwrap(), 5);
}
