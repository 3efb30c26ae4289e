//! Accounts together with what belongs to them.

use axum::http::StatusCode;
use madoguchi_core::audit::Action;
use madoguchi_core::setup::AGENT;
use madoguchi_store::AuditFilter;

use super::*;
use crate::query::escape;

const NEW: &str = "/admin/users/new";

/// The form of a user with a new agent.
fn with_agent(login: &str, differs: &[(&str, &str)]) -> String {
    let values = [
        ("login", login),
        ("name", "鈴木 一郎"),
        ("role", "agent"),
        ("agent", "+new"),
        ("agent_id", ""),
        ("extension", "202"),
        ("line", "help"),
    ];
    let pairs = values.iter().map(|(name, usual)| {
        let differing = differs.iter().find(|(other, _)| other == name);
        let value = differing.map_or(*usual, |(_, value)| *value);
        format!("{name}={}", escape(value))
    });
    pairs.collect::<Vec<_>>().join("&")
}

/// What stands in an element of the page.
fn secret(html: &str, id: &str) -> String {
    let rest = html.split(&format!("id=\"{id}\">")).nth(1).unwrap();
    rest.split('<').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_user_is_made_with_their_agent_and_line_in_one_step() {
    let house = house().await;
    let mut boss = house.boss.clone();
    house.prove(&mut boss).await;
    let (_, html) = house.open(&mut boss, NEW).await;
    assert!(html.contains("新しい担当者を登録する") && html.contains("<option value=\"help\">"));
    let (status, place, html) = house
        .submit(&mut boss, NEW, &with_agent("suzuki", &[]))
        .await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    // Seen as often as the page is loaded, until it is noted.
    let first = house.open(&mut boss, &place).await;
    let (_, html) = house.open(&mut boss, &place).await;
    assert!(first.1.contains(&secret(&html, "phone-password")));
    let (password, phone) = (secret(&html, "one-time"), secret(&html, "phone-password"));
    assert!(password != phone && html.contains("<dd>202</dd>"));
    let user = house.store.lookup_login("suzuki").await.unwrap().unwrap();
    assert_eq!(user.user.agent, Some(AgentId::new("suzuki")));
    // Calls of the line come to the agent at once.
    let setup = house.desk.setup();
    let agent = &setup.agent("suzuki").unwrap().config;
    assert_eq!(
        (agent.name.as_str(), &agent.lines[..]),
        ("鈴木 一郎", &[Duty::first("help")][..])
    );
    let kept = house.store.list_settings(AGENT).await.unwrap();
    assert!(!kept[0].data.as_deref().unwrap().contains(&phone));
    let records = AuditFilter {
        limit: 2,
        ..AuditFilter::default()
    };
    let records = house.store.list_audit(&records).await.unwrap();
    let actions: Vec<_> = records.iter().map(|record| record.entry.action).collect();
    assert_eq!(actions, [Action::UserCreate, Action::PhoneChange]);
    assert_eq!(records[0].entry.after["agent"], "suzuki");
}

#[tokio::test]
async fn of_a_user_and_their_agent_there_are_both_or_neither() {
    let house = house().await;
    let mut boss = house.boss.clone();
    house.prove(&mut boss).await;
    house.add_user("sato", &[Role::Agent]).await;
    for (login, differs, told) in [
        (
            "suzuki",
            ("extension", "201"),
            "内線番号：「201」は、担当者「tanaka」が使っています",
        ),
        ("suzuki", ("extension", "x"), "内線番号：半角の数字で"),
        ("suzuki", ("line", "night"), "受け持つ回線を選んでください"),
        (
            "suzuki",
            ("agent_id", "tanaka"),
            "同じ名前の担当者が2つあります",
        ),
        ("sato", ("extension", "203"), "ほかの利用者が使っています"),
        ("suzuki", ("name", ""), "氏名を"),
    ] {
        let body = with_agent(login, &[differs]);
        let (status, _, html) = house.submit(&mut boss, NEW, &body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{told}: {html}");
        assert!(html.contains(told), "{told}: {html}");
        assert!(
            html.contains("value=\"+new\" selected"),
            "what was chosen is lost: {told}"
        );
        assert!(!html.contains("one-time") && !html.contains("削除した担当者"));
    }
    assert!(house.store.list_settings(AGENT).await.unwrap().is_empty());
    assert!(house.store.lookup_login("suzuki").await.unwrap().is_none());
    // Neither is there when the agent's id is taken by the time.
    let taken = with_agent("suzuki", &[]);
    let (status, ..) = house.submit(&mut boss, NEW, &taken).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let again = with_agent("suzuki2", &[("agent_id", "suzuki"), ("extension", "203")]);
    let (status, _, html) = house.submit(&mut boss, NEW, &again).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("すでに登録されています"), "{html}");
    assert!(house.store.lookup_login("suzuki2").await.unwrap().is_none());
}

#[tokio::test]
async fn an_agent_without_a_line_is_warned_of() {
    let house = house().await;
    let (_, html) = house.get("/admin/desk").await;
    assert!(!html.contains("電話が回らない担当者"));
    house.desk.file.lock().unwrap().agents[0].lines.clear();
    assert!(house.desk.apply_setup().await);
    let (_, html) = house.get("/admin/desk").await;
    assert!(
        html.contains("電話が回らない担当者がいます：田中 恵"),
        "{html}"
    );
    let (_, html) = house.get("/admin/desk/agents").await;
    assert!(html.contains("なし(電話が回りません)"), "{html}");
}
