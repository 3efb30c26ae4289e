//! 検索の同義語 and 検索の単語 on screens.

use madoguchi_core::access::Role;
use madoguchi_core::audit::Action;
use madoguchi_kb::{SynonymGroup, UserWord};
use madoguchi_store::AuditFilter;

use super::*;
use crate::query::escape;

async fn editor(open: &Open) -> Client {
    let roles = [Role::FaqEditor];
    let mut client = open.house.user("hensyu", &roles).await;
    let (status, _) = open.house.open(&mut client, "/articles/synonyms").await;
    assert_eq!(status, StatusCode::OK);
    client
}

#[tokio::test]
async fn a_group_of_synonyms_is_tried_saved_changed_removed_and_brought_back() {
    let open = open().await;
    let (house, mut client) = (&open.house, editor(&open).await);
    let path = format!("/articles/synonyms/new?term={}", escape("あいことば"));
    let (_, html) = house.open(&mut client, &path).await;
    assert!(html.contains(">あいことば</textarea>"), "{html}");

    let form = |terms: &str, more: &str| {
        let trial = escape("あいことば");
        format!("terms={}&trial={trial}&{more}", escape(terms))
    };
    let (status, _, html) = house
        .submit(
            &mut client,
            "/articles/synonyms/new",
            &form("あいことば", ""),
        )
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("2語から20語まで"), "{html}");

    let two = form("あいことば\r\nパスワード", "intent=try");
    let (status, _, html) = house
        .submit(&mut client, "/articles/synonyms/new", &two)
        .await;
    assert_eq!(status, StatusCode::OK);
    let (now, then) = html.split_once("見つかるFAQ").unwrap();
    assert!(!now.contains("パスワードを忘れました"));
    assert!(then.contains("パスワードを忘れました"), "{then}");
    let kept = house
        .store
        .list_settings(crate::SYNONYM_KIND)
        .await
        .unwrap();
    assert!(kept.is_empty(), "a trial keeps nothing");

    let two = form("あいことば\r\nパスワード", "");
    let (_, place, _) = house
        .submit(&mut client, "/articles/synonyms/new", &two)
        .await;
    let one = place.strip_suffix("?done=created").unwrap().to_owned();
    let kept = house
        .store
        .list_settings(crate::SYNONYM_KIND)
        .await
        .unwrap();
    let group: SynonymGroup = serde_json::from_str(kept[0].data.as_deref().unwrap()).unwrap();
    assert_eq!(group.terms, ["あいことば", "パスワード"]);

    let filter = AuditFilter {
        limit: 1,
        ..AuditFilter::default()
    };
    let record = &house.store.list_audit(&filter).await.unwrap()[0].entry;
    assert_eq!(record.action, Action::SynonymChange);
    assert_eq!(record.after["terms"], "あいことば\nパスワード");

    let removal = format!("{one}/remove");
    let (_, place, _) = house.submit(&mut client, &removal, "version=1").await;
    assert_eq!(place, "/articles/synonyms?done=removed");
    let (status, ..) = house
        .submit(&mut client, &one, &two.replace("&version=0", ""))
        .await;
    assert_eq!(status, StatusCode::CONFLICT, "somebody else was faster");
    let (_, html) = house.open(&mut client, &one).await;
    assert!(html.contains("版1"), "{html}");
    let back = "version=1&replaces=2";
    let (_, place, _) = house
        .submit(&mut client, &format!("{one}/restore"), back)
        .await;
    assert!(place.ends_with("?done=restored"), "{place}");
    let (_, html) = house.open(&mut client, "/articles/synonyms").await;
    assert!(html.contains("あいことば、パスワード"));
    let (_, file) = house
        .open(&mut client, "/articles/synonyms/download?format=json")
        .await;
    assert!(
        file.contains("\"terms\":[\"あいことば\",\"パスワード\"]"),
        "{file}"
    );
    assert!(html.contains("反映しています"), "nobody takes it up here");
}

#[tokio::test]
async fn a_word_needs_a_reading_in_kana_and_parts_that_make_it_up() {
    let open = open().await;
    let (house, mut client) = (&open.house, editor(&open).await);
    let form = |reading: &str, parts: &str| {
        let surface = escape("庶務事務窓口");
        let (reading, parts) = (escape(reading), escape(parts));
        format!("surface={surface}&reading={reading}&parts={parts}&trial={surface}")
    };
    for (reading, parts, told) in [
        ("庶務", "", "ひらがなかカタカナで"),
        ("しょむじむまどぐち", "庶務 窓口", "つなげると表記と同じ"),
    ] {
        let (status, _, html) = house
            .submit(&mut client, "/articles/words/new", &form(reading, parts))
            .await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(html.contains(told), "{html}");
    }
    let good = form("ショムジムマドグチ", "庶務 事務 窓口");
    let trial = format!("{good}&intent=try");
    let (_, _, html) = house
        .submit(&mut client, "/articles/words/new", &trial)
        .await;
    assert!(html.contains("庶務 ／ 事務 ／ 窓口"), "{html}");
    let (_, place, _) = house
        .submit(&mut client, "/articles/words/new", &good)
        .await;
    assert!(place.ends_with("?done=created"), "{place}");
    let kept = house.store.list_settings(crate::WORD_KIND).await.unwrap();
    let word: UserWord = serde_json::from_str(kept[0].data.as_deref().unwrap()).unwrap();
    assert_eq!(word.parts, ["庶務", "事務", "窓口"]);
}

#[tokio::test]
async fn hostile_words_are_shown_as_they_are_and_kept_out() {
    let open = open().await;
    let (house, mut client) = (&open.house, editor(&open).await);
    let bad = "\"><script>alert(1)</script>";
    let path = format!("/articles/synonyms?term={}", escape(bad));
    let (_, html) = house.open(&mut client, &path).await;
    assert!(!html.contains("<script>alert"));
    for terms in [bad, "あ\u{0}い\nうえ", "、、\n、", &"長".repeat(50)] {
        let body = format!("terms={}", escape(format!("{terms}\n{terms}")));
        let (status, _, html) = house
            .submit(&mut client, "/articles/synonyms/new", &body)
            .await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{terms}");
        assert!(!html.contains("<script>alert"));
    }
}

#[tokio::test]
async fn an_editor_marks_what_answers_a_question_and_takes_it_back() {
    let open = open().await;
    let (house, mut client) = (&open.house, editor(&open).await);
    let asked = |rest: &str| format!("q={}&{rest}", escape("パスワード"));
    let page = "/articles/grading?q=%E3%83%91%E3%82%B9%E3%83%AF%E3%83%BC%E3%83%89";
    let (_, html) = house.open(&mut client, page).await;
    assert!(html.contains("name=\"grade-login-001\""), "{html}");
    let nothing = &asked("version=0&grade-login-001=0&intent=save");
    let (status, _, html) = house
        .submit(&mut client, "/articles/grading", nothing)
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        html.contains("答えになるFAQを1件以上選んでください"),
        "{html}"
    );
    let unknown = &asked("version=0&grade-login-001=3&other=FAQ-9999&intent=save");
    let (status, _, html) = house
        .submit(&mut client, "/articles/grading", unknown)
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("FAQ-9999") && html.contains("<option value=\"3\" selected>"));
    let right = &asked("version=0&grade-login-001=3&other=&intent=save");
    let (_, place, _) = house.submit(&mut client, "/articles/grading", right).await;
    assert!(place.ends_with("done=graded"), "{place}");
    let kept = house
        .store
        .list_settings(crate::GRADED_QUERY_KIND)
        .await
        .unwrap();
    let data: serde_json::Value = serde_json::from_str(kept[0].data.as_deref().unwrap()).unwrap();
    assert_eq!(
        data,
        serde_json::json!({"query": "パスワード", "relevant": {"login-001": 3}})
    );
    let (_, html) = house.open(&mut client, &place).await;
    assert!(html.contains("採点を保存しました") && html.contains("正解 1件、参考 0件"));
    // Who saw it before it was graded does not overwrite it, and keeps the own marks.
    let late = &asked("version=0&grade-login-001=1&other=&intent=save");
    let (status, _, html) = house.submit(&mut client, "/articles/grading", late).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(html.contains("正解 1件、参考 0件)。この画面の印でよければ"));
    assert!(html.contains("<option value=\"1\" selected>"), "{html}");
    assert!(html.contains("name=\"version\" value=\"1\""), "{html}");
    let none = &asked("version=1&intent=none");
    let (_, place, _) = house.submit(&mut client, "/articles/grading", none).await;
    let (_, html) = house.open(&mut client, &place).await;
    assert!(
        html.contains("合うFAQはない質問として保存しています"),
        "{html}"
    );
    let back = &asked("version=2&intent=remove");
    let (_, place, _) = house.submit(&mut client, "/articles/grading", back).await;
    let (_, html) = house.open(&mut client, &place).await;
    assert!(html.contains("採点した質問はまだありません"), "{html}");
    let filter = AuditFilter {
        action: Some(Action::SearchGrade),
        limit: 10,
        ..AuditFilter::default()
    };
    assert_eq!(house.store.list_audit(&filter).await.unwrap().len(), 3);
}
