//! What is found by what it means, with the sentence encoder that the product installs.

use madoguchi_kb::{Change, Entry, Feed, Knowledge, Language, Query};

use super::*;

fn knowing() -> (tempfile::TempDir, Knowledge) {
    let folder = tempfile::tempdir().unwrap();
    let language = Language::of_the_field();
    let knowledge = Knowledge::open(folder.path(), &dictionary(), &language, Some(&encoder()));
    let knowledge = knowledge.unwrap();
    let asks = |id: &str, audience, question: &str| Entry {
        question: question.to_owned(),
        answer: "担当の課へ連絡してください。".to_owned(),
        ..super::entry(id, audience)
    };
    let entries = vec![
        asks("noise", Audience::Portal, "近所の騒音で困っています。"),
        asks("tax", Audience::Portal, "納税の期限はいつですか。"),
        asks("secret", Audience::Desk, "騒音の苦情を受けたときの手順"),
        Entry {
            category: "f02".into(),
            ..asks("music", Audience::Portal, "隣人の騒音がひどいときは。")
        },
    ];
    rebuild(&knowledge, entries, 1);
    (folder, knowledge)
}

#[test]
fn what_is_meant_is_found_though_no_word_of_it_was_said() {
    let (_folder, knowledge) = knowing();
    let text = "上の階がうるさい";
    let portal = found(&knowledge, text, Viewer::Portal);
    assert!(portal.contains(&"noise".to_owned()), "{portal:?}");
    assert!(!portal.contains(&"secret".to_owned()), "{portal:?}");
    assert!(!portal.contains(&"tax".to_owned()), "{portal:?}");
    let desk = found(&knowledge, text, Viewer::Desk);
    assert!(desk.contains(&"secret".to_owned()), "{desk:?}");
    for nothing in ["ぬりかべ", "asdfghjkl", "😀", ""] {
        assert!(found(&knowledge, nothing, Viewer::Desk).is_empty());
    }
}

#[test]
fn a_category_holds_for_what_is_meant_too() {
    let (_folder, knowledge) = knowing();
    let query = Query {
        category: Some("f02".into()),
        explain: true,
        ..Query::new("上の階がうるさい", Viewer::Portal, 10)
    };
    let hits = knowledge.search(&query).unwrap().hits;
    assert!(hits.len() == 1 && hits[0].id == "music", "{hits:?}");
    assert_eq!(hits[0].reasons[0].kind, "意味");
}

#[test]
fn what_is_taken_out_is_not_meant_any_more() {
    let (_folder, knowledge) = knowing();
    let text = "上の階がうるさい";
    assert!(!found(&knowledge, text, Viewer::Portal).is_empty());
    let out = ["noise", "music"].map(|id| Change::Remove(id.to_owned()));
    knowledge.apply(Feed::Articles, &out, 2).unwrap();
    assert!(found(&knowledge, text, Viewer::Portal).is_empty());
}
