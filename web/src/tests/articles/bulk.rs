//! Many articles are requested and approved at once: each by a step of its own, as it was seen, and what cannot be
//! is told.

use super::*;

/// What the list offers to be chosen: id and revision of each article.
async fn offered(house: &House, client: &mut Client, path: &str) -> Vec<String> {
    let (status, html) = house.open(client, path).await;
    assert_eq!(status, StatusCode::OK, "{html}");
    let boxes = html.split("name=\"chosen\" value=\"").skip(1);
    boxes
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect()
}

/// When a list is shown now.
fn shown_at(house: &House) -> String {
    house.desk.time.lock().unwrap().0.to_string()
}

fn form(fields: &[(&str, &str)]) -> String {
    let fields = fields
        .iter()
        .map(|(name, text)| format!("{name}={}", escape(text)));
    fields.collect::<Vec<_>>().join("&")
}

async fn drafts(house: &House, editor: &mut Client, questions: &[&str]) {
    for question in questions {
        let draft = body(question, "答えです。", 0);
        house.submit(editor, "/articles/new", &draft).await;
    }
}

#[tokio::test]
async fn what_is_chosen_is_requested_and_approved_by_somebody_else_each_with_a_record() {
    let house = house().await;
    let mut editor = at_work(&house, "hensyu", &[Role::FaqEditor]).await;
    let mut approver = at_work(&house, "syonin", &[Role::FaqApprover]).await;
    drafts(&house, &mut editor, &["一章", "二章", "三章"]).await;
    let chosen = offered(&house, &mut editor, "/articles?stage=draft").await;
    assert_eq!(chosen.len(), 3);
    let two = form(&[
        ("chosen", &chosen[0]),
        ("chosen", &chosen[1]),
        ("chosen", &chosen[1]),
        ("step", "submit"),
    ]);
    let (status, _, html) = house.submit(&mut editor, "/articles/bulk", &two).await;
    assert_eq!(status, StatusCode::OK, "{html}");
    assert!(html.contains("2件の確認を依頼しました。"), "{html}");
    // Pressed twice, nothing is done twice, and it is said why.
    let (_, _, html) = house.submit(&mut editor, "/articles/bulk", &two).await;
    assert!(html.contains("0件の確認を依頼しました。2件は変更していません。"));
    assert!(html.contains("FAQ-000"), "each by its number: {html}");

    let waiting = offered(&house, &mut approver, "/articles?stage=waiting").await;
    assert_eq!(waiting.len(), 2);
    let approve = form(&[
        ("all", "yes"),
        ("filter", "stage=waiting"),
        ("step", "approve"),
    ]);
    let (status, ..) = house.submit(&mut editor, "/articles/bulk", &approve).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "an editor approves nothing");
    // Without the time at which the list was shown, nothing is taken as seen.
    let (_, _, html) = house
        .submit(&mut approver, "/articles/bulk", &approve)
        .await;
    assert!(html.contains("一覧を表示した後に変更されました"), "{html}");
    let at = format!("{approve}&at={}", shown_at(&house));
    let (_, _, html) = house.submit(&mut approver, "/articles/bulk", &at).await;
    assert!(html.contains("2件を承認して公開しました。"), "{html}");
    for (action, records) in [(Action::ArticleSubmit, 2), (Action::ArticleApprove, 2)] {
        let filter = AuditFilter {
            action: Some(action),
            limit: 10,
            ..AuditFilter::default()
        };
        let found = house.store.list_audit(&filter).await.unwrap();
        assert_eq!(found.len(), records, "{action:?}");
    }
}

#[tokio::test]
async fn own_work_is_not_approved_in_a_heap_either_and_the_rest_is_taken() {
    let house = house().await;
    let mut editor = at_work(&house, "hensyu", &[Role::FaqEditor]).await;
    let roles = [Role::FaqEditor, Role::FaqApprover];
    let mut both = at_work(&house, "ryoho", &roles).await;
    drafts(&house, &mut editor, &["他人の記事"]).await;
    drafts(&house, &mut both, &["自分の記事"]).await;
    let all = |step: &str| {
        let at = shown_at(&house);
        form(&[("all", "yes"), ("filter", ""), ("at", &at), ("step", step)])
    };
    house
        .submit(&mut editor, "/articles/bulk", &all("submit"))
        .await;
    let (_, _, html) = house
        .submit(&mut both, "/articles/bulk", &all("approve"))
        .await;
    assert!(
        html.contains("1件を承認して公開しました。1件は変更していません。"),
        "{html}"
    );
    assert!(html.contains("ほかの承認者に依頼してください"), "{html}");
    for (wrong, why) in [
        (form(&[("step", "submit")]), "表の左の欄で選んでください"),
        (
            form(&[("step", "burn"), ("all", "yes")]),
            "操作を選び直してください",
        ),
    ] {
        let (status, _, html) = house.submit(&mut editor, "/articles/bulk", &wrong).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(html.contains(why), "{html}");
    }
}
