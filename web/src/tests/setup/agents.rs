//! 担当者 with their phones.

use madoguchi_core::setup::ScreenAgent;

use super::*;

const NEW: &str = "/admin/desk/agents/new";
const PLACE: &str = "/admin/desk/agent/suzuki";

/// The agent as the store has them.
async fn kept(house: &House) -> ScreenAgent {
    let settings = house.store.list_settings("agent").await.unwrap();
    serde_json::from_str(settings[0].data.as_deref().unwrap()).unwrap()
}

fn proves(kept: &ScreenAgent, password: &str) -> bool {
    let extension = &kept.agent.extension;
    let open = |text: &str| String::from_utf8(Seal::new(&[7; 32]).open(text)?).ok();
    let hashes = kept.hashes.open(open).unwrap();
    hashes.sha256 == auth::token::hash(&format!("{extension}:{password}"))
}

#[tokio::test]
async fn the_password_of_a_phone_is_made_by_us_shown_until_noted_and_kept_as_a_hash() {
    let house = house().await;
    let body = agent("suzuki", "202", &[("duty:help", "2")]);
    let html = house.make_secret(NEW, &body).await;
    let password = one_time(&html);
    assert!(password.len() == 23 && html.contains("「控えました」を押すまで"));
    assert!(html.contains("<dd>202</dd>") && html.contains("<dd>desk</dd>"));
    let first = kept(&house).await;
    assert!(proves(&first, &password));
    let data = serde_json::to_string(&first).unwrap();
    assert!(!data.contains(&password));
    // Nor does it hold what proves the phone as well as the password does.
    let hash = auth::token::hash(&format!("202:{password}"));
    assert!(
        !data.contains(&hash) && data.contains("\"sealed\""),
        "{data}"
    );
    assert!(!house.page(PLACE).await.contains("one-time"));
    // At once where agents are chosen.
    assert!(
        house
            .page("/admin/users/new")
            .await
            .contains(">鈴木 一郎</option>")
    );

    let path = format!("{PLACE}/password");
    let second = one_time(&house.make_secret(&path, "version=1").await);
    assert_ne!(second, password);
    assert!(proves(&kept(&house).await, &second));
    let (status, ..) = house.send_form(&path, "version=1").await;
    assert_eq!(status, StatusCode::CONFLICT, "seen before the other");
}

#[tokio::test]
async fn a_page_loaded_again_makes_nothing_anew_and_shows_the_password_until_it_is_noted() {
    let house = house().await;
    let mut boss = house.boss.clone();
    let body = agent("suzuki", "202", &[]);
    let (status, place, _) = house.submit(&mut boss, NEW, &body).await;
    assert_eq!(
        (status, &*place),
        (StatusCode::SEE_OTHER, &*format!("{PLACE}?done=created"))
    );
    let password = one_time(&house.open(&mut boss, &place).await.1);
    let again = house.open(&mut boss, PLACE).await.1;
    assert_eq!(one_time(&again), password);
    assert!(proves(&kept(&house).await, &password), "still the same");
    // Whoever signs in next in this browser does not see it, nor does another page.
    let other = house.user("kanri", &[Role::Administrator]).await;
    let secret = boss.cookie.split("; ").find(|one| one.contains("-once="));
    let mut stolen = Client {
        cookie: format!("{}; {}", other.cookie, secret.unwrap()),
        ..other
    };
    let (status, html) = house.open(&mut stolen, PLACE).await;
    assert!(status == StatusCode::OK && !html.contains("one-time"));
    let other_page = house.open(&mut boss, "/admin/desk/agent/tanaka").await.1;
    assert!(!other_page.contains("one-time"));
    house.open(&mut boss, PLACE).await;
    let form = form(&[("place", PLACE)]);
    let (_, place, _) = house.submit(&mut boss, "/account/noted", &form).await;
    assert_eq!(place, PLACE);
    assert!(!house.open(&mut boss, PLACE).await.1.contains("one-time"));
    // And not for ever.
    let path = format!("{PLACE}/password");
    house.submit(&mut boss, &path, "version=1").await;
    assert!(house.open(&mut boss, PLACE).await.1.contains("one-time"));
    house.let_pass(Millis::from_secs(601));
    assert!(!house.open(&mut boss, PLACE).await.1.contains("one-time"));
}

#[tokio::test]
async fn another_extension_needs_another_password_and_another_name_does_not() {
    let house = house().await;
    let body = agent("suzuki", "202", &[]);
    let password = one_time(&house.make_secret(NEW, &body).await);
    let body = form(&[("name", "鈴木"), ("extension", "202"), ("version", "1")]);
    house.take(PLACE, &body).await;
    assert!(proves(&kept(&house).await, &password));
    let body = form(&[("name", "鈴木"), ("extension", "212"), ("version", "2")]);
    let second = one_time(&house.make_secret(PLACE, &body).await);
    assert!(proves(&kept(&house).await, &second));
    // Back to a version with the same extension: the password stays the newest.
    let body = form(&[
        ("name", "鈴木 次郎"),
        ("extension", "212"),
        ("version", "3"),
    ]);
    house.take(PLACE, &body).await;
    let restore = format!("{PLACE}/restore");
    house.take(&restore, "version=3&replaces=4").await;
    assert!(proves(&kept(&house).await, &second));
    // Back to another extension: the old password does not come back with it.
    let html = house.make_secret(&restore, "version=1&replaces=5").await;
    let third = one_time(&html);
    assert!(proves(&kept(&house).await, &third) && third != password);
}

#[tokio::test]
async fn an_agent_takes_lines_by_level_and_shows_the_number_of_one_of_them() {
    let house = house().await;
    let night = line("夜間", &[]);
    house.take("/admin/desk/lines/new", &night).await;
    let duties = [
        ("duty:help", "1"),
        ("duty:夜間", "3"),
        ("shown_line", "夜間"),
    ];
    house.send_form(NEW, &agent("suzuki", "202", &duties)).await;
    let lines: Vec<_> = kept(&house)
        .await
        .agent
        .lines
        .into_iter()
        .map(|duty| (duty.line, duty.level.number()))
        .collect();
    assert_eq!(lines, [("夜間".to_owned(), 3), ("help".to_owned(), 1)]);
    let html = house.page(PLACE).await;
    assert!(html.contains("<option value=\"3\" selected>応援</option>"));
    assert!(html.contains("<option value=\"夜間\" selected>夜間</option>"));
    for (wrong, told) in [
        (("shown_line", "夜間"), "受け持つ回線から選んでください"),
        (("duty:help", "4"), "一覧から選んでください"),
    ] {
        let html = house.refuse(NEW, &agent("ito", "203", &[wrong])).await;
        assert!(html.contains(told), "{told}");
    }
}

#[tokio::test]
async fn ids_and_extensions_are_nobody_elses() {
    let house = house().await;
    for (id, extension, told) in [
        ("tanaka", "202", "同じ名前の担当者が2つあります"),
        ("suzuki", "201", "「201」は、担当者「tanaka」が使っています"),
        ("suzuki", "5000", "「5000」は、回線「help」が使っています"),
        ("suzuki", "110", "緊急通報の番号"),
        ("鈴木", "202", "半角の英小文字"),
    ] {
        let html = house.refuse(NEW, &agent(id, extension, &[])).await;
        assert!(html.contains(told), "{told}: {html}");
        assert!(html.contains("field-error") && !html.contains("one-time"));
    }
    assert!(house.store.list_settings("agent").await.unwrap().is_empty());
}

#[tokio::test]
async fn who_was_removed_keeps_the_name_in_records_and_on_the_account() {
    let house = house().await;
    house
        .send_form(NEW, &agent("suzuki", "202", &[("duty:help", "1")]))
        .await;
    let ask = house.page(&format!("{PLACE}/remove")).await;
    assert!(ask.contains("内線202") && !ask.contains("受け持つ人がいなくなります"));
    house.take(&format!("{PLACE}/remove"), "version=1").await;
    let list = house.page("/admin/desk/agents").await;
    assert!(list.contains("削除した担当者") && list.contains("鈴木 一郎"));
    let (status, ..) = house
        .send_form(&format!("{PLACE}/password"), "version=2")
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    house
        .take(&format!("{PLACE}/restore"), "version=1&replaces=2")
        .await;
    assert!(house.desk.setup().agent("suzuki").is_some());
}

#[tokio::test]
async fn a_password_made_for_another_realm_is_told_to_be_of_no_use() {
    let house = house().await;
    house.send_form(NEW, &agent("suzuki", "202", &[])).await;
    assert!(!house.page(PLACE).await.contains("領域名(sip.realm)"));
    house.desk.file.lock().unwrap().realm = "other".to_owned();
    assert!(house.desk.apply_setup().await);
    assert!(
        house
            .page(PLACE)
            .await
            .contains("領域名(sip.realm)が変わった")
    );
}
