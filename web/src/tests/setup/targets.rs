//! 目標値

use super::*;

const PLACE: &str = "/admin/desk/targets";

#[tokio::test]
async fn targets_are_changed_and_the_board_follows() {
    let house = house().await;
    let html = house.page(PLACE).await;
    assert!(html.contains("既定値の90%以上") && !html.contains("変更の履歴"));
    assert!(house.page("/board").await.contains("90%"));
    let body = form(&[
        ("answer_rate_target", "50"),
        ("service_level_s", "3"),
        ("version", "0"),
    ]);
    house.take(PLACE, &body).await;
    assert_eq!(house.desk.setup().targets.service_level_s, 3);
    let board = house.page("/board").await;
    assert!(
        board.contains("以上：達成") && !board.contains("以上：未達"),
        "50% of 50%"
    );
    let (_, api) = house.get("/api/v1/board").await;
    assert!(api.contains("\"target_answer_rate\":50"));
    let html = house.page(PLACE).await;
    assert!(html.contains("応答率：既定値(90%以上) → 50%以上"), "{html}");
    let (_, stats) = house
        .get("/api/v1/stats?from=2026-11-24&to=2026-11-24")
        .await;
    assert!(
        stats.contains("\"service_level\":\"0.0\""),
        "answered after 5 s: {stats}"
    );
    // Back to the beginning.
    house
        .take(&format!("{PLACE}/restore"), "version=0&replaces=1")
        .await;
    assert_eq!(house.desk.setup().targets.answer_rate, 90);
}

#[tokio::test]
async fn what_the_file_names_is_shown_beside_what_can_be_changed() {
    let house = house().await;
    house.desk.file.lock().unwrap().targets.answer_rate_target = Some(92);
    assert!(house.desk.apply_setup().await);
    let html = house.page(PLACE).await;
    assert!(html.contains("設定ファイルで定めています") && html.contains("92%以上"));
    assert!(!html.contains("name=\"answer_rate_target\""));
    let body = form(&[
        ("answer_rate_target", "10"),
        ("resolution_rate_target", "97"),
    ]);
    house.take(PLACE, &body).await;
    let targets = house.desk.setup().targets;
    assert_eq!((targets.answer_rate, targets.resolution_rate), (92, 97));
}

#[tokio::test]
async fn nonsense_is_refused_and_two_people_do_not_overwrite_each_other() {
    let house = house().await;
    for (name, value, told) in [
        ("answer_rate_target", "101", "100以下の値にしてください"),
        ("first_answer_min", "0", "1以上の値にしてください"),
        ("short_abandoned_s", "x", "数字で入力してください"),
    ] {
        let html = house.refuse(PLACE, &form(&[(name, value)])).await;
        assert!(
            html.contains(told) && html.contains("field-error"),
            "{told}"
        );
    }
    house.take(PLACE, "answer_rate_target=80&version=0").await;
    let (status, ..) = house
        .send_form(PLACE, "answer_rate_target=70&version=0")
        .await;
    assert_eq!(status, StatusCode::CONFLICT);
}
