//! What is typed into the form of an article, by several people and too much of it.

use super::*;

#[tokio::test]
async fn what_was_typed_and_not_saved_is_offered_to_who_typed_it() {
    let house = house().await;
    let mut editor = at_work(&house, "hensyu", &[Role::FaqEditor]).await;
    let mut other = at_work(&house, "hoka", &[Role::FaqEditor]).await;
    let records = async || {
        let all = AuditFilter {
            limit: 100,
            ..AuditFilter::default()
        };
        house.store.list_audit(&all).await.unwrap().len()
    };
    let before = records().await;
    let keep = "/articles/autosave";
    let typed = body("途中の題", "途中の答え", 0);
    let (status, ..) = house.submit(&mut editor, keep, &typed).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(records().await, before, "it stands in no record");
    let (_, html) = house.open(&mut other, "/articles/new").await;
    assert!(!html.contains("保存していない入力"), "it is theirs alone");
    let (_, html) = house.open(&mut editor, "/articles/new").await;
    assert!(html.contains("保存していない入力") && !html.contains("途中の答え"));
    let (_, html) = house.open(&mut editor, "/articles/new?resume=1").await;
    assert!(html.contains(">途中の答え</textarea>"), "{html}");
    let (_, place, _) = house.submit(&mut editor, "/articles/new", &typed).await;
    let one = article(&place);
    let (_, html) = house.open(&mut editor, "/articles/new").await;
    assert!(!html.contains("保存していない入力"), "it is saved");
    // Of an article that is kept; the same as what is kept is not offered.
    let id = one.rsplit('/').next().unwrap();
    let keep = format!("{keep}?of={id}");
    let edit = format!("{one}/edit");
    for (answer, offered) in [("途中の答え", false), ("直しかけ", true)] {
        let typed = body("途中の題", answer, 1);
        house.submit(&mut editor, &keep, &typed).await;
        let (_, html) = house.open(&mut editor, &edit).await;
        assert_eq!(html.contains("保存していない入力"), offered, "{answer}");
    }
    // Somebody else saves meanwhile: what was typed is not lost, nor does it win unseen.
    house
        .submit(&mut other, &edit, &body("途中の題", "ほかの答え", 1))
        .await;
    let resume = format!("{edit}?resume=1");
    let (_, html) = house.open(&mut editor, &resume).await;
    assert!(html.contains(">直しかけ</textarea>") && html.contains("value=\"1\""));
    let (status, ..) = house
        .submit(&mut editor, &edit, &body("途中の題", "直しかけ", 1))
        .await;
    assert_eq!(status, StatusCode::CONFLICT);
    let discard = format!("/articles/autosave/discard?of={id}");
    let (_, place, _) = house.submit(&mut editor, &discard, "").await;
    assert_eq!(place, edit);
    let (_, html) = house.open(&mut editor, &edit).await;
    assert!(!html.contains("保存していない入力"));
    let (status, ..) = house
        .submit(&mut editor, "/articles/autosave?of=none", &typed)
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn whoever_saves_second_sees_what_the_first_changed_and_loses_nothing() {
    let house = house().await;
    let mut one = at_work(&house, "ichi", &[Role::FaqEditor]).await;
    let mut two = at_work(&house, "ni", &[Role::FaqEditor]).await;
    let (_, place, _) = house
        .submit(&mut one, "/articles/new", &body("題", "もと", 0))
        .await;
    let edit = format!("{}/edit", article(&place));
    house
        .submit(&mut one, &edit, &body("題", "一人目の答え", 1))
        .await;
    let (status, _, html) = house
        .submit(&mut two, &edit, &body("題", "二人目の答え", 1))
        .await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(html.contains("ほかの人が先に変更しました"));
    assert!(html.contains("相手：一人目の答え") && html.contains("自分：二人目の答え"));
    assert!(
        html.contains(">二人目の答え</textarea>"),
        "the own text is still there"
    );
    let (_, place, _) = house
        .submit(&mut two, &edit, &body("題", "両方の答え", 2))
        .await;
    assert!(place.contains("done=saved"), "{place}");
}

#[tokio::test]
async fn a_form_that_does_not_say_what_it_saw_is_refused_in_words() {
    let house = house().await;
    let mut editor = at_work(&house, "hensyu", &[Role::FaqEditor]).await;
    let draft = body("画面はどれですか。", "図です。", 0);
    let (_, place, _) = house.submit(&mut editor, "/articles/new", &draft).await;
    let one = article(&place);
    for step in ["submit", "files/remove", "restore"] {
        for form in ["", "revision=0", "revision=-1", "revision=x"] {
            let path = format!("{one}/{step}");
            let (status, _, html) = house.submit(&mut editor, &path, form).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{step} {form}");
            assert!(
                html.contains("画面を開き直してから"),
                "{step} {form}: {html}"
            );
        }
        let stale = format!("{one}/{step}");
        let (status, ..) = house.submit(&mut editor, &stale, "revision=99").await;
        assert_eq!(status, StatusCode::CONFLICT, "{step}");
    }
}

#[tokio::test]
async fn an_answer_as_long_as_it_may_be_is_saved_and_a_longer_one_comes_back_whole() {
    let house = house().await;
    let mut editor = at_work(&house, "hensyu", &[Role::FaqEditor]).await;
    let longest = "長".repeat(20_000);
    let draft = body("題", &longest, 0);
    let (_, place, html) = house.submit(&mut editor, "/articles/new", &draft).await;
    assert!(place.contains("done=created"), "{html}");
    let longer = format!("{longest}い");
    let edit = format!("{}/edit", article(&place));
    let (status, _, html) = house
        .submit(&mut editor, &edit, &body("題", &longer, 1))
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("回答は20,000文字以内") && html.contains(&longer));
    let endless = body("題", &"長".repeat(100_000), 1);
    let (status, _, html) = house.submit(&mut editor, &edit, &endless).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(
        html.contains("回答は20,000文字以内") && html.contains("入力した内容が残っています"),
        "{html}"
    );
    let reason = format!("revision=1&reason={}", escape("長".repeat(10_000)));
    let step = format!("{}/ask-withdrawal", article(&place));
    let (status, _, html) = house.submit(&mut editor, &step, &reason).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(html.contains("合わせて4,700文字まで"), "{html}");
}

#[tokio::test]
async fn what_is_too_large_is_told_with_the_limit_of_its_place() {
    let house = house().await;
    let mut editor = at_work(&house, "hensyu", &[Role::FaqEditor]).await;
    let draft = body("画面はどれですか。", "図です。", 0);
    let (_, place, _) = house.submit(&mut editor, "/articles/new", &draft).await;
    let files = format!("{}/files", article(&place));
    let now = revision(&house, &article(&place)).await;
    for (place, bytes, limit) in [
        (files.as_str(), 10 * 1024 * 1024 + 1, "10MB以内のファイル"),
        (files.as_str(), 13 * 1024 * 1024, "10MB以内のファイル"),
        (IMPORT, 13 * 1024 * 1024, "12MB以内"),
    ] {
        let large = vec![b'x'; bytes];
        let (status, _, html) = bring(&house, &mut editor, place, now, ("x.txt", &large)).await;
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{place}");
        assert!(
            html.contains(limit) && !html.contains("WAV"),
            "{place}: {html}"
        );
    }
}

#[tokio::test]
async fn another_article_is_found_and_put_beside_without_losing_what_was_typed() {
    let house = house().await;
    let mut editor = at_work(&house, "hensyu", &[Role::FaqEditor]).await;
    let other = body("宿泊料はいくらですか。", "上限までです。", 0);
    let (_, place, _) = house.submit(&mut editor, "/articles/new", &other).await;
    let id = article(&place).rsplit('/').next().unwrap().to_owned();
    let typed = body("旅費は", "まだ途中", 0);
    let search = format!(
        "{typed}&intent=related-search&related_text={}",
        escape("宿泊料")
    );
    let (status, _, html) = house.submit(&mut editor, "/articles/new", &search).await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        html.contains("まだ途中") && html.contains(&format!("related-add {id}")),
        "{html}"
    );
    let add = format!("{typed}&intent=related-add+{id}");
    let (_, _, html) = house.submit(&mut editor, "/articles/new", &add).await;
    assert!(
        html.contains(&format!("name=\"related\" value=\"{id}\"")),
        "{html}"
    );
    let save = format!("{typed}&related={id}");
    let (_, place, _) = house.submit(&mut editor, "/articles/new", &save).await;
    let new = article(&place).rsplit('/').next().unwrap().into();
    let kept = house.store.lookup_article(&new).await.unwrap().unwrap();
    assert_eq!(kept.newest().unwrap().content.related, [id.as_str().into()]);
}
