//! FAQ work: from a draft to what readers see, and back.

mod bulk;
mod refusals;

use madoguchi_core::access::Role;
use madoguchi_core::article::{Article, Content, Line};
use madoguchi_core::audience::Audience;
use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::id::ArticleId;
use madoguchi_reports::table::{Cell, Column, Form, Table, workbook};
use madoguchi_store::AuditFilter;

use super::*;
use crate::query::escape;

fn body(question: &str, answer: &str, revision: i64) -> String {
    format!(
        "question={}&answer={}&category=f09&audience=portal&revision={revision}",
        escape(question),
        escape(answer)
    )
}

/// The address of the article that a form leads to, without what was done.
fn article(place: &str) -> String {
    place.split('?').next().unwrap_or_default().to_owned()
}

/// Somebody who has a page of the editing open.
async fn at_work(house: &House, login: &str, roles: &[Role]) -> Client {
    let mut client = house.user(login, roles).await;
    let (status, _) = house.open(&mut client, "/articles").await;
    assert_eq!(status, StatusCode::OK);
    client
}

async fn revision(house: &House, article: &str) -> i64 {
    let id = article.rsplit('/').next().unwrap();
    let found = house.store.lookup_article(&id.into()).await.unwrap();
    found.unwrap().revision
}

#[tokio::test]
async fn an_article_is_written_sent_back_mended_and_approved_by_somebody_else() {
    let house = house().await;
    let mut editor = at_work(&house, "hensyu", &[Role::FaqEditor]).await;
    let mut approver = at_work(&house, "syonin", &[Role::FaqApprover]).await;
    let draft = body("旅費の精算はいつまでですか。", "2週間以内です。", 0);
    let (_, place, _) = house.submit(&mut editor, "/articles/new", &draft).await;
    assert!(place.contains("done=created"), "{place}");
    let one = article(&place);
    let step = async |client: &mut Client, name: &str, more: &str| {
        let revision = revision(&house, &one).await;
        let body = format!("revision={revision}{more}");
        house.submit(client, &format!("{one}/{name}"), &body).await
    };
    let (status, ..) = step(&mut editor, "approve", "").await;
    assert_eq!(status, StatusCode::FORBIDDEN, "an editor approves nothing");
    step(&mut editor, "submit", "").await;
    let (status, ..) = step(&mut approver, "send-back", "&reason=").await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "a reason is owed");
    let reason = format!("&reason={}", escape("期限の数え方も書いてください"));
    step(&mut approver, "send-back", &reason).await;
    let (_, html) = house.open(&mut editor, &one).await;
    assert!(html.contains("期限の数え方も書いてください"));
    let mended = body(
        "旅費の精算はいつまでですか。",
        "旅行が終わった日の翌日から2週間以内です。",
        revision(&house, &one).await,
    );
    house
        .submit(&mut editor, &format!("{one}/edit"), &mended)
        .await;
    step(&mut editor, "submit", "").await;
    let (_, place, _) = step(&mut approver, "approve", "").await;
    assert!(place.contains("done=published"), "{place}");
    let id = one.rsplit('/').next().unwrap();
    let kept = house
        .store
        .lookup_article(&id.into())
        .await
        .unwrap()
        .unwrap();
    let shown = kept.published(now()).unwrap();
    assert!(shown.content.answer.contains("翌日から"));
    assert_eq!(house.store.knowledge_position().await.unwrap(), 1);
    let told = AuditFilter {
        object: Some(id.to_owned()),
        limit: 20,
        ..AuditFilter::default()
    };
    let told = house.store.list_audit(&told).await.unwrap();
    let told: Vec<_> = told.iter().map(|record| record.entry.action).collect();
    assert_eq!(
        told,
        [
            Action::ArticleApprove,
            Action::ArticleSubmit,
            Action::ArticleWrite,
            Action::ArticleSendBack,
            Action::ArticleSubmit,
            Action::ArticleWrite
        ]
    );
}

/// Takes a step with the article as it is now.
async fn step(
    house: &House,
    client: &mut Client,
    one: &str,
    name: &str,
    more: &str,
) -> (StatusCode, String, String) {
    let revision = revision(house, one).await;
    let body = format!("revision={revision}{more}");
    house.submit(client, &format!("{one}/{name}"), &body).await
}

#[tokio::test]
async fn who_reviews_sees_what_differs_and_what_waits_stands_in_the_menu() {
    let house = house().await;
    let mut editor = at_work(&house, "hensyu", &[Role::FaqEditor]).await;
    let mut approver = at_work(&house, "syonin", &[Role::FaqApprover]).await;
    let (_, place, _) = house.open_from(&mut approver, "/").await;
    assert_eq!(
        place, "/articles?stage=waiting",
        "approvers begin at theirs"
    );
    let draft = body("題", "もとの答え", 0);
    let (_, place, _) = house.submit(&mut editor, "/articles/new", &draft).await;
    let one = article(&place);
    step(&house, &mut editor, &one, "submit", "").await;
    let (_, html) = house.open(&mut approver, "/articles?stage=waiting").await;
    assert!(
        html.contains("確認待ち1件") && html.contains(&one),
        "{html}"
    );
    let (_, html) = house.open(&mut approver, &one).await;
    assert!(html.contains("公開中の版がないため") && html.contains("class=\"review-bar\""));
    step(&house, &mut approver, &one, "approve", "").await;
    let next = body("題", "新しい答え", revision(&house, &one).await);
    house
        .submit(&mut editor, &format!("{one}/edit"), &next)
        .await;
    step(&house, &mut editor, &one, "submit", "").await;
    let (_, html) = house.open(&mut approver, &one).await;
    assert!(html.contains("公開中の第1版との違い"), "{html}");
    assert!(html.contains("－もとの答え") && html.contains("＋新しい答え"));
    assert!(html.contains("公開中は第1版です"));
    let reason = format!("&reason={}", escape("短すぎます"));
    step(&house, &mut approver, &one, "send-back", &reason).await;
    let (_, html) = house.open(&mut editor, "/articles?stage=sent_back").await;
    assert!(html.contains("差戻し1件") && html.contains(&one), "{html}");
    assert!(!html.contains("確認待ち1件"), "that is not theirs to do");
}

#[tokio::test]
async fn what_was_not_published_is_taken_back_and_deleted() {
    let house = house().await;
    let mut editor = at_work(&house, "hensyu", &[Role::FaqEditor]).await;
    let mut approver = at_work(&house, "syonin", &[Role::FaqApprover]).await;
    let draft = body("題", "答え", 0);
    let (_, place, _) = house.submit(&mut editor, "/articles/new", &draft).await;
    let one = article(&place);
    step(&house, &mut editor, &one, "submit", "").await;
    let (_, html) = house.open(&mut editor, &one).await;
    assert!(html.contains("確認の依頼を取り消す"), "{html}");
    let (_, place, _) = step(&house, &mut editor, &one, "recall", "").await;
    assert!(place.contains("done=recalled"), "{place}");
    step(&house, &mut editor, &one, "submit", "").await;
    let later = "&publish_at=2026-12-24T08:30";
    let (_, place, _) = step(&house, &mut approver, &one, "approve", later).await;
    assert!(place.contains("done=approved"), "{place}");
    let (_, html) = house.open(&mut editor, &one).await;
    assert!(html.contains("公開予約を取り消す") && !html.contains("/discard\""));
    let (status, ..) = step(&house, &mut editor, &one, "discard", "").await;
    assert_eq!(
        status,
        StatusCode::BAD_REQUEST,
        "what is scheduled is no draft"
    );
    step(&house, &mut editor, &one, "recall", "").await;
    let due = Instant::from_tokyo("2026-12-25T00:00:00".parse().unwrap());
    let id: ArticleId = one.rsplit('/').next().unwrap().into();
    let kept = house.store.lookup_article(&id).await.unwrap().unwrap();
    assert!(kept.published(due).is_none() && kept.due_at(due).is_none());
    let (status, ..) = house
        .submit(&mut editor, &format!("{one}/discard"), "revision=1")
        .await;
    assert_eq!(status, StatusCode::CONFLICT, "it was seen otherwise");
    let (_, place, _) = step(&house, &mut editor, &one, "discard", "").await;
    assert_eq!(place, "/articles?done=discarded");
    assert!(house.store.lookup_article(&id).await.unwrap().is_none());
    let told = AuditFilter {
        object: Some(id.to_string()),
        limit: 1,
        ..AuditFilter::default()
    };
    let told = house.store.list_audit(&told).await.unwrap();
    assert_eq!(told[0].entry.action, Action::ArticleDiscard);
    assert_eq!(told[0].entry.before["question"], "題");
}

#[tokio::test]
async fn an_article_is_called_by_a_number_and_found_by_it() {
    let house = house().await;
    let mut editor = at_work(&house, "hensyu", &[Role::FaqEditor]).await;
    let mut places = Vec::new();
    for question in ["一つ目", "二つ目"] {
        let draft = body(question, "答え", 0);
        let (_, place, _) = house.submit(&mut editor, "/articles/new", &draft).await;
        places.push(article(&place));
    }
    for address in [&places[1], "/articles/FAQ-0002", "/articles/faq2"] {
        let (status, html) = house.open(&mut editor, address).await;
        assert_eq!(status, StatusCode::OK, "{address}");
        assert!(
            html.contains("FAQ-0002") && html.contains("二つ目"),
            "{html}"
        );
        assert!(html.contains(&format!("{}/edit", places[1])), "{html}");
    }
    for text in ["FAQ-0002", "ＦＡＱ２", "0002"] {
        let list = format!("/articles?text={}", escape(text));
        let (_, html) = house.open(&mut editor, &list).await;
        assert!(
            html.contains("二つ目") && !html.contains("一つ目"),
            "{text}"
        );
    }
    let (status, _) = house.open(&mut editor, "/articles/FAQ-0003").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let line = serde_json::json!({ "id": "FAQ-0003", "question": "三", "answer": "い" });
    let line = line.to_string();
    let (_, _, html) = bring(&house, &mut editor, IMPORT, 0, ("a", line.as_bytes())).await;
    assert!(
        html.contains("番号「FAQ-0003」の記事はありません"),
        "{html}"
    );
}

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
async fn who_wrote_an_article_is_told_that_another_must_approve_it() {
    let house = house().await;
    let mut both = at_work(&house, "ryoho", &[Role::FaqEditor, Role::FaqApprover]).await;
    let draft = body("一", "二", 0);
    let (_, place, _) = house.submit(&mut both, "/articles/new", &draft).await;
    let one = article(&place);
    let submit = format!("{one}/submit");
    house.submit(&mut both, &submit, "revision=1").await;
    let (_, html) = house.open(&mut both, &one).await;
    assert!(html.contains("承認できません") && !html.contains("/approve\""));
    let approve = format!("{one}/approve");
    let (status, _, html) = house.submit(&mut both, &approve, "revision=2").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(html.contains("ほかの承認者に依頼してください"));
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
async fn personal_data_in_a_given_text_is_marked_and_keeps_it_from_review() {
    let house = house().await;
    let mut editor = at_work(&house, "hensyu", &[Role::FaqEditor]).await;
    let text = escape("精算の相談\n山田さん（090-1234-5678）から電話");
    let given = format!("text={text}");
    let (_, _, html) = house
        .submit(&mut editor, "/articles/from-text", &given)
        .await;
    assert!(
        html.contains("<strong>山田</strong>") && html.contains("<strong>090-1234-5678</strong>")
    );
    let draft = body("精算の相談", "山田さんから電話", 0);
    let (_, place, _) = house.submit(&mut editor, "/articles/new", &draft).await;
    let submit = format!("{}/submit", article(&place));
    let (status, _, html) = house.submit(&mut editor, &submit, "revision=1").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(html.contains("個人に関する情報の疑い"));
    let confirmed = format!(
        "{}&harmless={}",
        body("精算の相談", "山田さんから電話", 1),
        escape("山田")
    );
    let edit = format!("{}/edit", article(&place));
    house.submit(&mut editor, &edit, &confirmed).await;
    let (_, place, _) = house.submit(&mut editor, &submit, "revision=2").await;
    assert!(place.contains("done=submitted"), "{place}");
}

#[tokio::test]
async fn scripts_in_an_answer_are_shown_not_run() {
    let house = house().await;
    let mut editor = at_work(&house, "hensyu", &[Role::FaqEditor]).await;
    let bad = "<script>alert(1)</script>[x](javascript:alert(1))";
    let draft = body("<b>題</b>", bad, 0);
    let (_, place, _) = house.submit(&mut editor, "/articles/new", &draft).await;
    let (_, html) = house.open(&mut editor, &article(&place)).await;
    assert!(
        !html.contains("<script>alert")
            && !html.contains("href=\"javascript")
            && !html.contains("<b>題")
    );
    let (_, _, html) = house.submit(&mut editor, "/articles/preview", &draft).await;
    assert!(!html.contains("<script>") && html.contains("&lt;script&gt;"));
}

const IMPORT: &str = "/articles/import";

/// Brings a file as a browser does.
async fn bring(
    house: &House,
    client: &mut Client,
    place: &str,
    revision: i64,
    (name, content): (&str, &[u8]),
) -> (StatusCode, String, String) {
    let mut body = format!(
        "--edge\r\nContent-Disposition: form-data; name=\"_csrf\"\r\n\r\n{}\r\n\
         --edge\r\nContent-Disposition: form-data; name=\"revision\"\r\n\r\n{revision}\r\n\
         --edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: image/png\r\n\r\n",
        client.csrf
    )
    .into_bytes();
    body.extend_from_slice(content);
    body.extend_from_slice(b"\r\n--edge--\r\n");
    let request = Request::post(place)
        .header("host", "localhost:8080")
        .header("cookie", &client.cookie)
        .header("content-type", "multipart/form-data; boundary=edge")
        .body(Body::from(body))
        .unwrap();
    house.pass(client, request).await
}

#[tokio::test]
async fn a_manual_is_chosen_where_its_category_is_and_says_its_place_in_few_words() {
    let house = house().await;
    let mut editor = at_work(&house, "hensyu", &[Role::FaqEditor]).await;
    let page = "<h1>第1章 予約</h1><p>3か月前から予約できます。</p>";
    let file = ("手引き.html", page.as_bytes());
    let (_, _, html) = bring(&house, &mut editor, IMPORT, 0, file).await;
    assert!(html.contains("「資料の取込み」で選んでください"), "{html}");
    let line = |heading: &str| {
        serde_json::json!({
            "id": "m-1", "question": "予約", "answer": "3か月前から",
            "manual": { "title": "手引き", "path": [heading], "page": 2 },
        })
        .to_string()
    };
    let (_, _, html) = apply(&house, &mut editor, &line(&"章".repeat(201))).await;
    assert!(
        html.contains("章と節の名前は200文字以内にしてください"),
        "{html}"
    );
    let (_, place, _) = apply(&house, &mut editor, &line("第1章 予約")).await;
    assert!(place.contains("done=imported"));
    let (_, html) = house.open(&mut editor, "/articles/m-1").await;
    assert!(
        html.contains("資料『手引き』 第1章 予約(2ページ)"),
        "{html}"
    );
}

#[tokio::test]
async fn sections_that_a_new_manual_does_not_have_any_more_are_named_before_it_is_taken_in() {
    let house = house().await;
    let mut editor = at_work(&house, "hensyu", &[Role::FaqEditor]).await;
    let line = |id: &str, beside: &[&str]| {
        serde_json::json!({
            "id": id, "question": format!("{id}の節"), "answer": "予約できます", "related": beside,
            "manual": { "title": "手引き", "path": [id] },
        })
    };
    // 1 – 2 – 3: readers see all of them.
    let known = [
        ("m-1", &["m-2"][..]),
        ("m-2", &["m-1", "m-3"]),
        ("m-3", &["m-2"]),
    ];
    for (id, beside) in known {
        let read: Line = serde_json::from_value(line(id, beside)).unwrap();
        let content = read.content(Content::default());
        let article = Article::imported(id, content, now());
        let entry = AuditEntry::of_system(now(), Action::ArticleImport, id, Fields::new());
        let all = vec![(article, entry)];
        house.store.save_articles(all, now()).await.unwrap();
    }
    let new = line("m-1", &[]).to_string();
    let (_, _, html) = bring(&house, &mut editor, IMPORT, 0, ("m.jsonl", new.as_bytes())).await;
    assert!(html.contains("新しい資料にない記事が2件あります"), "{html}");
    assert!(html.contains("m-2の節") && html.contains("href=\"/articles/m-3\""));
    let whole: Vec<String> = known
        .map(|(id, beside)| line(id, beside).to_string())
        .into();
    let whole = whole.join("\n");
    let (_, _, html) = bring(
        &house,
        &mut editor,
        IMPORT,
        0,
        ("m.jsonl", whole.as_bytes()),
    )
    .await;
    assert!(!html.contains("新しい資料にない記事"), "{html}");
    assert!(html.contains("取り込むものはありません"), "{html}");
}

/// Takes in what was shown.
async fn apply(house: &House, client: &mut Client, lines: &str) -> (StatusCode, String, String) {
    let part = |name: &str, text: &str| {
        format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
    };
    let body = format!(
        "{}{}--edge--\r\n",
        part("_csrf", &client.csrf),
        part("lines", lines)
    );
    let request = Request::post("/articles/import/apply")
        .header("host", "localhost:8080")
        .header("cookie", &client.cookie)
        .header("content-type", "multipart/form-data; boundary=edge")
        .body(Body::from(body))
        .unwrap();
    house.pass(client, request).await
}

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
async fn the_whole_knowledge_is_brought_out_and_it_is_told() {
    let house = house().await;
    let mut editor = at_work(&house, "hensyu", &[Role::FaqEditor]).await;
    for question in ["=HYPERLINK(\"x\")はどこですか。", "旅費はいつですか。"] {
        let draft = body(question, "**手引**の\n- 一\n- 二", 0);
        house.submit(&mut editor, "/articles/new", &draft).await;
    }
    let (status, lines) = house.open(&mut editor, "/articles/export.jsonl").await;
    assert_eq!(status, StatusCode::OK);
    let lines: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert!(
        lines
            .iter()
            .all(|line| line["stage"] == "draft" && line["visible"] == false)
    );
    let (status, book) = house.open(&mut editor, "/articles/export.xlsx").await;
    assert!(status == StatusCode::OK && book.starts_with("PK"));
    // What was asked stands beside the articles, for those who may see tickets.
    let asked = "xl/worksheets/sheet2.xml";
    assert!(!book.contains(asked));
    let mut both = at_work(&house, "ryoho", &[Role::FaqEditor, Role::Agent]).await;
    let (_, book) = house.open(&mut both, "/articles/export.xlsx").await;
    assert!(book.contains(asked));
    let told = AuditFilter {
        limit: 20,
        ..AuditFilter::default()
    };
    let told = house.store.list_audit(&told).await.unwrap().into_iter();
    let told = told.filter(|record| record.entry.action == Action::ArticleExport);
    assert_eq!(told.count(), 3);
}

#[tokio::test]
async fn a_workbook_is_taken_in_by_the_names_of_its_columns() {
    let house = house().await;
    let mut editor = at_work(&house, "hensyu", &[Role::FaqEditor]).await;
    let book = |names: &[&'static str], rows: &[&[&str]]| {
        let columns = names.iter().map(|name| Column {
            name: (*name).into(),
            width: 20,
        });
        let rows = rows
            .iter()
            .map(|row| row.iter().map(|text| Cell::from(*text)).collect());
        let table = Table {
            title: "記事".to_owned(),
            sheet: "記事".to_owned(),
            made_at: now(),
            columns: columns.collect(),
            rows: rows.collect(),
        };
        workbook(&table, Form::Data).unwrap()
    };
    let names = [
        "質問",
        "備考",
        "回答",
        "番号",
        "分類",
        "公開範囲",
        "キーワード",
    ];
    let bad = book(&names, &[&["一", "", "い", "a", "ない分類", "だれか", ""]]);
    let (_, _, html) = bring(&house, &mut editor, IMPORT, 0, ("a", &bad)).await;
    assert!(
        html.contains("2行目: 分類「ない分類」は登録されていません")
            && html.contains("2行目: 公開範囲は「職員に公開」か「窓口内」に"),
        "{html}"
    );
    let (_, _, html) = bring(
        &house,
        &mut editor,
        IMPORT,
        0,
        ("a", &book(&["質問"], &[&["一"]])),
    )
    .await;
    assert!(html.contains("列の名前「回答」がありません"), "{html}");
    let (_, _, html) = bring(&house, &mut editor, IMPORT, 0, ("a", b"PK\x03\x04")).await;
    assert!(html.contains("読み取れません"), "{html}");

    let rows: [&[&str]; 3] = [
        &["一", "", "い", "a", "旅費・出張", "窓口内", "宿、泊"],
        &["", "", "", "", "", "", ""],
        &["二", "", "ろ", "", "", "", ""],
    ];
    let (_, _, html) = bring(&house, &mut editor, IMPORT, 0, ("a", &book(&names, &rows))).await;
    assert!(html.contains("新しい記事2件"), "{html}");
    let (_, rest) = html.split_once("name=\"lines\" value=\"").unwrap();
    let lines = rest.split('"').next().unwrap().replace("&#34;", "\"");
    apply(&house, &mut editor, &lines).await;
    let kept = house
        .store
        .lookup_article(&"a".into())
        .await
        .unwrap()
        .unwrap();
    let content = &kept.newest().unwrap().content;
    assert_eq!(content.keywords, ["宿", "泊"]);
    assert_eq!(content.audience, Audience::Desk);
    assert!(!content.category.is_none());

    // What a workbook does not say stays: above all, whom the article is for.
    let short = book(&["番号", "質問", "回答"], &[&["a", "一", "は"]]);
    let (_, _, html) = bring(&house, &mut editor, IMPORT, 0, ("a", &short)).await;
    let (_, rest) = html.split_once("name=\"lines\" value=\"").unwrap();
    let lines = rest.split('"').next().unwrap().replace("&#34;", "\"");
    apply(&house, &mut editor, &lines).await;
    let kept = house
        .store
        .lookup_article(&"a".into())
        .await
        .unwrap()
        .unwrap();
    let now = &kept.newest().unwrap().content;
    assert_eq!(now.answer, "は");
    assert_eq!(
        (now.audience, &now.category, &now.keywords),
        (content.audience, &content.category, &content.keywords)
    );
}

/// An answer stands in a workbook without its marks; it keeps them when it comes back as it was.
#[tokio::test]
async fn a_workbook_that_comes_back_changes_what_was_changed() {
    let house = house().await;
    let mut editor = at_work(&house, "hensyu", &[Role::FaqEditor]).await;
    for question in ["旅費はいつですか。", "=1+1はいつですか。"] {
        let draft = body(question, "**手引**の\n- 一\n- 二", 0);
        house.submit(&mut editor, "/articles/new", &draft).await;
    }
    let request = Request::get("/articles/export.xlsx")
        .header("host", "localhost:8080")
        .header("cookie", &editor.cookie)
        .body(Body::empty())
        .unwrap();
    let response = house.router.clone().oneshot(request).await.unwrap();
    let book = axum::body::to_bytes(response.into_body(), usize::MAX);
    let book = book.await.unwrap();
    let (_, _, html) = bring(&house, &mut editor, IMPORT, 0, ("a", &book)).await;
    assert!(
        html.contains("新しい記事0件、変更0件、変更なし2件"),
        "{html}"
    );
}

#[tokio::test]
async fn a_file_is_shown_first_and_then_taken_in_as_drafts() {
    let house = house().await;
    let mut editor = at_work(&house, "hensyu", &[Role::FaqEditor]).await;
    let line = |id: &str, question: &str| {
        serde_json::json!({ "id": id, "question": question, "answer": "手引のとおりです。" })
            .to_string()
    };
    let bad = format!("{}\n{{\"id\":", line("a", "一"));
    let upload = async |editor: &mut Client, text: &str| {
        bring(&house, editor, IMPORT, 0, ("a", text.as_bytes())).await
    };
    let (_, _, html) = upload(&mut editor, &bad).await;
    assert!(html.contains("2行目を読み取れません"), "{html}");
    let good = format!("{}\n\n{}", line("a", "一<script>"), line("b", "二"));
    let (_, _, html) = upload(&mut editor, &good).await;
    assert!(
        html.contains("新しい記事2件") && !html.contains("<script>"),
        "{html}"
    );
    let none = house.store.lookup_article(&"a".into()).await.unwrap();
    assert!(none.is_none(), "nothing is kept yet");
    for _ in 0..2 {
        let (_, place, _) = apply(&house, &mut editor, &good).await;
        assert!(place.contains("done=imported"), "{place}");
    }
    let kept = house
        .store
        .lookup_article(&"a".into())
        .await
        .unwrap()
        .unwrap();
    assert!(kept.published(now()).is_none() && kept.versions.len() == 1);
    assert_eq!(kept.revision, 1, "the second click did nothing");
    let (_, _, html) = upload(&mut editor, &line("b", "二の二")).await;
    assert!(
        html.contains("変更1件") && html.contains("二の二"),
        "{html}"
    );
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
