//! FAQ work: from a draft to what readers see, and back.

mod bulk;
mod files;
mod importing;
mod refusals;
mod writing;

use madoguchi_core::access::Role;
use madoguchi_core::article::{Article, Content, Line};
use madoguchi_core::audience::Audience;
use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::id::ArticleId;
use madoguchi_reports::table::{Cell, Column, Form, Table, workbook};
use madoguchi_store::AuditFilter;

use super::*;
use crate::query::escape;

const IMPORT: &str = "/articles/import";

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
