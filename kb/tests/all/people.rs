//! What people type and say rather than what is written.

use madoguchi_kb::Query;

use super::*;

#[test]
fn english_romaji_and_speech_find_what_is_written_otherwise() {
    for (text, id) in [
        ("paid leave", "kinmu-002"),
        ("mynumber", "bango-001"),
        ("PW", "login-001"),
        ("pasuwa-do", "login-001"),
        ("ゆうきゅう", "kinmu-002"),
        ("はんこもらえない", "kessai-006"),
        ("残業代ついてない", "kinmu-005"),
        ("入れません", "login-010"),
    ] {
        let found = found(shared(), text, Viewer::Desk);
        let first: Vec<&String> = found.iter().take(5).collect();
        assert!(first.iter().any(|one| *one == id), "{text}: {first:?}");
    }
}

#[test]
fn whole_questions_are_suggested_before_keywords_and_none_twice() {
    for text in ["旅費", "さし", "パスワード", "ね", "出", "だい"] {
        let all = shared().suggest(text, Viewer::Desk, 8).unwrap();
        let first = all.iter().position(|one| one.id.is_none());
        let last = all.iter().rposition(|one| one.id.is_some());
        if let (Some(first), Some(last)) = (first, last) {
            assert!(last < first, "{text}: {all:?}");
        }
    }
    let all = shared().suggest("さしもどし", Viewer::Desk, 8).unwrap();
    let both = all
        .iter()
        .filter(|one| ["差戻し", "差し戻し"].contains(&one.text.as_str()));
    assert_eq!(both.count(), 1, "{all:?}");
}

#[test]
fn whole_words_are_marked() {
    for text in ["申請の状況", "経路検索", "通勤手当", "宿泊費", "評価結果"] {
        let found = shared()
            .search(&Query::new(text, Viewer::Desk, 10))
            .unwrap();
        for hit in &found.hits {
            for pair in hit.question.windows(2) {
                let (end, begin) = (pair[0].text.chars().last(), pair[1].text.chars().next());
                let kanji =
                    |letter: Option<char>| letter.is_some_and(|one| ('一'..='鿿').contains(&one));
                let cuts = kanji(end) && kanji(begin);
                // Two words of kanji may touch; a mark is never a single letter out of a word.
                let marked = [&pair[0], &pair[1]].into_iter().filter(|one| one.marked);
                let short = marked.filter(|one| one.text.chars().count() < 2).count();
                assert!(!cuts || short == 0, "{text}: {:?}", hit.question);
            }
        }
    }
}
