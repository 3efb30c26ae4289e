//! 未登録 and 対象外: each answered call is one of three.

use super::*;

#[tokio::test]
async fn a_call_without_a_matter_gets_a_reason() {
    let house = house().await;
    let mut tanaka = house.agent("tanaka").await;
    house.talk("c9", "0312345678").await;
    let (_, html) = house.open(&mut tanaka, "/reception").await;
    let body = filled_in(
        &html,
        &[
            ("question", "用件"),
            ("reason", "silence"),
            ("intent", "none"),
        ],
    );
    let (status, _, page) = house.submit(&mut tanaka, "/reception", &body).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("質問や回答が入力されています") && page.contains("用件"));
    let body = filled_in(&html, &[("reason", "other"), ("intent", "none")]);
    let (status, _, page) = house.submit(&mut tanaka, "/reception", &body).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("内容を入力してください"), "{page}");
    let body = filled_in(&html, &[("reason", "silence"), ("intent", "none")]);
    let (_, place, _) = house.submit(&mut tanaka, "/reception", &body).await;
    assert_eq!(place, "/reception?new=plain&done=no-ticket&without=c9");
    let (_, html) = house.open(&mut tanaka, &place).await;
    assert!(
        html.contains("href=\"/reception?call=c9\">対象外にした通話"),
        "{html}"
    );
    let kept = house
        .store
        .lookup_no_ticket(&"c9".into())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(kept.no_ticket.reason.as_str(), "silence");
    assert_eq!(house.recorded(Action::CallWithoutTicket).await, ["c9"]);
    // It is taken back where the call is; then it waits to be registered again.
    let (_, html) = house.open(&mut tanaka, "/reception?call=c9").await;
    assert!(html.contains("この通話は対象外(無言"), "{html}");
    let body = filled_in(&html, &[("intent", "with-matter")]);
    let (_, place, _) = house.submit(&mut tanaka, "/reception", &body).await;
    assert_eq!(place, "/reception?call=c9&done=no-ticket-undone");
    let (_, html) = house.open(&mut tanaka, &place).await;
    assert!(html.contains("対象外を取り消しました") && !html.contains("この通話は対象外"));
    let body = filled_in(&html, &[("reason", "silence"), ("intent", "none")]);
    house.submit(&mut tanaka, "/reception", &body).await;
    // Who finds the matter later need not take the reason back.
    let (_, html) = house.open(&mut tanaka, "/reception?call=c9").await;
    let body = filled_in(&html, &[("question", "やはり用件"), ("intent", "save")]);
    house.submit(&mut tanaka, "/reception", &body).await;
    assert_eq!(house.tickets().await.len(), 1);
    assert!(
        house
            .store
            .lookup_no_ticket(&"c9".into())
            .await
            .unwrap()
            .is_none()
    );
    // And a call that has a ticket cannot be without one.
    let body = "call=c9&reason=silence&note=";
    let (status, ..) = house
        .submit(&mut tanaka, "/reception/no-ticket", body)
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn the_supervisor_sees_what_is_not_registered_until_it_is() {
    let house = house().await;
    let mut boss = house.boss.clone();
    let (status, html) = house.open(&mut boss, "/reception/unregistered").await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        html.contains("1件") && html.contains("href=\"/reception?call=c1\""),
        "{html}"
    );
    assert!(!html.contains("call=c2"), "nobody talked");
    assert!(html.contains("田中 恵") && html.contains("1:00"));
    let body = "call=c1&reason=wrong_number&note=";
    let (_, place, _) = house.submit(&mut boss, "/reception/no-ticket", body).await;
    assert_eq!(place, "/reception/unregistered?done=no-ticket&without=c1");
    let (_, html) = house.open(&mut boss, &place).await;
    assert!(html.contains("未登録の通話はありません") && html.contains("対象外にしました"));
    // The agent sees the own ones.
    let mut tanaka = house.agent("tanaka").await;
    house.talk("c9", "0312345678").await;
    house.hang_up("c9").await;
    let (_, html) = house.open(&mut tanaka, "/reception/unregistered").await;
    assert!(html.contains("call=c9") && html.contains("あなたが応答した通話"));
    let (_, html) = house.open(&mut tanaka, "/reception").await;
    assert!(html.contains("未登録の通話") && html.contains("call=c9"));
}

#[tokio::test]
async fn a_call_that_goes_on_is_not_decided_by_others_and_no_reason_is_chosen_for_anybody() {
    let house = house().await;
    let mut boss = house.boss.clone();
    house.talk("c9", "0312345678").await;
    let (_, html) = house.open(&mut boss, "/reception/unregistered").await;
    assert!(html.contains("通話中"), "{html}");
    assert!(!html.contains("name=\"call\" value=\"c9\""), "{html}");
    assert!(html.contains("<option value=\"\" selected>理由を選ぶ</option>"));
    let body = "call=c9&reason=wrong_number&note=";
    let (status, _, page) = house.submit(&mut boss, "/reception/no-ticket", body).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("通話が続いています"), "{page}");
    let body = "call=c1&reason=&note=";
    let (status, _, page) = house.submit(&mut boss, "/reception/no-ticket", body).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("対象外の理由を選んでください"), "{page}");
}
