//! Nothing typed is lost.

use super::*;

async fn type_in(house: &House, client: &mut Client, html: &str, fields: &[(&str, &str)]) {
    let body = filled_in(html, fields);
    let (status, _, answer) = house.submit(client, "/reception/draft", &body).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
}

#[tokio::test]
async fn half_a_sentence_is_there_again_in_another_browser_and_gone_when_saved() {
    let house = house().await;
    let mut tanaka = house.agent("tanaka").await;
    house.talk("c9", "0312345678").await;
    let (_, html) = house.open(&mut tanaka, "/reception").await;
    type_in(
        &house,
        &mut tanaka,
        &html,
        &[("question", "途中まで"), ("vendor", "保守")],
    )
    .await;
    let (_, mut elsewhere) = house.sign_in("tanaka", PASSWORD).await;
    let (_, again) = house.open(&mut elsewhere, "/reception").await;
    for told in ["途中まで", "value=\"保守\"", "まだ保存していません"] {
        assert!(again.contains(told), "{told}: {again}");
    }
    assert_eq!(
        value(&again, "ticket"),
        value(&html, "ticket"),
        "kept once whoever saves"
    );
    // It is nobody else's.
    let mut boss = house.boss.clone();
    let (_, theirs) = house.open(&mut boss, "/reception?call=c9").await;
    assert!(!theirs.contains("途中まで"));
    let fields = [("question", "途中まで、そして全部"), ("intent", "save")];
    let (status, ..) = house
        .submit(&mut elsewhere, "/reception", &filled_in(&again, &fields))
        .await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    // What was on its way meanwhile is of before.
    type_in(&house, &mut tanaka, &html, &[("question", "途中まで")]).await;
    let (_, html) = house
        .open(&mut tanaka, "/reception?call=c9&new=matter")
        .await;
    assert!(!html.contains("途中まで</textarea>"));
    let user = house
        .store
        .lookup_login("tanaka")
        .await
        .unwrap()
        .unwrap()
        .user
        .id;
    assert!(house.store.ticket_drafts(&user).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_was_typed_for_an_earlier_call_waits_under_未登録() {
    let house = house().await;
    let mut tanaka = house.agent("tanaka").await;
    house.talk("c9", "0312345678").await;
    let (_, html) = house.open(&mut tanaka, "/reception").await;
    type_in(&house, &mut tanaka, &html, &[("question", "さっきの件")]).await;
    house.hang_up("c9").await;
    house.talk("c10", "0399998888").await;
    let (_, html) = house.open(&mut tanaka, "/reception").await;
    assert!(!html.contains("さっきの件"));
    assert!(
        html.contains("href=\"/reception?call=c9\"") && html.contains("入力の途中"),
        "{html}"
    );
    let (_, html) = house.open(&mut tanaka, "/reception?call=c9").await;
    assert!(html.contains("さっきの件") && html.contains("終わった通話"));
    // Thrown away, it is gone.
    let body = filled_in(&html, &[("intent", "discard")]);
    let (_, place, _) = house.submit(&mut tanaka, "/reception", &body).await;
    let (_, html) = house.open(&mut tanaka, &place).await;
    assert!(!html.contains("さっきの件"));
}

#[tokio::test]
async fn a_draft_of_a_ticket_that_others_changed_meanwhile_overwrites_nothing() {
    let house = house().await;
    let mut tanaka = house.agent("tanaka").await;
    house.talk("c9", "0312345678").await;
    let (_, html) = house.open(&mut tanaka, "/reception").await;
    let body = filled_in(&html, &[("question", "まえ"), ("intent", "save")]);
    house.submit(&mut tanaka, "/reception", &body).await;
    let place = format!("/reception?ticket={}", house.tickets().await[0].id);
    let (_, html) = house.open(&mut tanaka, &place).await;
    type_in(&house, &mut tanaka, &html, &[("question", "わたし")]).await;
    let mut boss = house.boss.clone();
    let (_, theirs) = house.open(&mut boss, &place).await;
    assert!(
        theirs.contains("入力中:田中"),
        "they see each other: {theirs}"
    );
    let body = filled_in(&theirs, &[("question", "かれら"), ("intent", "save")]);
    house.submit(&mut boss, "/reception", &body).await;
    let (_, html) = house.open(&mut tanaka, &place).await;
    assert!(html.contains("わたし"));
    let body = filled_in(&html, &[("question", "わたし"), ("intent", "save")]);
    let (status, ..) = house.submit(&mut tanaka, "/reception", &body).await;
    assert_eq!(status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_form_sent_after_the_session_ended_comes_back_filled() {
    let house = house().await;
    let mut tanaka = house.agent("tanaka").await;
    house.talk("c9", "0312345678").await;
    let (_, html) = house.open(&mut tanaka, "/reception").await;
    let ticket = value(&html, "ticket");
    let body = filled_in(&html, &[("question", "書いた文"), ("intent", "save")]);
    house.let_pass(Millis::from_secs(3_601));
    let (status, place, _) = house.submit(&mut tanaka, "/reception", &body).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert!(place.starts_with("/sign-in?done=unsent"), "{place}");
    house.open(&mut tanaka, &place).await;
    let body = format!("login=tanaka&password={PASSWORD}&next=%2Freception");
    let (_, place, _) = house.submit(&mut tanaka, "/sign-in", &body).await;
    let (_, html) = house.open(&mut tanaka, &place).await;
    assert!(
        html.contains("書いた文") && html.contains("まだ送信していません"),
        "{html}"
    );
    assert_eq!(value(&html, "ticket"), ticket);
}
