//! What an article's page says of a form that is refused, with what was typed still in it.

use super::*;

/// An article that waits for review, with its editor and an approver.
async fn in_review(house: &House) -> (String, Client, Client) {
    let mut editor = at_work(house, "hensyu", &[Role::FaqEditor]).await;
    let approver = at_work(house, "syonin", &[Role::FaqApprover]).await;
    let draft = body("題", "答え", 0);
    let (_, place, _) = house.submit(&mut editor, "/articles/new", &draft).await;
    let one = article(&place);
    let (_, place, _) = step(house, &mut editor, &one, "submit", "").await;
    assert!(place.contains("done=submitted"), "{place}");
    (one, editor, approver)
}

#[tokio::test]
async fn a_date_that_cannot_be_read_is_told_beside_it_and_nothing_is_published() {
    let house = house().await;
    let (one, _, mut approver) = in_review(&house).await;
    let typed = format!("&publish_at={}", escape("あしたの\"朝"));
    let (status, _, html) = step(&house, &mut approver, &one, "approve", &typed).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    for shown in [
        "id=\"publish-error\" role=\"alert\" tabindex=\"-1\" autofocus>公開する日時を、2026-11-24T08:30 のように入力してください。",
        "value=\"あしたの&#34;朝\" aria-invalid=\"true\" aria-describedby=\"publish-error\"",
    ] {
        assert!(html.contains(shown), "{shown}: {html}");
    }
    // Put right on the same page, it is taken.
    let right = "&publish_at=2026-12-24T08:30";
    let (_, place, _) = step(&house, &mut approver, &one, "approve", right).await;
    assert!(place.contains("done=approved"), "{place}");
}

#[tokio::test]
async fn a_reason_that_is_owed_is_asked_for_beside_its_field() {
    let house = house().await;
    let (one, mut editor, mut approver) = in_review(&house).await;
    let (status, _, html) = step(&house, &mut approver, &one, "send-back", "&reason=").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let fault =
        "id=\"back-error\" role=\"alert\" tabindex=\"-1\" autofocus>理由を入力してください。";
    assert!(
        html.contains(fault) && html.contains("<details open>"),
        "{html}"
    );
    step(&house, &mut approver, &one, "approve", "").await;
    let (status, _, html) = step(&house, &mut editor, &one, "ask-withdrawal", "").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let fault =
        "id=\"ask-error\" role=\"alert\" tabindex=\"-1\" autofocus>理由を入力してください。";
    assert!(html.contains(fault), "{html}");
}

#[tokio::test]
async fn who_comes_second_is_told_so_on_the_page_and_keeps_the_reason() {
    let house = house().await;
    let (one, mut editor, mut approver) = in_review(&house).await;
    let seen = revision(&house, &one).await;
    step(&house, &mut editor, &one, "recall", "").await;
    step(&house, &mut editor, &one, "submit", "").await;
    let send_back = format!("{one}/send-back");
    let late = format!("revision={seen}&reason={}", escape("数え方も<b>"));
    let (status, _, html) = house.submit(&mut approver, &send_back, &late).await;
    assert_eq!(status, StatusCode::CONFLICT);
    for shown in [
        "別の画面で先に変更されています。まだ何も行っていません。",
        "<details open><summary>差し戻す</summary>",
        ">数え方も&#60;b&#62;</textarea>",
    ] {
        assert!(html.contains(shown), "{shown}: {html}");
    }
    // The form of the page is about what is there now.
    let now = revision(&house, &one).await;
    assert!(html.contains(&format!("name=\"revision\" value=\"{now}\"")));
    // Where its form is gone, the reason is told beside the fault.
    step(&house, &mut editor, &one, "recall", "").await;
    let (status, _, html) = house.submit(&mut approver, &send_back, &late).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(html.contains("入力した理由：数え方も&#60;b&#62;"), "{html}");
    assert!(!html.contains("差し戻されました"));
}

#[tokio::test]
async fn a_file_that_is_not_taken_is_told_beside_the_form_of_the_article() {
    let house = house().await;
    let mut editor = at_work(&house, "hensyu", &[Role::FaqEditor]).await;
    let draft = body("画面はどれですか。", "図です。", 0);
    let (_, place, _) = house.submit(&mut editor, "/articles/new", &draft).await;
    let one = article(&place);
    let (_, html) = house.open(&mut editor, &one).await;
    assert!(html.contains("data-most-bytes=\"10485760\""), "{html}");
    let files = format!("{one}/files");
    let now = revision(&house, &one).await;
    let large = vec![b'x'; 10 * 1024 * 1024 + 1];
    for (name, content, status, why) in [
        (
            "a.png",
            &b""[..],
            StatusCode::BAD_REQUEST,
            "ファイルを選んでください。",
        ),
        (
            "a.png",
            b"<svg onload=alert(1)>",
            StatusCode::BAD_REQUEST,
            "",
        ),
        (
            "a.txt",
            &large,
            StatusCode::PAYLOAD_TOO_LARGE,
            "10MB以内のファイルを選んでください。",
        ),
    ] {
        let (found, _, html) = bring(&house, &mut editor, &files, now, (name, content)).await;
        assert_eq!(found, status, "{name}");
        let (_, rest) = html.split_once("id=\"file-error\"").expect(name);
        let fault = rest.split("</p>").next().unwrap();
        assert!(fault.contains(why), "{name}: {fault}");
        assert!(
            html.contains("<h1>画面はどれですか。</h1>"),
            "{name}: {html}"
        );
    }
    let (status, _, html) = bring(&house, &mut editor, &files, now + 1, ("a.txt", b"a")).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(
        html.contains("別の画面で先に変更されています。まだ何も"),
        "{html}"
    );
}

#[tokio::test]
async fn an_import_that_is_too_large_leads_back_to_its_form() {
    let house = house().await;
    let mut editor = at_work(&house, "hensyu", &[Role::FaqEditor]).await;
    crate::tests::people::refuse_too_large(&house, &mut editor, IMPORT).await;
    // What was chosen for a manual is still chosen.
    let large = vec![b'x'; 13 * 1024 * 1024];
    let parts = [
        ("kind", None, &b"manual"[..]),
        ("title", None, "旅費の手引".as_bytes()),
        ("file", Some("x.pdf"), &large),
    ];
    let sent = crate::tests::people::send(&house, &mut editor, (IMPORT, &parts));
    let (status, _, html) = sent.await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(html.contains("value=\"旅費の手引\""), "{html}");
}
