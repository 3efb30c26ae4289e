//! Pictures and attachments of an article.

use super::*;

#[tokio::test]
async fn pictures_and_attachments_come_into_the_draft_and_go() {
    let png = crate::inspect::samples::png();
    let house = house().await;
    let mut editor = at_work(&house, "hensyu", &[Role::FaqEditor]).await;
    let draft = body("画面はどれですか。", "![申請の画面](画面.png)", 0);
    let (_, place, _) = house.submit(&mut editor, "/articles/new", &draft).await;
    let one = article(&place);
    let (_, html) = house.open(&mut editor, &one).await;
    let files = format!("{one}/files");
    assert!(!html.contains("<img"), "no file, no picture");
    let now = revision(&house, &one).await;
    for (name, content) in [
        ("画面.png", &b"<svg onload=alert(1)>"[..]),
        ("手順.html", b"<script>alert(1)</script>"),
        ("画面.png", b""),
    ] {
        let (status, ..) = bring(&house, &mut editor, &files, now, (name, content)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{name}");
    }
    let (_, place, html) = bring(&house, &mut editor, &files, now, ("図/画面.png", &png)).await;
    assert!(place.contains("done=saved"), "{html}");
    let (status, ..) = bring(&house, &mut editor, &files, now, ("二.png", &png)).await;
    assert_eq!(status, StatusCode::CONFLICT, "a second click does no harm");
    let (_, html) = house.open(&mut editor, &one).await;
    let (_, rest) = html
        .split_once(&format!("<img src=\"{one}/files/"))
        .unwrap();
    let hash = rest.split('"').next().unwrap().to_owned();
    let (status, content) = house
        .open(&mut editor, &format!("{one}/files/{hash}"))
        .await;
    assert!(status == StatusCode::OK && content.contains("PNG"));
    let (status, _) = house.open(&mut editor, &format!("{one}/files/ff")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    // The script of the form goes on with the text it has, and says what it saw.
    let pictures = format!("{one}/pictures");
    let now = revision(&house, &one).await;
    let (_, _, json) = bring(&house, &mut editor, &pictures, now, ("三.png", &png)).await;
    let brought: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(brought["revision"], revision(&house, &one).await);
    assert!(
        brought["name"] == "三.png" && brought["picture"] == true,
        "{json}"
    );
    // Saving the text keeps the files.
    let text = body(
        "画面はどれですか。",
        "図です。",
        revision(&house, &one).await,
    );
    house
        .submit(&mut editor, &format!("{one}/edit"), &text)
        .await;
    let (_, html) = house.open(&mut editor, &one).await;
    assert!(html.contains("画面.png") && !html.contains("<img"));
    for name in ["画面.png", "三.png"] {
        let now = revision(&house, &one).await;
        let removal = format!("revision={now}&name={}", escape(name));
        house
            .submit(&mut editor, &format!("{one}/files/remove"), &removal)
            .await;
    }
    let (_, html) = house.open(&mut editor, &one).await;
    assert!(html.contains("ファイルはありません"));
}

#[tokio::test]
async fn a_file_that_comes_into_no_draft_is_not_kept() {
    let png = crate::inspect::samples::png();
    let house = house().await;
    let mut editor = at_work(&house, "hensyu", &[Role::FaqEditor]).await;
    let draft = body("画面はどれですか。", "図です。", 0);
    let (_, place, _) = house.submit(&mut editor, "/articles/new", &draft).await;
    let one = article(&place);
    let files = format!("{one}/files");
    let now = revision(&house, &one).await;
    for (place, revision, refused) in [
        ("/articles/nonexist/files", now, StatusCode::NOT_FOUND),
        (files.as_str(), now + 1, StatusCode::CONFLICT),
        (files.as_str(), 0, StatusCode::BAD_REQUEST),
    ] {
        let (status, _, html) = bring(&house, &mut editor, place, revision, ("a.png", &png)).await;
        assert_eq!(status, refused, "{place} {revision}: {html}");
    }
    // What is in review takes no files, either.
    let submit = format!("revision={now}");
    let (_, place, _) = house
        .submit(&mut editor, &format!("{one}/submit"), &submit)
        .await;
    assert!(place.contains("done=submitted"), "{place}");
    let now = revision(&house, &one).await;
    let (status, ..) = bring(&house, &mut editor, &files, now, ("a.png", &png)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let hash = madoguchi_core::announcement::recording_hash(&png);
    let kept = house.store.lookup_article_file(&hash).await.unwrap();
    assert!(kept.is_none());
}
