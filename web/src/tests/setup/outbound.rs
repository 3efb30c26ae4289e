//! 発信規制 on screens.

use madoguchi_core::setup::OUTBOUND;

use super::*;

const PAGE: &str = "/admin/desk/outbound";

#[tokio::test]
async fn rules_for_calls_to_the_outside_are_kept_with_their_history_and_a_record() {
    let house = house().await;
    let html = house.page(PAGE).await;
    for told in ["国際電話", "衛星電話", "既定(許可しない)", "緊急通報"] {
        assert!(html.contains(told), "{told}");
    }
    let body = form(&[
        ("international", "yes"),
        ("satellite", "no"),
        ("allowed_prefixes", "03\r\n+1"),
        ("hours", "08:00-17:30"),
        ("minutes_per_day", "１２０"),
        ("cut_at_limit", "yes"),
        ("version", "0"),
    ]);
    house.take(PAGE, &body).await;
    let kept = house.store.list_settings(OUTBOUND).await.unwrap();
    let kept: serde_json::Value = serde_json::from_str(kept[0].data.as_deref().unwrap()).unwrap();
    let expected = serde_json::json!({
        "international": true,
        "satellite": false,
        "allowed_prefixes": ["03", "+1"],
        "hours": "08:00-17:30",
        "minutes_per_day": 120,
        "cut_at_limit": true,
    });
    assert_eq!(kept, expected);
    let all = madoguchi_store::AuditFilter {
        limit: 1,
        ..Default::default()
    };
    let record = house.store.list_audit(&all).await.unwrap().remove(0).entry;
    assert_eq!(record.action.as_str(), "outbound.change");
    assert!(!record.before.contains_key("international"));
    assert_eq!(record.after["international"], "yes");
    assert_eq!(record.after["minutes_per_day"], "120");
    let html = house.page(PAGE).await;
    assert!(html.contains("国際電話：既定(許可しない) → 許可する"));
    assert!(html.contains("1日の通話時間の上限：上限なし → 120分"));
    house
        .take(&format!("{PAGE}/restore"), "version=0&replaces=1")
        .await;
    let kept = house.store.list_settings(OUTBOUND).await.unwrap();
    assert_eq!(kept[0].data.as_deref(), Some("{}"), "as it was before");
}

#[tokio::test]
async fn rules_that_cannot_be_meant_are_refused_at_their_fields() {
    let house = house().await;
    for (field, value, told) in [
        ("hours", "朝から", "時間帯として読めません"),
        ("allowed_prefixes", "東京", "番号の始まりではありません"),
        ("minutes_per_day", "たくさん", "数字で入力してください"),
        ("premium", "perhaps", "一覧から選んでください"),
    ] {
        let html = house
            .refuse(PAGE, &form(&[(field, value), ("version", "0")]))
            .await;
        assert!(html.contains(told), "{field}: {told}");
    }
}

#[tokio::test]
async fn an_agent_can_have_rules_of_their_own() {
    let house = house().await;
    let body = agent(
        "suzuki",
        "202",
        &[
            ("outbound.international", "yes"),
            ("outbound.enabled", ""),
            ("outbound.minutes_per_day", "30"),
            ("outbound.denied_prefixes", "0570"),
        ],
    );
    house.take("/admin/desk/agents/new", &body).await;
    let kept = house.store.list_settings("agent").await.unwrap();
    let kept: serde_json::Value = serde_json::from_str(kept[0].data.as_deref().unwrap()).unwrap();
    let expected = serde_json::json!({
        "international": true,
        "minutes_per_day": 30,
        "denied_prefixes": ["0570"],
    });
    assert_eq!(kept["agent"]["outbound"], expected);
    let html = house.page("/admin/desk/agent/suzuki").await;
    for told in ["窓口の規則に従う", "value=\"30\"", ">0570</textarea>"] {
        assert!(html.contains(told), "{told}");
    }
    let wrong = agent("tanabe", "203", &[("outbound.hours", "x")]);
    let html = house.refuse("/admin/desk/agents/new", &wrong).await;
    assert!(html.contains("時間帯として読めません"));
}
