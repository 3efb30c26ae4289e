//! Numbers that no ticket may hold, and what the time of retention leaves.

use super::*;

#[tokio::test]
async fn a_number_that_no_ticket_may_hold_is_warned_of_before_it_is_saved() {
    let house = house().await;
    let mut client = agent(&house, "sato").await;
    let (_, html) = house.open(&mut client, "/tickets/new").await;
    let (action, question) = (action(&html), "番号は1234-5678-9018です");
    let form = fields(&[("question", question)]);
    let (status, _, html) = house.submit(&mut client, &action, &form).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("個人番号のように見えます"), "{html}");
    assert!(html.contains("name=\"sensitive_confirmed\""));
    let form = fields(&[("question", question), ("sensitive_confirmed", "yes")]);
    let (status, ..) = house.submit(&mut client, &action, &form).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn after_the_time_of_retention_no_page_list_or_file_holds_the_name() {
    let house = house().await;
    let mut client = agent(&house, "sato").await;
    let own = [
        ("question", "年金花子の旅費の差戻し"),
        ("answer", "承認者が差し戻します"),
        ("name", "年金 花子"),
        ("number", "0312345678"),
        ("site", "中央年金事務所"),
    ];
    let number = register(&house, &mut client, &own).await;
    let note = [("text", "年金 花子へ0312345678で連絡")];
    step(&house, &mut client, &number, ("note", &note)).await;
    let done = [("status", "done")];
    let (status, ..) = step(&house, &mut client, &number, ("status", &done)).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let id = ticket(&house, &number).await.id;
    let mut tx = house.store.begin_unrecorded().await.unwrap();
    tx.anonymise_ticket(&id, now(), None).await.unwrap();
    tx.commit().await.unwrap();
    let words = format!("/tickets?state=all&words={}", escape("花子"));
    let file = "/tickets/download?format=csv&state=all";
    let api = "/api/v1/tickets?state=all";
    for path in [&format!("/tickets/{number}"), &words, file, api] {
        house.let_pass(Millis(2_000));
        let (status, text) = house.open(&mut client, path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        // What was looked for stands on the page.
        let shown = text.replace("value=\"花子\"", "").replace("言葉：花子", "");
        for personal in ["花子", "0312345678"] {
            assert!(!shown.contains(personal), "{path}: {shown}");
        }
    }
    let (_, html) = house.open(&mut client, &format!("/tickets/{number}")).await;
    assert!(html.contains("(削除済み)の旅費の差戻し") && html.contains("中央年金事務所"));
}

#[tokio::test]
async fn a_step_warns_of_such_a_number_too_and_keeps_what_was_typed() {
    let house = house().await;
    let mut client = agent(&house, "sato").await;
    let number = register(&house, &mut client, &[("question", "旅費の差戻し")]).await;
    let secret = "番号は123456789018です";
    for (name, field) in [("note", "text"), ("hold", "reason"), ("escalate", "sent")] {
        let typed = [(field, secret), ("vendor", "保守事業者")];
        let before = ticket(&house, &number).await.version;
        let (status, _, html) = step(&house, &mut client, &number, (name, &typed)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        assert!(html.contains("個人番号のように見えます"), "{name}: {html}");
        assert!(html.contains(secret) && html.contains("value=\"yes\"> 個人番号や"));
        assert_eq!(ticket(&house, &number).await.version, before);
        let sure = [typed[0], typed[1], ("sensitive_confirmed", "yes")];
        let (status, ..) = step(&house, &mut client, &number, (name, &sure)).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{name}");
        if name == "hold" {
            step(&house, &mut client, &number, ("resume", &[])).await;
        }
    }
}
