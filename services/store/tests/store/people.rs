//! The directory of people who may call.

use madoguchi_core::id::PersonId;
use madoguchi_core::person::Person;
use madoguchi_core::time::Instant;
use madoguchi_store::{PersonFilter, Start, Store};

use crate::place::{Place, on_databases};

on_databases!([sqlite_file, sqlite_memory, postgres] [
    a_number_finds_all_who_have_it_in_any_spelling,
    an_import_replaces_what_was_known_and_names_who_left,
    thousands_come_in_batches,
    words_find_people_page_by_page,
]);

fn person(id: &str, name: &str, numbers: &[&str]) -> Person {
    Person {
        id: id.into(),
        name: name.to_owned(),
        kana: String::new(),
        site: "中央年金事務所".to_owned(),
        department: "総務課".to_owned(),
        mail: String::new(),
        numbers: numbers.iter().map(|&number| number.to_owned()).collect(),
        left_on: None,
    }
}

async fn save(store: &Store, people: &[Person], at: i64) {
    let mut tx = store.begin_unrecorded().await.unwrap();
    tx.save_people(people, Instant(at)).await.unwrap();
    tx.commit().await.unwrap();
}

async fn of_number(store: &Store, number: &str) -> Vec<String> {
    let people = store.people_of_number(number, 10).await.unwrap();
    people.iter().map(|person| person.id.to_string()).collect()
}

async fn a_number_finds_all_who_have_it_in_any_spelling(place: Place) {
    let store = place.open().await;
    let people = [
        person("1", "佐藤", &["1234", "0312345678"]),
        person("2", "髙﨑", &["0312345678"]),
    ];
    save(&store, &people, 1).await;
    for number in [
        "0312345678",
        "03-1234-5678",
        "+81312345678",
        "０３１２３４５６７８",
    ] {
        assert_eq!(of_number(&store, number).await, ["2", "1"], "{number}");
    }
    assert_eq!(of_number(&store, "1234").await, ["1"]);
    assert_eq!(of_number(&store, "").await, Vec::<String>::new());
}

async fn an_import_replaces_what_was_known_and_names_who_left(place: Place) {
    let store = place.open().await;
    let before = [
        person("1", "佐藤", &["1234"]),
        person("2", "田中", &["5678"]),
    ];
    save(&store, &before, 1).await;
    let twice = [
        person("1", "誤り", &["9"]),
        person("1", "佐藤 花子", &["4321"]),
    ];
    save(&store, &twice, 10).await;
    assert_eq!(of_number(&store, "1234").await, Vec::<String>::new());
    assert_eq!(of_number(&store, "4321").await, ["1"]);
    let mut tx = store.begin_unrecorded().await.unwrap();
    assert_eq!(tx.mark_people_left(Instant(10)).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(of_number(&store, "5678").await, Vec::<String>::new());
    assert_eq!(store.count_people().await.unwrap(), 1);
    let left = store.lookup_person(&PersonId::new("2")).await.unwrap();
    assert_eq!(left.unwrap().left_on, "1970-01-01".parse().ok());
    save(&store, &before, 20).await;
    assert_eq!(of_number(&store, "5678").await, ["2"], "and who came back");
}

async fn thousands_come_in_batches(place: Place) {
    let store = place.open().await;
    let many: Vec<Person> = (0..2_200)
        .map(|n| {
            person(
                &format!("{n:05}"),
                "多数",
                &[&format!("7{n:05}"), "0300000000"],
            )
        })
        .collect();
    save(&store, &many, 1).await;
    assert_eq!(store.count_people().await.unwrap(), 2_200);
    assert_eq!(of_number(&store, "702199").await, ["02199"]);
    assert_eq!(of_number(&store, "03-0000-0000").await.len(), 10);
}

async fn words_find_people_page_by_page(place: Place) {
    let store = place.open().await;
    let people = ["1", "2", "3"].map(|id| person(id, &format!("ﾃｽﾄ{id}"), &["1234"]));
    save(&store, &people, 1).await;
    let named = |word: &str| PersonFilter {
        word: word.to_owned(),
        left: false,
    };
    let filter = named("テスト 総務");
    let page = async |start: Start| store.page_people(&filter, (&start, 2)).await.unwrap();
    let first = page(Start::First).await;
    assert_eq!(first.rows.len(), 2);
    let second = page(Start::After(first.after.unwrap())).await;
    assert_eq!(second.rows, [people[2].clone()]);
    let nobody = named("100%");
    let none = store
        .page_people(&nobody, (&Start::First, 2))
        .await
        .unwrap();
    assert!(none.rows.is_empty());
}
