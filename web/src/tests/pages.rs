//! What pages and API show.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use futures::StreamExt;
use madoguchi_core::live::{AgentCommand, DeskSnapshot};
use tower::ServiceExt;

use super::*;

#[tokio::test]
async fn every_page_shows_foreign_text_as_text_and_stays_small() {
    let house = house().await;
    for path in [
        "/board",
        "/calls",
        "/calls/c2",
        "/calls/none",
        "/calls?number=%3Cscript%3E",
    ] {
        let (_, html) = house.get(path).await;
        assert!(!html.contains("<script>alert"), "{path}");
        assert!(html.len() < 150_000, "{path}: {}", html.len());
        assert!(html.contains("lang=\"ja\""), "{path}");
    }
    assert!(house.get("/board").await.1.contains("&#60;script&#62;"));
}

#[tokio::test]
async fn the_board_shows_the_figures_and_links_to_the_calls_behind_them() {
    let house = house().await;
    let (status, html) = house.get("/board").await;
    assert_eq!(status, StatusCode::OK);
    assert!(html.contains("50.0%") && html.contains("未達"));
    assert!(html.contains("/calls?from=2026-11-24&#38;to=2026-11-24&#38;kind=abandoned"));
    let (_, list) = house
        .get("/calls?from=2026-11-24&to=2026-11-24&kind=abandoned")
        .await;
    assert!(list.contains("1件") && list.contains("放棄(発信者が切断)"));
}

#[tokio::test]
async fn filters_narrow_the_list_and_nonsense_is_refused_in_words() {
    let house = house().await;
    assert!(house.get("/calls?number=03-1234").await.1.contains("1件"));
    assert!(house.get("/calls?agent=tanaka").await.1.contains("1件"));
    assert!(
        house
            .get("/calls?from=2026-11-23&to=2026-11-23")
            .await
            .1
            .contains("0件")
    );
    assert!(
        house
            .get("/calls?hour=9&from=2026-11-24&to=2026-11-24")
            .await
            .1
            .contains("2件")
    );
    for query in [
        "from=x",
        "from=2026-11-25&to=2026-11-24",
        "kind=x",
        "page=0",
        "hour=24",
    ] {
        let (status, html) = house.get(&format!("/calls?{query}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}");
        assert!(html.contains("入力を確認してください"));
        assert!(html.contains("<form class=\"filters\""), "the form stays");
    }
    let (_, html) = house.get("/calls?from=2026-11-25&to=2026-11-24").await;
    assert!(html.contains("value=\"2026-11-25\""), "as it was filled in");
}

#[tokio::test]
async fn a_call_is_told_event_by_event() {
    let (_, html) = house().await.get("/calls/c1").await;
    for sentence in [
        "田中 恵が応答しました。",
        "相手が切断しました。",
        "9:00:05.000",
        "<dt>問合せ</dt><dd>未登録 <a href=\"/reception?call=c1\">",
    ] {
        assert!(html.contains(sentence), "{sentence}");
    }
}

#[tokio::test]
async fn the_api_tells_the_same_as_the_pages() {
    let house = house().await;
    let (_, body) = house
        .get("/api/v1/stats?from=2026-11-24&to=2026-11-24&by=line")
        .await;
    let stats: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (&stats["offered"], &stats["answer_rate"]),
        (&2.into(), &"50.0".into())
    );
    assert_eq!(stats["rows"][0]["line"], "help");
    let (_, body) = house.get("/api/v1/board").await;
    let board: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(board["today"]["total"]["offered"], 2);
    assert_eq!(board["desk"]["waiting"][0]["call"], "c3");
    let (_, body) = house.get("/api/v1/calls/c1").await;
    let call: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(call["events"][1]["kind"], "answered");
    let (status, body) = house.get("/api/v1/stats?by=moon").await;
    let error: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (status, &error["error"]["code"]),
        (StatusCode::BAD_REQUEST, &"bad_request".into())
    );
    let (_, body) = house
        .get("/api/v1/hours?at=2026-12-29T09:00:00%2B09:00")
        .await;
    let hours: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (&hours["open"], &hours["reason"]),
        (&false.into(), &"year_end".into())
    );
}

#[tokio::test]
async fn the_figures_of_a_period_are_those_of_the_api_on_the_page_and_in_files() {
    let house = house().await;
    let asked = "from=2026-11-23&to=2026-11-24";
    let (status, html) = house.get(&format!("/calls/figures?{asked}")).await;
    assert_eq!(status, StatusCode::OK, "{html}");
    let text: String = html
        .split('<')
        .filter_map(|part| part.split('>').nth(1))
        .collect();
    let row = "211050.0%50.0%000:051:000:05";
    for told in [
        "2026年(令和8年)11月23日から2026年(令和8年)11月24日まで".to_owned(),
        format!("2026年(令和8年)11月24日(火){row}"),
        format!("合計{row}"),
        "2026年(令和8年)11月24日(火)　放棄 1件".to_owned(),
    ] {
        assert!(text.contains(&told), "{told}: {text}");
    }
    assert!(html.contains("/calls?from=2026-11-24&#38;to=2026-11-24"));
    for (by, told) in [
        ("month", "2026年(令和8年)11月211050.0%"),
        ("hour", "9時台2"),
        ("line", "help2"),
        ("agent", "田中 恵1"),
    ] {
        let asked = format!("{asked}&by={by}");
        let (_, html) = house.get(&format!("/calls/figures?{asked}")).await;
        let text: String = html
            .split('<')
            .filter_map(|part| part.split('>').nth(1))
            .collect();
        assert!(text.contains(told), "{told}: {text}");
        let (_, api) = house.get(&format!("/api/v1/stats?{asked}")).await;
        let api: serde_json::Value = serde_json::from_str(&api).unwrap();
        assert_eq!((&api["offered"], &api["by"]), (&2.into(), &by.into()));
        for form in ["print", "data"] {
            let path = format!("/calls/figures.xlsx?{asked}&form={form}");
            let (status, file) = house.get(&path).await;
            assert!(status == StatusCode::OK && file.starts_with("PK"), "{path}");
        }
    }
    for nonsense in ["from=2025-01-01&to=2026-11-24", "by=moon", "from=x"] {
        let (status, html) = house.get(&format!("/calls/figures?{nonsense}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{nonsense}");
        assert!(
            html.contains("入力を確認してください"),
            "{nonsense}: {html}"
        );
        let (status, _) = house.get(&format!("/calls/figures.xlsx?{nonsense}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{nonsense}");
    }
    // The form keeps what was typed; the line that was chosen stays chosen.
    let turned = "from=2026-11-24&to=2026-11-23&line=help";
    let (_, html) = house.get(&format!("/calls/figures?{turned}")).await;
    assert!(
        html.contains("name=\"from\" value=\"2026-11-24\""),
        "{html}"
    );
    assert!(html.contains("<option value=\"help\" selected>"), "{html}");
    let (status, _) = house
        .get("/api/v1/stats?from=2000-01-01&to=2026-11-24&by=day")
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn an_agents_state_is_set_from_this_origin_only() {
    let house = house().await;
    let path = "/agents/tanaka/state";
    let away = "command=away&reason=%E4%BC%91%E6%86%A9";
    assert_eq!(house.post(path, &[], away).await, StatusCode::SEE_OTHER);
    let here = [
        ("origin", "http://localhost:8080"),
        ("sec-fetch-site", "same-origin"),
    ];
    assert_eq!(
        house.post(path, &here, "command=ready").await,
        StatusCode::SEE_OTHER
    );
    let reason = AgentCommand::Away {
        reason: "休憩".into(),
    };
    assert_eq!(
        *house.desk.commands.lock().unwrap(),
        [
            ("tanaka".into(), reason),
            ("tanaka".into(), AgentCommand::Ready)
        ]
    );
    for foreign in [
        ("origin", "http://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ] {
        assert_eq!(
            house.post(path, &[foreign], "command=ready").await,
            StatusCode::FORBIDDEN
        );
    }
    assert_eq!(house.desk.commands.lock().unwrap().len(), 2);
    assert_eq!(
        house
            .post("/agents/nobody/state", &[], "command=ready")
            .await,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        house.post(path, &[], "command=fly").await,
        StatusCode::BAD_REQUEST
    );
    let json = [("content-type", "application/json")];
    let api = "/api/v1/agents/tanaka/state";
    assert_eq!(
        house.post(api, &json, r#"{"command":"log_out"}"#).await,
        StatusCode::OK
    );
    let large = format!("command=away&reason={}", "x".repeat(70_000));
    assert_eq!(
        house.post(path, &[], &large).await,
        StatusCode::PAYLOAD_TOO_LARGE
    );
}

#[tokio::test]
async fn a_foreign_host_name_is_refused() {
    let house = house().await;
    for (host, expected) in [
        ("evil.example", StatusCode::FORBIDDEN),
        ("127.0.0.1:8080", StatusCode::OK),
        ("[::1]:8080", StatusCode::OK),
        ("desk.example", StatusCode::OK),
    ] {
        let request = Request::get("/board")
            .header("host", host)
            .header("cookie", &house.boss.cookie)
            .body(Body::empty())
            .unwrap();
        assert_eq!(house.send(request).await.0, expected, "{host}");
    }
}

#[tokio::test]
async fn a_change_reaches_everybody_who_watches() {
    let house = house().await;
    let request = Request::get("/board/events")
        .header("host", "localhost")
        .header("cookie", &house.boss.cookie);
    let request = request.body(Body::empty()).unwrap();
    let response = house.router.clone().oneshot(request).await.unwrap();
    let mut body = response.into_body().into_data_stream();
    let first = body.next().await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&first).contains("お待ちの方"));
    *house.desk.snapshot.lock().unwrap() = Arc::new(DeskSnapshot::default());
    house.desk.changes.send_modify(|count| *count += 1);
    let mut text = String::new();
    while !text.contains("お待ちの方はいません") {
        text.push_str(&String::from_utf8_lossy(
            &body.next().await.unwrap().unwrap(),
        ));
    }
}

#[tokio::test]
async fn operators_see_how_periodic_work_does() {
    let house = house().await;
    let (status, html) = house.get("/admin/operations").await;
    assert_eq!(status, StatusCode::OK);
    for told in [
        "1件の処理が失敗しています",
        "終わったログインの整理</th><td>正常</td><td>1時間</td>",
        "2026年(令和8年)11月24日 11:00:00",
        "失敗(再び試します)",
        "&#60;script&#62;",
    ] {
        assert!(html.contains(told), "{told}: {html}");
    }
}

#[tokio::test]
async fn tools_of_the_operator_are_answered() {
    let house = house().await;
    assert_eq!(house.get("/healthz").await.0, StatusCode::OK);
    assert!(house.get("/readyz").await.1.contains("database up"));
    assert!(
        house
            .get("/metrics")
            .await
            .1
            .contains("madoguchi_today_offered{line=\"help\"} 2")
    );
}
